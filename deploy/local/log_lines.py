"""Lines of the log files in order of their times: the last so many, or all since a moment."""

from __future__ import annotations

import heapq
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy.local.logs import worth_showing
from deploy.local.trouble import Trouble

# Ours are JSON with "timestamp"; the broker begins its lines with local time and an offset, or with none at all.
OURS = re.compile(r'"timestamp": ?"([^"]+)"')
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
THEIRS = re.compile(r"^(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)")
SPAN = re.compile(r"(\d+)\s*([smhd])")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, order=True)
class Line:
    """`at` is that of the line before for a line that names none."""

    at: datetime
    process: str
    text: str


def since(text: str, now: datetime) -> datetime:
    """`10m`, `2h`, `1d`, or an ISO time (local where it names no zone). Raises Trouble."""
    span = SPAN.fullmatch(text.strip())
    if span:
        return now - timedelta(**{UNITS[span[2]]: int(span[1])})
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Trouble(f"{text!r} is no time: type 30s, 10m, 2h, 1d, or 2026-11-25T09:30 · 时间格式应如 10m 或 2026-11-25T09:30") from None
    return at.astimezone(UTC)


def log_files(logs: Path, names: Sequence[str]) -> dict[str, Path]:
    """By process; all there are when none is named. Raises Trouble for a name without a file."""
    found = {path.stem: path for path in sorted(logs.glob("*.log"))}
    for name in names:
        if name not in found:
            raise Trouble(f"no log of {name!r}: there are {', '.join(found) or 'none'} · 没有 {name} 的日志")
    return {name: path for name, path in found.items() if not names or name in names}


def read_lines(files: dict[str, Path], begin: datetime, count: int, *, whole: bool = True) -> list[Line]:
    """Merged by time: those at or after `begin`, of these the last `count`; without `whole` the noisy processes' warnings only."""
    merged = heapq.merge(*(_lines(name, path, begin) for name, path in files.items()), key=lambda line: line.at)
    return list(deque((line for line in merged if whole or worth_showing(line.process, line.text)), maxlen=count))


def _lines(name: str, path: Path, begin: datetime) -> Iterator[Line]:
    at = LONG_AGO
    with path.open(encoding="utf-8", errors="replace") as file:
        for raw in file:
            text = COLOUR.sub("", raw)
            # Never back: the files are merged by time, and a line that says nothing of it belongs to the one before.
            at = max(at, time_of(text) or at)
            if text.strip() and at >= begin:
                yield Line(at, name, text.rstrip("\n"))


def time_of(text: str) -> datetime | None:
    found = OURS.search(text) or THEIRS.match(text)
    if found is None:
        return None
    try:
        return datetime.fromisoformat(found[1].replace(" ", "T", 1)).astimezone(UTC)
    except ValueError:
        return None
