"""转12345 (S50, S26): what the 12345 platform reports on an order moves the case, where it is about the order that is open. Pure.

12345 is asked by `handed_off` (dispatching.py), wherever the department named is HOTLINE (targets.py).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from services.routing.domain import approval, verification
from services.routing.domain.case import Case, order_of
from services.routing.domain.lifecycle import Action, actions_from
from services.routing.domain.reckoning import Reckoning
from services.routing.domain.returns import asked_back
from services.routing.domain.targets import HOTLINE, HOTLINE_OFFICE
from shared.contracts.base import Contract
from shared.contracts.intake import HotlineKind, HotlineReportedV1, Owner
from shared.contracts.routing import GrievanceMovedV1, GrievanceResolvedV1
from shared.identity.errors import Refusal

PLATFORM = Owner(staffId=HOTLINE, role="HOTLINE", unit=HOTLINE_OFFICE)

Moved = tuple[Case, list[Contract]]


def hindrance(case: Case, action: Action) -> Refusal | None:
    """What is not done while the platform has it: it knows of nobody who waits or whom it should wait for. Closed, it is its office's."""
    if action in ("SUSPEND", "ADD_CO_HANDLER", "ISSUE_SUPERVISION_ORDER", "GIVE_CARD") and case.with_platform:
        return Refusal("WITH_PLATFORM", "工单在12345平台，请先改派。", "The 12345 platform has it: reassign it first.")
    return None


def reported(case: Case, report: HotlineReportedV1, reckoning: Reckoning, at: datetime) -> Moved:
    """What a report makes of the case; nothing, where the case has left that order or that state behind: nobody can undo a report."""
    action, move = MOVES[report.kind]
    order = case.work_order
    if order is None or order.handoff != report.orderId or action not in actions_from(case.status):
        return case, []
    return move(case, report.text or "", reckoning, at)


def take_handoff(case: Case, _text: str, _reckoning: Reckoning, at: datetime) -> Moved:
    """受理: the platform has it in hand. The office's head stays the one who answers for it (S7)."""
    taken = case.moved("TAKE_HANDOFF", at, PLATFORM)
    taken = taken.with_(work_order=order_of(taken).model_copy(update={"accepted_at": at})).responded(PLATFORM, at)
    return taken, [GrievanceMovedV1(action="TAKE_HANDOFF", by=PLATFORM, progress=taken.progress(at))]


def report_handoff(case: Case, text: str, reckoning: Reckoning, at: datetime) -> Moved:
    """已办: as a department reports it. Where somebody is to look first, it waits; what waits already is not reported again. Nobody decides
    any more on what its office has drafted."""
    case = approval.superseded(case, PLATFORM, at)
    if verification.asked(case) is not None:
        if verification.waiting(case) is not None:
            return case, []
        taken, events = take_handoff(case, "", reckoning, at) if case.status == "DISPATCHED" else (case, [])
        submitted, more = verification.submit_resolution(taken, text, [], PLATFORM, at)
        return submitted, events + more
    resolved = case.moved("REPORT_HANDOFF", at, PLATFORM)
    order = order_of(resolved).model_copy(update={"resolved_at": at, "resolution": text, "evidence": []})
    resolved = resolved.with_(work_order=order).responded(PLATFORM, at).nothing_due(PLATFORM, at)
    event = GrievanceResolvedV1(
        department=order.department, text=text, evidence=[], round=order.round, by=PLATFORM, progress=resolved.progress(at)
    )
    return resolved, [event]


def return_handoff(case: Case, text: str, reckoning: Reckoning, at: datetime) -> Moved:
    """退单: it waits for a dispatcher. However late, and again: to 12345 nobody can say that it may not. What waits for somebody's look or
    approval is answered by it: whoever has the order next would be taken to have reported it."""
    order = order_of(case)
    asked = asked_back(order, text, PLATFORM, reckoning, at)
    left = verification.superseded(approval.superseded(case, PLATFORM, at), PLATFORM, at)
    returned = left.moved("RETURN_HANDOFF", at, PLATFORM).with_(returns=[*case.returns, asked])
    return returned, [GrievanceMovedV1(action="RETURN_HANDOFF", by=PLATFORM, progress=returned.progress(at))]


MOVES: dict[HotlineKind, tuple[Action, Callable[[Case, str, Reckoning, datetime], Moved]]] = {
    "TAKEN": ("TAKE_HANDOFF", take_handoff),
    "RESOLVED": ("REPORT_HANDOFF", report_handoff),
    "RETURNED": ("RETURN_HANDOFF", return_handoff),
}
