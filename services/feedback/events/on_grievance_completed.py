"""The secretary added what was not told at registration: whose grievance it is may be known only now."""

from __future__ import annotations

from services.feedback.domain.followup import FollowUp
from services.feedback.domain.timeline import Entry, spoken
from shared.contracts.base import Contract
from shared.contracts.intake import GrievanceCompletedV1


def on_grievance_completed(_grievance: str, followup: FollowUp, event: GrievanceCompletedV1) -> tuple[FollowUp, list[Contract]]:
    entry = Entry(at=event.at, service="intake", what="what was missing was added", what_zh="补录信息", by=spoken(event.by))
    return followup.told_of(event.petitionerRef, event.nameMarks).noted(entry), []
