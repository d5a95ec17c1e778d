"""A text reaches the petitioner once, whoever of the senders is lost on the way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.intake.domain.channels import offered_from
from services.intake.domain.contact import Contact
from services.intake.domain.delivery import Delivery, Outcome
from services.intake.domain.grievance import Grievance
from services.intake.domain.quiet import QuietHours
from services.intake.domain.sending import MOST_TRIES, Rules, wake
from services.intake.service import participant
from services.intake.store.mongo import CODEC, Notices
from services.intake.usecases.deliver import Delivering, deliver
from services.intake.usecases.ports import Channel
from shared import mongo
from tests.access.documents import Described
from tests.services.builders import AT, ID, Desk

TEXT = "新牌已安装到位。"
PHONE, OPENID = "13800004001", "oDelivers-demo-0000000000001"
CLAIM = timedelta(seconds=30)
NIGHT = datetime(2020, 6, 5, 14, 0, tzinfo=UTC)
"""Ten in the evening in China."""


class Lost(Exception):
    """The sender ends here, as by kill -9."""


class Provider:
    """A channel with a ledger. `lost_after` sends it accepts and the sender does not learn it; then it says what `says` has."""

    def __init__(self, *, knows_references: bool = True, lost_after: int = 0, says: Iterable[Outcome] = (), answers: bool = True) -> None:
        self.knows_references = knows_references
        self.told: list[str] = []
        self.addresses: list[str | None] = []
        self.asked = 0
        self._lost = lost_after
        self._says = iter(says)
        self.answers = answers

    async def send(self, reference: str, grievance: str, address: str | None, text: str) -> Outcome:
        outcome = next(self._says, Outcome("sent"))
        self.addresses.append(address)
        if outcome.result in ("sent", "unknown"):
            self.told.append(reference)
        if self._lost:
            self._lost -= 1
            raise Lost
        return outcome

    async def ask(self, reference: str) -> Outcome:
        assert self.knows_references, "it was asked what it cannot know"
        self.asked += 1
        if not self.answers:
            return Outcome("unknown", "no_answer")
        return Outcome("sent") if reference in self.told else Outcome("trouble", "not_accepted")


class Persons:
    def __init__(self, contact: Contact) -> None:
        self._contact = contact

    async def contacts(self, persons: list[str]) -> list[Contact]:
        return [self._contact for _ in persons]


def asked() -> Desk:
    """A grievance told on a visit, with one delivery on its way."""
    desk = Desk(participant(lambda _code: None), CODEC)
    grievance: Grievance = Described("S", bytes(32), ID).grievance("person")
    desk.put(grievance.with_delivery(Delivery(id="d1", purpose="REPLY", text=TEXT)))
    return desk


def delivering(desk: Desk, sms: Channel, mailbox: Channel | None = None, *, phone: str | None = PHONE) -> Delivering:
    claims = iter(f"claim-{n}" for n in range(100))
    web = mailbox or Provider()
    return Delivering(
        writer=desk.writer,
        persons=Persons(Contact("孔凡甲", phone)),  # type: ignore[arg-type]
        channels={"SMS": sms, "WEB": web},
        rules=Rules(
            offered=offered_from(["SMS"]),
            lookups=frozenset({"WEB", *(["SMS"] if sms.knows_references else [])}),
            quiet=None,
            first_wait=timedelta(seconds=5),
            settles=CLAIM / 3,
        ),
        now=desk.world.now,
        real_now=desk.world.real_now,
        claim_id=lambda: next(claims),
        draw=lambda: 0.5,
        claim_for=CLAIM,
        send_for=CLAIM / 3,
        text_of=lambda delivery, _grievance: delivery.text,
    )


def reaching(parts: Delivering, contact: Contact) -> Delivering:
    """The same where the petitioner is reached so."""
    return replace(parts, persons=Persons(contact))  # type: ignore[arg-type]


def with_wechat(parts: Delivering, wechat: Channel) -> Delivering:
    """The same where the petitioner follows the city's account, by which they are told first."""
    rules = replace(parts.rules, offered=offered_from(["WECHAT", "SMS"]), lookups=parts.rules.lookups | {"WECHAT"})
    following = reaching(parts, Contact("孔凡甲", PHONE, OPENID))
    return replace(following, channels={**parts.channels, "WECHAT": wechat}, rules=rules)


