"""What intake does with the events of the others: which event, as which change. One consumer per file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.intake.domain.grievance import Grievance
from services.intake.events.on_delivery_requested import on_delivery_requested
from services.intake.events.on_grievance_progressed import PROGRESSING, on_grievance_progressed
from shared.contracts.base import Contract
from shared.contracts.feedback import DeliveryRequestedV1
from shared.envelope import Event
from shared.erasure import without_words

OnEvent = Callable[[Grievance, Any], tuple[Grievance, list[Contract]]]

CONSUMERS: dict[str, tuple[type[Contract], OnEvent]] = {
    **{contract.type: (contract, on_grievance_progressed) for contract in PROGRESSING},
    DeliveryRequestedV1.type: (DeliveryRequestedV1, on_delivery_requested),
}


def apply(state: Grievance | None, event: Event) -> tuple[Grievance, list[Contract]]:
    """The change that this event means. Intake opens every grievance itself: without one the event is a fault."""
    if state is None:
        raise LookupError("an event for a grievance that was never registered here")
    contract, consume = CONSUMERS[event.type]
    if state.erasure is not None:
        event = without_words(event)
    return consume(state, contract.read(event.data()))
