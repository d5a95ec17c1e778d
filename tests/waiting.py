"""Waiting for a condition, never for a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

Found = TypeVar("Found")


async def until(look: Callable[[], Awaitable[Found | None]], *, within: float = 20.0, what: str = "the condition") -> Found:
    """Look again and again until something truthy is there; its absence after `within` seconds is the failure."""
    deadline = time.monotonic() + within
    pause = 0.01
    while True:
        found = await look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come within {within:g} s; last seen: {found!r}")
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 0.2)
