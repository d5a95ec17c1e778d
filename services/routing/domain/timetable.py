"""作息表, the timetable: on which days people work and until what hour (S52). Pure.

The package's calendar ends with the year that the State Council has announced; an installation publishes what it knows beyond, or
otherwise, as rows (timetable_file.py). A row beats the calendar for its day.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, time
from functools import cached_property

from services.routing.domain.workdays import CLOSE_OF_WORK, OPEN_OF_WORK, Calendar, Hours, Workday

DEFAULT_HOURS = Hours(OPEN_OF_WORK, CLOSE_OF_WORK)


@dataclass(frozen=True)
class SpecialDay:
    """A day that differs from what the calendar or the weekday says; `name` tells why (元旦, 调休)."""

    day: date
    works: bool
    name: str


@dataclass(frozen=True)
class OfficeHours:
    """From when until when a department works, in China's time; `department` is its code, "" for all that have no row of their own."""

    department: str
    opens: time
    closes: time
    name: str = ""


TimetableRow = SpecialDay | OfficeHours


@dataclass(frozen=True)
class Timetable:
    """One version. `calendar` is what the package knows."""

    version: int
    rows: tuple[TimetableRow, ...]
    calendar: Calendar = field(compare=False)

    def is_workday(self, day: date) -> Workday:
        """`known` for the years of the calendar, and for a year of which a row tells any day: the State Council's notice lists every day of
        its year that differs from the weekday, and is to be published whole."""
        if day in self._days:
            return Workday(self._days[day], known=True)
        found = self.calendar.is_workday(day)
        return Workday(found.workday, known=found.known or day.year in self._years)

    def hours(self, department: str = "") -> Hours:
        """Of a department, by its code; of one without a row those of everybody, 08:30 to 17:30 unless a row says otherwise."""
        return self._hours.get(department) or self._hours.get("") or DEFAULT_HOURS

    def known_until(self) -> int:
        """The last year up to which none is unknown."""
        year = self.calendar.known_until()
        while year + 1 in self._years:
            year += 1
        return year

    @cached_property
    def _days(self) -> dict[date, bool]:
        return {row.day: row.works for row in self.rows if isinstance(row, SpecialDay)}

    @cached_property
    def _years(self) -> frozenset[int]:
        return frozenset(day.year for day in self._days)

    @cached_property
    def _hours(self) -> dict[str, Hours]:
        return {row.department: Hours(row.opens, row.closes) for row in self.rows if isinstance(row, OfficeHours)}
