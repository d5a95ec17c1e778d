"""How long something takes where others work on the same machine."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable


async def quickest(runs: int, work: Callable[[], Awaitable[object]]) -> float:
    """Seconds of the quickest run: a busy neighbour can only add to a run, and what has grown is slow in every one."""
    times = []
    for _ in range(runs):
        begun = time.perf_counter()
        await work()
        times.append(time.perf_counter() - begun)
    return min(times)
