"""What was taken down wrongly of the petitioner was put right: whose grievance it is may have changed."""

from __future__ import annotations

from services.feedback.domain.followup import FollowUp
from shared.contracts.base import Contract
from shared.contracts.intake import PetitionerCorrectedV1


def on_petitioner_corrected(_grievance: str, followup: FollowUp, event: PetitionerCorrectedV1) -> tuple[FollowUp, list[Contract]]:
    return followup.told_of(event.petitionerRef, event.nameMarks), []
