"""The clock gave a warning (S53)."""

from __future__ import annotations

from services.feedback.domain.first_response import came_not
from services.feedback.domain.followup import FollowUp
from shared.contracts.base import Contract
from shared.contracts.routing import GrievanceWarnedV1


def on_grievance_warned(_grievance: str, followup: FollowUp, event: GrievanceWarnedV1) -> tuple[FollowUp, list[Contract]]:
    if (event.of, event.step) == ("RESPONSE", "RED") and followup.first_response is None:
        followup = followup.with_(first_response=came_not(event.progress))
    return followup.progressed(event.progress), []
