"""The dispatch catalogue and the limits, as data: which department for what, and how many working days (S48, S52). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shared.contracts.intake import Kind

Grade = Literal["CONSULTATION", "ORDINARY", "COMPLEX", "URGENT"]

# Working days until the result is due (domain.md, rules of practice). Urgent ones run round the clock.
LIMIT_DAYS: dict[Grade, int] = {"CONSULTATION": 1, "ORDINARY": 5, "COMPLEX": 15}
URGENT_HOURS = 24
# Working days in which a department may send a work order back (domain.md, rules of practice).
RETURN_DAYS = 2
# Working days by which a result may be put off, once with each department (domain.md, rules of practice).
EXTENSION_DAYS = 10
# The 12345 platform as a place to which one dispatches, and the office that answers for what is there: it has a head.
HOTLINE = "12345"
HOTLINE_OFFICE = "D-3708-RXB"


def office_of(department: str) -> str:
    """The unit that answers for what is sent there."""
    return HOTLINE_OFFICE if department == HOTLINE else department


@dataclass(frozen=True)
class DispatchRule:
    """`category`: a first-level category or None for any; `division`: a code prefix, "" for any."""

    id: str
    category: str | None
    division: str
    department: str


@dataclass(frozen=True)
class Catalogue:
    """One version of the rules. The longest division prefix wins, then the named category before any."""

    version: int
    rules: tuple[DispatchRule, ...]

    def choose(self, category: str | None, division: str, accused: list[str]) -> DispatchRule:
        """The rule for a grievance; an accused department never gets what is about it. Raises LookupError when no rule fits."""
        first = category.split("/")[0] if category else None
        fitting = [
            rule
            for rule in self.rules
            if division.startswith(rule.division) and rule.category in (None, first) and office_of(rule.department) not in accused
        ]
        if not fitting:
            raise LookupError("no dispatch rule fits")
        return max(fitting, key=lambda rule: (len(rule.division), rule.category is not None))


def grade_of(kind: Kind, urgent: bool) -> Grade:
    """分级 (S48), first form: what is urgent, what is a question, and everything else."""
    if urgent:
        return "URGENT"
    return "CONSULTATION" if kind == "CONSULTATION" else "ORDINARY"


# The first catalogue: six seeded departments. What 鲁城街道 hears is handled by its 党工委 (the sign-board case);
# elsewhere the first-level category decides; the hotline office takes what no rule names.
FIRST_CATALOGUE = Catalogue(
    version=1,
    rules=(
        DispatchRule("lucheng", None, "370881001", "D-370881001-DGW"),
        DispatchRule("construction", "城乡建设", "3708", "D-3708-ZJJ"),
        DispatchRule("transport", "交通运输", "3708", "D-3708-ZJJ"),
        DispatchRule("labour", "劳动和社会保障", "3708", "D-3708-RSJ"),
        DispatchRule("education", "教育文体", "3708", "D-3708-JTJ"),
        DispatchRule("trade", "商贸旅游", "3708", "D-3708-SJJ"),
        DispatchRule("fallback", None, "3708", "D-3708-RXB"),
        DispatchRule("discipline", None, "", "D-3708-RXB"),
    ),
)