def held(desk: Desk) -> Delivery:
    [delivery] = desk.state().deliveries
    assert isinstance(delivery, Delivery)
    return delivery


def said(desk: Desk) -> list[tuple[str, str, str | None, bool]]:
    events = [event.data() for event in desk.events()]
    return [(event["channel"], event["result"], event["reason"], event["final"]) for event in events]


async def woken(desk: Desk, **by: float) -> None:
    """That much later, and the clock has looked."""
    desk.world.later(**by)
    await desk.writer.act(ID, lambda grievance: wake(grievance, desk.world.now()))


async def test_a_pending_text_is_sent_and_said_once() -> None:
    desk, sms = asked(), Provider()
    parts = delivering(desk, sms)
    assert [await deliver(parts, ID, "person"), await deliver(parts, ID, "person")] == [1, 0]
    assert (sms.told, held(desk).state, said(desk)) == (["d1"], "SENT", [("SMS", "sent", None, True)])


async def test_while_one_sender_holds_it_no_other_sends() -> None:
    desk, sms = asked(), Provider(lost_after=1)
    parts = delivering(desk, sms)
    with pytest.raises(Lost):
        await deliver(parts, ID, "person")
    desk.world.later(seconds=29)
    assert await deliver(parts, ID, "person") == 0
    assert (held(desk).state, sms.asked, said(desk)) == ("CLAIMED", 0, [])


async def test_where_the_provider_knows_our_reference_it_is_asked_what_became_of_a_lost_send() -> None:
    desk, sms = asked(), Provider(lost_after=1)
    parts = delivering(desk, sms)
    with pytest.raises(Lost):
        await deliver(parts, ID, "person")
    desk.world.later(seconds=31)
    assert await deliver(parts, ID, "person") == 1
    assert (sms.told, sms.asked, said(desk)) == (["d1"], 1, [("SMS", "sent", None, True)])


async def test_where_it_does_not_nothing_is_sent_again_and_the_next_channel_is_taken() -> None:
    desk, sms, mailbox = asked(), Provider(knows_references=False, lost_after=1), Provider()
    parts = delivering(desk, sms, mailbox)
    with pytest.raises(Lost):
        await deliver(parts, ID, "person")
    desk.world.later(seconds=31)
    assert [await deliver(parts, ID, "person"), await deliver(parts, ID, "person")] == [1, 0]
    assert (sms.told, mailbox.told, held(desk).state) == (["d1"], ["d1"], "UNKNOWN")
    assert said(desk) == [("SMS", "unknown", "sender_lost", False), ("WEB", "unknown", "posted", True)]


async def test_an_answer_that_does_not_come_is_asked_for_until_it_does() -> None:
    desk, sms = asked(), Provider(says=[Outcome("unknown", "no_answer")], answers=False)
    parts = delivering(desk, sms)
    for _ in range(MOST_TRIES + 2):
        assert await deliver(parts, ID, "person") == 0
        assert held(desk).state == "WAITING"
        await woken(desk, hours=1)
    sms.answers = True
    assert await deliver(parts, ID, "person") == 1
    assert (sms.told, said(desk)) == (["d1"], [("SMS", "sent", None, True)])


async def test_what_the_provider_has_not_got_is_sent() -> None:
    desk, sms = asked(), Provider(says=[Outcome("unknown", "no_answer")])
    parts = delivering(desk, sms)
    await deliver(parts, ID, "person")
    sms.told.clear()
    await woken(desk, seconds=9)
    assert await deliver(parts, ID, "person") == 0
    assert sms.asked == 0, "it may still be on its way"
    await woken(desk, seconds=1)
    assert await deliver(parts, ID, "person") == 1
    assert (sms.told, sms.asked, held(desk).tries[0].n) == (["d1"], 1, 2)


