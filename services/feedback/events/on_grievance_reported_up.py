"""The secretary handed it up to the committee of the town (S51, S23)."""

from __future__ import annotations

from services.feedback.domain.followup import FollowUp
from services.feedback.domain.timeline import Entry, spoken
from shared.contracts.base import Contract
from shared.contracts.intake import GrievanceReportedUpV1


def on_grievance_reported_up(_grievance: str, followup: FollowUp, event: GrievanceReportedUpV1) -> tuple[FollowUp, list[Contract]]:
    entry = Entry(
        at=event.at,
        service="intake",
        what=f"reported up to the party working committee of {event.to}",
        what_zh=f"已上报 {event.to} 党工委",
        by=spoken(event.by),
    )
    return followup.noted(entry), []
