"""It was handed to the 12345 platform (S50), for the first time or again."""

from __future__ import annotations

from services.feedback.domain.followup import FollowUp
from services.feedback.domain.timeline import Entry, spoken
from shared.contracts.base import Contract
from shared.contracts.routing import HandoffRequestedV1


def on_handoff_requested(_grievance: str, followup: FollowUp, event: HandoffRequestedV1) -> tuple[FollowUp, list[Contract]]:
    entry = Entry(
        at=event.progress.at,
        service="routing",
        what="handed to 12345",
        what_zh="转12345热线办理",
        by=spoken(event.by),
        status=event.progress.status,
    )
    return followup.progressed(event.progress).noted(entry), []
