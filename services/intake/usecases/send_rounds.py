"""The rounds of a worker's sender: what is pending, and what a lost sender held."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

AT_ONCE = 32
LOOKED_AT = 8 * AT_ONCE
"""In an order of each worker's own: several mostly take different ones. Many, as the embedded store reads all that is due at each look."""
FINISH_SECONDS = 15.0
"""At the end what is with a provider is heard out and recorded, within the time that a process has for its end."""

Due = Callable[[int], Awaitable[list[tuple[str, str]]]]
Deliver = Callable[[str, str], Coroutine[Any, Any, int]]


async def send_round(due: Due, deliver: Deliver) -> int:
    """Deliver what is due, (grievance, person), some hundred at most; returns how many ended. Raises a trouble when all have tried."""
    found = await due(LOOKED_AT)
    random.shuffle(found)
    gate, leaving = asyncio.Semaphore(AT_ONCE), False

    async def one(grievance: str, person: str) -> int:
        async with gate:
            return 0 if leaving else await deliver(grievance, person)

    sending = [asyncio.create_task(one(grievance, person)) for grievance, person in found]
    if not sending:
        return 0
    try:
        await asyncio.wait(sending)
    except asyncio.CancelledError:
        leaving = True
        _done, late = await asyncio.wait(sending, timeout=FINISH_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)
        raise
    ended = 0
    for result in await asyncio.gather(*sending, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result
        ended += result
    return ended
