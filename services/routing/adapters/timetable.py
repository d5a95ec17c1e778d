"""Reads the timetable that the package brings, over the package's calendar."""

from services.routing.adapters.calendar import StateCouncilCalendar
from services.routing.adapters.categories import DATA
from services.routing.domain.timetable import Timetable
from services.routing.domain.timetable_file import read_timetable

FIRST = DATA / "timetable.csv"


def first_timetable() -> Timetable:
    """Version 1: the hours of work; the days are those of the calendar. Raises BadTimetable."""
    return Timetable(1, read_timetable(FIRST.read_text(encoding="utf-8-sig")), StateCouncilCalendar())
