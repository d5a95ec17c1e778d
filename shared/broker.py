"""RabbitMQ: the whole topology, confirmed publishing, consuming. The one file that imports aio-pika.

The topology is declared before the first publish (the stream is bound to everything and would make any publish look routed),
the same for RabbitMQ 3.10 and 4.x. Every name starts with the prefix from the settings.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, AbstractRobustConnection
from aio_pika.exceptions import AMQPError, ChannelInvalidStateError, DeliveryError, PublishError

from shared import telemetry
from shared.envelope import CONTENT_TYPE, ORIGINAL_KEY, REASON, Event
from shared.relay import PublishTrouble

SERVICES = ("intake", "routing", "feedback")
# Orders to 12345 count in intake's sequence: who took them not would wait for ever for what comes after.
REFERENCES = {
    "intake": (),
    "routing": ("intake.reference.#", "intake.hotline_order.#"),
    "feedback": ("intake.reference.#", "intake.hotline_order.#"),
}
HOTLINE_ORDERS = "intake.hotline_order.issued.v1"
HEARTBEAT = 10
PUBLISH_SECONDS = 10.0
DECLARE_SECONDS = 30.0
ATTACH_SECONDS = 10.0
DELIVERY_LIMIT = 1_000
DEAD_DELIVERY_LIMIT = 1_000_000
# The broker drops a message as a cycle when it comes back with these.
DEATH_RECORDS = ("x-death", "x-first-death", "x-last-death")

Incoming = AbstractIncomingMessage
# Everything by which aio-pika and asyncio say that the broker is not there, has gone, or is too slow.
TRANSPORT_FAULTS = (AMQPError, OSError, ChannelInvalidStateError, TimeoutError, RuntimeError)


@dataclass(frozen=True)
class Names:
    """The names of exchanges and queues under one prefix."""

    prefix: str

    @property
    def exchange(self) -> str:
        return f"{self.prefix}.events"

    @property
    def stream(self) -> str:
        return f"{self.prefix}.events.log"

    def queue(self, service: str) -> str:
        return f"{self.prefix}.{service}"

    @property
    def hotline(self) -> str:
        """Orders for the 12345 platform, which takes them when it can."""
        return f"{self.prefix}.hotline"

    @property
    def hotline_in(self) -> str:
        """What the 12345 platform reports."""
        return f"{self.prefix}.hotline.in"

    def retry(self, service: str, seconds: float) -> str:
        return f"{self.prefix}.{service}.retry.{_spoken(seconds)}"

    def dead(self, service: str) -> str:
        return f"{self.prefix}.{service}.dead"


def _spoken(seconds: float) -> str:
    if seconds >= 60 and seconds % 60 == 0:
        return f"{int(seconds // 60)}m"
    return f"{seconds:g}s".replace(".", "_")


async def declare_topology(channel: AbstractChannel, names: Names, retry_seconds: tuple[float, ...]) -> None:
    """Exchange, stream, per service its queue, retry queues and `.dead`, and the two queues of 12345. Repeating it changes nothing."""
    exchange = await channel.declare_exchange(names.exchange, aio_pika.ExchangeType.TOPIC, durable=True)
    for service in SERVICES:
        queue = await channel.declare_queue(names.queue(service), durable=True, arguments=quorum(DELIVERY_LIMIT))
        for other in SERVICES:
            if other != service:
                await queue.bind(exchange, f"{other}.grievance.#")
        for key in REFERENCES[service]:
            await queue.bind(exchange, key)
        for seconds in retry_seconds:
            await channel.declare_queue(
                names.retry(service, seconds),
                durable=True,
                arguments={
                    **quorum(DELIVERY_LIMIT),
                    "x-message-ttl": int(seconds * 1000),
                    "x-dead-letter-exchange": "",
                    "x-dead-letter-routing-key": names.queue(service),
                    # At-most-once, the default, loses what is in flight at a restart; it needs reject-publish beside it.
                    "x-dead-letter-strategy": "at-least-once",
                    "x-overflow": "reject-publish",
                },
            )
        await channel.declare_queue(names.dead(service), durable=True, arguments=quorum(DEAD_DELIVERY_LIMIT))
    # A stranger empties it: never bounded, whatever its length, or nobody's events would be taken.
    hotline = await channel.declare_queue(names.hotline, durable=True, arguments=quorum(DEAD_DELIVERY_LIMIT))
    await hotline.bind(exchange, HOTLINE_ORDERS)
    # One worker at a time: another would take the second report on an order beside the first.
    reports = quorum(DEAD_DELIVERY_LIMIT) | {"x-single-active-consumer": True}
    await channel.declare_queue(names.hotline_in, durable=True, arguments=reports)
    stream = await _declare_stream(channel, names.stream)
    await stream.bind(exchange, "#")


def quorum(delivery_limit: int) -> dict[str, Any]:
    return {"x-queue-type": "quorum", "x-delivery-limit": delivery_limit}


async def _declare_stream(channel: AbstractChannel, name: str) -> Any:
    """Just after a broker's boot a stream can answer 404: try again for a while."""
    for attempt in range(20):
        try:
            return await channel.declare_queue(name, durable=True, arguments={"x-queue-type": "stream", "x-max-age": "30D"})
        except AMQPError:
            if attempt == 19:
                raise
            await asyncio.sleep(0.25)
            await channel.reopen()
    raise AssertionError("unreachable")


