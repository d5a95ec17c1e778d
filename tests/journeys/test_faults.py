"""What a crash, a repetition, disorder or poison does to a grievance: it ends closed, once."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from deploy.local.service import Service
from shared.audit import AuditEntry, ChainHead, verify
from shared.broker import Broker
from shared.identity.keys import reference_key
from shared.mongo import Client, Database, connect, database
from shared.settings import CommonSettings
from shared.writer import event_of
from tests.journeys.system import ACCEPT, ANSWER, REPORT, System
from tests.waiting import until
from tests.world import ROOT

COLLECTIONS = {"intake": "grievances", "routing": "cases", "feedback": "followups"}


@dataclass
class World:
    """A running system and a look into its stores."""

    system: System
    settings: CommonSettings
    client: Client

    def store(self, service: str) -> Database:
        return database(self.client, self.settings, service)

    async def document(self, service: str, id: str) -> dict[str, Any]:
        found = await self.store(service)[COLLECTIONS[service]].find_one({"_id": id})
        assert found is not None
        # What is counted of it is the projector's, who comes when he comes.
        return {name: value for name, value in found.items() if name not in ("tags", "counted", "countedBy")}

    async def events(self, service: str, id: str) -> list[dict[str, Any]]:
        rows = await self.store(service)["events"].find({"subject": id}).to_list(None)
        return sorted(rows, key=lambda row: row["sequence"])

    @asynccontextmanager
    async def broker(self) -> AsyncIterator[Broker]:
        broker = Broker(self.settings.rabbitmq_url, self.settings.prefix, self.settings.retry_seconds)
        await broker.start()
        try:
            yield broker
        finally:
            await broker.stop()

    @contextmanager
    def doomed(self, service: str, kind: str, failpoint: str, marker: Path) -> Iterator[Service]:
        """This process restarted so that it dies at the failpoint; at the end it runs again as before."""
        process = self.system.process(service, kind)
        process.stop()
        process.start({"MINYI_FAILPOINT": failpoint, "MINYI_FAILPOINT_MARKER": str(marker)})
        process.wait_ready()
        try:
            yield process
        finally:
            process.stop()
            process.start({"MINYI_FAILPOINT": "", "MINYI_FAILPOINT_MARKER": ""})
            process.wait_ready()


@pytest.fixture
def system(fast_journey: System) -> System:
    return fast_journey


@pytest.fixture
async def world(system: System, settings: CommonSettings) -> AsyncIterator[World]:
    mine = settings.model_copy(update={"prefix": system.prefix, "retry_seconds": (0.2, 0.3, 0.5)})
    client = connect(mine)
    yield World(system, mine, client)
    client.close()


async def live(system: System, name: str) -> str:
    """One whole life, every mutation sent twice; the grievance's id."""
    id = str((await system.register(name))["grievance"]["id"])
    assert (await system.register(name))["grievance"]["id"] == id
    await resolve(system, name, id)
    await system.until_asked_or_closed(id)
    for _ in range(2):
        await system.do("feedback", "resident", ANSWER, requestId=f"{name}-s", grievanceId=id, resolved=True, satisfied="SATISFIED")
    await system.until_status(id, "CLOSED")
    return id


async def resolve(system: System, name: str, id: str) -> None:
    """Accepted and resolved, each sent twice."""
    await system.until_status(id, "DISPATCHED", "HANDLING", "RESOLVED", "FED_BACK", "SURVEYED", "CLOSED")
    for _ in range(2):
        await system.do("routing", "handler", ACCEPT, requestId=f"{name}-a", grievanceId=id)
        await system.do("routing", "handler", REPORT, requestId=f"{name}-r", grievanceId=id, text="指示牌已更换。")


async def closed_once(world: World, id: str) -> None:
    """Each service has seen all that the others sent, in order, once; outboxes are empty, audit chains whole."""

    async def told() -> bool:
        document = await world.document("intake", id)
        return [delivery["state"] for delivery in document["deliveries"]] == ["SENT"]

    await until(told, within=40, what="the reply to be sent, once")

    async def settled() -> bool:
        documents = {name: await world.document(name, id) for name in COLLECTIONS}
        return all(
            not document["outbox"]
            and all(document["seen"].get(other, 0) == documents[other]["sequence"] for other in COLLECTIONS if other != name)
            for name, document in documents.items()
        )

    await until(settled, within=40, what="every service to have seen everything")
    case = await world.document("routing", id)
    statuses = [step["status"] for step in case["history"]]
    assert statuses == ["APPRAISING", "ACCEPTED", "DISPATCHED", "HANDLING", "RESOLVED", "FED_BACK", "SURVEYED", "CLOSED"]
    for name in COLLECTIONS:
        document = await world.document(name, id)
        assert document["waiting"] == []
        assert [event["sequence"] for event in await world.events(name, id)] == list(range(1, document["sequence"] + 1))
        rows = await world.store(name)["audit"].find({"subject": id}).to_list(None)
        entries = [AuditEntry.from_document(row) for row in sorted(rows, key=lambda row: row["number"])]
        head = ChainHead(document.get("auditHead", ""), document.get("auditLength", 0))
        assert verify(entries, head, key=reference_key(world.settings.keys_dir), subject=id) == []
    assert await told()
    assert await world.store("intake")["notices"].count_documents({"grievance": id}) == 1


