"""“七个一”: once in each period; who is behind and by how many periods."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.duties import Done, Duty, Period, begins, ends, period_of, standing
from services.intake.store.calendar import DUTIES

START = date(2020, 6, 3)
PERIODS: tuple[Period, ...] = ("WEEK", "MONTH", "QUARTER", "YEAR")


def duty(period: Period, since: str = "2020-06-03") -> Duty:
    return Duty(code="X", name="一事", name_en="one thing", period=period, division="370800000000", since=since)


def did(period: Period, *days: str) -> list[Done]:
    return [Done(duty="X", on=day, period=period_of(date.fromisoformat(day), period)) for day in days]


@pytest.mark.row("S39")
def test_five_duties_are_there_from_the_start_two_with_the_period_that_their_name_says() -> None:
    assert {each.code: each.period for each in DUTIES} == {
        "MEET": "MONTH",
        "CONTACT": "WEEK",
        "DIARY": "MONTH",
        "RELIEVE": "MONTH",
        "REVIEW": "MONTH",
    }


@pytest.mark.parametrize(
    ("period", "day", "name", "first", "last"),
    [
        ("WEEK", "2020-06-03", "2020-W23", "2020-06-01", "2020-06-07"),
        ("WEEK", "2021-01-03", "2020-W53", "2020-12-28", "2021-01-03"),
        ("MONTH", "2020-02-10", "2020-02", "2020-02-01", "2020-02-29"),
        ("QUARTER", "2020-09-30", "2020-Q3", "2020-07-01", "2020-09-30"),
        ("YEAR", "2021-07-01", "2021", "2021-01-01", "2021-12-31"),
    ],
)
def test_periods(period: Period, day: str, name: str, first: str, last: str) -> None:
    on = date.fromisoformat(day)
    assert (period_of(on, period), begins(on, period).isoformat(), ends(on, period).isoformat()) == (name, first, last)


@given(st.sampled_from(PERIODS), st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_periods_lie_end_to_end(period: Period, day: date) -> None:
    first, last = begins(day, period), ends(day, period)
    assert first <= day <= last
    assert period_of(first, period) == period_of(last, period) != period_of(last + timedelta(days=1), period)
    assert begins(last + timedelta(days=1), period) == last + timedelta(days=1)


@pytest.mark.row("S6")
@pytest.mark.parametrize(
    ("days", "today", "done", "behind"),
    [
        ([], "2020-06-30", False, 0),
        ([], "2020-07-01", False, 1),
        (["2020-06-20"], "2020-07-01", False, 0),
        (["2020-06-20", "2020-06-21"], "2020-08-15", False, 1),
        (["2020-08-01"], "2020-08-15", True, 2),
    ],
)
def test_behind_are_the_whole_periods_without_it(days: list[str], today: str, done: bool, behind: int) -> None:
    told = standing(duty("MONTH"), did("MONTH", *days), "2020-06-03", date.fromisoformat(today))
    assert (told.done, told.behind) == (done, behind)
    assert told.last == (date.fromisoformat(days[-1]) if days else None)


def test_nobody_is_behind_from_before_they_or_the_duty_were_there() -> None:
    today = date(2020, 12, 15)
    assert standing(duty("MONTH"), [], "2020-11-20", today).behind == 1
    assert standing(duty("MONTH", "2020-12-01"), [], "2020-06-03", today).behind == 0


def test_another_duty_does_not_count() -> None:
    others = [Done(duty="Y", on="2020-06-05", period="2020-06")]
    assert standing(duty("MONTH"), others, "2020-06-03", date(2020, 7, 2)).behind == 1


def test_a_duty_is_in_force_between_its_days_and_binds_its_territory() -> None:
    ended = duty("MONTH").model_copy(update={"until": "2020-09-01", "division": "370881000000"})
    assert [ended.in_force(date.fromisoformat(day)) for day in ("2020-06-02", "2020-06-03", "2020-08-31", "2020-09-01")] == [
        False,
        True,
        True,
        False,
    ]
    assert ended.binds("370881001000")
    assert not ended.binds("370811001000")


@given(st.lists(st.dates(START, date(2020, 12, 31)), max_size=20), st.sampled_from(PERIODS), st.dates(START, date(2021, 1, 31)))
def test_behind_equals_a_count_day_by_day(days: list[date], period: Period, today: date) -> None:
    done = did(period, *(day.isoformat() for day in days if day <= today))
    told = standing(duty(period), done, START.isoformat(), today)
    gone = {period_of(START + timedelta(days=n), period) for n in range((today - START).days + 1)} - {period_of(today, period)}
    assert told.behind == len(gone - {each.period for each in done})
