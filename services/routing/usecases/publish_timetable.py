"""PublishTimetable: the days and hours of work in a file become the newest version."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.routing.domain.targets import Departments
from services.routing.domain.timetable import OfficeHours, TimetableRow
from services.routing.domain.timetable_file import BadTimetable, read_timetable


class Versions(Protocol):
    async def publish(self, rows: tuple[TimetableRow, ...], at: datetime, by: str) -> int: ...


@dataclass(frozen=True)
class Publishing:
    versions: Versions
    known: Departments


async def publish_timetable(parts: Publishing, text: str, at: datetime, by: str) -> int:
    """The new version. Raises BadTimetable, also for a department that is not recorded: its hours would be nobody's."""
    rows = read_timetable(text)
    named = [row.department for row in rows if isinstance(row, OfficeHours) and row.department]
    unknown = [code for code in named if code not in parts.known]
    if unknown:
        raise BadTimetable([f"no department {code} · 没有部门 {code}" for code in unknown])
    return await parts.versions.publish(rows, at, by)
