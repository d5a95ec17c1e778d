"""退单 and 改派: a department sends a work order back, a dispatcher decides on it, or sends it elsewhere unasked. Pure.

The return is with whoever had the work order until it is decided: nobody gets rid of a case by returning it, and no way of sending it moves
the day on which the result is due.
"""

from __future__ import annotations

from datetime import datetime

from services.routing.domain.case import Case, head_of, order_of, round_of
from services.routing.domain.catalogue import DECISION_DAYS, RETURN_DAYS
from services.routing.domain.dispatching import handed_off
from services.routing.domain.lifecycle import Action
from services.routing.domain.reckoning import Reckoning
from services.routing.domain.suspension import lifted
from services.routing.domain.targets import HOTLINE, Departments, office_of, resolve
from services.routing.domain.work_order import BY_HAND, Return, WorkOrder
from shared.contracts.base import Contract
from shared.contracts.intake import DepartmentRow, Owner
from shared.contracts.routing import GrievanceDispatchedV1, GrievanceMovedV1
from shared.identity.errors import Refusal
from shared.identity.scopes import holds


def hindrance(case: Case, action: Action, by: str, reckoning: Reckoning, at: datetime) -> Refusal | None:
    """Why this person may not do it now although the state allows it: what a party is told beforehand, and refused."""
    if action == "RETURN_WORK_ORDER":
        order = order_of(case)
        if at > (order.returnable_until or reckoning.days(order.dispatched_at, RETURN_DAYS).at):
            return Refusal(
                "RETURN_TOO_LATE", f"退单应在{RETURN_DAYS}个工作日内提出。", f"A return is asked within {RETURN_DAYS} working days."
            )
        if any(each.granted is False and _same_hop(each, order) for each in case.returns):
            return Refusal("RETURN_REFUSED_BEFORE", "该工单的退单已被驳回。", "A return of this work order was refused already.")
    if action in ("GRANT_RETURN", "REFUSE_RETURN") and case.returns[-1].by.staffId == by:
        return Refusal("OWN_RETURN", "退单由他人审核。", "Somebody else decides on one's own return.")
    return None


def return_work_order(case: Case, reason: str, by: Owner, reckoning: Reckoning, at: datetime) -> tuple[Case, list[Contract]]:
    """退单: it waits for a dispatcher, with whoever has it."""
    order = order_of(case)
    asked = asked_back(order, reason, by, reckoning, at)
    returned = case.moved("RETURN_WORK_ORDER", at, by).with_(returns=[*case.returns, asked])
    return returned, [GrievanceMovedV1(action="RETURN_WORK_ORDER", by=by, progress=returned.progress(at))]


def asked_back(order: WorkOrder, reason: str, by: Owner, reckoning: Reckoning, at: datetime) -> Return:
    return Return(
        department=order.department,
        rule=order.rule,
        rule_version=order.rule_version,
        at=at,
        by=by,
        reason=reason,
        decide_by=reckoning.days(at, DECISION_DAYS).at,
    )


