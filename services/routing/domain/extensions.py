"""延期: working days more for the result, asked before it is due, granted by a supervisor, once with each department and round. Pure."""

from __future__ import annotations

from datetime import datetime

from services.routing.domain.case import Case, order_of
from services.routing.domain.catalogue import EXTENSION_DAYS
from services.routing.domain.lifecycle import Action
from services.routing.domain.reckoning import Reckoning
from services.routing.domain.work_order import Extension
from shared.contracts.base import Contract
from shared.contracts.intake import Owner
from shared.contracts.routing import GrievanceMovedV1
from shared.identity.errors import Refusal


def hindrance(case: Case, action: Action, by: str, at: datetime) -> Refusal | None:
    """Why this person may not do it now although the state allows it."""
    if action == "ASK_EXTENSION":
        if case.due_at is None or at > case.due_at:
            return Refusal("EXTENSION_TOO_LATE", "延期应在期限届满前申请。", "An extension is asked before the result is due.")
        if any(each.granted for each in here(case)):
            return Refusal("EXTENDED_BEFORE", "该工单已延期一次。", "This work order was extended already.")
        if pending(case) is not None:
            return Refusal("EXTENSION_PENDING", "已有延期申请待审批。", "An extension is waiting for its decision.")
    if action in ("GRANT_EXTENSION", "REFUSE_EXTENSION"):
        asked = pending(case)
        if asked is None:
            return Refusal("NO_EXTENSION_ASKED", "没有待审批的延期申请。", "No extension is waiting for a decision.")
        if asked.by.staffId == by:
            return Refusal("OWN_EXTENSION", "延期由他人审批。", "Somebody else decides on one's own extension.")
    return None


def here(case: Case) -> list[Extension]:
    """Those that the department asked for that has it now, in this round: what another one asked for went with its work order, and a rework
    has a day of its own."""
    order = order_of(case)
    asked = [each for each in case.extensions if (each.department, each.round) == (order.department, order.round)]
    return [each for each in asked if each.at >= order.dispatched_at]


def pending(case: Case) -> Extension | None:
    return next((each for each in here(case) if each.granted is None), None)


def days_refused(days: int) -> Refusal | None:
    if 1 <= days <= EXTENSION_DAYS:
        return None
    zh, en = f"延期为1至{EXTENSION_DAYS}个工作日。", f"An extension is of 1 to {EXTENSION_DAYS} working days."
    return Refusal("DAYS_OUT_OF_RANGE", zh, en, "days")


def ask_extension(case: Case, days: int, reason: str, by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    order, due = order_of(case), case.due_at
    assert due is not None, "what is not due is not extended (hindrance)"
    asked = Extension(department=order.department, round=order.round, at=at, by=by, days=days, reason=reason, due=due)
    after = case.moved("ASK_EXTENSION", at, by).with_(extensions=[*case.extensions, asked])
    return after, [GrievanceMovedV1(action="ASK_EXTENSION", by=by, progress=after.progress(at))]


def decide_extension(case: Case, granted: bool, answer: str, by: Owner, reckoning: Reckoning, at: datetime) -> tuple[Case, list[Contract]]:
    """Granted, the result is due so many working days after it was: nothing begins anew."""
    asked = pending(case)
    assert asked is not None, "nothing is decided that was not asked (hindrance)"
    action: Action = "GRANT_EXTENSION" if granted else "REFUSE_EXTENSION"
    decided = asked.decided(granted, answer, by, at)
    after = case.moved(action, at, by).with_(extensions=[decided if each is asked else each for each in case.extensions])
    if granted:
        after = after.with_deadline(result=after.deadlines.result.extended(asked.days, by, at, reckoning))
    return after, [GrievanceMovedV1(action=action, by=by, progress=after.progress(at))]
