"""Shows log files as they grow, each line with the name of its process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

LOOK_SECONDS = 0.2
# The broker tells much that concerns nobody here; its whole log is in the file.
# A supervisor in the background writes everybody's lines beside its own.
NOISY = {"broker": ("[error]", "[warning]", "[critical]"), "epmd": (), "supervisor": ("supervisor |",)}


def worth_showing(name: str, line: str) -> bool:
    """To somebody who has not asked for this process's log."""
    return name not in NOISY or any(mark in line for mark in NOISY[name])


class Follower:
    """Follows <name>.log of `names` in `directory` from where they end now, until `stop`. `whole` shows the noisy ones' lines too."""

    def __init__(
        self, directory: Path, names: Callable[[], Sequence[str]], show: Callable[[str, str], None], *, whole: bool = False
    ) -> None:
        self._whole = whole
        self._directory = directory
        self._names = names
        self._show = show
        self._places: dict[str, int] = {path.stem: path.stat().st_size for path in directory.glob("*.log")} if directory.is_dir() else {}
        self._rests: dict[str, bytes] = {}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self.run, name="logs", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """After showing what is there; nothing, when it was never started."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()
            self.look()

    def look(self) -> None:
        """Show the lines that are whole by now."""
        for name in self._names():
            for line in self._new_lines(name):
                if self._whole or worth_showing(name, line):
                    self._show(name, line)

    def run(self) -> None:
        """In the caller's thread, until `stop` or an exception."""
        while not self._ending.wait(LOOK_SECONDS):
            self.look()

    def _new_lines(self, name: str) -> list[str]:
        path = self._directory / f"{name}.log"
        try:
            with path.open("rb") as file:
                size = file.seek(0, 2)
                # Shorter than before: it was put aside and begun anew.
                place = self._places.get(name, 0)
                file.seek(place if place <= size else 0)
                new = file.read()
                self._places[name] = file.tell()
        except OSError:
            return []
        *whole, rest = (self._rests.get(name, b"") + new).split(b"\n")
        self._rests[name] = rest
        return [line.decode("utf-8", errors="replace") for line in whole if line.strip()]
