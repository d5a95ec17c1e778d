"""By what deadlines are reckoned: the limits that are in force, and which days and hours people work. Pure; passed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.routing.domain.catalogue import Grade
from services.routing.domain.limits import Limits, Term, Terms
from services.routing.domain.timetable import Timetable
from services.routing.domain.workdays import Due, add_working_days
from shared.china_time import day_in_china
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

    def after(self, start: datetime, term: Term, department: str = "") -> Due:
        if term.hours is not None:
            return Due(start + timedelta(hours=term.hours), provisional=False)
        assert term.days is not None
        return self.days(start, term.days, department)
