"""python -m bench [--lives 500]: CPU milliseconds per whole life and process, beside the floor of bare parts in the same run.

A life: registered, dispatched, accepted, resolved, delivered, surveyed, closed (some reworked once), by GraphQL through the gateway; its
client looks every 0.1 s whether it may go on, and these looks are counted. What the system uses when nobody asks is measured first.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path
from uuid import uuid4

import aiohttp

from bench.floor import Work, floor
from bench.processes import MAILBOX_ALONE, Used, used
from deploy.demo import batch
from deploy.demo.calendar import begin
from deploy.demo.client import Client
from deploy.local.supervisor import System
from shared.mongo import connect, database
from shared.settings import CommonSettings

IDLE_SECONDS = 10.0
COLLECTIONS = {"intake": "grievances", "routing": "cases", "feedback": "followups"}
# Of a life beside its documents and events: the number that it claims and the person that it keeps.
CLAIMS = 2
PARTS = ("broker", "store", "epmd")


class Counting(Client):
    """A client that counts its requests."""

    requests = 0

    async def _ask(self, method: str, url: str, **more: object) -> tuple[int, object]:
        self.requests += 1
        return await super()._ask(method, url, **more)


async def lives(system: System, count: int, directory: Path) -> tuple[float, int]:
    """Play whole lives; wall seconds, and how many requests that took."""
    begin(directory / "clock")
    async with aiohttp.ClientSession() as session:
        client = Counting(system.urls["gateway"], session, directory / "acknowledged.jsonl")
        lot = batch.messages(await batch.villages(client), Path("no such file"))
        client.requests, begun = 0, time.monotonic()
        await batch.play(client, f"bench-{uuid4().hex[:6]}", [lot[n % len(lot)] for n in range(count)], lambda: None)
        return time.monotonic() - begun, client.requests


def settings_of(system: System, prefix: str) -> CommonSettings:
    environment = system.environment
    return CommonSettings(
        rabbitmq_url=environment["MINYI_RABBITMQ_URL"],
        mongodb_url=environment["MINYI_MONGODB_URL"],
        mongodb_retry_writes=environment["MINYI_MONGODB_RETRY_WRITES"] == "true",
        prefix=prefix,
    )


async def work_of(system: System, count: int) -> Work:
    """What one life was made of, on average, as the stores tell it."""
    settings = settings_of(system, "minyi")
    client = connect(settings)
    events, bytes_, consumed, writes = 0, 0, 0, CLAIMS * count
    for service, collection in COLLECTIONS.items():
        base = database(client, settings, service)
        relayed = set()
        for row in await base["events"].find({}, {"subject": 1, "at": 1, "body": 1, "type": 1}).to_list(None):
            if ".reference." not in row["type"]:
                events, bytes_ = events + 1, bytes_ + len(row["body"])
                relayed.add((row["subject"], row["at"]))
        for document in await base[collection].find({}, {"version": 1, "seen": 1}).to_list(None):
            consumed += sum(document["seen"].values())
            writes += document["version"]
        # What was relayed together was kept by one write and taken out of the outbox by another.
        writes += 2 * len(relayed)
    client.close()
    return Work(events // count, consumed // count, writes // count, bytes_ // events)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--lives", type=int, default=500)
    count = parser.parse_args().lives
    with tempfile.TemporaryDirectory() as temporary, System(Path(temporary), say=print, env=MAILBOX_ALONE) as system:
        resting = used(system)
        time.sleep(IDLE_SECONDS)
        idle = used(system) - resting
        before = used(system)
        wall, requests = asyncio.run(lives(system, count, Path(temporary)))
        spent = used(system) - before
        work = asyncio.run(work_of(system, count))
        before, own = used(system), time.process_time()
        asyncio.run(floor(settings_of(system, f"floor{uuid4().hex[:6]}"), work, count))
        show(count, wall, requests / count, work, idle, spent, time.process_time() - own, used(system) - before)


def show(count: int, wall: float, requests: float, work: Work, idle: Used, spent: Used, client: float, bare: Used) -> None:
    print(f"\n{count} lives in {wall:.1f} s wall, {requests:.1f} requests each.")
    print(f"A life: {work.events} events of {work.bytes} B, {work.consumed} consumed, {work.writes} writes.\n")
    print(f"{'CPU':18}{'ms per life':>12}{'idle, ms per s':>16}")
    for name, seconds in sorted(spent.items()):
        print(f"  {name:16}{seconds * 1000 / count:12.2f}{idle[name] * 1000 / IDLE_SECONDS:16.2f}")
    print(f"  {'all':16}{spent.total * 1000 / count:12.2f}{idle.total * 1000 / IDLE_SECONDS:16.2f}")
    ours = spent.total - spent.of(PARTS)
    print("\nThe floor, the same events, consumptions and writes with nothing of ours between; ms per life:")
    print(f"  client          {client * 1000 / count:12.2f}   our processes take {ours / client:.1f} times that")
    print(f"  broker, store   {bare.of(PARTS) * 1000 / count:12.2f}   below us they take {spent.of(PARTS) / bare.of(PARTS):.1f} times that")


if __name__ == "__main__":
    main()
