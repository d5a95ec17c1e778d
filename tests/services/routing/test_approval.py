"""答复审批: where a rule says so, what the lead drafts waits until the head of its department approves it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.routing.adapters.approval_rules import load_approval_rules
from services.routing.domain import approval, handoff, verification
from services.routing.domain.case import Case, erase_petitioner, order_of
from services.routing.domain.lifecycle import Action
from services.routing.domain.returns import reassign
from services.routing.domain.watch import upcoming
from services.routing.subgraph.replies import submitted
from services.routing.subgraph.waits import ReplyApproval
from services.routing.usecases.answer_report import verify_on_site
from services.routing.usecases.approve_reply import approve_reply, refuse_reply
from services.routing.usecases.report_resolution import report
from services.routing.usecases.withdraw_grievance import withdraw_grievance
from shared.contracts.intake import DepartmentRow
from shared.erasure import ERASED
from shared.identity.roles import Role
from tests.services.builders import AT, ID, LUCHENG, Desk, viewer
from tests.services.routing.builders import (
    APPROVAL_RULES,
    DISPATCHER,
    HANDLER,
    HEAD,
    OFFICE,
    RECKONING,
    TREE,
    ZJJ,
    code_of,
    handled,
    handling,
    office,
    told,
    with_draft_waiting,
    with_order_issued,
    with_order_replied,
    with_part,
    with_report_waiting,
    with_the_platform,
    with_verification,
)

DRAFTS, HEADS, DISPATCHES = viewer(Role.HANDLER), viewer(Role.DEPARTMENT_HEAD), viewer(Role.DISPATCHER)
PHOTO = "11111111-1111-1111-1111-111111111111"
LATER, LAST = AT + timedelta(days=1), AT + timedelta(days=2)
MOVES: tuple[Action, ...] = ("SUBMIT_FOR_APPROVAL", "REPORT_RESOLUTION", "SUBMIT_RESOLUTION")


def reports() -> Case:
    """A report (举报) in its department's hands."""
    return handled().with_(kind="REPORT")


def in_round(number: int) -> Case:
    case = handled()
    return case.with_(work_order=order_of(case).model_copy(update={"round": number}))


async def drafted(made: Desk, text: str = "已于6月5日核查。", request: str = "r", at: datetime = AT) -> Case:
    await report(handling(made, lambda: at), DRAFTS, request, ID, text, [PHOTO], "")
    case: Case = made.state()
    return case


@pytest.mark.row("S52")
@pytest.mark.row("S54")
@pytest.mark.parametrize(
    ("case", "rule"),
    [
        (reports(), "REPORT"),
        (with_order_issued(handled()), "SUPERVISED"),
        # Whoever replies to the order first does not pass by it.
        (with_order_replied(handled()), "SUPERVISED"),
        (in_round(3), "REWORKED_TWICE"),
    ],
)
async def test_what_a_rule_wants_approved_waits_and_is_reported_when_the_head_approves_it(case: Case, rule: str) -> None:
    made = office(case)
    assert [told(made, DRAFTS, move) for move in MOVES] == [None, "APPROVAL_FIRST", "APPROVAL_FIRST"]
    waits = await drafted(made, "已核查，联系人13812345678。")
    [draft] = waits.drafts
    assert (draft.rule, draft.text, approval.waiting(waits), submitted(waits)) == (rule, "已核查，联系人〔电话〕。", draft, draft.text)
    assert (waits.status, waits.due_at, waits.owner, waits.public_reply()) == ("HANDLING", case.due_at, case.owner, None)
    assert waits.orders == case.orders
    assert made.said()[-1] == "routing.grievance.moved.v1"
    assert "已核查" not in str(made.events()[-1].data())

    await approve_reply(handling(made, lambda: LATER), HEADS, "a", ID, "")
    after: Case = made.state()
    order = order_of(after)
    assert (after.status, after.due_at, after.owner, after.public_reply()) == ("RESOLVED", None, case.owner, "已核查，联系人〔电话〕。")
    # The time that the department took over its own draft is its own.
    assert (order.resolved_at, order.evidence) == (LATER, [PHOTO])
    assert [each.replied_at for each in after.orders] == [LATER if each.reply is None else each.replied_at for each in case.orders]
    assert [(step.action, step.by.role, step.at) for step in after.history[-2:]] == [
        ("APPROVE_REPLY", "DEPARTMENT_HEAD", LATER),
        ("REPORT_RESOLUTION", "HANDLER", LATER),
    ]
    said = made.events()[-1].data()
    assert (made.said()[1:], said["by"]["staffId"], said["releasedBy"]) == (
        ["routing.grievance.resolved.v1"],
        DRAFTS.sub,
        {"staffId": HEADS.sub, "role": "DEPARTMENT_HEAD", "unit": LUCHENG},
    )


