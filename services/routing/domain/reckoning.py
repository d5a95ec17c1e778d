"""By what deadlines are reckoned: the limits that are in force, and which days and hours people work. Pure; passed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from services.routing.domain.catalogue import Grade
from services.routing.domain.limits import Limits, Term, Terms
from services.routing.domain.timetable import Timetable
from services.routing.domain.workdays import Due, add_working_days, working_day_before
from shared.china_time import CHINA, day_in_china
from shared.contracts.intake import Kind


@dataclass(frozen=True)
class Reckoning:
    limits: Limits
    timetable: Timetable

    def terms(self, kind: Kind, grade: Grade, category: str | None, at: datetime) -> Terms:
        """What is in force on that day in China."""
        return self.limits.of(kind, grade, category, day_in_china(at))

    def days(self, start: datetime, days: int, department: str = "") -> Due:
        """The close of work, at this department, of the working day so many after the day of `start`."""
        return add_working_days(start, days, self.timetable, department)

    def close_of(self, day: date, department: str = "") -> datetime:
        """The close of work, at this department, of that very day, whether or not people work on it."""
        return datetime.combine(day, self.timetable.hours(department).closes, CHINA).astimezone(UTC)

    def days_before(self, due: datetime, days: int, department: str = "") -> datetime:
        """The close of work, at this department, of the working day so many before the day of `due`."""
        return working_day_before(due, days, self.timetable, department)

    def days_between(self, start: datetime, end: datetime) -> int:
        """Working days after the day of `start`, up to and with the day of `end`; 0 where that is no later."""
        first, days = day_in_china(start), (day_in_china(end) - day_in_china(start)).days
        return sum(self.timetable.is_workday(first + timedelta(days=each + 1)).workday for each in range(days))

    def after(self, start: datetime, term: Term, department: str = "") -> Due:
        if term.hours is not None:
            return Due(start + timedelta(hours=term.hours), provisional=False)
        assert term.days is not None
        return self.days(start, term.days, department)
