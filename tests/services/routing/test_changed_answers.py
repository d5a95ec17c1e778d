"""What a survey leads to when nobody answers it, or when somebody thinks better of it; repeated or late, it harms nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.routing.domain import course, dispatching, handoff, judging
from services.routing.domain.case import Case, round_of
from services.routing.domain.course import MAX_REWORKS
from services.routing.domain.judging import Judgement
from services.routing.domain.lifecycle import STATUSES
from services.routing.subgraph.replies import submitted
from services.routing.usecases.judge_grievance import judge
from shared.contracts.feedback import FedBackV1, SurveyExpiredV1
from shared.contracts.routing import Status
from shared.identity.roles import Role
from tests.services.builders import AT, ID, LUCHENG, viewer
from tests.services.routing.builders import (
    DISPATCHER,
    FIRST_CATALOGUE,
    HANDLER,
    KNOWN,
    RECKONING,
    answered_on_the_spot,
    appraising,
    case_in,
    desk,
    fed_back,
    handling,
    survey_answer,
    with_the_platform,
)

LATER = AT + timedelta(hours=5)
EXPIRED = SurveyExpiredV1(round=1, at=LATER)


def after(case: Case, *answers: bool, round: int = 1) -> Case:
    """The petitioner was satisfied or not, one answer after the other."""
    for change, happy in enumerate(answers):
        case, _ = course.surveyed(case, survey_answer(happy=happy, change=change, round=round, at=LATER), RECKONING)
    return case


@pytest.mark.row("S55")
def test_what_nobody_answers_is_closed_when_the_survey_ends() -> None:
    closed, [event] = course.survey_expired(fed_back(), EXPIRED)
    assert (closed.status, closed.closed_at, closed.history[-1].action) == ("CLOSED", LATER, "CLOSE_UNANSWERED")
    assert (closed.needs_supervision, closed.reworks) == (False, 0)
    assert event.type == "routing.grievance.moved.v1"
    assert course.survey_expired(closed, EXPIRED) == (closed, [])


@pytest.mark.parametrize("status", [status for status in STATUSES if status != "FED_BACK"])
def test_an_end_moves_nothing_that_does_not_wait_for_an_answer(status: Status) -> None:
    assert course.survey_expired(case_in(status), EXPIRED) == (case_in(status), [])


def test_the_end_of_an_earlier_survey_moves_nothing() -> None:
    assert course.survey_expired(fed_back(), SurveyExpiredV1(round=2, at=LATER)) == (fed_back(), [])


@pytest.mark.row("S55")
def test_what_a_first_answer_closed_is_handled_again_when_the_changed_one_asks_for_it() -> None:
    closed = after(fed_back(), True)
    again, [event] = course.surveyed(closed, survey_answer(happy=False, change=1, at=LATER), RECKONING)
    assert (again.status, again.closed_at, again.reworks) == ("HANDLING", None, 1)
    assert [step.action for step in again.history[-2:]] == ["REOPEN", "RESUME_HANDLING"]
    assert again.work_order is not None
    assert again.work_order.round == 2
    assert again.due_at is not None
    assert again.due_at > LATER
    assert (event.type, event.model_dump()["action"]) == ("routing.grievance.moved.v1", "REOPEN")


def test_what_is_handled_again_goes_on_whatever_is_said_of_the_round_before() -> None:
    again = after(fed_back(), False)
    assert again.status == "HANDLING"
    for happy in (True, False):
        assert course.surveyed(again, survey_answer(happy=happy, change=1, at=LATER), RECKONING) == (again, [])


def test_a_case_that_is_closed_in_a_later_round_stays_so() -> None:
    again = after(fed_back(), False).with_(status="CLOSED")
    assert course.surveyed(again, survey_answer(happy=False, change=1, round=1), RECKONING) == (again, [])


def test_changes_do_not_get_round_how_often_it_is_reworked() -> None:
    often = fed_back().with_(reworks=MAX_REWORKS)
    assert (after(often, True).needs_supervision, after(often, True, False).needs_supervision) == (False, True)
    changed = after(often, True, False)
    assert (changed.status, changed.reworks) == ("CLOSED", MAX_REWORKS)
    # Who was not satisfied is looked after, whatever they say next.
    assert after(often, False, True).needs_supervision


@pytest.mark.row("S55")
@pytest.mark.parametrize("said", [(False,), (True, False)], ids=["at once", "after thinking better of it"])
def test_what_was_answered_without_a_department_is_judged_by_people_where_that_did_not_help(said: tuple[bool, ...]) -> None:
    spoken = course.fed_back(answered_on_the_spot(), FedBackV1(round=1, deliveryId="d", at=AT))[0]
    again = after(spoken, *said)
    assert (again.status, again.reworks, round_of(again), again.closed_at, again.needs_supervision) == ("APPRAISING", 1, 2, None, False)
    assert [step.action for step in again.history[-2:]] == ["REOPEN" if len(said) > 1 else "ASK_REWORK", "RESUME_APPRAISAL"]
    often = after(spoken.with_(reworks=MAX_REWORKS), *said, round=MAX_REWORKS + 1)
    assert (often.status, often.needs_supervision) == ("CLOSED", True)


def test_the_answer_that_did_not_help_is_the_reply_of_no_later_round() -> None:
    answered, _ = judging.answer(appraising(), "已解释。", DISPATCHER, AT)
    assert answered.public_reply() == "已解释。"
    again = after(course.fed_back(answered, FedBackV1(round=1, deliveryId="d", at=AT))[0], False)
    assert (again.status, again.public_reply()) == ("APPRAISING", None)
    sent, _ = dispatching.dispatch(again.moved("JUDGE", AT, DISPATCHER), FIRST_CATALOGUE, KNOWN, RECKONING, AT)
    taken, _ = course.accept_work_order(sent, HANDLER, AT)
    done, _ = course.report_resolution(taken, "已更换。", [], HANDLER, AT)
    assert (done.public_reply(), submitted(done), round_of(done)) == ("已更换。", "已更换。", 2)


async def test_what_is_judged_again_may_be_sent_to_a_department_and_is_due_from_then_on() -> None:
    spoken = course.fed_back(answered_on_the_spot(), FedBackV1(round=1, deliveryId="d", at=AT))[0]
    office = desk()
    office.put(after(spoken, False))
    said = Judgement(reasonable="YES", truthful="YES", kind=None, grade=None, category=None, reason="现场未解决。")
    await judge(handling(office), viewer(Role.DISPATCHER), "j", ID, said, LUCHENG, "")
    case: Case = office.state()
    assert case.work_order is not None
    assert (case.status, case.work_order.department, case.work_order.round) == ("DISPATCHED", LUCHENG, 2)
    assert case.due_at is not None


def test_the_platform_is_asked_again_for_what_was_changed() -> None:
    platform = handoff.report_handoff(with_the_platform(), "已更换。", RECKONING, AT)[0].with_(status="FED_BACK")
    _, events = course.surveyed(after(platform, True), survey_answer(happy=False, change=1, at=LATER), RECKONING)
    assert [event.type for event in events] == ["routing.grievance.moved.v1", "routing.grievance.handoff_requested.v1"]
