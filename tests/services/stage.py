"""Two processes at one document at once, over a simulated store: each stops where it touches the store, and a chance says who goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from random import Random
from typing import TypeVar

from tests.services.builders import StillWorld
from tests.shared.model.world import Process

Result = TypeVar("Result")


class Stage(StillWorld):
    def __init__(self) -> None:
        super().__init__()
        self._acting = 0
        self._stopped: list[asyncio.Future[None]] = []

    async def point(self, _process: Process, _what: str, _trouble: type[Exception] | None = None) -> None:
        """Nobody stops who acts alone."""
        if self._acting:
            stop = asyncio.get_running_loop().create_future()
            self._stopped.append(stop)
            await stop

    async def at_once(self, chance: Random, *acts: Awaitable[Result]) -> list[Result]:
        """What each came to."""
        tasks = [asyncio.ensure_future(act) for act in acts]
        self._acting = len(tasks)
        while self._acting:
            if len(self._stopped) == self._acting:
                self._stopped.pop(chance.randrange(self._acting)).set_result(None)
            await asyncio.sleep(0)
            self._acting = sum(not task.done() for task in tasks)
        return [task.result() for task in tasks]
