"""The petitioner was erased: what was done stays on the timeline, without their words and without knowing whose it was."""

from __future__ import annotations

from services.feedback.domain.followup import FollowUp, erase_petitioner
from services.feedback.domain.timeline import Entry
from shared.contracts.base import Contract
from shared.contracts.intake import PersonalDataErasedV1


def on_personal_data_erased(_grievance: str, followup: FollowUp, event: PersonalDataErasedV1) -> tuple[FollowUp, list[Contract]]:
    entry = Entry(at=event.at, service="intake", what="the petitioner's data was erased", what_zh="诉求人信息已删除", by="SYSTEM intake")
    return erase_petitioner(followup, event.petitionerRef).noted(entry), []
