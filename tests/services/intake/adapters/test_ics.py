"""The feed as calendar programs read it: whole by a reader of its own, its rules by dateutil, its lines by RFC 5545."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from icalendar import Calendar, Event

from services.intake.adapters.ics import team_ics
from services.intake.domain.campaigns import Reception, team_calendar
from services.intake.domain.people import Team
from services.intake.domain.places import Site
from services.intake.domain.rhythms import Rhythm
from services.intake.store.calendar import CAMPAIGNS

STAMP = datetime(2020, 6, 1, tzinfo=UTC)
CHINA = ZoneInfo("Asia/Shanghai")
QUFU = "370881000000"
KNOWN = {campaign.code: campaign for campaign in CAMPAIGNS}
RECEPTION = Reception(
    code="R-1",
    name="鼓楼社区接待",
    division="370881001901",
    team="T-1",
    site="S-1",
    first="2020-06-09T08:30",
    minutes=240,
    rhythm=Rhythm(rule="FREQ=WEEKLY;BYDAY=TU;UNTIL=20200721", cancelled=["2020-06-23"], moved={"2020-06-30": "2020-07-01T14:00"}),
)
SITE = Site(code="S-1", kind="COMPOUND_STATION", name="红帆驿站", division="370881001901", address="后作街小区东门")


def team(division: str = QUFU, campaign: str | None = None) -> Team:
    return Team(code="T-1", name="鼓楼一组", division=division, leader="m", contact_units=[], programmes=[], campaign=campaign)


def read(body: bytes) -> list[Event]:
    calendar = Calendar.from_ical(body)
    assert calendar.get("version") == "2.0"
    assert [str(zone["tzid"]) for zone in calendar.walk("VTIMEZONE")] == ["Asia/Shanghai"]
    return list(calendar.walk("VEVENT"))


def expanded(events: list[Event], begin: date, end: date) -> list[datetime]:
    """As a program shows them: each rule counted out, without EXDATE, and with the moved ones where they have gone to."""
    found = []
    moved = {(str(each["uid"]), each.decoded("recurrence-id")): each for each in events if "recurrence-id" in each}
    for event in events:
        if "recurrence-id" in event:
            found.append(event.decoded("dtstart"))
            continue
        start = event.decoded("dtstart")
        whole_day = not isinstance(start, datetime)
        first = datetime.combine(start, datetime.min.time(), UTC) if whole_day else start
        rule = event["rrule"].to_ical().decode()
        left_out = {each.dt for each in (event["exdate"].dts if "exdate" in event else [])}
        for at in rrulestr(rule, dtstart=first).between(
            datetime.combine(begin, datetime.min.time(), UTC), datetime.combine(end, datetime.min.time(), UTC), inc=True
        ):
            if at not in left_out and (str(event["uid"]), at) not in moved:
                found.append(at.date() if whole_day else at)
    return sorted(datetime.combine(at, datetime.min.time(), CHINA) if not isinstance(at, datetime) else at for at in found)


@pytest.mark.row("S35")
@pytest.mark.row("S37")
def test_a_program_sees_the_same_days_and_times_as_the_graph() -> None:
    body = team_ics(team(), KNOWN, [RECEPTION], {"S-1": SITE}, STAMP)
    begin, end = date(2020, 6, 1), date(2020, 9, 1)
    shown = expanded(read(body), begin, end)
    told = [each.occurrence.starts for each in team_calendar(team(), KNOWN, [RECEPTION], begin, end)]
    assert shown == sorted(told)
    # Three activity days and a round each month, six Tuesdays of which one is left out and one has moved.
    assert len(told) == 9 + 3 + 6


def test_lines_are_folded_and_ended_as_the_standard_says() -> None:
    body = team_ics(team(), KNOWN, [RECEPTION], {"S-1": SITE}, STAMP)
    lines = body.split(b"\r\n")
    assert body.endswith(b"\r\n")
    assert b"\n" not in b"".join(lines)
    assert max(map(len, lines)) <= 75


def test_every_event_has_what_programs_want_and_repeats_the_same_uid() -> None:
    one, two = (read(team_ics(team(), KNOWN, [RECEPTION], {"S-1": SITE}, STAMP + timedelta(days=n))) for n in (0, 1))
    assert [str(event["uid"]) for event in one] == [str(event["uid"]) for event in two]
    assert all({"uid", "dtstamp", "dtstart", "duration", "summary"} <= {name.lower() for name in event} for event in one)
    reception = next(event for event in one if str(event["uid"]) == "R-1@minyi")
    assert reception.decoded("dtstart") == datetime(2020, 6, 9, 8, 30, tzinfo=CHINA)
    assert reception.decoded("duration") == timedelta(hours=4)
    assert str(reception["location"]) == "红帆驿站（后作街小区东门）"
    # The last Tuesday is the 21st of July, and the rule's end an instant in UTC.
    assert reception["rrule"]["UNTIL"] == [datetime(2020, 7, 21, 15, 59, 59, tzinfo=UTC)]


def test_a_campaign_begins_in_a_place_with_its_launch_there_and_ends_with_it() -> None:
    yanzhou = read(team_ics(team("370812000000"), KNOWN, [], {}, STAMP))
    assert {event.decoded("dtstart") for event in yanzhou} == {date(2020, 6, 15), date(2020, 7, 5)}
    assert read(team_ics(team("370829000000"), KNOWN, [], {}, STAMP)) == []
    ended = KNOWN["C-LISTEN"].model_copy(update={"launches": [KNOWN["C-LISTEN"].launches[0].model_copy(update={"until": "2020-07-05"})]})
    events = read(team_ics(team(), {"C-LISTEN": ended}, [], {}, STAMP))
    assert {tuple(event["rrule"]["UNTIL"]) for event in events} == {(date(2020, 7, 4),)}


def test_a_campaign_that_runs_in_a_part_of_the_teams_county_is_in_the_feed_and_in_the_graph_alike() -> None:
    launch = KNOWN["C-LISTEN"].launches[0].model_copy(update={"division": "370881001000"})
    known = {"C-LISTEN": KNOWN["C-LISTEN"].model_copy(update={"launches": [launch]})}
    begin, end = date(2020, 6, 1), date(2020, 8, 1)
    told = [each.occurrence.starts for each in team_calendar(team(), known, [], begin, end)]
    assert expanded(read(team_ics(team(), known, [], {}, STAMP)), begin, end) == sorted(told) != []


@pytest.mark.row("S2")
def test_a_team_of_a_sub_campaign_follows_it_and_the_campaign_that_holds_it() -> None:
    for code in ("C-CIVILISED", "C-LISTEN"):
        assert any("C-LISTEN" in str(event["uid"]) for event in read(team_ics(team(campaign=code), KNOWN, [], {}, STAMP)))
    assert read(team_ics(team(campaign="C-GONE"), KNOWN, [], {}, STAMP)) == []


def test_what_ended_before_it_began_is_no_event() -> None:
    over = RECEPTION.model_copy(update={"rhythm": Rhythm(rule="FREQ=WEEKLY;BYDAY=TU;UNTIL=20200101")})
    assert [event for event in read(team_ics(team(), KNOWN, [over], {}, STAMP)) if "R-1" in str(event["uid"])] == []
