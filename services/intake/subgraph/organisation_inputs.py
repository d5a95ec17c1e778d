"""The inputs of the commands that record territory and people, and how they become commands. Kinds and ranks are texts: each is checked
by the command, whose refusal names the field."""

from __future__ import annotations

from datetime import date
from typing import Any

import strawberry

from services.intake.usecases.record_department import RecordDepartment
from services.intake.usecases.record_division import RecordDivision
from services.intake.usecases.record_member import RecordMember
from services.intake.usecases.record_post import RecordPost
from services.intake.usecases.record_reception_site import RecordReceptionSite
from services.intake.usecases.record_team import RecordTeam


def _fields(input: Any) -> dict[str, Any]:
    return {name: str(value) if name in ("request_id", "id") else value for name, value in vars(input).items()}


@strawberry.input(description="录入区划：小区、楼栋、单元，或名称、别名、撤销 · a local level, or a name, alias or end of a place")
class RecordDivisionInput:
    request_id: strawberry.ID
    code: str
    name: str
    aliases: list[str] = strawberry.field(default_factory=list)
    since: date | None = None
    until: date | None = None

    def command(self) -> RecordDivision:
        return RecordDivision(**_fields(self))


@strawberry.input(description="录入接待点 · a reception site; kind: PARTY_SERVICE_CENTRE, COMPOUND_STATION")
class RecordReceptionSiteInput:
    request_id: strawberry.ID
    code: str
    kind: str
    name: str
    division: str
    address: str = ""

    def command(self) -> RecordReceptionSite:
        return RecordReceptionSite(**_fields(self))


@strawberry.input(description="录入团队 · a team; its leader must be recorded before")
class RecordTeamInput:
    request_id: strawberry.ID
    code: str
    name: str
    division: str
    leader: str
    contact_units: list[str]
    programmes: list[str] = strawberry.field(default_factory=list)
    campaign: str | None = None

    def command(self) -> RecordTeam:
        return RecordTeam(**_fields(self))


@strawberry.input(description="录入成员 · a member of a team")
class RecordMemberInput:
    request_id: strawberry.ID
    id: strawberry.ID
    name: str
    kinds: list[str]
    unit: str
    phone: str | None = None
    team: str | None = None
    rank: str = "NONE"
    mandates: list[str] = strawberry.field(default_factory=list)
    assigned: list[str] = strawberry.field(default_factory=list)
    department: str | None = None
    programmes: list[str] = strawberry.field(default_factory=list)

    def command(self) -> RecordMember:
        return RecordMember(**_fields(self))


@strawberry.input(description="录入部门 · a department with its first responsible person")
class RecordDepartmentInput:
    request_id: strawberry.ID
    code: str
    name: str
    division: str
    head: str
    receiver: str

    def command(self) -> RecordDepartment:
        return RecordDepartment(**_fields(self))


@strawberry.input(description="岗位任职或交接 · a post is taken or handed over")
class RecordPostInput:
    request_id: strawberry.ID
    id: strawberry.ID
    post: str
    division: str
    holder: str
    role: str
    since: date | None = None

    def command(self) -> RecordPost:
        return RecordPost(**_fields(self))
