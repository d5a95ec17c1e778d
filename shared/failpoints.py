"""Named places where a test may kill the process, as a power cut would: MINYI_FAILPOINT=after-write.

MINYI_FAILPOINT_MARKER names a file that is written first; when it exists the process lives on, so that a restarted one does not die again.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Literal

Failpoint = Literal["after-write", "after-publish", "before-ack", "after-anchor", "while-marking"]

_armed = os.environ.get("MINYI_FAILPOINT", "")
_marker = os.environ.get("MINYI_FAILPOINT_MARKER", "")


def reach(name: Failpoint) -> None:
    """Die here by SIGKILL when a test asked for it; otherwise one string comparison."""
    if _armed != name:
        return
    if _marker:
        marker = Path(_marker)
        if marker.exists():
            return
        marker.write_text(name, encoding="ascii")
    os.kill(os.getpid(), signal.SIGKILL)
