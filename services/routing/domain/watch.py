"""跟进督促 (S53): what falls due in a case by the clock alone, and who is told of it. Pure; shared/timers.py sees to the time.

Each warning is given once for each time that something is due: what was put off is warned of anew. A warning moves nothing and gives the
case to nobody else: it says who has to look, whether or not anybody has it in hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.routing.domain.appraisal import Body
from services.routing.domain.cards import given_by_rule
from services.routing.domain.case import SYSTEM, Case
from services.routing.domain.deadlines import Deadline
from services.routing.domain.lifecycle import Action, actions_from
from services.routing.domain.supervision import latest
from services.routing.domain.targets import Departments
from services.routing.domain.waits import GivenWarning
from shared.china_time import day_after
from shared.contracts.base import Contract
from shared.contracts.routing import GrievanceWarnedV1, WarnedOf, WarningStep
from shared.identity.scopes import prefixes

LATE = timedelta(minutes=5)
"""So long after its time a warning is late: nobody was there to give it."""
OPINIONS: dict[Body, WarnedOf] = {"COMMUNITY": "COMMUNITY_OPINION", "COMPOUND": "COMPOUND_OPINION"}
ESCALATED: tuple[WarningStep, ...] = ("TO_HEAD", "TO_SUPERVISOR", "TO_CITY")


@dataclass(frozen=True)
class Timer:
    """A warning that is to come `at` its time: of what, which step, of what is due when, since when it runs."""

    at: datetime
    of: WarnedOf
    step: WarningStep
    due_at: datetime
    since: datetime

    def is_given(self, warning: GivenWarning) -> bool:
        return (warning.of, warning.step, warning.due_at, warning.since) == (self.of, self.step, self.due_at, self.since)


def next_timer(case: Case) -> datetime | None:
    """When the clock has to look at this case again; None where it has not."""
    return min((timer.at for timer in upcoming(case)), default=None)


def upcoming(case: Case) -> list[Timer]:
    """What is to come, and has not come yet, in the order of time."""
    if "WARN" not in actions_from(case.status):
        return []
    timers = [timer for timer in _timers(case) if not any(timer.is_given(warning) for warning in case.warnings)]
    return sorted(timers, key=lambda timer: (timer.at, timer.due_at))


def fire(case: Case, known: Departments, at: datetime) -> tuple[Case, list[Contract]] | None:
    """Everything whose time has come, in order; None where nothing has."""
    events: list[Contract] = []
    for timer in [each for each in upcoming(case) if each.at <= at]:
        case, event = _warned(case, timer, known, at)
        events.append(event)
    return (case, events) if events else None


def _warned(case: Case, timer: Timer, known: Departments, at: datetime) -> tuple[Case, Contract]:
    role, unit, staff = _told(case, timer, known)
    action: Action = "ESCALATE" if timer.step in ESCALATED else "WARN"
    warning = GivenWarning(
        of=timer.of,
        step=timer.step,
        due_at=timer.due_at,
        since=timer.since,
        planned_at=timer.at,
        at=at,
        late=at - timer.at > LATE,
        to_role=role,
        to_unit=unit,
        to_staff=staff,
    )
    after = given_by_rule(case.moved(action, at, SYSTEM), timer.of, timer.step, timer.at, SYSTEM, at)
    after = after.with_(warnings=[*case.warnings, warning])
    event = GrievanceWarnedV1(
        of=warning.of,
        step=warning.step,
        dueAt=warning.due_at,
        plannedAt=warning.planned_at,
        late=warning.late,
        toRole=role,
        toUnit=unit,
        by=SYSTEM,
        progress=after.progress(at),
    )
    return after, event


def _told(case: Case, timer: Timer, known: Departments) -> tuple[str, str, str | None]:
    """Role, unit and, where routing knows it, the person."""
    order = case.work_order
    above = {len(prefix): f"{prefix:0<12}" for prefix in prefixes(case.division)}
    if timer.step == "TO_CITY":
        return "CITY_ADMIN", above.get(4, case.division), None
    if timer.step == "TO_SUPERVISOR":
        return "SUPERVISOR", above.get(6, case.division), None
    if timer.of in ("COMMUNITY_OPINION", "COMPOUND_OPINION", "RETURN_DECISION") or order is None:
        # Nobody has it in hand: who sends it somewhere has to look.
        return ("DISPATCHER", above.get(6, case.division), None) if timer.step != "REMIND" else _owner(case)
    if timer.step == "TO_HEAD" or timer.of == "SUPERVISION_ORDER":
        # A supervision order is addressed to the head.
        row = known.get(order.department)
        return "DEPARTMENT_HEAD", order.department, row.head if row else None
    return _owner(case)


def _owner(case: Case) -> tuple[str, str, str | None]:
    return case.owner.role, case.owner.unit, case.owner.staffId


def _timers(case: Case) -> Iterator[Timer]:
    if case.status != "CLOSED":
        yield from _of_deadline(case.deadlines.response, "RESPONSE")
        yield from _of_deadline(case.deadlines.result, "RESULT")
    if case.status == "APPRAISING":
        for body, asked in case.appraisal.waiting().items():
            yield Timer(asked.due_at, OPINIONS[body], "RED", asked.due_at, asked.asked_at)
    order = case.work_order
    if case.status == "DISPATCHED" and order is not None and order.returnable_until is not None:
        # From now on it is this department's.
        yield Timer(order.returnable_until, "RETURN_WINDOW", "REMIND", order.returnable_until, order.dispatched_at)
    if case.status == "RETURN_PENDING" and case.returns and (decide_by := case.returns[-1].decide_by) is not None:
        yield Timer(decide_by, "RETURN_DECISION", "RED", decide_by, case.returns[-1].at)
    if case.status == "SUSPENDED" and case.suspensions:
        held = case.suspensions[-1]
        over = day_after(date.fromisoformat(held.until))
        yield Timer(over, "SUSPENSION", "TO_SUPERVISOR", over, held.at)
    if (waits := latest(case, "OPEN")) is not None:
        for node in waits.nodes:
            yield Timer(node.at, "SUPERVISION_ORDER", node.name, waits.due_at, waits.at)


def _of_deadline(deadline: Deadline, of: WarnedOf) -> Iterator[Timer]:
    if deadline.due_at is not None and deadline.started is not None:
        for node in deadline.nodes:
            yield Timer(node.at, of, node.name, deadline.due_at, deadline.started.at)
