"""内部移交: a work order goes from one person of its department to another, and is nobody's in between. Pure."""

from __future__ import annotations

from datetime import datetime

from services.routing.domain.case import Case, order_of
from services.routing.domain.ownership import HandOver
from shared.contracts.base import Contract
from shared.contracts.intake import DepartmentRow, Owner
from shared.contracts.routing import GrievanceMovedV1
from shared.identity.errors import Refusal


def taker(case: Case, staff: str, row: DepartmentRow | None, owned_before: bool) -> Owner:
    """Who takes it; raises Refusal.

    Routing is told no list of a department's staff. It knows its head and its receiver, and whoever has owned a case for it, which nobody
    does without a token of that department (`owned_before`). Anybody else is refused: an owner who may not exist answers for nothing.
    """
    department = order_of(case).department
    if staff == case.owner.staffId:
        raise Refusal("SAME_OWNER", "工单已由其负责。", "It is with this person already.", "staffId")
    if row is not None and staff == row.head:
        return Owner(staffId=staff, role="DEPARTMENT_HEAD", unit=department)
    if owned_before or (row is not None and staff == row.receiver):
        return Owner(staffId=staff, role="HANDLER", unit=department)
    raise Refusal("STAFF_UNKNOWN", "该部门没有此经办人。", "This department has no such handler.", "staffId")


def hand_over(case: Case, to: Owner, reason: str, by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    """The day on which it is due stays."""
    handed = HandOver(at=at, by=by, owner_before=case.owner, owner=to, reason=reason)
    handlers = sorted({*case.handlers, to.staffId})
    after = case.moved("HAND_OVER", at, by).with_(owner=to, handlers=handlers, hand_overs=[*case.hand_overs, handed])
    return after, [GrievanceMovedV1(action="HAND_OVER", by=by, progress=after.progress(at))]
