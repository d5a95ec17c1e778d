"""The life cycle as data: every state, action and role; the graph, the picture and the events say the same as the table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import get_args

import pytest

from services.feedback.domain.history_words import WORDS
from services.routing.domain import (
    approval,
    cards,
    co_handlers,
    course,
    dispatching,
    extensions,
    handoff,
    judging,
    recalculation,
    returns,
    supervision,
    suspension,
    urging,
    verification,
    watch,
    within,
)
from services.routing.domain.case import PETITIONER, Case
from services.routing.domain.judging import Judgement
from services.routing.domain.lifecycle import (
    AMONG_OFFICIALS,
    BY_ACTION,
    MOVES,
    STATUS_NAMES,
    STATUSES,
    Action,
    IllegalMove,
    Move,
    actions_from,
    next_status,
)
from services.routing.domain.waits import Meeting
from services.routing.store.mongo import access_of
from services.routing.subgraph.types import CaseAction, GrievanceStatus
from services.routing.usecases.accept_work_order import accept
from services.routing.usecases.adjudicate_return import adjudicate
from services.routing.usecases.answer_grievance import answer_directly
from services.routing.usecases.answer_report import reject_resolution, release_resolution, verify_on_site
from services.routing.usecases.approve_reply import approve_reply, refuse_reply
from services.routing.usecases.ask_verification import ask_for_verification
from services.routing.usecases.co_handle import ask_for_part, release, report_own_part
from services.routing.usecases.consult import ask_for_opinion, say_opinion
from services.routing.usecases.decline_grievance import decline_grievance
from services.routing.usecases.extend_work_order import ask_for_days, decide_days
from services.routing.usecases.give_card import appeal_against, decide_on_card, give_card
from services.routing.usecases.hand_over_work_order import give
from services.routing.usecases.judge_grievance import judge
from services.routing.usecases.parties import PARTIES, allowances
from services.routing.usecases.ports import Handling
from services.routing.usecases.reassign_work_order import send_elsewhere
from services.routing.usecases.recall_for_appraisal import take_back
from services.routing.usecases.report_resolution import report
from services.routing.usecases.return_work_order import send_back
from services.routing.usecases.supervise_department import decide_on_reply, demand_reply, reply_to_order
from services.routing.usecases.suspend_work_order import end_suspension_of, resume_work_order, suspend_work_order
from services.routing.usecases.urge_grievance import answer_who_urges, urge_handling, urge_of_meeting
from services.routing.usecases.withdraw_grievance import withdraw_grievance
from shared.china_time import day_in_china
from shared.contracts.base import Contract
from shared.contracts.feedback import FedBackV1, SurveyExpiredV1
from shared.contracts.intake import DepartmentRow, Owner
from shared.contracts.routing import GrievanceMovedV1, Status
from shared.identity.access import may_see
from shared.identity.errors import Refusal
from shared.identity.roles import Role
from shared.identity.viewer import Viewer
from shared.writer import NoSuchRecord
from tests.services.builders import AT, ID, LUCHENG, viewer
from tests.services.routing import builders
from tests.services.routing.builders import (
    COMMUNITY,
    DISPATCHER,
    HANDLER,
    RECKONING,
    SUPERVISOR,
    ZJJ,
    case_in,
    desk,
    handling,
    survey_answer,
)
from tools import flows

Command = Callable[[Handling, Viewer, str], Awaitable[object]]


def in_four_days(parts: Handling) -> date:
    return day_in_china(parts.now() + timedelta(days=4))


# Of each action that people make: its command, by the id of the request.
COMMANDS: dict[Action, Command] = {
    "ASK_OPINION": lambda parts, who, r: ask_for_opinion(parts, who, r, ID, "COMMUNITY", None, "情况属实吗？", ""),
    "GIVE_OPINION": lambda parts, who, r: say_opinion(parts, who, r, ID, "COMMUNITY", "YES", "YES", "属实。", ""),
    "JUDGE": lambda parts, who, r: judge(parts, who, r, ID, SAID, None, ""),
    "ANSWER": lambda parts, who, r: answer_directly(parts, who, r, ID, "已在整改。", ""),
    "RECALL": lambda parts, who, r: take_back(parts, who, r, ID, "类别有误。", ""),
    "ACCEPT_WORK_ORDER": lambda parts, who, r: accept(parts, who, r, ID, ""),
    "REPORT_RESOLUTION": lambda parts, who, r: report(parts, who, r, ID, "已更换。", [], ""),
    "RETURN_WORK_ORDER": lambda parts, who, r: send_back(parts, who, r, ID, "不归本部门管。", ""),
    "GRANT_RETURN": lambda parts, who, r: adjudicate(parts, who, r, ID, True, ZJJ, "转住建。", ""),
    "REFUSE_RETURN": lambda parts, who, r: adjudicate(parts, who, r, ID, False, None, "归本部门管。", ""),
    "REASSIGN": lambda parts, who, r: send_elsewhere(parts, who, r, ID, ZJJ, "转住建。", ""),
    "DECLINE": lambda parts, who, r: decline_grievance(parts, who, r, ID, "属于诉讼事项。", "请向人民法院提起。", ""),
    "ASK_EXTENSION": lambda parts, who, r: ask_for_days(parts, who, r, ID, 3, "等待制作。", ""),
    "GRANT_EXTENSION": lambda parts, who, r: decide_days(parts, who, r, ID, True, "同意。", ""),
    "REFUSE_EXTENSION": lambda parts, who, r: decide_days(parts, who, r, ID, False, "不同意。", ""),
    "HAND_OVER": lambda parts, who, r: give(parts, who, r, ID, "handler-2", "另有任务。", ""),
    "ADD_CO_HANDLER": lambda parts, who, r: ask_for_part(parts, who, r, ID, ZJJ, "核实产权。", ""),
    "REPORT_PART": lambda parts, who, r: report_own_part(parts, who, r, ID, "已核实。", [], ""),
    "RELEASE_CO_HANDLER": lambda parts, who, r: release(parts, who, r, ID, ZJJ, "不需要了。", ""),
    "SUSPEND": lambda parts, who, r: suspend_work_order(parts, who, r, ID, "等待材料。", AT.date(), ""),
    "RESUME": lambda parts, who, r: resume_work_order(parts, who, r, ID, ""),
    "END_SUSPENSION": lambda parts, who, r: end_suspension_of(parts, who, r, ID, "材料已到。", ""),
    "SUBMIT_FOR_APPROVAL": lambda parts, who, r: report(parts, who, r, ID, "已更换。", [], ""),
    "APPROVE_REPLY": lambda parts, who, r: approve_reply(parts, who, r, ID, ""),
    "REFUSE_REPLY": lambda parts, who, r: refuse_reply(parts, who, r, ID, "请写明日期。", ""),
    "ASK_VERIFICATION": lambda parts, who, r: ask_for_verification(parts, who, r, ID, "看看现场。", ""),
    "SUBMIT_RESOLUTION": lambda parts, who, r: report(parts, who, r, ID, "已更换。", [], ""),
    "CONFIRM_ON_SITE": lambda parts, who, r: verify_on_site(parts, who, r, ID, True, None, [], ""),
    "DENY_ON_SITE": lambda parts, who, r: verify_on_site(parts, who, r, ID, False, "还是旧牌。", [], ""),
    "REJECT_RESOLUTION": lambda parts, who, r: reject_resolution(parts, who, r, ID, "没有照片。", ""),
    "RELEASE_RESOLUTION": lambda parts, who, r: release_resolution(parts, who, r, ID, "书记休假。", ""),
    "URGE": lambda parts, who, r: urge_handling(parts, who, r, ID, "等了很久。", ""),
    "ANSWER_URGE": lambda parts, who, r: answer_who_urges(parts, who, r, ID, "明天完工。", ""),
    "WITHDRAW": lambda parts, who, r: withdraw_grievance(parts, who, r, ID, "已经好了。", ""),
    "ISSUE_SUPERVISION_ORDER": lambda parts, who, r: demand_reply(parts, who, r, ID, "请说明进展。", in_four_days(parts), ""),
    "REPLY_SUPERVISION_ORDER": lambda parts, who, r: reply_to_order(parts, who, r, ID, "三日内更换。", ""),
    "ACCEPT_SUPERVISION_REPLY": lambda parts, who, r: decide_on_reply(parts, who, r, ID, True, "可以。", ""),
    "REFUSE_SUPERVISION_REPLY": lambda parts, who, r: decide_on_reply(parts, who, r, ID, False, "没有日期。", ""),
    "GIVE_CARD": lambda parts, who, r: give_card(parts, who, r, ID, "YELLOW", "推诿。", ""),
    "APPEAL_CARD": lambda parts, who, r: appeal_against(parts, who, r, ID, 1, "等待上级批复。", ""),
    "UPHOLD_CARD": lambda parts, who, r: decide_on_card(parts, who, r, ID, 1, True, None, "理由不足。", ""),
    "CORRECT_CARD": lambda parts, who, r: decide_on_card(parts, who, r, ID, 1, False, None, "确有批复。", ""),
    "URGE_BY_MEETING": lambda parts, who, r: urge_of_meeting(parts, who, r, ID, MEETING, "请尽快。", ""),
}
MEETING = Meeting(name="6月集中分析会", day="2020-06-05")
# Where it has to have been asked before: what a case of any state needs more.
NEEDS: dict[Action, Callable[[Case], Case]] = {
    **dict.fromkeys(("GRANT_EXTENSION", "REFUSE_EXTENSION"), builders.with_extension_asked),
    "REPORT_PART": lambda case: builders.with_part(case, LUCHENG, lead=ZJJ),
    "RELEASE_CO_HANDLER": lambda case: builders.with_part(case, ZJJ),
    "GIVE_OPINION": builders.with_opinion_asked,
    "ANSWER_URGE": builders.urged,
    "SUBMIT_FOR_APPROVAL": lambda case: case.with_(kind="REPORT"),
    **dict.fromkeys(approval.DECISIONS, builders.with_draft_waiting),
    "SUBMIT_RESOLUTION": builders.with_verification,
    **dict.fromkeys(verification.ANSWERS, builders.with_report_waiting),
    "ISSUE_SUPERVISION_ORDER": lambda case: case.with_(needs_supervision=True),
    "REPLY_SUPERVISION_ORDER": builders.with_order_issued,
    **dict.fromkeys(("ACCEPT_SUPERVISION_REPLY", "REFUSE_SUPERVISION_REPLY"), builders.with_order_replied),
    "APPEAL_CARD": builders.with_card,
    **dict.fromkeys(("UPHOLD_CARD", "CORRECT_CARD"), builders.with_appeal),
}
# What goes on in the same write, and to where.
GOES_ON: dict[Action, Status] = {"JUDGE": "DISPATCHED", "APPROVE_REPLY": "RESOLVED"}
# One command; of whom it is another action.
COMES_TO: dict[tuple[Action, Role], Action] = {("SUBMIT_FOR_APPROVAL", Role.DEPARTMENT_HEAD): "REPORT_RESOLUTION"}
SAID = Judgement("YES", "YES", None, None, None, "情况属实。")
# What the state allows and the order of things does not: the lead asks for help when it has accepted.
NOT_YET = {("ADD_CO_HANDLER", "DISPATCHED", role): "NOT_ACCEPTED_YET" for role in (Role.HANDLER, Role.DEPARTMENT_HEAD)}
# Written out by hand, so that a party that grows is seen.
MAKERS: dict[Action, set[Role]] = {
    "ASK_OPINION": {Role.DISPATCHER},
    "GIVE_OPINION": {Role.COMMUNITY_SECRETARY},
    "JUDGE": {Role.DISPATCHER},
    "ANSWER": {Role.DISPATCHER},
    "RECALL": {Role.DISPATCHER},
    "ACCEPT_WORK_ORDER": {Role.HANDLER, Role.DEPARTMENT_HEAD},
    "REPORT_RESOLUTION": {Role.HANDLER, Role.DEPARTMENT_HEAD},
    "RETURN_WORK_ORDER": {Role.HANDLER, Role.DEPARTMENT_HEAD},
    "GRANT_RETURN": {Role.DISPATCHER},
    "REFUSE_RETURN": {Role.DISPATCHER},
    "REASSIGN": {Role.DISPATCHER},
    "DECLINE": {Role.DISPATCHER},
    "ASK_EXTENSION": {Role.HANDLER, Role.DEPARTMENT_HEAD},
    "GRANT_EXTENSION": {Role.SUPERVISOR},
    "REFUSE_EXTENSION": {Role.SUPERVISOR},
    "HAND_OVER": {Role.HANDLER, Role.DEPARTMENT_HEAD},
    "ADD_CO_HANDLER": {Role.HANDLER, Role.DEPARTMENT_HEAD, Role.DISPATCHER},
    "REPORT_PART": {Role.HANDLER, Role.DEPARTMENT_HEAD},
    "RELEASE_CO_HANDLER": {Role.DISPATCHER},
    "SUSPEND": {Role.HANDLER, Role.DEPARTMENT_HEAD},
    "RESUME": {Role.HANDLER, Role.DEPARTMENT_HEAD},
    "END_SUSPENSION": {Role.SUPERVISOR},
    "SUBMIT_FOR_APPROVAL": {Role.HANDLER, Role.DEPARTMENT_HEAD},
    "APPROVE_REPLY": {Role.DEPARTMENT_HEAD},
    "REFUSE_REPLY": {Role.DEPARTMENT_HEAD},
    "ASK_VERIFICATION": {Role.DISPATCHER},
    "SUBMIT_RESOLUTION": {Role.HANDLER, Role.DEPARTMENT_HEAD},
    "CONFIRM_ON_SITE": {Role.COMMUNITY_SECRETARY},
    "DENY_ON_SITE": {Role.COMMUNITY_SECRETARY},
    "REJECT_RESOLUTION": {Role.DISPATCHER},
    "RELEASE_RESOLUTION": {Role.DISPATCHER},
    "URGE": {Role.RESIDENT, Role.SECRETARY, Role.TEAM_LEADER, Role.DISPATCHER, Role.SUPERVISOR},
    "ANSWER_URGE": {Role.HANDLER, Role.DEPARTMENT_HEAD},
    "WITHDRAW": {Role.RESIDENT},
    "ISSUE_SUPERVISION_ORDER": {Role.SUPERVISOR},
    "REPLY_SUPERVISION_ORDER": {Role.HANDLER, Role.DEPARTMENT_HEAD},
    "ACCEPT_SUPERVISION_REPLY": {Role.SUPERVISOR},
    "REFUSE_SUPERVISION_REPLY": {Role.SUPERVISOR},
    "GIVE_CARD": {Role.SUPERVISOR},
    "APPEAL_CARD": {Role.DEPARTMENT_HEAD},
    "UPHOLD_CARD": {Role.SUPERVISOR},
    "CORRECT_CARD": {Role.SUPERVISOR},
    "URGE_BY_MEETING": {Role.SECRETARY, Role.TEAM_LEADER, Role.COMMUNITY_SECRETARY, Role.DISPATCHER, Role.SUPERVISOR},
}


def test_the_graph_and_the_table_have_the_same_states_and_actions() -> None:
    assert [status.value for status in GrievanceStatus] == list(STATUSES) == list(STATUS_NAMES)
    assert [action.name for action in CaseAction] == [move.action for move in MOVES] == list(get_args(Action))


def test_the_committed_picture_is_what_the_table_says() -> None:
    committed = (flows.ROOT / flows.DOCUMENT).read_text(encoding="utf-8")
    assert committed == flows.document(), "run `make flows`"


@pytest.mark.row("S47")
@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.action)
def test_every_state_and_action(status: Status, move: Move) -> None:
    if status in move.origins:
        assert next_status(status, move.action) == (move.target or status)
        return
    with pytest.raises(IllegalMove) as refused:
        next_status(status, move.action)
    for legal in actions_from(status):
        assert next(each.zh for each in MOVES if each.action == legal) in refused.value.zh


def test_the_petitioner_is_told_of_each_move_that_has_no_event_of_its_own() -> None:
    assert {move.action for move in MOVES if move.emits is GrievanceMovedV1} <= set(WORDS)


def test_what_is_among_officials_here_is_so_in_the_history_that_feedback_keeps() -> None:
    """Nobody reads in one service what the other keeps from them."""
    told = {move.action for move in MOVES if move.emits is GrievanceMovedV1}
    assert {action for action in told if WORDS[action].readers == "OFFICIALS"} == AMONG_OFFICIALS


def test_every_action_that_people_make_has_its_command() -> None:
    assert set(COMMANDS) == set(MAKERS) == {move.action for move in MOVES if move.by in PARTIES}


async def refusal_of(command: Awaitable[object]) -> str | None:
    try:
        await command
    except NoSuchRecord:
        return "NOT_FOUND"
    except Refusal as refusal:
        return refusal.code
    return None


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", COMMANDS)
async def test_every_state_action_and_role(action: Action, role: Role) -> None:
    """What the command does, what the table tells, and what the case tells the viewer beforehand: one."""
    who, needs = viewer(role), NEEDS.get(action, lambda case: case)
    action = COMES_TO.get((action, role), action)
    move = BY_ACTION[action]
    for status in STATUSES:
        office = desk()
        office.put(needs(case_in(status)))
        before: Case = office.state()
        told = next(each for each in allowances(handling(office), who, before) if each.move is move)
        refused = await refusal_of(COMMANDS[action](handling(office), who, "r"))
        if refused == "NOT_FOUND":
            # What they may not see does not exist for them.
            assert not may_see(who, access_of(before))
            continue
        expected = "ROLE_MISSING" if role not in MAKERS[action] else None if status in move.origins else "ILLEGAL_MOVE"
        expected = NOT_YET.get((action, status, role), expected)
        assert (refused, told.refusal and told.refusal.code) == (expected, expected)
        assert office.state().status == (GOES_ON.get(action, move.target or status) if refused is None else status)


def stories() -> list[tuple[Case, tuple[Case, list[Contract]]]]:
    """Each decision of the case's life, before and after."""
    opened, spoken = builders.opened(), builders.opened(onSpotAnswer="已解释。")
    accepted = dispatching.appraise(opened, None, AT)
    surveyed, extended = builders.fed_back(), builders.with_extension_asked(builders.handled())
    closed = course.surveyed(surveyed, survey_answer(happy=True), RECKONING)[0]
    on_spot = course.fed_back(builders.answered_on_the_spot(), FedBackV1(round=1, deliveryId="d", at=AT))[0]
    suspended, waiting = builders.case_in("SUSPENDED"), builders.with_report_waiting(builders.handled())
    verified, drafted = builders.with_verification(builders.handled()), builders.with_draft_waiting(builders.handled())
    reports, rules = builders.handled().with_(kind="REPORT"), builders.APPROVAL_RULES
    zjj = DepartmentRow(code=ZJJ, name="住建局", division="370800000000", head="head-zjj", receiver="r")
    helped = builders.with_part(builders.handled(), ZJJ)
    waits = builders.appraising()
    heard = builders.with_opinion_asked(waits)
    judged = judging.judged(waits, SAID, DISPATCHER, AT)
    fired = watch.fire(builders.handled(), builders.KNOWN, AT + timedelta(days=30))
    assert fired is not None
    until = AT.date() + timedelta(days=4)
    issued, replied = builders.with_order_issued(builders.handled()), builders.with_order_replied(builders.handled())
    appealed = builders.with_appeal(builders.handled())
    [card] = appealed.cards
    provisional = builders.provisionally_due(builders.handled())
    fixed = recalculation.fix(provisional, builders.RECKONING, AT)
    assert fixed is not None
    return [
        (builders.opened(), judging.await_appraisal(builders.opened(), AT)),
        (waits, judging.ask_opinion(waits, "COMMUNITY", None, "情况属实吗？", DISPATCHER, RECKONING, AT)),
        (heard, judging.give_opinion(heard, "COMMUNITY", "YES", "YES", "属实。", COMMUNITY, AT)),
        (waits, judged),
        (judged[0], judging.sent_to(judged[0], zjj, 1, "转住建。", DISPATCHER, RECKONING, AT)),
        (waits, judging.answer(waits, "已在整改。", DISPATCHER, AT)),
        (builders.dispatched(), judging.recall(builders.dispatched(), "类别有误。", DISPATCHER, AT)),
        (opened, accepted),
        (spoken, dispatching.appraise(spoken, "已解释。", AT)),
        (accepted[0], dispatching.dispatch(accepted[0], builders.FIRST_CATALOGUE, builders.KNOWN, RECKONING, AT)),
        (builders.dispatched(), course.accept_work_order(builders.dispatched(), HANDLER, AT)),
        (builders.dispatched(), returns.return_work_order(builders.dispatched(), "不归本部门管。", HANDLER, RECKONING, AT)),
        (builders.returned(), returns.refuse_return(builders.returned(), "归本部门管。", DISPATCHER, AT)),
        (builders.returned(), returns.grant_return(builders.returned(), zjj, "转住建。", DISPATCHER, RECKONING, AT)),
        (builders.handled(), returns.reassign(builders.handled(), zjj, "转住建。", DISPATCHER, RECKONING, AT)),
        (builders.handled(), extensions.ask_extension(builders.handled(), 3, "等待制作。", HANDLER, AT)),
        *((extended, extensions.decide_extension(extended, granted, "可以。", SUPERVISOR, RECKONING, AT)) for granted in (True, False)),
        (builders.handled(), suspension.suspend(builders.handled(), "等待材料。", AT.date(), HANDLER, AT)),
        (suspended, suspension.resume(suspended, HANDLER, RECKONING, AT)),
        (suspended, suspension.end_suspension(suspended, "材料已到。", SUPERVISOR, RECKONING, AT)),
        (reports, approval.submit_for_approval(reports, "已更换。", [], rules, HANDLER, AT)),
        (drafted, approval.approve(drafted, "已更换。", builders.HEAD, AT)),
        (verified, approval.approve(builders.with_draft_waiting(verified), "已更换。", builders.HEAD, AT)),
        (drafted, approval.refuse(drafted, "请写明日期。", builders.HEAD, AT)),
        (builders.handled(), verification.ask_verification(builders.handled(), "看看现场。", DISPATCHER, AT)),
        (verified, verification.submit_resolution(verified, "已更换。", [], HANDLER, AT)),
        (waiting, verification.release(waiting, "CONFIRM_ON_SITE", "已更换。", None, [], COMMUNITY, AT)),
        (waiting, verification.send_back(waiting, "DENY_ON_SITE", "还是旧牌。", [], COMMUNITY, AT)),
        (waiting, verification.send_back(waiting, "REJECT_RESOLUTION", "没有照片。", [], DISPATCHER, AT)),
        (waiting, verification.release(waiting, "RELEASE_RESOLUTION", "已更换。", "书记休假。", [], DISPATCHER, AT)),
        (builders.dispatched(), course.decline(builders.dispatched(), "属于诉讼事项。", "请向人民法院提起。", DISPATCHER, AT)),
        (builders.dispatched(), course.withdraw(builders.dispatched(), None, AT)),
        (builders.handled(), within.hand_over(builders.handled(), builders.HEAD, "另有任务。", HANDLER, AT)),
        (builders.handled(), co_handlers.add_co_handler(builders.handled(), zjj, "核实产权。", HANDLER, AT)),
        (helped, co_handlers.report_part(helped, "已核实。", [], Owner(staffId="z", role="HANDLER", unit=ZJJ), AT)),
        (helped, co_handlers.release_co_handler(helped, ZJJ, "不需要了。", DISPATCHER, AT)),
        (builders.with_the_platform(), handoff.take_handoff(builders.with_the_platform(), "", RECKONING, AT)),
        (builders.with_the_platform(), handoff.report_handoff(builders.with_the_platform(), "已更换。", RECKONING, AT)),
        (builders.with_the_platform(), handoff.return_handoff(builders.with_the_platform(), "不归本平台管。", RECKONING, AT)),
        (builders.handled(), fired),
        (provisional, fixed),
        (builders.handled(), urging.urge(builders.handled(), None, PETITIONER, AT)),
        (builders.handled(), urging.urge_by_meeting(builders.handled(), MEETING, "请尽快。", SUPERVISOR, AT)),
        (builders.handled(), supervision.issue(builders.handled(), "请说明进展。", until, None, SUPERVISOR, RECKONING, AT)),
        (issued, supervision.reply(issued, "三日内更换。", HANDLER, AT)),
        (issued, course.report_resolution(issued, "已更换。", [], HANDLER, AT)),
        *((replied, supervision.decide_reply(replied, accepted, "可以。", SUPERVISOR, AT)) for accepted in (True, False)),
        (builders.handled(), cards.give(builders.handled(), "RED", "推诿。", SUPERVISOR, AT)),
        (appealed, cards.appeal(appealed, card, "等待批复。", builders.HEAD, AT)),
        (appealed, cards.uphold(appealed, card, "理由不足。", SUPERVISOR, AT)),
        (appealed, cards.correct(appealed, card, None, "确有批复。", SUPERVISOR, AT)),
        (builders.urged(builders.handled()), urging.answer_urges(builders.urged(builders.handled()), "明天完工。", HANDLER, AT)),
        (builders.handled(), course.report_resolution(builders.handled(), "已更换。", [], HANDLER, AT)),
        (builders.resolved(), course.fed_back(builders.resolved(), FedBackV1(round=1, deliveryId="d", at=AT))),
        (surveyed, course.surveyed(surveyed, survey_answer(happy=True), RECKONING)),
        (surveyed, course.surveyed(surveyed, survey_answer(happy=False), RECKONING)),
        (surveyed, course.survey_expired(surveyed, SurveyExpiredV1(round=1, at=AT))),
        (closed, course.surveyed(closed, survey_answer(happy=False, change=1), RECKONING)),
        (on_spot, course.surveyed(on_spot, survey_answer(happy=False), RECKONING)),
    ]


def test_each_move_emits_what_the_table_says() -> None:
    made: set[Action] = set()
    for before, (after, events) in stories():
        steps = after.history[len(before.history) :]
        made |= {step.action for step in steps}
        assert [type(event) for event in events] == [emits for step in steps if (emits := BY_ACTION[step.action].emits) is not None]
    assert made == {move.action for move in MOVES}
