"""办理时限, the limits: how soon a grievance is responded to and its result is due, as data (S52). Pure.

The limits of the first version are data/limits.csv, from domain.md's rules of practice; an installation publishes its own (limits_file.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Self

from services.routing.domain.catalogue import Grade
from shared.contracts.intake import Kind

TERM = re.compile(r"([1-9]\d{0,3})([dh])", re.ASCII)


@dataclass(frozen=True)
class Term:
    """How long: so many working days, or so many hours round the clock; the other is None."""

    days: int | None = None
    hours: int | None = None

    @classmethod
    def of(cls, text: str) -> Self:
        """`5d` or `24h`. Raises ValueError for anything else."""
        found = TERM.fullmatch(text)
        if found is None:
            raise ValueError(f"not a term: {text!r}")
        number = int(found[1])
        return cls(days=number) if found[2] == "d" else cls(hours=number)

    def __str__(self) -> str:
        return f"{self.hours}h" if self.days is None else f"{self.days}d"


@dataclass(frozen=True)
class LimitRule:
    """One line: from the day `since` in China on, None for always; `category`, a path of one to three names, `kind` and `grade`, each None
    for any."""

    id: str
    since: date | None
    category: str | None
    kind: Kind | None
    grade: Grade | None
    response: Term
    result: Term

    def fits(self, kind: Kind, grade: Grade, category: str | None, on: date) -> bool:
        if self.since is not None and self.since > on:
            return False
        if self.kind not in (None, kind) or self.grade not in (None, grade):
            return False
        return self.category is None or f"{category or ''}/".startswith(f"{self.category}/")

    def weight(self) -> tuple[bool, int, bool, bool, date]:
        """What is urgent is decided by a rule that says so; else the longest category path, then a named kind, then a named grade, then
        the latest."""
        length = len(self.category.split("/")) if self.category else 0
        return self.grade == "URGENT", length, self.kind is not None, self.grade is not None, self.since or date.min

    def holds_everywhere(self, kind: Kind, grade: Grade) -> bool:
        """Whether it gives this kind and grade a limit for any category and day."""
        return self.category is None and self.fits(kind, grade, None, date.min)


@dataclass(frozen=True)
class Terms:
    """What one grievance has, by which rule of which version."""

    rule: str
    version: int
    response: Term
    result: Term


@dataclass(frozen=True)
class Limits:
    """One version of the rules."""

    version: int
    rules: tuple[LimitRule, ...]

    def of(self, kind: Kind, grade: Grade, category: str | None, on: date) -> Terms:
        """By the weightiest rule that fits; `on` is the day in China from which on the time counts. Raises LookupError when none fits,
        which a published version never does."""
        fitting = [rule for rule in self.rules if rule.fits(kind, grade, category, on)]
        if not fitting:
            raise LookupError(f"no limit for {kind}, {grade}")
        rule = max(fitting, key=LimitRule.weight)
        return Terms(rule.id, self.version, rule.response, rule.result)
