"""转12345: the platform is a target like any other, its office answers for it, and its reports move the case it has, and no other."""

from __future__ import annotations

from typing import Any

import pytest

from services.routing.domain import case as domain
from services.routing.domain import course, dispatching, handoff, returns, verification
from services.routing.domain.case import Case
from services.routing.domain.catalogue import Catalogue, DispatchRule
from services.routing.domain.lifecycle import STATUSES
from services.routing.domain.verification import waiting
from services.routing.events.on_grievance_registered import on_grievance_registered
from services.routing.usecases.accept_work_order import accept
from services.routing.usecases.adjudicate_return import adjudicate
from services.routing.usecases.parties import allowances
from services.routing.usecases.reassign_work_order import send_elsewhere
from shared.contracts.base import Contract
from shared.contracts.feedback import FedBackV1
from shared.contracts.intake import DepartmentRow, HotlineReportedV1
from shared.contracts.routing import HandoffRequestedV1
from shared.identity.errors import Refusal
from shared.identity.roles import Role
from tests.services.builders import AT, ID, LUCHENG, viewer
from tests.services.routing import builders
from tests.services.routing.builders import OFFICE, RECKONING, case_in, desk, handling, survey_answer

DISPATCHER = viewer(Role.DISPATCHER)
ORDER = "370881-20200605-4820171/1"


def said(kind: Any, order: str = ORDER, text: str | None = "已协调更换。") -> HotlineReportedV1:
    return HotlineReportedV1(orderId=order, reportId="r-1", kind=kind, text=text, at=AT)


def asked_in(events: list[Contract]) -> list[HandoffRequestedV1]:
    return [event for event in events if isinstance(event, HandoffRequestedV1)]


@pytest.mark.row("S50")
@pytest.mark.parametrize("returned", [False, True], ids=["reassigned", "a return that is granted"])
async def test_a_dispatcher_names_12345_and_its_office_answers_for_it(returned: bool) -> None:
    office = desk()
    office.put(builders.returned() if returned else builders.handled())
    before: Case = office.state()
    if returned:
        await adjudicate(handling(office), DISPATCHER, "r", ID, True, "12345", "涉及多个部门。", "")
    else:
        await send_elsewhere(handling(office), DISPATCHER, "r", ID, "12345", "涉及多个部门。", "")
    after: Case = office.state()
    assert after.work_order is not None
    assert (after.status, after.work_order.department, after.work_order.handoff) == ("DISPATCHED", OFFICE, ORDER)
    assert (after.departments, after.owner.staffId, after.owner.unit, after.due_at) == ([OFFICE], f"head-{OFFICE}", OFFICE, before.due_at)
    assert not returned or after.returns[-1].sent_to == "12345"
    assert [event.type.split(".")[2] for event in office.events()] == ["dispatched", "handoff_requested"]


async def test_what_is_with_12345_is_not_sent_there_again_but_its_office_may_hand_it_on() -> None:
    office = desk()
    office.put(builders.with_the_platform())
    for target in ("12345", OFFICE):
        with pytest.raises(Refusal) as refused:
            await send_elsewhere(handling(office), DISPATCHER, "r", ID, target, "再转。", "")
        assert (refused.value.code, refused.value.field) == ("SAME_DEPARTMENT", "department")
    await send_elsewhere(handling(office), DISPATCHER, "a", ID, LUCHENG, "先由街道看。", "")
    assert office.state().work_order.handoff is None
    await send_elsewhere(handling(office), DISPATCHER, "b", ID, OFFICE, "由热线办办理。", "")
    assert office.state().work_order.handoff is None
    await send_elsewhere(handling(office), DISPATCHER, "c", ID, "12345", "转平台。", "")
    assert (office.state().work_order.handoff, office.state().handoffs) == (ORDER.replace("/1", "/2"), 2)


async def test_an_accused_office_gets_nothing_by_way_of_its_platform() -> None:
    office = desk()
    office.put(builders.handled(accused=[OFFICE]))
    with pytest.raises(Refusal, match="DEPARTMENT_ACCUSED"):
        await send_elsewhere(handling(office), DISPATCHER, "r", ID, "12345", "转平台。", "")
    rules = (DispatchRule("all", None, "", "12345"), DispatchRule("last", "城乡建设", "", LUCHENG))
    assert Catalogue(1, rules).choose("城乡建设", "370881001901", "HELP", [OFFICE], {}).department == LUCHENG


