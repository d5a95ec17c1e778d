"""督办单 and 红黄牌 as the case keeps them: what supervision demands of a department, and what it holds against it. Pure data."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from services.routing.domain.nodes import Node
from services.routing.domain.work_order import Asked
from shared.contracts.intake import Owner
from shared.erasure import ERASED, blanked

Outcome = Literal["ACCEPTED", "REFUSED", "UNANSWERED"]
Colour = Literal["YELLOW", "RED"]
Ground = Literal["RESPONSE_OVERDUE", "RESULT_OVERDUE", "RESULT_TO_CITY", "ORDER_OVERDUE", "BY_HAND"]


class SupervisionOrder(BaseModel):
    """督办单: a supervisor demands of a department that it replies by then. `ordinal` counts from 1 in its case; `follows` is the order
    before it in the chain, that was answered badly or not at all. `head`: to whom it is addressed, by id; None while the department's row
    has not arrived. It is about the work order that was sent at `dispatched_at`, and lapses with it."""

    model_config = ConfigDict(frozen=True)

    ordinal: int
    follows: int | None
    at: datetime
    by: Owner
    department: str
    head: str | None
    dispatched_at: datetime
    demand: str
    due_at: datetime
    nodes: list[Node] = []
    reply: str | None = None
    replied_at: datetime | None = None
    replied_by: Owner | None = None
    outcome: Outcome | None = None
    answer: str | None = None
    decided_at: datetime | None = None
    decided_by: Owner | None = None

    def replied(self, reply: str, by: Owner, at: datetime) -> Self:
        return self.model_copy(update={"reply": reply, "replied_by": by, "replied_at": at})

    def ended(self, outcome: Outcome, answer: str | None, by: Owner, at: datetime) -> Self:
        return self.model_copy(update={"outcome": outcome, "answer": answer, "decided_by": by, "decided_at": at})

    def without_words(self) -> Self:
        words = {"demand": ERASED, "reply": blanked(self.reply), "answer": blanked(self.answer)}
        return self.model_copy(update=words)


class Correction(BaseModel):
    """更正: what the card is from then on; None: it is taken back."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    by: Owner
    colour: Colour | None
    reason: str

    def without_words(self) -> Self:
        return self.model_copy(update={"reason": ERASED})


class Card(BaseModel):
    """黄牌 or 红牌 of a department, `given` in a month in China (2026-11). `ordinal` counts from 1 in its case. `reason`: of one that a
    supervisor gave. What was given is never changed: corrections follow it."""

    model_config = ConfigDict(frozen=True)

    ordinal: int
    department: str
    month: str
    given: Colour
    ground: Ground
    at: datetime
    by: Owner
    reason: str | None = None
    appeal: Asked | None = None
    corrections: list[Correction] = []

    @property
    def colour(self) -> Colour | None:
        """What it is now; None: it was taken back."""
        return self.corrections[-1].colour if self.corrections else self.given

    @property
    def appealed(self) -> bool:
        """Whether somebody has to decide on it."""
        return self.appeal is not None and self.appeal.granted is None

    def without_words(self) -> Self:
        words = {
            "reason": blanked(self.reason),
            "appeal": self.appeal.without_words() if self.appeal else None,
            "corrections": [each.without_words() for each in self.corrections],
        }
        return self.model_copy(update=words)
