"""Room in memory for files that nobody needs afterwards."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import psutil

from tests.world import ROOT

SHARED = "/dev/shm"
ROOM = 4 * 2**30
"""Bytes that are to be free, there and in the machine: the stores of a whole run hold less than a quarter of it."""


def memory() -> str | None:
    """A directory in memory in which programs can run too; None where there is none, or too little room."""
    if not os.access(SHARED, os.W_OK | os.X_OK) or os.statvfs(SHARED).f_flag & os.ST_NOEXEC:
        return None
    free = min(shutil.disk_usage(SHARED).free, psutil.virtual_memory().available)
    return SHARED if free >= ROOM else None


def place_of_parts() -> Path:
    """Where broker and store of a test run are: the same in every run, so that the next ends what a killed one left running."""
    temporary = Path(tempfile.gettempdir())
    return temporary / f"minyi-test-{os.getuid()}-{ROOT.name}" if temporary == Path(SHARED) else ROOT / ".local" / "test"
