"""挂起, 审批 and 现场核实 in the graph: inputs and refusals of the commands by which a case is held up and goes on."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import strawberry

from services.routing.subgraph.types import Case, OfGrievanceInput
from shared.subgraph import RefusedFields


@strawberry.input(description="挂起 · the department cannot go on for now")
class SuspendWorkOrderInput(OfGrievanceInput):
    reason: str = strawberry.field(description="理由，至多2000字 · why, 2,000 characters at most")
    until: date = strawberry.field(description="预计恢复日期，30日内 · the day by which it is expected to end, within 30 days")


@strawberry.input(description="恢复办理 · the department goes on")
class ResumeWorkOrderInput(OfGrievanceInput): ...


@strawberry.input(description="解除挂起 · a supervisor ends a suspension")
class EndSuspensionInput(OfGrievanceInput):
    reason: str = strawberry.field(description="理由，至多2000字 · why, 2,000 characters at most")


@strawberry.input(description="批准答复 · the head of the department approves the reply that waits")
class ApproveReplyInput(OfGrievanceInput): ...


@strawberry.input(description="退回修改 · the head of the department sends the reply back")
class RefuseReplyInput(OfGrievanceInput):
    reason: str = strawberry.field(description="理由，至多2000字 · why, 2,000 characters at most")


@strawberry.input(description="要求现场核实 · the work is to be looked at before the petitioner is told")
class AskVerificationInput(OfGrievanceInput):
    what: str = strawberry.field(description="核实什么，至多2000字 · what to look at, 2,000 characters at most")


@strawberry.input(description="现场核实 · the community's secretary was there")
class VerifyOnSiteInput(OfGrievanceInput):
    confirmed: bool = strawberry.field(description="属实，或不符 · as reported, or not")
    remark: str | None = strawberry.field(
        default=None, description="核实意见；不符时必填 · what was seen; needed where it is not as reported"
    )
    evidence: list[strawberry.ID] = strawberry.field(default_factory=list, description="现场照片的附件标识 · attachment ids of photos")


@strawberry.input(description="驳回办结 · the report is not let go; the department is to do more")
class RejectResolutionInput(OfGrievanceInput):
    reason: str = strawberry.field(description="理由，至多2000字 · why, 2,000 characters at most")


@strawberry.input(description="准予办结 · the report is let go without the community's secretary")
class ReleaseResolutionInput(OfGrievanceInput):
    reason: str = strawberry.field(description="理由，至多2000字 · why, 2,000 characters at most")


@strawberry.type(description="挂起被拒 · it is handled further; nothing changed")
class SuspendRefused(RefusedFields): ...


@strawberry.type(description="恢复被拒 · nothing changed")
class ResumeRefused(RefusedFields): ...


@strawberry.type(description="解除挂起被拒 · nothing changed")
class EndSuspensionRefused(RefusedFields): ...


@strawberry.type(description="批准答复被拒 · the reply waits as before, or none does; nothing changed")
class ApproveReplyRefused(RefusedFields): ...


@strawberry.type(description="退回修改被拒 · the reply waits as before, or none does; nothing changed")
class RefuseReplyRefused(RefusedFields): ...


@strawberry.type(description="要求核实被拒 · no verification was asked; nothing changed")
class AskVerificationRefused(RefusedFields): ...


@strawberry.type(description="核实被拒 · nothing was verified; nothing changed")
class VerifyRefused(RefusedFields): ...


@strawberry.type(description="驳回办结被拒 · the report waits as before; nothing changed")
class RejectResolutionRefused(RefusedFields): ...


@strawberry.type(description="准予办结被拒 · the report waits as before; nothing changed")
class ReleaseResolutionRefused(RefusedFields): ...


SuspendResult = Annotated[Case | SuspendRefused, strawberry.union("SuspendResult", description="挂起结果 · the case, or why not")]
ResumeResult = Annotated[Case | ResumeRefused, strawberry.union("ResumeResult", description="恢复结果 · the case, or why not")]
EndSuspensionResult = Annotated[
    Case | EndSuspensionRefused, strawberry.union("EndSuspensionResult", description="解除结果 · the case, or why not")
]
ApproveReplyResult = Annotated[
    Case | ApproveReplyRefused, strawberry.union("ApproveReplyResult", description="批准结果 · the case, or why not")
]
RefuseReplyResult = Annotated[
    Case | RefuseReplyRefused, strawberry.union("RefuseReplyResult", description="退回结果 · the case, or why not")
]
AskVerificationResult = Annotated[
    Case | AskVerificationRefused, strawberry.union("AskVerificationResult", description="要求结果 · the case, or why not")
]
VerifyResult = Annotated[Case | VerifyRefused, strawberry.union("VerifyResult", description="核实结果 · the case, or why not")]
RejectResolutionResult = Annotated[
    Case | RejectResolutionRefused, strawberry.union("RejectResolutionResult", description="驳回结果 · the case, or why not")
]
ReleaseResolutionResult = Annotated[
    Case | ReleaseResolutionRefused, strawberry.union("ReleaseResolutionResult", description="准予结果 · the case, or why not")
]
