"""研判 by rule and 转办: what was accepted goes to whom the catalogue means, and is due from then on. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from services.routing.domain.case import SYSTEM, Case, Limit, head_of, order_of, round_of
from services.routing.domain.catalogue import LIMIT_DAYS, URGENT_HOURS, Catalogue, Grade
from services.routing.domain.part import asked_by_rule
from services.routing.domain.targets import Departments
from services.routing.domain.work_order import WorkOrder
from services.routing.domain.workdays import Due
from shared.contracts.base import Contract
from shared.contracts.intake import HandoffOccasion, Owner
from shared.contracts.routing import (
    GrievanceAppraisedV1,
    GrievanceDispatchedV1,
    HandoffRequestedV1,
)


def appraise(case: Case, on_spot_answer: str | None, at: datetime) -> tuple[Case, list[Contract]]:
    """研判 by rule: what was answered on the spot needs no handling (S49), everything else is accepted (S47)."""
    appraising = case.moved("APPRAISE", at, SYSTEM)
    verdict: Literal["ACCEPTED", "ANSWERED_ON_SPOT"] = "ANSWERED_ON_SPOT" if on_spot_answer else "ACCEPTED"
    judged = appraising.moved("ANSWER_ON_SPOT" if on_spot_answer else "ACCEPT", at, SYSTEM)
    event = GrievanceAppraisedV1(
        verdict=verdict,
        category=judged.category,
        grade=judged.grade,
        rule=f"by-rule/{judged.category_by.lower()}",
        by=SYSTEM,
        onSpotAnswer=on_spot_answer,
        progress=judged.progress(at),
    )
    return judged, [event]


def dispatch(case: Case, catalogue: Catalogue, known: Departments, limit: Limit, at: datetime) -> tuple[Case, list[Contract]]:
    """转办 by the catalogue. The department's first responsible person, where known, becomes the owner (S7, S22) until somebody
    takes it, its receiver before others."""
    choice = catalogue.choose(case.category, case.division, case.kind, case.accused_departments, known)
    rule, department = choice.rule, choice.department
    due = due_of(case, limit, at, rule.days)
    order = WorkOrder(
        department=department,
        rule=rule.id,
        rule_version=catalogue.version,
        round=round_of(case),
        dispatched_at=at,
        receiver=known[department].receiver if department in known else None,
        parts=asked_by_rule(choice.co, SYSTEM, at),
    )
    dispatched = case.moved("DISPATCH", at, SYSTEM).with_(
        work_order=order,
        departments=order.departments(),
        owner=head_of(known[department]) if department in known else case.owner,
        due_at=due.at,
        due_provisional=due.provisional,
    )
    event = GrievanceDispatchedV1(
        department=department,
        rule=rule.id,
        ruleVersion=catalogue.version,
        by=SYSTEM,
        provisionalDue=due.provisional,
        progress=dispatched.progress(at),
    )
    if not choice.platform:
        return dispatched, [event]
    asked, handoff = handed_off(dispatched, "DISPATCHED", SYSTEM, at)
    return asked, [event, *handoff]


def handed_off(case: Case, occasion: HandoffOccasion, by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    """转12345 (S50): the platform is asked, each time by an order of its own. The case stays with the office that answers for it."""
    id = f"{case.number}/{case.handoffs + 1}"
    order = order_of(case).model_copy(update={"handoff": id})
    asked = case.with_(work_order=order, handoffs=case.handoffs + 1)
    event = HandoffRequestedV1(
        orderId=id,
        occasion=occasion,
        category=case.category,
        kind=case.kind,
        grade=case.grade,
        dueAt=case.due_at,
        division=case.division,
        by=by,
        progress=asked.progress(at),
    )
    return asked, [event]


def due_of(case: Case, limit: Limit, at: datetime, days: int | None = None) -> Due:
    """What was due already stays due then: sending it anew gives no time."""
    return due_for(case.grade, limit, at, days) if case.due_at is None else Due(case.due_at, case.due_provisional)


def due_for(grade: Grade, limit: Limit, at: datetime, days: int | None = None) -> Due:
    """When the result is due: urgent round the clock, else in working days, those of the grade or the `days` that a rule gives."""
    if grade == "URGENT":
        return Due(at + timedelta(hours=URGENT_HOURS), provisional=False)
    return limit(at, days or LIMIT_DAYS[grade])
