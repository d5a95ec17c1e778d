"""What routing decides by: the catalogue, the calendar, the classifier, and the departments. Pure; passed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from services.routing.domain.case import Case
from services.routing.domain.catalogue import Catalogue
from services.routing.domain.reckoning import Reckoning
from services.routing.domain.targets import Departments


@dataclass(frozen=True)
class Policy:
    """`now`: business time. `catalogue`, `reckoning`: the newest versions. `departments`: as far as they have arrived; what has not fails
    nothing."""

    now: Callable[[], datetime]
    catalogue: Callable[[], Catalogue]
    reckoning: Callable[[], Reckoning]
    classify: Callable[[str, str], str | None]
    departments: Callable[[], Departments]


def opened(case: Case | None) -> Case:
    """The case that an event is about; without one the event is a fault."""
    if case is None:
        raise LookupError("an event for a case that was never opened here")
    return case