@pytest.mark.parametrize("service", ["intake", "routing", "feedback"])
@pytest.mark.parametrize("failpoint", ["after-write", "after-publish", "before-ack"])
async def test_a_worker_killed_at_a_failpoint_loses_and_doubles_nothing(world: World, tmp_path: Path, service: str, failpoint: str) -> None:
    name = f"{service}-{failpoint}"
    with world.doomed(service, "worker", failpoint, tmp_path / "died") as process:
        id = str((await world.system.register(name))["grievance"]["id"])
        if service != "routing":
            # These meet the point at the latest when the reply is on its way; routing's meets it before anything can be resolved.
            await resolve(world.system, name, id)

        async def died() -> bool:
            return not process.alive

        await until(died, what="the worker's death")
        assert (tmp_path / "died").read_text() == failpoint
    assert await live(world.system, name) == id
    await closed_once(world, id)


@pytest.mark.parametrize("failpoint", ["after-write", "after-publish"])
async def test_an_api_killed_after_its_write_has_accepted_the_grievance(world: World, tmp_path: Path, failpoint: str) -> None:
    name = f"api-{failpoint}"
    before = await world.store("intake")["grievances"].count_documents({})
    with world.doomed("intake", "api", failpoint, tmp_path / "died") as process:
        # The answer may be lost or may just have left: either way the caller may ask again.
        with suppress(OSError, aiohttp.ClientError):
            await world.system.register(name)

        async def died() -> bool:
            return not process.alive

        await until(died, what="the api's death")
    id = await live(world.system, name)
    await closed_once(world, id)
    assert await world.store("intake")["grievances"].count_documents({}) == before + 1


async def test_events_twice_and_out_of_order_change_nothing(world: World) -> None:
    id = await live(world.system, "disorder")
    await closed_once(world, id)
    before = {name: await world.document(name, id) for name in COLLECTIONS}
    async with world.broker() as broker:
        for service in COLLECTIONS:
            for row in reversed(await world.events(service, id)):
                await broker.publish(event_of(row))
        # Each queue is worked off in order: a marker grievance behind the repeats tells that they are done with.
        marker = await live(world.system, "disorder-marker")
        await closed_once(world, marker)
    assert {name: await world.document(name, id) for name in COLLECTIONS} == before


async def test_a_service_that_was_down_catches_up(world: World) -> None:
    processes = [world.system.process("feedback", kind) for kind in ("api", "worker")]
    for process in processes:
        process.kill()
    id = str((await world.system.register("down"))["grievance"]["id"])
    await resolve(world.system, "down", id)
    for process in processes:
        process.start()
        process.wait_ready()
    assert await live(world.system, "down") == id
    await closed_once(world, id)


