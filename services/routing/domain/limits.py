from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.routing.domain.catalogue import Grade
from shared.contracts.intake import Kind


@dataclass(frozen=True)
class Term:
    days: int | None
    hours: int | None


@dataclass(frozen=True)
class Terms:
    rule: str
    version: int
    response: Term
    result: Term


@dataclass(frozen=True)
class Limits:
    version: int = 1

    def of(self, kind: Kind, grade: Grade, category: str | None, on: date) -> Terms:
        if grade == "URGENT":
            return Terms("urgent", 1, Term(None, 2), Term(None, 24))
        return Terms(grade.lower(), 1, Term(1, None), Term({"CONSULTATION": 1, "ORDINARY": 5, "COMPLEX": 15}[grade], None))
