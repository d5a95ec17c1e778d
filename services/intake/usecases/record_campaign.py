"""RecordCampaign (S1, S2, S3): a campaign with its rhythm, launched place by place; a sub-campaign names the one that it is a part of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain.campaigns import Campaign, Launch
from services.intake.domain.people import Programme
from services.intake.domain.rhythms import EARLIEST, Rhythm, refuse_days, refuse_rule
from services.intake.domain.texts import Line
from services.intake.domain.transfers import Outcome
from services.intake.store.calendar import Campaigns
from services.intake.store.places import Atlas
from services.intake.usecases.recording import ROLES, Recording, require_place
from shared.identity.errors import Refusal
from shared.identity.viewer import Viewer


class CampaignLaunch(BaseModel):
    model_config = ConfigDict(frozen=True)

    division: str
    since: date
    until: date | None = None


class RecordCampaign(BaseModel):
    """`activity_days`, `monthly_round`: RRULE, or none; `cancelled_days` holds for both."""

    model_config = ConfigDict(frozen=True)

    request_id: str = Field(min_length=1, max_length=100)
    code: str = Field(min_length=1, max_length=40, pattern=r"^C-[A-Za-z0-9-]+$")
    name: Line = Field(max_length=60)
    name_en: Line = Field(max_length=120)
    division: str
    parent: str | None = Field(None, max_length=40)
    programmes: list[Programme] = []
    activity_days: str | None = None
    monthly_round: str | None = None
    cancelled_days: list[date] = Field([], max_length=100)
    launches: list[CampaignLaunch] = Field([], max_length=200)


@dataclass(frozen=True)
class RecordingCampaigns:
    recording: Recording
    atlas: Atlas
    campaigns: Campaigns


async def record_campaign(parts: RecordingCampaigns, viewer: Viewer, command: RecordCampaign, origin: str) -> Outcome:
    """Record, and tell what became of it. Raises Refusal, which names the field."""
    viewer.require(*ROLES)
    territory = await parts.atlas.current()
    require_place(viewer, territory, command.division, "division")
    for launch in command.launches:
        require_place(viewer, territory, launch.division, "launches")
    days = [day for launch in command.launches for day in (launch.since, launch.until) if day is not None]
    refusal = refuse_days(days, "launches") or refuse_days(command.cancelled_days, "cancelledDays")
    if refusal is not None:
        raise refusal
    # A rule may leave its day to the first one, which is each launch's own.
    firsts = {launch.since for launch in command.launches} or {EARLIEST}
    for rule, field in ((command.activity_days, "activityDays"), (command.monthly_round, "monthlyRound")):
        for first in sorted(firsts) if rule is not None else ():
            refusal = refuse_rule(rule or "", first.isoformat(), field)
            if refusal is not None:
                raise refusal
    await _refuse_parent(parts, command)

    def decide(held: Campaign | None) -> Campaign:
        if held is not None:
            viewer.require_cover(held.division)
        return _campaign(command)

    payload = command.model_dump(mode="json")
    return await parts.recording.keep(viewer, command.request_id, "RecordCampaign", command.code, payload, origin, decide)


async def _refuse_parent(parts: RecordingCampaigns, command: RecordCampaign) -> None:
    """A parent is there, and is not below its own child."""
    known = await parts.campaigns.all()
    at = command.parent
    if at is not None and at not in known:
        raise Refusal("CAMPAIGN_UNKNOWN", "没有这项活动。", "There is no such campaign.", "parent")
    while at is not None:
        if at == command.code:
            raise Refusal("CAMPAIGN_CIRCLE", "活动不能是自己的下级。", "A campaign is no part of itself.", "parent")
        at = known[at].parent if at in known else None


def _campaign(command: RecordCampaign) -> Campaign:
    cancelled = sorted(day.isoformat() for day in command.cancelled_days)

    def rhythm(rule: str | None) -> Rhythm | None:
        return Rhythm(rule=rule.upper(), cancelled=cancelled) if rule else None

    return Campaign(
        code=command.code,
        name=command.name,
        name_en=command.name_en,
        division=command.division,
        parent=command.parent,
        programmes=command.programmes,
        activity_days=rhythm(command.activity_days),
        monthly_round=rhythm(command.monthly_round),
        launches=[
            Launch(
                division=launch.division,
                since=launch.since.isoformat(),
                until=launch.until.isoformat() if launch.until else None,
            )
            for launch in command.launches
        ],
    )
