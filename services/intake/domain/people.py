"""Who goes out: members of teams, their kinds, ranks and mandates, and the rules by which a team is led and a leader assigned. Pure.

Names and phones are sealed under a key of the member's own (adapters/cipher.py): they never leave intake.
"""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict

from services.intake.domain.duties import Done
from services.intake.domain.places import levels_below
from shared.contracts.intake import TeamRow
from shared.identity.errors import Refusal
from shared.identity.scopes import holds, prefixes

MemberKind = Literal[
    "COMMUNITY_OFFICIAL",  # 社区(村)干部
    "HOUSEHOLD_SURVEYOR",  # 创城入户调查员
    "GRID_WORKER",  # 网格员
    "BUILDING_HEAD",  # 楼栋长/单元长
    "RURAL_GUIDANCE",  # 乡村振兴指导组
    "COMPOUND_SECRETARY",  # 小区党支部书记
    "AGENCY_OFFICIAL",  # 机关党员干部
    "DISTRICT_OFFICIAL",  # 区直机关干部
]
"""S17, S19."""
Rank = Literal["NONE", "ORDINARY", "SECTION", "COUNTY", "CITY"]
"""S20: 无职级, 一般干部, 科级以上, 县处级, 市级; from the lowest to the highest."""
Mandate = Literal["PARTY_DELEGATE", "PEOPLES_DEPUTY", "CPPCC_MEMBER"]
"""S18 两代表一委员: 党代表, 人大代表, 政协委员."""
Programme = Literal["SHUANG_BANG_SHUANG_CU", "WAN_MING_GAN_BU", "FIRST_SECRETARY", "SHUANG_BAO_DAO"]
"""S3: 双帮双促, 万名干部下基层, 第一书记, 双报到."""

RANKS: tuple[Rank, ...] = ("NONE", "ORDINARY", "SECTION", "COUNTY", "CITY")
LEADING_RANK: Rank = "SECTION"
LATEST_OUTINGS = 500
"""So many visits are told apart: as many as a member makes while a worker is down, and many more."""


class Member(BaseModel):
    """One official. `name` and `phone` are sealed; `unit` is the division at whose level they serve, `assigned` where they go down to."""

    model_config = ConfigDict(frozen=True)

    id: str
    team: str | None
    kinds: list[MemberKind]
    rank: Rank
    mandates: list[Mandate]
    unit: str
    assigned: list[str]
    department: str | None
    programmes: list[Programme]
    person: str
    key: str
    """The wrapped data key."""
    name: str
    phone: str | None
    digest: str
    """Keyed digest of the row in clear: the same row again is no change."""
    since: str = ""
    """The day on which they were first recorded: from then on duties bind."""
    outings: dict[str, str] = {}
    """Visit → day: the ones told of last, each once, in the order of telling."""
    outings_by_month: dict[str, int] = {}
    """How many there were in each month before those: a document does not grow with every visit."""
    done: dict[str, Done] = {}
    """`<duty>:<period>` → the last time that it was done in that period."""

    def tells_of(self, visit: str) -> bool:
        return visit in self.outings

    def went_out(self, visit: str, on: str) -> Self:
        outings, by_month = {**self.outings, visit: on}, dict(self.outings_by_month)
        # Those told of first go, whatever their days: one that is told of again after a crash is still told apart.
        for id in list(outings)[:-LATEST_OUTINGS]:
            month = outings.pop(id)[:7]
            by_month[month] = by_month.get(month, 0) + 1
        return self.model_copy(update={"outings": outings, "outings_by_month": by_month})

    def stayed(self, visit: str) -> Self:
        """They were not there. One that is not told apart any more stays counted."""
        return self.model_copy(update={"outings": {id: day for id, day in self.outings.items() if id != visit}})

    def outings_in(self, month: str) -> int:
        """How often they went out in a month `2020-06`."""
        return self.outings_by_month.get(month, 0) + sum(day.startswith(month) for day in self.outings.values())

    def did(self, done: Done) -> Self:
        held = self.done.get(done.key)
        return self if held is not None and held.on >= done.on else self.model_copy(update={"done": {**self.done, done.key: done}})

    def history(self) -> dict[str, Any]:
        """What stays when the member is recorded anew."""
        return {"since": self.since, "outings": self.outings, "outings_by_month": self.outings_by_month, "done": self.done}

    def facts(self) -> dict[str, Any]:
        """What the projector counts (S13, S39): members by rank, who of them went out in a month and a year, who did which duty."""
        months = {day[:7] for day in self.outings.values()} | self.outings_by_month.keys()
        out = {f"out:{period}:{self.rank}" for month in months for period in (month, month[:4])}
        did = {f"duty:{done.duty}:{done.period}" for done in self.done.values()}
        at = list(prefixes(self.unit)[1:]) + ([f"team:{self.team}"] if self.team else [])
        return {"at": at, "n": {f"members:{self.rank}": 1, **dict.fromkeys(sorted(out | did), 1)}}

    @property
    def may_lead(self) -> bool:
        """S14: 市/县科级以上, or one of 两代表一委员."""
        return RANKS.index(self.rank) >= RANKS.index(LEADING_RANK) or bool(self.mandates)


class Team(BaseModel):
    """One team (S4 组团式): led by one member, in contact with villages and communities (S30, many to many)."""

    model_config = ConfigDict(frozen=True)

    code: str
    name: str
    division: str
    leader: str
    contact_units: list[str]
    programmes: list[Programme]
    campaign: str | None

    @property
    def places(self) -> list[str]:
        """Where it belongs and where it is in contact."""
        return [self.division, *self.contact_units]

    def near(self, unit: str) -> bool:
        """Whether a member who serves there can be one of it: in its places, or above them. What others have written is not shown."""
        return any(holds(place, unit) or holds(unit, place) for place in self.places)

    def row(self) -> TeamRow:
        """As others need it."""
        return TeamRow(
            code=self.code,
            name=self.name,
            division=self.division,
            leader=self.leader,
            contactUnits=self.contact_units,
            programmes=list(self.programmes),
        )


def refuse_leader(leader: Member | None) -> Refusal | None:
    """S14 带队组团: why this member may not lead a team; None when they may."""
    if leader is None:
        return Refusal(
            "LEADER_UNKNOWN", "没有这个编号的成员，请先录入成员。", "There is no such member; record the member first.", "leader"
        )
    if leader.may_lead:
        return None
    return Refusal(
        "LEADER_NOT_QUALIFIED",
        "带队人须为市、县科级以上干部，或党代表、人大代表、政协委员；该成员两者都不是。",
        "A team is led by an official of section rank or above, a party delegate, people's deputy or CPPCC member; this one is neither.",
        "leader",
    )


def refuse_assignment(member: Member) -> Refusal | None:
    """S15 再下沉一级: who may lead goes down to divisions exactly one level below their own unit, and inside it."""
    if not member.may_lead:
        return None
    for place in member.assigned:
        if levels_below(member.unit, place) != 1 or not holds(member.unit, place):
            return Refusal(
                "NOT_ONE_LEVEL_BELOW",
                f"领导干部和代表委员应下沉到本级的下一级；{place} 不是 {member.unit} 的下一级。",
                f"Leaders and representatives go down exactly one level below their own; {place} is not one level below {member.unit}.",
                "assigned",
            )
    return None
