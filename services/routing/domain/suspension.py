"""挂起: a department cannot go on for now, and says until when. What was left of its time is left when it goes on. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from services.routing.domain import extensions
from services.routing.domain.case import Case, order_of
from services.routing.domain.catalogue import SUSPENSION_DAYS, SUSPENSIONS
from services.routing.domain.lifecycle import Action
from services.routing.domain.reckoning import Reckoning
from services.routing.domain.waits import Suspension
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
    after = case.moved("SUSPEND", at, by).with_(suspensions=[*case.suspensions, made])
    after = after.with_deadline(result=case.deadlines.result.stopped(by, at))
    return after, [GrievanceMovedV1(action="SUSPEND", by=by, progress=after.progress(at))]


def resume(case: Case, by: Owner, reckoning: Reckoning, at: datetime) -> tuple[Case, list[Contract]]:
    """恢复办理 by the department."""
    return _resumed(case, "RESUME", None, by, reckoning, at)


def end_suspension(case: Case, reason: str, by: Owner, reckoning: Reckoning, at: datetime) -> tuple[Case, list[Contract]]:
    """A supervisor sees no ground for it any more."""
    return _resumed(case, "END_SUSPENSION", reason, by, reckoning, at)


def lifted(case: Case, by: Owner, reckoning: Reckoning, at: datetime, answer: str | None = None) -> Case:
    """The case with its suspension ended and its day due; as it is where nothing is suspended."""
    held = case.suspensions[-1] if case.suspensions else None
    if held is None or held.ended_at is not None:
        return case
    suspensions = [*case.suspensions[:-1], held.ended(by, at, answer)]
    return case.with_(suspensions=suspensions).with_deadline(result=case.deadlines.result.gone_on(by, at, reckoning))


def overdue(held: Suspension, at: datetime) -> bool:
    """Whether it lasts longer than was said."""
    return held.ended_at is None and day_in_china(at).isoformat() > held.until


def _resumed(case: Case, action: Action, answer: str | None, by: Owner, reckoning: Reckoning, at: datetime) -> tuple[Case, list[Contract]]:
    after = lifted(case.moved(action, at, by), by, reckoning, at, answer)
    return after, [GrievanceMovedV1(action=action, by=by, progress=after.progress(at))]
