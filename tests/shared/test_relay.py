"""The sweeper over documents some of which cannot be relayed: they do not stand in the way of the others."""

from __future__ import annotations

from datetime import timedelta

from shared.envelope import Event
from shared.record import stub
from shared.relay import ASIDE, SELDOM, SWEPT_AT_ONCE, PublishTrouble, Relay
from shared.tags import TAGS, UNSENT
from shared.writer import event_entry
from tests.services.builders import AT, StillWorld, event
from tests.shared.contracts.examples import EXAMPLES
from tests.shared.model.parts import MemoryRecords, Tables
from tests.shared.model.world import Process


class Publisher:
    """Fails in its own way for some documents."""

    def __init__(self, failing: set[str], error: Exception) -> None:
        self.failing, self.error = failing, error
        self.sent: list[str] = []
        self.tried = 0

    async def publish(self, event: Event) -> None:
        self.tried += 1
        if event.subject in self.failing:
            raise self.error
        self.sent.append(event.subject)


def tables(ids: list[str]) -> Tables:
    made = Tables()
    for id in ids:
        outbox = [event_entry(event(EXAMPLES[0], 1, id=id), AT)]
        made.documents[id] = {**stub(id), "version": 1, "outbox": outbox, TAGS: [UNSENT]}
    return made


async def swept(relay: Relay) -> None:
    await relay.sweep()
    await relay.drain()


async def test_documents_that_cannot_be_relayed_do_not_stand_in_the_way_of_the_others() -> None:
    world = StillWorld()
    bad = [f"bad-{n:03}" for n in range(SWEPT_AT_ONCE)]
    made = tables([*bad, "good"])
    publisher = Publisher(set(bad), ValueError("something about this document"))
    relay = Relay("test", publisher, world.real_now, timedelta(0))
    relay.watch(MemoryRecords(world, Process("test", "test"), made))
    world.later(seconds=1)
    await swept(relay)
    assert publisher.sent == []
    await swept(relay)
    assert publisher.sent == ["good"]
    tried = publisher.tried
    await swept(relay)
    assert publisher.tried == tried
    # They are not forgotten.
    publisher.failing.clear()
    world.later(seconds=ASIDE.total_seconds() + 1)
    await swept(relay)
    assert set(publisher.sent) == {*bad, "good"}
    assert not any(UNSENT in document[TAGS] for document in made.documents.values())


async def test_while_the_broker_is_in_trouble_nothing_is_put_aside() -> None:
    world, made = StillWorld(), tables(["a"])
    publisher = Publisher({"a"}, PublishTrouble("away"))
    relay = Relay("test", publisher, world.real_now, timedelta(0))
    relay.watch(MemoryRecords(world, Process("test", "test"), made))
    world.later(seconds=1)
    await swept(relay)
    publisher.failing.clear()
    await swept(relay)
    assert publisher.sent == ["a"]


async def test_what_changes_seldom_is_looked_at_in_one_round_of_some_and_in_the_next_when_it_was_in_trouble() -> None:
    world, often, seldom = StillWorld(), tables([]), tables([])
    publisher = Publisher(set(), PublishTrouble("away"))
    relay = Relay("test", publisher, world.real_now, timedelta(0))
    for made, rare in ((often, False), (seldom, True)):
        relay.watch(MemoryRecords(world, Process("test", "test"), made), seldom=rare)
    await swept(relay)
    often.documents.update(tables(["often"]).documents)
    seldom.documents.update(tables(["seldom"]).documents)
    world.later(seconds=1)
    for round in range(1, SELDOM):
        await swept(relay)
        assert publisher.sent == ["often"], round
    publisher.failing = {"seldom"}
    await swept(relay)
    assert publisher.tried == 2
    publisher.failing = set()
    await swept(relay)
    assert publisher.sent == ["often", "seldom"]


async def test_a_start_looks_at_everything() -> None:
    world, made = StillWorld(), tables([])
    publisher = Publisher(set(), PublishTrouble("away"))
    relay = Relay("test", publisher, world.real_now, timedelta(hours=1))
    relay.watch(MemoryRecords(world, Process("test", "test"), made), seldom=True)
    await swept(relay)
    made.documents.update(tables(["left"]).documents)
    world.later(seconds=1)
    await relay.sweep(timedelta(0))
    await relay.drain()
    assert publisher.sent == ["left"]
