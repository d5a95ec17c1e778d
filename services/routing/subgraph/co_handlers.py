"""内部移交 and 协办 in the graph: inputs and refusals of the commands by which a work order is worked on by several."""

from __future__ import annotations

from typing import Annotated

import strawberry

from services.routing.subgraph.types import Case, OfGrievanceInput
from shared.subgraph import RefusedFields


@strawberry.input(description="内部移交 · another person of the department is to handle it")
class HandOverWorkOrderInput(OfGrievanceInput):
    staff_id: str = strawberry.field(description="接手人编号 · who is to own it, by id")
    reason: str = strawberry.field(description="理由，至多2000字 · why, 2,000 characters at most")


@strawberry.input(description="增加协办 · another department is to contribute")
class AddCoHandlerInput(OfGrievanceInput):
    department: str = strawberry.field(description="协办部门 · which")
    task: str = strawberry.field(description="要求，至多2000字 · what is asked of it, 2,000 characters at most")


@strawberry.input(description="上报协办 · a co-handler's part is done")
class ReportPartInput(OfGrievanceInput):
    text: str = strawberry.field(description="办理情况，供主办部门阅 · what was done, in words for the lead")
    evidence: list[strawberry.ID] = strawberry.field(default_factory=list, description="附件标识 · attachment ids")


@strawberry.input(description="免除协办 · a part is not needed")
class ReleaseCoHandlerInput(OfGrievanceInput):
    department: str = strawberry.field(description="协办部门 · which")
    reason: str = strawberry.field(description="理由，至多2000字 · why, 2,000 characters at most")


@strawberry.type(description="移交被拒 · it stays with whom it is; nothing changed")
class HandOverRefused(RefusedFields): ...


@strawberry.type(description="增加协办被拒 · nobody more was asked; nothing changed")
class AddCoHandlerRefused(RefusedFields): ...


@strawberry.type(description="上报协办被拒 · the part was not taken; nothing changed")
class ReportPartRefused(RefusedFields): ...


@strawberry.type(description="免除协办被拒 · the part is still waited for; nothing changed")
class ReleaseCoHandlerRefused(RefusedFields): ...


HandOverResult = Annotated[Case | HandOverRefused, strawberry.union("HandOverResult", description="移交结果 · the case, or why not")]
AddCoHandlerResult = Annotated[
    Case | AddCoHandlerRefused, strawberry.union("AddCoHandlerResult", description="增加协办结果 · the case, or why not")
]
ReportPartResult = Annotated[
    Case | ReportPartRefused, strawberry.union("ReportPartResult", description="上报协办结果 · the case, or why not")
]
ReleaseCoHandlerResult = Annotated[
    Case | ReleaseCoHandlerRefused, strawberry.union("ReleaseCoHandlerResult", description="免除协办结果 · the case, or why not")
]
