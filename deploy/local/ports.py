"""Free ports on 127.0.0.1: a wanted one or the next above it, and private ones that are remembered between runs."""

from __future__ import annotations

import json
import os
import random
import socket
import sys
from contextlib import suppress
from pathlib import Path
from threading import Lock

from deploy.local.local_directory import write_whole
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


class Claim:
    """An abstract socket named after a port. Such names live where ports do, in the network's namespace, and end with their process."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    @classmethod
    def of(cls, port: int) -> Claim | None:
        """None when another supervisor has it. Where the system knows no abstract names, every claim is granted."""
        if sys.platform != "linux":
            return cls(None)
        name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            name.bind(f"\0minyi-port-{port}")
        except OSError:
            name.close()
            return None
        return cls(name.detach())

    def end(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def __del__(self) -> None:
        self.end()


class Ports:
    """Hands out each port once. Private ones are kept in `memory`, so that a broker's address outlives a restart of the supervisor.

    Two supervisors that choose at the same moment do not choose the same: each port is claimed from its choice to the supervisor's
    end, long before its process listens.
    """

    def __init__(self, memory: Path | None = None) -> None:
        self._memory = memory
        self._taken: dict[int, Claim] = {}
        self._remembered: dict[str, int] = {}
        self._writing = Lock()
        if memory is not None:
            with suppress(OSError, ValueError):
                self._remembered = {str(name): int(port) for name, port in json.loads(memory.read_text(encoding="utf-8")).items()}

    def wanted(self, port: int) -> int:
        """`port`, or the next free one above it. Raises Trouble when 200 in a row are taken."""
        for candidate in range(port, min(port + 200, 65_536)):
            if self._take(candidate):
                return candidate
        raise Trouble(f"no free port from {port} to {port + 199}: stop what listens there (`ss -ltnp` shows it) · 端口均被占用")

    def private(self, name: str) -> int:
        """The port that `name` had last time, if it is free; else one at random from the private range."""
        known = self._remembered.get(name)
        if known and self._take(known):
            return known
        port = self.any()
        self._remember(name, port)
        return port

    def remembered(self, name: str) -> int:
        """The private port that `name` has, for a process that only asks there. Raises Trouble."""
        if name not in self._remembered:
            raise Trouble(f"{self._memory} does not name the port of {name}: type `make down`, then `make up` · 端口记录缺失")
        return self._remembered[name]

    def any(self) -> int:
        """A free port of the private range, at random: two that choose at the same moment rarely choose the same. Raises Trouble."""
        for candidate in random.sample(PRIVATE, 400):
            if self._take(candidate):
                return candidate
        raise Trouble("no free port between 28000 and 31899: stop what listens there (`ss -ltnp` shows it) · 端口均被占用")

    def release(self, port: int) -> None:
        """It may be handed out again."""
        claim = self._taken.pop(port, None)
        if claim is not None:
            claim.end()

    def _take(self, port: int) -> bool:
        if port in self._taken or not is_free(port):
            return False
        claim = Claim.of(port)
        if claim is None:
            return False
        self._taken[port] = claim
        return True

    def _remember(self, name: str, port: int) -> None:
        # Broker and store are started side by side: what one of them writes holds what the other has written.
        with self._writing:
            self._remembered[name] = port
            if self._memory is not None:
                write_whole(self._memory, json.dumps(self._remembered, indent=1, sort_keys=True) + "\n")
