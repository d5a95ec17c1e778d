"""A history made anew by events that come as they like; the whole of it, with real processes: bench/loads/histories.py."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bench.lives import Life, live, rows_of
from services.feedback.domain.timeline import Entry
from services.feedback.rebuild import Rebuild, rebuild
from services.feedback.store.mongo import CODEC, migrate
from services.feedback.store.rebuilding import Rebuilding
from shared.broker import Broker
from shared.envelope import Event
from shared.mongo import Database
from tests.waiting import until

SEED = 3
"""A life with a rework and a changed answer."""


async def kept(mongo: Database, number: int = SEED) -> Life:
    """A life of which feedback has lost the history."""
    await migrate(mongo)
    life = await live(number)
    await mongo["events"].insert_many(rows_of(life)["feedback"])
    await mongo["followups"].insert_one({**life.document, "outbox": [], "timeline": []})
    return life


async def rebuild_of(mongo: Database) -> Rebuild:
    rebuilding = Rebuilding(mongo)
    return Rebuild(Broker("amqp://nowhere", "t", ()), rebuilding, await rebuilding.all() - await rebuilding.all_done())


async def take(work: Rebuild, events: list[Event]) -> list[str]:
    def message(event: Event) -> Any:
        return SimpleNamespace(message_id=event.id, headers=dict(event.headers()), body=event.body)

    return list(await asyncio.gather(*(work._once(cast("Any", message(event))) for event in events)))


async def history(mongo: Database, life: Life) -> list[Entry]:
    row = await mongo["followups"].find_one({"_id": life.id})
    assert row is not None
    timeline: list[Entry] = CODEC.load(row).timeline
    return timeline


async def test_a_history_that_was_lost_is_what_its_events_say_in_whatever_order_they_come(mongo: Database) -> None:
    life = await kept(mongo)
    events = [*life.heard["intake"], *life.heard["routing"], *life.heard["routing"][2:5]]
    Random(5).shuffle(events)
    work = await rebuild_of(mongo)
    for start in range(0, len(events), 4):
        await take(work, events[start : start + 4])
    assert (work.left, work.changed) == (set(), 1)
    assert await history(mongo, life) == life.state.timeline


async def test_a_rebuild_that_was_broken_off_goes_on_and_what_lacks_an_event_stays_as_it_is(mongo: Database) -> None:
    life = await kept(mongo)
    first, rest = life.heard["routing"][:4], [*life.heard["routing"][4:-1], *life.heard["intake"]]
    await take(await rebuild_of(mongo), first)
    work = await rebuild_of(mongo)
    await take(work, rest)
    assert (work.left, await history(mongo, life)) == ({life.id}, [])
    await take(work, life.heard["routing"][-1:])
    assert (work.left, await history(mongo, life)) == (set(), life.state.timeline)
    # What comes once more of one that is done is wanted no more, by this rebuild and by the next.
    assert await take(work, first) == ["not wanted"] * 4
    assert await take(await rebuild_of(mongo), first) == ["not wanted"] * 4


class OneQueue:
    """A broker that remembers what becomes of the queue, and carries nothing."""

    names = SimpleNamespace(queue=lambda name: name)

    def __init__(self) -> None:
        self.deleted = 0

    @asynccontextmanager
    async def channel(self) -> AsyncIterator[Any]:
        yield self

    async def declare_queue(self, *_: Any, **__: Any) -> None: ...

    async def queue_delete(self, _: str) -> None:
        self.deleted += 1


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Rebuild]:
    """The rebuilds that take what the test gives them, in a hurry."""
    found: list[Rebuild] = []

    async def start(self: Rebuild) -> None:
        found.append(self)

    monkeypatch.setattr(Rebuild, "start", start)
    for name, seconds in (("LOOK_SECONDS", 0.05), ("QUIET_SECONDS", 0.5)):
        monkeypatch.setattr(f"services.feedback.rebuild.{name}", seconds)
    return found


def at_work(mongo: Database, broker: OneQueue) -> asyncio.Task[bool]:
    return asyncio.create_task(rebuild(cast("Broker", broker), Rebuilding(mongo), lambda _: None, patience=5))


async def test_the_last_of_several_rebuilds_takes_the_queue_away(mongo: Database, started: list[Rebuild]) -> None:
    """Each has taken what the other needs: who is done first leaves what is gathered."""
    lives, broker = [await kept(mongo, 3), await kept(mongo, 4)], OneQueue()
    works = [at_work(mongo, broker) for _ in lives]

    async def both() -> bool:
        return len(started) == 2

    await until(both, what="both at work")
    first, last = started
    await take(first, [*lives[0].heard["intake"], *lives[0].heard["routing"], *lives[1].heard["intake"]])
    await take(last, lives[1].heard["routing"])
    assert await asyncio.gather(*works) == [True, True]
    assert [await history(mongo, life) for life in lives] == [life.state.timeline for life in lives]
    assert broker.deleted
    assert await mongo["timelines_rebuilding"].find({}).to_list(None) == []


async def test_where_nothing_is_wanted_nobody_is_told_to_send(mongo: Database, started: list[Rebuild]) -> None:
    await migrate(mongo)
    said, broker = list[str](), OneQueue()
    assert await rebuild(cast("Broker", broker), Rebuilding(mongo), said.append)
    assert (len(started), broker.deleted) == (1, 1)
    assert [words for words in said if "republish" in words] == []


async def test_a_rebuild_that_was_killed_is_not_waited_for(mongo: Database, started: list[Rebuild]) -> None:
    life, broker = await kept(mongo), OneQueue()
    await Rebuilding(mongo).beat("killed")
    work = at_work(mongo, broker)

    async def one() -> bool:
        return len(started) == 1

    await until(one, what="it being at work")
    await take(started[0], [*life.heard["intake"], *life.heard["routing"]])
    assert (await work, broker.deleted) == (True, 1)
    assert await mongo["timelines_rebuilding"].find({}).to_list(None) == []


async def test_what_was_whole_is_not_written_again(mongo: Database) -> None:
    life = await kept(mongo)
    await mongo["followups"].update_one({"_id": life.id}, {"$set": {"timeline": life.document["timeline"]}})
    work = await rebuild_of(mongo)
    await take(work, [*life.heard["intake"], *life.heard["routing"]])
    row = await mongo["followups"].find_one({"_id": life.id})
    assert row is not None
    assert (work.left, work.changed, row["version"]) == (set(), 0, life.document["version"])


@pytest.mark.parametrize("damage", ["unreadable", "malformed"])
async def test_a_message_that_is_no_event_of_ours_holds_nothing_up(mongo: Database, damage: str) -> None:
    life = await kept(mongo)
    first, *others = [*life.heard["intake"], *life.heard["routing"]]
    broken = first.again(body=first.body.replace(b'"registeredAt"', b'"registered"')) if damage == "unreadable" else first.again(id="")
    work = await rebuild_of(mongo)
    assert await take(work, [broken, *others]) == [damage, *["gathered"] * len(others)]
    assert work.left == {life.id}
    await take(work, [first])
    assert await history(mongo, life) == life.state.timeline
