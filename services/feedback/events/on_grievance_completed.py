"""The secretary added what was not told at registration: whose grievance it is may be known only now."""

from __future__ import annotations

from services.feedback.domain.followup import FollowUp
from shared.contracts.base import Contract
from shared.contracts.intake import GrievanceCompletedV1


def on_grievance_completed(_grievance: str, followup: FollowUp, event: GrievanceCompletedV1) -> tuple[FollowUp, list[Contract]]:
    return followup.told_of(event.petitionerRef, event.nameMarks), []