@pytest.mark.parametrize("case", [handled(), in_round(2)])
async def test_most_replies_go_as_they_are(case: Case) -> None:
    made = office(case)
    assert [told(made, DRAFTS, move) for move in MOVES] == ["NO_APPROVAL_WANTED", None, "NO_VERIFICATION_ASKED"]
    assert (await drafted(made)).status == "RESOLVED"


@pytest.mark.parametrize(("case", "status"), [(reports(), "RESOLVED"), (with_verification(reports()), "HANDLING")])
async def test_what_the_head_reports_nobody_approves(case: Case, status: str) -> None:
    made = office(case)
    assert told(made, HEADS, "SUBMIT_FOR_APPROVAL") == "NO_APPROVAL_WANTED"
    await report(handling(made), HEADS, "r", ID, "已核查。", [], "")
    assert (made.state().status, made.state().drafts) == (status, [])


async def test_what_is_sent_back_is_written_anew_and_the_next_one_waits_too() -> None:
    made = office(reports())
    await drafted(made)
    assert await code_of(refuse_reply(handling(made), HEADS, "f", ID, " ", "")) == ("TEXT_EMPTY", "reason")
    await refuse_reply(handling(made, lambda: LATER), HEADS, "f", ID, "请写明结论，问13812345678。", "")
    refused: Case = made.state()
    [first] = refused.drafts
    assert (refused.status, refused.public_reply(), first.released, first.remark) == ("HANDLING", None, False, "请写明结论，问〔电话〕。")
    assert (first.answered_at, first.answered_by and first.answered_by.staffId) == (LATER, HEADS.sub)
    assert told(made, HEADS, "APPROVE_REPLY") == told(made, HEADS, "REFUSE_REPLY") == "NO_REPLY_WAITING"
    assert "结论" not in str(made.events()[-1].data())
    again = await drafted(made, "经查不属实。", "r2")
    shown = ReplyApproval.of(again.drafts)
    assert shown is not None
    assert (shown.rule, shown.message_zh, [(each.text, each.released, each.remark) for each in shown.reports]) == (
        "REPORT",
        APPROVAL_RULES[0].zh,
        [("已于6月5日核查。", False, "请写明结论，问〔电话〕。"), ("经查不属实。", None, None)],
    )
    await approve_reply(handling(made), HEADS, "a", ID, "")
    assert made.state().public_reply() == "经查不属实。"


@pytest.mark.row("S21")
async def test_where_somebody_is_to_look_on_site_too_approval_comes_first_and_is_when_it_was_reported() -> None:
    made = office(with_verification(reports()))
    await drafted(made)
    assert told(made, DISPATCHES, "RELEASE_RESOLUTION") == "NO_REPORT_WAITING"
    await approve_reply(handling(made, lambda: LATER), HEADS, "a", ID, "")
    approved: Case = made.state()
    waits = verification.waiting(approved)
    assert waits is not None
    assert (approved.status, approval.waiting(approved), waits.at, waits.by) == ("HANDLING", None, LATER, approved.drafts[0].by)
    assert [step.action for step in approved.history[-2:]] == ["APPROVE_REPLY", "SUBMIT_RESOLUTION"]
    assert [event.data().get("action") for event in made.events()] == ["SUBMIT_FOR_APPROVAL", "SUBMIT_RESOLUTION"]
    assert [told(made, DRAFTS, move) for move in MOVES[::2]] == ["REPORT_WAITING", "APPROVAL_FIRST"]
    await verify_on_site(handling(made, lambda: LAST), viewer(Role.COMMUNITY_SECRETARY), "v", ID, True, None, [], "")
    assert (made.state().status, order_of(made.state()).resolved_at) == ("RESOLVED", LATER)
    assert made.events()[-1].data()["releasedBy"]["role"] == "COMMUNITY_SECRETARY"


