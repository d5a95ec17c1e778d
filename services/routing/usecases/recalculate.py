"""RecalculateDeadlines: when another timetable is in force, provisional deadlines are reckoned again; operators hear how many are left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from services.routing.domain.recalculation import fix
from services.routing.domain.reckoning import Reckoning
from shared import telemetry
from shared.writer import Writer


class Provisional(Protocol):
    async def provisional(self) -> list[str]: ...


class Recalculation:
    """In one process. Several do the same work: a deadline that is fixed is provisional no more."""

    def __init__(self, cases: Provisional, writer: Writer, reckoning: Callable[[], Reckoning], now: Callable[[], datetime]) -> None:
        self._cases = cases
        self._writer = writer
        self._reckoning = reckoning
        self._now = now
        self._done_by: int | None = None

    async def round(self) -> int:
        """Returns how many cases were changed. Raises StoreTrouble; then all is tried again."""
        timetable = self._reckoning().timetable
        waiting = await self._cases.provisional()
        fixed = 0
        if timetable.version != self._done_by:
            for id in waiting:
                fixed += await self._writer.act(id, lambda case: fix(case, self._reckoning(), self._now()))
            self._done_by = timetable.version
        left = len(waiting) - fixed
        telemetry.PROVISIONAL_DEADLINES.set(left)
        if left:
            telemetry.log().warning(
                "deadlines are provisional: publish the timetable of the next year", cases=left, known_until=timetable.known_until()
            )
        return fixed
