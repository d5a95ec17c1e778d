"""From outbox to broker: every entry is kept in `events` (or `audit`), then published and confirmed in order, then removed.

The process that wrote relays at once; the sweeper in every process does the same for what a crash left behind. Delivered at least
once, in order per document for one relay; consumers make it exactly once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Protocol

from shared import failpoints, telemetry
from shared.envelope import Event
from shared.records import Records, StoreTrouble
from shared.writer import event_of

SWEPT_AT_ONCE = 200
ASIDE = timedelta(minutes=5)
SELDOM = 5
"""A process that starts looks at every collection; by then, that of one lost beside it waits some rounds more."""


class PublishTrouble(Exception):
    """The broker did not confirm: unreachable, too slow, refused, or nothing is bound. The entry stays in the outbox."""


class Publisher(Protocol):
    async def publish(self, event: Event) -> None:
        """Return once the broker has confirmed; raise PublishTrouble otherwise."""
        ...


async def flush(records: Records, publisher: Publisher, id: str) -> int:
    """Relay one document's outbox; stops at the first entry that is not confirmed. Returns how many were relayed."""
    entries = await records.outbox(id)
    if not entries:
        return 0
    await records.remember(entries)
    confirmed: list[str] = []
    try:
        for entry in entries:
            if entry["kind"] == "event":
                await publisher.publish(event_of(entry["row"]))
                failpoints.reach("after-publish")
            confirmed.append(entry["id"])
    finally:
        if confirmed:
            await records.settle(id, confirmed)
    return len(confirmed)


class Relay:
    """The relay and the sweeper of one process, over one or more collections."""

    def __init__(self, service: str, publisher: Publisher, real_now: Callable[[], datetime], sweep_age: timedelta) -> None:
        self._service = service
        self._records: list[Records] = []
        self._seldom: set[int] = set()
        self._held: set[int] = set()
        self._rounds = 0
        self._publisher = publisher
        self._real_now = real_now
        self._sweep_age = sweep_age
        self._tasks: dict[tuple[int, str], asyncio.Task[None]] = {}
        self._again: set[tuple[int, str]] = set()
        self._limit = asyncio.Semaphore(32)
        self._aside: dict[tuple[int, str], datetime] = {}

    def watch(self, records: Records, *, seldom: bool = False) -> Callable[[str], None]:
        """Sweep this collection too; returns what a writer calls after each write, with the document's id. `seldom`: it changes so
        seldom that it is looked at in one round of SELDOM, unless this process could not relay something of it."""
        self._records.append(records)
        collection = len(self._records) - 1
        if seldom:
            self._seldom.add(collection)
        return lambda id: self._soon((collection, id))

    @property
    def watched(self) -> list[Records]:
        """All collections whose documents have an outbox."""
        return list(self._records)

    def _soon(self, key: tuple[int, str]) -> None:
        """Relay in a task of its own; one at a time per document, once more if it was asked for meanwhile."""
        if key in self._tasks:
            self._again.add(key)
            return
        task = asyncio.get_running_loop().create_task(self._run(key))
        self._tasks[key] = task
        task.add_done_callback(lambda _task: self._done(key))

    async def sweep(self, older_than: timedelta | None = None) -> int:
        """Relay what is older than the sweep age (or the age given); returns how many documents were found."""
        found = 0
        before = self._real_now() - (self._sweep_age if older_than is None else older_than)
        now = self._real_now()
        self._aside = {key: until for key, until in self._aside.items() if until > now}
        for collection, records in enumerate(self._records):
            if older_than is None and collection in self._seldom - self._held and self._rounds % SELDOM:
                continue
            self._held.discard(collection)
            # Those put aside do not stand in the way of the others.
            for id in await records.unsent(before, SWEPT_AT_ONCE + len(self._aside)):
                if (collection, id) not in self._tasks and (collection, id) not in self._aside:
                    found += 1
                    self._soon((collection, id))
        self._rounds += 1
        telemetry.SWEPT.labels(self._service).inc(found)
        return found

    async def drain(self) -> None:
        """Wait until no relay is under way; for shutdown."""
        while self._tasks:
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _run(self, key: tuple[int, str]) -> None:
        collection, id = key
        async with self._limit:
            try:
                await flush(self._records[collection], self._publisher, id)
            except (PublishTrouble, StoreTrouble) as trouble:
                # The entries are in the document: the sweeper comes back to them.
                self._held.add(collection)
                telemetry.log().info("relay held", document=id, trouble=str(trouble))
            except Exception as error:
                # Something about this document: it is looked at again, but not at every round.
                self._aside[key] = self._real_now() + ASIDE
                telemetry.log().error("relay failed", document=id, error=type(error).__name__)

    def _done(self, key: tuple[int, str]) -> None:
        del self._tasks[key]
        if key in self._again:
            self._again.discard(key)
            self._soon(key)


async def shielded(work: Callable[[], Awaitable[object]], service: str) -> None:
    """Run one round of a background loop; trouble is logged and the loop goes on, a defect is logged with its type."""
    try:
        await work()
    except (PublishTrouble, StoreTrouble) as trouble:
        telemetry.log().warning("background round held", service=service, trouble=str(trouble))
    except Exception as error:
        telemetry.log().error("background round failed", service=service, error=type(error).__name__)
