"""The timetable as the text of a CSV file: what an installation edits, publishes, and is shown. Pure.

what,key,value,name
day,2027-01-01,off,元旦
day,2027-01-03,work,调休
hours,,08:30-17:30,
hours,D-3708-ZJJ,09:00-17:00,
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, time

from services.routing.domain.csv_table import BadTable, Cells, Fault, Form, between, day_of, written_table
from services.routing.domain.timetable import OfficeHours, SpecialDay, TimetableRow
from services.routing.domain.workdays import Hours

COLUMNS = ("what", "key", "value", "name")
WORKS = {"off": False, "work": True}
HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
MOST_ROWS = 5_000


class BadTimetable(BadTable):
    """Of a file of days and hours of work."""


def read_timetable(text: str) -> tuple[TimetableRow, ...]:
    """Raises BadTimetable, which names every line and column that is wrong."""
    rows, faults = FORM.read(text)
    if faults:
        raise BadTimetable(faults)
    return rows


def written(rows: tuple[TimetableRow, ...]) -> str:
    """The file that `read_timetable` reads as these rows."""
    return written_table(COLUMNS, [_cells(row) for row in rows])


def _cells(row: TimetableRow) -> tuple[str, str, str, str]:
    if isinstance(row, SpecialDay):
        return "day", row.day.isoformat(), "work" if row.works else "off", row.name
    return "hours", row.department, f"{row.opens:%H:%M}-{row.closes:%H:%M}", row.name


def _faults(cells: Cells) -> Iterator[Fault]:
    if cells["what"] == "day":
        if day_of(cells["key"]) is None:
            yield Fault("key", "a day as YYYY-MM-DD, 2000 to 2099", "须为2000至2099年的日期，格式YYYY-MM-DD")
        if cells["value"] not in WORKS:
            yield Fault("value", "off or work", "须为off（放假）或work（上班）")
        yield from between(cells, "name", 1)
    elif cells["what"] == "hours":
        yield from between(cells, "key", 0)
        if _hours(cells["value"]) is None:
            yield Fault("value", "hours as 08:30-17:30, the later one behind", "须为起止时间，如08:30-17:30，先早后晚")
        yield from between(cells, "name", 0)
    else:
        yield Fault("what", "day or hours", "须为day（日期）或hours（作息时间）")


def _hours(text: str) -> Hours | None:
    found = HOURS.fullmatch(text)
    if found is None:
        return None
    hour, minute, to_hour, to_minute = map(int, found.groups())
    opens, closes = time(hour, minute), time(to_hour, to_minute)
    return Hours(opens, closes) if opens < closes else None


def _row(cells: Cells) -> TimetableRow:
    if cells["what"] == "day":
        return SpecialDay(date.fromisoformat(cells["key"]), WORKS[cells["value"]], cells["name"])
    hours = _hours(cells["value"])
    assert hours is not None
    return OfficeHours(cells["key"], hours.opens, hours.closes, cells["name"])


FORM = Form(COLUMNS, _faults, _row, once=(("what", "key"),), most=MOST_ROWS)
