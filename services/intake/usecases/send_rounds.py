"""The rounds of a worker's sender: what is pending, and what a lost sender held, some at a time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

AT_ONCE = 32
LOOKED_AT = 8 * AT_ONCE
"""Some of these, at random: several workers mostly take different ones."""
FINISH_SECONDS = 15.0
"""At the end what is with a provider is heard out and recorded, within the time that a process has for its end."""

Due = Callable[[int], Awaitable[list[tuple[str, str]]]]
Deliver = Callable[[str, str], Coroutine[Any, Any, int]]


async def send_round(due: Due, deliver: Deliver) -> int:
    """Deliver some of what is due, (grievance, person); returns how many ended. Raises the first trouble, when all have tried."""
    found = await due(LOOKED_AT)
    chosen = random.sample(found, min(AT_ONCE, len(found)))
    if not chosen:
        return 0
    sending = [asyncio.create_task(deliver(grievance, person)) for grievance, person in chosen]
    try:
        await asyncio.wait(sending)
    except asyncio.CancelledError:
        _done, late = await asyncio.wait(sending, timeout=FINISH_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)
        raise
    results = await asyncio.gather(*sending, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return sum(result for result in results if isinstance(result, int))
