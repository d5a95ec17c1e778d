"""Free ports on 127.0.0.1: a wanted one or the next above it, and private ones that are remembered between runs."""

from __future__ import annotations

import json
import random
import socket
from contextlib import suppress
from pathlib import Path

from deploy.local.trouble import Trouble

# Below the kernel's range for outgoing connections, away from the well-known ports of brokers and stores.
PRIVATE = range(28_000, 31_900)


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # A port whose last connections are still fading away is free; one that somebody listens on is not, whatever the address.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


class Ports:
    """Hands out each port once. Private ones are kept in `memory`, so that a broker's address outlives a restart of the supervisor."""

    def __init__(self, memory: Path | None = None) -> None:
        self._memory = memory
        self._taken: set[int] = set()
        self._remembered: dict[str, int] = {}
        if memory is not None:
            with suppress(OSError, ValueError):
                self._remembered = {str(name): int(port) for name, port in json.loads(memory.read_text(encoding="utf-8")).items()}

    def wanted(self, port: int) -> int:
        """`port`, or the next free one above it. Raises Trouble when 200 in a row are taken."""
        for candidate in range(port, min(port + 200, 65_536)):
            if self._take(candidate):
                return candidate
        raise Trouble(f"no free port from {port} to {port + 199}: stop what listens there (`ss -ltnp` shows it)")

    def private(self, name: str) -> int:
        """The port that `name` had last time, if it is free; else one at random from the private range."""
        known = self._remembered.get(name)
        if known and self._take(known):
            return known
        port = self.any()
        self._remember(name, port)
        return port

    def any(self) -> int:
        """A free port of the private range, at random: two that choose at the same moment rarely choose the same. Raises Trouble."""
        for candidate in random.sample(PRIVATE, 400):
            if self._take(candidate):
                return candidate
        raise Trouble("no free port between 28000 and 31899: stop what listens there (`ss -ltnp` shows it)")

    def _take(self, port: int) -> bool:
        if port in self._taken or not is_free(port):
            return False
        self._taken.add(port)
        return True

    def _remember(self, name: str, port: int) -> None:
        self._remembered[name] = port
        if self._memory is not None:
            self._memory.parent.mkdir(parents=True, exist_ok=True)
            self._memory.write_text(json.dumps(self._remembered, indent=1, sort_keys=True) + "\n", encoding="utf-8")
