"""延期 and 撤诉: a department gets working days more once, by somebody else's word; a petitioner asks no more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.routing.domain.case import Case, erase_petitioner
from services.routing.usecases.extend_work_order import ask_for_days, decide_days
from services.routing.usecases.reassign_work_order import send_elsewhere
from services.routing.usecases.withdraw_grievance import withdraw_grievance
from shared.erasure import ERASED
from shared.identity.roles import Role
from shared.writer import NoSuchRecord
from tests.services.builders import AT, ID, LUCHENG, viewer
from tests.services.routing.builders import (
    ZJJ,
    code_of,
    dispatched,
    handled,
    handling,
    limit,
    office,
    resolved,
    returned,
    told,
    with_extension_asked,
)

HANDLER, SUPERVISOR, PETITIONER = viewer(Role.HANDLER), viewer(Role.SUPERVISOR), viewer(Role.RESIDENT)
WHY = "新牌正在制作，联系人13812345678。"


@pytest.mark.row("S52")
async def test_granted_days_are_working_days_from_where_the_result_was_due() -> None:
    made = office(handled())
    before: Case = made.state()
    assert before.due_at is not None
    await ask_for_days(handling(made), HANDLER, "r", ID, 3, WHY, "")
    asked: Case = made.state()
    assert (asked.status, asked.due_at, asked.owner) == ("HANDLING", before.due_at, before.owner)
    assert (asked.extensions[-1].reason, asked.extensions[-1].granted) == ("新牌正在制作，联系人〔电话〕。", None)
    later = AT + timedelta(days=2)
    await decide_days(handling(made, lambda: later), SUPERVISOR, "d", ID, True, "同意。", "")
    after: Case = made.state()
    assert after.due_at == limit(before.due_at, 3).at
    assert after.extensions[-1].granted
    assert [each.type for each in made.events()[-2:]] == ["routing.grievance.moved.v1"] * 2
    assert told(made, HANDLER, "ASK_EXTENSION") == "EXTENDED_BEFORE"


async def test_a_refused_extension_moves_nothing_and_may_be_asked_again() -> None:
    made = office(with_extension_asked(handled()))
    before: Case = made.state()
    assert told(made, HANDLER, "ASK_EXTENSION") == "EXTENSION_PENDING"
    await decide_days(handling(made), SUPERVISOR, "d", ID, False, "不同意。", "")
    assert made.state().due_at == before.due_at
    assert told(made, HANDLER, "ASK_EXTENSION") is None
    assert told(made, SUPERVISOR, "GRANT_EXTENSION") == told(made, SUPERVISOR, "REFUSE_EXTENSION") == "NO_EXTENSION_ASKED"


async def test_it_is_asked_while_the_result_is_not_overdue_and_of_ten_days_at_most() -> None:
    made = office(handled())
    due = made.state().due_at
    assert told(made, HANDLER, "ASK_EXTENSION", due) is None
    assert told(made, HANDLER, "ASK_EXTENSION", due + timedelta(seconds=1)) == "EXTENSION_TOO_LATE"
    for days in (0, -1, 11):
        assert await code_of(ask_for_days(handling(made), HANDLER, "r", ID, days, WHY, "")) == ("DAYS_OUT_OF_RANGE", "days")
    assert await code_of(ask_for_days(handling(made), HANDLER, "r", ID, 10, "", "")) == ("TEXT_EMPTY", "reason")


async def test_nobody_decides_on_their_own_extension() -> None:
    both = viewer(Role.HANDLER, roles=frozenset({Role.HANDLER, Role.SUPERVISOR}), scopes=SUPERVISOR.scopes)
    made = office(handled())
    await ask_for_days(handling(made), both, "r", ID, 1, WHY, "")
    assert await code_of(decide_days(handling(made), both, "d", ID, True, "同意。", "")) == ("OWN_EXTENSION", None)


async def test_another_department_and_a_rework_have_an_extension_of_their_own() -> None:
    made, later = office(with_extension_asked(handled())), AT + timedelta(hours=1)
    await decide_days(handling(made), SUPERVISOR, "d", ID, True, "同意。", "")
    again: Case = made.state()
    assert again.work_order is not None
    made.put(again.with_(work_order=again.work_order.model_copy(update={"round": 2})))
    assert told(made, HANDLER, "ASK_EXTENSION", later) is None
    made.put(again)
    await send_elsewhere(handling(made, lambda: later), viewer(Role.DISPATCHER), "s", ID, ZJJ, "转住建。", "")
    there = viewer(Role.HANDLER, department=ZJJ)
    made.put(made.state().with_(status="HANDLING"))
    assert told(made, there, "ASK_EXTENSION", later) is None
    assert made.state().extensions[-1].department == LUCHENG


@pytest.mark.parametrize("case", [dispatched(), handled(), returned()], ids=lambda case: case.status)
async def test_a_petitioner_withdraws_while_it_is_handled(case: Case) -> None:
    made = office(case)
    await withdraw_grievance(handling(made), PETITIONER, "w", ID, "已经好了，我是13812345678", "")
    after: Case = made.state()
    assert (after.status, after.due_at, after.closed_at, after.owner) == ("WITHDRAWN", None, AT, case.owner)
    assert after.withdrawn_for == "已经好了，我是〔电话〕"
    assert after.history[-1].by.staffId == "petitioner"
    assert {told(made, who, move) for who, move in ((HANDLER, "REPORT_RESOLUTION"), (PETITIONER, "WITHDRAW"))} == {"ILLEGAL_MOVE"}
    await withdraw_grievance(handling(made), PETITIONER, "w", ID, "已经好了，我是13812345678", "")
    assert made.state() == after
    assert erase_petitioner(after, "cd" * 32).withdrawn_for == ERASED


async def test_nobody_else_withdraws_and_nothing_that_was_answered_is_withdrawn() -> None:
    made = office(handled())
    stranger = viewer(Role.RESIDENT, refs=frozenset({"ef" * 32}))
    with pytest.raises(NoSuchRecord):
        await withdraw_grievance(handling(made), stranger, "w", ID, None, "")
    secretary = viewer(Role.SECRETARY, roles=frozenset({Role.SECRETARY, Role.RESIDENT}))
    assert await code_of(withdraw_grievance(handling(made), secretary, "w", ID, None, "")) == ("NOT_YOURS", None)
    made.put(resolved())
    assert (await code_of(withdraw_grievance(handling(made), PETITIONER, "w", ID, None, "")))[0] == "ILLEGAL_MOVE"
