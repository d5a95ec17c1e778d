"""退单, 改派 and 不予受理 in the graph: inputs and refusals of the commands by which a case goes elsewhere, stays, or is not accepted."""

from __future__ import annotations

from typing import Annotated

import strawberry

from services.routing.subgraph.types import Case, OfGrievanceInput
from shared.subgraph import RefusedFields


@strawberry.input(description="退单 · the work order is not this department's")
class ReturnWorkOrderInput(OfGrievanceInput):
    reason: str = strawberry.field(description="理由，至多2000字 · why, 2,000 characters at most")


@strawberry.input(description="退单审核 · a decision on a return")
class AdjudicateReturnInput(OfGrievanceInput):
    granted: bool = strawberry.field(description="同意，或驳回 · granted, or refused")
    department: str | None = strawberry.field(
        default=None, description="同意时改派的部门；12345 为热线平台 · where it goes, when it is granted; 12345: the platform"
    )
    reason: str = strawberry.field(description="理由，至多2000字 · why, 2,000 characters at most")


@strawberry.input(description="改派 · another department is to handle it")
class ReassignWorkOrderInput(OfGrievanceInput):
    department: str = strawberry.field(description="改派的部门；12345 为热线平台 · where it goes; 12345: the platform")
    reason: str = strawberry.field(description="理由，至多2000字 · why, 2,000 characters at most")


@strawberry.input(description="不予受理 · it is not accepted here")
class DeclineGrievanceInput(OfGrievanceInput):
    reason: str = strawberry.field(description="理由，向群众说明，至多2000字 · why, in words for the petitioner")
    route: str = strawberry.field(description="正确途径，向群众说明，至多2000字 · where to turn, in words for the petitioner")


@strawberry.type(description="退单被拒 · the work order stays where it is; nothing changed")
class ReturnRefused(RefusedFields): ...


@strawberry.type(description="审核被拒 · nothing was decided")
class AdjudicateRefused(RefusedFields): ...


@strawberry.type(description="改派被拒 · the work order stays where it is; nothing changed")
class ReassignRefused(RefusedFields): ...


@strawberry.type(description="不予受理未成 · it stays accepted; nothing changed")
class DeclineRefused(RefusedFields): ...


ReturnResult = Annotated[Case | ReturnRefused, strawberry.union("ReturnResult", description="退单结果 · the case, or why not")]
AdjudicateResult = Annotated[Case | AdjudicateRefused, strawberry.union("AdjudicateResult", description="审核结果 · the case, or why not")]
ReassignResult = Annotated[Case | ReassignRefused, strawberry.union("ReassignResult", description="改派结果 · the case, or why not")]
DeclineResult = Annotated[Case | DeclineRefused, strawberry.union("DeclineResult", description="不予受理结果 · the case, or why not")]