def only(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The one event that is parked; on a slow machine the sweeper may have published it once more, and each copy is parked."""
    assert len({row["id"] for row in rows}) == 1
    return rows[0]


async def test_poison_in_the_middle_is_parked_seen_and_healed_by_replay(world: World) -> None:
    """The second event of routing reaches feedback with a broken body: it is retried, parked and marked, later ones wait."""
    system = world.system
    worker = system.process("feedback", "worker")
    worker.kill()
    id = str((await system.register("poison"))["grievance"]["id"])
    await system.until_status(id, "DISPATCHED")
    async with world.broker() as broker:
        queue = broker.names.queue("feedback")
        async with broker.channel(confirms=False) as channel:
            await (await channel.get_queue(queue, ensure=False)).purge()

        async def relayed() -> list[dict[str, Any]] | None:
            # What routing says of itself is in its graph before its relay has remembered it.
            rows = await world.events("routing", id)
            return rows if len(rows) >= 2 else None

        routing = [event_of(row) for row in await until(relayed, what="routing's events in its memory")]
        for event in [event_of(row) for row in await world.events("intake", id)]:
            await broker.publish_to(queue, event)
        poisoned = routing[1].again(body=b'{"specversion":"1.0","time":"2020-06-05T00:00:00Z","data":{"department":7}}')
        for event in (routing[0], poisoned):
            await broker.publish_to(queue, event)
        worker.start()
        worker.wait_ready()
        await system.do("routing", "handler", ACCEPT, requestId="poison-a", grievanceId=id)

        async def parked() -> list[dict[str, Any]]:
            return [row for row in deadletters(world.settings, "list") if row["document"] == id]

        row = only(await until(parked, what="the poisoned event in .dead"))
        assert (row["service"], row["source"], row["sequence"], row["where"]) == ("feedback", "routing", 2, "dead")
        assert "ValidationError" in row["reason"]

        async def held() -> bool:
            followup = await world.document("feedback", id)
            return followup["blocked"]["sequence"] == 2 and [one["sequence"] for one in followup["waiting"]] == [3]

        await until(held, what="the mark and the later event that waits")
        # The producer's own memory has the event as it was; sent again, the grievance goes on.
        await broker.publish_to(queue, routing[1])
    assert await live(system, "poison") == id
    await closed_once(world, id)
    assert (await world.document("feedback", id))["blocked"] is None

    # What is left in .dead is by now a repetition: replaying it changes nothing and empties .dead.
    assert deadletters(world.settings, "replay", row["id"]) == []
    assert deadletters(world.settings, "list") == []
    await closed_once(world, id)


async def test_what_a_defect_parked_is_healed_by_replay_once_the_consumer_is_mended(world: World) -> None:
    """Everything that comes meanwhile waits behind it, in order; after the replay all of it is applied, once."""
    system = world.system
    good = system.process("feedback", "worker")
    good.stop()
    argv = [sys.executable, "-m", "tests.journeys.defective", "worker"]
    logs, port = system.parts.local_dir / "logs", system.parts.ports.any()
    defective = Service("feedback", "worker", good.process.env, logs, port, label="defective", argv=argv)
    defective.start()
    try:
        id = str((await system.register("defect"))["grievance"]["id"])
        await resolve(system, "defect", id)

        async def parked() -> list[dict[str, Any]]:
            return [row for row in deadletters(world.settings, "list") if row["document"] == id]

        row = only(await until(parked, what="the event in .dead"))
        assert row["reason"] == "ZeroDivisionError in routing.grievance.dispatched.v1"

        async def held() -> bool:
            followup = await world.document("feedback", id)
            return followup["blocked"]["sequence"] == 2 and {one["sequence"] for one in followup["waiting"]} == {3, 4}

        await until(held, what="the mark and the later events that wait")
    finally:
        defective.stop()
        good.start()
        good.wait_ready()
    assert deadletters(world.settings, "replay", row["id"]) == []
    assert await live(system, "defect") == id
    await closed_once(world, id)
    assert (await world.document("feedback", id))["blocked"] is None
    assert deadletters(world.settings, "list") == []


async def test_dropping_a_poisoned_event_lets_the_later_ones_flow(world: World) -> None:
    system = world.system
    id = await live(system, "dropped")
    await closed_once(world, id)
    followup = await world.document("feedback", id)
    event = event_of((await world.events("routing", id))[-1])
    ahead = event.again(id=f"{event.id[:-4]}beef", sequence=followup["seen"]["routing"] + 1, after={}, body=b'{"specversion":"1.0"}')
    async with world.broker() as broker:
        await broker.publish_to(broker.names.queue("feedback"), ahead)

        async def parked() -> list[dict[str, Any]]:
            return [row for row in deadletters(world.settings, "list") if row["id"] == ahead.id]

        await until(parked, what="the poisoned event in .dead")
        assert deadletters(world.settings, "drop", ahead.id) == []
    dropped = await world.document("feedback", id)
    assert dropped["seen"]["routing"] == ahead.sequence
    assert dropped["blocked"] is None
    assert deadletters(world.settings, "list") == []


async def test_a_late_consumer_is_fed_from_the_first_event_of_each_source(world: World) -> None:
    id = await live(world.system, "late")
    await closed_once(world, id)
    queue = f"{world.settings.prefix}.late"
    for service in COLLECTIONS:
        republish(world, service, queue)
    fed: dict[str, list[int]] = {}
    async with world.broker() as broker, broker.channel(confirms=False) as channel:
        declared = await channel.get_queue(queue, ensure=False)
        while (message := await declared.get(fail=False)) is not None:
            await message.ack()
            if message.headers["minyi-subject"] == id:
                fed.setdefault(str(message.headers["minyi-source"]), []).append(int(str(message.headers["minyi-sequence"])))
        await declared.delete(if_unused=False, if_empty=False)
    assert fed == {name: list(range(1, (await world.document(name, id))["sequence"] + 1)) for name in COLLECTIONS}


async def test_an_operator_finds_the_audit_of_every_service_whole(world: World) -> None:
    id = await live(world.system, "audited")
    await closed_once(world, id)
    for service in COLLECTIONS:
        command = [sys.executable, "-m", f"services.{service}", "verify-audit"]
        env = world.system.process(service, "api").process.env
        done = await asyncio.to_thread(subprocess.run, command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "in events.log" in done.stdout


def republish(world: World, service: str, queue: str) -> None:
    """As an operator types it."""
    command = [sys.executable, "-m", f"services.{service}", "republish", "--from", "2000-01-01", "--queue", queue]
    subprocess.run(command, env=world.system.process(service, "api").process.env, cwd=ROOT, check=True)


def deadletters(settings: CommonSettings, *arguments: str) -> list[dict[str, Any]]:
    """The operators' command as they type it; its JSON lines."""
    env = {
        "MINYI_PREFIX": settings.prefix,
        "MINYI_RABBITMQ_URL": settings.rabbitmq_url,
        "MINYI_MONGODB_URL": settings.mongodb_url,
        "MINYI_MONGODB_RETRY_WRITES": str(settings.mongodb_retry_writes).lower(),
        "MINYI_RETRY_SECONDS": json.dumps(list(settings.retry_seconds)),
    }
    command = [sys.executable, "-m", "shared.deadletters", *arguments]
    done = subprocess.run(command, env=env, cwd=ROOT, check=True, capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
