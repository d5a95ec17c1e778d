"""A grievance was registered: open its case, appraise it by rule and, unless it was answered on the spot, dispatch it."""

from __future__ import annotations

from services.routing.domain.case import Case, appraise, dispatch, open_case
from services.routing.domain.catalogue import office_of
from services.routing.domain.policy import Policy
from shared.contracts.base import Contract
from shared.contracts.intake import GrievanceRegisteredV1


def on_grievance_registered(policy: Policy, case: Case | None, event: GrievanceRegisteredV1) -> tuple[Case, list[Contract]]:
    if case is not None:
        raise ValueError("the case is open already")
    by_rule = event.category is None
    category = policy.classify(event.subject, event.text) if by_rule else event.category
    at = policy.now()
    judged, events = appraise(open_case(event, category, by_rule), event.onSpotAnswer, at)
    if judged.status != "ACCEPTED":
        return judged, events
    rule = policy.catalogue.choose(judged.category, judged.division, judged.accused_departments)
    dispatched, more = dispatch(judged, policy.catalogue, policy.head_of(office_of(rule.department)), policy.limit, at)
    return dispatched, events + more
