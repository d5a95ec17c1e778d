"""Intake's subgraph: queries and mutations."""

from __future__ import annotations

from datetime import UTC, datetime

import strawberry

from services.intake.domain.uploads import upload_url
from services.intake.store.mongo import CODEC
from services.intake.subgraph.access_log import AccessLogQuery
from services.intake.subgraph.archives import ArchiveMutation, ArchiveQuery
from services.intake.subgraph.calendar import CalendarMutation, CalendarQuery
from services.intake.subgraph.completing import CompletingMutation
from services.intake.subgraph.coverage import CoverageMutation, CoverageQuery
from services.intake.subgraph.desks import DeskQuery
from services.intake.subgraph.encounters import EncounterQuery
from services.intake.subgraph.erasing import ErasingMutation
from services.intake.subgraph.field_commands import FieldMutation
from services.intake.subgraph.inputs import CreateUploadInput, OpenByPinInput, RegisterGrievanceInput
from services.intake.subgraph.ledger import LedgerQuery
from services.intake.subgraph.organisation_fields import OrganisationMutation, OrganisationQuery
from services.intake.subgraph.personal_data import PersonalDataMutation
from services.intake.subgraph.policy import POLICY
from services.intake.subgraph.registering import registered
from services.intake.subgraph.reveals import RevealMutation, RevealQuery
from services.intake.subgraph.shares import ShareQuery
from services.intake.subgraph.summaries import SummaryMutation, SummaryQuery
from services.intake.subgraph.transfers import TransferMutation, TransferQuery
from services.intake.subgraph.types import (
    Ctx,
    Division,
    Grievance,
    GrievanceConnection,
    GrievanceEdge,
    Me,
    Opened,
    OpenRefused,
    OpenResult,
    PageInfo,
    Registered,
    RegisterRefused,
    RegisterResult,
    Upload,
    UploadRefused,
    UploadResult,
    division_of,
    find_division,
)
from services.intake.usecases.create_upload import create_upload
from services.intake.usecases.open_by_pin import open_by_pin
from shared.graphql_server import FEDERATION, MinyiSchema, extensions
from shared.identity.access import access_filter
from shared.identity.errors import Refusal
from shared.listing import cursor_of
from shared.subgraph import page_size, refused_as


@strawberry.type(description="查询 · what can be asked")
class Query(
    OrganisationQuery,
    CalendarQuery,
    CoverageQuery,
    DeskQuery,
    EncounterQuery,
    LedgerQuery,
    SummaryQuery,
    ShareQuery,
    ArchiveQuery,
    RevealQuery,
    AccessLogQuery,
    TransferQuery,
):
    @strawberry.field(description="按编号或标识查一件诉求 · one grievance by number or id; null where there is none to see")
    async def grievance(self, info: Ctx, number: str | None = None, id: strawberry.ID | None = None) -> Grievance | None:
        return await Grievance.resolve_reference(info, id=id, number=number)

    @strawberry.field(description="可见的诉求 · the grievances that the viewer may see, newest first")
    async def grievances(self, info: Ctx, first: int = 20, after: str | None = None) -> GrievanceConnection | None:
        context = info.context
        page = await context.intake.grievances.list_page(access_filter(context.viewer), page_size(first), after)
        edges = [GrievanceEdge(cursor=cursor_of(row), node=Grievance.of(row["_id"], CODEC.load(row))) for row in page.documents]
        return GrievanceConnection(edges=edges, page_info=PageInfo(has_next_page=page.more, end_cursor=edges[-1].cursor if edges else None))

    @strawberry.field(description="一个区划 · one division")
    def division(self, info: Ctx, code: str) -> Division | None:
        return find_division(info.context, code)

    @strawberry.field(description="下级区划 · the divisions right below")
    def divisions(self, info: Ctx, under: str, first: int = 100, after: str | None = None) -> list[Division] | None:
        territory = info.context.intake.territory
        if not territory.knows(under):
            raise Refusal("DIVISION_UNKNOWN", "没有这个行政区划代码。", "There is no such division code.", "under")
        page = territory.children(under, page_size(first), after)
        return [division_of(info.context, place) for place in page.items]

    @strawberry.field(description="当前访问者 · who asks")
    def me(self, info: Ctx) -> Me | None:
        viewer = info.context.viewer
        scopes = [f"{scope.level}:{scope.code}" for scope in viewer.scopes]
        return Me(sub=viewer.sub, roles=sorted(viewer.roles), department=viewer.department, team=viewer.team, scopes=scopes)


@strawberry.type(description="操作 · what can be done")
class Mutation(
    OrganisationMutation,
    CalendarMutation,
    CoverageMutation,
    FieldMutation,
    SummaryMutation,
    CompletingMutation,
    ArchiveMutation,
    RevealMutation,
    PersonalDataMutation,
    ErasingMutation,
    TransferMutation,
):
    @strawberry.mutation(description="登记诉求 · register a grievance; the same requestId again gives the same grievance")
    async def register_grievance(self, info: Ctx, input: RegisterGrievanceInput) -> RegisterResult:
        context = info.context

        async def work() -> Registered:
            return await registered(context, input.command())

        return await refused_as(RegisterRefused, work)

    @strawberry.mutation(description="申请上传 · ask for a signed URL to which one file is sent by PUT")
    async def create_upload(self, info: Ctx, input: CreateUploadInput) -> UploadResult:
        context, intake = info.context, info.context.intake

        async def work() -> Upload:
            grievance = str(input.grievance_id) if input.grievance_id else None
            visible = await context.grievances.load(grievance) if grievance else None
            name = (await context.contacts.load(visible.person)).name if visible else None
            ticket = await create_upload(
                intake.uploads,
                intake.limits,
                intake.world,
                context.viewer,
                request_id=str(input.request_id),
                grievance=grievance,
                visible=visible,
                names=[name] if name else [],
                name=input.name,
                content_type=input.content_type,
                size=input.size,
                sha256=input.sha256,
                purpose=input.purpose,
            )
            url = upload_url(intake.settings.public_url, ticket, intake.upload_key)
            return Upload(attachment_id=strawberry.ID(ticket.id), url=url, method="PUT", expires_at=ticket.expires_at)

        return await refused_as(UploadRefused, work)

    @strawberry.mutation(description="凭编号和查询码打开 · open one's own grievance by its number and PIN")
    async def open_by_pin(self, info: Ctx, input: OpenByPinInput) -> OpenResult:
        async def work() -> Opened:
            opened = await open_by_pin(info.context.intake.opening, input.number, input.pin)
            expires = datetime.fromtimestamp(opened.minted.expires_at, UTC)
            return Opened(access_token=opened.minted.token, expires_at=expires, grievance_id=strawberry.ID(opened.grievance))

        return await refused_as(OpenRefused, work)


def build_schema(*, production: bool) -> MinyiSchema:
    return MinyiSchema(POLICY, query=Query, mutation=Mutation, federation_version=FEDERATION, extensions=extensions(production=production))
