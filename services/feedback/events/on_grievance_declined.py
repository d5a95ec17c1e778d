"""The grievance is not accepted (不予受理): the petitioner is told why and where it belongs; nobody asks whether they are satisfied."""

from __future__ import annotations

from services.feedback.domain.followup import FollowUp, record_reply
from services.feedback.domain.survey import SurveyRules
from shared.contracts.base import Contract
from shared.contracts.routing import GrievanceDeclinedV1


def on_grievance_declined(
    rules: SurveyRules, grievance: str, followup: FollowUp, event: GrievanceDeclinedV1
) -> tuple[FollowUp, list[Contract]]:
    progress = event.progress
    text = progress.publicReply or event.reason
    return record_reply(followup.progressed(progress), grievance, event.round, text, event.by, None, progress.at, rules)
