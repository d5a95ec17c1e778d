"""What a query reads and how its time grows: the same question asked of a small and of a ten times larger database.

The commands are caught on their way to the store, so that what is explained is what was really sent. The embedded store's `explain`
says COLLSCAN for a filter that has a field beside the index, served by it or not (`{_id, version}` is the best known): such a filter is
explained by its one field that has an index, and the growth of the time tells whether the rest made it scan.
"""

from __future__ import annotations

import os
import secrets
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from deploy.local.parts import Parts
from shared.mongo import Client, Database
from shared.runtime import Runtime

TIMES = 10
# Filling two pairs is what takes long: the embedded store takes some 1,000 documents a second on a slow machine.
TIMEOUT = 400
MOST = 3.0
ROUNDS = 3
RUNS = 15

Ask = Callable[[Database], Awaitable[object]]


@dataclass(frozen=True)
class Read:
    """One read, or the finding of what a write changes."""

    collection: str
    filter: dict[str, Any]


class Spy(CommandListener):
    """Keeps the filters of all commands that look for documents."""

    def __init__(self) -> None:
        self.reads: list[Read] = []
        self.unknown: set[str] = set()

    def started(self, event: CommandStartedEvent) -> None:
        command = event.command
        if event.command_name == "find":
            self.reads.append(Read(command["find"], dict(command["filter"])))
        elif event.command_name in ("update", "delete"):
            parts = command["updates" if event.command_name == "update" else "deletes"]
            self.reads += [Read(command[event.command_name], dict(part["q"])) for part in parts]
        elif event.command_name in ("aggregate", "count", "distinct", "findAndModify"):
            self.unknown.add(event.command_name)

    def succeeded(self, event: CommandSucceededEvent) -> None:
        pass

    def failed(self, event: CommandFailedEvent) -> None:
        pass


@dataclass(frozen=True)
class Plan:
    """By which index a read is served, and how many documents the index hands out."""

    index: str | None
    examined: int


@dataclass
class Growth:
    """What a question read in the small and in the large database, and the medians of its times there, in seconds."""

    small: list[tuple[Read, Plan]]
    large: list[tuple[Read, Plan]]
    times: tuple[float, float]

    @property
    def ratio(self) -> float:
        """Large by small."""
        return self.times[1] / self.times[0]

    @property
    def indexes(self) -> set[str]:
        """`collection.index` of each read; `collection.SCAN` where there is none."""
        return {f"{read.collection}.{plan.index or 'SCAN'}" for read, plan in [*self.small, *self.large]}

    def examined(self, collection: str) -> tuple[int, int]:
        small, large = (sum(plan.examined for read, plan in reads if read.collection == collection) for reads in (self.small, self.large))
        return small, large


@dataclass
class Pair:
    """A small and a large database of the same making; `again` makes such a pair anew, elsewhere in the store.

    The embedded store has been seen (by CI, on 26 November 2026) to be 16 to 42 times slower for one collection of the large database than
    for the same of the small one, with an index and the same few documents read, and only in that run. So what seems to grow is asked
    once more of databases made anew: a scan grows there too.
    """

    small: Database
    large: Database
    spy: Spy = field(repr=False)
    again: Callable[[], Awaitable[Pair]] | None = field(default=None, repr=False)

    async def ask(self, question: Ask) -> Growth:
        """Both are asked in turn, so that what else the machine does falls on both; again when the large one seems slow."""
        plans = []
        for asked in (self.small, self.large):
            self.spy.reads.clear()
            await question(asked)
            assert not self.spy.unknown, "commands that this spy does not understand"
            plans.append([(read, await plan_of(asked, read)) for read in list(self.spy.reads)])
        for _ in range(ROUNDS):
            growth = Growth(plans[0], plans[1], await self._times(question))
            if growth.ratio <= MOST:
                return growth
        return growth if self.again is None else await (await self.again()).ask(question)

    async def _times(self, question: Ask) -> tuple[float, float]:
        times: dict[str, list[float]] = {self.small.name: [], self.large.name: []}
        for _ in range(RUNS):
            for asked in (self.small, self.large):
                start = time.perf_counter()
                await question(asked)
                times[asked.name].append(time.perf_counter() - start)
        return statistics.median(times[self.small.name]), statistics.median(times[self.large.name])


async def plan_of(asked: Database, read: Read) -> Plan:
    """See the top of this file for filters of several fields."""
    whole = await _explained(asked, read.collection, read.filter)
    if whole.index is not None:
        return whole
    for name, condition in read.filter.items():
        part = await _explained(asked, read.collection, {name: condition})
        if part.index is not None:
            return part
    return whole


async def _explained(asked: Database, collection: str, filter: dict[str, Any]) -> Plan:
    said = await asked.command("explain", {"find": collection, "filter": filter}, verbosity="executionStats")
    stage = said["queryPlanner"]["winningPlan"]
    while "inputStage" in stage:
        stage = stage["inputStage"]
    by_id = "_id_" if stage["stage"] in ("IDHACK", "EXPRESS_IXSCAN") else None
    return Plan(stage.get("indexName", by_id), said["executionStats"]["totalDocsExamined"])


class Service(Protocol):
    """What is needed of a service: its indexes."""

    runtime: Runtime

    async def migrate(self) -> None: ...


Make = Callable[[dict[str, Any]], Service]


@asynccontextmanager
async def pair_of(
    parts: Parts, keys_dir: Path, make: Make, fill: Callable[[Database, int], Awaitable[None]], small: int
) -> AsyncIterator[Pair]:
    """Two databases of a service, migrated by itself and filled with `small` and TIMES as many documents; dropped afterwards in a store
    that was given.

    `make` builds the service from its settings; `fill` gets a database and the number of documents to put there.
    """
    spy = Spy()
    client: Client = Client(parts.mongodb_url, retryWrites=parts.retry_writes, tz_aware=True, event_listeners=[spy])
    names: list[str] = []
    second: list[Pair] = []

    async def filled(count: int) -> Database:
        settings = {
            "env": "development",
            "prefix": f"g{secrets.token_hex(4)}",
            "rabbitmq_url": parts.rabbitmq_url,
            "mongodb_url": parts.mongodb_url,
            "mongodb_retry_writes": parts.retry_writes,
            "keys_dir": keys_dir,
        }
        service = make(settings)
        names.append(service.runtime.database.name)
        database = client.get_database(names[-1], read_concern=service.runtime.database.read_concern)
        await service.migrate()
        service.runtime.client.close()
        await fill(database, count)
        return database

    async def again() -> Pair:
        if not second:
            second.append(Pair(await filled(small), await filled(small * TIMES), spy))
            spy.unknown.clear()
        return second[0]

    try:
        yield Pair(await filled(small), await filled(small * TIMES), spy, again)
    finally:
        # The store of this run goes as a whole with its files; to drop so much of it alone takes it most of a minute.
        for name in names if os.environ.get("MINYI_MONGODB_URL") else []:
            await client.drop_database(name)
        client.close()


async def insert(asked: Database, collection: str, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), 1_000):
        await asked[collection].insert_many(rows[start : start + 1_000], ordered=False)
