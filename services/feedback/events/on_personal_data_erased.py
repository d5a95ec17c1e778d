"""The petitioner was erased: what was done stays, without their words and without knowing whose it was."""

from __future__ import annotations

from services.feedback.domain.followup import FollowUp, erase_petitioner
from shared.contracts.base import Contract
from shared.contracts.intake import PersonalDataErasedV1


def on_personal_data_erased(_grievance: str, followup: FollowUp, event: PersonalDataErasedV1) -> tuple[FollowUp, list[Contract]]:
    return erase_petitioner(followup, event.petitionerRef), []
