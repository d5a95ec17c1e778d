"""`make dev`: restarts the processes whose source has changed. It looks at times of change; nothing is installed for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from deploy.local.processes import ROOT
from deploy.local.service import SERVICES
from deploy.local.supervisor import System
from deploy.local.trouble import Trouble

LOOK_SECONDS = 0.5
# What a process reads at its start: code, SDL, lists, rules.
SUFFIXES = {".py", ".graphql", ".csv", ".json"}


class Changes:
    """The source folders `services/<name>`, `gateway` and `shared` below `root`, compared with the last look."""

    def __init__(self, root: Path = ROOT) -> None:
        self._root = root
        self._last = dict(self._times())

    def look(self) -> set[str]:
        """Names of the folders in which a file was changed, added or removed since the last look: intake, gateway, shared …"""
        now = dict(self._times())
        changed = {path for path, _ in self._last.items() ^ now.items()}
        self._last = now
        return {self._part(path) for path in changed}

    def _times(self) -> Iterator[tuple[Path, int]]:
        for folder in (self._root / "shared", self._root / "gateway", *(self._root / "services" / name for name in SERVICES)):
            for path in folder.rglob("*"):
                if path.suffix in SUFFIXES and "__pycache__" not in path.parts:
                    try:
                        yield path, path.stat().st_mtime_ns
                    except FileNotFoundError:
                        continue

    def _part(self, path: Path) -> str:
        first, second = path.relative_to(self._root).parts[:2]
        return second if first == "services" else first


def concerned(parts: set[str], names: list[str]) -> list[str]:
    """The processes that run code of these folders; `shared` is everybody's."""
    return [name for name in names if "shared" in parts or any(name == part or name.startswith(f"{part}-") for part in parts)]


class Reloader:
    """Looks in a thread until its process ends."""

    def __init__(self, system: System, say: Callable[[str], None], changes: Changes | None = None) -> None:
        self._system = system
        self._say = say
        self._changes = changes or Changes()
        self._thread = threading.Thread(target=self._run, name="reload", daemon=True)
        self._never = threading.Event()

    def start(self) -> None:
        self._thread.start()

    def look(self) -> None:
        """Restart what the changes since the last look concern. A process that does not start is told, and tried at the next change."""
        parts = self._changes.look()
        names = concerned(parts, [service.name for service in self._system.services])
        if not names:
            return
        self._say(f"{', '.join(sorted(parts))} changed: restarting {', '.join(names)} · 源码有变更，正在重启")
        for name in names:
            try:
                self._system.restart(name)
            except Trouble as trouble:
                self._say(str(trouble))

    def _run(self) -> None:
        while not self._never.wait(LOOK_SECONDS):
            self.look()
