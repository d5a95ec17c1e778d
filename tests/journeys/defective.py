"""`python -m tests.journeys.defective worker`: feedback as it would be with a defect in the consumer of one event. Only tests have it."""

from __future__ import annotations

import runpy
from typing import Any, NoReturn

from services.feedback import events
from shared.contracts.routing import GrievanceDispatchedV1


def defect(*_: Any) -> NoReturn:
    raise ZeroDivisionError


if __name__ == "__main__":
    events.WITHOUT_RULES[GrievanceDispatchedV1.type] = (GrievanceDispatchedV1, defect)
    runpy.run_module("services.feedback", run_name="__main__", alter_sys=True)