async def test_after_trouble_it_is_tried_later_and_later_and_then_by_the_next_channel() -> None:
    desk, mailbox = asked(), Provider()
    parts = delivering(desk, Provider(says=[Outcome("trouble", "not_in_service")] * MOST_TRIES), mailbox)
    waits = []
    for _ in range(MOST_TRIES - 1):
        assert await deliver(parts, ID, "person") == 0
        waited = held(desk).next_at
        assert waited is not None
        waits.append((waited - desk.world.now()).total_seconds())
        await woken(desk, seconds=waits[-1])
    assert waits == [5, 20, 80, 320, 1280, 1800, 1800]
    assert await deliver(parts, ID, "person") == 1
    assert (mailbox.told, held(desk).state) == (["d1"], "FAILED")
    assert said(desk) == [("SMS", "failed", "not_in_service", False), ("WEB", "failed", "posted", True)]


async def test_a_provider_that_has_no_time_is_asked_again_after_what_it_says_however_often() -> None:
    desk, sms = asked(), Provider(says=[Outcome("busy", "rate_limit", timedelta(seconds=40))] * 20)
    parts = delivering(desk, sms)
    for _ in range(20):
        assert await deliver(parts, ID, "person") == 0
        assert held(desk).next_at == desk.world.now() + timedelta(seconds=50)
        await woken(desk, seconds=50)
    assert await deliver(parts, ID, "person") == 1
    assert sms.told == ["d1"]


async def test_a_number_that_does_not_exist_is_posted_at_once_and_counts_as_not_delivered() -> None:
    desk, mailbox = asked(), Provider()
    parts = delivering(desk, Provider(says=[Outcome("failed", "no_such_number")]), mailbox)
    assert await deliver(parts, ID, "person") == 1
    assert (mailbox.told, held(desk).state) == (["d1"], "FAILED")
    assert said(desk) == [("SMS", "failed", "no_such_number", False), ("WEB", "failed", "posted", True)]


async def test_who_left_no_phone_is_not_sent_a_message() -> None:
    desk, sms, mailbox = asked(), Provider(), Provider()
    assert await deliver(delivering(desk, sms, mailbox, phone=None), ID, "person") == 1
    assert (sms.told, mailbox.told, said(desk)) == ([], ["d1"], [("WEB", "failed", "posted", True)])


@pytest.mark.row("S54")
@pytest.mark.parametrize(
    ("says", "told", "addresses"),
    [
        ((), [("WECHAT", "sent", None, True)], ([OPENID], [])),
        (
            (Outcome("failed", "not_subscribed"),),
            [("WECHAT", "failed", "not_subscribed", False), ("SMS", "sent", None, True)],
            ([OPENID], [PHONE]),
        ),
    ],
)
async def test_wechat_comes_first_and_who_does_not_follow_it_gets_a_message(
    says: tuple[Outcome, ...], told: list[tuple[str, str, str | None, bool]], addresses: tuple[list[str], list[str]]
) -> None:
    desk, wechat, sms = asked(), Provider(says=says), Provider()
    parts = with_wechat(delivering(desk, sms), wechat)
    assert await deliver(parts, ID, "person") == 1
    assert said(desk) == told
    assert (wechat.addresses, sms.addresses) == addresses


