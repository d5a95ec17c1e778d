"""Routing's subgraph: queries and mutations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import strawberry

from services.routing.store.mongo import CODEC
from services.routing.subgraph.desks import DeskQuery
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
from services.routing.usecases.accept_work_order import accept
from services.routing.usecases.adjudicate_return import adjudicate
from services.routing.usecases.decline_grievance import decline_grievance
from services.routing.usecases.extend_work_order import ask_for_days, decide_days
from services.routing.usecases.reassign_work_order import send_elsewhere
from services.routing.usecases.report_resolution import report
from services.routing.usecases.return_work_order import send_back
from services.routing.usecases.withdraw_grievance import withdraw_grievance
from shared.graphql_server import FEDERATION, MinyiSchema, extensions
from shared.identity.access import access_filter
from shared.listing import cursor_of
from shared.subgraph import RefusedFields, page_size, refused_as


@strawberry.type(description="查询 · what can be asked")
class Query(DeskQuery):
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


@strawberry.input(description="接单 · accept a work order")
class AcceptWorkOrderInput(OfGrievanceInput): ...


@strawberry.input(description="上报办结 · report what was done, in words for the petitioner")
class ReportResolutionInput(OfGrievanceInput):
    text: str = strawberry.field(description="办理结果 · what was done, in words for the petitioner")
    evidence: list[strawberry.ID] = strawberry.field(default_factory=list, description="附件标识 · attachment ids")


@strawberry.type(description="操作 · what can be done")
class Mutation:
    @strawberry.mutation(description="接单 · a handler of the department takes the case and owns it")
    async def accept_work_order(self, info: Ctx, input: AcceptWorkOrderInput) -> AcceptResult:
        return await _done(info, input, AcceptRefused, accept)

    @strawberry.mutation(description="上报办结 · report the resolution")
    async def report_resolution(self, info: Ctx, input: ReportResolutionInput) -> ReportResult:
        return await _done(info, input, ReportRefused, report, input.text, [str(attachment) for attachment in input.evidence])

    @strawberry.mutation(description="退单，须在转办后2个工作日内 · the department sends the work order back, within 2 working days")
    async def return_work_order(self, info: Ctx, input: ReturnWorkOrderInput) -> ReturnResult:
        return await _done(info, input, ReturnRefused, send_back, input.reason)

    @strawberry.mutation(description="退单审核：同意则改派，驳回则仍由原部门办理 · grant a return, to another department, or refuse it")
    async def adjudicate_return(self, info: Ctx, input: AdjudicateReturnInput) -> AdjudicateResult:
        return await _done(info, input, AdjudicateRefused, adjudicate, input.granted, input.department, input.reason)

    @strawberry.mutation(description="改派，办理期限不变 · a dispatcher sends it to another department; the day on which it is due stays")
    async def reassign_work_order(self, info: Ctx, input: ReassignWorkOrderInput) -> ReassignResult:
        return await _done(info, input, ReassignRefused, send_elsewhere, input.department, input.reason)

    @strawberry.mutation(description="不予受理，须告知理由和正确途径 · a dispatcher does not accept it, and says why and where to turn")
    async def decline_grievance(self, info: Ctx, input: DeclineGrievanceInput) -> DeclineResult:
        return await _done(info, input, DeclineRefused, decline_grievance, input.reason, input.route)

    @strawberry.mutation(description="申请延期，须在期限届满前 · the department asks for working days more, before the result is due")
    async def ask_extension(self, info: Ctx, input: AskExtensionInput) -> AskExtensionResult:
        return await _done(info, input, AskExtensionRefused, ask_for_days, input.days, input.reason)

    @strawberry.mutation(description="审批延期 · a supervisor grants an extension, or refuses it")
    async def decide_extension(self, info: Ctx, input: DecideExtensionInput) -> DecideExtensionResult:
        return await _done(info, input, DecideExtensionRefused, decide_days, input.granted, input.reason)

    @strawberry.mutation(description="撤诉 · the petitioner withdraws it; nobody handles it any more")
    async def withdraw_grievance(self, info: Ctx, input: WithdrawGrievanceInput) -> WithdrawResult:
        return await _done(info, input, WithdrawRefused, withdraw_grievance, input.reason)


Refused = TypeVar("Refused", bound=RefusedFields)


Command = Callable[..., Awaitable[None]]


async def _done(info: Ctx, input: OfGrievanceInput, refused: type[Refused], command: Command, *told: Any) -> Case | Refused:
    """The command with what was told, and the case after it: for its author, who was allowed to change it."""
    context, id = info.context, str(input.grievance_id)

    async def work() -> Case:
        await command(context.routing.handling, context.viewer, str(input.request_id), id, *told, context.origin)
        return Case.of(id, (await context.routing.cases.find_many([id]))[id])

    return await refused_as(refused, work)


def build_schema(*, production: bool) -> MinyiSchema:
    return MinyiSchema(
        POLICY,
        query=Query,
        mutation=Mutation,
        types=[Grievance],
        federation_version=FEDERATION,
        extensions=extensions(production=production),
    )
