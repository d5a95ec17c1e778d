"""A team's calendar as calendar programs read it (RFC 5545), by the library `icalendar` (BSD-2).

Campaign days are whole days, receptions have times in Asia/Shanghai; both repeat by their own rule, so that a program shows them for as
long as it likes. Days left out are EXDATE, moved ones an event of their own with RECURRENCE-ID. Nothing in it is about a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import product

from icalendar import Calendar, Event, Timezone, vRecur

from services.intake.domain.campaigns import ActivityKind, Campaign, Reception, followed_by
from services.intake.domain.people import Team
from services.intake.domain.places import Site
from services.intake.domain.rhythms import Rhythm, falls_on, first_day, local
from shared.china_time import CHINA

CONTENT_TYPE = "text/calendar; charset=utf-8"
REFRESH = "PT6H"
WORDS: Mapping[ActivityKind, str] = {
    "ACTIVITY_DAY": "活动日 · activity day",
    "MONTHLY_ROUND": "每月集中走访 · monthly round",
    "RECEPTION": "半天接待 · half-day reception",
}


def team_ics(
    team: Team, campaigns: Mapping[str, Campaign], receptions: Iterable[Reception], sites: Mapping[str, Site], stamp: datetime
) -> bytes:
    """The whole feed. `stamp`: an aware instant, when it was made."""
    calendar = Calendar()
    calendar.add("prodid", "-//Minyi//team calendar//ZH")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", f"民意“5”来听 · {team.name}")
    calendar.add("x-wr-timezone", CHINA.key)
    calendar.add("x-published-ttl", REFRESH)
    calendar.add_component(Timezone.from_tzinfo(CHINA))
    for campaign in followed_by(team, campaigns):
        for launch, (kind, rhythm) in product(campaign.launches_at(team.division), list(campaign.rhythms())):
            title = f"{campaign.name} {WORDS[kind]}"
            uid = f"{campaign.code}-{kind.lower()}-{launch.division}-{launch.since}"
            for event in _events(uid, title, rhythm, launch.since, None, stamp, launch.until):
                calendar.add_component(event)
    for reception in receptions:
        title = f"{reception.name} {WORDS['RECEPTION']}"
        site = sites.get(reception.site or "")
        for event in _events(reception.code, title, reception.rhythm, reception.first, reception.minutes, stamp):
            if site is not None:
                event.add("location", f"{site.name}（{site.address}）" if site.address else site.name)
            calendar.add_component(event)
    return bytes(calendar.to_ical())


def _events(
    uid: str, title: str, rhythm: Rhythm, first: str, minutes: int | None, stamp: datetime, until: str | None = None
) -> list[Event]:
    """The repeating event, and one for each day that was moved."""
    begin = first_day(rhythm, first)
    if begin is None:
        return []

    def at(day: date) -> date | datetime:
        return datetime.combine(day, local(first).time(), CHINA) if minutes else day

    def made(start: date | datetime) -> Event:
        event = Event()
        event.add("uid", f"{uid}@minyi")
        event.add("dtstamp", stamp)
        event.add("summary", title)
        event.add("dtstart", start)
        event.add("duration", timedelta(minutes=minutes) if minutes else timedelta(days=1))
        return event

    repeating = made(at(begin))
    repeating.add("rrule", _rule(rhythm.rule, until, timed=minutes is not None))
    left_out = sorted(date.fromisoformat(day) for day in rhythm.cancelled if falls_on(rhythm, first, day))
    if left_out:
        repeating.add("exdate", [at(day) for day in left_out])
    events = [repeating]
    for day, goes_to in sorted(rhythm.moved.items()):
        if day in rhythm.cancelled or not falls_on(rhythm, first, day):
            continue
        event = made(local(goes_to) if minutes else date.fromisoformat(goes_to[:10]))
        event.add("recurrence-id", at(date.fromisoformat(day)))
        events.append(event)
    return events


def _rule(rule: str, until: str | None, *, timed: bool) -> vRecur:
    """UNTIL is of the kind that the start is: a day, or the last second of it as an instant (RFC 5545, 3.3.10)."""
    recur: vRecur = vRecur.from_ical(rule)
    ends = list(recur.pop("UNTIL", []))
    if until:
        ends.append(date.fromisoformat(until) - timedelta(days=1))
    if ends:
        last = min(ends)
        recur["UNTIL"] = [datetime.combine(last, time(23, 59, 59), CHINA).astimezone(UTC) if timed else last]
    return recur
