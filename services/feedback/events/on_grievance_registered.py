"""A grievance was registered: its follow-up begins."""

from __future__ import annotations

from services.feedback.domain.followup import FollowUp, open_followup
from shared.contracts.base import Contract
from shared.contracts.intake import GrievanceRegisteredV1


def on_grievance_registered(followup: FollowUp | None, event: GrievanceRegisteredV1) -> tuple[FollowUp, list[Contract]]:
    if followup is not None:
        raise ValueError("the follow-up is open already")
    return open_followup(event), []
