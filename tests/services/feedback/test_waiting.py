"""What a grievance waits for, by the events of a life, and who is told of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, get_args

import pytest

from services.feedback.domain.calling import Told
from services.feedback.domain.followup import FollowUp, answer_survey, fire, record_delivery
from services.feedback.domain.waiting import (
    BESIDE,
    EVERYTHING,
    SUBMITTED,
    WITHOUT_REPLY,
    facts,
    keys_of,
    number_of,
    slots,
    waits,
    with_approval,
)
from services.feedback.events import consumer
from services.routing.domain import approval
from services.routing.domain.lifecycle import MOVES
from shared.contracts.base import Contract
from shared.contracts.intake import DeliveryAttemptedV1
from shared.contracts.routing import (
    GrievanceDispatchedV1,
    GrievanceMovedV1,
    GrievanceResolvedV1,
    GrievanceWarnedV1,
    Status,
    WorkOrderAcceptedV1,
)
from shared.envelope import Event, encode
from tests.services.builders import AT, DRAW, ID, LUCHENG, SURVEY_RULES, TEAM
from tests.services.feedback.builders import happy, open_one, unhappy
from tests.services.feedback.test_callbacks import call
from tests.services.routing.builders import APPROVAL_RULES, HANDLER, HEAD
from tests.services.routing.builders import handled as case_in_hand
from tests.shared.contracts.examples import EXAMPLES

DAY = timedelta(days=1)
apply = consumer(SURVEY_RULES, DRAW)


def of_routing(contract: type[Any], status: Status = "HANDLING", at: Any = AT, **changes: Any) -> Any:
    """An example of it, after which the case stands so."""
    found = next(each for each in EXAMPLES if isinstance(each, contract))
    access = found.progress.access.model_copy(update={"accusedDepartments": []})
    progress = found.progress.model_copy(update={"status": status, "at": at, "access": access})
    return found.model_copy(update={"progress": progress, **changes})


def moved(action: str, status: Status = "HANDLING", at: Any = AT) -> Any:
    return of_routing(GrievanceMovedV1, status, at, action=action)


def after(followup: FollowUp, *told: Contract) -> FollowUp:
    """As the worker applies them."""
    for contract in told:
        body = encode(contract, id="e", source="routing", subject=ID, sequence=1, after={}, at=AT, traceparent="")
        event = Event("e", contract.type, "routing", ID, 1, {}, (1,), body)
        followup = apply(followup, event)[0]
    return followup


def handled() -> FollowUp:
    return after(open_one(), of_routing(GrievanceDispatchedV1, "DISPATCHED"), of_routing(WorkOrderAcceptedV1))


def delivered(followup: FollowUp, at: Any, channel: str = "WEB", result: Any = "sent") -> FollowUp:
    assert followup.reply is not None
    event = DeliveryAttemptedV1(deliveryId=followup.reply.delivery_id, channel=channel, result=result, at=at, reason=None)
    return record_delivery(followup, event, SURVEY_RULES)[0]


@pytest.mark.row("S54")
@pytest.mark.row("S55")
def test_a_life_waits_for_one_thing_after_the_other_each_since_it_began() -> None:
    followup = handled()
    assert waits(followup) == {"REPLY": AT}
    followup = after(followup, moved("SUBMIT_FOR_APPROVAL", at=AT + DAY))
    assert waits(followup) == {"APPROVAL": AT + DAY}
    followup = after(followup, of_routing(GrievanceResolvedV1, "RESOLVED", AT + 2 * DAY))
    assert waits(followup) == {"DELIVERY": AT + 2 * DAY}
    followup = delivered(followup, AT + 3 * DAY)
    assert waits(followup) == {"SURVEY": AT + 3 * DAY}
    # Said twice that it is not good: rework began with the first.
    for hours in (23, 30):
        followup = answer_survey(followup, unhappy(AT + 3 * DAY + timedelta(hours=hours)), False, SURVEY_RULES)[0]
    assert waits(after(followup, moved("FED_BACK", "FED_BACK"))) == {}
    followup = after(followup, moved("ASK_REWORK", at=AT + 6 * DAY))
    assert waits(followup) == {"REPLY": AT + 3 * DAY + timedelta(hours=23)}
    followup = delivered(after(followup, of_routing(GrievanceResolvedV1, "RESOLVED", AT + 7 * DAY, round=2)), AT + 8 * DAY)
    followup = answer_survey(followup, happy(AT + 9 * DAY), False, SURVEY_RULES)[0]
    assert waits(after(followup, moved("CLOSE", "CLOSED"))) == {}


@pytest.mark.row("S55")
def test_who_was_not_reached_or_told_in_person_waits_for_a_caller_too() -> None:
    followup = after(handled(), of_routing(GrievanceResolvedV1, "RESOLVED"))
    not_reached = delivered(followup, AT + DAY, result="failed")
    assert waits(not_reached) == {"CALLBACK": AT + DAY}
    assert waits(call(not_reached, AT + DAY, "REACHED", Told(resolved=True, satisfied="SATISFIED"))[0]) == {}
    in_person = delivered(followup, AT + DAY, "VISIT")
    assert waits(in_person) == {"CALLBACK": AT + DAY, "SURVEY": AT + DAY}
    over = fire(in_person, AT + 30 * DAY)
    assert over is not None
    assert waits(over[0]) == {}


@pytest.mark.parametrize("status", get_args(Status))
def test_a_reply_is_waited_for_while_it_is_handled_and_not_after(status: Status) -> None:
    assert waits(after(open_one(), moved("SOMETHING", status))) == ({"REPLY": AT} if status in WITHOUT_REPLY else {})


@pytest.mark.parametrize("action", [*sorted(BESIDE), "warned"])
def test_what_others_do_meanwhile_does_not_end_an_approval(action: str) -> None:
    between = of_routing(GrievanceWarnedV1, at=AT + DAY) if action == "warned" else moved(action, at=AT + DAY)
    assert waits(after(handled(), moved("SUBMIT_FOR_APPROVAL"), between)) == {"APPROVAL": AT}


def test_what_goes_beside_an_approval_is_a_move_of_routing_that_leaves_it_in_hand() -> None:
    moves = [move for move in MOVES if move.action in {SUBMITTED, *BESIDE}]
    assert {move.action for move in moves} == {SUBMITTED, *BESIDE}
    assert all("HANDLING" in move.origins and move.target in (None, "HANDLING") for move in moves)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (moved("REFUSE_REPLY", at=AT + DAY), {"REPLY": AT}),
        (moved("SUBMIT_FOR_APPROVAL", at=AT + DAY), {"APPROVAL": AT + DAY}),
        (moved("WITHDRAW", "WITHDRAWN", AT + DAY), {}),
        (of_routing(GrievanceDispatchedV1, "DISPATCHED", AT + DAY), {"REPLY": AT}),
        (of_routing(GrievanceResolvedV1, "RESOLVED", AT + DAY), {"DELIVERY": AT + DAY}),
    ],
    ids=["refused", "submitted again", "withdrawn", "sent elsewhere", "approved"],
)
def test_an_approval_ends_with_whatever_moves_on(event: Contract, expected: dict[str, Any]) -> None:
    assert waits(after(handled(), moved("SUBMIT_FOR_APPROVAL"), event)) == expected


@pytest.mark.row("S52")
@pytest.mark.row("S54")
def test_what_routing_says_of_an_approval_is_understood() -> None:
    case, said = approval.submit_for_approval(case_in_hand(kind="REPORT"), "已核查。", [], APPROVAL_RULES, HANDLER, AT + DAY)
    submitted = after(handled(), *said)
    assert waits(submitted) == {"APPROVAL": AT + DAY}
    assert waits(after(submitted, *approval.refuse(case, "请补充。", HEAD, AT + 2 * DAY)[1])) == {"REPLY": AT}
    assert waits(after(submitted, *approval.approve(case, "已核查。", HEAD, AT + 2 * DAY)[1])) == {"DELIVERY": AT + 2 * DAY}


def test_what_intake_tells_ends_no_approval() -> None:
    submitted = after(handled(), moved("SUBMIT_FOR_APPROVAL"))
    told = [each for each in EXAMPLES if each.type.startswith("intake.")]
    assert told
    assert all(with_approval(submitted, each) == submitted for each in told)


def test_no_department_and_no_team_finds_a_callback_and_none_what_accuses_it() -> None:
    followup = delivered(after(handled(), of_routing(GrievanceResolvedV1, "RESOLVED")), AT, "VISIT")
    assert keys_of(followup, "SURVEY")[-2:] == [f"team:{TEAM}", f"department:{LUCHENG}"]
    assert all(key.startswith("division:") for key in keys_of(followup, "CALLBACK"))
    accused = followup.with_(accused_departments=[LUCHENG])
    assert f"department:{LUCHENG}" not in keys_of(accused, "SURVEY")
    assert facts(accused)["waits:SURVEY"]["n"] == {"waiting": 1, "SURVEY": 1, f"{LUCHENG}|SURVEY": 1}
    # A callback is kept from who handles it, or has.
    elsewhere = followup.with_(departments=["D-2"], involved=[LUCHENG, "D-2"])
    assert facts(elsewhere)["waits:CALLBACK"]["n"] == {"waiting": 1, "CALLBACK": 1, "D-2|CALLBACK": 1, f"{LUCHENG}|CALLBACK": 1}


def test_a_word_is_a_day_of_a_key_and_where_that_has_many_an_hour_too() -> None:
    found = slots(handled())
    assert [word for word in found if "|division:370881|" in word] == [
        "waits:REPLY|division:370881|2020-06-05",
        "waits:REPLY|division:370881|2020-06-05T10",
    ]
    assert [word for word in found if "|division:370881001|" in word] == ["waits:REPLY|division:370881001|2020-06-05"]
    assert len(found) == len(set(found))


def test_ages_are_days_of_china() -> None:
    today = AT.date()
    days = {(today - back * DAY).isoformat(): 10**back for back in range(10)} | {(today + DAY).isoformat(): 5}
    found = number_of("REPLY", days, today)
    assert (found.today, found.three_days, found.week, found.longer) == (6, 1110, 11110000, 1100000000)
    assert found.total == 1111111116
    assert EVERYTHING == ("REPLY", "APPROVAL", "DELIVERY", "CALLBACK", "SURVEY")
