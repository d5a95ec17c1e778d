"""Whom a dispatch may mean beside a department by its code: the committee of a tier, or the next one up (S8, S23). Pure."""

from __future__ import annotations

from collections.abc import Mapping

from shared.contracts.intake import DepartmentRow
from shared.identity.scopes import prefixes

Departments = Mapping[str, DepartmentRow]

TIERS: dict[str, int] = {"VILLAGE": 12, "TOWN": 9, "COUNTY": 6, "CITY": 4}
"""三级联动 市-镇-村, and the county between: the committee (党委, 党工委) of the village, town, county or city of the grievance. How many
digits of its code name it."""
UP = "UP"
"""上报上级党工委: the committee next above whoever has it."""
# The 12345 platform, and the office that answers for what is there: it has a head.
HOTLINE = "12345"
HOTLINE_OFFICE = "D-3708-RXB"
TARGETS = (*TIERS, UP, HOTLINE)


def office_of(department: str) -> str:
    """The unit that answers for what is sent there."""
    return HOTLINE_OFFICE if department == HOTLINE else department


def resolve(target: str, division: str, known: Departments, of: str | None = None) -> str | None:
    """The code of the department that a target means for this place; None when there is no such committee. `of` is the department that
    has it, above which UP looks; without one it looks above the village. Any other text is a department's code already, known or not: a
    reference that has not arrived fails nothing."""
    if target == UP:
        return _above(_digits(known[of].division) if of and of in known else TIERS["VILLAGE"], division, known)
    if target in TIERS:
        return _committees(division, known).get(TIERS[target])
    return target


def _above(digits: int, division: str, known: Departments) -> str | None:
    wider = {length: code for length, code in _committees(division, known).items() if length < digits}
    return wider[max(wider)] if wider else None


def _committees(division: str, known: Departments) -> dict[int, str]:
    """The committees that hold a place, by how many digits name their division; of two in one place the first by code."""
    holding = prefixes(division)
    found: dict[int, str] = {}
    for code in sorted(known, reverse=True):
        row = known[code]
        if row.committee and prefixes(row.division)[-1] in holding:
            found[_digits(row.division)] = code
    return found


def _digits(division: str) -> int:
    return len(prefixes(division)[-1])
