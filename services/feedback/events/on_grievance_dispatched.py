"""The grievance was dispatched to a department (S48, S52)."""

from __future__ import annotations

from services.feedback.domain.followup import FollowUp
from services.feedback.domain.timeline import Entry, spoken
from shared.contracts.base import Contract
from shared.contracts.routing import GrievanceDispatchedV1


def on_grievance_dispatched(_grievance: str, followup: FollowUp, event: GrievanceDispatchedV1) -> tuple[FollowUp, list[Contract]]:
    entry = Entry(
        at=event.progress.at,
        service="routing",
        what=f"dispatched to {event.department}",
        what_zh=f"转办至 {event.department}",
        by=spoken(event.by),
        status=event.progress.status,
    )
    return followup.progressed(event.progress).noted(entry), []
