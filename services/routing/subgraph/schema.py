"""Routing's subgraph: queries and mutations."""

from __future__ import annotations

import strawberry

from services.routing.store.mongo import CODEC
from services.routing.subgraph.appraisal import (
    AnswerGrievanceInput,
    AnswerRefused,
    AnswerResult,
    AskOpinionInput,
    AskOpinionRefused,
    AskOpinionResult,
    GiveOpinionInput,
    GiveOpinionRefused,
    GiveOpinionResult,
    JudgeGrievanceInput,
    JudgeRefused,
    JudgeResult,
    RecallForAppraisalInput,
    RecallRefused,
    RecallResult,
)
from services.routing.subgraph.boards import BoardQuery
from services.routing.subgraph.bulk import BulkActInput, BulkResult, acted
from services.routing.subgraph.catalogue import DispatchCatalogue
from services.routing.subgraph.co_handlers import (
    AddCoHandlerInput,
    AddCoHandlerRefused,
    AddCoHandlerResult,
    HandOverRefused,
    HandOverResult,
    HandOverWorkOrderInput,
    ReleaseCoHandlerInput,
    ReleaseCoHandlerRefused,
    ReleaseCoHandlerResult,
    ReportPartInput,
    ReportPartRefused,
    ReportPartResult,
)
from services.routing.subgraph.desks import DeskQuery
from services.routing.subgraph.done import done
from services.routing.subgraph.extensions import (
    AskExtensionInput,
    AskExtensionRefused,
    AskExtensionResult,
    DecideExtensionInput,
    DecideExtensionRefused,
    DecideExtensionResult,
    WithdrawGrievanceInput,
    WithdrawRefused,
    WithdrawResult,
)
from services.routing.subgraph.pauses import (
    ApproveReplyInput,
    ApproveReplyRefused,
    ApproveReplyResult,
    AskVerificationInput,
    AskVerificationRefused,
    AskVerificationResult,
    EndSuspensionInput,
    EndSuspensionRefused,
    EndSuspensionResult,
    RefuseReplyInput,
    RefuseReplyRefused,
    RefuseReplyResult,
    RejectResolutionInput,
    RejectResolutionRefused,
    RejectResolutionResult,
    ReleaseResolutionInput,
    ReleaseResolutionRefused,
    ReleaseResolutionResult,
    ResumeRefused,
    ResumeResult,
    ResumeWorkOrderInput,
    SuspendRefused,
    SuspendResult,
    SuspendWorkOrderInput,
    VerifyOnSiteInput,
    VerifyRefused,
    VerifyResult,
)
from services.routing.subgraph.policy import POLICY
from services.routing.subgraph.returns import (
    AdjudicateRefused,
    AdjudicateResult,
    AdjudicateReturnInput,
    DeclineGrievanceInput,
    DeclineRefused,
    DeclineResult,
    ReassignRefused,
    ReassignResult,
    ReassignWorkOrderInput,
    ReturnRefused,
    ReturnResult,
    ReturnWorkOrderInput,
)
from services.routing.subgraph.supervision import SupervisionMutation, SupervisionQuery
from services.routing.subgraph.types import (
    AcceptRefused,
    AcceptResult,
    Case,
    CaseConnection,
    CaseEdge,
    CasePageInfo,
    Ctx,
    Grievance,
    GrievanceStatus,
    OfGrievanceInput,
    ReportRefused,
    ReportResult,
)
from services.routing.subgraph.urging import (
    AnswerUrgesInput,
    AnswerUrgesRefused,
    AnswerUrgesResult,
    UrgeGrievanceInput,
    UrgeRefused,
    UrgeResult,
)
from services.routing.usecases.accept_work_order import accept
from services.routing.usecases.adjudicate_return import adjudicate
from services.routing.usecases.answer_grievance import answer_directly
from services.routing.usecases.answer_report import reject_resolution, release_resolution, verify_on_site
from services.routing.usecases.approve_reply import approve_reply, refuse_reply
from services.routing.usecases.ask_verification import ask_for_verification
from services.routing.usecases.co_handle import ask_for_part, release, report_own_part
from services.routing.usecases.consult import ask_for_opinion, say_opinion
from services.routing.usecases.decline_grievance import decline_grievance
from services.routing.usecases.extend_work_order import ask_for_days, decide_days
from services.routing.usecases.hand_over_work_order import give
from services.routing.usecases.judge_grievance import judge
from services.routing.usecases.reassign_work_order import send_elsewhere
from services.routing.usecases.recall_for_appraisal import take_back
from services.routing.usecases.report_resolution import report
from services.routing.usecases.return_work_order import send_back
from services.routing.usecases.suspend_work_order import end_suspension_of, resume_work_order, suspend_work_order
from services.routing.usecases.urge_grievance import answer_who_urges, urge_handling
from services.routing.usecases.withdraw_grievance import withdraw_grievance
from shared.graphql_server import FEDERATION, MinyiSchema, extensions
from shared.identity.access import access_filter
from shared.listing import cursor_of
from shared.subgraph import page_size