def refuse_return(case: Case, answer: str, by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    """It stays where it was sent, and is not returned from there again."""
    refused = _decided(case.moved("REFUSE_RETURN", at, by), False, answer, by, at)
    moved: list[Contract] = [GrievanceMovedV1(action="REFUSE_RETURN", by=by, progress=refused.progress(at))]
    if order_of(refused).handoff is None or case.returns[-1].by.staffId != HOTLINE:
        return refused, moved
    # The platform hears of nothing but orders.
    asked, handoff = handed_off(refused, "RETURN_REFUSED", by, at)
    return asked, moved + handoff


def grant_return(case: Case, to: DepartmentRow, answer: str, by: Owner, reckoning: Reckoning, at: datetime) -> tuple[Case, list[Contract]]:
    """It goes to another department; without one there is no granting: no case ends because it pertains to nobody."""
    granted = _decided(case.moved("GRANT_RETURN", at, by), True, answer, by, at, sent_to=to.code)
    return sent_by_hand(granted, to, order_of(case).rule_version, answer, by, reckoning, at)


def reassign(case: Case, to: DepartmentRow, reason: str, by: Owner, reckoning: Reckoning, at: datetime) -> tuple[Case, list[Contract]]:
    """改派: a dispatcher saw for themselves that it went to the wrong place. A suspension ends with it."""
    moved = lifted(case.moved("REASSIGN", at, by), by, reckoning, at)
    return sent_by_hand(moved, to, order_of(case).rule_version, reason, by, reckoning, at)


def fitting(case: Case, department: str, known: Departments) -> DepartmentRow:
    """The department to which a dispatcher may send it, named by code or by target; raises Refusal."""
    present = case.work_order.department if case.work_order else None
    code = resolve(department, case.division, known, present)
    if code is None:
        raise Refusal("NO_COMMITTEE", "没有登记这一级的党（工）委。", "No committee of that tier is recorded.", "department")
    row = known.get(office_of(code))
    if row is None:
        raise Refusal("DEPARTMENT_UNKNOWN", "没有该部门。", "There is no such department.", "department")
    # The office has what the platform has; what the office has alone may go to the platform.
    to_platform = code == HOTLINE and case.work_order is not None and case.work_order.handoff is None
    if row.code == present and not to_platform:
        raise Refusal("SAME_DEPARTMENT", "工单已在该部门。", "It is with this department already.", "department")
    if row.code in case.accused_departments:
        raise Refusal("DEPARTMENT_ACCUSED", "不能转给被反映的部门。", "It accuses this department.", "department")
    if not holds(row.division, case.division):
        raise Refusal("DEPARTMENT_ELSEWHERE", "该部门不管辖诉求所在地。", "This department does not serve the place.", "department")
    # 12345 as a target is the office's row under the platform's code.
    return row.model_copy(update={"code": code})


def sent_by_hand(
    case: Case, to: DepartmentRow, version: int, reason: str, by: Owner, reckoning: Reckoning, at: datetime
) -> tuple[Case, list[Contract]]:
    """As the catalogue does it, but for the day on which it is due. `version`: of the catalogue that was passed over. What others
    contribute stays with them; of its own part the new lead has the whole now, and the platform waits for nobody."""
    department = office_of(to.code)
    parts = [part for part in (case.work_order.parts if case.work_order else []) if part.department != department]
    order = WorkOrder(
        department=department,
        rule=BY_HAND,
        rule_version=version,
        round=round_of(case),
        dispatched_at=at,
        reason=reason,
        receiver=to.receiver,
        returnable_until=reckoning.days(at, RETURN_DAYS).at,
        parts=[part for part in parts if not part.open] if to.code == HOTLINE else parts,
    )
    result = case.deadlines.result.passed_on(department, by, at)
    sent = case.with_order(order).with_deadline(result=result).with_(handlers=[], owner=head_of(to).model_copy(update={"unit": department}))
    event = GrievanceDispatchedV1(
        department=department,
        rule=BY_HAND,
        ruleVersion=version,
        by=by,
        provisionalDue=sent.due_provisional,
        progress=sent.progress(at),
    )
    if to.code != HOTLINE:
        return sent, [event]
    asked, handoff = handed_off(sent, "DISPATCHED", by, at)
    return asked, [event, *handoff]


def _decided(case: Case, granted: bool, answer: str, by: Owner, at: datetime, sent_to: str | None = None) -> Case:
    """The last return is the one that is decided on."""
    decided = case.returns[-1].decided(granted, answer, by, at).model_copy(update={"sent_to": sent_to})
    return case.with_(returns=[*case.returns[:-1], decided])


def _same_hop(returned: Return, order: WorkOrder) -> bool:
    return returned.department == order.department and returned.at >= order.dispatched_at
