"""The inputs of the commands that record territory and people, and how they become commands. Kinds and ranks are texts: each is checked
by the command, whose refusal names the field."""

from __future__ import annotations

from datetime import date
from typing import Any

import strawberry

from services.intake.subgraph.types import REQUEST
from services.intake.usecases.record_department import RecordDepartment
from services.intake.usecases.record_division import RecordDivision
from services.intake.usecases.record_member import RecordMember
from services.intake.usecases.record_post import RecordPost
from services.intake.usecases.record_reception_site import RecordReceptionSite
from services.intake.usecases.record_team import RecordTeam


def fields_of(input: Any) -> dict[str, Any]:
    return {name: str(value) if name in ("request_id", "id") else value for name, value in vars(input).items()}


@strawberry.input(description="录入区划：小区、楼栋、单元，或名称、别名、撤销 · a local level, or a name, alias or end of a place")
class RecordDivisionInput:
    request_id: strawberry.ID = strawberry.field(description=REQUEST)
    code: str = strawberry.field(description="区划代码 · code: 12 digits, and -01 per local level below the village")
    name: str = strawberry.field(description="名称 · name")
    aliases: list[str] = strawberry.field(default_factory=list, description="别名 · other names that people use")
    since: date | None = strawberry.field(default=None, description="生效日 · the first day in force")
    until: date | None = strawberry.field(default=None, description="失效日 · the first day no longer in force")

    def command(self) -> RecordDivision:
        return RecordDivision(**fields_of(self))


@strawberry.input(description="录入接待点 · a reception site; kind: PARTY_SERVICE_CENTRE, COMPOUND_STATION")
class RecordReceptionSiteInput:
    request_id: strawberry.ID = strawberry.field(description=REQUEST)
    code: str = strawberry.field(description="编号 · code")
    kind: str = strawberry.field(description="类型 · PARTY_SERVICE_CENTRE, COMPOUND_STATION")
    name: str = strawberry.field(description="名称 · name")
    division: str = strawberry.field(description="所在区划 · where it is")
    address: str = strawberry.field(default="", description="地址 · address")

    def command(self) -> RecordReceptionSite:
        return RecordReceptionSite(**fields_of(self))


@strawberry.input(description="录入团队 · a team; its leader must be recorded before")
class RecordTeamInput:
    request_id: strawberry.ID = strawberry.field(description=REQUEST)
    code: str = strawberry.field(description="团队编号，以 T- 开头 · code, begins with T-")
    name: str = strawberry.field(description="名称 · name")
    division: str = strawberry.field(description="所属区划 · the division that it belongs to")
    leader: str = strawberry.field(description="带队人的编号 · id of the member who leads")
    contact_units: list[str] = strawberry.field(description="联系的村、社区 · the villages and communities that it is in contact with")
    programmes: list[str] = strawberry.field(default_factory=list, description="结合的工作 · linked programmes")
    campaign: str | None = strawberry.field(default=None, description="所属行动 · the campaign that it is formed for")

    def command(self) -> RecordTeam:
        return RecordTeam(**fields_of(self))


@strawberry.input(description="录入成员 · a member of a team")
class RecordMemberInput:
    request_id: strawberry.ID = strawberry.field(description=REQUEST)
    id: strawberry.ID = strawberry.field(description="编号 · id of the account")
    name: str = strawberry.field(description="姓名，加密保存 · name, kept encrypted")
    kinds: list[str] = strawberry.field(description="成员类别 · what kinds of member")
    unit: str = strawberry.field(description="所在单位的区划 · the division at whose level they serve")
    phone: str | None = strawberry.field(default=None, description="电话，加密保存 · phone, kept encrypted")
    team: str | None = strawberry.field(default=None, description="所在团队 · team")
    rank: str = strawberry.field(default="NONE", description="职级：NONE、ORDINARY、SECTION、COUNTY、CITY · rank")
    mandates: list[str] = strawberry.field(default_factory=list, description="两代表一委员 · representative roles")
    assigned: list[str] = strawberry.field(default_factory=list, description="下沉到的区划 · the divisions that they go down to")
    department: str | None = strawberry.field(default=None, description="部门 · department")
    programmes: list[str] = strawberry.field(default_factory=list, description="结合的工作 · linked programmes")

    def command(self) -> RecordMember:
        return RecordMember(**fields_of(self))


@strawberry.input(description="录入部门 · a department with its first responsible person")
class RecordDepartmentInput:
    request_id: strawberry.ID = strawberry.field(description=REQUEST)
    code: str = strawberry.field(description="部门编号 · code")
    name: str = strawberry.field(description="名称 · name")
    division: str = strawberry.field(description="所属区划 · the division that it serves")
    head: str = strawberry.field(description="主要负责人 · its first responsible person")
    receiver: str = strawberry.field(description="首接责任人 · who takes its work orders first")
    committee: bool = strawberry.field(default=False, description="本级党（工）委，接收上报事项 · the party committee of its division")

    def command(self) -> RecordDepartment:
        return RecordDepartment(**fields_of(self))


@strawberry.input(description="岗位任职或交接 · a post is taken or handed over")
class RecordPostInput:
    request_id: strawberry.ID = strawberry.field(description=REQUEST)
    id: strawberry.ID = strawberry.field(description="岗位编号 · id")
    post: str = strawberry.field(description="岗位 · which post")
    division: str = strawberry.field(description="所在区划 · where")
    holder: str = strawberry.field(description="任职人 · who takes it")
    role: str = strawberry.field(description="任职人的角色 · the holder's role")
    since: date | None = strawberry.field(default=None, description="接任日，缺省为今天 · from which day, today when left out")

    def command(self) -> RecordPost:
        return RecordPost(**fields_of(self))
