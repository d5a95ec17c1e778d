"""延期 and 撤诉 in the graph: inputs and refusals of the commands by which a department gets time, and a petitioner asks no more."""

from __future__ import annotations

from typing import Annotated

import strawberry

from services.routing.subgraph.types import Case, OfGrievanceInput
from shared.subgraph import RefusedFields


@strawberry.input(description="申请延期 · a department needs more time")
class AskExtensionInput(OfGrievanceInput):
    days: int = strawberry.field(description="工作日数，1至10 · working days, 1 to 10")
    reason: str = strawberry.field(description="理由，至多2000字 · why, 2,000 characters at most")


@strawberry.input(description="审批延期 · a decision on an extension")
class DecideExtensionInput(OfGrievanceInput):
    granted: bool = strawberry.field(description="同意，或驳回 · granted, or refused")
    reason: str = strawberry.field(description="理由，至多2000字 · why, 2,000 characters at most")


@strawberry.input(description="撤诉 · the petitioner asks no more")
class WithdrawGrievanceInput(OfGrievanceInput):
    reason: str | None = strawberry.field(default=None, description="理由，可不填 · why, if they want to say")


@strawberry.type(description="申请延期被拒 · no extension was asked; nothing changed")
class AskExtensionRefused(RefusedFields): ...


@strawberry.type(description="审批延期被拒 · nothing was decided")
class DecideExtensionRefused(RefusedFields): ...


@strawberry.type(description="撤诉被拒 · it goes on; nothing changed")
class WithdrawRefused(RefusedFields): ...


AskExtensionResult = Annotated[
    Case | AskExtensionRefused, strawberry.union("AskExtensionResult", description="申请结果 · the case, or why not")
]
DecideExtensionResult = Annotated[
    Case | DecideExtensionRefused, strawberry.union("DecideExtensionResult", description="审批结果 · the case, or why not")
]
WithdrawResult = Annotated[Case | WithdrawRefused, strawberry.union("WithdrawResult", description="撤诉结果 · the case, or why not")]
