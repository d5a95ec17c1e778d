"""What a query reads and how its time grows: the same question asked of a small and of a ten times larger database.

The commands are caught on their way to the store, so that what is explained is what was really sent. The embedded store's `explain`
says COLLSCAN for a filter that has a field beside the index, served by it or not (`{_id, version}` is the best known): such a filter is
explained by its one field that has an index, and the growth of the time tells whether the rest made it scan.
"""

from __future__ import annotations

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

SMALL, LARGE = 1_000, 10_000
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
    """What a question read in the small and in the large database; `ratio` of the medians of its times, large by small."""

    small: list[tuple[Read, Plan]]
    large: list[tuple[Read, Plan]]
    ratio: float

    @property
    def indexes(self) -> set[str]:
        """`collection.index` of each read; `collection.SCAN` where there is none."""
        return {f"{read.collection}.{plan.index or 'SCAN'}" for read, plan in [*self.small, *self.large]}

    def examined(self, collection: str) -> tuple[int, int]:
        small, large = (sum(plan.examined for read, plan in reads if read.collection == collection) for reads in (self.small, self.large))
        return small, large


@dataclass
class Pair:
    """A small and a large database of the same making."""

    small: Database
    large: Database
    spy: Spy = field(repr=False)

    async def ask(self, question: Ask) -> Growth:
        """Both are asked in turn, so that what else the machine does falls on both; again when the large one seems slow."""
        plans = []
        for asked in (self.small, self.large):
            self.spy.reads.clear()
            await question(asked)
            assert not self.spy.unknown, "commands that this spy does not understand"
            plans.append([(read, await plan_of(asked, read)) for read in list(self.spy.reads)])
        ratio = float("inf")
        for _ in range(ROUNDS):
            ratio = min(ratio, await self._ratio(question))
            if ratio <= MOST:
                break
        return Growth(plans[0], plans[1], ratio)

    async def _ratio(self, question: Ask) -> float:
        times: dict[str, list[float]] = {self.small.name: [], self.large.name: []}
        for _ in range(RUNS):
            for asked in (self.small, self.large):
                start = time.perf_counter()
                await question(asked)
                times[asked.name].append(time.perf_counter() - start)
        return statistics.median(times[self.large.name]) / statistics.median(times[self.small.name])


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
async def pair_of(parts: Parts, keys_dir: Path, make: Make, fill: Callable[[Database, int], Awaitable[None]]) -> AsyncIterator[Pair]:
    """Two databases of a service, migrated by itself and filled with SMALL and LARGE documents, dropped afterwards.

    `make` builds the service from its settings; `fill` gets a database and the number of documents to put there.
    """
    spy = Spy()
    client: Client = Client(parts.mongodb_url, retryWrites=parts.retry_writes, tz_aware=True, event_listeners=[spy])
    made = []
    try:
        for count in (SMALL, LARGE):
            settings = {
                "env": "development",
                "prefix": f"g{secrets.token_hex(4)}",
                "rabbitmq_url": parts.rabbitmq_url,
                "mongodb_url": parts.mongodb_url,
                "mongodb_retry_writes": parts.retry_writes,
                "keys_dir": keys_dir,
            }
            service = make(settings)
            made.append(client.get_database(service.runtime.database.name, read_concern=service.runtime.database.read_concern))
            await service.migrate()
            service.runtime.client.close()
            await fill(made[-1], count)
        yield Pair(made[0], made[1], spy)
    finally:
        for database in made:
            await client.drop_database(database.name)
        client.close()


async def insert(asked: Database, collection: str, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), 1_000):
        await asked[collection].insert_many(rows[start : start + 1_000], ordered=False)
