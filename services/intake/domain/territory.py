"""The division tree: province, city, county, town, village by 12-digit code, and local levels below the village.

Codes follow GB/T 2260 (county and above), GB/T 10114 (town) and the statistics digits of the village (row S27). Below a village each level
appends a segment `-NN` of two to four digits (row S28): compound, building, unit, household.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class DivisionLevel(StrEnum):
    """Levels from the widest to the narrowest, in this order."""

    PROVINCE = "PROVINCE"
    CITY = "CITY"
    COUNTY = "COUNTY"
    TOWN = "TOWN"
    VILLAGE = "VILLAGE"
    COMPOUND = "COMPOUND"
    BUILDING = "BUILDING"
    UNIT = "UNIT"
    HOUSEHOLD = "HOUSEHOLD"


# How many digits of the 12 name the place at this level; the rest are zeros.
DIGITS: Final[Mapping[DivisionLevel, int]] = {
    DivisionLevel.PROVINCE: 2,
    DivisionLevel.CITY: 4,
    DivisionLevel.COUNTY: 6,
    DivisionLevel.TOWN: 9,
    DivisionLevel.VILLAGE: 12,
}
LOCAL_LEVELS: Final = (DivisionLevel.COMPOUND, DivisionLevel.BUILDING, DivisionLevel.UNIT, DivisionLevel.HOUSEHOLD)
_FORM: Final = re.compile(r"[0-9]{12}(?:-[0-9]{2,4}){0,4}")


class BadDivision(ValueError):
    """A row or a code cannot be part of a division tree: malformed code, wrong level, missing parent, doubled code."""


class UnknownDivision(LookupError):
    """No division has this code."""

    def __init__(self, code: str) -> None:
        super().__init__(f"unknown division code: {code!r}")
        self.code = code


@dataclass(frozen=True, slots=True)
class DivisionRow:
    """One row as it is delivered. `local` marks a row that is not in the official list."""

    code: str
    level: DivisionLevel
    name: str
    local: bool = False
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Division:
    """One place. `parent` is the code of the next wider division, None for the root of the tree; `aliases` are what people call it."""

    code: str
    level: DivisionLevel
    name: str
    local: bool
    parent: str | None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DivisionPage:
    """Children in code order; `next` is the code to pass as `after` for the following page, None at the end."""

    items: tuple[Division, ...]
    next: str | None


def is_code(code: str) -> bool:
    """Whether the text has the form of a division code; says nothing about whether the place exists."""
    return _FORM.fullmatch(code) is not None


def level_of(code: str) -> DivisionLevel:
    """The level that the code's own form tells. Raises BadDivision for a text that is no code."""
    if not is_code(code):
        raise BadDivision(f"not a division code: {code!r}")
    segments = code.count("-")
    if segments:
        if code[9:12] == "000":
            raise BadDivision(f"a local level must stand below a village: {code!r}")
        return LOCAL_LEVELS[segments - 1]
    for level, digits in DIGITS.items():
        if not code[digits:].strip("0"):
            return level
    raise AssertionError(code)  # twelve digits always end at the village


def parent_code(code: str) -> str | None:
    """The code one level up, by form alone; None for a province. Raises BadDivision for a text that is no code."""
    level = level_of(code)
    if level in LOCAL_LEVELS:
        return code.rpartition("-")[0]
    if level is DivisionLevel.PROVINCE:
        return None
    levels = list(DIGITS)
    return code[: DIGITS[levels[levels.index(level) - 1]]].ljust(12, "0")


class Territory:
    """An immutable division tree built from rows; every look-up is in memory."""

    def __init__(self, rows: Iterable[DivisionRow]) -> None:
        """Raises BadDivision at the first row that does not fit: the tree is never half built."""
        divisions: dict[str, Division] = {}
        for row in rows:
            if row.code in divisions:
                raise BadDivision(f"division {row.code} appears twice: {divisions[row.code].name}, {row.name}")
            if level_of(row.code) is not row.level:
                raise BadDivision(f"division {row.code} {row.name}: level {row.level}, but its code says {level_of(row.code)}")
            if not row.name or row.name != row.name.strip():
                raise BadDivision(f"division {row.code} has no clean name: {row.name!r}")
            divisions[row.code] = Division(row.code, row.level, row.name, row.local, parent_code(row.code), row.aliases)
        children: dict[str | None, list[str]] = {}
        for division in divisions.values():
            if division.parent is not None and division.parent not in divisions:
                raise BadDivision(f"division {division.code} {division.name}: its parent {division.parent} is missing")
            children.setdefault(division.parent, []).append(division.code)
        self._divisions = divisions
        self._children = {parent: tuple(sorted(codes)) for parent, codes in children.items()}

    def __len__(self) -> int:
        return len(self._divisions)

    def __iter__(self) -> Iterator[Division]:
        return iter(self._divisions.values())

    def knows(self, code: str) -> bool:
        """Whether this very code is in the tree."""
        return code in self._divisions

    def find(self, code: str) -> Division | None:
        """The division of this code, or None."""
        return self._divisions.get(code)

    def get(self, code: str) -> Division:
        """The division of this code; raises UnknownDivision."""
        division = self._divisions.get(code)
        if division is None:
            raise UnknownDivision(code)
        return division

    def chain(self, code: str) -> tuple[Division, ...]:
        """The division and its ancestors, widest first. Raises UnknownDivision."""
        links = [self.get(code)]
        while links[-1].parent is not None:
            links.append(self._divisions[links[-1].parent])
        return tuple(reversed(links))

    def ancestor(self, code: str, level: DivisionLevel) -> Division | None:
        """The division itself or its ancestor at this level; None where the code is wider than the level. Raises UnknownDivision."""
        return next((link for link in self.chain(code) if link.level is level), None)

    def full_name(self, code: str) -> str:
        """The name from the city down, as people write it: 济宁市曲阜市鲁城街道鼓楼社区. A province gives its own name.

        Raises UnknownDivision.
        """
        links = self.chain(code)
        named = [link for link in links if link.level is not DivisionLevel.PROVINCE] or list(links)
        return "".join(link.name for link in named)

    def children(self, code: str | None, first: int = 100, after: str | None = None) -> DivisionPage:
        """A page of the direct children in code order; `code` None gives the roots.

        Raises UnknownDivision for an unknown parent, ValueError when `first` is not positive. `after` need not be a child any more:
        the page starts behind the place where it would stand.
        """
        if first < 1:
            raise ValueError("first must be positive")
        if code is not None:
            self.get(code)
        codes = self._children.get(code, ())
        start = bisect_right(codes, after) if after is not None else 0
        page = codes[start : start + first]
        more = start + first < len(codes)
        return DivisionPage(tuple(self._divisions[each] for each in page), page[-1] if more else None)

    def nearest_known(self, code: str) -> Division | None:
        """The division of this code, else its closest ancestor in the tree; None for no code, or one of another province."""
        if not is_code(code):
            return None
        try:
            at: str | None = code
            while at is not None:
                if at in self._divisions:
                    return self._divisions[at]
                at = parent_code(at)
        except BadDivision:
            return None
        return None
