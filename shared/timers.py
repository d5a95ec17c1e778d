"""What a document has to do by the clock alone, done once, at its time, however many workers run (docs/decisions/0042).

The one write of a document derives `timer`, when the clock has to look at it again; nothing where it has not. A worker looks each second
for what is due, by an index, and lets the document's own state decide in a guarded write: what was done is part of the state after, so that
whoever comes second, after a crash or beside another worker, finds nothing to do. Time may stand still, jump or be a day late: due is what
the state says, and when it was to be done.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from shared import telemetry
from shared.contracts.base import Contract
from shared.mongo import ASCENDING, Collection, IndexModel
from shared.records import StoreTrouble, store_errors
from shared.writer import Writer

TIMER = "timer"
"""The field: a date, by business time; absent where nothing is to come."""
TIMER_INDEX = IndexModel([(TIMER, ASCENDING)], name="timer", sparse=True)
ROUND_SECONDS = 1.0
TAKEN_AT_ONCE = 256
"""The first that are due. Each worker does them in an order of its own, so that several mostly meet different documents."""
FIRED_AT_ONCE = 8
AGAIN_SECONDS = 60.0
"""What failed by a defect is tried again then; the others do not wait for it."""

Fire = Callable[[Any, datetime], tuple[Any, list[Contract]] | None]
"""The state, and now by business time → the state in which that is done, with what is told of it; None where nothing is due."""


class Timers:
    """The timers of one collection, in one process."""

    def __init__(self, service: str, collection: Collection, writer: Writer, fire: Fire, now: Callable[[], datetime]) -> None:
        self._service = service
        self._collection = collection
        self._writer = writer
        self._fire = fire
        self._now = now
        self._failed: dict[str, float] = {}

    async def round(self) -> int:
        """Do all that is due, the earliest few hundred first; returns in how many documents. Raises StoreTrouble."""
        fired = 0
        while due := await self._due():
            random.shuffle(due)
            gate = asyncio.Semaphore(FIRED_AT_ONCE)
            done = await asyncio.gather(*(self._do(id, gate) for id in due), return_exceptions=True)
            for error in done:
                if isinstance(error, BaseException):
                    raise error
            fired += done.count(True)
            if not any(done):
                # Others are at it, or it cannot be done now.
                break
        return fired

    async def _due(self) -> list[str]:
        """The first that are due, by when they are; what failed just now is left out."""
        now = time.monotonic()
        self._failed = {id: again for id, again in self._failed.items() if again > now}
        query: dict[str, Any] = {TIMER: {"$lte": self._now()}}
        if self._failed:
            query["_id"] = {"$nin": list(self._failed)}
        with store_errors():
            rows = await self._collection.find(query, {TIMER: 1}).sort(TIMER, ASCENDING).limit(TAKEN_AT_ONCE).to_list(TAKEN_AT_ONCE)
        lag = (self._now() - rows[0][TIMER]).total_seconds() if rows else 0.0
        telemetry.TIMER_LAG.labels(self._service).set(lag)
        return [row["_id"] for row in rows]

    async def _do(self, id: str, gate: asyncio.Semaphore) -> bool:
        async with gate:
            try:
                done = await self._writer.act(id, lambda state: self._fire(state, self._now()))
            except StoreTrouble:
                raise
            except Exception as error:
                # Text of a defect may hold values of the document.
                telemetry.log().error("a timer failed", id=id, error=type(error).__name__)
                telemetry.TIMERS_FAILED.labels(self._service).inc()
                self._failed[id] = time.monotonic() + AGAIN_SECONDS
                return False
        if done:
            telemetry.TIMERS_FIRED.labels(self._service).inc()
        return done
