"""The secretary told the petitioner in person (S51). Where that was how the reply arrived, DeliveryAttempted has said so."""

from __future__ import annotations

from services.feedback.domain.followup import FollowUp
from services.feedback.domain.timeline import Entry, spoken
from shared.contracts.base import Contract
from shared.contracts.intake import PetitionerToldV1


def on_petitioner_told(_grievance: str, followup: FollowUp, event: PetitionerToldV1) -> tuple[FollowUp, list[Contract]]:
    entry = Entry(at=event.at, service="intake", what="the petitioner was told in person", what_zh="已当面反馈群众", by=spoken(event.by))
    return followup.noted(entry), []
