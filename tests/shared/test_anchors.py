"""Anchors are made once a day and whenever many entries wait, by one worker of several, and whole whatever crashed; they reach the stream
and nobody else."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

import pytest

from shared import anchors, failpoints
from shared.anchors import Anchors
from shared.broker import SERVICES, Broker, remove_topology
from shared.settings import CommonSettings
from shared.witness import anchors_sent
from tests.shared.audited import Audited, audited_by
from tests.waiting import until

pytestmark = pytest.mark.slow


class Crash(Exception):
    pass


@pytest.fixture
async def trail(settings: CommonSettings) -> AsyncIterator[Audited]:
    """Two documents with 4 and 3 entries, none anchored."""
    async with audited_by(settings) as made:
        await made.write("a", 4)
        await made.write("b", 3)
        await made.kept()
        yield made


async def held(trail: Audited) -> dict[int, int]:
    """Anchor's number → how many entries it says it holds; 0 of the dictionary is what waits."""
    found = {row["number"]: row["entries"] async for row in trail.database["anchors"].find({})}
    return {0: await trail.audit.count_documents({"anchor": None})} | found


async def test_an_anchor_holds_what_waited_and_says_so_in_one_event(trail: Audited) -> None:
    assert await trail.anchors.round() == 1
    assert await held(trail) == {0: 0, 1: 7}
    document = await trail.database["anchors"].find_one({"_id": "1"})
    assert document is not None
    [entry] = document["outbox"]
    row = entry["row"]
    assert (row["type"], row["subject"], row["sequence"]) == ("intake.audit.anchored.v1", "audit", 1)
    assert document["digest"].encode() in bytes(row["body"])
    assert (document["previous"], document["earliest"] <= document["latest"]) == ("", True)


async def test_once_a_day_and_on_a_day_without_entries_too(trail: Audited) -> None:
    assert [await trail.anchors.round() for _ in range(2)] == [1, 0]
    await trail.write("a")
    await trail.kept()
    assert await trail.anchors.round() == 0
    for _ in range(2):
        trail.world.days += 1
        assert [await trail.anchors.round() for _ in range(2)] == [1, 0]
    assert await held(trail) == {0: 0, 1: 7, 2: 1, 3: 0}
    assert await trail.faults() == set()


async def test_many_entries_do_not_wait_for_the_day(trail: Audited, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchors, "ENTRIES", 3)
    assert await trail.anchors.round() == 2
    assert await held(trail) == {0: 1, 1: 3, 2: 3}
    trail.world.days += 1
    assert await trail.anchors.round() == 1
    assert await held(trail) == {0: 0, 1: 3, 2: 3, 3: 1}
    assert await trail.faults() == set()


@pytest.mark.parametrize("where", ["after-anchor", "while-marking"])
async def test_a_crash_between_two_steps_is_made_good_by_whoever_comes_next(
    trail: Audited, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anchors, "AT_ONCE", 2)

    def crash(name: str) -> None:
        if name == where:
            raise Crash

    with monkeypatch.context() as armed:
        armed.setattr(failpoints, "reach", crash)
        with pytest.raises(Crash):
            await trail.anchors.round()
    await trail.write("c", 2)
    await trail.kept()
    # It is whole as it stands, and what came since waits for the next one.
    assert await trail.faults() == set()
    trail.world.days += 1
    assert await trail.another_worker().round() == 1
    assert await held(trail) == {0: 0, 1: 7, 2: 2}
    assert await trail.faults() == set()


async def test_of_workers_that_anchor_at_once_one_does_and_a_late_one_breaks_nothing(
    trail: Audited, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anchors, "AT_ONCE", 1)
    workers = [trail.another_worker() for _ in range(3)]
    random.seed(1)

    async def slow(self: Anchors, anchor: dict[str, object], mark: object = Anchors._mark) -> None:
        await asyncio.sleep(random.random() / 50)
        await mark(self, anchor)  # type: ignore[operator]

    monkeypatch.setattr(Anchors, "_mark", slow)
    for day in range(1, 9):
        await trail.write("a", day)
        await trail.kept()
        assert sum(await asyncio.gather(*(worker.round() for worker in workers))) == 1
        trail.world.days += 1
    assert await held(trail) == {0: 0, 1: 8, **{day: day for day in range(2, 9)}}
    assert await trail.faults() == set()


async def test_an_anchor_that_is_gone_is_not_made_anew(trail: Audited) -> None:
    await trail.anchors.round()
    await trail.database["anchors"].delete_one({"_id": "1"})
    trail.world.days += 1
    with pytest.raises(LookupError, match="verify-audit"):
        await trail.anchors.round()


@pytest.fixture
async def sending(trail: Audited, settings: CommonSettings) -> AsyncIterator[Broker]:
    """The trail's relay with a broker."""
    broker = trail.runtime.broker
    await broker.start()
    yield broker
    await trail.runtime.relay.drain()
    await broker.stop()
    await remove_topology(settings.rabbitmq_url, settings.prefix, settings.retry_seconds)


@pytest.mark.timeout(180)
async def test_anchors_reach_the_stream_and_nobody_else(trail: Audited, sending: Broker) -> None:
    assert await anchors_sent(sending, "intake") == {}
    for _ in range(3):
        await trail.anchors.round()
        trail.world.days += 1
    await trail.kept()
    wanted = {row["number"]: {row["digest"]} async for row in trail.database["anchors"].find({"tags": []})}

    async def sent() -> dict[int, set[str]] | None:
        found = await anchors_sent(sending, "intake")
        return found if len(found) == 3 else None

    assert await until(sent, what="the anchors") == wanted
    assert await anchors_sent(sending, "routing") == {}
    async with sending.channel() as channel:
        for service in SERVICES:
            queue = await channel.declare_queue(sending.names.queue(service), passive=True)
            assert queue.declaration_result.message_count == 0
    assert await trail.faults(wanted) == set()
