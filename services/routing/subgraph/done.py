"""A command of the graph: what was told, and the case after it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from services.routing.subgraph.types import Case, Ctx, OfGrievanceInput
from shared.subgraph import RefusedFields, refused_as

Refused = TypeVar("Refused", bound=RefusedFields)
Command = Callable[..., Awaitable[None]]


async def done(info: Ctx, input: OfGrievanceInput, refused: type[Refused], command: Command, *told: Any) -> Case | Refused:
    """The command with what was told, and the case after it: for its author, who was allowed to change it."""
    context, id = info.context, str(input.grievance_id)

    async def work() -> Case:
        await command(context.routing.handling, context.viewer, str(input.request_id), id, *told, context.origin)
        return Case.of(id, (await context.routing.cases.find_many([id]))[id])

    return await refused_as(refused, work)
