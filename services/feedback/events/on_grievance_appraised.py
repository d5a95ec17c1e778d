"""The grievance was appraised (S47). What was answered on the spot (S49) is the reply already: it is delivered in writing too."""

from __future__ import annotations

from services.feedback.domain.followup import FollowUp, record_reply
from services.feedback.domain.survey import SurveyRules
from services.feedback.domain.timeline import Entry, spoken
from shared.contracts.base import Contract
from shared.contracts.routing import GrievanceAppraisedV1


def on_grievance_appraised(
    rules: SurveyRules, grievance: str, followup: FollowUp, event: GrievanceAppraisedV1
) -> tuple[FollowUp, list[Contract]]:
    progress = event.progress
    on_spot = event.verdict == "ANSWERED_ON_SPOT"
    entry = Entry(
        at=progress.at,
        service="routing",
        what="appraised: answered on the spot" if on_spot else f"appraised: accepted, {event.grade.lower()}",
        what_zh="研判：当场答复" if on_spot else "研判：受理",
        by=spoken(event.by),
        status=progress.status,
    )
    followup = followup.progressed(progress).noted(entry)
    if not on_spot or event.onSpotAnswer is None:
        return followup, []
    return record_reply(followup, grievance, event.round, event.onSpotAnswer, progress.owner, None, progress.at, rules)
