"""What intake does with the events of the others: which event, as which change. One consumer per file."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from services.intake.domain.grievance import Grievance
from services.intake.events.on_delivery_requested import on_delivery_requested
from services.intake.events.on_fed_back import on_fed_back
from services.intake.events.on_grievance_progressed import PROGRESSING, on_grievance_progressed
from services.intake.events.on_handoff_requested import Named, on_handoff_requested
from shared.contracts.base import Contract
from shared.contracts.feedback import DeliveryRequestedV1, FedBackV1
from shared.contracts.routing import HandoffRequestedV1
from shared.envelope import Event
from shared.erasure import without_words

OnEvent = Callable[[Grievance, Any], tuple[Grievance, list[Contract]]]

Consumers = dict[str, tuple[type[Contract], OnEvent]]


def consumers(named: Named) -> Consumers:
    return {
        **{contract.type: (contract, on_grievance_progressed) for contract in PROGRESSING},
        DeliveryRequestedV1.type: (DeliveryRequestedV1, on_delivery_requested),
        FedBackV1.type: (FedBackV1, on_fed_back),
        HandoffRequestedV1.type: (HandoffRequestedV1, partial(on_handoff_requested, named)),
    }


CONSUMERS = consumers(lambda _code: None)


def consumer(named: Named) -> Callable[[Grievance | None, Event], tuple[Grievance, list[Contract]]]:
    """The apply function of intake where divisions are called so."""
    known = consumers(named)

    def apply(state: Grievance | None, event: Event) -> tuple[Grievance, list[Contract]]:
        """The change that this event means. Intake opens every grievance itself: without one the event is a fault."""
        if state is None:
            raise LookupError("an event for a grievance that was never registered here")
        contract, consume = known[event.type]
        if state.erasure is not None:
            event = without_words(event)
        return consume(state, contract.read(event.data()))

    return apply