class Broker:
    """One process's two connections (publishing, consuming) and their long-lived channels."""

    def __init__(self, url: str, prefix: str, retry_seconds: tuple[float, ...], *, service: str = "") -> None:
        self.names = Names(prefix)
        self._url = url
        self._retry_seconds = retry_seconds
        self._service = service
        self._publishing: AbstractRobustConnection | None = None
        self._consuming: AbstractRobustConnection | None = None
        self._channel: AbstractChannel | None = None
        self._opening = asyncio.Lock()

    async def start(self) -> None:
        """Connect (waiting for a broker that is not there yet) and declare the topology."""
        self._publishing = await connect(self._url)
        async with asyncio.timeout(DECLARE_SECONDS):
            channel = await self._publishing.channel()
            await declare_topology(channel, self.names, self._retry_seconds)
            await channel.close()

    async def attach(self) -> None:
        """For a tool: connect to the system's broker, which has to be named and to be there, and declare nothing. Raises PublishTrouble."""
        if "MINYI_RABBITMQ_URL" not in os.environ:
            raise PublishTrouble('MINYI_RABBITMQ_URL is not set; beside `make up` type: eval "$(python -m deploy.local env)"')
        try:
            async with asyncio.timeout(ATTACH_SECONDS):
                self._publishing = await aio_pika.connect_robust(self._url, timeout=ATTACH_SECONDS)
        except TRANSPORT_FAULTS as error:
            raise PublishTrouble(f"the broker that MINYI_RABBITMQ_URL names does not take us: {type(error).__name__}") from None

    async def stop(self) -> None:
        for connection in (self._consuming, self._publishing):
            if connection is not None:
                try:
                    async with asyncio.timeout(5):
                        await connection.close()
                except TRANSPORT_FAULTS:
                    telemetry.log().info("connection was gone before it was closed")

    async def ready(self) -> bool:
        """Whether the publishing connection stands."""
        return self._publishing is not None and self._publishing.connected.is_set()

    async def publish(self, event: Event) -> None:
        """Publish to the exchange by the event's type; confirmed and routed, or PublishTrouble."""
        await self.send(self.names.exchange, event.type, event.id, dict(event.headers()), event.body)

    async def publish_to(self, queue: str, event: Event) -> None:
        """Publish straight to one queue (retry, delay, replay, republish)."""
        await self.send("", queue, event.id, dict(event.headers()), event.body)

    async def park(self, service: str, message_id: str, headers: dict[str, Any], body: bytes, reason: str, key: str) -> None:
        """Put a message into `.dead` with the reason and its original routing key; the broker's own death records are stripped."""
        clean = {
            name: value for name, value in headers.items() if not name.lower().startswith(("x-death", "x-first-death", "x-last-death"))
        }
        clean |= {REASON: reason, ORIGINAL_KEY: key}
        await self.send("", self.names.dead(service), message_id, clean, body)

    async def send(self, exchange: str, key: str, id: str, headers: dict[str, Any], body: bytes) -> None:
        """One confirmed, mandatory publish with a time limit; every way in which it can fail is PublishTrouble."""
        message = aio_pika.Message(
            body, message_id=id, headers=headers, content_type=CONTENT_TYPE, delivery_mode=aio_pika.DeliveryMode.PERSISTENT
        )
        try:
            async with asyncio.timeout(PUBLISH_SECONDS):
                channel = await self._publish_channel()
                target = channel.default_exchange if exchange == "" else await channel.get_exchange(exchange, ensure=False)
                await target.publish(message, key, mandatory=True, timeout=PUBLISH_SECONDS)
        except (DeliveryError, PublishError) as error:
            raise PublishTrouble(f"not taken by the broker: {type(error).__name__}") from error
        except TRANSPORT_FAULTS as error:
            raise PublishTrouble(type(error).__name__) from error
        except asyncio.CancelledError:
            # A silent network loss ends publish() with a cancellation that nobody asked for.
            task = asyncio.current_task()
            if task is not None and task.cancelling() == 0:
                raise PublishTrouble("the connection was lost") from None
            raise
        telemetry.EVENTS_PUBLISHED.labels(self._service).inc()

    async def _publish_channel(self) -> AbstractChannel:
        async with self._opening:
            if self._channel is None or self._channel.is_closed:
                if self._publishing is None:
                    raise PublishTrouble("not connected")
                self._channel = await self._publishing.channel(publisher_confirms=True, on_return_raises=True)
            return self._channel

    async def consume(self, queue: str, prefetch: int, on_message: Callable[[Incoming], Awaitable[None]]) -> Subscription:
        """Take messages by callback; on reconnection aio-pika takes up the consumer again.

        It does so only for a queue that it has declared itself, passively or not: one from `get_queue(ensure=False)` is forgotten, and
        the worker would stand connected and idle for ever.
        """
        if self._consuming is None:
            self._consuming = await connect(self._url)
        channel = await self._consuming.channel(publisher_confirms=False)
        await channel.set_qos(prefetch_count=prefetch)
        declared = await channel.declare_queue(queue, passive=True)
        return Subscription(channel, declared, await declared.consume(on_message))

    @asynccontextmanager
    async def channel(self, *, confirms: bool = True) -> AsyncIterator[AbstractChannel]:
        """A channel of its own for tools (counting, peeking); closed at the end."""
        if self._publishing is None:
            raise PublishTrouble("not connected")
        channel = await self._publishing.channel(publisher_confirms=confirms, on_return_raises=confirms)
        try:
            yield channel
        finally:
            await channel.close()


