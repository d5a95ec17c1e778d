"""Feedback asks to reach the petitioner (S54): the write leaves a pending delivery, a sender takes it from there."""

from __future__ import annotations

from services.intake.domain.delivery import Delivery
from services.intake.domain.grievance import Grievance
from shared.contracts.base import Contract
from shared.contracts.feedback import DeliveryRequestedV1


def on_delivery_requested(grievance: Grievance, event: DeliveryRequestedV1) -> tuple[Grievance, list[Contract]]:
    if grievance.delivery(event.deliveryId) is not None:
        return grievance, []
    asked = Delivery(id=event.deliveryId, purpose=event.purpose, text=event.text, invitation=event.invitation)
    return grievance.with_delivery(asked), []
