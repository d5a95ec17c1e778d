"""A place as it is recorded over time: its names with the days they hold from, its aliases, the day it ends; and reception sites.

Official places (S27) come from the committed list, local ones (S28: compound, building, unit below the village) from imports and
commands. One record per code; `Territory` is what holds on one day. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from services.intake.domain.territory import DIGITS, LOCAL_LEVELS, DivisionLevel, DivisionRow, Territory, level_of, parent_code

SiteKind = Literal["PARTY_SERVICE_CENTRE", "COMPOUND_STATION"]
"""党群服务中心, 小区“红帆驿站” (S29)."""


class Name(BaseModel):
    """What a place is called from a day on; None: as far back as is known. Days are ISO texts, `2020-06-05`: a store keeps no dates."""

    model_config = ConfigDict(frozen=True)

    name: str
    since: str | None = None


class Place(BaseModel):
    """One division with its history. `names` in the order of their days; `until` is the first day on which the place is no more."""

    model_config = ConfigDict(frozen=True)

    code: str
    local: bool
    names: list[Name]
    aliases: list[str] = []
    since: str | None = None
    until: str | None = None

    @property
    def level(self) -> DivisionLevel:
        return level_of(self.code)

    def name_on(self, day: date) -> str | None:
        """Its name on that day; None before it is there and after its end."""
        at = day.isoformat()
        if (self.since or "") > at or (self.until is not None and self.until <= at):
            return None
        held = [name.name for name in self.names if (name.since or "") <= at]
        return held[-1] if held else None

    def restated(self, name: str, aliases: list[str], since: str | None, until: str | None) -> Self:
        """Named so from `since` on; None says nothing of days: the present name is confirmed, or, where it was wrong, put right. What was
        known of earlier days stays."""
        if since is None:
            kept = [*self.names[:-1], self.names[-1].model_copy(update={"name": name})]
        else:
            kept = [each for each in self.names if (each.since or "") < since]
            if not kept or kept[-1].name != name:
                kept = [*kept, Name(name=name, since=since)]
        return self.model_copy(update={"names": kept, "aliases": aliases, "until": until})


class Site(BaseModel):
    """Where people are received (S29). `address` is a public office's, no person's."""

    model_config = ConfigDict(frozen=True)

    code: str
    kind: SiteKind
    name: str
    division: str
    address: str


def territory_on(places: Iterable[Place], day: date) -> Territory:
    """The tree of that day. A place whose parent has ended is left out with it, and one that has no name: the rest of the tree stands."""
    rows: dict[str, DivisionRow] = {}
    for place in sorted(places, key=lambda place: (len(place.code), place.code)):
        name = place.name_on(day)
        above = parent_code(place.code)
        if not name or name != name.strip() or (above is not None and above not in rows):
            continue
        rows[place.code] = DivisionRow(place.code, place.level, name, place.local, tuple(place.aliases))
    return Territory(rows.values())


def lineage(code: str) -> list[str]:
    """The codes of the division and of all that hold it, narrowest first, by form alone."""
    found: list[str] = []
    at: str | None = code
    while at is not None:
        found.append(at)
        at = parent_code(at)
    return found


def levels_below(code: str, other: str) -> int:
    """How many levels `other` lies below `code`; negative where it lies above. Both must be well-formed."""
    order = [*DIGITS, *LOCAL_LEVELS]
    return order.index(level_of(other)) - order.index(level_of(code))