@strawberry.type(description="查询 · what can be asked")
class Query(DeskQuery, BoardQuery, SupervisionQuery):
    @strawberry.field(description="可见的办件 · the cases that the viewer may see, newest first")
    async def cases(
        self,
        info: Ctx,
        first: int = 20,
        after: str | None = None,
        status: GrievanceStatus | None = None,
        department: str | None = None,
    ) -> CaseConnection | None:
        context = info.context
        wanted = status.value if status else None
        page = await context.routing.cases.list_page(access_filter(context.viewer), page_size(first), after, wanted, department)
        edges = [CaseEdge(cursor=cursor_of(row), node=Case.of(row["_id"], CODEC.load(row))) for row in page.documents]
        return CaseConnection(edges=edges, page_info=CasePageInfo(has_next_page=page.more, end_cursor=edges[-1].cursor if edges else None))

    @strawberry.field(description="转办目录；缺省为现行版本 · the dispatch catalogue, in force now or of a version; null: there is none")
    async def dispatch_catalogue(self, info: Ctx, version: int | None = None) -> DispatchCatalogue | None:
        catalogues = info.context.routing.catalogues
        found = await catalogues.find(version or (await catalogues.newest()).version)
        return DispatchCatalogue.of(found) if found else None


@strawberry.input(description="接单 · accept a work order")
class AcceptWorkOrderInput(OfGrievanceInput): ...


@strawberry.input(description="上报办结 · report what was done, in words for the petitioner")
class ReportResolutionInput(OfGrievanceInput):
    text: str = strawberry.field(description="办理结果 · what was done, in words for the petitioner")
    evidence: list[strawberry.ID] = strawberry.field(default_factory=list, description="附件标识 · attachment ids")


