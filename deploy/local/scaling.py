"""How many processes of each kind are wanted. The answer is a file in .local: `scale` writes it, the supervisor follows it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from deploy.local.local_directory import write_whole
from deploy.local.service import SERVICES
from deploy.local.trouble import Trouble

SCALE_FILE = "scale.json"
SCALABLE = tuple(f"{service}-{kind}" for service in SERVICES for kind in ("api", "worker"))
MOST = 16


def parse(wish: str) -> tuple[str, int]:
    """`routing-worker=3` → ("routing-worker", 3). Raises Trouble."""
    name, _, count = wish.partition("=")
    if name not in SCALABLE:
        raise Trouble(f"{name!r} does not scale: name one of {', '.join(SCALABLE)} · 可伸缩的进程只有这些")
    if not count.isdecimal() or not 1 <= int(count) <= MOST:
        raise Trouble(f"{count!r} is no number of processes: type {name}=N with N from 1 to {MOST} · 进程数须为 1 到 {MOST}")
    return name, int(count)


def read_wanted(local_dir: Path) -> dict[str, int]:
    """By process name; a kind that is not named is wanted once. An unreadable file counts as none."""
    with suppress(OSError, ValueError, AttributeError):
        raw = json.loads((local_dir / SCALE_FILE).read_text(encoding="utf-8"))
        return {name: int(count) for name, count in raw.items() if name in SCALABLE}
    return {}


def write_wanted(local_dir: Path, wanted: Mapping[str, int]) -> None:
    write_whole(local_dir / SCALE_FILE, json.dumps(dict(wanted), indent=1, sort_keys=True) + "\n")


def replica_names(name: str, count: int) -> list[str]:
    """`routing-worker`, `routing-worker-2`, `routing-worker-3`."""
    return [name, *(f"{name}-{number}" for number in range(2, count + 1))]
