"""What a worker makes good, document by document: one that fails keeps no other from it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from shared import telemetry


async def each_for_itself(steps: Mapping[str, Callable[[], Awaitable[object]]]) -> None:
    """Take every step, each told by the id of its document; which failed is logged, and the last failure is raised at the end."""
    failed = None
    for id, step in steps.items():
        try:
            await step()
        except Exception as error:
            telemetry.log().error("one of several failed", document=id, error=type(error).__name__)
            failed = error
    if failed is not None:
        raise failed
