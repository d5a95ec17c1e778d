"""挂起: a department cannot go on for now, and says until when. What was left of its time is left when it goes on. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from services.routing.domain import extensions
from services.routing.domain.case import Case, Limit, order_of
from services.routing.domain.catalogue import SUSPENSION_DAYS, SUSPENSIONS
from services.routing.domain.lifecycle import Action
from services.routing.domain.waits import Suspension
from services.routing.domain.workdays import Due
from shared.china_time import day_in_china
from shared.contracts.base import Contract
from shared.contracts.intake import Owner
from shared.contracts.routing import GrievanceMovedV1
from shared.identity.errors import Refusal


def hindrance(case: Case, action: Action, at: datetime) -> Refusal | None:
    """Why it may not be done now although the state allows it."""
    if action == "SUSPEND":
        if case.due_at is None or at > case.due_at:
            return Refusal("SUSPEND_TOO_LATE", "已超过办理期限，不能挂起。", "What is overdue is not suspended.")
        round = order_of(case).round
        if len([each for each in case.suspensions if each.round == round]) >= SUSPENSIONS:
            zh, en = f"该工单已挂起{SUSPENSIONS}次。", f"This work order was suspended {SUSPENSIONS} times already."
            return Refusal("SUSPENDED_TOO_OFTEN", zh, en)
        # It is counted from where the result was due as it was asked.
        if extensions.pending(case) is not None:
            return Refusal("EXTENSION_PENDING", "已有延期申请待审批。", "An extension is waiting for its decision.")
    return None


def until_refused(until: date, at: datetime) -> Refusal | None:
    today = day_in_china(at)
    if today <= until <= today + timedelta(days=SUSPENSION_DAYS):
        return None
    zh, en = f"预计恢复日期应在今日起{SUSPENSION_DAYS}日内。", f"It ends within {SUSPENSION_DAYS} days from today."
    return Refusal("UNTIL_OUT_OF_RANGE", zh, en, "until")


def suspend(case: Case, reason: str, until: date, by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    """It stays with whom it is; nothing is due."""
    order, due = order_of(case), case.due_at
    assert due is not None, "what is not due is not suspended (hindrance)"
    made = Suspension(
        department=order.department,
        round=order.round,
        at=at,
        by=by,
        reason=reason,
        until=until.isoformat(),
        due=due,
        due_provisional=case.due_provisional,
    )
    after = case.moved("SUSPEND", at, by).with_(suspensions=[*case.suspensions, made], due_at=None, due_provisional=False)
    return after, [GrievanceMovedV1(action="SUSPEND", by=by, progress=after.progress(at))]


def resume(case: Case, by: Owner, limit: Limit, at: datetime) -> tuple[Case, list[Contract]]:
    """恢复办理 by the department."""
    return _resumed(case, "RESUME", None, by, limit, at)


def end_suspension(case: Case, reason: str, by: Owner, limit: Limit, at: datetime) -> tuple[Case, list[Contract]]:
    """A supervisor sees no ground for it any more."""
    return _resumed(case, "END_SUSPENSION", reason, by, limit, at)


def lifted(case: Case, by: Owner, limit: Limit, at: datetime, answer: str | None = None) -> Case:
    """The case with its suspension ended and its day due; as it is where nothing is suspended."""
    held = case.suspensions[-1] if case.suspensions else None
    if held is None or held.ended_at is not None:
        return case
    due = _due(case, held, limit, at)
    suspensions = [*case.suspensions[:-1], held.ended(by, at, answer)]
    return case.with_(suspensions=suspensions, due_at=due.at, due_provisional=due.provisional)


def overdue(held: Suspension, at: datetime) -> bool:
    """Whether it lasts longer than was said."""
    return held.ended_at is None and day_in_china(at).isoformat() > held.until


def _resumed(case: Case, action: Action, answer: str | None, by: Owner, limit: Limit, at: datetime) -> tuple[Case, list[Contract]]:
    after = lifted(case.moved(action, at, by), by, limit, at, answer)
    return after, [GrievanceMovedV1(action=action, by=by, progress=after.progress(at))]


def _due(case: Case, held: Suspension, limit: Limit, at: datetime) -> Due:
    """As much later as the suspension lasted: round the clock for what is urgent, else in working days, counted as limits are."""
    if case.grade == "URGENT":
        return Due(held.due + (at - held.at), held.due_provisional)
    days, provisional = 0, held.due_provisional
    reached = limit(held.at, 1)
    while day_in_china(reached.at) <= day_in_china(at):
        days, provisional = days + 1, provisional or reached.provisional
        reached = limit(reached.at, 1)
    due = limit(held.due, days) if days else Due(held.due, provisional=False)
    # Suspended on its last day and resumed after work: nobody is overdue by going on.
    if due.at < at:
        due = reached
    return Due(due.at, provisional or due.provisional)
