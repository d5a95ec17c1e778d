"""Starts again what dies, ever more slowly while it keeps dying."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from deploy.local.processes import Process
from deploy.local.trouble import Trouble

LONGEST_SECONDS = 30.0
STEADY_SECONDS = 60.0
"""A process that lived this long is not held answerable for earlier deaths."""


@dataclass
class _Record:
    deaths: int = 0
    seen_alive_at: float = 0.0
    due_at: float | None = None
    paused: bool = False


@dataclass
class Revival:
    """`look` is called again and again with all processes. `monotonic` is an argument for tests."""

    say: Callable[[str], None]
    monotonic: Callable[[], float] = time.monotonic
    _records: dict[str, _Record] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def look(self, processes: Sequence[Process]) -> None:
        for process in processes:
            with self._lock:
                record = self._records.setdefault(process.name, _Record())
                if not record.paused:
                    self._look_at(process, record)

    @contextmanager
    def paused(self, process: Process) -> Iterator[None]:
        """While somebody stops and starts it on purpose."""
        with self._lock:
            record = self._records.setdefault(process.name, _Record())
            record.paused = True
        try:
            yield
        finally:
            with self._lock:
                record.paused = False
                record.due_at = None

    def _look_at(self, process: Process, record: _Record) -> None:
        now = self.monotonic()
        if process.alive:
            if record.due_at is not None:
                record.due_at = None
            if not record.seen_alive_at:
                record.seen_alive_at = now
            if now - record.seen_alive_at > STEADY_SECONDS:
                record.deaths = 0
            return
        if record.due_at is None:
            wait = self._wait(process, record)
            record.due_at = now + wait
            record.seen_alive_at = 0.0
            self.say(f"{process.name} ended ({how_it_ended(process.returncode)}); starting it again" + (f" in {wait:g} s" if wait else ""))
        if now >= record.due_at:
            record.due_at = None
            try:
                process.start()
            except Trouble as trouble:
                self.say(str(trouble))

    def _wait(self, process: Process, record: _Record) -> float:
        # Somebody asked it to end in good order, as `restart` does: no fault, no waiting.
        if process.returncode in (0, -signal.SIGTERM) and record.deaths == 0:
            record.deaths = 1
            return 0.0
        record.deaths += 1
        return float(min(0.5 * 2 ** (record.deaths - 1), LONGEST_SECONDS))


def how_it_ended(code: int | None) -> str:
    """`code 1`, `SIGKILL`."""
    if code is not None and code < 0:
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"
    return f"code {code}"
