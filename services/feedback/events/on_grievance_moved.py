"""Routing moved without an event of the move's own. What is closed by it may be drawn to be called again."""

from __future__ import annotations

from services.feedback.domain.calling import closed
from services.feedback.domain.draw import Draw
from services.feedback.domain.followup import FollowUp
from shared.contracts.base import Contract
from shared.contracts.routing import GrievanceMovedV1


def on_grievance_moved(draw: Draw, grievance: str, followup: FollowUp, event: GrievanceMovedV1) -> tuple[FollowUp, list[Contract]]:
    return closed(followup, grievance, event.progress, draw), []
