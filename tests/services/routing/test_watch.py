"""What the clock does by itself: which warnings it gives of what, when, to whom, and never twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from prometheus_client import REGISTRY

from services.routing.domain import course, watch
from services.routing.domain.case import Case
from services.routing.domain.recalculation import provisional
from services.routing.domain.timetable import Timetable
from services.routing.domain.watch import LATE, fire, next_timer, upcoming
from services.routing.domain.workdays import Workday
from services.routing.subgraph.escalation import picture
from services.routing.usecases.extend_work_order import decide_days
from services.routing.usecases.recalculate import Recalculation
from services.routing.usecases.suspend_work_order import resume_work_order, suspend_work_order
from shared.contracts.routing import GrievanceWarnedV1
from shared.identity.roles import Role
from tests.services.builders import AT, ID, LUCHENG, viewer
from tests.services.routing.builders import (
    CALENDAR,
    KNOWN,
    RECKONING,
    appraising,
    case_in,
    dispatched,
    handled,
    handling,
    limit,
    office,
    opened,
    provisionally_due,
    resolved,
    returned,
    survey_answer,
    with_extension_asked,
    with_opinion_asked,
)

DUE = limit(AT, 5).at
HANDLER, SUPERVISOR = viewer(Role.HANDLER), viewer(Role.SUPERVISOR, sub="other")


def china(day: int, hour: int = 0, minute: int = 0) -> datetime:
    """In June 2020, by the clock in China."""
    return datetime(2020, 6, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


def planned(case: Case) -> list[tuple[str, str, datetime]]:
    return [(timer.of, timer.step, timer.at) for timer in upcoming(case)]


def given(case: Case) -> list[tuple[str, str]]:
    return [(warning.of, warning.step) for warning in case.warnings]


def after(case: Case, at: datetime) -> Case:
    found = fire(case, KNOWN, at)
    return case if found is None else found[0]


@pytest.mark.row("S53")
def test_the_time_nodes_of_a_result_in_working_days() -> None:
    """Friday, 12 June 2020, is its last day."""
    assert planned(handled()) == [
        ("RESULT", "REMIND", china(10, 17, 30)),
        ("RESULT", "YELLOW", china(11, 17, 30)),
        ("RESULT", "RED", china(13)),
        ("RESULT", "TO_HEAD", china(15, 17, 30)),
        ("RESULT", "TO_SUPERVISOR", china(16, 17, 30)),
        ("RESULT", "TO_CITY", china(17, 17, 30)),
    ]


def test_what_is_urgent_is_warned_of_at_half_round_the_clock() -> None:
    case = dispatched(urgent=True)
    hours = [(of, step, (at - AT) / timedelta(hours=1)) for of, step, at in planned(case) if of != "RETURN_WINDOW"]
    assert [each for each in hours if each[0] == "RESPONSE"] == [
        ("RESPONSE", "YELLOW", 1),
        ("RESPONSE", "RED", 2),
        ("RESPONSE", "TO_HEAD", 2.5),
        ("RESPONSE", "TO_SUPERVISOR", 3),
        ("RESPONSE", "TO_CITY", 4),
    ]
    assert [at for of, step, at in hours if of == "RESULT"] == [12, 24, 30, 36, 48]


def test_the_first_response_is_due_from_the_registration_on_and_ends_when_somebody_has_it_in_hand() -> None:
    case = dispatched()
    assert case.deadlines.response.due_at == limit(AT, 1).at
    # Monday, 8 June: of a day that was just got nobody is warned.
    assert [each for each in planned(case) if each[0] == "RESPONSE"][:2] == [
        ("RESPONSE", "YELLOW", china(5, 17, 30)),
        ("RESPONSE", "RED", china(9)),
    ]
    assert [each for each in planned(handled()) if each[0] == "RESPONSE"] == []
    assert handled().deadlines.response.met


def test_nobody_is_warned_twice_however_often_the_clock_looks() -> None:
    case = handled()
    for hours in range(0, 24 * 20, 6):
        case = after(case, AT + timedelta(hours=hours))
    assert given(case) == [("RESULT", step) for step in ("REMIND", "YELLOW", "RED", "TO_HEAD", "TO_SUPERVISOR", "TO_CITY")]
    assert next_timer(case) is None
    assert fire(case, KNOWN, AT + timedelta(days=400)) is None
    assert [warning.late for warning in case.warnings] == [(warning.at - warning.planned_at) > LATE for warning in case.warnings]


def test_after_a_day_of_outage_all_come_in_order_and_say_that_they_are_late() -> None:
    found = fire(handled(), KNOWN, china(16, 17, 33))
    assert found is not None
    case, events = found
    assert [(each.step, each.late) for each in case.warnings] == [
        ("REMIND", True),
        ("YELLOW", True),
        ("RED", True),
        ("TO_HEAD", True),
        ("TO_SUPERVISOR", False),
    ]
    told = [each for each in events if isinstance(each, GrievanceWarnedV1)]
    assert [(each.step, each.plannedAt, each.late) for each in told] == [(each.step, each.planned_at, each.late) for each in case.warnings]
    assert [each.progress.at for each in told] == [china(16, 17, 33)] * 5


def test_up_the_line_whether_or_not_anybody_has_it_in_hand() -> None:
    to = {warning.step: (warning.to_role, warning.to_unit, warning.to_staff) for warning in after(handled(), china(30)).warnings}
    assert to == {
        "REMIND": ("HANDLER", LUCHENG, "handler-1"),
        "YELLOW": ("HANDLER", LUCHENG, "handler-1"),
        "RED": ("HANDLER", LUCHENG, "handler-1"),
        "TO_HEAD": ("DEPARTMENT_HEAD", LUCHENG, "head-lucheng"),
        "TO_SUPERVISOR": ("SUPERVISOR", "370881000000", None),
        "TO_CITY": ("CITY_ADMIN", "370800000000", None),
    }
    nobodys = after(appraising(), china(30))
    assert [(each.of, each.step, each.to_role) for each in nobodys.warnings if each.step in ("RED", "TO_HEAD")] == [
        ("RESPONSE", "RED", "DISPATCHER"),
        ("RESPONSE", "TO_HEAD", "DISPATCHER"),
    ]
    unknown = fire(dispatched(), {}, china(30))
    assert unknown is not None
    assert {(each.to_unit, each.to_staff) for each in unknown[0].warnings if each.step == "TO_HEAD"} == {(LUCHENG, None)}


async def test_what_was_put_off_is_warned_of_anew() -> None:
    made = office(after(with_extension_asked(handled()), china(11, 18)))
    assert given(made.state()) == [("RESULT", "REMIND"), ("RESULT", "YELLOW")]
    await decide_days(handling(made, lambda: china(12, 9)), SUPERVISOR, "g", ID, True, "同意。", "")
    put_off = made.state()
    assert [each[1:] for each in planned(put_off)][:3] == [
        ("REMIND", china(15, 17, 30)),
        ("YELLOW", china(16, 17, 30)),
        ("RED", china(18)),
    ]
    assert len(after(put_off, china(30)).warnings) == 8


async def test_while_it_stands_still_nothing_is_due_but_its_end() -> None:
    made = office(handled())
    await suspend_work_order(handling(made, lambda: china(8, 9)), HANDLER, "s", ID, "等待。", date(2020, 6, 15), "")
    held = made.state()
    assert planned(held) == [("SUSPENSION", "TO_SUPERVISOR", china(16))]
    await resume_work_order(handling(made, lambda: china(16, 9)), HANDLER, "r", ID, "")
    # As much later as it lasted: six working days.
    assert [each[:2] for each in planned(made.state())][:2] == [("RESULT", "REMIND"), ("RESULT", "YELLOW")]
    assert made.state().due_at == limit(DUE, 6).at


async def test_where_less_is_left_than_the_warning_takes_it_is_given_at_once() -> None:
    made = office(handled())
    await suspend_work_order(handling(made, lambda: china(12, 9)), HANDLER, "s", ID, "等待。", date(2020, 6, 12), "")
    await resume_work_order(handling(made, lambda: china(12, 10)), HANDLER, "r", ID, "")
    assert planned(made.state())[0] == ("RESULT", "YELLOW", china(12, 10))


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (with_opinion_asked(appraising()), ("COMMUNITY_OPINION", "RED", limit(AT, 1).at, "DISPATCHER")),
        (with_opinion_asked(appraising(), "COMPOUND"), ("COMPOUND_OPINION", "RED", limit(AT, 1).at, "DISPATCHER")),
        (dispatched(), ("RETURN_WINDOW", "REMIND", limit(AT, 2).at, "DEPARTMENT_HEAD")),
        (returned(), ("RETURN_DECISION", "RED", limit(AT, 1).at, "DISPATCHER")),
    ],
    ids=["community", "compound", "return window", "return decision"],
)
def test_what_else_has_a_limit(case: Case, expected: tuple[str, str, datetime, str]) -> None:
    of, step, at, role = expected
    assert [each for each in planned(case) if each[0] == of] == [(of, step, at)]
    warned = after(case, at)
    assert [each.to_role for each in warned.warnings if each.of == of] == [role]
    assert [each for each in planned(warned) if each[0] == of] == []


@pytest.mark.parametrize("case", [resolved(), case_in("CLOSED"), case_in("WITHDRAWN"), opened()], ids=lambda case: case.status)
def test_what_is_done_has_nothing_to_come(case: Case) -> None:
    assert next_timer(case) is None
    assert fire(case, KNOWN, china(30)) is None


def test_a_rework_is_warned_of_as_the_first_round_was() -> None:
    case = after(handled(), china(30))
    done, _ = course.report_resolution(case, "已更换。", [], case.owner, china(30))
    asked = survey_answer(happy=False, at=china(30))
    again, _ = course.surveyed(done.with_(status="FED_BACK"), asked, RECKONING)
    assert again.due_at == limit(china(30), 5).at
    assert len([each for each in upcoming(again) if each.of == "RESULT"]) == 6
    assert watch.next_timer(again) == RECKONING.days_before(again.due_at, 2)


@pytest.mark.row("S57")
async def test_provisional_deadlines_are_fixed_once_when_another_timetable_is_in_force() -> None:
    made = office(provisionally_due(handled()))
    waiting = [ID]

    class Cases:
        async def provisional(self) -> list[str]:
            return waiting if provisional(made.state()) else []

    known = [replace(RECKONING, timetable=nothing_known()), RECKONING]
    recalculation = Recalculation(Cases(), made.writer, lambda: known[0], lambda: china(8, 9))
    assert [await recalculation.round() for _ in range(2)] == [0, 0]
    assert REGISTRY.get_sample_value("minyi_provisional_deadlines") == 1
    known.pop(0)
    assert [await recalculation.round() for _ in range(2)] == [1, 0]
    fixed: Case = made.state()
    assert (fixed.due_at, fixed.due_provisional, fixed.history[-1].action) == (DUE, False, "FIX_DEADLINE")
    assert made.said() == ["routing.grievance.moved.v1"]
    assert REGISTRY.get_sample_value("minyi_provisional_deadlines") == 0


def nothing_known() -> Timetable:
    class Weekdays:
        def is_workday(self, day: date) -> Workday:
            return Workday(CALENDAR.is_workday(day).workday, known=False)

        def known_until(self) -> int:
            return 2003

    return replace(CALENDAR, version=0, calendar=Weekdays())


def test_the_path_up_the_line_as_a_picture() -> None:
    lines = picture(after(dispatched(), china(11, 18))).splitlines()
    assert lines[0] == "flowchart LR"
    assert [line for line in lines if line.startswith("subgraph")] == [
        'subgraph RESPONSE["首次响应 first response"]',
        'subgraph RESULT["办理结果 result"]',
    ]
    given, planned = ([line for line in lines if line.endswith(f":::{kind}")] for kind in ("given", "planned"))
    assert given[0] == f'RESPONSE0["黄色预警 yellow<br/>2020-06-11 18:00<br/>{LUCHENG}"]:::given'
    assert planned[0] == 'RESULT2["红色预警 red<br/>2020-06-13 00:00"]:::planned'
    assert "RESULT1 --> RESULT2" in lines
    ended = picture(handled()).splitlines()
    assert 'RESPONSEend(["结束 ended<br/>2020-06-05 10:00"])' in ended
    assert ended.count("end") == 2
