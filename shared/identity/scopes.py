"""Division scopes: a viewer's territory as a text prefix of division codes (architecture.md, section 5).

Official codes have 12 digits: 2 province, 2 city, 2 county, 3 town, 3 village (GB/T 2260, GB/T 10114, statistics digits). Local levels
below the village append one segment each, `370881001901-01` the compound, `370881001901-01-03` a building in it. A scope is cut by its
level and never by its zeros: a real part of a code may end in zero.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


class Level(StrEnum):
    PROVINCE = "PROVINCE"
    CITY = "CITY"
    COUNTY = "COUNTY"
    TOWN = "TOWN"
    VILLAGE = "VILLAGE"
    COMPOUND = "COMPOUND"  # 小区
    BUILDING = "BUILDING"  # 楼栋
    UNIT = "UNIT"  # 单元
    HOUSEHOLD = "HOUSEHOLD"  # 户


_CUTS = {Level.PROVINCE: (0, 2), Level.CITY: (2, 4), Level.COUNTY: (4, 6), Level.TOWN: (6, 9), Level.VILLAGE: (9, 12)}
_LOCAL = (Level.COMPOUND, Level.BUILDING, Level.UNIT, Level.HOUSEHOLD)
_CODE = re.compile(r"[0-9]{12}(?:-[0-9]{2,4}){0,4}", re.ASCII)


class MalformedScope(ValueError):
    """A level and a code that do not belong together. The message names both: division codes are public."""


@dataclass(frozen=True)
class Scope:
    """One division and everything below it."""

    level: Level
    code: str

    def __post_init__(self) -> None:
        if not is_code(self.code):
            raise MalformedScope(f"{self.code!r} is not a division code (12 digits, then -NN for each local level)")
        segments = self.code.count("-")
        if self.level in _CUTS:
            start, end = _CUTS[self.level]
            fits = segments == 0 and not self.code[end:].strip("0") and bool(self.code[start:end].strip("0"))
        else:
            fits = segments == _LOCAL.index(self.level) + 1
        if not fits:
            raise MalformedScope(f"{self.code!r} is not the code of a {self.level}")

    @cached_property
    def prefix(self) -> str:
        """code[:2/4/6/9/12] by level; the whole code for local levels. One of `prefixes(c)` for exactly the codes c it covers."""
        cut = _CUTS.get(self.level)
        return self.code if cut is None else self.code[: cut[1]]

    def covers(self, code: str) -> bool:
        """Whether `code` is this division or lies in it. A malformed code is in nobody's scope."""
        return is_code(code) and _under(code, self.prefix)

    def range(self) -> tuple[str, str]:
        """(from, to), half open, in plain text order: for well-formed codes `from <= code < to` says the same as `covers`."""
        return range_of(self.prefix)


def from_code(code: str, level: Level | str) -> Scope:
    """Raises MalformedScope for an unknown level, a malformed code, or a code that is not of that level."""
    if level not in Level.__members__:
        raise MalformedScope(f"{level!r} is not a division level")
    return Scope(Level(level), code)


def range_of(prefix: str) -> tuple[str, str]:
    """The range of codes of the scope with this prefix; see Scope.range."""
    if len(prefix) < 12:
        return prefix, prefix[:-1] + chr(ord(prefix[-1]) + 1)
    # '.' follows '-' and precedes the digits: the division itself and its '-…' are in, '…-011' beside '…-01' is out.
    return prefix, prefix + "."


def widest(scopes: Collection[Scope]) -> tuple[str, ...]:
    """The prefixes of those of which none lies in another: what a wider one holds too is not to be listed or counted twice."""
    own = {scope.prefix for scope in scopes}
    return tuple(sorted({scope.prefix for scope in scopes if own.isdisjoint(set(prefixes(scope.code)) - {scope.prefix})}))


def is_code(code: str) -> bool:
    return _CODE.fullmatch(code) is not None


def prefixes(code: str) -> tuple[str, ...]:
    """The prefixes of all scopes that cover `code`, from province to the division itself: an equality index for lists by territory.

    `370881001901-01` → ("37", "3708", "370881", "370881001", "370881001901", "370881001901-01"). Empty for a malformed code.
    """
    if not is_code(code):
        return ()
    found: list[str] = []
    for start, end in _CUTS.values():
        if not code[start:end].strip("0"):
            return tuple(found)
        found.append(code[:end])
    for position, character in enumerate(code):
        if character == "-" and position > 12:
            found.append(code[:position])
    return (*found, code) if len(code) > 12 else tuple(found)


def holds(division: str, place: str) -> bool:
    """Whether `place` is that division or lies in it, by the codes' form; a malformed code holds nothing and lies nowhere."""
    own = prefixes(division)
    return bool(own) and own[-1] in prefixes(place)


def _under(code: str, prefix: str) -> bool:
    return code.startswith(prefix) and (len(prefix) < 12 or len(code) == len(prefix) or code[len(prefix)] == "-")
