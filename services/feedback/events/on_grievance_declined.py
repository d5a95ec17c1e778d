"""The grievance is not accepted (不予受理): the petitioner is told why and where it belongs; nobody asks whether they are satisfied."""

from __future__ import annotations

from services.feedback.domain.followup import FollowUp, record_reply
from services.feedback.domain.survey import SurveyRules
from services.feedback.domain.timeline import Entry, spoken
from shared.contracts.base import Contract
from shared.contracts.routing import GrievanceDeclinedV1


def on_grievance_declined(
    rules: SurveyRules, grievance: str, followup: FollowUp, event: GrievanceDeclinedV1
) -> tuple[FollowUp, list[Contract]]:
    progress = event.progress
    what, what_zh = "not accepted, with the proper route", "不予受理，并告知正确途径"
    entry = Entry(at=progress.at, service="routing", what=what, what_zh=what_zh, by=spoken(event.by), status=progress.status)
    followup = followup.progressed(progress).noted(entry)
    text = progress.publicReply or event.reason
    return record_reply(followup, grievance, event.round, text, event.by, None, progress.at, rules)
