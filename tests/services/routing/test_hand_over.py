"""首接, 内部移交 and 负全责: one named owner at any time, from registration on, and how it went from hand to hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.routing.domain.case import Case, erase_petitioner
from services.routing.domain.lifecycle import Action
from services.routing.store.mongo import CODEC
from services.routing.usecases.accept_work_order import accept
from services.routing.usecases.co_handle import ask_for_part, release, report_own_part
from services.routing.usecases.decline_grievance import decline_grievance
from services.routing.usecases.extend_work_order import ask_for_days, decide_days
from services.routing.usecases.hand_over_work_order import give
from services.routing.usecases.ports import Handling
from services.routing.usecases.reassign_work_order import send_elsewhere
from services.routing.usecases.report_resolution import report
from services.routing.usecases.return_work_order import send_back
from services.routing.usecases.withdraw_grievance import withdraw_grievance
from shared.erasure import ERASED
from shared.identity.errors import Refusal
from shared.identity.roles import Role
from shared.identity.viewer import Viewer
from shared.writer import NoSuchRecord
from tests.services.builders import AT, ID, LUCHENG, Desk, event, viewer
from tests.services.routing.builders import (
    HEAD,
    SECRETARY,
    ZJJ,
    code_of,
    desk,
    dispatched,
    handled,
    handling,
    office,
    registered,
    told,
)

HANDLER, CHIEF, DISPATCHER = viewer(Role.HANDLER), viewer(Role.DEPARTMENT_HEAD), viewer(Role.DISPATCHER)
WHY = "小王另有任务，有事打13812345678。"


def owners_of(case: Case) -> list[str]:
    return [each.owner.staffId for each in case.owners]


@pytest.mark.row("S7")
@pytest.mark.row("S22")
async def test_it_is_the_heads_until_somebody_takes_it_and_the_receiver_is_named() -> None:
    made = office(dispatched())
    await send_elsewhere(handling(made, lambda: AT + timedelta(hours=1)), DISPATCHER, "s", ID, ZJJ, "转住建。", "")
    sent: Case = made.state()
    assert sent.work_order is not None
    assert (sent.owner.staffId, sent.owner.role, sent.work_order.receiver) == (f"head-{ZJJ}", "DEPARTMENT_HEAD", "r")
    await accept(handling(made, lambda: AT + timedelta(hours=2)), viewer(Role.HANDLER, department=ZJJ), "a", ID, "")
    after: Case = made.state()
    assert owners_of(after) == [SECRETARY.staffId, HEAD.staffId, f"head-{ZJJ}", "handler-1"]
    assert [each.since for each in after.owners] == [AT, AT, AT + timedelta(hours=1), AT + timedelta(hours=2)]


@pytest.mark.row("S7")
async def test_what_is_handed_over_has_another_owner_and_remembers_the_one_before() -> None:
    made, later = office(handled()), AT + timedelta(hours=1)
    before: Case = made.state()
    await give(handling(made, lambda: later), HANDLER, "h", ID, "handler-2", WHY, "")
    after: Case = made.state()
    assert (after.status, after.due_at, after.departments) == ("HANDLING", before.due_at, before.departments)
    assert (after.owner.staffId, after.owner.role, after.owner.unit) == ("handler-2", "HANDLER", LUCHENG)
    assert after.handlers == ["handler-1", "handler-2"]
    assert (after.owners[-1].owner, after.owners[-1].since) == (after.owner, later)
    handed = after.hand_overs[-1]
    assert (handed.owner_before, handed.owner, handed.by.staffId) == (before.owner, after.owner, "handler-1")
    assert handed.reason == "小王另有任务，有事打〔电话〕。"
    assert after.history[-1].action == "HAND_OVER"
    assert made.events()[-1].data()["progress"]["owner"]["staffId"] == "handler-2"
    # The same request again is the same hand-over.
    await give(handling(made, lambda: later), HANDLER, "h", ID, "handler-2", WHY, "")
    assert made.state() == after
    assert erase_petitioner(after, "cd" * 32).hand_overs[-1].reason == ERASED


async def test_only_its_owner_and_the_head_hand_it_over() -> None:
    made = office(handled())
    other = viewer(Role.HANDLER, sub="handler-9")
    assert told(made, other, "HAND_OVER") == "NOT_YOURS_TO_HAND_OVER"
    assert await code_of(give(handling(made), other, "h", ID, "handler-2", WHY, "")) == ("NOT_YOURS_TO_HAND_OVER", None)
    assert told(made, viewer(Role.DEPARTMENT_HEAD, department=ZJJ), "HAND_OVER") == "NOT_YOURS_TO_HAND_OVER"
    await give(handling(made), CHIEF, "h", ID, "handler-2", WHY, "")
    # Whose it was has nothing to give any more.
    assert told(made, HANDLER, "HAND_OVER") == "NOT_YOURS_TO_HAND_OVER"
    assert told(made, viewer(Role.HANDLER, sub="handler-2"), "HAND_OVER") is None


@pytest.mark.parametrize(
    ("staff", "reason", "code"),
    [
        ("handler-1", WHY, ("SAME_OWNER", "staffId")),
        ("nobody", WHY, ("STAFF_UNKNOWN", "staffId")),
        (f"head-{ZJJ}", WHY, ("STAFF_UNKNOWN", "staffId")),
        (" ", WHY, ("TEXT_EMPTY", "staffId")),
        ("x" * 65, WHY, ("TEXT_TOO_LONG", "staffId")),
        ("handler-2", " ", ("TEXT_EMPTY", "reason")),
    ],
)
async def test_to_whom_it_cannot_go_is_refused_by_the_field(staff: str, reason: str, code: tuple[str, str]) -> None:
    made = office(handled())
    before = made.state()
    assert await code_of(give(handling(made), HANDLER, "h", ID, staff, reason, "")) == code
    assert made.state() == before


@pytest.mark.parametrize(("staff", "role"), [("r", "HANDLER"), (f"head-{LUCHENG}", "DEPARTMENT_HEAD"), ("handler-2", "HANDLER")])
async def test_receiver_head_and_whoever_had_one_before_are_known(staff: str, role: str) -> None:
    made = office(handled())
    await give(handling(made), HANDLER, "h", ID, staff, WHY, "")
    assert (made.state().owner.staffId, made.state().owner.role) == (staff, role)


def old(case: Case) -> dict[str, Any]:
    """As it was kept before owners, receivers and parts were."""
    kept = CODEC.dump(case)
    for name in ("owners", "hand_overs"):
        del kept[name]
    if kept["work_order"]:
        for name in ("receiver", "parts"):
            del kept["work_order"][name]
    return kept


@pytest.mark.parametrize(
    ("case", "owners"),
    [(dispatched(), [HEAD.staffId]), (handled(), ["handler-1"])],
    ids=["not taken yet", "taken"],
)
def test_a_case_from_before_has_the_owners_that_its_moves_tell(case: Case, owners: list[str]) -> None:
    loaded: Case = CODEC.load(old(case))
    assert owners_of(loaded) == owners
    assert loaded.owners[-1].owner == loaded.owner
    assert loaded.work_order is not None
    assert (loaded.work_order.receiver, loaded.work_order.parts, loaded.hand_overs) == (None, [], [])
    assert CODEC.load(CODEC.dump(loaded)) == loaded


AGENTS: list[Viewer] = [
    HANDLER,
    viewer(Role.HANDLER, sub="handler-2"),
    CHIEF,
    viewer(Role.HANDLER, sub="builder-1", department=ZJJ),
    DISPATCHER,
    viewer(Role.SUPERVISOR),
    viewer(Role.RESIDENT),
]


async def act(parts: Handling, who: Viewer, action: Action, number: int) -> None:
    r = f"r{number}"
    match action:
        case "ACCEPT_WORK_ORDER":
            await accept(parts, who, r, ID, "")
        case "HAND_OVER":
            await give(parts, who, r, ID, "handler-2" if number % 2 else "r", WHY, "")
        case "ADD_CO_HANDLER":
            await ask_for_part(parts, who, r, ID, ZJJ, "核实产权。", "")
        case "REPORT_PART":
            await report_own_part(parts, who, r, ID, "已核实。", [], "")
        case "RELEASE_CO_HANDLER":
            await release(parts, who, r, ID, ZJJ, "不需要了。", "")
        case "REASSIGN":
            await send_elsewhere(parts, who, r, ID, ZJJ if number % 2 else LUCHENG, "转。", "")
        case "RETURN_WORK_ORDER":
            await send_back(parts, who, r, ID, "不归我们。", "")
        case "ASK_EXTENSION":
            await ask_for_days(parts, who, r, ID, 3, "等待。", "")
        case "GRANT_EXTENSION":
            await decide_days(parts, who, r, ID, True, "同意。", "")
        case "DECLINE":
            await decline_grievance(parts, who, r, ID, "属于诉讼。", "请找法院。", "")
        case "WITHDRAW":
            await withdraw_grievance(parts, who, r, ID, None, "")
        case _:
            await report(parts, who, r, ID, "已更换。", [], "")


ACTIONS: list[Action] = [
    "ACCEPT_WORK_ORDER",
    "HAND_OVER",
    "ADD_CO_HANDLER",
    "REPORT_PART",
    "RELEASE_CO_HANDLER",
    "REASSIGN",
    "RETURN_WORK_ORDER",
    "ASK_EXTENSION",
    "GRANT_EXTENSION",
    "DECLINE",
    "WITHDRAW",
    "REPORT_RESOLUTION",
]


@pytest.mark.row("S7")
@given(st.lists(st.tuples(st.sampled_from(ACTIONS), st.sampled_from(AGENTS), st.integers(-1, 5)), max_size=25))
async def test_after_whatever_moves_the_last_owner_is_the_owner_and_time_goes_forth(moves: list[tuple[Action, Viewer, int]]) -> None:
    """Also where a clock went back."""
    made: Desk = office(dispatched())
    now = AT
    for number, (action, who, hours) in enumerate(moves):
        now += timedelta(hours=hours)
        at = now
        try:
            await act(handling(made, lambda at=at: at), who, action, number)
        except (Refusal, NoSuchRecord):
            continue
        case: Case = made.state()
        assert case.owners[-1].owner == case.owner
        assert [each.since for each in case.owners] == sorted(each.since for each in case.owners)
        assert all(one.owner != next_.owner for one, next_ in zip(case.owners, case.owners[1:], strict=False))
        order = case.work_order
        assert order is not None
        assert (case.departments, len(set(case.departments))) == (order.departments(), len(order.departments()))
        assert not (case.status == "RESOLVED" and any(part.open for part in order.parts))


async def test_the_first_owner_is_whom_intake_named() -> None:
    made = desk()
    await made.receive(event(registered(), 1))
    case: Case = made.state()
    assert (case.owners[0].owner, case.owners[0].since) == (SECRETARY, AT)
    assert case.owners[-1].owner == case.owner == HEAD