async def test_what_waits_is_decided_before_anything_else_is_done_with_it() -> None:
    made = office(with_draft_waiting(handled()))
    departments: tuple[Action, ...] = (*MOVES, "SUSPEND", "ADD_CO_HANDLER")
    dispatchers: tuple[Action, ...] = ("REASSIGN", "ADD_CO_HANDLER")
    for who, moves in ((DRAFTS, departments), (HEADS, departments), (DISPATCHES, dispatchers)):
        assert {told(made, who, move) for move in moves} == {"REPLY_WAITING"}
    assert told(made, DISPATCHES, "ASK_VERIFICATION") is None
    missing = office(with_part(reports(), ZJJ))
    assert told(missing, DRAFTS, "SUBMIT_FOR_APPROVAL") == "PARTS_MISSING"


async def test_what_was_drafted_in_time_and_approved_too_late_is_late_and_the_clock_goes_on_meanwhile() -> None:
    case = reports()
    made, due = office(case), case.due_at
    assert due is not None
    waits = await drafted(made)
    assert upcoming(waits) == upcoming(case)
    await approve_reply(handling(made, lambda: due + timedelta(seconds=1)), HEADS, "a", ID, "")
    assert made.state().deadlines.result.met is False


async def test_nobody_approves_their_own_reply_and_one_may_take_it_back() -> None:
    """Who drafted it has become the head since."""
    made = office(reports())
    await drafted(made)
    promoted = viewer(Role.DEPARTMENT_HEAD, sub=DRAFTS.sub)
    assert await code_of(approve_reply(handling(made), promoted, "a", ID, "")) == ("OWN_REPLY", None)
    await refuse_reply(handling(made), promoted, "f", ID, "我来上报。", "")
    await report(handling(made), promoted, "r2", ID, "经查不属实。", [], "")
    assert made.state().public_reply() == "经查不属实。"


async def test_who_is_handler_and_head_decides_and_reports_as_the_head() -> None:
    both = viewer(Role.HANDLER, sub="both", roles=frozenset({Role.HANDLER, Role.DEPARTMENT_HEAD}))
    head = {"staffId": "both", "role": "DEPARTMENT_HEAD", "unit": LUCHENG}
    made = office(with_draft_waiting(handled()))
    await approve_reply(handling(made), both, "a", ID, "")
    assert made.events()[-1].data()["releasedBy"] == head
    made = office(reports())
    await report(handling(made), both, "r", ID, "已核查。", [], "")
    assert (made.state().status, made.events()[-1].data()["by"]) == ("RESOLVED", head)


async def test_the_head_of_who_contributes_does_not_approve_what_the_lead_replies() -> None:
    made = office(with_part(with_draft_waiting(handled()), ZJJ, reported_at=AT))
    other = viewer(Role.DEPARTMENT_HEAD, department=ZJJ)
    assert await code_of(approve_reply(handling(made), other, "a", ID, "")) == ("NOT_YOUR_WORK_ORDER", None)
    assert await code_of(refuse_reply(handling(made), other, "f", ID, "不行。", "")) == ("NOT_YOUR_WORK_ORDER", None)


async def test_what_was_handed_over_since_it_was_drafted_stays_with_whom_it_is() -> None:
    made = office(reports())
    waits = await drafted(made)
    made.put(waits.with_(owner=HEAD))
    await approve_reply(handling(made), HEADS, "a", ID, "")
    assert made.state().owner == HEAD


@pytest.mark.parametrize("verified", [False, True])
def test_what_12345_reports_nobody_approves_and_nobody_waits_for_what_its_office_drafted(verified: bool) -> None:
    sent = handoff.take_handoff(with_the_platform().with_(kind="REPORT"), "", RECKONING, AT)[0]
    sent = with_verification(sent) if verified else sent
    waits = approval.submit_for_approval(sent, "已核查。", [], APPROVAL_RULES, HANDLER, AT)[0]
    done, _ = handoff.report_handoff(waits, "经查不属实。", RECKONING, LATER)
    assert (done.status, submitted(done)) == ("HANDLING" if verified else "RESOLVED", "经查不属实。")
    back, _ = handoff.return_handoff(waits, "不归本平台管。", RECKONING, LATER)
    for case in (done, back):
        [draft] = case.drafts
        assert (draft.released, draft.answered_by, approval.waiting(case)) == (False, handoff.PLATFORM, None)


