"""The graph's types that routing owns: the handling of a grievance."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated, Self

import strawberry
from strawberry.types.enum import EnumValueDefinition

from services.routing.domain.case import Case as Held
from services.routing.domain.lifecycle import AMONG_OFFICIALS, BY_ACTION, STATUS_NAMES, Action
from services.routing.domain.work_order import WorkOrder as Order
from services.routing.store.mongo import access_of
from services.routing.subgraph.appraisal_types import Consultation, Recall, Verdict
from services.routing.subgraph.basics import CaseOwner as CaseOwner
from services.routing.subgraph.basics import Ctx as Ctx
from services.routing.subgraph.basics import Department as Department
from services.routing.subgraph.basics import Grade as Grade
from services.routing.subgraph.deadlines import CaseWarning, Deadlines
from services.routing.subgraph.decisions import Declined, Extension, Return
from services.routing.subgraph.escalation import picture
from services.routing.subgraph.replies import ReplyFinding, found_in, submitted
from services.routing.subgraph.supervision_types import DepartmentCard, SupervisionOrder
from services.routing.subgraph.waits import ReplyApproval, Suspension, Urge, Verification
from services.routing.subgraph.within import CaseOwnership, HandOver, WorkOrderPart
from services.routing.usecases.parties import Allowance, allowances
from shared.contracts.routing import WARNED_AMONG_OFFICIALS, WarnedOf
from shared.identity.access import is_petitioner
from shared.subgraph import RefusedFields


@strawberry.enum(description="办理状态 · " + " · ".join(f"{status} {name}" for status, name in STATUS_NAMES.items()))
class GrievanceStatus(Enum):
    """The states of the transition table; a test holds the two together."""

    REGISTERED = "REGISTERED"
    APPRAISING = "APPRAISING"
    ANSWERED_ON_SPOT = "ANSWERED_ON_SPOT"
    ACCEPTED = "ACCEPTED"
    DISPATCHED = "DISPATCHED"
    HANDLING = "HANDLING"
    RESOLVED = "RESOLVED"
    FED_BACK = "FED_BACK"
    SURVEYED = "SURVEYED"
    CLOSED = "CLOSED"
    REWORK = "REWORK"
    RETURN_PENDING = "RETURN_PENDING"
    SUSPENDED = "SUSPENDED"
    MERGED = "MERGED"
    WITHDRAWN = "WITHDRAWN"
    NOT_ACCEPTED = "NOT_ACCEPTED"


def _named(action: Action) -> EnumValueDefinition:
    move = BY_ACTION[action]
    return strawberry.enum_value(action, description=f"{move.zh} · {move.en}")


@strawberry.enum(description="动作 · what is done with a case")
class CaseAction(Enum):
    """The actions of the transition table; a test holds the two together."""

    APPRAISE = _named("APPRAISE")
    AWAIT_APPRAISAL = _named("AWAIT_APPRAISAL")
    ASK_OPINION = _named("ASK_OPINION")
    GIVE_OPINION = _named("GIVE_OPINION")
    JUDGE = _named("JUDGE")
    ANSWER = _named("ANSWER")
    ACCEPT = _named("ACCEPT")
    ANSWER_ON_SPOT = _named("ANSWER_ON_SPOT")
    DISPATCH = _named("DISPATCH")
    ACCEPT_WORK_ORDER = _named("ACCEPT_WORK_ORDER")
    RETURN_WORK_ORDER = _named("RETURN_WORK_ORDER")
    GRANT_RETURN = _named("GRANT_RETURN")
    REFUSE_RETURN = _named("REFUSE_RETURN")
    RECALL = _named("RECALL")
    REASSIGN = _named("REASSIGN")
    DECLINE = _named("DECLINE")
    ASK_EXTENSION = _named("ASK_EXTENSION")
    GRANT_EXTENSION = _named("GRANT_EXTENSION")
    REFUSE_EXTENSION = _named("REFUSE_EXTENSION")
    HAND_OVER = _named("HAND_OVER")
    ADD_CO_HANDLER = _named("ADD_CO_HANDLER")
    REPORT_PART = _named("REPORT_PART")
    RELEASE_CO_HANDLER = _named("RELEASE_CO_HANDLER")
    SUSPEND = _named("SUSPEND")
    RESUME = _named("RESUME")
    END_SUSPENSION = _named("END_SUSPENSION")
    SUBMIT_FOR_APPROVAL = _named("SUBMIT_FOR_APPROVAL")
    APPROVE_REPLY = _named("APPROVE_REPLY")
    REFUSE_REPLY = _named("REFUSE_REPLY")
    ASK_VERIFICATION = _named("ASK_VERIFICATION")
    SUBMIT_RESOLUTION = _named("SUBMIT_RESOLUTION")
    CONFIRM_ON_SITE = _named("CONFIRM_ON_SITE")
    DENY_ON_SITE = _named("DENY_ON_SITE")
    REJECT_RESOLUTION = _named("REJECT_RESOLUTION")
    RELEASE_RESOLUTION = _named("RELEASE_RESOLUTION")
    REPORT_RESOLUTION = _named("REPORT_RESOLUTION")
    CONFIRM_FED_BACK = _named("CONFIRM_FED_BACK")
    RECORD_SURVEY = _named("RECORD_SURVEY")
    CLOSE = _named("CLOSE")
    ASK_REWORK = _named("ASK_REWORK")
    RESUME_HANDLING = _named("RESUME_HANDLING")
    RESUME_APPRAISAL = _named("RESUME_APPRAISAL")
    WITHDRAW = _named("WITHDRAW")
    TAKE_HANDOFF = _named("TAKE_HANDOFF")
    REPORT_HANDOFF = _named("REPORT_HANDOFF")
    RETURN_HANDOFF = _named("RETURN_HANDOFF")
    WARN = _named("WARN")
    ESCALATE = _named("ESCALATE")
    FIX_DEADLINE = _named("FIX_DEADLINE")
    URGE = _named("URGE")
    ANSWER_URGE = _named("ANSWER_URGE")
    ISSUE_SUPERVISION_ORDER = _named("ISSUE_SUPERVISION_ORDER")
    REPLY_SUPERVISION_ORDER = _named("REPLY_SUPERVISION_ORDER")
    ACCEPT_SUPERVISION_REPLY = _named("ACCEPT_SUPERVISION_REPLY")
    REFUSE_SUPERVISION_REPLY = _named("REFUSE_SUPERVISION_REPLY")
    GIVE_CARD = _named("GIVE_CARD")
    APPEAL_CARD = _named("APPEAL_CARD")
    UPHOLD_CARD = _named("UPHOLD_CARD")
    CORRECT_CARD = _named("CORRECT_CARD")
    URGE_BY_MEETING = _named("URGE_BY_MEETING")
    CLOSE_UNANSWERED = _named("CLOSE_UNANSWERED")
    REOPEN = _named("REOPEN")


@strawberry.type(description="流转记录 · one move in the life of the case")
class Transition:
    at: datetime = strawberry.field(description="时间（UTC）· when, in UTC")
    action: str = strawberry.field(description="动作 · what was done, a CaseAction by name")
    status: GrievanceStatus = strawberry.field(description="之后的状态 · the state after it")
    by: CaseOwner = strawberry.field(description="谁 · by whom")


@strawberry.type(description="一项操作现在能否进行 · whether the viewer may do this now, and why not")
class AllowedAction:
    action: CaseAction = strawberry.field(description="动作 · which")
    allowed: bool = strawberry.field(description="现在可以 · whether it may be done now")
    code: str | None = strawberry.field(description="不可以的原因代码 · code of the reason why not, as its mutation would refuse it")
    message: str | None = strawberry.field(description="原因（英文） · why not, in English")
    message_zh: str | None = strawberry.field(description="原因（中文） · why not, in Chinese")

    @classmethod
    def of(cls, allowance: Allowance) -> Self:
        refusal = allowance.refusal
        return cls(
            action=CaseAction(allowance.move.action),
            allowed=refusal is None,
            code=refusal.code if refusal else None,
            message=refusal.en if refusal else None,
            message_zh=refusal.zh if refusal else None,
        )


@strawberry.type(description="工单 · what a department has in hand; each rework is a round")
class WorkOrder:
    department: Department = strawberry.field(description="承办部门；有协办时为主办 · who has it in hand; the lead where others contribute")
    rule: str = strawberry.field(description="转办规则；人工改派为 by-hand · the dispatch rule that sent it there; by-hand: a dispatcher")
    rule_version: int = strawberry.field(description="规则版本 · version of the catalogue")
    round: int = strawberry.field(description="第几轮；重办加一 · counts from 1, one more for each rework")
    dispatched_at: datetime = strawberry.field(description="转办时间 · when it was sent there")
    accepted_at: datetime | None = strawberry.field(description="接单时间 · when somebody took it")
    resolved_at: datetime | None = strawberry.field(description="办结上报时间 · when it was reported as done")
    resolution: str | None = strawberry.field(description="办理结果 · what was done, in words for the petitioner")
    evidence: list[strawberry.ID] = strawberry.field(description="佐证附件标识 · ids of the attachments that show it")
    reason: str | None = strawberry.field(description="人工改派的理由 · why a dispatcher sent it there; null: a rule did")
    handoff: strawberry.ID | None = strawberry.field(description="12345工单编号 · id of the order by which 12345 has it; null: it has none")
    receiver: str | None = strawberry.field(description="首接人编号；资料未到时为空 · who takes it first, by id; null while not known")
    parts: list[WorkOrderPart] | None = strawberry.field(description="协办 · what other departments contribute; for officials")
    held: strawberry.Private[Held]

    @classmethod
    def of(cls, order: Order, held: Held) -> Self:
        return cls(
            department=Department(code=order.department),
            rule=order.rule,
            rule_version=order.rule_version,
            round=order.round,
            dispatched_at=order.dispatched_at,
            accepted_at=order.accepted_at,
            resolved_at=order.resolved_at,
            resolution=order.resolution,
            evidence=[strawberry.ID(id) for id in order.evidence],
            reason=order.reason,
            handoff=strawberry.ID(order.handoff) if order.handoff else None,
            receiver=order.receiver,
            parts=[WorkOrderPart.of(part) for part in order.parts],
            held=held,
        )


@strawberry.federation.type(keys=["id"], description="办件 · the handling of one grievance")
class Case:
    id: strawberry.ID = strawberry.field(description="诉求标识 · the grievance's id")
    number: str = strawberry.field(description="编号 · the readable number")
    status: GrievanceStatus = strawberry.field(description="办理状态 · state")
    category: str | None = strawberry.field(description="类别路径 · path in the category tree; null: not classified")
    grade: Grade = strawberry.field(description="分级 · grade")
    owner: CaseOwner = strawberry.field(description="当前责任人，始终唯一 · exactly one accountable person at any time")
    registered_at: datetime = strawberry.field(description="登记时间 · when it was registered")
    due_at: datetime | None = strawberry.field(description="办理期限 · when the result is due; null: nothing is due")
    provisional_due: bool = strawberry.field(description="工作日历未发布，暂按周一至周五计算 · counted by weekdays for now")
    closed_at: datetime | None = strawberry.field(description="办结时间 · when it was closed")
    reworks: int = strawberry.field(description="重办次数 · how often it was reworked")
    needs_supervision: bool = strawberry.field(description="需督办：重办次数已满仍不满意 · closed while the petitioner is not satisfied")
    department: Department | None = strawberry.field(description="承办部门 · the department that handles it")
    work_order: WorkOrder | None = strawberry.field(description="工单 · the work order")
    returns: list[Return] = strawberry.field(description="退单记录 · every return, oldest first")
    extensions: list[Extension] = strawberry.field(description="延期记录 · every extension, oldest first")
    declined: Declined | None = strawberry.field(description="不予受理的理由和正确途径 · why it is not accepted, and where to turn")
    consultations: list[Consultation] | None = strawberry.field(
        description="征求意见记录 · every opinion asked, oldest first; for officials"
    )
    verdict: Verdict | None = strawberry.field(
        description="人工研判结论（最近一次） · what a dispatcher found last; null: a rule did; for officials"
    )
    recalls: list[Recall] | None = strawberry.field(description="收回研判记录 · every recall, oldest first; for officials")
    withdrawn_for: str | None = strawberry.field(description="撤诉理由 · the reason that the petitioner gave for withdrawing, if any")
    owners: list[CaseOwnership] = strawberry.field(description="历任责任人 · who owned it since when, from registration on, oldest first")
    hand_overs: list[HandOver] | None = strawberry.field(description="内部移交记录 · every hand-over inside a department; for officials")
    deadlines: Deadlines = strawberry.field(description="两项时限 · when the first response and the result are due, and why then")
    urges: list[Urge] = strawberry.field(description="催办记录 · every time that somebody urged, oldest first")
    supervision_orders: list[SupervisionOrder] | None = strawberry.field(
        description="督办单，最早的在前；供工作人员 · every supervision order, oldest first; for officials"
    )
    cards: list[DepartmentCard] | None = strawberry.field(
        description="部门因此所得的红黄牌；供工作人员 · the cards that departments got for it, oldest first; for officials"
    )
    suspensions: list[Suspension] = strawberry.field(description="挂起记录 · every suspension, oldest first")
    approval: ReplyApproval | None = strawberry.field(
        description="答复审批（最近一轮）；诉求人不可见 · what the head approves or has approved, of the last round; not for the petitioner"
    )
    verifications: list[Verification] | None = strawberry.field(
        description="现场核实记录；诉求人不可见 · every verification that was asked; not for the petitioner"
    )
    held: strawberry.Private[Held]

    @strawberry.field(
        description="流转记录；工作人员之间的步骤诉求人不可见 · every move, oldest first; to the petitioner without those among officials"
    )
    def history(self, info: Ctx) -> list[Transition]:
        hidden: frozenset[Action] = AMONG_OFFICIALS if is_petitioner(info.context.viewer, access_of(self.held)) else frozenset()
        return [
            Transition(at=step.at, action=step.action, status=GrievanceStatus(step.status), by=CaseOwner.of(step.by))
            for step in self.held.history
            if step.action not in hidden
        ]

    @strawberry.field(
        description="预警和提级记录；工作人员之间的诉求人不可见 · every warning that the clock gave, oldest first; to the petitioner "
        "without those of what is among officials"
    )
    def warnings(self, info: Ctx) -> list[CaseWarning]:
        hidden: frozenset[WarnedOf] = WARNED_AMONG_OFFICIALS if is_petitioner(info.context.viewer, access_of(self.held)) else frozenset()
        return [CaseWarning.given(each) for each in self.held.warnings if each.of not in hidden]

    @strawberry.field(description="提级路径图，Mermaid 文本 · the path of warnings and escalations as a picture, in Mermaid")
    def escalation(self) -> str:
        return picture(self.held)

    @strawberry.field(
        description="拟稿（或已提交的答复）与答复规范的比对；供工作人员 · what a draft, or the reply as submitted, lacks; for officials"
    )
    def reply_findings(
        self,
        info: Ctx,
        text: Annotated[
            str | None, strawberry.argument(description="拟稿；不填则为已提交的答复 · a draft; null: as it was submitted")
        ] = None,
    ) -> list[ReplyFinding] | None:
        words = text if text is not None else submitted(self.held)
        if words is None:
            return []
        return found_in(words, self.held, info.context.routing.handling)

    @strawberry.field(description="由人进行的各项操作：现在能否进行，为何不能 · whether the viewer may do now what people do, and why not")
    def allowed_actions(self, info: Ctx) -> list[AllowedAction]:
        context = info.context
        return [AllowedAction.of(each) for each in allowances(context.routing.handling, context.viewer, self.held)]

    @classmethod
    async def resolve_reference(cls, info: Ctx, id: strawberry.ID) -> Self | None:
        held = await info.context.case(str(id))
        return cls.of(str(id), held) if held else None

    @classmethod
    def of(cls, id: str, held: Held) -> Self:
        order = held.work_order
        return cls(
            id=strawberry.ID(id),
            number=held.number,
            status=GrievanceStatus(held.status),
            category=held.category,
            grade=Grade(held.grade),
            owner=CaseOwner.of(held.owner),
            registered_at=held.registered_at,
            due_at=held.due_at,
            provisional_due=held.due_provisional,
            closed_at=held.closed_at,
            reworks=held.reworks,
            needs_supervision=held.needs_supervision,
            department=Department(code=order.department) if order else None,
            work_order=WorkOrder.of(order, held) if order else None,
            returns=[Return.of(each) for each in held.returns],
            extensions=[Extension.of(each) for each in held.extensions],
            declined=Declined.of(held.declined) if held.declined else None,
            consultations=[Consultation.of_held(each, held.status == "APPRAISING") for each in held.appraisal.consultations],
            verdict=Verdict.of(held.appraisal.verdict) if held.appraisal.verdict else None,
            recalls=[Recall.of(each) for each in held.appraisal.recalls],
            withdrawn_for=held.withdrawn_for,
            owners=CaseOwnership.all_of(held.owners),
            hand_overs=[HandOver.of(each) for each in held.hand_overs],
            deadlines=Deadlines.of(held.deadlines),
            urges=[Urge.of(each) for each in held.urges],
            supervision_orders=[SupervisionOrder.of(each, held) for each in held.orders],
            cards=[DepartmentCard.of(each, id, held.number) for each in held.cards],
            suspensions=[Suspension.of(each) for each in held.suspensions],
            approval=ReplyApproval.of(held.drafts),
            verifications=[Verification.of(each) for each in held.verifications],
            held=held,
        )


@strawberry.federation.type(keys=["id"], description="诉求 · what somebody asks, reports or suggests")
class Grievance:
    id: strawberry.ID = strawberry.field(description="标识 · id")

    @strawberry.field(description="办理状态；尚未立案时为 REGISTERED · REGISTERED while there is no case yet")
    async def status(self, info: Ctx) -> GrievanceStatus | None:
        held = await info.context.case(str(self.id))
        return GrievanceStatus(held.status if held else "REGISTERED")

    @strawberry.field(description="办件 · null while there is no case yet")
    async def case(self, info: Ctx) -> Case | None:
        held = await info.context.case(str(self.id))
        return Case.of(str(self.id), held) if held else None

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> Self:
        return cls(id=id)


@strawberry.type(description="分页信息 · Relay page info")
class CasePageInfo:
    has_next_page: bool = strawberry.field(description="是否还有下一页 · whether there is more")
    end_cursor: str | None = strawberry.field(description="本页末尾的游标 · send it as `after` for the next page")


@strawberry.type(description="办件列表的一条 · one row of the list")
class CaseEdge:
    cursor: str = strawberry.field(description="游标 · where this row stands")
    node: Case = strawberry.field(description="本条内容 · the row itself")


@strawberry.type(description="办件列表，新的在前 · newest first")
class CaseConnection:
    edges: list[CaseEdge] = strawberry.field(description="本页各条 · the rows of this page")
    page_info: CasePageInfo = strawberry.field(description="分页信息 · about this page")


@strawberry.input(description="对一件诉求的操作 · a command on a grievance")
class OfGrievanceInput:
    request_id: strawberry.ID = strawberry.field(description="请求编号：同一编号重发，结果相同 · the same id again gives the same answer")
    grievance_id: strawberry.ID = strawberry.field(description="诉求标识 · which grievance")


@strawberry.type(description="接单被拒 · the work order was not accepted; nothing changed")
class AcceptRefused(RefusedFields): ...


@strawberry.type(description="上报被拒 · the resolution was not taken; nothing changed")
class ReportRefused(RefusedFields): ...


AcceptResult = Annotated[Case | AcceptRefused, strawberry.union("AcceptResult", description="接单结果 · the case, or why not")]
ReportResult = Annotated[Case | ReportRefused, strawberry.union("ReportResult", description="上报结果 · the case, or why not")]
