"""The adapter on chinese-calendar answers for every day."""

from datetime import date, timedelta

import chinese_calendar
import pytest

from services.routing.adapters.calendar import StateCouncilCalendar


@pytest.mark.parametrize(
    ("day", "workday", "known"),
    [
        (date(2020, 1, 31), False, True),  # the Spring Festival prolonged in 2020
        (date(2020, 6, 28), True, True),  # a make-up Sunday
        (date(2026, 10, 1), False, True),
        (date(2027, 1, 1), True, False),  # a Friday
        (date(2027, 1, 2), False, False),
        (date(2003, 10, 1), True, False),  # a Wednesday
        (date(2099, 12, 31), True, False),
    ],
)
def test_weekdays_stand_in_outside_the_known_years(day: date, workday: bool, known: bool) -> None:
    assert StateCouncilCalendar().is_workday(day) == (workday, known)


def test_it_knows_its_last_year() -> None:
    calendar = StateCouncilCalendar()
    assert calendar.known_until() == 2026
    assert calendar.is_workday(date(calendar.known_until(), 12, 31)).known
    assert not calendar.is_workday(date(calendar.known_until() + 1, 1, 1)).known


def test_it_says_of_each_day_what_the_package_says() -> None:
    calendar = StateCouncilCalendar()
    days = [date(2004, 1, 1) + timedelta(days=n) for n in range((date(calendar.known_until() + 1, 1, 1) - date(2004, 1, 1)).days)]
    assert len(days) > 8_000
    assert [calendar.is_workday(day) for day in days] == [(chinese_calendar.is_workday(day), True) for day in days]
