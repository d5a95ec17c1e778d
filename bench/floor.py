"""The least that a life can cost on these parts: plain confirmed publishes, consumptions and guarded writes of the same number and size."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from shared.mongo import connect, database
from shared.settings import CommonSettings

PREFETCH = 64
SECONDS = 600


@dataclass(frozen=True)
class Work:
    """Of one life: events published, events consumed by all services, writes to the stores; the mean size of an event's body in bytes."""

    events: int
    consumed: int
    writes: int
    bytes: int


async def floor(settings: CommonSettings, work: Work, lives: int) -> None:
    """Everything is named by the settings' prefix and removed again."""
    body = os.urandom(work.bytes)
    async with await aio_pika.connect(settings.rabbitmq_url) as connection:
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=PREFETCH)
        await _messages(channel, settings.prefix, body, work.events * lives, max(1, round(work.consumed / work.events)))
    await _writes(settings, body, work.writes, lives)


async def _messages(channel: AbstractChannel, prefix: str, body: bytes, events: int, consumers: int) -> None:
    exchange = await channel.declare_exchange(prefix, aio_pika.ExchangeType.FANOUT, durable=True)
    left, done = events * consumers, asyncio.Event()

    async def take(message: AbstractIncomingMessage) -> None:
        nonlocal left
        await message.ack()
        left -= 1
        if left == 0:
            done.set()

    queues = []
    for number in range(consumers):
        queue = await channel.declare_queue(f"{prefix}.{number}", durable=True, arguments={"x-queue-type": "quorum"})
        await queue.bind(exchange)
        queues.append((queue, await queue.consume(take)))
    for _ in range(events):
        await exchange.publish(aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT), "")
    await asyncio.wait_for(done.wait(), SECONDS)
    for queue, tag in queues:
        await queue.cancel(tag)
        await queue.delete(if_unused=False, if_empty=False)
    await exchange.delete()


async def _writes(settings: CommonSettings, body: bytes, writes: int, lives: int) -> None:
    client = connect(settings)
    base = database(client, settings, "floor")
    for life in range(lives):
        await base["documents"].insert_one({"_id": life, "version": 0, "body": body})
        for version in range(writes - 1):
            await base["documents"].update_one({"_id": life, "version": version}, {"$set": {"version": version + 1, "body": body}})
    await client.drop_database(base.name)
    client.close()
