"""Somebody of the department has taken the work order (S52)."""

from __future__ import annotations

from services.feedback.domain.followup import FollowUp
from services.feedback.domain.timeline import Entry, spoken
from shared.contracts.base import Contract
from shared.contracts.routing import WorkOrderAcceptedV1


def on_work_order_accepted(_grievance: str, followup: FollowUp, event: WorkOrderAcceptedV1) -> tuple[FollowUp, list[Contract]]:
    entry = Entry(
        at=event.progress.at,
        service="routing",
        what="the work order was accepted",
        what_zh="部门已接单办理",
        by=spoken(event.by),
        status=event.progress.status,
    )
    return followup.progressed(event.progress).noted(entry), []