@pytest.mark.parametrize(
    ("accepted", "told", "addresses"),
    [
        (True, [("WECHAT", "sent", None, True)], []),
        (False, [("SMS", "sent", None, True)], [PHONE]),
    ],
)
async def test_what_may_have_gone_by_a_channel_that_reaches_nobody_any_more_is_asked_about_first(
    accepted: bool, told: list[tuple[str, str, str | None, bool]], addresses: list[str]
) -> None:
    desk, wechat, sms = asked(), Provider(says=[Outcome("unknown", "no_answer")]), Provider()
    parts = with_wechat(delivering(desk, sms), wechat)
    assert await deliver(parts, ID, "person") == 0
    if not accepted:
        wechat.told.clear()
    await woken(desk, hours=1)
    assert await deliver(reaching(parts, Contact("孔凡甲", PHONE)), ID, "person") == 1
    assert (wechat.asked, said(desk)) == (1, told)
    assert (wechat.addresses, sms.addresses) == ([OPENID], addresses)


async def test_nobody_is_disturbed_at_night_but_a_mailbox_disturbs_nobody() -> None:
    desk, sms, mailbox = asked(), Provider(), Provider()
    desk.world.at = NIGHT
    parts = delivering(desk, sms, mailbox)
    parts = replace(parts, rules=replace(parts.rules, quiet=QuietHours.of("21:00-08:00")))
    assert await deliver(parts, ID, "person") == 0
    morning = datetime(2020, 6, 6, 0, 0, tzinfo=UTC)
    assert (held(desk).state, held(desk).next_at, sms.told) == ("WAITING", morning, [])
    await woken(desk, hours=9)
    assert await deliver(parts, ID, "person") == 0
    await woken(desk, hours=1)
    assert await deliver(parts, ID, "person") == 1
    assert sms.told == ["d1"]
    beside = asked()
    beside.world.at = NIGHT
    assert await deliver(replace(delivering(beside, sms, mailbox, phone=None), rules=parts.rules), ID, "person") == 1
    assert mailbox.told == ["d1"]


async def test_a_late_sender_whose_claim_was_taken_over_records_nothing() -> None:
    desk = asked()
    sms = Provider()
    early = delivering(desk, sms)
    late = replace(early, channels={**early.channels, "SMS": Overtaken(desk, early, sms)}, claim_id=lambda: "late")
    assert await deliver(late, ID, "person") == 0
    assert (held(desk).state, said(desk)) == ("SENT", [("SMS", "sent", None, True)])


class Overtaken(Provider):
    """Accepts it, but is so slow that meanwhile the claim expires and another sender is done."""

    def __init__(self, desk: Desk, other: Delivering, ledger: Provider) -> None:
        super().__init__()
        self._desk, self._other, self._ledger = desk, other, ledger

    async def send(self, reference: str, grievance: str, address: str | None, text: str) -> Outcome:
        self._ledger.told.append(reference)
        self._desk.world.later(seconds=31)
        assert await deliver(self._other, ID, "person") == 1
        assert self._ledger.told == [reference]
        return Outcome("trouble", "late")


async def test_a_sender_that_was_held_up_until_its_claim_is_almost_over_sends_nothing() -> None:
    desk, sms = asked(), Provider()
    parts = delivering(desk, sms)
    ticks = iter([desk.world.now(), desk.world.now(), desk.world.now() + timedelta(seconds=25)])
    slow = replace(parts, real_now=lambda: next(ticks, desk.world.now()))
    assert await deliver(slow, ID, "person") == 0
    assert (sms.told, held(desk).state) == ([], "WAITING")


async def test_what_became_somebody_elses_is_left_to_the_next_round() -> None:
    desk, sms = asked(), Provider()
    assert await deliver(delivering(desk, sms), ID, "another person") == 0
    assert (sms.told, held(desk).state) == ([], "PENDING")


@pytest.mark.asyncio(loop_scope="session")
async def test_a_notice_is_one_document_however_often_it_is_sent(intake_database: mongo.Database) -> None:
    notices = Notices(intake_database, lambda: AT)
    assert notices.knows_references
    assert (await notices.ask("d1")).result == "trouble"
    assert [(await notices.send("d1", ID, None, TEXT)).result for _ in range(2)] == ["sent", "sent"]
    assert (await notices.ask("d1")).result == "sent"
    assert await intake_database["notices"].count_documents({}) == 1
