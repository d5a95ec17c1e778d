"""The secretary added what was not told at registration: whose grievance it is may be known only now."""

from __future__ import annotations

from services.routing.domain.case import Case
from services.routing.domain.policy import Policy, opened
from shared.contracts.base import Contract
from shared.contracts.intake import GrievanceCompletedV1


def on_grievance_completed(_policy: Policy, case: Case | None, event: GrievanceCompletedV1) -> tuple[Case, list[Contract]]:
    return opened(case).told_of(event.petitionerRef, event.subject, event.nameMarks), []
