"""Timers over a real store: all done once, at their time, by whichever of several workers, whatever crashes and however the clock steps."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import BaseModel

from shared import timers
from shared.contracts.base import Contract
from shared.mongo import connect, database
from shared.record import Participant, stub
from shared.records import MongoRecords, StoreTrouble, create_indexes
from shared.settings import CommonSettings
from shared.timers import TIMER, TIMER_INDEX, Timers
from shared.writer import ModelCodec, Writer
from tests.services.builders import StillWorld
from tests.world import ROOT

AT = datetime(2020, 6, 5, 2, tzinfo=UTC)
KEY = bytes(range(32))


class Clockwork(BaseModel):
    """Rings at each of its times; what has rung says when."""

    times: list[datetime]
    rung: list[datetime] = []
    broken: bool = False

    def next(self) -> datetime | None:
        return self.times[len(self.rung)] if len(self.rung) < len(self.times) else None


def ring(clock: Clockwork, at: datetime) -> tuple[Clockwork, list[Contract]] | None:
    if clock.broken:
        raise RuntimeError("no spring")
    due = [each for each in clock.times[len(clock.rung) :] if each <= at]
    return (clock.model_copy(update={"rung": [*clock.rung, *[at] * len(due)]}), []) if due else None


def derive(clock: Clockwork) -> dict[str, Any]:
    return {} if (at := clock.next()) is None else {TIMER: at}


CODEC = ModelCodec(Clockwork, derive)
PARTICIPANT = Participant("routing", lambda _state, _event: (None, []), frozenset())


class Workers:
    """Several, over one collection, by one clock."""

    def __init__(self, settings: CommonSettings, number: int) -> None:
        self.client = connect(settings)
        self.database = database(self.client, settings, "timers")
        self.collection = self.database["clocks"]
        self.world = StillWorld(AT)
        self.writer = Writer(MongoRecords(self.database, "clocks"), PARTICIPANT, CODEC, self.world, lambda _id: None, KEY)
        self.timers = [Timers("routing", self.collection, self.writer, ring, self.world.now) for _ in range(number)]

    async def put(self, **clocks: list[int]) -> None:
        """By id: after how many minutes it rings."""
        for id, minutes in clocks.items():
            clock = Clockwork(times=[AT + timedelta(minutes=each) for each in minutes])
            await self.collection.insert_one({**stub(id), "registered": True, "version": 1, **CODEC.dump(clock)})

    async def rung(self) -> dict[str, list[float]]:
        """Clocks by id: after how many minutes each of its times was rung."""
        rows = await self.collection.find({}).to_list(None)
        return {row["_id"]: [(each - AT) / timedelta(minutes=1) for each in row["rung"]] for row in rows}

    async def versions(self) -> dict[str, int]:
        return {row["_id"]: row["version"] for row in await self.collection.find({}).to_list(None)}


@pytest.fixture
async def workers(settings: CommonSettings) -> AsyncIterator[Workers]:
    made = Workers(settings, 3)
    await create_indexes(made.database, ["clocks"])
    await made.collection.create_indexes([TIMER_INDEX])
    yield made
    await made.client.drop_database(made.database.name)
    made.client.close()


async def test_each_rings_at_its_time_and_never_again(workers: Workers) -> None:
    await workers.put(a=[1, 3], b=[2], c=[])
    one = workers.timers[0]
    assert await one.round() == 0
    for minutes in range(1, 5):
        workers.world.at = AT + timedelta(minutes=minutes)
        await one.round()
        assert await one.round() == 0
    assert await workers.rung() == {"a": [1, 3], "b": [2], "c": []}
    assert await workers.versions() == {"a": 3, "b": 2, "c": 1}


async def test_however_many_workers_each_rings_once(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timers, "TAKEN_AT_ONCE", 4)
    minutes = {f"c{number}": [1 + number % 3, 4] for number in range(30)}
    await workers.put(**minutes)
    for now in range(1, 6):
        workers.world.at = AT + timedelta(minutes=now)
        while sum(await asyncio.gather(*(each.round() for each in workers.timers))):
            pass
    assert await workers.rung() == minutes
    assert await workers.versions() == dict.fromkeys(minutes, 3)


async def test_after_an_outage_all_is_done_the_earliest_first(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timers, "TAKEN_AT_ONCE", 4)
    order: list[str] = []
    act = workers.writer.act

    async def noted(id: str, *more: Any) -> bool:
        order.append(id)
        return await act(id, *more)

    monkeypatch.setattr(workers.writer, "act", noted)
    minutes = list(range(1, 21))
    random.Random(1).shuffle(minutes)
    await workers.put(**{f"c{each:02}": [each, each + 1] for each in minutes})
    workers.world.at = AT + timedelta(days=1)
    assert await workers.timers[0].round() == 20
    assert [sorted(order[first : first + 4]) for first in range(0, 20, 4)] == [
        [f"c{each:02}" for each in range(first, first + 4)] for first in range(1, 21, 4)
    ]
    assert set(map(tuple, (await workers.rung()).values())) == {(24 * 60, 24 * 60)}


async def test_a_clock_that_steps_back_and_forth_rings_nothing_twice_and_skips_nothing(workers: Workers) -> None:
    await workers.put(a=[1, 2, 3, 4], b=[2, 9])
    for now in (2, 0, 1, 3, -500, 10, 2, 10):
        workers.world.at = AT + timedelta(minutes=now)
        await workers.timers[now % 3].round()
    assert await workers.rung() == {"a": [2, 2, 3, 10], "b": [2, 10]}


async def test_what_is_broken_holds_nobody_up_and_is_tried_again(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timers, "TAKEN_AT_ONCE", 2)
    await workers.put(a=[1], b=[1], c=[2], d=[3])
    await workers.collection.update_many({"_id": {"$in": ["a", "b"]}}, {"$set": {"broken": True}})
    workers.world.at = AT + timedelta(minutes=5)
    one = workers.timers[0]
    for _ in range(3):
        await one.round()
    assert {id for id, rung in (await workers.rung()).items() if rung} == {"c", "d"}
    await workers.collection.update_many({}, {"$set": {"broken": False}})
    assert await one.round() == 0
    monkeypatch.setattr(timers, "AGAIN_SECONDS", -1.0)
    one._failed = dict.fromkeys(one._failed, 0.0)
    assert await one.round() == 2


async def test_trouble_of_the_store_is_told_and_nothing_is_lost(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    await workers.put(a=[1], b=[1])
    workers.world.at = AT + timedelta(minutes=1)

    async def down(_id: str, _decide: object) -> bool:
        raise StoreTrouble("down")

    with monkeypatch.context() as patched:
        patched.setattr(workers.writer, "act", down)
        with pytest.raises(StoreTrouble):
            await workers.timers[0].round()
    assert await workers.timers[1].round() == 2


CRASHING = """
import asyncio, sys
from datetime import timedelta
from shared import failpoints
from shared.settings import CommonSettings
from tests.shared.test_timers import AT, Workers

async def main():
    workers = Workers(CommonSettings(mongodb_retry_writes=False), 1)
    workers.world.at = AT + timedelta(minutes=5)
    await workers.timers[0].round()

asyncio.run(main())
"""


async def test_a_worker_that_is_killed_after_its_write_leaves_the_rest_to_others(workers: Workers, settings: CommonSettings) -> None:
    await workers.put(**{f"c{number}": [number % 4] for number in range(12)})
    env = {
        "PYTHONPATH": str(ROOT),
        "MINYI_FAILPOINT": "after-write",
        "MINYI_ENV": "development",
        "MINYI_PREFIX": settings.prefix,
        "MINYI_MONGODB_URL": settings.mongodb_url,
        "MINYI_KEYS_DIR": str(settings.keys_dir),
    }
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", CRASHING, env=env, cwd=ROOT)
    assert await killed.wait() == -signal.SIGKILL
    assert any((await workers.rung()).values())
    workers.world.at = AT + timedelta(minutes=5)
    # What the dead one had sent may still be written beside us.
    await workers.timers[0].round()
    assert await workers.versions() == {f"c{number}": 2 for number in range(12)}
