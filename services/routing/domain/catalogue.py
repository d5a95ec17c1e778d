"""The dispatch catalogue and the limits, as data: who handles what, and in how many working days (S48, S52). Pure.

The rules of the first version are data/catalogue.csv; an installation publishes its own (catalogue_file.py).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from services.routing.domain.targets import HOTLINE, Departments, office_of, resolve
from shared.contracts.intake import Kind

Grade = Literal["CONSULTATION", "ORDINARY", "COMPLEX", "URGENT"]

# Working days in which a department may send a work order back (domain.md, rules of practice).
RETURN_DAYS = 2
# Working days in which a dispatcher decides on a return.
DECISION_DAYS = 1
# Working days by which a result may be put off, once with each department (domain.md, rules of practice).
EXTENSION_DAYS = 10
# Days ahead by which a suspension is expected to end, and how many there may be in one round.
SUSPENSION_DAYS = 30
SUSPENSIONS = 2


@dataclass(frozen=True)
class DispatchRule:
    """One line: `category`, a path of one to three names or None for any; `division`, a code prefix, "" for any; `kind`, None for any.

    `department` is who handles it: a department's code, or a target (targets.py). `co` are the departments that handle a part of it each.
    `days`: working days for the result; None: by grade.
    """

    id: str
    category: str | None
    division: str
    department: str
    kind: Kind | None = None
    co: tuple[str, ...] = ()
    days: int | None = None

    def fits(self, category: str | None, division: str, kind: Kind) -> bool:
        if not division.startswith(self.division) or self.kind not in (None, kind):
            return False
        return self.category is None or f"{category or ''}/".startswith(f"{self.category}/")

    def weight(self) -> tuple[int, int, bool]:
        """The longest division prefix first, then the longest category path, then a named kind."""
        return len(self.division), len(self.category.split("/")) if self.category else 0, self.kind is not None


@dataclass(frozen=True)
class Choice:
    """Whom a rule means for one grievance, by their codes."""

    rule: DispatchRule
    department: str
    co: tuple[str, ...]
    platform: bool
    """Whether 12345 is to have it; `department` is then the office that answers for it."""


@dataclass(frozen=True)
class Catalogue:
    """One version of the rules."""

    version: int
    rules: tuple[DispatchRule, ...]

    def choose(self, category: str | None, division: str, kind: Kind, accused: Collection[str], known: Departments) -> Choice:
        """The weightiest rule that leads to somebody; whom the grievance accuses never gets it. Raises LookupError when no rule does."""
        fitting = (rule for rule in self.rules if rule.fits(category, division, kind))
        for rule in sorted(fitting, key=DispatchRule.weight, reverse=True):
            target = resolve(rule.department, division, known)
            department = office_of(target) if target else None
            if department is not None and department not in accused:
                co = dict.fromkeys(resolve(each, division, known) for each in rule.co)
                others = tuple(each for each in co if each and each not in {department, *accused})
                return Choice(rule, department, others, platform=target == HOTLINE)
        raise LookupError("no dispatch rule leads to anybody")


def grade_of(kind: Kind, urgent: bool) -> Grade:
    """分级 (S48), first form: what is urgent, what is a question, and everything else."""
    if urgent:
        return "URGENT"
    return "CONSULTATION" if kind == "CONSULTATION" else "ORDINARY"
