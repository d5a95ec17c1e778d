"""10,000 histories made anew while they are served: of each all events are sent again by the services that have them, late ones arrive
meanwhile, and the rebuild is killed once. Each must be what its events say, in causal order, whatever stood there before.

A third is whole before, a third is empty, a third is as a release of before kept it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random

from bench.lives import HANDLER as BY
from bench.lives import Life, live, progress_at, rows_of
from deploy.local.parts import Parts, ensure_parts
from deploy.local.service import common_environment
from services.feedback.domain.history import BY_TYPE, entries_of
from services.feedback.domain.timeline import Entry, ordered
from services.feedback.service import Service
from services.feedback.settings import FeedbackSettings
from shared.contracts.routing import GrievanceMovedV1, GrievanceResolvedV1
from shared.envelope import Event
from shared.identity.keys import ensure_keys
from shared.mongo import database
from shared.records import Document, create_indexes
from shared.writer import event_of

LIVES = 10_000
SIZE = f"{LIVES:,} lives, made anew while served"
LATE = 0.05
"""Of so many something more comes meanwhile."""
PREFIX = "load"
AT_ONCE = 200
WITHIN = 1_800.0
ROOT = Path(__file__).resolve().parents[2]


def main(scale: float) -> bool:
    with tempfile.TemporaryDirectory() as temporary, ensure_parts(Path(temporary) / "parts", fresh=True) as parts:
        return asyncio.run(_load(parts, round(LIVES * scale)))


async def _load(parts: Parts, count: int) -> bool:
    ensure_keys(parts.local_dir / "keys")
    service = Service(_settings(parts))
    await service.migrate()
    for other in ("intake", "routing"):
        await create_indexes(database(service.runtime.client, service.settings, other), [])
    late = await _fill(service, count)
    worker = parts.service("feedback", "worker", {"MINYI_PREFIX": PREFIX})
    worker.start()
    worker.wait_ready()
    try:
        await service.runtime.broker.attach()
        begun = time.monotonic()
        async with asyncio.timeout(WITHIN):
            through = await _rebuild(parts, service, late)
            print(f"{count:,} histories made anew in {time.monotonic() - begun:.0f} s, killed once", flush=True)
            wrong = await _settled(service)
    finally:
        worker.stop()
        await service.runtime.broker.stop()
        service.runtime.client.close()
    print(f"{len(late):,} events came late; wrong: {len(wrong)} {wrong[:5]}", flush=True)
    return through and not wrong


def _settings(parts: Parts) -> FeedbackSettings:
    os.environ |= parts.environment()
    return FeedbackSettings(
        prefix=PREFIX,
        rabbitmq_url=parts.rabbitmq_url,
        mongodb_url=parts.mongodb_url,
        mongodb_retry_writes=parts.retry_writes,
        keys_dir=parts.local_dir / "keys",
    )


async def _fill(service: Service, count: int) -> list[Event]:
    """The lives, each service's part in its own database. What is to come late: kept by routing, not sent yet."""
    begun, events, late = time.monotonic(), 0, []
    for start in range(0, count, AT_ONCE):
        lives = [await live(number) for number in range(start, min(start + AT_ONCE, count))]
        more = [event for life in lives if life.draw.random() < LATE for event in _more(life)]
        late += more
        rows: dict[str, list[Document]] = {"intake": [], "routing": [], "feedback": []}
        for life in lives:
            for source, of_life in rows_of(life).items():
                rows[source] += of_life
        for source, of_source in rows.items():
            await database(service.runtime.client, service.settings, source)["events"].insert_many(of_source, ordered=False)
        events += sum(map(len, rows.values()))
        held = [{**life.document, "outbox": [], "timeline": _before(life, number)} for number, life in enumerate(lives)]
        await service.followups.collection.insert_many(held, ordered=False)
    print(f"{count:,} lives of {events:,} events put in {time.monotonic() - begun:.0f} s", flush=True)
    return late


