"""研判 by rule and 转办: what was accepted goes to whom the catalogue means, and is due from then on. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.routing.domain.case import SYSTEM, Case, head_of, order_of, round_of
from services.routing.domain.catalogue import RETURN_DAYS, Catalogue, DispatchRule
from services.routing.domain.deadlines import Entry, started
from services.routing.domain.limits import Term
from services.routing.domain.part import asked_by_rule
from services.routing.domain.reckoning import Reckoning
from services.routing.domain.targets import Departments
from services.routing.domain.work_order import WorkOrder
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
    if on_spot_answer:
        judged = judged.responded(SYSTEM, at)
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


def dispatch(case: Case, catalogue: Catalogue, known: Departments, reckoning: Reckoning, at: datetime) -> tuple[Case, list[Contract]]:
    """转办 by the catalogue. The department's first responsible person, where known, becomes the owner (S7, S22) until somebody
    takes it, its receiver before others."""
    choice = catalogue.choose(case.category, case.division, case.kind, case.accused_departments, known)
    rule, department = choice.rule, choice.department
    case = running(case, department, reckoning, at, rule, catalogue.version)
    order = WorkOrder(
        department=department,
        rule=rule.id,
        rule_version=catalogue.version,
        round=round_of(case),
        dispatched_at=at,
        receiver=known[department].receiver if department in known else None,
        returnable_until=reckoning.days(at, RETURN_DAYS).at,
        parts=asked_by_rule(choice.co, SYSTEM, at),
    )
    dispatched = case.moved("DISPATCH", at, SYSTEM).with_(
        work_order=order,
        departments=order.departments(),
        owner=head_of(known[department]) if department in known else case.owner,
    )
    event = GrievanceDispatchedV1(
        department=department,
        rule=rule.id,
        ruleVersion=catalogue.version,
        by=SYSTEM,
        provisionalDue=dispatched.due_provisional,
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


def running(
    case: Case, department: str, reckoning: Reckoning, at: datetime, rule: DispatchRule | None = None, version: int | None = None
) -> Case:
    """Its result is due from now on, at this department. What was due already stays due then, or is due earlier by what it was found to be:
    sending it anew gives no time."""
    result, start = case.deadlines.result, by_limits(case, department, round_of(case), reckoning, at)
    if rule is not None and rule.days is not None and start.minutes is None:
        # What is urgent runs round the clock whatever a rule gives it.
        start = started(Term(rule.days, None), at, SYSTEM, department, rule.id, version, table="CATALOGUE", round=round_of(case))
    if result.due_at is not None:
        return case.with_deadline(result=result.passed_on(department, SYSTEM, at).hastened(start, reckoning))
    return case.with_deadline(result=result.begun(start, reckoning))


def by_limits(case: Case, department: str, round: int, reckoning: Reckoning, at: datetime) -> Entry:
    """The START of a result, by the limit that is in force."""
    terms = reckoning.terms(case.kind, case.grade, case.category, at)
    return started(terms.result, at, SYSTEM, department, terms.rule, terms.version, round=round)
