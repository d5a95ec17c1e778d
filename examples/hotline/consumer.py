"""A 12345 platform in miniature: takes orders one by one, reports on each, and acknowledges only what it has reported. Copy it, and put
your own system in place of `work`. Needs aio-pika, and nothing of Minyi's.

    HOTLINE_AMQP_URL=amqp://hotline:secret@127.0.0.1:5672/ HOTLINE_PREFIX=minyi python consumer.py
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import aio_pika

URL = os.environ.get("HOTLINE_AMQP_URL", "amqp://guest:guest@127.0.0.1:5672/")
PREFIX = os.environ.get("HOTLINE_PREFIX", "minyi")
NAMESPACE = uuid.UUID("8c0f6f3e-3d0b-5a51-9d4e-2b7c1f6a1234")  # yours: make one with uuidgen, once

Report = tuple[str, str | None]


def work(order: dict[str, Any]) -> Iterator[Report]:
    """What becomes of an order, in your system: (TAKEN | RESOLVED | RETURNED, in words). It may come twice: look its `orderId` up first.

    RESOLVED usually comes days later, from another process; what counts is the id of each report.
    """
    yield "TAKEN", None
    yield "RESOLVED", f"关于“{order['subject']}”的事项已由12345平台协调办结。"


def report(order_id: str, kind: str, text: str | None) -> tuple[str, bytes]:
    """The same report of the same order always has the same id: sent again, it is known, and nothing is done twice."""
    id = str(uuid.uuid5(NAMESPACE, f"{order_id} {kind}"))
    body = {"id": id, "orderId": order_id, "kind": kind, "at": datetime.now(UTC).isoformat(), "text": text}
    return id, json.dumps(body, ensure_ascii=False).encode()


async def send(channel: Any, id: str, body: bytes) -> None:
    """Returns once the broker has it on disk; raises otherwise, and the order comes again."""
    message = aio_pika.Message(body, message_id=id, content_type="application/json", delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
    await channel.default_exchange.publish(message, f"{PREFIX}.hotline.in", mandatory=True, timeout=10)


async def main() -> None:
    connection = await aio_pika.connect_robust(URL)
    async with connection:
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        # One at a time, by one consumer: what was handed over first is taken first.
        await channel.set_qos(prefetch_count=1)
        queue = await channel.declare_queue(f"{PREFIX}.hotline", passive=True)
        async with queue.iterator() as messages:
            async for message in messages:
                order = json.loads(message.body)["data"]
                logging.info("order %s %s due %s", order["orderId"], order["occasion"], order["dueAt"])
                for kind, text in work(order):
                    await send(channel, *report(order["orderId"], kind, text))
                # Not before: whoever dies here takes the order again, and its reports are known by their ids.
                await message.ack()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    asyncio.run(main())
