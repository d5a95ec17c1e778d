"""The grievance was appraised (S47). What was answered on the spot (S49) is the reply already: it is delivered in writing too."""

from __future__ import annotations

from services.feedback.domain.followup import FollowUp, record_reply
from services.feedback.domain.survey import SurveyRules
from shared.contracts.base import Contract
from shared.contracts.routing import GrievanceAppraisedV1


def on_grievance_appraised(
    rules: SurveyRules, grievance: str, followup: FollowUp, event: GrievanceAppraisedV1
) -> tuple[FollowUp, list[Contract]]:
    progress = event.progress
    followup = followup.progressed(progress)
    if event.verdict != "ANSWERED_ON_SPOT" or event.onSpotAnswer is None:
        return followup, []
    return record_reply(followup, grievance, event.round, event.onSpotAnswer, progress.owner, None, progress.at, rules)
