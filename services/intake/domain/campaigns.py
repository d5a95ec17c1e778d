"""Campaigns 民意“5”来听 and sub-campaigns (S1, S2), launched county by county; receptions 半天接待 (S35); and in whose calendar they stand.

A campaign's days are those of its rhythms in every place where it has been launched. Pure.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from services.intake.domain.people import Programme, Team
from services.intake.domain.rhythms import Occurrence, Rhythm, occurrences
from shared.identity.scopes import holds

ActivityKind = Literal["ACTIVITY_DAY", "MONTHLY_ROUND", "RECEPTION"]
"""活动日 (S1), 每月集中走访 (S37), 半天接待 (S35)."""
ACTIVITY_DAYS = "FREQ=MONTHLY;BYMONTHDAY=5,15,25"
LONGEST_LIST = 200
"""The most appointments of one answer."""


class Launch(BaseModel):
    """A place where the campaign runs, from `since` until before `until` (ISO days)."""

    model_config = ConfigDict(frozen=True)

    division: str
    since: str
    until: str | None = None


class Campaign(BaseModel):
    """`parent`: the campaign of which this is a part. `division`: who runs it."""

    model_config = ConfigDict(frozen=True)

    code: str
    name: str
    name_en: str
    division: str
    parent: str | None = None
    programmes: list[Programme] = []
    activity_days: Rhythm | None = None
    monthly_round: Rhythm | None = None
    launches: list[Launch] = []

    def rhythms(self) -> Iterable[tuple[ActivityKind, Rhythm]]:
        if self.activity_days is not None:
            yield "ACTIVITY_DAY", self.activity_days
        if self.monthly_round is not None:
            yield "MONTHLY_ROUND", self.monthly_round

    def launches_at(self, division: str) -> list[Launch]:
        """The launches that hold this place or, where it runs only in parts of the place, those of the parts; in the order of their days,
        none inside of another: a day counts once."""
        holding = [launch for launch in self.launches if holds(launch.division, division)]
        parts = [launch for launch in self.launches if holds(division, launch.division)]
        found: list[Launch] = []
        for launch in sorted(holding or parts, key=lambda launch: launch.since):
            over = found[-1].until if found else ""
            if over is None or (launch.until is not None and launch.until <= over):
                continue
            found.append(launch.model_copy(update={"since": max(launch.since, over)}))
        return found


class Reception(BaseModel):
    """A team receives people at a site for half a day, again and again. `first`: local time of the first one."""

    model_config = ConfigDict(frozen=True)

    code: str
    name: str
    division: str
    team: str
    site: str | None
    first: str
    minutes: int
    rhythm: Rhythm


@dataclass(frozen=True)
class Appointment:
    """Something that takes place: what, when, of which campaign or reception. `minutes`: how long; of a whole day None."""

    kind: ActivityKind
    source: str
    title: str
    title_en: str
    occurrence: Occurrence
    minutes: int | None = None
    team: str | None = None
    site: str | None = None


def followed_by(team: Team, campaigns: Mapping[str, Campaign]) -> list[Campaign]:
    """The campaigns whose days are the team's: the one that it was formed for and those that hold it; without one, all that stand alone."""
    if team.campaign is None:
        return [campaign for campaign in campaigns.values() if campaign.parent is None]
    found: list[Campaign] = []
    at: str | None = team.campaign
    while at is not None and at in campaigns and campaigns[at] not in found:
        found.append(campaigns[at])
        at = campaigns[at].parent
    return found


def campaign_appointments(campaign: Campaign, division: str, begin: date, end: date) -> list[Appointment]:
    """Its days in that place from its launch there on."""
    found = []
    for launch in campaign.launches_at(division):
        until = end if launch.until is None else min(end, date.fromisoformat(launch.until))
        for kind, rhythm in campaign.rhythms():
            days = occurrences(rhythm, launch.since, max(begin, date.fromisoformat(launch.since)), until)
            found += [Appointment(kind, campaign.code, campaign.name, campaign.name_en, each) for each in days]
    return found


def reception_appointments(reception: Reception, begin: date, end: date) -> list[Appointment]:
    return [
        Appointment(
            kind="RECEPTION",
            source=reception.code,
            title=reception.name,
            title_en="half-day reception",
            occurrence=each,
            minutes=reception.minutes,
            team=reception.team,
            site=reception.site,
        )
        for each in occurrences(reception.rhythm, reception.first, begin, end)
    ]


def team_calendar(
    team: Team, campaigns: Mapping[str, Campaign], receptions: Iterable[Reception], begin: date, end: date
) -> list[Appointment]:
    """All that is the team's on the days `begin` <= day < `end`, in order."""
    found = [each for campaign in followed_by(team, campaigns) for each in campaign_appointments(campaign, team.division, begin, end)]
    found += [each for reception in receptions for each in reception_appointments(reception, begin, end)]
    return in_order(found)


def in_order(appointments: Iterable[Appointment]) -> list[Appointment]:
    return sorted(appointments, key=lambda each: (each.occurrence.starts, each.kind, each.source))


@dataclass(frozen=True)
class Month:
    """A month `2020-06` and its days."""

    text: str
    begin: date
    end: date

    @classmethod
    def of(cls, text: str) -> Self:
        begin = date.fromisoformat(f"{text}-01")
        return cls(text, begin, begin + timedelta(days=monthrange(begin.year, begin.month)[1]))
