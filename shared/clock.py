"""Business time. Everything that a citizen or an official would call “when” reads a Clock; leases, tokens and logs use real time."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from shared.settings import CommonSettings


class Clock(Protocol):
    def now(self) -> datetime:
        """Business time, aware, UTC, to the millisecond (what MongoDB keeps)."""
        ...


def to_millisecond(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


class SystemClock:
    def now(self) -> datetime:
        return to_millisecond(datetime.now(UTC))


class ShiftedClock:
    """Development's clock: real time plus an offset that all processes read from one file, at most once in 50 ms.

    The shown time never goes back: a smaller target than the present reading is refused by `move_to`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = timedelta(0)
        self._checked = 0.0

    def now(self) -> datetime:
        if time.monotonic() - self._checked > 0.05:
            self._offset = _read(self._path)
            self._checked = time.monotonic()
        return to_millisecond(datetime.now(UTC) + self._offset)

    def move_to(self, target: datetime) -> None:
        """Move business time forward to `target`. On a fresh file any start is allowed, e.g. 5 June 2020."""
        if self._path.exists() and target < datetime.now(UTC) + _read(self._path):
            raise ValueError(f"the business clock moves only forward; {target.isoformat()} is in its past")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        fresh.write_text(str((target - datetime.now(UTC)).total_seconds()), encoding="ascii")
        os.replace(fresh, self._path)
        self._checked = 0.0


def _read(path: Path) -> timedelta:
    try:
        return timedelta(seconds=float(path.read_text(encoding="ascii")))
    except FileNotFoundError:
        return timedelta(0)


def clock_from(settings: CommonSettings) -> Clock:
    """The process's clock. An offset outside development is a defect of the deployment and stops the start."""
    if settings.clock_file is None:
        return SystemClock()
    if settings.env != "development":
        raise RuntimeError("MINYI_CLOCK_FILE is for MINYI_ENV=development only; unset it")
    return ShiftedClock(settings.clock_file)
