"""What all commands share by which officials write something down in the field: who may, when it was, and how it is sealed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from services.intake.adapters.cipher import PersonKey
from services.intake.domain import clocks
from services.intake.domain.addresses import LONGEST_TEXT
from services.intake.domain.clocks import ClockState
from services.intake.domain.people import Team
from services.intake.domain.rhythms import WIDEST
from services.intake.domain.territory import DivisionLevel
from services.intake.domain.versions import BaseNotHere, Content, TooManyVersions, Version
from services.intake.store.organisation import Members, Teams
from services.intake.store.places import Atlas
from shared import ids
from shared.china_time import day_in_china
from shared.identity.errors import Refusal
from shared.identity.roles import Role
from shared.identity.scopes import holds
from shared.identity.viewer import Viewer
from shared.redaction import redact
from shared.writer import Decision, Request, Writer

ROLES = (Role.SECRETARY, Role.TEAM_LEADER)
RecordKind = Literal["encounter", "diary"]
EDITABLE_FOR = timedelta(days=60)
"""So long afterwards can a record be amended: later the months that were reported stand."""


class Written(BaseModel):
    """What every such command has. `at`: when it was, with a zone; now when left out, and from a phone the time of its id.

    No part of what was asked, so that a repeat over another network is the same request: `off`, by how much the phone's clock was wrong,
    None where it comes over the network; `names`, whom the text may name because they are told beside it.
    """

    model_config = ConfigDict(frozen=True)

    request_id: str = Field(min_length=1, max_length=100)
    at: datetime | None = None
    off: timedelta | None = Field(None, exclude=True)
    names: list[str] = Field([], exclude=True)


class Amending(Written):
    """`base`: the versions that were looked at."""

    base: list[str] = Field(min_length=1, max_length=20)


@dataclass(frozen=True)
class When:
    """`said`: as the clock said it, corrected, to the letter: what versions are ordered by."""

    at: datetime
    on: str
    clock: ClockState | None
    said: str


@dataclass(frozen=True)
class Writing:
    """Who goes out, where, and what time it is. `known`: the teams of who asked already, where they need not be read again."""

    atlas: Atlas
    teams: Teams
    people: Members
    now: Callable[[], datetime]
    known: dict[str, Team | None] | None = None

    def of_batch(self) -> Self:
        """The same for what is sent at once: who goes out is read once for all of it."""
        return replace(self, known={})

    async def team(self, viewer: Viewer) -> Team:
        """The viewer's recorded team, of which they are a recorded member. Raises Refusal."""
        known = {} if self.known is None else self.known
        if viewer.sub not in known:
            known[viewer.sub] = await self._recorded(viewer)
        team = known[viewer.sub]
        if team is None:
            raise Refusal("NOT_A_MEMBER", "您尚未录入为团队成员。", "You are not recorded as a member of a recorded team.")
        return team

    async def _recorded(self, viewer: Viewer) -> Team | None:
        team = await self.teams.find(viewer.team) if viewer.team else None
        member = await self.people.find(viewer.sub) if team is not None else None
        return team if team is not None and member is not None and member.team == team.code else None

    def when(self, command: Written) -> When:
        """By our clock and on which day in China. Raises Refusal for what no sound clock says."""
        now = self.now()
        said = command.at or (clocks.made_at(command.request_id) if command.off is not None else now)
        if said.tzinfo is None:
            raise Refusal("TIME_WITHOUT_ZONE", "时间必须带时区。", "The time must carry a zone.", "at")
        if command.off is not None:
            at = clocks.happened(said, command.off, now)
            return When(at, day_in_china(at).isoformat(), clocks.state_of(said, command.off, now), clocks.corrected(said, command.off))
        if said > now + clocks.TOLERANCE:
            raise Refusal("IN_THE_FUTURE", "时间不能晚于现在。", "What is done lies not in the future.", "at")
        if said < now - WIDEST:
            raise Refusal("TOO_LONG_AGO", f"时间不能早于 {WIDEST.days} 天之前。", f"That is more than {WIDEST.days} days ago.", "at")
        at = min(said, now).astimezone(UTC)
        return When(at, day_in_china(at).isoformat(), None, clocks.corrected(at, timedelta(0)))

    async def village(self, viewer: Viewer, team: Team, division: str | None, place: str | None) -> str:
        """The village or community, by its code or by the place as people write it; one of the team's or in the viewer's territory. Raises
        Refusal, Forbidden."""
        code = await self.located(viewer, division, place)
        village = self.atlas.territory.ancestor(code, DivisionLevel.VILLAGE)
        if village is None:
            raise Refusal(
                "PLACE_TOO_WIDE", "请至少写到村（社区）。", "Name the village or community at least.", "division" if division else "place"
            )
        if not any(holds(own, village.code) for own in team.places):
            viewer.require_cover(village.code)
        return village.code

    async def located(self, viewer: Viewer, division: str | None, place: str | None) -> str:
        """A known code: the one that is given; else that of the place, as people write it; else the one village that the viewer answers
        for. Raises Refusal."""
        territory = await self.atlas.current()
        if division is not None:
            if not territory.knows(division):
                raise Refusal("DIVISION_UNKNOWN", "没有这个行政区划代码。", "There is no such division code.", "division")
            return division
        code = self.atlas.gazetteer.locate(place[:LONGEST_TEXT]).code if place else None
        if code is None or territory.ancestor(code, DivisionLevel.VILLAGE) is None:
            own = [scope.code for scope in viewer.scopes if territory.knows(scope.code)]
            if len(own) == 1 and territory.ancestor(own[0], DivisionLevel.VILLAGE) is not None:
                return own[0]
        if code is None:
            zh, en = "无法由地点确定区划，请选择区划。", "The place names no division of ours; choose one."
            raise Refusal("PLACE_UNKNOWN", zh, en, "place")
        return code


