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
from services.intake.subgraph.types import Ctx, Division, PageInfo, find_division
from shared.subgraph import RefusedFields


@strawberry.type(description="地址定位 · what place a text names")
class Located:
    division: Division = strawberry.field(description="能确定的最小区划 · the narrowest place that is certain")
    rest: str = strawberry.field(description="其后的文字 · what follows in the text")
    candidates: list[Division] = strawberry.field(description="不能确定时的候选 · the places among which the text does not decide")


@strawberry.type(description="接待点：党群服务中心、小区“红帆驿站” · where people are received")
class ReceptionSite:
    code: str = strawberry.field(description="编号 · code")
    kind: str = strawberry.field(description="类型：PARTY_SERVICE_CENTRE 党群服务中心、COMPOUND_STATION 小区驿站 · kind")
    name: str = strawberry.field(description="名称 · name")
    division: Division | None = strawberry.field(description="所在区划 · where it is")
    address: str = strawberry.field(description="地址 · address")


@strawberry.type(description="成员，姓名电话默认脱敏 · an official; name and phone masked")
class Member:
    id: strawberry.ID = strawberry.field(description="编号 · id of the account")
    display_name: str = strawberry.field(description="脱敏姓名 · the name, masked")
    phone: str | None = strawberry.field(description="脱敏电话 · the phone, masked")
    kinds: list[str] = strawberry.field(description="成员类别（S17、S19）· what kinds of member")
    rank: str = strawberry.field(description="职级（S20）· rank")
    mandates: list[str] = strawberry.field(description="两代表一委员 · representative roles")
    may_lead: bool = strawberry.field(description="可以带队 · may lead a team")
    team: str | None = strawberry.field(description="所在团队 · team")
    unit: Division | None = strawberry.field(description="所在单位的区划 · the division at whose level they serve")
    assigned: list[str] = strawberry.field(description="下沉到的区划 · the divisions that they go down to")
    department: str | None = strawberry.field(description="部门 · department")
    programmes: list[str] = strawberry.field(description="结合的工作 · linked programmes")


@strawberry.type(description="团队 · a team")
class Team:
    code: str = strawberry.field(description="团队编号 · code")
    name: str = strawberry.field(description="名称 · name")
    programmes: list[str] = strawberry.field(description="双帮双促、万名干部下基层、第一书记、双报到 · linked programmes")
    campaign: str | None = strawberry.field(description="所属行动 · the campaign that it was formed for")
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
        found = await info.context.team_members.load(self.code)
        return [member_of(info.context, held) for held in found if self.held.near(held.unit)]


@strawberry.type(description="列表中的一个团队 · one team of a list")
class TeamEdge:
    cursor: str = strawberry.field(description="游标 · cursor of this item")
    node: Team = strawberry.field(description="团队 · the team")


@strawberry.type(description="团队列表 · teams by code")
class TeamConnection:
    edges: list[TeamEdge] = strawberry.field(description="本页 · the items of this page")
    page_info: PageInfo = strawberry.field(description="分页 · whether more follow")


@strawberry.type(description="部门 · a unit that handles grievances")
class DepartmentRecord:
    code: str = strawberry.field(description="部门编号 · code")
    name: str = strawberry.field(description="名称 · name")
    division: Division | None = strawberry.field(description="所属区划 · the division that it serves")
    head: str = strawberry.field(description="主要负责人 · its first responsible person")
    receiver: str = strawberry.field(description="首接责任人 · who takes its work orders first")
    committee: bool = strawberry.field(description="本级党（工）委，接收上报事项 · the party committee of its division")


@strawberry.type(description="岗位 · a post and who holds it today")
class Post:
    id: strawberry.ID = strawberry.field(description="岗位编号 · id")
    post: str = strawberry.field(description="岗位 · which post")
    division: Division | None = strawberry.field(description="所在区划 · where")
    holder: str = strawberry.field(description="任职人 · who holds it today")
    role: str = strawberry.field(description="任职人的角色 · the holder's role")


@strawberry.type(description="未予办理 · refused; nothing was stored")
class OrganisationRefused(RefusedFields): ...


@strawberry.type(description="已录入区划；今日不生效时为空 · recorded; null while it is not in force today")
class DivisionRecorded:
    division: Division | None = strawberry.field(description="区划 · the division as it stands today")


@strawberry.type(description="已录入接待点 · recorded")
class ReceptionSiteRecorded:
    site: ReceptionSite = strawberry.field(description="接待点 · the site")


@strawberry.type(description="已录入团队 · recorded")
class TeamRecorded:
    team: Team = strawberry.field(description="团队 · the team")


@strawberry.type(description="已录入成员 · recorded")
class MemberRecorded:
    member: Member = strawberry.field(description="成员 · the member")


@strawberry.type(description="已录入部门 · recorded")
class DepartmentRecorded:
    department: DepartmentRecord = strawberry.field(description="部门 · the department")


@strawberry.type(description="已录入岗位；接任日未到时为空 · recorded; null while the first term has not begun")
class PostRecorded:
    post: Post | None = strawberry.field(description="岗位 · the post as it is held today")


DivisionResult = Annotated[
    DivisionRecorded | OrganisationRefused, strawberry.union("RecordDivisionResult", description="录入结果 · recorded, or why not")
]
SiteResult = Annotated[
    ReceptionSiteRecorded | OrganisationRefused,
    strawberry.union("RecordReceptionSiteResult", description="录入结果 · recorded, or why not"),
]
TeamResult = Annotated[
    TeamRecorded | OrganisationRefused, strawberry.union("RecordTeamResult", description="录入结果 · recorded, or why not")
]
MemberResult = Annotated[
    MemberRecorded | OrganisationRefused, strawberry.union("RecordMemberResult", description="录入结果 · recorded, or why not")
]
DepartmentResult = Annotated[
    DepartmentRecorded | OrganisationRefused, strawberry.union("RecordDepartmentResult", description="录入结果 · recorded, or why not")
]
PostResult = Annotated[
    PostRecorded | OrganisationRefused, strawberry.union("RecordPostResult", description="录入结果 · recorded, or why not")
]


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
    return DepartmentRecord(
        code=held.code, name=held.name, division=place, head=held.head, receiver=held.receiver, committee=held.committee
    )


def post_of(context: IntakeContext, held: HeldPost, day: str) -> Post | None:
    row = held.row(day)
    if row is None:
        return None
    return Post(id=strawberry.ID(row.id), post=row.post, division=find_division(context, row.division), holder=row.holder, role=row.role)
