"""Feedback knows that the reply has arrived (S54): its link was opened, or a caller has read it out. Nobody has to tell it any more."""

from __future__ import annotations

from services.intake.domain.grievance import Grievance
from services.intake.domain.telling import heard_of_elsewhere
from shared.contracts.base import Contract
from shared.contracts.feedback import FedBackV1


def on_fed_back(grievance: Grievance, event: FedBackV1) -> tuple[Grievance, list[Contract]]:
    return heard_of_elsewhere(grievance, event.deliveryId), []
