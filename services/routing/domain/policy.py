"""What routing decides by: the catalogue, the calendar, the classifier, and who heads which department. Pure; passed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from services.routing.domain.case import Case
from services.routing.domain.catalogue import Catalogue
from services.routing.domain.workdays import Due
from shared.contracts.intake import Owner


@dataclass(frozen=True)
class Policy:
    """`now`: business time. `head_of`, `receiver_of`: None while the reference of that department has not arrived; it fails nothing."""

    now: Callable[[], datetime]
    catalogue: Catalogue
    limit: Callable[[datetime, int], Due]
    classify: Callable[[str, str], str | None]
    head_of: Callable[[str], Owner | None]
    receiver_of: Callable[[str], str | None] = lambda _department: None


def opened(case: Case | None) -> Case:
    """The case that an event is about; without one the event is a fault."""
    if case is None:
        raise LookupError("an event for a case that was never opened here")
    return case