@pytest.mark.row("S50")
def test_a_rule_of_the_catalogue_may_name_12345() -> None:
    rules = (DispatchRule("hotline", None, "", "12345"),)
    case, events = on_grievance_registered(builders.policy(catalogue=Catalogue(7, rules)), None, builders.registered())
    [asked] = asked_in(events)
    assert case.work_order is not None
    assert (case.work_order.department, case.work_order.handoff, case.departments) == (OFFICE, asked.orderId, [OFFICE])
    assert (asked.occasion, asked.dueAt, asked.by.role) == ("DISPATCHED", case.due_at, "SYSTEM")


@pytest.mark.row("S50")
@pytest.mark.row("S26")
@pytest.mark.parametrize(
    ("kind", "status", "action"),
    [("TAKEN", "HANDLING", "TAKE_HANDOFF"), ("RESOLVED", "RESOLVED", "REPORT_HANDOFF"), ("RETURNED", "RETURN_PENDING", "RETURN_HANDOFF")],
)
def test_a_report_moves_the_case_and_somebody_with_a_name_stays_its_owner(kind: str, status: str, action: str) -> None:
    before = builders.with_the_platform()
    after, [event] = handoff.reported(before, said(kind), RECKONING, AT)
    assert (after.status, after.history[-1].action, after.history[-1].by.role) == (status, action, "HOTLINE")
    assert after.owner == before.owner
    assert (after.public_reply() == "已协调更换。") is (kind == "RESOLVED")
    assert (after.due_at is None) is (kind == "RESOLVED")
    assert event.model_dump()["progress"]["status"] == status


@pytest.mark.parametrize("kind", ["TAKEN", "RESOLVED", "RETURNED"])
def test_a_report_on_a_former_order_or_in_another_state_changes_nothing_and_fails_nowhere(kind: str) -> None:
    allowed = {"TAKEN": {"DISPATCHED"}}.get(kind, {"DISPATCHED", "HANDLING"})
    for status in STATUSES:
        held = builders.with_the_platform().with_(status=status)
        assert handoff.reported(held, said(kind, ORDER.replace("/1", "/0")), RECKONING, AT) == (held, [])
        after, events = handoff.reported(held, said(kind), RECKONING, AT)
        assert (after != held, bool(events)) == ((True, True) if status in allowed else (False, False))
    for other in (case_in("DISPATCHED"), builders.opened()):
        assert handoff.reported(other, said(kind), RECKONING, AT) == (other, [])


def test_a_refused_return_and_a_rework_are_told_to_12345_by_a_new_order() -> None:
    returned, _ = handoff.reported(builders.with_the_platform(), said("RETURNED", text="不归本平台管。"), RECKONING, AT)
    refused, events = returns.refuse_return(returned, "归12345协调。", builders.DISPATCHER, AT)
    [asked] = asked_in(events)
    assert (refused.status, asked.orderId, asked.occasion) == ("DISPATCHED", ORDER.replace("/1", "/2"), "RETURN_REFUSED")
    assert handoff.reported(refused, said("RESOLVED"), RECKONING, AT) == (refused, [])
    again, _ = handoff.reported(refused, said("RETURNED", asked.orderId, "仍不归本平台管。"), RECKONING, AT)
    assert (again.status, len(again.returns)) == ("RETURN_PENDING", 2)

    resolved, _ = handoff.reported(refused, said("RESOLVED", asked.orderId), RECKONING, AT)
    fed_back, _ = course.fed_back(resolved, FedBackV1(round=1, deliveryId="d", at=AT))
    reworked, events = course.surveyed(fed_back, survey_answer(happy=False), RECKONING)
    [asked] = asked_in(events)
    assert (reworked.status, asked.orderId, asked.occasion) == ("HANDLING", ORDER.replace("/1", "/3"), "REWORK")
    assert asked.dueAt == reworked.due_at
    assert handoff.reported(reworked, said("RESOLVED", asked.orderId), RECKONING, AT)[0].status == "RESOLVED"


async def test_people_of_the_office_can_do_by_hand_what_12345_does_not() -> None:
    office = desk()
    office.put(builders.with_the_platform())
    head = viewer(Role.DEPARTMENT_HEAD, department=OFFICE)
    await accept(handling(office), head, "r", ID, "")
    assert (office.state().status, office.state().owner.staffId) == ("HANDLING", head.sub)
    assert handoff.reported(office.state(), said("TAKEN"), RECKONING, AT)[1] == []
    after, _ = handoff.reported(office.state(), said("RESOLVED"), RECKONING, AT)
    assert (after.status, after.owner.staffId) == ("RESOLVED", head.sub)


