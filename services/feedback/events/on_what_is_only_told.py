"""The secretary handed it up (S51, S23), or told the petitioner in person (where that was how the reply arrived, DeliveryAttempted has said
so): the history tells it, and nothing follows."""

from __future__ import annotations

from services.feedback.domain.followup import FollowUp
from shared.contracts.base import Contract


def on_what_is_only_told(_grievance: str, followup: FollowUp, _event: Contract) -> tuple[FollowUp, list[Contract]]:
    return followup, []
