"""What recurs: by rule, without what is cancelled, with what is moved; and no rule that runs for ever."""

from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.rhythms import (
    WIDEST,
    Rhythm,
    falls_on,
    first_day,
    local_text,
    occurrences,
    refuse_day,
    refuse_days,
    refuse_rule,
    refuse_span,
)

JUNE, JULY = date(2020, 6, 1), date(2020, 7, 1)
FIVES = "FREQ=MONTHLY;BYMONTHDAY=5,15,25"
TUESDAYS = "FREQ=WEEKLY;BYDAY=TU"


def days(rule: str, first: str, begin: date = JUNE, end: date = JULY, **exceptions: Any) -> list[str]:
    return [each.at for each in occurrences(Rhythm(rule=rule, **exceptions), first, begin, end)]


@pytest.mark.row("S1")
def test_activity_days_are_the_5th_15th_and_25th_from_the_launch_on() -> None:
    assert days(FIVES, "2020-06-03") == ["2020-06-05", "2020-06-15", "2020-06-25"]
    assert days(FIVES, "2020-06-15") == ["2020-06-15", "2020-06-25"]
    assert days(FIVES, "2020-07-01") == []


@pytest.mark.row("S35")
def test_a_reception_is_at_its_time_and_without_cancelled_and_moved_days() -> None:
    found = days(TUESDAYS, "2020-06-02T08:30", cancelled=["2020-06-09"], moved={"2020-06-16": "2020-06-17T14:00"})
    assert found == ["2020-06-02T08:30", "2020-06-17T14:00", "2020-06-23T08:30", "2020-06-30T08:30"]


def test_what_is_moved_counts_where_it_has_gone_to() -> None:
    moved = {"2020-06-30": "2020-07-02T14:00", "2020-07-07": "2020-06-29T14:00"}
    assert days(TUESDAYS, "2020-06-30T08:30", moved=moved) == ["2020-06-29T14:00"]
    assert days(TUESDAYS, "2020-06-30T08:30", JULY, date(2020, 7, 8), moved=moved) == ["2020-07-02T14:00"]


def test_a_day_that_is_none_of_the_rules_is_not_moved_and_a_cancelled_one_stays_so() -> None:
    assert days(TUESDAYS, "2020-06-02T08:30", end=date(2020, 6, 8), moved={"2020-06-03": "2020-06-04T09:00"}) == ["2020-06-02T08:30"]
    both = {"cancelled": ["2020-06-02"], "moved": {"2020-06-02": "2020-06-04T09:00"}}
    assert days(TUESDAYS, "2020-06-02T08:30", end=date(2020, 6, 8), **both) == []


def test_until_is_the_last_day() -> None:
    assert days(f"{TUESDAYS};UNTIL=20200616", "2020-06-02T08:30") == ["2020-06-02T08:30", "2020-06-09T08:30", "2020-06-16T08:30"]


def test_times_are_those_of_the_clock_in_china() -> None:
    [only] = occurrences(Rhythm(rule=TUESDAYS), "2020-06-02T00:30", date(2020, 6, 2), date(2020, 6, 3))
    assert only.starts.isoformat() == "2020-06-02T00:30:00+08:00"
    assert local_text(datetime(2020, 6, 1, 12, 30, tzinfo=ZoneInfo("America/New_York"))) == "2020-06-02T00:30"


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "often",
        "FREQ=HOURLY",
        "FREQ=SECONDLY",
        "FREQ=MONTHLY;COUNT=3",
        "FREQ=MONTHLY;BYMONTHDAY=40",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=DAILY;UNTIL=tomorrow",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY\nRDATE:20200601",
        "RRULE:FREQ=DAILY",
        f"FREQ=DAILY;BYMONTH={','.join(['1'] * 200)}",
    ],
)
def test_refuses_what_is_no_rule_of_ours(rule: str) -> None:
    refusal = refuse_rule(rule, "2020-06-01", "rule")
    assert refusal is not None
    assert (refusal.code, refusal.field) == ("BAD_RULE", "rule")


@pytest.mark.parametrize(
    "rule", [FIVES, TUESDAYS, "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=YEARLY;BYMONTH=6;BYMONTHDAY=5", "freq=daily;interval=2"]
)
def test_takes_rules_as_calendars_write_them(rule: str) -> None:
    assert refuse_rule(rule, "2020-06-01", "rule") is None


SETS = [
    "FREQ=DAILY",
    "FREQ=WEEKLY;BYDAY=MO,SU",
    *(f"FREQ=MONTHLY;BYMONTHDAY={day}" for day in (1, 29, 31, -1, -31)),
    *(f"FREQ=MONTHLY;BYDAY={day}" for day in ("1MO", "4SU", "-4FR")),
    *(f"FREQ=MONTHLY;BYDAY={days};BYSETPOS={at}" for days in ("MO", "MO,TU,WE,TH,FR") for at in (1, 4, -4)),
    *(f"FREQ=YEARLY;BYMONTH={month};BYMONTHDAY={day}" for month, day in ((2, 29), (4, 30), (2, -29))),
    *(f"FREQ=YEARLY;BYMONTH=2;BYDAY={days}" for days in ("4MO", "-4SU", "MO;BYSETPOS=4")),
]


