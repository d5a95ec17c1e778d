"""The petitioner was erased: the case stays, without their words and without knowing whose it was."""

from __future__ import annotations

from services.routing.domain.case import Case, erase_petitioner
from services.routing.domain.policy import Policy, opened
from shared.contracts.base import Contract
from shared.contracts.intake import PersonalDataErasedV1


def on_personal_data_erased(_policy: Policy, case: Case | None, event: PersonalDataErasedV1) -> tuple[Case, list[Contract]]:
    return erase_petitioner(opened(case), event.petitionerRef), []
