"""The petitioner told in person: what it does to the reply on its way. Pure."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.intake.domain.delivery import Delivery, State
from services.intake.domain.grievance import Grievance
from services.intake.domain.records import Told
from services.intake.domain.telling import MOST_TOLD, end, heard_of_elsewhere, latest_reply, tell, to_tell
from shared.contracts.intake import DeliveryAttemptedV1, DeliveryResult, Owner, PetitionerToldV1
from shared.contracts.routing import Status
from shared.identity.errors import Refusal
from tests.services.builders import AT
from tests.services.intake.test_shares import grievance, progress

BY = Owner(staffId="s", role="SECRETARY", unit="T-1")


def told(id: str = "t", hours: int = 1, on: str = "2020-06-05") -> Told:
    return Told(id=id, text="已告知。", on=on, at=AT + timedelta(hours=hours), by=BY)


def on_its_way(*states: State) -> Grievance:
    made = grievance("RESOLVED")
    for number, state in enumerate(states):
        made = made.with_delivery(Delivery(id=f"d{number}", purpose="REPLY", text="已更换。", state=state))
    return made


@pytest.mark.row("S54")
@pytest.mark.row("S51")
@pytest.mark.parametrize("state", ["PENDING", "WAITING", "FAILED", "UNKNOWN"])
def test_a_reply_that_did_not_arrive_is_delivered_by_telling_it(state: State) -> None:
    made = on_its_way("SENT", state)
    assert to_tell(made)
    after, events = tell(made, told())
    reply = latest_reply(after)
    assert reply is not None
    assert (reply.id, reply.state, reply.channel) == ("d1", "SENT", "VISIT")
    assert events == [
        DeliveryAttemptedV1(deliveryId="d1", channel="VISIT", result="sent", at=AT + timedelta(hours=1), reason=None, purpose="REPLY"),
        PetitionerToldV1(by=BY, at=AT + timedelta(hours=1), deliveryId="d1"),
    ]
    assert after.told[0].delivery == "d1"
    assert not to_tell(after)


@pytest.mark.parametrize("status", ["WITHDRAWN", "SUSPENDED", "HANDLING", "FED_BACK"])
def test_where_no_reply_is_awaited_the_words_are_noted_and_move_nothing(status: Status) -> None:
    made = on_its_way("FAILED")
    made = made.progressed(progress(made, status))
    after, events = tell(made, told())
    assert after.deliveries == made.deliveries
    assert [type(event) for event in events] == [PetitionerToldV1]
    assert not to_tell(after)


@pytest.mark.parametrize("state", ["CLAIMED", "SENT"])
def test_a_reply_in_a_senders_hand_or_delivered_already_is_left_alone(state: State) -> None:
    made = on_its_way(state)
    after, events = tell(made, told())
    assert after.deliveries == made.deliveries
    assert events == [PetitionerToldV1(by=BY, at=AT + timedelta(hours=1), deliveryId=None)]


@pytest.mark.parametrize("state", ["PENDING", "FAILED", "UNKNOWN"])
def test_words_said_before_the_day_of_the_reply_deliver_nothing(state: State) -> None:
    made = on_its_way(state)
    after, events = tell(made, told(on="2020-06-04"))
    assert after.deliveries == made.deliveries
    assert events == [PetitionerToldV1(by=BY, at=AT + timedelta(hours=1), deliveryId=None)]
    assert to_tell(after)


@pytest.mark.row("S54")
@pytest.mark.parametrize("result", ["failed", "unknown"])
def test_a_sender_that_fails_after_it_was_told_leaves_it_delivered_by_telling(result: DeliveryResult) -> None:
    made, _events = tell(on_its_way("CLAIMED"), told())
    at = AT + timedelta(hours=2)
    after, events = end(made, made.deliveries[0], result, "SMS", at, "the sender was lost")
    assert [(held.state, held.channel) for held in after.deliveries] == [("SENT", "VISIT")]
    assert events == [DeliveryAttemptedV1(deliveryId="d0", channel="VISIT", result="sent", at=at, reason=None, purpose="REPLY")]
    assert (after.told[0].delivery, to_tell(after)) == ("d0", False)


@pytest.mark.parametrize(
    ("status", "words", "which", "result"),
    [
        ("RESOLVED", [], 1, "failed"),
        ("RESOLVED", [told(hours=-1)], 1, "failed"),
        ("RESOLVED", [told(on="2020-06-04")], 1, "failed"),
        ("RESOLVED", [told()], 0, "failed"),
        ("RESOLVED", [told()], 1, "sent"),
        ("WITHDRAWN", [told()], 1, "failed"),
    ],
)
def test_else_a_delivery_ends_as_its_sender_says(status: Status, words: list[Told], which: int, result: DeliveryResult) -> None:
    made = on_its_way("CLAIMED", "CLAIMED")
    made = made.progressed(progress(made, status)).model_copy(update={"told": words})
    after, _events = end(made, made.deliveries[which], result, "SMS", AT)
    assert (after.deliveries[which].state, after.deliveries[which].channel) == (result.upper(), "SMS")
    assert after.told == words


def test_a_reply_that_failed_is_still_to_be_told_where_nobody_told_it_after() -> None:
    made, _events = tell(on_its_way("CLAIMED"), told())
    failed = made.with_delivery(made.deliveries[0].ended("failed", "SMS"))
    assert to_tell(failed)
    assert not to_tell(tell(failed, told("again"))[0])


def test_the_last_reply_that_was_asked_for_stays_the_last_whichever_ends_last() -> None:
    made = on_its_way("CLAIMED", "FAILED")
    first = made.delivery("d0")
    assert first is not None
    late = made.with_delivery(first.ended("unknown", "WEB"))
    reply = latest_reply(late)
    assert reply is not None
    assert reply.id == "d1"


def test_a_decision_without_a_delivery_is_to_be_told_until_it_was() -> None:
    made = grievance("RESOLVED")
    assert made.progress is not None
    assert not to_tell(made)
    decided = made.progressed(made.progress.model_copy(update={"publicReply": "已更换。", "at": AT}))
    assert to_tell(decided)
    assert to_tell(tell(decided, told(hours=-1))[0])
    assert not to_tell(tell(decided, told(hours=1))[0])


def test_it_is_not_told_without_end() -> None:
    made = grievance("HANDLING")
    for number in range(MOST_TOLD):
        made, _events = tell(made, told(f"t{number}"))
    with pytest.raises(Refusal, match="TOLD_TOO_OFTEN"):
        tell(made, told("one more"))


@pytest.mark.row("S54")
@pytest.mark.parametrize("state", ["FAILED", "UNKNOWN"])
def test_what_arrived_after_all_is_told_by_nobody_once_more(state: State) -> None:
    """Its link was opened, or a caller has read it out."""
    made = on_its_way("SENT", state)
    after = heard_of_elsewhere(made, "d1")
    assert (to_tell(made), to_tell(after), after.deliveries[1].state) == (True, False, "SENT")


@pytest.mark.parametrize("state", ["PENDING", "CLAIMED", "WAITING"])
def test_what_a_sender_still_has_before_it_stays_the_senders(state: State) -> None:
    made = on_its_way(state)
    assert heard_of_elsewhere(made, "d0") is made
    assert heard_of_elsewhere(made, "another") is made
