"""The first response 首次响应 to a grievance, and whether it came in time. Pure.

What follows (a rework, another department, a withdrawal) changes nothing of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from services.feedback.domain.timeline import Entry
from shared.contracts.routing import Progress, Status

RESPONDED: frozenset[Status] = frozenset({"HANDLING", "RESOLVED", "ANSWERED_ON_SPOT", "NOT_ACCEPTED"})
"""The first of these states is a response: somebody has it in hand, has answered, or has told why not."""
DEPARTMENT_ROLES = frozenset({"HANDLER", "DEPARTMENT_HEAD"})
DISPATCHED_TO = "dispatched to "
LATE_BEFORE = "red warning: the first response"


class FirstResponse(BaseModel):
    """`in_time`: it came before the red warning of its deadline; if not, `at` is when that was given. `department`: which answered for the
    grievance then; None where none did."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    in_time: bool
    department: str | None


def came(progress: Progress) -> FirstResponse | None:
    return _of(progress, in_time=True) if progress.status in RESPONDED else None


def came_not(progress: Progress) -> FirstResponse:
    """The red warning was given."""
    return _of(progress, in_time=False)


def _of(progress: Progress, *, in_time: bool) -> FirstResponse:
    owner = progress.owner
    return FirstResponse(at=progress.at, in_time=in_time, department=owner.unit if owner.role in DEPARTMENT_ROLES else None)


def told_by(timeline: Sequence[Entry]) -> FirstResponse | None:
    """By the history, of follow-ups of before it was kept."""
    department = None
    for entry in timeline:
        if entry.service != "routing":
            continue
        if entry.what.startswith(DISPATCHED_TO):
            department = entry.what.removeprefix(DISPATCHED_TO)
        in_time = entry.status in RESPONDED
        if in_time or entry.what.startswith(LATE_BEFORE):
            return FirstResponse(at=entry.at, in_time=in_time, department=department)
    return None
