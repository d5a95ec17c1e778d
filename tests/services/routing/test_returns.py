"""退单 and 改派: a work order goes elsewhere or stays, with reasons, and never moves the day on which the result is due."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from services.routing.domain.case import Case, erase_petitioner
from services.routing.usecases.adjudicate_return import adjudicate
from services.routing.usecases.ports import Handling
from services.routing.usecases.reassign_work_order import send_elsewhere
from services.routing.usecases.return_work_order import send_back
from shared.china_time import day_in_china
from shared.contracts.intake import DepartmentRow
from shared.erasure import ERASED
from shared.identity.roles import Role
from tests.services.builders import AT, COUNTY, ID, LUCHENG, viewer
from tests.services.routing.builders import (
    ELSEWHERE,
    SJJ,
    ZJJ,
    case_in,
    code_of,
    dispatched,
    handled,
    handling,
    limit,
    office,
    returned,
    told,
)

HANDLER, DISPATCHER = viewer(Role.HANDLER), viewer(Role.DISPATCHER)
REASON, ANSWER = "道路归交通部门管，联系人13812345678。", "按目录归本部门，见王某某电话13912345678。"


async def test_a_return_waits_with_the_department_and_keeps_by_which_rule_it_came() -> None:
    made = office(dispatched())
    before: Case = made.state()
    await send_back(handling(made), HANDLER, "r", ID, REASON, "")
    after: Case = made.state()
    assert (after.status, after.owner, after.due_at) == ("RETURN_PENDING", before.owner, before.due_at)
    asked = after.returns[-1]
    assert (asked.department, asked.rule, asked.rule_version, asked.granted) == (LUCHENG, "lucheng", 1, None)
    assert asked.reason == "道路归交通部门管，联系人〔电话〕。"
    # The same request again is the same return.
    await send_back(handling(made), HANDLER, "r", ID, REASON, "")
    assert made.state() == after


async def test_a_granted_return_goes_to_another_department_whose_head_owns_it_and_the_day_stays() -> None:
    made = office(returned())
    before: Case = made.state()
    await adjudicate(handling(made), DISPATCHER, "a", ID, True, ZJJ, ANSWER, "")
    after: Case = made.state()
    assert (after.status, after.departments, after.handlers) == ("DISPATCHED", [ZJJ], [])
    assert (after.owner.staffId, after.owner.unit, after.due_at) == (f"head-{ZJJ}", ZJJ, before.due_at)
    order, decided = after.work_order, after.returns[-1]
    assert order is not None
    assert (order.department, order.rule, order.rule_version, order.round, order.reason) == (ZJJ, "by-hand", 1, 1, decided.answer)
    assert (decided.granted, decided.sent_to, decided.answer) == (True, ZJJ, "按目录归本部门，见王某某电话〔电话〕。")
    assert decided.decided_by is not None
    assert (decided.decided_by.role, decided.decided_by.unit) == ("DISPATCHER", COUNTY)
    assert made.events()[-1].type == "routing.grievance.dispatched.v1"


async def test_a_refused_return_stays_and_is_not_asked_again() -> None:
    made = office(returned())
    before: Case = made.state()
    await adjudicate(handling(made), DISPATCHER, "a", ID, False, None, ANSWER, "")
    after: Case = made.state()
    assert (after.status, after.departments, after.owner, after.work_order) == ("DISPATCHED", [LUCHENG], before.owner, before.work_order)
    assert (after.returns[-1].granted, after.returns[-1].sent_to) == (False, None)
    assert told(made, HANDLER, "RETURN_WORK_ORDER") == "RETURN_REFUSED_BEFORE"
    assert await code_of(send_back(handling(made), HANDLER, "again", ID, REASON, "")) == ("RETURN_REFUSED_BEFORE", None)


async def test_what_comes_back_to_a_department_may_be_returned_anew() -> None:
    made, later = office(returned()), AT + timedelta(hours=3)
    await adjudicate(handling(made), DISPATCHER, "a", ID, False, None, ANSWER, "")
    await send_elsewhere(handling(made, lambda: later), DISPATCHER, "b", ID, ZJJ, ANSWER, "")
    await send_elsewhere(handling(made, lambda: later), DISPATCHER, "c", ID, LUCHENG, ANSWER, "")
    assert told(made, HANDLER, "RETURN_WORK_ORDER", later) is None


@pytest.mark.row("S52")
async def test_a_return_is_asked_within_two_working_days() -> None:
    """Dispatched on a Friday: Saturday and Sunday do not count."""
    made = office(dispatched())
    due = limit(AT, 2).at
    assert day_in_china(due).isoformat() == "2020-06-09"
    late = due + timedelta(seconds=1)
    assert told(made, HANDLER, "RETURN_WORK_ORDER", due) is None
    assert told(made, HANDLER, "RETURN_WORK_ORDER", late) == "RETURN_TOO_LATE"
    assert await code_of(send_back(handling(made, lambda: late), HANDLER, "r", ID, REASON, "")) == ("RETURN_TOO_LATE", None)


async def test_nobody_decides_on_their_own_return() -> None:
    both = viewer(Role.HANDLER, roles=frozenset({Role.HANDLER, Role.DISPATCHER}), scopes=DISPATCHER.scopes)
    made = office(dispatched())
    await send_back(handling(made), both, "r", ID, REASON, "")
    assert told(made, both, "GRANT_RETURN") == told(made, both, "REFUSE_RETURN") == "OWN_RETURN"
    assert await code_of(adjudicate(handling(made), both, "a", ID, True, ZJJ, ANSWER, "")) == ("OWN_RETURN", None)


async def test_a_dispatcher_of_another_place_decides_nothing() -> None:
    far = viewer(Role.DISPATCHER, roles=frozenset({Role.DISPATCHER, Role.HANDLER}), scopes=(), department=LUCHENG)
    made = office(returned())
    assert await code_of(adjudicate(handling(made), far, "a", ID, False, None, ANSWER, "")) == ("NOT_YOUR_TERRITORY", None)


@pytest.mark.parametrize(
    ("department", "code"),
    [("D-NONE", "DEPARTMENT_UNKNOWN"), (LUCHENG, "SAME_DEPARTMENT"), (SJJ, "DEPARTMENT_ACCUSED"), (ELSEWHERE, "DEPARTMENT_ELSEWHERE")],
)
async def test_where_it_cannot_go_is_refused_by_the_field(department: str, code: str) -> None:
    commands: list[tuple[Case, Callable[[Handling], Awaitable[None]]]] = [
        (returned(accused=[SJJ]), lambda parts: adjudicate(parts, DISPATCHER, "a", ID, True, department, ANSWER, "")),
        (handled(accused=[SJJ]), lambda parts: send_elsewhere(parts, DISPATCHER, "a", ID, department, ANSWER, "")),
    ]
    for case, command in commands:
        made = office(case)
        assert await code_of(command(handling(made))) == (code, "department")
        assert made.state() == case


@pytest.mark.parametrize(
    ("granted", "department", "reason", "code"),
    [
        (True, None, ANSWER, ("DEPARTMENT_MISSING", "department")),
        (False, ZJJ, ANSWER, ("DEPARTMENT_UNASKED", "department")),
        (True, ZJJ, " ", ("TEXT_EMPTY", "reason")),
        (False, None, "字" * 2001, ("TEXT_TOO_LONG", "reason")),
    ],
)
async def test_what_does_not_fit_together_is_refused(granted: bool, department: str | None, reason: str, code: tuple[str, str]) -> None:
    made = office(returned())
    assert await code_of(adjudicate(handling(made), DISPATCHER, "a", ID, granted, department, reason, "")) == code


async def test_a_reassigned_one_leaves_the_hands_it_was_in() -> None:
    made = office(handled())
    before: Case = made.state()
    await send_elsewhere(handling(made), DISPATCHER, "a", ID, ZJJ, ANSWER, "")
    after: Case = made.state()
    assert (after.status, after.departments, after.handlers, after.due_at) == ("DISPATCHED", [ZJJ], [], before.due_at)
    assert after.work_order is not None
    assert (after.work_order.accepted_at, after.returns) == (None, [])


async def test_of_an_erased_petitioner_no_reasons_are_kept() -> None:
    case = erase_petitioner(case_in("RETURN_PENDING"), "cd" * 32)
    assert [each.reason for each in case.returns] == [ERASED]
    made = office(case)
    await adjudicate(handling(made), DISPATCHER, "a", ID, True, ZJJ, ANSWER, "")
    after: Case = made.state()
    assert after.work_order is not None
    assert (after.returns[-1].answer, after.work_order.reason) == (ERASED, ERASED)
    assert erase_petitioner(after, "cd" * 32).work_order == after.work_order


@pytest.mark.row("S8")
@pytest.mark.row("S23")
@pytest.mark.parametrize(
    ("target", "department", "refusal"),
    [
        ("UP", "D-COUNTY", None),
        ("COUNTY", "D-COUNTY", None),
        ("CITY", None, ("NO_COMMITTEE", "department")),
        ("TOWN", None, ("SAME_DEPARTMENT", "department")),
    ],
)
async def test_a_dispatcher_reports_it_up_by_naming_the_tier(target: str, department: str | None, refusal: tuple[str, str] | None) -> None:
    rows = [("D-COUNTY", "370881000000"), (LUCHENG, "370881001000")]

    async def committees() -> dict[str, DepartmentRow]:
        return {code: DepartmentRow(code=code, name=code, division=at, head="h", receiver="r", committee=True) for code, at in rows}

    made = office(handled())
    sending = send_elsewhere(replace(handling(made), departments=committees), DISPATCHER, "s", ID, target, "请上级协调。", "")
    if refusal is not None:
        assert await code_of(sending) == refusal
        return
    await sending
    assert (made.state().departments, made.state().owner.unit) == ([department], department)
