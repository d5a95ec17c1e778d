"""The reply has reached the petitioner (S54)."""

from __future__ import annotations

from services.routing.domain.case import Case
from services.routing.domain.course import fed_back
from services.routing.domain.policy import Policy, opened
from shared.contracts.base import Contract
from shared.contracts.feedback import FedBackV1


def on_fed_back(_policy: Policy, case: Case | None, event: FedBackV1) -> tuple[Case, list[Contract]]:
    return fed_back(opened(case), event)
