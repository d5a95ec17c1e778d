"""The graph's types of territory and people. Leaves are plain attributes; who may see what stands in policy.py."""

from __future__ import annotations

from typing import Annotated

import strawberry

from services.intake.domain import masks
from services.intake.domain.organisation import Department as HeldDepartment
from services.intake.domain.organisation import Post as HeldPost
from services.intake.domain.people import Member as HeldMember
from services.intake.domain.people import Team as HeldTeam
from services.intake.domain.places import Site
from services.intake.subgraph.context import IntakeContext
from services.intake.subgraph.types import Ctx, Division, Owner, PageInfo, find_division


@strawberry.type(description="地址定位 · what place a text names")
class Located:
    division: Division = strawberry.field(description="能确定的最小区划 · the narrowest place that is certain")
    rest: str = strawberry.field(description="其后的文字 · what follows in the text")
    candidates: list[Division] = strawberry.field(description="不能确定时的候选 · the places among which the text does not decide")


@strawberry.type(description="接待点：党群服务中心、小区“红帆驿站” · where people are received")
class ReceptionSite:
    code: str
    kind: str
    name: str
    division: Division | None
    address: str


@strawberry.type(description="成员，姓名电话默认脱敏 · an official; name and phone masked")
class Member:
    id: strawberry.ID
    display_name: str
    phone: str | None
    kinds: list[str]
    rank: str
    mandates: list[str] = strawberry.field(description="两代表一委员 · representative roles")
    may_lead: bool = strawberry.field(description="可以带队 · may lead a team")
    team: str | None
    unit: Division | None
    assigned: list[str] = strawberry.field(description="下沉到的区划 · the divisions that they go down to")
    department: str | None
    programmes: list[str]


@strawberry.type(description="团队 · a team")
class Team:
    code: str
    name: str
    programmes: list[str] = strawberry.field(description="双帮双促、万名干部下基层、第一书记、双报到 · linked programmes")
    campaign: str | None
    held: strawberry.Private[HeldTeam]

    @strawberry.field(description="所属区划 · the division that it belongs to")
    def division(self, info: Ctx) -> Division | None:
        return find_division(info.context, self.held.division)

    @strawberry.field(description="带队人 · who leads it")
    async def leader(self, info: Ctx) -> Member | None:
        held = await info.context.members.load(self.held.leader)
        return member_of(info.context, held) if held else None

    @strawberry.field(description="联系单位 · the villages and communities that it is in contact with")
    def contact_units(self, info: Ctx) -> list[Division]:
        found = (find_division(info.context, unit) for unit in self.held.contact_units)
        return [division for division in found if division is not None]

    @strawberry.field(description="成员 · its members")
    async def members(self, info: Ctx) -> list[Member]:
        return [member_of(info.context, held) for held in await info.context.team_members.load(self.code)]


@strawberry.type
class TeamEdge:
    cursor: str
    node: Team


@strawberry.type(description="团队列表 · teams by code")
class TeamConnection:
    edges: list[TeamEdge]
    page_info: PageInfo


@strawberry.type(description="部门 · a unit that handles grievances")
class DepartmentRecord:
    code: str
    name: str
    division: Division | None
    head: str = strawberry.field(description="主要负责人 · its first responsible person")
    receiver: str


@strawberry.type(description="岗位 · a post and who holds it today")
class Post:
    id: strawberry.ID
    post: str
    division: Division | None
    holder: str
    role: str


@strawberry.type(description="未予办理 · refused; nothing was stored")
class OrganisationRefused:
    code: str
    message: str
    message_zh: str
    field: str | None


@strawberry.type(description="已录入区划 · recorded")
class DivisionRecorded:
    division: Division


@strawberry.type(description="已录入接待点 · recorded")
class ReceptionSiteRecorded:
    site: ReceptionSite


@strawberry.type(description="已录入团队 · recorded")
class TeamRecorded:
    team: Team


@strawberry.type(description="已录入成员 · recorded")
class MemberRecorded:
    member: Member


@strawberry.type(description="已录入部门 · recorded")
class DepartmentRecorded:
    department: DepartmentRecord


@strawberry.type(description="已录入岗位；接任日未到时为空 · recorded; null while the first term has not begun")
class PostRecorded:
    post: Post | None


DivisionResult = Annotated[DivisionRecorded | OrganisationRefused, strawberry.union("RecordDivisionResult")]
SiteResult = Annotated[ReceptionSiteRecorded | OrganisationRefused, strawberry.union("RecordReceptionSiteResult")]
TeamResult = Annotated[TeamRecorded | OrganisationRefused, strawberry.union("RecordTeamResult")]
MemberResult = Annotated[MemberRecorded | OrganisationRefused, strawberry.union("RecordMemberResult")]
DepartmentResult = Annotated[DepartmentRecorded | OrganisationRefused, strawberry.union("RecordDepartmentResult")]
PostResult = Annotated[PostRecorded | OrganisationRefused, strawberry.union("RecordPostResult")]


def site_of(context: IntakeContext, site: Site) -> ReceptionSite:
    place = find_division(context, site.division)
    return ReceptionSite(code=site.code, kind=site.kind, name=site.name, division=place, address=site.address)


def member_of(context: IntakeContext, held: HeldMember) -> Member:
    name, phone = context.intake.fieldwork.contact(held)
    return Member(
        id=strawberry.ID(held.id),
        display_name=masks.mask_name(name),
        phone=masks.mask_phone(phone) if phone else None,
        kinds=list(held.kinds),
        rank=held.rank,
        mandates=list(held.mandates),
        may_lead=held.may_lead,
        team=held.team,
        unit=find_division(context, held.unit),
        assigned=held.assigned,
        department=held.department,
        programmes=list(held.programmes),
    )


def team_of(held: HeldTeam) -> Team:
    return Team(code=held.code, name=held.name, programmes=list(held.programmes), campaign=held.campaign, held=held)


def department_of(context: IntakeContext, held: HeldDepartment) -> DepartmentRecord:
    place = find_division(context, held.division)
    return DepartmentRecord(code=held.code, name=held.name, division=place, head=held.head, receiver=held.receiver)


def post_of(context: IntakeContext, held: HeldPost, day: str) -> Post | None:
    row = held.row(day)
    if row is None:
        return None
    return Post(id=strawberry.ID(row.id), post=row.post, division=find_division(context, row.division), holder=row.holder, role=row.role)


def owner_of(row: object) -> Owner | None:
    return Owner(staff_id=row.staffId, role=row.role, unit=row.unit) if row else None  # type: ignore[attr-defined]
