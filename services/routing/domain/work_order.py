"""What stands in a case: its moves, the work order, what was asked and decided, and why it was not accepted. Pure data."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict

from services.routing.domain.lifecycle import Action
from services.routing.domain.part import Part, contributing
from shared.contracts.intake import Owner
from shared.contracts.routing import (
    Status,
)
from shared.erasure import ERASED, blanked

# The rule of a work order that a dispatcher has sent.
BY_HAND = "by-hand"


class Transition(BaseModel):
    """One move in the case's history."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    action: Action
    status: Status
    by: Owner


class WorkOrder(BaseModel):
    """What a department has in hand, as the lead (主办). `round` counts from 1; each rework is a round. `rule` is the catalogue's that sent
    it there, or BY_HAND where a dispatcher did, who says in `reason` why. `receiver` (首接) is who takes it first there, by id; None while
    the department's row has not arrived. `parts`: what others contribute (协办)."""

    model_config = ConfigDict(frozen=True)

    department: str
    rule: str
    rule_version: int
    round: int
    dispatched_at: datetime
    accepted_at: datetime | None = None
    resolved_at: datetime | None = None
    resolution: str | None = None
    evidence: list[str] = []
    reason: str | None = None
    receiver: str | None = None
    returnable_until: datetime | None = None
    """None: it was sent before this was kept."""
    parts: list[Part] = []
    handoff: str | None = None
    """The id of the order by which 12345 has it (handoff.py)."""

    def departments(self) -> list[str]:
        """Who sees it: the lead first, then those who contribute."""
        return [self.department, *contributing(self.parts)]


class Asked(BaseModel):
    """What a department asks for and somebody else decides on; `granted` is None while it waits."""

    model_config = ConfigDict(frozen=True)

    department: str
    at: datetime
    by: Owner
    reason: str
    granted: bool | None = None
    decided_at: datetime | None = None
    decided_by: Owner | None = None
    answer: str | None = None

    def decided(self, granted: bool, answer: str, by: Owner, at: datetime) -> Self:
        return self.model_copy(update={"granted": granted, "answer": answer, "decided_by": by, "decided_at": at})

    def without_words(self) -> Self:
        return self.model_copy(update={"reason": ERASED, "answer": blanked(self.answer)})


class Return(Asked):
    """退单: a department says that a work order is not its own, and a dispatcher decides. It keeps by which rule it had come."""

    rule: str
    rule_version: int
    sent_to: str | None = None
    decide_by: datetime | None = None


class Extension(Asked):
    """延期: a department asks for working days more, and a supervisor decides. `due` is when the result was due as it was asked."""

    round: int
    days: int
    due: datetime


class Declined(BaseModel):
    """不予受理: why, and which way is the proper one; both in words for the petitioner."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    by: Owner
    reason: str
    route: str