@strawberry.type(description="操作 · what can be done")
class Mutation(SupervisionMutation):
    @strawberry.mutation(description="接单 · a handler of the department takes the case and owns it")
    async def accept_work_order(self, info: Ctx, input: AcceptWorkOrderInput) -> AcceptResult:
        return await done(info, input, AcceptRefused, accept)

    @strawberry.mutation(
        description="上报办结；须审批或核实的，随即待审批或待核实 · report the resolution; it may have to be approved, or verified"
    )
    async def report_resolution(self, info: Ctx, input: ReportResolutionInput) -> ReportResult:
        return await done(info, input, ReportRefused, report, input.text, [str(attachment) for attachment in input.evidence])

    @strawberry.mutation(description="退单，须在转办后2个工作日内 · the department sends the work order back, within 2 working days")
    async def return_work_order(self, info: Ctx, input: ReturnWorkOrderInput) -> ReturnResult:
        return await done(info, input, ReturnRefused, send_back, input.reason)

    @strawberry.mutation(description="退单审核：同意则改派，驳回则仍由原部门办理 · grant a return, to another department, or refuse it")
    async def adjudicate_return(self, info: Ctx, input: AdjudicateReturnInput) -> AdjudicateResult:
        return await done(info, input, AdjudicateRefused, adjudicate, input.granted, input.department, input.reason)

    @strawberry.mutation(description="改派，办理期限不变 · a dispatcher sends it to another department; the day on which it is due stays")
    async def reassign_work_order(self, info: Ctx, input: ReassignWorkOrderInput) -> ReassignResult:
        return await done(info, input, ReassignRefused, send_elsewhere, input.department, input.reason)

    @strawberry.mutation(description="不予受理，须告知理由和正确途径 · a dispatcher does not accept it, and says why and where to turn")
    async def decline_grievance(self, info: Ctx, input: DeclineGrievanceInput) -> DeclineResult:
        return await done(info, input, DeclineRefused, decline_grievance, input.reason, input.route)

    @strawberry.mutation(description="申请延期，须在期限届满前 · the department asks for working days more, before the result is due")
    async def ask_extension(self, info: Ctx, input: AskExtensionInput) -> AskExtensionResult:
        return await done(info, input, AskExtensionRefused, ask_for_days, input.days, input.reason)

    @strawberry.mutation(description="审批延期 · a supervisor grants an extension, or refuses it")
    async def decide_extension(self, info: Ctx, input: DecideExtensionInput) -> DecideExtensionResult:
        return await done(info, input, DecideExtensionRefused, decide_days, input.granted, input.reason)

    @strawberry.mutation(description="催办，每人24小时一次 · urge whoever has it in hand, once in 24 hours")
    async def urge_grievance(self, info: Ctx, input: UrgeGrievanceInput) -> UrgeResult:
        return await done(info, input, UrgeRefused, urge_handling, input.words)

    @strawberry.mutation(description="答复催办 · the department answers all who urge")
    async def answer_urges(self, info: Ctx, input: AnswerUrgesInput) -> AnswerUrgesResult:
        return await done(info, input, AnswerUrgesRefused, answer_who_urges, input.answer)

    @strawberry.mutation(
        description="内部移交，责任人随之变更 · its owner, or the department's head, hands it to another person there, who owns it"
    )
    async def hand_over_work_order(self, info: Ctx, input: HandOverWorkOrderInput) -> HandOverResult:
        return await done(info, input, HandOverRefused, give, input.staff_id, input.reason)

    @strawberry.mutation(description="增加协办 · the lead, or a dispatcher, asks another department for its part")
    async def add_co_handler(self, info: Ctx, input: AddCoHandlerInput) -> AddCoHandlerResult:
        return await done(info, input, AddCoHandlerRefused, ask_for_part, input.department, input.task)

    @strawberry.mutation(description="上报协办，供主办部门阅 · a co-handler reports its part, to the lead")
    async def report_part(self, info: Ctx, input: ReportPartInput) -> ReportPartResult:
        return await done(info, input, ReportPartRefused, report_own_part, input.text, [str(each) for each in input.evidence])

    @strawberry.mutation(description="免除协办 · a dispatcher releases a co-handler whose part is not needed")
    async def release_co_handler(self, info: Ctx, input: ReleaseCoHandlerInput) -> ReleaseCoHandlerResult:
        return await done(info, input, ReleaseCoHandlerRefused, release, input.department, input.reason)

    @strawberry.mutation(description="挂起，期限暂停计算 · the department cannot go on for now; its time stands still")
    async def suspend_work_order(self, info: Ctx, input: SuspendWorkOrderInput) -> SuspendResult:
        return await done(info, input, SuspendRefused, suspend_work_order, input.reason, input.until)

    @strawberry.mutation(
        description="恢复办理，期限按挂起的工作日顺延 · the department goes on; it is due as much later as it was suspended"
    )
    async def resume_work_order(self, info: Ctx, input: ResumeWorkOrderInput) -> ResumeResult:
        return await done(info, input, ResumeRefused, resume_work_order)

    @strawberry.mutation(description="解除挂起 · a supervisor ends a suspension, and says why")
    async def end_suspension(self, info: Ctx, input: EndSuspensionInput) -> EndSuspensionResult:
        return await done(info, input, EndSuspensionRefused, end_suspension_of, input.reason)

    @strawberry.mutation(
        description="批准答复，随即上报办结或提交核实 · the head of the department approves the reply; with that it is reported"
    )
    async def approve_reply(self, info: Ctx, input: ApproveReplyInput) -> ApproveReplyResult:
        return await done(info, input, ApproveReplyRefused, approve_reply)

    @strawberry.mutation(description="退回修改 · the head of the department sends the reply back, and says why")
    async def refuse_reply(self, info: Ctx, input: RefuseReplyInput) -> RefuseReplyResult:
        return await done(info, input, RefuseReplyRefused, refuse_reply, input.reason)

    @strawberry.mutation(
        description="要求现场核实：办结经核实后才答复 · a dispatcher wants the work looked at before the petitioner is told"
    )
    async def ask_verification(self, info: Ctx, input: AskVerificationInput) -> AskVerificationResult:
        return await done(info, input, AskVerificationRefused, ask_for_verification, input.what)

    @strawberry.mutation(
        description="现场核实：属实则办结，不符则退回办理 · confirmed on site it is resolved; otherwise it is handled further"
    )
    async def verify_on_site(self, info: Ctx, input: VerifyOnSiteInput) -> VerifyResult:
        photos = [str(attachment) for attachment in input.evidence]
        return await done(info, input, VerifyRefused, verify_on_site, input.confirmed, input.remark, photos)

    @strawberry.mutation(description="驳回办结 · a dispatcher sends the waiting report back, and says why")
    async def reject_resolution(self, info: Ctx, input: RejectResolutionInput) -> RejectResolutionResult:
        return await done(info, input, RejectResolutionRefused, reject_resolution, input.reason)

    @strawberry.mutation(description="准予办结，不经现场核实 · a dispatcher lets the waiting report go without the community's secretary")
    async def release_resolution(self, info: Ctx, input: ReleaseResolutionInput) -> ReleaseResolutionResult:
        return await done(info, input, ReleaseResolutionRefused, release_resolution, input.reason)

    @strawberry.mutation(description="撤诉 · the petitioner withdraws it; nobody handles it any more")
    async def withdraw_grievance(self, info: Ctx, input: WithdrawGrievanceInput) -> WithdrawResult:
        return await done(info, input, WithdrawRefused, withdraw_grievance, input.reason)

    @strawberry.mutation(description="收回研判，限部门接单前 · a dispatcher takes it back to judge it, before the department accepts it")
    async def recall_for_appraisal(self, info: Ctx, input: RecallForAppraisalInput) -> RecallResult:
        return await done(info, input, RecallRefused, take_back, input.reason)

    @strawberry.mutation(description="征求意见 · a dispatcher asks the party organisation of the community, or of the compound")
    async def ask_opinion(self, info: Ctx, input: AskOpinionInput) -> AskOpinionResult:
        return await done(info, input, AskOpinionRefused, ask_for_opinion, input.of.value, input.compound, input.question)

    @strawberry.mutation(description="答复意见 · who was asked says whether it is reasonable and truthful")
    async def give_opinion(self, info: Ctx, input: GiveOpinionInput) -> GiveOpinionResult:
        told = input.of.value, input.reasonable.value, input.truthful.value, input.opinion
        return await done(info, input, GiveOpinionRefused, say_opinion, *told)

    @strawberry.mutation(description="人工研判：受理并转办 · a dispatcher judges it; it is accepted and goes to its department")
    async def judge_grievance(self, info: Ctx, input: JudgeGrievanceInput) -> JudgeResult:
        return await done(info, input, JudgeRefused, judge, input.judgement(), input.department)

    @strawberry.mutation(description="直接答复 · a dispatcher answers the petitioner; nobody handles it")
    async def answer_grievance(self, info: Ctx, input: AnswerGrievanceInput) -> AnswerResult:
        return await done(info, input, AnswerRefused, answer_directly, input.text)

    @strawberry.mutation(description="批量办理，至多500件，逐件答复 · one action on up to 500 cases, with an answer for each")
    async def bulk_act(self, info: Ctx, input: BulkActInput) -> BulkResult:
        return await acted(info, input)


def build_schema(*, production: bool) -> MinyiSchema:
    return MinyiSchema(
        POLICY,
        query=Query,
        mutation=Mutation,
        types=[Grievance],
        federation_version=FEDERATION,
        extensions=extensions(production=production),
    )
