"""100,000 open cases, 1,000 of them due in one minute: all are warned of within 30 s, and what is read grows with what is due alone.

Two workers at once, each with a connection of its own. Only those that fall due stand on desks: what a desk costs is open_cases' matter. A
warning counts when it is written; the relay publishes it from there.
"""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

from bench.loads.open_cases import AT_ONCE, TODAY, Spy, cases, chunks
from deploy.local.parts import Parts, ensure_parts
from services.routing.domain import watch
from services.routing.domain.case import SYSTEM, Case
from services.routing.domain.deadlines import Deadline, Deadlines, Entry
from services.routing.domain.nodes import Node
from services.routing.events import CONSUMERS, OPENS
from services.routing.store.mongo import CODEC, Cases, migrate
from shared.contracts.base import Contract
from shared.envelope import Event
from shared.mongo import Client
from shared.record import Participant, stub
from shared.tags import TAGS
from shared.timers import TIMER, Timers
from shared.writer import Writer

OPEN, DUE = 100_000, 1_000
SIZE = f"{OPEN:,} open cases, {DUE:,} due in one minute"
WITHIN = 30.0
"""Seconds in which all are to be warned of."""
WORKERS = 2
READ = 6.0
"""Documents read for each that is due, at most: both workers find it, and load it before they write."""
IDLE_ROUNDS = 50
DATABASE = "load_routing"


def main(scale: float) -> bool:
    with tempfile.TemporaryDirectory() as temporary, ensure_parts(Path(temporary) / "parts", fresh=True) as parts:
        return asyncio.run(_load(parts, round(OPEN * scale), round(DUE * scale)))


class Minute:
    """Business time stands at the end of a minute in which something fell due."""

    def __init__(self) -> None:
        self._ids = itertools.count()

    def now(self) -> datetime:
        return TODAY

    real_now = now

    def event_id(self) -> str:
        return f"e{next(self._ids)}"


def _no_event(_case: Case | None, event: Event) -> tuple[Case, list[Contract]]:
    raise LookupError(event.type)


class Worker:
    """One of several, and what it has read."""

    def __init__(self, parts: Parts) -> None:
        self.spy, world = Spy(), Minute()
        self.client: Client = Client(parts.mongodb_url, retryWrites=parts.retry_writes, tz_aware=True, event_listeners=[self.spy])
        self.cases = Cases(self.client[DATABASE])
        participant = Participant("routing", _no_event, frozenset(CONSUMERS), OPENS)
        writer = Writer(self.cases, participant, CODEC, world, lambda _id: None, bytes(32))
        self.timers = Timers("routing", self.cases.collection, writer, lambda case, at: watch.fire(case, {}, at), world.now)

    @property
    def read(self) -> int:
        return self.spy.read["cases"]


async def _load(parts: Parts, count: int, due: int) -> bool:
    workers = [Worker(parts) for _ in range(WORKERS)]
    one = workers[0]
    await migrate(one.client[DATABASE])
    await _fill(one.cases, count, due)
    for each in workers:
        each.spy.read.clear()
    begun = time.perf_counter()
    fired = sum(await asyncio.gather(*(_until_idle(each) for each in workers)))
    took = time.perf_counter() - begun
    read = sum(each.read for each in workers)
    warned = await one.cases.collection.count_documents({"warnings.0": {"$exists": True}})
    twice = await one.cases.collection.count_documents({"warnings.1": {"$exists": True}})
    left = await one.cases.collection.count_documents({TIMER: {"$lte": TODAY}})
    print(f"{fired:,} warned of in {took:.1f} s by {WORKERS} workers, {read:,} documents read; left {left}, twice {twice}", flush=True)
    idle, reads = await _idle(one)
    print(f"a round in which nothing is due: {idle * 1000:.1f} ms, {reads} documents read", flush=True)
    for each in workers:
        each.client.close()
    return (fired, warned, left, twice, reads) == (due, due, 0, 0, 0) and took <= WITHIN and read <= READ * due


async def _until_idle(worker: Worker) -> int:
    fired = 0
    while await worker.cases.collection.find_one({TIMER: {"$lte": TODAY}}, {"_id": 1}) is not None:
        fired += await worker.timers.round()
    return fired


async def _idle(worker: Worker) -> tuple[float, int]:
    """Seconds and documents of one round in which nothing is due."""
    worker.spy.read.clear()
    begun = time.process_time()
    for _ in range(IDLE_ROUNDS):
        await worker.timers.round()
    return (time.process_time() - begun) / IDLE_ROUNDS, worker.read


async def _fill(held: Cases, count: int, due: int) -> None:
    """The first `due` have their yellow warning in the last minute; the others in the days to come."""
    begun = time.monotonic()
    for chunk in chunks(cases(count), AT_ONCE):
        rows = []
        for number, case in chunk:
            soon = number < due
            at = TODAY - timedelta(seconds=60 * number / due) if soon else TODAY + timedelta(hours=1 + number % 200)
            row = {**stub(f"g{number}"), "version": 1, "registered": True, **CODEC.dump(_running(case, at)), TAGS: []}
            if not soon:
                row.pop("desk", None)
            rows.append(row)
        await held.collection.insert_many(rows, ordered=False)
    print(f"{count:,} open cases put in {time.monotonic() - begun:.1f} s", flush=True)


def _running(case: Case, warned_at: datetime) -> Case:
    """In hand, with a yellow warning to come then and a red one later."""
    due = warned_at + timedelta(days=1)
    entry = Entry(kind="START", at=warned_at - timedelta(days=4), by=SYSTEM, due_at=due, days=5, department=case.departments[0])
    nodes = [Node(name="YELLOW", at=warned_at), Node(name="RED", at=due + timedelta(hours=7))]
    return case.with_(status="HANDLING", suspensions=[], deadlines=Deadlines(result=Deadline(entries=[entry], nodes=nodes)))
