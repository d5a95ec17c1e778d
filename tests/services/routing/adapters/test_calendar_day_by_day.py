"""The calendar held against a second source, the package holidays, day by day: where they differ, calendar_differences.csv says why.

Each is kept from the notices of the State Council by its own maintainers (0041).
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path

import holidays
import pytest

from services.routing.adapters.calendar import StateCouncilCalendar

YEARS = range(2020, 2027)
DAYS = [day for n in range(7 * 366) if (day := date(YEARS[0], 1, 1) + timedelta(days=n)).year in YEARS]
EXPLAINED = Path(__file__).with_name("calendar_differences.csv")
SECOND = holidays.country_holidays("CN", years=YEARS)
WORDS = {"off": False, "work": True}
Works = Callable[[date], bool]
# By day: what ours says and what theirs says.
Differences = Mapping[date, tuple[bool, bool]]


def ours(day: date) -> bool:
    return StateCouncilCalendar().is_workday(day).workday


def theirs(day: date) -> bool:
    return SECOND.is_working_day(day)


def differences(one: Works, other: Works) -> Differences:
    return {day: (one(day), other(day)) for day in DAYS if one(day) != other(day)}


def complaints(found: Differences, explained: Differences) -> list[str]:
    """What is found and not explained so, and what is explained and not found."""
    words = {works: word for word, works in WORDS.items()}
    new = [f"{day}: {words[a]} here, {words[b]} there, unexplained" for day, (a, b) in found.items() if explained.get(day) != (a, b)]
    return new + [f"{day}: explained, but no such difference" for day in explained if day not in found]


def explained() -> Differences:
    with EXPLAINED.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert all(row["why"].strip() for row in rows)
    assert len({row["day"] for row in rows}) == len(rows)
    return {date.fromisoformat(row["day"]): (WORDS[row["ours"]], WORDS[row["theirs"]]) for row in rows}


@pytest.mark.row("S52")
def test_every_day_on_which_the_two_differ_is_explained_and_every_explanation_is_needed() -> None:
    assert len(DAYS) == 2557
    assert complaints(differences(ours, theirs), explained()) == []


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.parametrize("works", [ours, theirs])
def test_both_know_the_notice_of_each_year(works: Works, year: int) -> None:
    """Not the weekday alone: there are made-up weekends, and weekdays off beyond New Year's Day."""
    days = [day for day in DAYS if day.year == year]
    assert sum(works(day) for day in days if day.weekday() > 4) >= 4
    assert sum(not works(day) for day in days if day.weekday() < 5) >= 15


def test_a_difference_without_its_explanation_is_found_and_so_is_an_explanation_without_its_difference() -> None:
    labour_day, make_up, monday = date(2026, 5, 1), date(2026, 2, 14), date(2026, 6, 8)
    found = differences(ours, lambda day: theirs(day) != (day in (labour_day, make_up)))
    assert found == {labour_day: (False, True), make_up: (True, False)}
    assert complaints(found, found) == []
    assert complaints(found, {labour_day: (False, True), monday: (True, False)}) == [
        "2026-02-14: work here, off there, unexplained",
        "2026-06-08: explained, but no such difference",
    ]
    # Explained the wrong way round.
    assert complaints(found, {**found, make_up: (False, True)}) == ["2026-02-14: work here, off there, unexplained"]
