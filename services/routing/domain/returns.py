"""退单 and 改派: a department sends a work order back, a dispatcher decides on it, or sends it elsewhere unasked. Pure.

The return is with whoever had the work order until it is decided: nobody gets rid of a case by returning it, and no way of sending it moves
the day on which the result is due.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from services.routing.domain.case import BY_HAND, Case, Limit, Return, WorkOrder, handed_off, order_of
from services.routing.domain.catalogue import HOTLINE, RETURN_DAYS, office_of
from services.routing.domain.lifecycle import Action
from shared.contracts.base import Contract
from shared.contracts.intake import DepartmentRow, Owner
from shared.contracts.routing import GrievanceDispatchedV1, GrievanceMovedV1
from shared.identity.errors import Refusal
from shared.identity.scopes import holds


def hindrance(case: Case, action: Action, by: str, limit: Limit, at: datetime) -> Refusal | None:
    """Why this person may not do it now although the state allows it: what a party is told beforehand, and refused."""
    if action == "RETURN_WORK_ORDER":
        order = order_of(case)
        if at > limit(order.dispatched_at, RETURN_DAYS).at:
            return Refusal(
                "RETURN_TOO_LATE", f"退单应在{RETURN_DAYS}个工作日内提出。", f"A return is asked within {RETURN_DAYS} working days."
            )
        if any(each.granted is False and _same_hop(each, order) for each in case.returns):
            return Refusal("RETURN_REFUSED_BEFORE", "该工单的退单已被驳回。", "A return of this work order was refused already.")
    if action in ("GRANT_RETURN", "REFUSE_RETURN") and case.returns[-1].by.staffId == by:
        return Refusal("OWN_RETURN", "退单由他人审核。", "Somebody else decides on one's own return.")
    return None


def return_work_order(case: Case, reason: str, by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    """退单: it waits for a dispatcher, with whoever has it."""
    order = order_of(case)
    asked = Return(department=order.department, rule=order.rule, rule_version=order.rule_version, at=at, by=by, reason=reason)
    returned = case.moved("RETURN_WORK_ORDER", at, by).with_(returns=[*case.returns, asked])
    return returned, [GrievanceMovedV1(action="RETURN_WORK_ORDER", by=by, progress=returned.progress(at))]


def refuse_return(case: Case, answer: str, by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    """It stays where it was sent, and is not returned from there again."""
    refused = _decided(case.moved("REFUSE_RETURN", at, by), False, answer, by, at)
    moved: list[Contract] = [GrievanceMovedV1(action="REFUSE_RETURN", by=by, progress=refused.progress(at))]
    if order_of(refused).handoff is None or case.returns[-1].by.staffId != HOTLINE:
        return refused, moved
    # The platform hears of nothing but orders.
    asked, handoff = handed_off(refused, "RETURN_REFUSED", by, at)
    return asked, moved + handoff


def grant_return(case: Case, to: DepartmentRow, answer: str, by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    """It goes to another department; without one there is no granting: no case ends because it pertains to nobody."""
    granted = _decided(case.moved("GRANT_RETURN", at, by), True, answer, by, at, sent_to=to.code)
    return _sent(granted, to, answer, by, at)


def reassign(case: Case, to: DepartmentRow, reason: str, by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    """改派: a dispatcher saw for themselves that it went to the wrong place."""
    return _sent(case.moved("REASSIGN", at, by), to, reason, by, at)


def fitting(case: Case, department: str, known: Mapping[str, DepartmentRow]) -> DepartmentRow:
    """The department to which a dispatcher may send it; raises Refusal."""
    row = known.get(office_of(department))
    if row is None:
        raise Refusal("DEPARTMENT_UNKNOWN", "没有该部门。", "There is no such department.", "department")
    order = order_of(case)
    # The office has what the platform has; what the office has alone may go to the platform.
    if row.code == order.department and not (department == HOTLINE and order.handoff is None):
        raise Refusal("SAME_DEPARTMENT", "工单已在该部门。", "It is with this department already.", "department")
    if row.code in case.accused_departments:
        raise Refusal("DEPARTMENT_ACCUSED", "不能转给被反映的部门。", "It accuses this department.", "department")
    if not holds(row.division, case.division):
        raise Refusal("DEPARTMENT_ELSEWHERE", "该部门不管辖诉求所在地。", "This department does not serve the place.", "department")
    # 12345 as a target is the office's row under the platform's code.
    return row.model_copy(update={"code": department})


def _sent(case: Case, to: DepartmentRow, reason: str, by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    """As the catalogue does it, but for the day on which it is due."""
    before, department = order_of(case), office_of(to.code)
    order = WorkOrder(
        department=department, rule=BY_HAND, rule_version=before.rule_version, round=before.round, dispatched_at=at, reason=reason
    )
    head = Owner(staffId=to.head, role="DEPARTMENT_HEAD", unit=department)
    sent = case.with_(work_order=order, departments=[department], handlers=[], owner=head)
    event = GrievanceDispatchedV1(
        department=department,
        rule=BY_HAND,
        ruleVersion=before.rule_version,
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