def _more(life: Life) -> Iterator[Event]:
    """Urged twice, and reported once more: feedback has to say something of its own."""
    life.later(10)
    for _ in range(2):
        yield life.tell(GrievanceMovedV1(action="URGE", by=BY, progress=progress_at(life.hour.at, "HANDLING", BY)), intake=1)
    progress = progress_at(life.hour.at + timedelta(minutes=1), "RESOLVED", BY)
    resolved = GrievanceResolvedV1(department=BY.unit, text="又修好了。", evidence=[], round=9, by=BY, progress=progress)
    yield life.tell(resolved, intake=1)


def _before(life: Life, number: int) -> list[Document]:
    whole: list[Document] = life.document["timeline"]
    if number % 3 == 0:
        return whole
    if number % 3 == 1:
        return []
    kept = [Entry.model_validate(entry) for entry in whole]
    return [{"at": each.at, "service": each.service, "what": each.what, "what_zh": each.what_zh, "by": each.by} for each in kept]


async def _rebuild(parts: Parts, service: Service, late: list[Event]) -> bool:
    """Whether the second run, after a kill of the first, comes to its end."""
    queue = f"{PREFIX}.feedback.rebuild"
    first = await _python(parts, "feedback", "rebuild")
    senders = [await _python(parts, other, "republish", "--from", "2000-01-01", "--queue", queue) for other in ("intake", "routing")]
    sending = asyncio.create_task(_send(service, late))
    await _begun(service)
    first.send_signal(signal.SIGKILL)
    await first.wait()
    second = await _python(parts, "feedback", "rebuild")
    done = await asyncio.gather(*(process.wait() for process in (*senders, second)))
    await sending
    return done == [0, 0, 0]


async def _begun(service: Service) -> None:
    """Some are done, and some half gathered."""
    while True:
        if await service.runtime.database["timelines_rebuilding"].find_one({"done": True}) is not None:
            return
        await asyncio.sleep(0.2)


async def _python(parts: Parts, service: str, *arguments: str) -> asyncio.subprocess.Process:
    env = {**common_environment(parts.local_dir, os.environ), **parts.environment(), "MINYI_PREFIX": PREFIX}
    return await asyncio.create_subprocess_exec(sys.executable, "-m", f"services.{service}", *arguments, cwd=ROOT, env=env)


async def _send(service: Service, late: list[Event]) -> None:
    """In any order, and some twice."""
    draw = Random(11)
    coming = [*late, *draw.sample(late, len(late) // 4)]
    draw.shuffle(coming)
    for event in coming:
        await service.runtime.broker.publish(event)


async def _settled(service: Service) -> list[str]:
    """The grievances whose history is not what their events say, once the worker has heard of all of them."""
    wrong = []
    memories = [database(service.runtime.client, service.settings, source)["events"] for source in ("intake", "routing", "feedback")]
    async for row in service.followups.collection.find({}, {"_id": 1}):
        id = row["_id"]
        told = [event_of(event) for memory in memories[:2] for event in await memory.find({"subject": id}).to_list(None)]
        latest = {source: sum(event.source == source for event in told) for source in ("intake", "routing")}
        document = await _caught_up(service, id, latest)
        told += [event_of(event) for event in await memories[2].find({"subject": id}).to_list(None)]
        numbered = sorted(told, key=lambda event: (event.source, event.sequence))
        expected = ordered([entry for event in numbered for entry in entries_of(event, BY_TYPE[event.type].read(event.data()))])
        if [Entry.model_validate(entry) for entry in document["timeline"]] != expected:
            wrong.append(id)
    return wrong


async def _caught_up(service: Service, id: str, latest: dict[str, int]) -> Document:
    while True:
        document = await service.followups.load(id)
        if document is not None and document["seen"] == latest and not document["outbox"]:
            return document
        await asyncio.sleep(0.1)
