"""Erasure of a petitioner, in the graph."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import strawberry

from services.intake.subgraph.types import REQUEST, Ctx, Grievance
from services.intake.usecases.erase_petitioner import ErasePetitioner, erase_petitioner
from shared.subgraph import RefusedFields, refused_as


@strawberry.enum(description="删除事由：本人请求、撤回同意、保存期限届满、违法处理 · why a petitioner is erased")
class ErasureReason(Enum):
    REQUEST = "REQUEST"
    CONSENT_WITHDRAWN = "CONSENT_WITHDRAWN"
    RETENTION = "RETENTION"
    UNLAWFUL = "UNLAWFUL"


@strawberry.input(description="删除诉求人信息，不可恢复 · to erase a petitioner; it cannot be undone")
class ErasePetitionerInput:
    request_id: strawberry.ID = strawberry.field(description=REQUEST)
    grievance_id: strawberry.ID = strawberry.field(
        description="其任一诉求；该诉求人的全部诉求一并删除 · any one grievance of theirs; all that they told is erased"
    )
    reason: ErasureReason = strawberry.field(description="事由 · why")
    note: str = strawberry.field(
        description="依据说明，至多200字，仅留痕 · what it is based on, 200 characters at most; for the audit alone"
    )


@strawberry.type(description="已删除；各处数秒内清除 · erased: unreadable now, and gone everywhere within seconds")
class PetitionerErased:
    grievance: Grievance = strawberry.field(description="诉求 · the grievance, which stays without them")


@strawberry.type(description="未删除 · not erased")
class ErasureRefused(RefusedFields): ...


ErasureResult = Annotated[
    PetitionerErased | ErasureRefused, strawberry.union("ErasePetitionerResult", description="删除结果 · erased, or why not")
]


@strawberry.type
class ErasingMutation:
    @strawberry.mutation(
        description="删除诉求人及其全部所述，统计不变 · erase a petitioner with all that they told; numbers stay as they are"
    )
    async def erase_petitioner(self, info: Ctx, input: ErasePetitionerInput) -> ErasureResult:
        context = info.context

        async def work() -> PetitionerErased:
            command = ErasePetitioner(
                request_id=str(input.request_id), grievance_id=str(input.grievance_id), reason=input.reason.value, note=input.note
            )
            id = await erase_petitioner(context.intake.erasing, context.viewer, command, context.origin)
            return PetitionerErased(grievance=Grievance.of(id, (await context.intake.grievances.find_many([id]))[id]))

        return await refused_as(ErasureRefused, work)
