"""The versions of the timetable."""

from __future__ import annotations

from datetime import date, time

from services.routing.domain.timetable import OfficeHours, SpecialDay, Timetable, TimetableRow
from services.routing.store.versions import Form, Versions
from shared.mongo import Database
from shared.records import Document

COLLECTION = "timetables"


class Timetables(Versions[Timetable, TimetableRow]):
    """Each version is read over the calendar of `first`: it is the installed package's, and no part of what was published."""

    def __init__(self, database: Database, first: Timetable) -> None:
        def table(version: int, rows: tuple[TimetableRow, ...]) -> Timetable:
            return Timetable(version, rows, first.calendar)

        super().__init__(database, Form(COLLECTION, "rows", table, lambda timetable: timetable.rows, _document, _row), first)


def _document(row: TimetableRow) -> Document:
    if isinstance(row, SpecialDay):
        return {"day": row.day.isoformat(), "works": row.works, "name": row.name}
    return {"department": row.department, "opens": f"{row.opens:%H:%M}", "closes": f"{row.closes:%H:%M}", "name": row.name}


def _row(kept: Document) -> TimetableRow:
    if "day" in kept:
        return SpecialDay(date.fromisoformat(kept["day"]), kept["works"], kept["name"])
    return OfficeHours(kept["department"], time.fromisoformat(kept["opens"]), time.fromisoformat(kept["closes"]), kept["name"])
