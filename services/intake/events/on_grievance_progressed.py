"""Every event of routing carries the progress of the handling and who may see it: intake keeps the latest copy."""

from __future__ import annotations

from services.intake.domain.grievance import Grievance
from shared.contracts.base import Contract
from shared.contracts.routing import (
    GrievanceAppraisedV1,
    GrievanceDeclinedV1,
    GrievanceDispatchedV1,
    GrievanceMovedV1,
    GrievanceResolvedV1,
    WorkOrderAcceptedV1,
)

Progressing = (
    GrievanceAppraisedV1 | GrievanceDispatchedV1 | WorkOrderAcceptedV1 | GrievanceResolvedV1 | GrievanceDeclinedV1 | GrievanceMovedV1
)
PROGRESSING: tuple[type[Contract], ...] = (
    GrievanceAppraisedV1,
    GrievanceDispatchedV1,
    WorkOrderAcceptedV1,
    GrievanceResolvedV1,
    GrievanceDeclinedV1,
    GrievanceMovedV1,
)


def on_grievance_progressed(grievance: Grievance, event: Progressing) -> tuple[Grievance, list[Contract]]:
    return grievance.progressed(event.progress), []
