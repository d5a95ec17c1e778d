"""RecordReception 半天接待 (S35): a team receives people at a site, again and again by a rule, with days left out and days moved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain.campaigns import Reception
from services.intake.domain.rhythms import Rhythm, falls_on, local_text, refuse_day, refuse_days, refuse_rule
from services.intake.domain.texts import Line
from services.intake.domain.transfers import Outcome
from services.intake.store.organisation import Teams
from services.intake.store.places import Atlas, Sites
from services.intake.usecases import recording
from services.intake.usecases.recording import Recording, require_place
from shared.identity.errors import Forbidden, Refusal
from shared.identity.roles import Role
from shared.identity.viewer import Viewer

ROLES = (*recording.ROLES, Role.TEAM_LEADER)


class Moved(BaseModel):
    """The one of `day` takes place at another time."""

    model_config = ConfigDict(frozen=True)

    day: date
    to: datetime


class RecordReception(BaseModel):
    """`first`: when the first one begins; the rule repeats it at the same time of day in China."""

    model_config = ConfigDict(frozen=True)

    request_id: str = Field(min_length=1, max_length=100)
    code: str = Field(min_length=1, max_length=64, pattern=r"^R-[A-Za-z0-9-]+$")
    name: Line = Field(max_length=60)
    division: str
    team: str = Field(min_length=1, max_length=64)
    site: str | None = Field(None, max_length=64)
    first: datetime
    minutes: int = Field(240, ge=15, le=720)
    rule: str
    cancelled_days: list[date] = Field([], max_length=100)
    moved_days: list[Moved] = Field([], max_length=100)


@dataclass(frozen=True)
class RecordingReceptions:
    recording: Recording
    atlas: Atlas
    teams: Teams
    sites: Sites


def may_record(viewer: Viewer, division: str, team: str | None) -> bool:
    """Admins for every team of their territory, a leader for the own team."""
    return viewer.covers(division) and (viewer.has(*recording.ROLES) or (viewer.team is not None and viewer.team == team))


async def record_reception(parts: RecordingReceptions, viewer: Viewer, command: RecordReception, origin: str) -> Outcome:
    """Record, and tell what became of it. Raises Refusal, which names the field."""
    viewer.require(*ROLES)
    require_place(viewer, await parts.atlas.current(), command.division, "division")
    team = await parts.teams.find(command.team)
    if team is None:
        raise Refusal("TEAM_UNKNOWN", "没有这个团队。", "There is no such team.", "team")
    if viewer.has(*recording.ROLES) and not any(map(viewer.covers, team.places)):
        raise Forbidden("TEAM_ELSEWHERE", "该团队不在您的辖区。", "That team is not in your territory.", "team")
    if not may_record(viewer, command.division, command.team):
        raise Forbidden("NOT_YOUR_TEAM", "只能为本团队安排接待。", "A leader arranges receptions of the own team alone.", "team")
    if command.site is not None and await parts.sites.find(command.site) is None:
        raise Refusal("SITE_UNKNOWN", "没有这个接待点。", "There is no such reception site.", "site")
    refusal = _refuse_times(command)
    if refusal is not None:
        raise refusal

    def decide(held: Reception | None) -> Reception:
        if held is not None and not may_record(viewer, held.division, held.team):
            raise Forbidden("NOT_YOUR_TEAM", "该编号属于其他团队的接待。", "This code is a reception of another team.", "code")
        return _reception(command)

    payload = command.model_dump(mode="json")
    return await parts.recording.keep(viewer, command.request_id, "RecordReception", command.code, payload, origin, decide)


def _refuse_times(command: RecordReception) -> Refusal | None:
    for at, field in ((command.first, "first"), *((moved.to, "movedDays") for moved in command.moved_days)):
        if at.tzinfo is None:
            return Refusal("ZONE_MISSING", "时间须带时区，如 +08:00。", "A time carries its zone, as +08:00.", field)
        refusal = refuse_day(at.date(), field)
        if refusal is not None:
            return refusal
    refusal = refuse_days(command.cancelled_days, "cancelledDays") or refuse_days([each.day for each in command.moved_days], "movedDays")
    refusal = refusal or refuse_rule(command.rule, local_text(command.first), "rule")
    if refusal is not None:
        return refusal
    rhythm, first = Rhythm(rule=command.rule.upper()), local_text(command.first)
    if all(falls_on(rhythm, first, moved.day.isoformat()) for moved in command.moved_days):
        return None
    return Refusal("NOT_A_DAY_OF_IT", "改期的日子不在重复规则之内。", "A day that is moved must be one of the rule's own.", "movedDays")


def _reception(command: RecordReception) -> Reception:
    rhythm = Rhythm(
        rule=command.rule.upper(),
        cancelled=sorted(day.isoformat() for day in command.cancelled_days),
        moved={moved.day.isoformat(): local_text(moved.to) for moved in command.moved_days},
    )
    return Reception(
        code=command.code,
        name=command.name,
        division=command.division,
        team=command.team,
        site=command.site,
        first=local_text(command.first),
        minutes=command.minutes,
        rhythm=rhythm,
    )
