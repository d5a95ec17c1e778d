"""The department reports that it is done: its words become the reply (S54)."""

from __future__ import annotations

from services.feedback.domain.followup import FollowUp, record_reply
from services.feedback.domain.survey import SurveyRules
from shared.contracts.base import Contract
from shared.contracts.routing import GrievanceResolvedV1


def on_grievance_resolved(
    rules: SurveyRules, grievance: str, followup: FollowUp, event: GrievanceResolvedV1
) -> tuple[FollowUp, list[Contract]]:
    at = event.progress.at
    followup = followup.progressed(event.progress)
    return record_reply(followup, grievance, event.round, event.text, event.by, event.department, at, rules)
