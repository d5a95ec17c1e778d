"""Routing hands it to the 12345 platform (S50): the order that goes there is issued here, where the words are."""

from __future__ import annotations

from collections.abc import Callable

from services.intake.domain.grievance import Grievance
from services.intake.domain.hotline import issue
from shared.contracts.base import Contract
from shared.contracts.routing import HandoffRequestedV1

Named = Callable[[str], str | None]
"""The name of a division by its code; None for one that is not known."""


def on_handoff_requested(named: Named, grievance: Grievance, event: HandoffRequestedV1) -> tuple[Grievance, list[Contract]]:
    return issue(grievance.progressed(event.progress), event, named(grievance.division))