class Subscription:
    """A running consumer."""

    def __init__(self, channel: AbstractChannel, queue: Any, tag: str) -> None:
        self._channel = channel
        self._queue = queue
        self._tag = tag

    async def alive(self) -> bool:
        """Whether messages can come: the connection may stand while the broker knows of no consumer."""
        try:
            async with asyncio.timeout(1):
                channel: Any = await self._channel.get_underlay_channel()
        except TRANSPORT_FAULTS:
            return False
        return not channel.is_closed and self._tag in channel.consumers

    async def cancel(self) -> None:
        """Stop taking messages; what is in hand stays in hand. Waits at most 5 s for the broker to agree."""
        try:
            async with asyncio.timeout(5):
                await self._queue.cancel(self._tag)
        except TRANSPORT_FAULTS:
            telemetry.log().info("the consumer was gone before it was cancelled")


async def connect(url: str) -> AbstractRobustConnection:
    """A connection that reconnects by itself and, unlike the library's default, also waits for a broker that is not up yet."""
    separator = "&" if "?" in url else "?"
    return await aio_pika.connect_robust(f"{url}{separator}heartbeat={HEARTBEAT}&fail_fast=0", timeout=10)


async def remove_topology(url: str, prefix: str, retry_seconds: tuple[float, ...]) -> None:
    """Delete everything under a prefix; for tests."""
    names = Names(prefix)
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel()
        for service in SERVICES:
            for queue in (names.queue(service), names.dead(service), *(names.retry(service, seconds) for seconds in retry_seconds)):
                await channel.queue_delete(queue)
        for queue in (names.hotline, names.hotline_in, names.stream):
            await channel.queue_delete(queue)
        await channel.exchange_delete(names.exchange)
