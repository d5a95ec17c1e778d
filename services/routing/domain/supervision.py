"""督办 (S53): a supervisor demands a reply of the department that has a case in hand; the department replies; a supervisor accepts the
reply or refuses it. Orders of one case follow one another in a chain. Pure.

One order waits at a time. One that nobody has replied to when it was due may be followed by the next. A department that reports the
resolution has replied by it. What leaves the department takes its order with it: nobody replies for another one.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Literal

from services.routing.domain.case import Case, order_of
from services.routing.domain.lifecycle import Action, actions_from
from services.routing.domain.nodes import in_working_days
from services.routing.domain.reckoning import Reckoning
from services.routing.domain.supervised import SupervisionOrder
from shared.china_time import day_in_china
from shared.contracts.base import Contract
from shared.contracts.intake import Owner
from shared.contracts.routing import GrievanceMovedV1
from shared.identity.errors import Refusal

LONGEST_DAYS = 30
MOST_ORDERS = 20

OrderState = Literal["OPEN", "REPLIED", "ACCEPTED", "REFUSED", "UNANSWERED", "LAPSED"]


def state_of(case: Case, order: SupervisionOrder) -> OrderState:
    """LAPSED: the case has left the department, or has ended without a result."""
    if order.outcome is not None:
        return order.outcome
    work_order = case.work_order
    stands = work_order is not None and work_order.dispatched_at == order.dispatched_at
    if not stands or "ACCEPT_SUPERVISION_REPLY" not in actions_from(case.status):
        return "LAPSED"
    return "OPEN" if order.replied_at is None else "REPLIED"


def latest(case: Case, state: OrderState) -> SupervisionOrder | None:
    """The last order, where it is in this state."""
    last = case.orders[-1] if case.orders else None
    return last if last is not None and state_of(case, last) == state else None


def hindrance(case: Case, action: Action, at: datetime) -> Refusal | None:
    """Why it may not be done now although the state allows it."""
    if action == "ISSUE_SUPERVISION_ORDER":
        if case.work_order is None:
            return nobody_had_it()
        if case.status == "CLOSED" and not case.needs_supervision:
            return Refusal("NOTHING_TO_SUPERVISE", "该诉求已办结且无须督办。", "It is closed, and nobody has to look at it.")
        waits = latest(case, "OPEN")
        if waits is not None and at <= waits.due_at:
            return Refusal("ORDER_OPEN", "已有督办单待回复。", "A supervision order waits for its reply.")
        if latest(case, "REPLIED") is not None:
            return Refusal("ORDER_REPLIED", "督办单已回复，请先审核。", "A reply waits: decide on it first.")
        if len(case.orders) >= MOST_ORDERS:
            return Refusal("TOO_MANY_ORDERS", f"该诉求的督办单已达{MOST_ORDERS}份。", f"It has {MOST_ORDERS} supervision orders already.")
    if action == "REPLY_SUPERVISION_ORDER" and latest(case, "OPEN") is None:
        return Refusal("NO_ORDER_OPEN", "没有待回复的督办单。", "No supervision order waits for a reply.")
    if action in ("ACCEPT_SUPERVISION_REPLY", "REFUSE_SUPERVISION_REPLY") and latest(case, "REPLIED") is None:
        return Refusal("NO_REPLY_WAITS", "没有待审核的督办回复。", "No reply to a supervision order waits.")
    return None


def nobody_had_it() -> Refusal:
    return Refusal("NO_DEPARTMENT", "该诉求没有承办部门。", "No department has handled it.")


def until_refused(until: date, at: datetime) -> Refusal | None:
    today = day_in_china(at)
    if today < until <= today + timedelta(days=LONGEST_DAYS):
        return None
    zh, en = f"回复期限应在明日起{LONGEST_DAYS}日内。", f"A reply is due within {LONGEST_DAYS} days, from tomorrow on."
    return Refusal("UNTIL_OUT_OF_RANGE", zh, en, "until")


def issue(
    case: Case, demand: str, until: date, head: str | None, by: Owner, reckoning: Reckoning, at: datetime
) -> tuple[Case, list[Contract]]:
    """A reply is due at the department's close of work on that day."""
    work_order, due = order_of(case), reckoning.close_of(until, order_of(case).department)
    before = list(case.orders)
    if (unanswered := latest(case, "OPEN")) is not None:
        before[-1] = unanswered.ended("UNANSWERED", None, by, at)
    bad = before and before[-1].outcome in ("REFUSED", "UNANSWERED") and before[-1].dispatched_at == work_order.dispatched_at
    made = SupervisionOrder(
        ordinal=len(before) + 1,
        follows=before[-1].ordinal if bad else None,
        at=at,
        by=by,
        department=work_order.department,
        head=head,
        dispatched_at=work_order.dispatched_at,
        demand=demand,
        due_at=due,
        nodes=in_working_days(due, at, work_order.department, reckoning, starts=True),
    )
    return _moved(case, "ISSUE_SUPERVISION_ORDER", [*before, made], by, at)


def reply(case: Case, words: str, by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    return _moved(case, "REPLY_SUPERVISION_ORDER", _replied(case, words, by, at), by, at)


def replied_by_result(case: Case, words: str, by: Owner, at: datetime) -> Case:
    """As it is where no order waits."""
    return case.with_(orders=_replied(case, words, by, at))


def decide_reply(case: Case, accepted: bool, answer: str, by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    """With a reply that is accepted, supervision has what it wanted."""
    waits = latest(case, "REPLIED")
    assert waits is not None, "nothing is decided that was not replied (hindrance)"
    action: Action = "ACCEPT_SUPERVISION_REPLY" if accepted else "REFUSE_SUPERVISION_REPLY"
    ended = waits.ended("ACCEPTED" if accepted else "REFUSED", answer, by, at)
    decided = case.with_(needs_supervision=False) if accepted else case
    return _moved(decided, action, [*case.orders[:-1], ended], by, at)


def _replied(case: Case, words: str, by: Owner, at: datetime) -> list[SupervisionOrder]:
    waits = latest(case, "OPEN")
    return case.orders if waits is None else [*case.orders[:-1], waits.replied(words, by, at)]


def _moved(case: Case, action: Action, orders: list[SupervisionOrder], by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    after = case.moved(action, at, by).with_(orders=orders)
    return after, [GrievanceMovedV1(action=action, by=by, progress=after.progress(at))]
