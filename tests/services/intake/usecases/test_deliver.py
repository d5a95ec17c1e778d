"""A text reaches the petitioner once, whoever of the senders is lost on the way."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.intake.domain.delivery import Delivery
from services.intake.domain.grievance import Grievance
from services.intake.service import participant
from services.intake.store.mongo import CODEC, Notices
from services.intake.usecases.deliver import Delivering, deliver
from shared import mongo
from shared.contracts.intake import DeliveryResult
from tests.access.documents import Described
from tests.services.builders import AT, ID, Desk

TEXT = "新牌已安装到位。"
CLAIM = timedelta(seconds=30)


class Lost(Exception):
    """The sender ends here, as by kill -9."""


class Provider:
    """A channel with a ledger. `lost_after` sends it accepts and the sender does not learn it."""

    name = "STAND_IN"

    def __init__(self, *, knows_references: bool, lost_after: int = 0) -> None:
        self.knows_references = knows_references
        self.told: list[str] = []
        self._lost = lost_after

    async def send(self, reference: str, grievance: str, phone: str | None, text: str) -> DeliveryResult:
        if not (self.knows_references and reference in self.told):
            self.told.append(reference)
        if self._lost:
            self._lost -= 1
            raise Lost
        return "sent"


class Persons:
    async def contacts(self, persons: list[str]) -> list[tuple[str | None, str | None]]:
        return [("孔凡甲", "13800004001") for _ in persons]


def asked(desk: Desk) -> None:
    """A grievance with one delivery on its way."""
    grievance: Grievance = Described("S", bytes(32), ID).grievance("person")
    desk.put(grievance.with_delivery(Delivery(id="d1", purpose="REPLY", text=TEXT)))


def delivering(desk: Desk, channel: Provider) -> Delivering:
    claims = iter(f"claim-{n}" for n in range(100))
    return Delivering(desk.writer, Persons(), channel, desk.world.now, desk.world.real_now, lambda: next(claims), CLAIM)


def results(desk: Desk) -> list[str]:
    return [held.state for held in desk.state().deliveries]


async def test_a_pending_text_is_sent_and_said_once() -> None:
    desk, channel = Desk(participant(lambda _code: None), CODEC), Provider(knows_references=False)
    asked(desk)
    parts = delivering(desk, channel)
    assert [await deliver(parts, ID), await deliver(parts, ID)] == [1, 0]
    assert (channel.told, results(desk), desk.said()) == (["d1"], ["SENT"], ["intake.grievance.delivery_attempted.v1"])


async def test_while_one_sender_holds_it_no_other_sends() -> None:
    desk, channel = Desk(participant(lambda _code: None), CODEC), Provider(knows_references=True, lost_after=1)
    asked(desk)
    parts = delivering(desk, channel)
    with pytest.raises(Lost):
        await deliver(parts, ID)
    desk.world.later(seconds=29)
    assert await deliver(parts, ID) == 0
    assert (results(desk), desk.said()) == (["CLAIMED"], [])


async def test_where_the_channel_knows_our_reference_a_lost_sender_is_followed_by_another() -> None:
    desk, channel = Desk(participant(lambda _code: None), CODEC), Provider(knows_references=True, lost_after=2)
    asked(desk)
    parts = delivering(desk, channel)
    for _ in range(2):
        with pytest.raises(Lost):
            await deliver(parts, ID)
        desk.world.later(seconds=31)
    assert await deliver(parts, ID) == 1
    assert (channel.told, results(desk), desk.said()) == (["d1"], ["SENT"], ["intake.grievance.delivery_attempted.v1"])


async def test_where_it_does_not_the_delivery_ends_unknown_and_is_never_repeated() -> None:
    desk, channel = Desk(participant(lambda _code: None), CODEC), Provider(knows_references=False, lost_after=1)
    asked(desk)
    parts = delivering(desk, channel)
    with pytest.raises(Lost):
        await deliver(parts, ID)
    desk.world.later(seconds=31)
    assert [await deliver(parts, ID), await deliver(parts, ID)] == [1, 0]
    assert (channel.told, results(desk), desk.said()) == (["d1"], ["UNKNOWN"], ["intake.grievance.delivery_attempted.v1"])


async def test_a_late_sender_whose_claim_was_taken_over_records_nothing() -> None:
    desk, channel = Desk(participant(lambda _code: None), CODEC), Provider(knows_references=True)
    asked(desk)
    early = delivering(desk, channel)
    late = Delivering(desk.writer, Persons(), Overtaken(desk, early), early.now, early.real_now, lambda: "late", CLAIM)
    assert await deliver(late, ID) == 0
    assert (channel.told, results(desk), desk.said()) == (["d1"], ["SENT"], ["intake.grievance.delivery_attempted.v1"])


class Overtaken(Provider):
    """So slow that meanwhile the claim expires and another sender is done."""

    def __init__(self, desk: Desk, other: Delivering) -> None:
        super().__init__(knows_references=True)
        self._desk, self._other = desk, other

    async def send(self, reference: str, grievance: str, phone: str | None, text: str) -> DeliveryResult:
        self._desk.world.later(seconds=31)
        assert await deliver(self._other, ID) == 1
        return "sent"


@pytest.mark.asyncio(loop_scope="session")
async def test_a_notice_is_one_document_however_often_it_is_sent(intake_database: mongo.Database) -> None:
    notices = Notices(intake_database, lambda: AT)
    assert notices.knows_references
    assert [await notices.send("d1", ID, None, TEXT) for _ in range(2)] == ["sent", "sent"]
    assert await intake_database["notices"].count_documents({}) == 1