def test_of_somebody_erased_no_words_of_12345_stay() -> None:
    returned, _ = handoff.reported(builders.with_the_platform(), said("RETURNED", text="凤凰说明"), RECKONING, AT)
    resolved, _ = handoff.reported(builders.with_the_platform(), said("RESOLVED", text="凤凰说明"), RECKONING, AT)
    for held in (returned, resolved):
        assert "凤凰说明" in repr(held)
        assert "凤凰说明" not in repr(domain.erase_petitioner(held, "erased:x"))


def test_a_case_of_before_has_no_handoff() -> None:
    document = builders.handled().model_dump()
    del document["handoffs"], document["work_order"]["handoff"]
    held = Case.model_validate(document)
    assert held.work_order is not None
    assert (held.handoffs, held.work_order.handoff) == (0, None)


@pytest.mark.parametrize("taken", [False, True], ids=["not taken", "taken"])
def test_what_12345_reports_waits_where_somebody_is_to_look_first(taken: bool) -> None:
    asked = builders.with_verification(builders.with_the_platform())
    before = handoff.reported(asked, said("TAKEN"), RECKONING, AT)[0] if taken else asked
    after, events = handoff.reported(before, said("RESOLVED"), RECKONING, AT)
    report = waiting(after)
    assert report is not None
    assert (after.status, report.text, report.by.role) == ("HANDLING", "已协调更换。", "HOTLINE")
    assert [event.model_dump()["action"] for event in events] == [*([] if taken else ["TAKE_HANDOFF"]), "SUBMIT_RESOLUTION"]
    # Of two reports the first is looked at; the second stays with intake.
    assert handoff.reported(after, said("RESOLVED"), RECKONING, AT) == (after, [])


def test_while_12345_has_it_nobody_suspends_it_or_adds_a_co_handler() -> None:
    office = desk()
    office.put(builders.with_the_platform().with_(status="HANDLING"))
    handler = viewer(Role.HANDLER, department=OFFICE)
    for who, action in ((handler, "SUSPEND"), (handler, "ADD_CO_HANDLER"), (DISPATCHER, "ADD_CO_HANDLER")):
        told = next(each.refusal for each in allowances(handling(office), who, office.state()) if each.move.action == action)
        assert told is not None
        assert told.code == "WITH_PLATFORM"


def test_what_others_have_reported_goes_along_to_12345_and_what_they_have_not_is_asked_no_more() -> None:
    case = builders.with_part(builders.handled(), builders.ZJJ)
    reported = builders.with_part(builders.handled(), builders.ZJJ, reported_at=AT, report="已核实。")
    office = DepartmentRow(code="12345", name="热线办", division="370800000000", head="head-rxb", receiver="r")
    sent = [returns.reassign(each, office, "转平台。", builders.DISPATCHER, RECKONING, AT)[0] for each in (case, reported)]
    assert [each.departments for each in sent] == [[OFFICE], [OFFICE, builders.ZJJ]]


@pytest.mark.row("S50")
def test_a_rule_may_lead_to_12345() -> None:
    rules = Catalogue(3, (DispatchRule("platform", None, "", "12345"),))
    accepted = dispatching.appraise(builders.opened(), None, AT)[0]
    sent, events = dispatching.dispatch(accepted, rules, builders.KNOWN, RECKONING, AT)
    assert (sent.departments[0], sent.handoffs) == (OFFICE, 1)
    assert [request.orderId for request in asked_in(events)] == [ORDER]


def test_what_12345_reported_and_then_returned_waits_for_nobody_where_it_is_sent_next() -> None:
    submitted, _ = handoff.reported(builders.with_verification(builders.with_the_platform()), said("RESOLVED"), RECKONING, AT)
    returned, _ = handoff.reported(submitted, said("RETURNED", text="仍须现场施工。"), RECKONING, AT)
    [report] = returned.verifications[0].reports
    assert (report.released, report.answered_by, report.remark) == (False, handoff.PLATFORM, None)
    lucheng = DepartmentRow(code=LUCHENG, name="鲁城街道", division="370881001000", head="head-lucheng", receiver="r")
    sent, _ = returns.grant_return(returned, lucheng, "由鲁城街道办理。", builders.DISPATCHER, RECKONING, AT)
    taken, _ = course.accept_work_order(sent, builders.HANDLER, AT)
    assert (taken.status, waiting(taken)) == ("HANDLING", None)
    assert verification.hindrance(taken, "SUBMIT_RESOLUTION", builders.HANDLER.staffId) is None
    assert verification.hindrance(taken, "RELEASE_RESOLUTION", builders.DISPATCHER.staffId) is not None
