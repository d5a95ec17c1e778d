"""重算期限 (S57): what was reckoned by weekdays, for want of a calendar, is reckoned once more when the calendar is there. Pure."""

from __future__ import annotations

from datetime import datetime

from services.routing.domain.case import SYSTEM, Case
from services.routing.domain.reckoning import Reckoning
from shared.contracts.base import Contract
from shared.contracts.routing import GrievanceMovedV1


def provisional(case: Case) -> bool:
    return case.deadlines.response.provisional or case.deadlines.result.provisional


def fix(case: Case, reckoning: Reckoning, at: datetime) -> tuple[Case, list[Contract]] | None:
    """None where the calendar says nothing new."""
    held = case.deadlines
    response, result = (each.fixed(SYSTEM, at, reckoning) for each in (held.response, held.result))
    if (response, result) == (held.response, held.result):
        return None
    after = case.moved("FIX_DEADLINE", at, SYSTEM).with_deadline(response=response, result=result)
    return after, [GrievanceMovedV1(action="FIX_DEADLINE", by=SYSTEM, progress=after.progress(at))]
