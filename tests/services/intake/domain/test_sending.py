"""What follows from what came of a send. Pure; how senders go about it: usecases/test_deliver.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest

from services.intake.domain.channels import Reach, offered_from
from services.intake.domain.delivery import Delivery, Outcome, OutcomeResult
from services.intake.domain.erasure import SERVICE, Erasure
from services.intake.domain.grievance import Grievance
from services.intake.domain.sending import Claim, Rules, Taken, next_timer, settle, take, to_do, wake
from services.intake.domain.telling import tell
from shared.contracts.intake import DeliveryAttemptedV1
from shared.contracts.routing import Status
from tests.services.builders import AT
from tests.services.intake.domain.test_telling import told
from tests.services.intake.test_shares import grievance

RULES = Rules(offered_from(["SMS"]), frozenset({"WEB", "SMS"}), None, timedelta(seconds=5), timedelta(seconds=10))
REACH = Reach(phone="13800004001")
UNTIL = AT + timedelta(seconds=30)


def on_its_way() -> Grievance:
    return grievance("RESOLVED").with_delivery(Delivery(id="d1", purpose="REPLY", text="已更换。"))


def taken(made: Grievance) -> tuple[Grievance, Taken]:
    (after, _events), found = take(made, made.deliveries[0], REACH, RULES, Claim("c", UNTIL), AT)
    assert found is not None
    return after, found


@pytest.mark.row("S51")
@pytest.mark.parametrize("result", ["failed", "busy", "trouble", "unknown"])
def test_who_was_told_in_person_while_it_was_being_sent_is_not_sent_it_again(result: OutcomeResult) -> None:
    made, in_hand = taken(on_its_way())
    made, _events = tell(made, told())
    after, events = settle(made, Taken(made.deliveries[0], in_hand.asks), Outcome(result), RULES, 0.5, AT + timedelta(hours=2))
    assert [(held.state, held.channel, held.next_at) for held in after.deliveries] == [("SENT", "VISIT", None)]
    assert [(event.channel, event.result) for event in events if isinstance(event, DeliveryAttemptedV1)] == [("VISIT", "sent")]


@pytest.mark.parametrize(("result", "state"), [("trouble", "FAILED"), ("unknown", "UNKNOWN")])
def test_a_reply_that_waits_for_somebody_erased_ends_and_says_whether_it_may_have_arrived(result: OutcomeResult, state: str) -> None:
    made, in_hand = taken(on_its_way())
    made, _events = settle(made, in_hand, Outcome(result), RULES, 0.5, AT)
    erasure = Erasure(id="e", by=SERVICE, at=AT, reason="REQUEST")
    later = AT + timedelta(hours=1)
    woken = wake(made.model_copy(update={"erasure": erasure}), later)
    assert woken is not None
    (after, events), found = take(woken[0], woken[0].deliveries[0], REACH, RULES, Claim("c", UNTIL), later)
    assert (found, after.deliveries[0].state) == (None, state)
    assert [event.reason for event in events if isinstance(event, DeliveryAttemptedV1)] == ["petitioner_erased"]


@pytest.mark.row("S55")
@pytest.mark.parametrize("status", [None, *get_args(Status)])
def test_a_reminder_goes_only_while_the_survey_is_open_as_far_as_is_known(status: Status | None) -> None:
    made = grievance(status).with_delivery(Delivery(id="d1", purpose="REPLY", text="已更换。").ended("sent", "SMS"))
    made = made.with_delivery(Delivery(id="r1", purpose="SURVEY_REMINDER", text="请评价"))
    (after, events), found = take(made, made.deliveries[1], REACH, RULES, Claim("c", UNTIL), AT)
    if status in (None, "RESOLVED", "ANSWERED_ON_SPOT", "FED_BACK"):
        assert (found is not None, after.deliveries[1].state, events) == (True, "CLAIMED", [])
    else:
        assert (found, after.deliveries[1].state) == (None, "FAILED")
        [said] = events
        assert isinstance(said, DeliveryAttemptedV1)
        assert (said.purpose, said.result, said.reason, said.final) == ("SURVEY_REMINDER", "failed", "survey_over", True)


@pytest.mark.parametrize(("asked", "state"), [("sent", "SENT"), ("trouble", "FAILED")])
def test_of_a_reminder_that_may_have_gone_before_the_answer_came_the_provider_is_asked(asked: OutcomeResult, state: str) -> None:
    made = grievance("FED_BACK").with_delivery(Delivery(id="r1", purpose="SURVEY_REMINDER", text="请评价"))
    made, in_hand = taken(made)
    made, _events = settle(made, in_hand, Outcome("unknown"), RULES, 0.5, AT)
    assert made.progress is not None
    later = AT + timedelta(hours=1)
    woken = wake(made.progressed(made.progress.model_copy(update={"status": "CLOSED"})), later)
    assert woken is not None
    made, in_hand = taken(woken[0])
    assert in_hand.asks
    made, _events = settle(made, in_hand, Outcome(asked), RULES, 0.5, later)
    if asked != "sent":
        (made, _events), _found = take(made, made.deliveries[0], REACH, RULES, Claim("c", UNTIL), later)
    assert made.deliveries[0].state == state


def test_a_reminder_that_may_have_gone_where_nobody_can_be_asked_ends_as_unknown() -> None:
    rules = replace(RULES, lookups=frozenset({"WEB"}))
    made = grievance("FED_BACK").with_delivery(Delivery(id="r1", purpose="SURVEY_REMINDER", text="请评价"))
    made, _in_hand = taken(made)
    assert made.progress is not None
    made = made.progressed(made.progress.model_copy(update={"status": "SURVEYED"}))
    (made, events), found = take(made, made.deliveries[0], REACH, rules, Claim("c", UNTIL), UNTIL)
    assert (found, made.deliveries[0].state) == (None, "UNKNOWN")
    told_of = [(event.result, event.reason, event.final) for event in events if isinstance(event, DeliveryAttemptedV1)]
    assert told_of == [("unknown", "sender_lost", False), ("unknown", "survey_over", True)]


def test_the_clock_wakes_only_what_has_waited_long_enough() -> None:
    made = on_its_way().with_delivery(Delivery(id="d2", purpose="REPLY", text="已更换。"))
    soon, late = AT + timedelta(minutes=1), AT + timedelta(minutes=2)
    for held, at in zip(made.deliveries, (late, soon), strict=True):
        made = made.with_delivery(held.waiting("SMS", at))
    assert (next_timer(made.deliveries), to_do(made, AT), wake(made, AT)) == (soon, None, None)
    woken = wake(made, soon)
    assert woken is not None
    assert [held.state for held in woken[0].deliveries] == ["WAITING", "PENDING"]
    assert next_timer(woken[0].deliveries) == late


@pytest.mark.parametrize(("draw", "seconds"), [(0.0, 2.5), (0.5, 5.0), (1.0, 7.5)])
def test_the_draw_spreads_those_who_would_come_again_at_once(draw: float, seconds: float) -> None:
    made, in_hand = taken(on_its_way())
    after, _events = settle(made, in_hand, Outcome("trouble"), RULES, draw, AT)
    assert after.deliveries[0].next_at == AT + timedelta(seconds=seconds)
