"""Replies on their way out of a real store: what waits, who sees it, and what wakes it."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import pytest

from services.intake.domain.delivery import Delivery
from services.intake.domain.sending import wake
from services.intake.service import Service
from services.intake.settings import IntakeSettings
from services.intake.store.mongo import DELIVERY_DUE, Waiting, send_what_was_open
from services.intake.usecases.deliver import deliver
from shared import telemetry
from shared.contracts.feedback import LINK
from shared.timers import TIMER, Timers
from tests.services.builders import ID
from tests.services.intake.graph import Graph
from tests.services.intake.test_erasing import graph, somebody

__all__ = ["graph"]
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def asked(graph: Graph) -> tuple[str, str]:
    """A grievance told on a visit, by somebody with a phone, with a reply on its way; and whose it is."""
    id = await graph.hear(petitioner=somebody())
    delivery = Delivery(id=str(uuid.uuid4()), purpose="REPLY", text="答复")
    await graph.service.writer.act(id, lambda held: (held.with_delivery(delivery), []))
    return id, (await graph.service.grievances.find_many([id]))[id].person


async def fields(service: Service, id: str) -> dict[str, object]:
    row = await service.grievances.collection.find_one({"_id": id}, {DELIVERY_DUE: 1, TIMER: 1})
    assert row is not None
    return {name: value for name, value in row.items() if name != "_id"}


async def waiting(service: Service) -> dict[str, Waiting]:
    return {each.number: each for each in await service.grievances.waiting(1_000)}


async def test_without_a_provider_a_reply_waits_for_one_and_operators_see_it(graph: Graph) -> None:
    service = graph.service
    id, person = await asked(graph)
    assert (id, person) in await service.grievances.to_send(service.runtime.world.real_now(), 1_000)
    assert await deliver(service.outbound.delivering, id, person) == 0
    number = (await service.grievances.find_many([id]))[id].number
    assert set(await fields(service, id)) == {TIMER}
    assert (await waiting(service))[number].delivery.hand == "SMS"
    overview = await service.outbound.overview()
    assert f"{number}  SMS      busy no_provider, 0 sent, until " in overview
    await service.outbound.count()
    assert telemetry.DELIVERIES_WAITING.labels("SMS")._value.get() >= 1


async def test_a_long_reply_is_shortened_to_what_the_installation_says_that_a_message_holds(graph: Graph) -> None:
    service = graph.service
    reply = Delivery(id="d", purpose="REPLY", text="答" * 10_000, invitation=f"请评价：{LINK}")
    until = service.runtime.world.real_now()
    lengths = [len(service.text_of(reply.claimed(channel, "claim", until), ID)) for channel in ("SMS", "WECHAT")]
    assert lengths == [service.settings.sms_characters, service.settings.wechat_characters]


async def test_what_has_waited_long_enough_is_woken_by_the_clock_and_sent_by_a_sender(graph: Graph) -> None:
    service = graph.service
    id, person = await asked(graph)
    await deliver(service.outbound.delivering, id, person)
    now = service.runtime.world.now()

    async def clock(at: datetime) -> None:
        await Timers("intake", service.grievances.collection, service.writer, wake, lambda: at).round()

    await clock(now + timedelta(minutes=9))
    assert set(await fields(service, id)) == {TIMER}
    await clock(now + timedelta(minutes=16))
    assert set(await fields(service, id)) == {DELIVERY_DUE}


async def test_what_was_open_before_there_was_a_time_for_it_is_still_sent(graph: Graph) -> None:
    service = graph.service
    id, person = await asked(graph)
    change = {"$unset": {DELIVERY_DUE: ""}, "$set": {"delivery_open": True}}
    await service.grievances.collection.update_one({"_id": id}, change)
    assert (id, person) not in await service.grievances.to_send(service.runtime.world.real_now(), 1_000)
    await send_what_was_open(service.runtime.database)
    assert (id, person) in await service.grievances.to_send(service.runtime.world.real_now(), 1_000)


@pytest.mark.parametrize(("channels", "url", "ready"), [("SMS WEB", "", False), ("SMS WEB", "http://127.0.0.1:9", True), ("WEB", "", True)])
async def test_a_worker_is_not_ready_that_has_a_channel_and_nobody_to_hand_it_to(
    intake_service: Service, channels: str, url: str, ready: bool
) -> None:
    made = Service(
        IntakeSettings(**intake_service.settings.model_dump(exclude={"channels", "provider_url"}), channels=channels, provider_url=url)
    )
    made.worker()
    found = await made.runtime.checks()
    made.runtime.client.close()
    assert found["provider"] is ready
