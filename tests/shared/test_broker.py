"""What publishing and consuming do on a real broker: confirmed or in trouble, and back again after it was away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import pytest

from deploy.local.parts import Parts
from shared.broker import Broker, Incoming, Subscription, remove_topology
from shared.contracts.intake import DeliveryAttemptedV1
from shared.envelope import Event, from_message
from shared.relay import PublishTrouble
from shared.settings import CommonSettings
from tests.waiting import until

RETRY_SECONDS = (0.2, 0.3)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


def event(subject: str = "g", type: str = DeliveryAttemptedV1.type) -> Event:
    return Event(str(uuid4()), type, "intake", subject, 1, {}, (1,), b'{"specversion":"1.0"}')


@dataclass
class Taken:
    """What a consumer got, by event id; it acknowledges each."""

    ids: list[str] = field(default_factory=list)

    async def __call__(self, message: Incoming) -> None:
        self.ids.append(str(message.message_id))
        await message.ack()

    async def has(self, *events: Event) -> None:
        async def all_there() -> bool:
            return {each.id for each in events} <= set(self.ids)

        await until(all_there, within=60, what="the messages")


@asynccontextmanager
async def connected(settings: CommonSettings) -> AsyncIterator[Broker]:
    broker = Broker(settings.rabbitmq_url, settings.prefix, RETRY_SECONDS, service="intake")
    await broker.start()
    try:
        yield broker
    finally:
        await broker.stop()


@pytest.fixture
async def broker(settings: CommonSettings) -> AsyncIterator[Broker]:
    async with connected(settings) as made:
        yield made
    await remove_topology(settings.rabbitmq_url, settings.prefix, RETRY_SECONDS)


@pytest.fixture
async def left_broker(settings: CommonSettings) -> AsyncIterator[Broker]:
    """For tests that boot the broker: its queues stay. One that is deleted while its dead-letter worker starts (RabbitMQ 3.10) takes the
    supervisor of all such workers with it, and from then on the broker refuses every quorum queue: docs/PITFALLS.md."""
    async with connected(settings) as made:
        yield made


async def taking(broker: Broker) -> tuple[Taken, Subscription]:
    taken = Taken()
    return taken, await broker.consume(broker.names.queue("routing"), 10, taken)


async def published(broker: Broker, sent: Event) -> None:
    """Once it is confirmed, however often that takes: what the relay and the sweeper do."""

    async def confirmed() -> bool:
        try:
            await broker.publish(sent)
        except PublishTrouble:
            return False
        return True

    await until(confirmed, within=60, what="a confirmed publish")


async def test_an_event_reaches_the_services_that_listen_with_its_headers(broker: Broker) -> None:
    sent = event().again(after={"routing": 3}, traceparent="00-11-22-01")
    got: asyncio.Future[Incoming] = asyncio.get_running_loop().create_future()

    async def take(message: Incoming) -> None:
        await message.ack()
        got.set_result(message)

    subscription = await broker.consume(broker.names.queue("feedback"), 10, take)
    await broker.publish(sent)
    message = await asyncio.wait_for(got, 10)
    assert from_message(message.message_id, dict(message.headers), message.body) == sent
    await subscription.cancel()


async def test_what_no_queue_takes_is_no_success(broker: Broker) -> None:
    with pytest.raises(PublishTrouble, match="not taken"):
        await broker.publish_to(f"{broker.names.prefix}.no-such-queue", event())


async def test_a_retry_comes_back_to_the_queue_after_its_time(broker: Broker) -> None:
    taken, _ = await taking(broker)
    sent = event().again(attempt=1)
    await broker.publish_to(broker.names.retry("routing", RETRY_SECONDS[0]), sent)
    await taken.has(sent)


async def test_declaring_everything_again_changes_nothing(broker: Broker, settings: CommonSettings) -> None:
    sent = event()
    await broker.publish(sent)
    async with connected(settings) as again:
        taken, _ = await taking(again)
        await taken.has(sent)


def closed_by_the_broker(parts: Parts) -> None:
    parts.broker.close_all_connections("a test")


def killed_and_booted(parts: Parts) -> None:
    parts.broker.kill()
    parts.broker.boot()


@pytest.mark.parametrize("hurt", [closed_by_the_broker, killed_and_booted])
async def test_a_consumer_takes_up_its_work_when_the_broker_is_back(
    left_broker: Broker, parts: Parts, hurt: Callable[[Parts], None]
) -> None:
    broker = left_broker
    taken, subscription = await taking(broker)
    before, waiting, after = event("before"), event("waiting"), event("after")
    await published(broker, before)
    await taken.has(before)
    assert await subscription.alive()
    await asyncio.to_thread(hurt, parts)
    async with connected(broker_settings(broker, parts)) as other:
        await published(other, waiting)
    await taken.has(waiting)
    await published(broker, after)
    await taken.has(after)
    assert await subscription.alive()


def broker_settings(broker: Broker, parts: Parts) -> CommonSettings:
    return CommonSettings(env="development", prefix=broker.names.prefix, rabbitmq_url=parts.rabbitmq_url)


async def test_while_the_broker_is_away_publishing_is_trouble_and_the_consumer_is_not_alive(left_broker: Broker, parts: Parts) -> None:
    broker = left_broker
    taken, subscription = await taking(broker)
    await asyncio.to_thread(parts.broker.kill)
    try:

        async def noticed() -> bool:
            return not await subscription.alive()

        await until(noticed, what="the loss to be noticed")
        with pytest.raises(PublishTrouble):
            await broker.publish(event())

        async def not_ready() -> bool:
            """Consumers and publishers have a connection each, and each notices by itself."""
            return not await broker.ready()

        await until(not_ready, what="the loss to be told")
    finally:
        await asyncio.to_thread(parts.broker.boot)
    sent = event()
    await published(broker, sent)
    await taken.has(sent)
