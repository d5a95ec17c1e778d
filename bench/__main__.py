"""python -m bench [--lives 500]: CPU milliseconds per whole life and process, beside the floor of bare parts in the same run.

A life: registered, dispatched, accepted, resolved, delivered, surveyed, closed; by GraphQL through the gateway. The floor: as many
confirmed publishes and consumed messages (1.5 kB) and as many guarded writes as such a life needs, by plain aio-pika and the driver.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from pathlib import Path
from uuid import uuid4

import aio_pika
import aiohttp
import psutil

from deploy.demo import batch
from deploy.demo.calendar import begin
from deploy.demo.client import Client
from deploy.local.supervisor import System
from shared.mongo import connect, database
from shared.settings import CommonSettings

# Events of one life: intake 2, routing 6, feedback 4; each is consumed by the two other services.
EVENTS_PER_LIFE = 12
CONSUMERS_PER_EVENT = 2
# Its writes: 4 commands, 24 events applied, 2 of the sender, 2 claims (number, person),
# and for each of 11 relayed writes one that keeps the events and one that settles the outbox.
WRITES_PER_LIFE = 54


def cpu(system: System) -> dict[str, float]:
    """CPU seconds that each process has used so far, its children included."""
    used = {}
    for name, process in system.processes.items():
        if process.pid is None:
            continue
        root = psutil.Process(process.pid)
        times = [each.cpu_times() for each in (root, *root.children(recursive=True))]
        used[name] = sum(each.user + each.system for each in times)
    return used


async def lives(system: System, count: int, directory: Path) -> float:
    """Play whole lives; wall seconds."""
    begin(directory / "clock")
    async with aiohttp.ClientSession() as session:
        client = Client(system.urls["gateway"], session, directory / "acknowledged.jsonl")
        places = await batch.villages(client)
        lot = batch.messages(places, Path("no such file"))
        begun = time.monotonic()
        await batch.play(client, f"bench-{uuid4().hex[:6]}", [lot[n % len(lot)] for n in range(count)], lambda: None)
        return time.monotonic() - begun


async def floor(system: System, count: int) -> None:
    """The same number of messages and writes with nothing of ours between."""
    settings = CommonSettings(
        mongodb_url=system.environment["MINYI_MONGODB_URL"],
        mongodb_retry_writes=system.environment["MINYI_MONGODB_RETRY_WRITES"] == "true",
        prefix=f"floor{uuid4().hex[:6]}",
    )
    connection = await aio_pika.connect(system.environment["MINYI_RABBITMQ_URL"])
    async with connection:
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=64)
        exchange = await channel.declare_exchange(settings.prefix, aio_pika.ExchangeType.FANOUT, durable=True)
        body, total = os.urandom(1500), count * EVENTS_PER_LIFE
        queues, taken, done = [], 0, asyncio.Event()

        async def take(message: aio_pika.abc.AbstractIncomingMessage) -> None:
            nonlocal taken
            await message.ack()
            taken += 1
            if taken == total * CONSUMERS_PER_EVENT:
                done.set()

        for number in range(CONSUMERS_PER_EVENT):
            queue = await channel.declare_queue(f"{settings.prefix}.{number}", durable=True, arguments={"x-queue-type": "quorum"})
            await queue.bind(exchange)
            await queue.consume(take)
            queues.append(queue)
        for _ in range(total):
            await exchange.publish(aio_pika.Message(body), "")
        await asyncio.wait_for(done.wait(), 60)
        for queue in queues:
            await queue.delete(if_unused=False, if_empty=False)
        await exchange.delete()
    client = connect(settings)
    base = database(client, settings, "floor")
    for n in range(count):
        await base["documents"].insert_one({"_id": n, "version": 0, "body": body})
        for version in range(WRITES_PER_LIFE - 1):
            await base["documents"].update_one({"_id": n, "version": version}, {"$set": {"version": version + 1, "body": body}})
    await client.drop_database(base.name)
    client.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--lives", type=int, default=500)
    count = parser.parse_args().lives
    with tempfile.TemporaryDirectory() as temporary, System(Path(temporary), say=print) as system:
        before = cpu(system)
        wall = asyncio.run(lives(system, count, Path(temporary)))
        after = cpu(system)
        print(f"\n{count} lives in {wall:.1f} s wall; CPU ms per life:")
        for name in sorted(after):
            print(f"  {name:16} {(after[name] - before.get(name, 0.0)) * 1000 / count:8.2f}")
        total = sum(after.values()) - sum(before.values())
        print(f"  {'all':16} {total * 1000 / count:8.2f}")
        own, parts = time.process_time(), cpu(system)
        asyncio.run(floor(system, count))
        own, later = time.process_time() - own, cpu(system)
        broker_and_store = sum(later[name] - parts[name] for name in later)
        print(
            f"floor, {EVENTS_PER_LIFE} publishes, {EVENTS_PER_LIFE * CONSUMERS_PER_EVENT} consumes and {WRITES_PER_LIFE} writes per life:"
        )
        print(f"  client           {own * 1000 / count:8.2f}\n  broker and store {broker_and_store * 1000 / count:8.2f}")


if __name__ == "__main__":
    main()