def sealed(key: PersonKey, field: str, text: str, names: Iterable[str]) -> tuple[str, str]:
    """(redacted, sealed as it was written)."""
    return redact(text, [name for name in names if name.strip()]).text, key.encrypt(field, text)


def record_id(viewer: Viewer, kind: RecordKind, request_id: str) -> str:
    """The id of the record that this request makes. One id for two kinds of record makes two records."""
    return ids.document_id(viewer.sub, f"{kind}:{request_id}")


def own_or_known(viewer: Viewer, kind: RecordKind, id: str) -> str:
    """The id of a record that is named by it, or by the client-made id under which this viewer wrote it down."""
    return record_id(viewer, kind, id) if clocks.is_client_id(id) else id


def enterprise_id(viewer: Viewer, id: str) -> str:
    """The id of an enterprise that is named by it, or by the client-made id of the item with which this viewer opened its archive."""
    return ids.document_id("enterprise", f"{viewer.sub}\n{id}") if clocks.is_client_id(id) else id


def not_here(id: str, field: str) -> Refusal:
    """A client-made id names what is still on its way; one of ours names nothing, or what is not the viewer's."""
    if clocks.is_client_id(id):
        return Refusal("NOT_YET", "该记录尚未到达，请稍后再试。", "That record has not arrived yet; send it again.", field)
    return Refusal("NOT_FOUND", "没有这条记录，或您无权查看。", "There is no such record, or it is not yours to see.", field)


def refuse_late(on: str, now: datetime, field: str) -> None:
    if day_in_china(now) - date.fromisoformat(on) > EDITABLE_FOR:
        days = EDITABLE_FOR.days
        raise Refusal("TOO_LATE", f"超过{days}天的记录不能再修改。", f"It is more than {days} days ago.", field)


def version_of(kind: type[Version[Content]], viewer: Viewer, command: Written, when: When, content: Content) -> Version[Content]:
    """The one that this command makes: the first, or one on what was looked at."""
    base = sorted(set(command.base)) if isinstance(command, Amending) else []
    return kind(id=command.request_id, base=base, by=viewer.sub, at=when.at, said=when.said, content=content)


async def keep_version(writer: Writer, id: str, request: Request, version: Version[Any]) -> None:
    """Beside those that are there. Raises Refusal; NOT_YET where what it was made on has not arrived."""
    try:
        await writer.command(id, request, lambda state: Decision(state.amended(version), [], {"id": id}))
    except (BaseNotHere, TooManyVersions) as fault:
        raise _refused_version(fault) from None


def _refused_version(fault: BaseNotHere | TooManyVersions) -> Refusal:
    if isinstance(fault, TooManyVersions):
        return Refusal("TOO_MANY_VERSIONS", "修改次数过多，请另行记录。", "Amended too often; write another one.", "base")
    if not fault.missing or not all(map(clocks.is_client_id, fault.missing)):
        return Refusal("BASE_UNKNOWN", "没有所依据的版本。", "There is no such version to build on.", "base")
    return Refusal(
        "NOT_YET", "所依据的版本尚未到达，请稍后再试。", "The version on which this was made has not arrived yet; send it again.", "base"
    )
