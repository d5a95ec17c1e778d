"""Working days on the real calendar of the State Council, and past its end."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.routing.adapters.timetable import first_timetable
from services.routing.domain.workdays import Hours, Workday, add_working_days
from shared.china_time import CHINA

CALENDAR = first_timetable()


def china(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


@pytest.mark.row("S52")
@pytest.mark.parametrize(
    ("arrives", "days", "due"),
    [
        # an ordinary week; the hour of arrival changes nothing
        ("2020-06-08 09:00", 1, "2020-06-09"),
        ("2020-06-08 00:00", 1, "2020-06-09"),
        ("2020-06-08 23:59", 1, "2020-06-09"),
        ("2020-06-08 09:00", 5, "2020-06-15"),
        # the sign-board case arrives on Friday, 5 June 2020
        ("2020-06-05 10:30", 1, "2020-06-08"),
        ("2020-06-05 10:30", 5, "2020-06-12"),
        # on a day off: the next working day is day 1
        ("2020-06-06 10:00", 1, "2020-06-08"),
        ("2020-06-07 10:00", 1, "2020-06-08"),
        # Dragon Boat 2020: 25 to 27 June off, Sunday 28 June worked
        ("2020-06-24 09:00", 1, "2020-06-28"),
        ("2020-06-24 09:00", 2, "2020-06-29"),
        # Labour Day 2020: 1 to 5 May off, Sunday 26 April and Saturday 9 May worked
        ("2020-04-24 09:00", 1, "2020-04-26"),
        ("2020-04-30 09:00", 4, "2020-05-09"),
        ("2020-04-30 09:00", 5, "2020-05-11"),
        # Spring Festival 2024: 10 to 17 February off, Sundays 4 and 18 February worked
        ("2024-02-02 09:00", 1, "2024-02-04"),
        ("2024-02-09 09:00", 1, "2024-02-18"),
        ("2024-02-09 09:00", 5, "2024-02-22"),
        # Spring Festival 2026: 15 to 23 February off, Saturdays 14 and 28 February worked
        ("2026-02-13 09:00", 1, "2026-02-14"),
        ("2026-02-14 09:00", 1, "2026-02-24"),
        ("2026-02-14 09:00", 5, "2026-02-28"),
        # National Day and Mid-Autumn 2025: 1 to 8 October off, Sunday 28 September and Saturday 11 October worked
        ("2025-09-26 09:00", 1, "2025-09-28"),
        ("2025-09-30 09:00", 3, "2025-10-11"),
        # year end: 1 to 3 January 2026 off, Sunday 4 January worked
        ("2025-12-31 09:00", 1, "2026-01-04"),
        ("2025-12-29 09:00", 5, "2026-01-06"),
        # the last known day
        ("2026-12-30 09:00", 1, "2026-12-31"),
    ],
)
def test_due_at_the_close_of_the_nth_working_day(arrives: str, days: int, due: str) -> None:
    result = add_working_days(china(arrives), days, CALENDAR)
    assert result.at == china(f"{due} 17:30")
    assert result.at.tzinfo is UTC
    assert not result.provisional


@pytest.mark.parametrize(
    ("arrives", "days", "due"),
    [
        # Friday 1 January 2027 is a holiday, but the calendar has no word on it: a weekday, provisionally
        ("2026-12-31 09:00", 1, "2027-01-01"),
        ("2026-12-28 09:00", 4, "2027-01-01"),
        ("2027-06-04 09:00", 1, "2027-06-07"),
        ("2030-10-01 09:00", 5, "2030-10-08"),
    ],
)
def test_past_the_last_known_year_weekdays_are_used_and_the_due_is_provisional(arrives: str, days: int, due: str) -> None:
    result = add_working_days(china(arrives), days, CALENDAR)
    assert result.at == china(f"{due} 17:30")
    assert result.provisional


def test_only_days_behind_the_start_make_it_provisional() -> None:
    assert not add_working_days(china("2003-12-31 09:00"), 1, CALENDAR).provisional


def test_the_day_is_the_one_in_china() -> None:
    late_on_thursday_in_utc = datetime(2020, 6, 4, 16, 0, tzinfo=UTC)  # Friday midnight in China
    assert add_working_days(late_on_thursday_in_utc, 1, CALENDAR).at == datetime(2020, 6, 8, 9, 30, tzinfo=UTC)
    assert add_working_days(late_on_thursday_in_utc - timedelta(seconds=1), 1, CALENDAR).at == datetime(2020, 6, 5, 9, 30, tzinfo=UTC)


def test_refuses_a_naive_start_and_no_days() -> None:
    with pytest.raises(ValueError, match="time zone"):
        add_working_days(china("2020-06-05").replace(tzinfo=None), 1, CALENDAR)
    with pytest.raises(ValueError, match="at least one"):
        add_working_days(china("2020-06-05"), 0, CALENDAR)


@given(st.datetimes(min_value=datetime(2004, 1, 1), max_value=datetime(2040, 1, 1), timezones=st.just(UTC)), st.integers(1, 30))  # noqa: DTZ001
def test_counts_exactly_n_working_days_and_ends_on_one(start: datetime, days: int) -> None:
    due = add_working_days(start, days, CALENDAR)
    first, last = start.astimezone(CHINA).date(), due.at.astimezone(CHINA).date()
    passed = [CALENDAR.is_workday(first + timedelta(days=n)) for n in range(1, (last - first).days + 1)]
    assert sum(day.workday for day in passed) == days
    assert passed[-1].workday
    assert due.provisional == any(not day.known for day in passed)
    assert due.at > start


@given(st.datetimes(min_value=datetime(2004, 1, 1), max_value=datetime(2026, 6, 1), timezones=st.just(UTC)), st.integers(1, 29))  # noqa: DTZ001
def test_more_days_and_later_starts_never_end_earlier(start: datetime, days: int) -> None:
    due = add_working_days(start, days, CALENDAR)
    assert add_working_days(start, days + 1, CALENDAR).at > due.at
    assert add_working_days(start + timedelta(hours=7), days, CALENDAR).at >= due.at


class NobodyKnows:
    def is_workday(self, day: date) -> Workday:
        return Workday(workday=True, known=day != date(2020, 6, 6))

    def hours(self, department: str = "") -> Hours:
        return Hours(time(9), time(17))


def test_one_unknown_day_on_the_way_makes_it_provisional() -> None:
    assert add_working_days(china("2020-06-05 09:00"), 2, NobodyKnows()).provisional
    assert not add_working_days(china("2020-06-06 09:00"), 2, NobodyKnows()).provisional
