"""研判 by people in the graph: inputs and refusals of what a dispatcher and the consulted party secretaries do."""

from __future__ import annotations

from typing import Annotated

import strawberry

from services.routing.domain.judging import Judgement
from services.routing.subgraph.appraisal_types import ConsultedBody, Finding, GrievanceKind
from services.routing.subgraph.basics import Grade
from services.routing.subgraph.types import Case, OfGrievanceInput
from shared.subgraph import RefusedFields


@strawberry.input(description="收回研判 · it is to be judged anew")
class RecallForAppraisalInput(OfGrievanceInput):
    reason: str = strawberry.field(description="理由，至多2000字 · why, 2,000 characters at most")


@strawberry.input(description="征求意见 · an opinion is asked")
class AskOpinionInput(OfGrievanceInput):
    of: ConsultedBody = strawberry.field(description="征求谁的意见 · of whom")
    compound: str | None = strawberry.field(
        default=None, description="征求小区意见时，小区的区划代码 · of a compound: which one, by its division code"
    )
    question: str = strawberry.field(description="问题，至多2000字 · what is asked, 2,000 characters at most")


@strawberry.input(description="答复意见 · the opinion that was asked")
class GiveOpinionInput(OfGrievanceInput):
    of: ConsultedBody = strawberry.field(description="代表谁答复 · for whom it is given: the one that was asked")
    reasonable: Finding = strawberry.field(description="是否合理 · whether it is reasonable")
    truthful: Finding = strawberry.field(description="是否属实 · whether it is truthful")
    opinion: str = strawberry.field(description="意见，至多2000字 · the opinion in words, 2,000 characters at most")


@strawberry.input(description="人工研判 · what a dispatcher finds")
class JudgeGrievanceInput(OfGrievanceInput):
    reasonable: Finding = strawberry.field(description="是否合理 · whether it is reasonable")
    truthful: Finding = strawberry.field(description="是否属实 · whether it is truthful")
    reason: str = strawberry.field(description="理由，至多2000字 · why, 2,000 characters at most")
    kind: GrievanceKind | None = strawberry.field(default=None, description="类型，不填则不变 · its kind; left out: as it is")
    grade: Grade | None = strawberry.field(default=None, description="分级，不填则不变 · its grade; left out: as it is")
    category: str | None = strawberry.field(default=None, description="类别路径，不填则不变 · its category; left out: as it is")
    department: str | None = strawberry.field(
        default=None, description="指定承办部门，不填则按转办目录 · the department, by hand; left out: as the catalogue has it"
    )

    def judgement(self) -> Judgement:
        return Judgement(
            self.reasonable.value,
            self.truthful.value,
            self.kind.value if self.kind else None,
            self.grade.value if self.grade else None,
            self.category,
            self.reason,
        )


@strawberry.input(description="直接答复 · a dispatcher answers")
class AnswerGrievanceInput(OfGrievanceInput):
    text: str = strawberry.field(description="答复，向群众说明，至多2000字 · the answer, in words for the petitioner")


@strawberry.type(description="收回被拒 · it stays with the department; nothing changed")
class RecallRefused(RefusedFields): ...


@strawberry.type(description="征求意见被拒 · nobody was asked; nothing changed")
class AskOpinionRefused(RefusedFields): ...


@strawberry.type(description="答复意见被拒 · no opinion was kept; nothing changed")
class GiveOpinionRefused(RefusedFields): ...


@strawberry.type(description="研判被拒 · it was not judged; nothing changed")
class JudgeRefused(RefusedFields): ...


@strawberry.type(description="直接答复被拒 · nothing was answered; nothing changed")
class AnswerRefused(RefusedFields): ...


RecallResult = Annotated[Case | RecallRefused, strawberry.union("RecallResult", description="收回结果 · the case, or why not")]
AskOpinionResult = Annotated[Case | AskOpinionRefused, strawberry.union("AskOpinionResult", description="征求结果 · the case, or why not")]
GiveOpinionResult = Annotated[
    Case | GiveOpinionRefused, strawberry.union("GiveOpinionResult", description="答复意见的结果 · the case, or why not")
]
JudgeResult = Annotated[Case | JudgeRefused, strawberry.union("JudgeResult", description="研判结果 · the case, or why not")]
AnswerResult = Annotated[Case | AnswerRefused, strawberry.union("AnswerResult", description="答复结果 · the case, or why not")]
