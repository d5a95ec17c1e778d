"""主办 and 协办: other departments contribute a part each, and the lead reports after them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from services.routing.domain import case as domain
from services.routing.domain import course, dispatching
from services.routing.domain.case import Case, erase_petitioner
from services.routing.domain.catalogue import Catalogue, DispatchRule
from services.routing.domain.part import Part
from services.routing.domain.work_order import WorkOrder
from services.routing.store.mongo import access_of
from services.routing.usecases.adjudicate_return import adjudicate
from services.routing.usecases.co_handle import ask_for_part, release, report_own_part
from services.routing.usecases.parties import allowances
from services.routing.usecases.ports import Handling
from services.routing.usecases.reassign_work_order import send_elsewhere
from services.routing.usecases.report_resolution import report
from shared.contracts.feedback import FedBackV1
from shared.erasure import ERASED
from shared.identity.access import may_see
from shared.identity.roles import Role
from tests.services.builders import AT, COUNTY, ID, LUCHENG, viewer
from tests.services.routing.builders import (
    ELSEWHERE,
    FIRST_CATALOGUE,
    HEAD,
    KNOWN,
    RECKONING,
    SJJ,
    ZJJ,
    code_of,
    dispatched,
    handled,
    handling,
    office,
    opened,
    returned,
    survey_answer,
    told,
    with_part,
)

HANDLER, DISPATCHER = viewer(Role.HANDLER), viewer(Role.DISPATCHER)
BUILDER = viewer(Role.HANDLER, sub="builder-1", department=ZJJ)
TASK, DONE = "核实产权，联系人13812345678。", "产权属小区，找王某某13912345678。"
PHOTO = "5b1f6a52-0000-4000-8000-00000000f070"


def order_of(case: Case) -> WorkOrder:
    assert case.work_order is not None
    return case.work_order


async def test_who_is_asked_sees_it_and_the_lead_keeps_it() -> None:
    made = office(handled())
    before: Case = made.state()
    assert not may_see(BUILDER, access_of(before))
    await ask_for_part(handling(made), HANDLER, "p", ID, ZJJ, TASK, "")
    after: Case = made.state()
    assert (after.status, after.owner, after.due_at, after.handlers) == (before.status, before.owner, before.due_at, before.handlers)
    assert after.departments == [LUCHENG, ZJJ]
    [part] = order_of(after).parts
    assert (part.department, part.task, part.asked_by.staffId, part.open) == (ZJJ, "核实产权，联系人〔电话〕。", "handler-1", True)
    assert may_see(BUILDER, access_of(after))
    assert made.events()[-1].data()["progress"]["access"]["departments"] == [LUCHENG, ZJJ]
    # The work order stays the lead's.
    moves = ("ACCEPT_WORK_ORDER", "RETURN_WORK_ORDER", "ASK_EXTENSION", "REPORT_RESOLUTION")
    assert {told(made, BUILDER, move) for move in moves} == {"NOT_YOUR_WORK_ORDER"}
    assert told(made, BUILDER, "ADD_CO_HANDLER") == "NOT_YOURS_TO_SHARE"
    assert (told(made, BUILDER, "REPORT_PART"), told(made, HANDLER, "REPORT_PART")) == (None, "NOT_YOUR_PART")


@pytest.mark.row("S52")
async def test_the_lead_reports_after_its_co_handlers() -> None:
    made = office(handled())
    await ask_for_part(handling(made), HANDLER, "p", ID, ZJJ, TASK, "")
    await ask_for_part(handling(made), DISPATCHER, "q", ID, SJJ, TASK, "")
    assert order_of(made.state()).parts[-1].asked_by.unit == COUNTY
    assert told(made, HANDLER, "REPORT_RESOLUTION") == "PARTS_MISSING"
    assert await code_of(report(handling(made), HANDLER, "r", ID, "已更换。", [], "")) == ("PARTS_MISSING", None)
    later = AT + timedelta(hours=1)
    await report_own_part(handling(made, lambda: later), BUILDER, "b", ID, DONE, [PHOTO], "")
    part = order_of(made.state()).parts[0]
    assert (part.report, part.evidence, part.reported_at) == ("产权属小区，找王某某〔电话〕。", [PHOTO], later)
    assert part.reported_by is not None
    assert (part.reported_by.staffId, part.reported_by.unit) == ("builder-1", ZJJ)
    assert told(made, BUILDER, "REPORT_PART") == "PART_REPORTED"
    assert told(made, HANDLER, "REPORT_RESOLUTION") == "PARTS_MISSING"
    await report_own_part(handling(made), viewer(Role.DEPARTMENT_HEAD, department=SJJ), "c", ID, DONE, [], "")
    await report(handling(made), HANDLER, "r", ID, "已更换。", [], "")
    after: Case = made.state()
    # What the petitioner is told is the lead's word alone.
    assert (after.status, after.owner.staffId, after.public_reply()) == ("RESOLVED", "handler-1", "已更换。")
    assert all("产权" not in str(event.data()) for event in made.events())


async def test_the_refusal_names_who_has_not_reported_in_both_languages() -> None:
    case = with_part(handled(), ZJJ)
    missing = domain.order_of(case).parts[0]
    made = office(case.with_order(domain.order_of(case).model_copy(update={"parts": [missing, replace_department(missing, SJJ)]})))
    found = next(each for each in allowances(handling(made), HANDLER, made.state()) if each.move.action == "REPORT_RESOLUTION")
    assert found.refusal is not None
    assert found.refusal.zh == f"协办部门尚未上报：{ZJJ}、{SJJ}。"
    assert found.refusal.en == f"These co-handlers have not reported yet: {ZJJ}, {SJJ}."


def replace_department(part: Part, department: str) -> Part:
    return part.model_copy(update={"department": department})


@pytest.mark.parametrize(
    ("department", "code"),
    [
        ("D-NONE", "DEPARTMENT_UNKNOWN"),
        (LUCHENG, "SAME_DEPARTMENT"),
        (SJJ, "DEPARTMENT_ACCUSED"),
        (ELSEWHERE, "DEPARTMENT_ELSEWHERE"),
        (ZJJ, "CO_HANDLER_ALREADY"),
        ("12345", "PLATFORM_ALONE"),
    ],
)
async def test_who_cannot_contribute_is_refused_by_the_field(department: str, code: str) -> None:
    made = office(with_part(handled(accused=[SJJ]), ZJJ))
    before = made.state()
    assert await code_of(ask_for_part(handling(made), HANDLER, "p", ID, department, TASK, "")) == (code, "department")
    assert made.state() == before


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (lambda parts: ask_for_part(parts, HANDLER, "p", ID, SJJ, " ", ""), ("TEXT_EMPTY", "task")),
        (lambda parts: ask_for_part(parts, HANDLER, "p", ID, SJJ, "字" * 2001, ""), ("TEXT_TOO_LONG", "task")),
        (lambda parts: report_own_part(parts, BUILDER, "p", ID, "", [], ""), ("TEXT_EMPTY", "text")),
        (lambda parts: report_own_part(parts, BUILDER, "p", ID, "好", ["王某"], ""), ("EVIDENCE_UNKNOWN", "evidence")),
        (lambda parts: report_own_part(parts, BUILDER, "p", ID, "好", [PHOTO] * 21, ""), ("TOO_MUCH_EVIDENCE", "evidence")),
        (lambda parts: release(parts, DISPATCHER, "p", ID, ZJJ, "", ""), ("TEXT_EMPTY", "reason")),
        (lambda parts: release(parts, DISPATCHER, "p", ID, SJJ, "不需要。", ""), ("PART_UNKNOWN", "department")),
    ],
)
async def test_bad_input_is_refused_by_the_field(command: Callable[[Handling], Awaitable[None]], code: tuple[str, str]) -> None:
    made = office(with_part(handled(), ZJJ))
    assert await code_of(command(handling(made))) == code


async def test_a_co_handler_works_before_the_lead_has_accepted_and_the_lead_asks_after() -> None:
    made = office(dispatched())
    assert told(made, HANDLER, "ADD_CO_HANDLER") == "NOT_ACCEPTED_YET"
    await ask_for_part(handling(made), DISPATCHER, "p", ID, ZJJ, TASK, "")
    await report_own_part(handling(made), BUILDER, "b", ID, DONE, [], "")
    after: Case = made.state()
    assert (after.status, order_of(after).parts[0].open, after.owner) == ("DISPATCHED", False, HEAD)


async def test_a_dead_co_handler_is_released_and_sees_it_no_more() -> None:
    made = office(with_part(handled(), ZJJ))
    assert told(made, HANDLER, "RELEASE_CO_HANDLER") == "ROLE_MISSING"
    await release(handling(made), DISPATCHER, "x", ID, ZJJ, "不需要了，联系13812345678。", "")
    after: Case = made.state()
    [part] = order_of(after).parts
    assert (after.departments, part.open, part.release_reason) == ([LUCHENG], False, "不需要了，联系〔电话〕。")
    assert not may_see(BUILDER, access_of(after))
    assert told(made, HANDLER, "REPORT_RESOLUTION") is None
    assert told(made, DISPATCHER, "RELEASE_CO_HANDLER") == "NO_PART_OPEN"
    # It may be asked again, as a part of its own.
    await ask_for_part(handling(made), HANDLER, "again", ID, ZJJ, TASK, "")
    again: Case = made.state()
    assert ([each.open for each in order_of(again).parts], again.departments) == ([False, True], [LUCHENG, ZJJ])
    await report_own_part(handling(made), BUILDER, "b", ID, DONE, [], "")
    assert [each.report is not None for each in order_of(made.state()).parts] == [False, True]


async def test_what_was_reported_is_not_released() -> None:
    made = office(with_part(handled(), ZJJ, reported_at=AT))
    assert told(made, DISPATCHER, "RELEASE_CO_HANDLER") == "NO_PART_OPEN"
    assert (await code_of(release(handling(made), DISPATCHER, "x", ID, ZJJ, "不需要了。", "")))[0] == "NO_PART_OPEN"


async def test_a_rework_asks_for_all_parts_again() -> None:
    made = office(handled())
    for department in (ZJJ, SJJ):
        await ask_for_part(handling(made), HANDLER, department, ID, department, TASK, "")
    await release(handling(made), DISPATCHER, "x", ID, SJJ, "不需要了。", "")
    await report_own_part(handling(made), BUILDER, "b", ID, DONE, [PHOTO], "")
    await report(handling(made), HANDLER, "r", ID, "已更换。", [], "")
    fed_back = course.fed_back(made.state(), FedBackV1(round=1, deliveryId="d", at=AT))[0]
    again = course.surveyed(fed_back, survey_answer(happy=False), RECKONING)[0]
    built, freed = order_of(again).parts
    assert (again.status, order_of(again).round, again.departments) == ("HANDLING", 2, [LUCHENG, ZJJ])
    assert (built.open, built.report, built.evidence, built.task) == (True, None, [], "核实产权，联系人〔电话〕。")
    assert not freed.open
    made.put(again)
    assert told(made, HANDLER, "REPORT_RESOLUTION") == "PARTS_MISSING"


@pytest.mark.parametrize("way", ["reassigned", "return granted"])
@pytest.mark.parametrize(("to", "left"), [(SJJ, [ZJJ]), (ZJJ, [])])
async def test_parts_stay_where_they_are_but_the_new_leads_own(way: str, to: str, left: list[str]) -> None:
    made = office(with_part(handled() if way == "reassigned" else returned(), ZJJ))
    if way == "reassigned":
        await send_elsewhere(handling(made), DISPATCHER, "s", ID, to, "转办。", "")
    else:
        await adjudicate(handling(made), DISPATCHER, "a", ID, True, to, "转办。", "")
    after: Case = made.state()
    assert ([part.department for part in order_of(after).parts], after.departments) == (left, [to, *left])
    assert made.events()[-1].data()["progress"]["access"]["departments"] == [to, *left]
    assert order_of(after).receiver == "r"


@pytest.mark.row("S48")
def test_a_dispatch_rule_names_co_departments_but_never_one_that_is_accused() -> None:
    rule = DispatchRule("lucheng", None, "370881001", LUCHENG, co=(ZJJ, SJJ, LUCHENG, ZJJ))
    catalogue = replace(FIRST_CATALOGUE, rules=(rule,))
    for accused, co in (([], [ZJJ, SJJ]), ([SJJ], [ZJJ])):
        sent = sent_by(catalogue, accused)
        assert sent.departments == [LUCHENG, *co]
        assert [(part.department, part.task, part.asked_by.role) for part in order_of(sent).parts] == [
            (code, None, "SYSTEM") for code in co
        ]
        assert order_of(sent).receiver == KNOWN[LUCHENG].receiver


def sent_by(catalogue: Catalogue, accused: list[str]) -> Case:
    accepted = dispatching.appraise(opened(accused=accused), None, AT)[0]
    return dispatching.dispatch(accepted, catalogue, KNOWN, RECKONING, AT)[0]


async def test_of_an_erased_petitioner_no_words_are_kept() -> None:
    made = office(handled())
    await ask_for_part(handling(made), HANDLER, "p", ID, ZJJ, "找凤凰", "")
    await report_own_part(handling(made), BUILDER, "b", ID, "问过凤凰", [PHOTO], "")
    await ask_for_part(handling(made), HANDLER, "q", ID, SJJ, "找凤凰", "")
    await release(handling(made), DISPATCHER, "x", ID, SJJ, "凤凰说不需要", "")
    erased = erase_petitioner(made.state(), "cd" * 32)
    assert "凤凰" not in repr(erased)
    assert [(part.task, part.report) for part in order_of(erased).parts] == [(ERASED, ERASED), (ERASED, None)]
    assert order_of(erased).parts[0].evidence == [PHOTO]
    made.put(erased.with_(status="HANDLING"))
    await ask_for_part(handling(made), HANDLER, "again", ID, SJJ, "找凤凰", "")
    assert order_of(made.state()).parts[-1].task == ERASED