async def test_withdrawn_nothing_waits_and_erased_no_words_are_left() -> None:
    made = office(with_draft_waiting(handled()))
    await refuse_reply(handling(made), HEADS, "f", ID, "孔凡莹说不行。", "")
    erased = erase_petitioner(with_draft_waiting(made.state()), "cd" * 32)
    assert [(each.text, each.remark) for each in erased.drafts] == [(ERASED, ERASED), (ERASED, None)]
    made.put(erased)
    await approve_reply(handling(made), HEADS, "a", ID, "")
    assert (made.state().public_reply(), made.events()[-1].data()["text"]) == (ERASED, ERASED)
    made.put(with_draft_waiting(handled()))
    await withdraw_grievance(handling(made), viewer(Role.RESIDENT), "w", ID, None, "")
    assert approval.waiting(made.state()) is None


async def test_the_same_request_again_does_nothing_again() -> None:
    made = office(with_draft_waiting(handled()))
    for _ in range(2):
        await approve_reply(handling(made), HEADS, "a", ID, "")
    assert made.said() == ["routing.grievance.resolved.v1"]


@pytest.mark.parametrize(
    ("conditions", "met"),
    [
        ({"kind": "HELP"}, True),
        ({"kind": "COMPLAINT"}, False),
        ({"grade": "ORDINARY"}, True),
        ({"grade": "URGENT"}, False),
        ({"category": "城乡建设"}, True),
        ({"category": "城乡"}, False),
        ({"category": "城乡建设", "kind": "COMPLAINT"}, False),
        ({"round": 1}, True),
        ({"round": 2}, False),
    ],
)
def test_all_that_a_rule_names_must_hold(conditions: dict[str, Any], met: bool) -> None:
    case = handled().with_(category="城乡建设/安全生产/安全隐患")
    rule = approval.ApprovalRule(code="A", zh="甲", en="a", **conditions)
    assert rule.meets(case) is met
    assert approval.wanted(case, [rule]) is (rule if met else None)


def test_an_order_of_a_department_that_has_it_no_more_asks_for_nothing() -> None:
    supervised = approval.ApprovalRule(code="A", zh="甲", en="a", supervised=True)
    held = with_order_issued(handled())
    office = DepartmentRow(code=OFFICE, name="热线办", division="370800000000", head="head-rxb", receiver="r")
    elsewhere = reassign(held, office, "转热线办。", DISPATCHER, RECKONING, LATER)[0]
    assert (supervised.meets(held), supervised.meets(elsewhere)) == (True, False)


def load(tmp_path: Path, rows: str) -> tuple[approval.ApprovalRule, ...]:
    path = tmp_path / "approval.toml"
    path.write_text(rows, encoding="utf-8")
    return load_approval_rules(TREE, path)


RULE = '[[rules]]\ncode = "A"\nzh = "甲"\nen = "a"\n'


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        (RULE, "a rule has one or more of"),
        (f"{RULE}supervised = false\n", "a rule has one or more of"),
        (f"{RULE}round = 0\n", "greater than 0"),
        (f'{RULE}kind = "COMPLAINTS"\n', "Input should be"),
        (f'{RULE}category = "城乡"\n', "no categories of the tree in approval.toml: 城乡"),
        (f"{RULE}rounds = 2\n", "Extra inputs"),
        (f"{RULE}round = 2\n{RULE}round = 3\n", "two rules of one code"),
    ],
)
def test_rules_that_are_none_are_refused(tmp_path: Path, rows: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        load(tmp_path, rows)


async def test_without_rules_nothing_waits(tmp_path: Path) -> None:
    assert load(tmp_path, "rules = []\n") == ()
    assert approval.reporting(reports(), False, ()) == "REPORT_RESOLUTION"


def test_what_waits_to_be_looked_at_is_found_as_the_reply() -> None:
    waits = with_report_waiting(handled())
    assert submitted(waits) == waits.verifications[0].reports[0].text
    assert submitted(handled()) is None
