"""催办 in the graph: inputs and refusals."""

from __future__ import annotations

from typing import Annotated

import strawberry

from services.routing.subgraph.types import Case, OfGrievanceInput
from shared.subgraph import RefusedFields


@strawberry.input(description="催办，每人24小时一次 · urge whoever has it in hand, once in 24 hours")
class UrgeGrievanceInput(OfGrievanceInput):
    words: str | None = strawberry.field(default=None, description="催办内容，至多2000字；可空 · 2,000 characters at most, or nothing")


@strawberry.input(description="答复催办 · answer all who urge and have no answer")
class AnswerUrgesInput(OfGrievanceInput):
    answer: str = strawberry.field(description="答复，至多2000字 · the answer, 2,000 characters at most")


@strawberry.type(description="催办被拒 · nobody was urged; nothing changed")
class UrgeRefused(RefusedFields): ...


@strawberry.type(description="答复催办被拒 · nothing was answered; nothing changed")
class AnswerUrgesRefused(RefusedFields): ...


UrgeResult = Annotated[Case | UrgeRefused, strawberry.union("UrgeResult", description="催办结果 · the case, or why not")]
AnswerUrgesResult = Annotated[
    Case | AnswerUrgesRefused, strawberry.union("AnswerUrgesResult", description="答复催办的结果 · the case, or why not")
]
