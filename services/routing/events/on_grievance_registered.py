"""A grievance was registered: open its case. Some wait for people, also what no rule leads anywhere; the others are appraised by rule and,
unless they were answered on the spot, dispatched."""

from __future__ import annotations

from services.routing.domain.appraisal import waits_for_people
from services.routing.domain.case import Case, open_case
from services.routing.domain.dispatching import appraise, dispatch
from services.routing.domain.judging import await_appraisal
from services.routing.domain.policy import Policy
from shared.contracts.base import Contract
from shared.contracts.intake import GrievanceRegisteredV1


def on_grievance_registered(policy: Policy, case: Case | None, event: GrievanceRegisteredV1) -> tuple[Case, list[Contract]]:
    if case is not None:
        raise ValueError("the case is open already")
    by_rule = event.category is None
    category = policy.classify(event.subject, event.text) if by_rule else event.category
    at = policy.now()
    opened = open_case(event, category, by_rule, policy.reckoning())
    if waits_for_people(opened.kind, opened.grade, answered=event.onSpotAnswer is not None):
        return await_appraisal(opened, at)
    judged, events = appraise(opened, event.onSpotAnswer, at)
    if judged.status != "ACCEPTED":
        return judged, events
    try:
        dispatched, more = dispatch(judged, policy.catalogue(), policy.departments(), policy.reckoning(), at)
    except LookupError:
        # Whom all its rules lead to is whom it accuses.
        return await_appraisal(opened, at)
    return dispatched, events + more
