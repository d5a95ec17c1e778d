"""Routing has dispatched it, a department has taken the work order, or it was handed to 12345 (S48, S50, S52): who has it now, and how far
it is."""

from __future__ import annotations

from services.feedback.domain.followup import FollowUp
from shared.contracts.base import Contract
from shared.contracts.routing import GrievanceDispatchedV1, HandoffRequestedV1, WorkOrderAcceptedV1

Progressed = GrievanceDispatchedV1 | WorkOrderAcceptedV1 | HandoffRequestedV1


def on_progressed(_grievance: str, followup: FollowUp, event: Progressed) -> tuple[FollowUp, list[Contract]]:
    return followup.progressed(event.progress), []