@pytest.mark.parametrize("rule", SETS)
def test_every_rule_that_is_taken_comes_true(rule: str) -> None:
    assert refuse_rule(rule, "2021-03-02", "rule") is None
    assert any(occurrences(Rhythm(rule=rule), "2021-03-02", date(year, 1, 1), date(year, 12, 31)) for year in range(2021, 2026))


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=4,6;BYMONTHDAY=-31",
        "FREQ=MONTHLY;BYDAY=6MO",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6",
        "FREQ=MONTHLY;BYDAY=1MO;BYMONTHDAY=31",
        "FREQ=MONTHLY;BYMONTH=2;INTERVAL=12",
        "FREQ=WEEKLY;BYMONTHDAY=5",
        "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
        "FREQ=DAILY;INTERVAL=2;INTERVAL=3",
    ],
)
def test_a_rule_that_may_never_come_true_is_refused(rule: str) -> None:
    assert refuse_rule(rule, "2021-03-02", "rule") is not None


def test_what_ended_before_it_began_is_empty() -> None:
    over = Rhythm(rule=f"{TUESDAYS};UNTIL=20200101")
    assert occurrences(over, "2020-06-02", JUNE, JULY) == []
    assert first_day(over, "2020-06-02") is None


def test_no_question_looks_over_more_than_the_widest_window() -> None:
    assert len(days("FREQ=DAILY", "2020-01-01", JUNE, date(2090, 1, 1))) == WIDEST.days


@pytest.mark.parametrize(("day", "taken"), [(date(1999, 12, 31), False), (date(2000, 1, 1), True), (date(2100, 1, 1), False)])
def test_a_day_lies_in_our_century(day: date, taken: bool) -> None:
    assert (refuse_day(day, "since") is None) == taken


RULES = st.sampled_from([FIVES, TUESDAYS, "FREQ=DAILY", "FREQ=MONTHLY;BYDAY=1MO", "FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,FR"])


@given(RULES, st.lists(st.integers(0, 60), min_size=1, max_size=5).map(sorted))
def test_windows_that_meet_hold_together_what_one_window_holds(rule: str, cuts: list[int]) -> None:
    rhythm = Rhythm(rule=rule, cancelled=["2020-06-05"], moved={"2020-06-15": "2020-06-18", "2020-06-02": "2020-07-20"})
    edges = [JUNE + timedelta(days=cut) for cut in [0, *cuts, 61]]
    pieces = [each for begin, end in pairwise(edges) if begin < end for each in occurrences(rhythm, "2020-05-01", begin, end)]
    assert pieces == occurrences(rhythm, "2020-05-01", JUNE, edges[-1])
    assert all(falls_on(rhythm, "2020-05-01", each.day.isoformat()) for each in pieces)


FREQUENCIES = {
    "DAILY": [""],
    "WEEKLY": ["", ";BYDAY=MO", ";BYDAY=SU,WE", ";BYDAY=SU,WE;WKST=SU", ";WKST=SU"],
    "MONTHLY": ["", ";BYMONTHDAY=5,15,25", ";BYMONTHDAY=-1", ";BYDAY=1MO", ";BYDAY=-1FR", ";BYDAY=MO,TU;BYSETPOS=-2", ";BYDAY=WE"],
    "YEARLY": ["", ";BYMONTH=3", ";BYMONTH=6;BYMONTHDAY=5", ";BYMONTHDAY=5", ";BYMONTH=2;BYDAY=2MO", ";BYDAY=TU"],
}
RULE = st.sampled_from([f"FREQ={name}{parts}" for name, more in FREQUENCIES.items() for parts in more])


@given(RULE, st.integers(1, 5), st.dates(date(2018, 1, 1), date(2024, 12, 31)), st.integers(-30, 1500), st.integers(1, 400))
def test_a_rule_that_is_begun_near_the_window_tells_what_the_library_tells_from_the_first_day(
    rule: str, interval: int, first: date, later: int, days: int
) -> None:
    rule += f";INTERVAL={interval}" if interval > 1 else ""
    if refuse_rule(rule, first.isoformat(), "rule") is not None:
        assert interval > 1
        return
    begin = first + timedelta(days=later)
    start = datetime.combine(first, time.min)
    window = (datetime.combine(day, time.min) for day in (begin, begin + timedelta(days=days - 1)))
    wanted = [at.date() for at in rrulestr(rule, dtstart=start).between(*window, inc=True)]
    assert [each.day for each in occurrences(Rhythm(rule=rule), first.isoformat(), begin, begin + timedelta(days=days))] == wanted
    if later == 0 and wanted:
        assert first_day(Rhythm(rule=rule), first.isoformat()) == wanted[0]


def test_a_far_away_day_is_refused_and_every_second_29th_of_february_too() -> None:
    assert refuse_days([date(2020, 1, 1), date(9999, 12, 31)], "movedDays") is not None
    assert refuse_days([], "movedDays") is None
    assert refuse_rule("FREQ=YEARLY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=29", "2021-01-01", "rule") is not None
    assert refuse_rule("FREQ=MONTHLY;INTERVAL=12", "2021-01-31", "rule") is not None
    assert refuse_rule("FREQ=YEARLY;INTERVAL=2;BYMONTH=1", "2021-02-05", "rule") is None
    assert first_day(Rhythm(rule="FREQ=YEARLY;INTERVAL=2;BYMONTH=1"), "2026-02-05") == date(2028, 1, 5)


@pytest.mark.parametrize(
    ("since", "until", "code"),
    [
        (None, None, None),
        (date(2020, 1, 1), None, None),
        (None, date(2020, 1, 1), None),
        (date(2020, 1, 1), date(2020, 1, 2), None),
        (date(2020, 1, 1), date(2020, 1, 1), "ENDS_BEFORE_BEGIN"),
        (date(1999, 12, 31), date(2020, 1, 1), "BAD_DAY"),
        (None, date(2100, 1, 1), "BAD_DAY"),
    ],
)
def test_what_is_in_force_ends_after_it_begins(since: date | None, until: date | None, code: str | None) -> None:
    refusal = refuse_span(since, until)
    assert (refusal.code if refusal else None) == code
