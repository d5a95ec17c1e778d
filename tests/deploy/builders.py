"""Broker and store that are nobody's, and a way to wait."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from deploy.local.parts import Parts
from deploy.local.ports import Ports


class StillPart:
    """A part that starts nothing. It remembers what was asked of it."""

    own = False
    processes = ()
    described = "nothing"
    retry_writes = True

    def __init__(self, url: str) -> None:
        self.url = url

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def ready(self) -> bool:
        return True


def still_parts(local_dir: Path) -> Parts:
    return Parts(local_dir, cast(Any, StillPart("amqp://nowhere/")), cast(Any, StillPart("mongodb://nowhere/")), Ports())


def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.02)


def bare_environment() -> dict[str, str]:
    """What a person's shell has: nothing of ours."""
    kept = ("MINYI_SUPERGRAPH",)
    return {name: value for name, value in os.environ.items() if not name.startswith(("MINYI_", "MAKE")) or name in kept}
