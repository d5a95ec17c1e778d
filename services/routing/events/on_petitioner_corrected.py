"""What was taken down wrongly of the petitioner was put right: whose grievance it is may have changed."""

from __future__ import annotations

from services.routing.domain.case import Case
from services.routing.domain.policy import Policy, opened
from shared.contracts.base import Contract
from shared.contracts.intake import PetitionerCorrectedV1


def on_petitioner_corrected(_policy: Policy, case: Case | None, event: PetitionerCorrectedV1) -> tuple[Case, list[Contract]]:
    return opened(case).told_of(event.petitionerRef, event.subject, event.nameMarks), []
