"""A household (S5, S30): where it lives, whose team it is with, when it was visited. Names, phones and door numbers are sealed. Pure.

Its `facts` are what the projector counts (shared/projector.py): for each territory and team that it belongs to, numbers per period.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from services.intake.domain.rhythms import EARLIEST, LATEST
from shared.identity.scopes import prefixes


class Visit(BaseModel):
    """A visit as it is counted: when (ISO day), by which team and member. That of an encounter has the encounter's id.

    `marked`: the member's own record tells of it too.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    on: str
    team: str
    member: str
    marked: bool = False


class Household(BaseModel):
    """`village` is the 12-digit code. Sealed: `place`, that or a local level below it, and `number`, which tells households of a village
    apart: together they are an address."""

    model_config = ConfigDict(frozen=True)

    id: str
    village: str
    place: str
    number: str
    team: str | None
    contract: str | None
    """包保: the member who answers for it."""
    persons: int
    person: str
    key: str
    """The wrapped data key."""
    head: str | None
    phone: str | None
    address: str | None
    digest: str
    """Keyed digest of the row in clear: the same row again is no change."""
    visits: list[Visit] = []

    def visited(self, visit: Visit) -> Self:
        """With this visit; the same again is no change."""
        known = any(each.id == visit.id for each in self.visits)
        return self if known else self.model_copy(update={"visits": [*self.visits, visit]})

    def not_visited(self, visit: str) -> Self:
        """Without this visit: it was of another household."""
        return self.model_copy(update={"visits": [each for each in self.visits if each.id != visit]})

    def marked(self, visit: str) -> Self:
        marked = [each.model_copy(update={"marked": True}) if each.id == visit else each for each in self.visits]
        return self.model_copy(update={"visits": marked})

    @property
    def last_visit(self) -> str | None:
        return max((visit.on for visit in self.visits), default=None)

    def visited_in(self, period: str) -> bool:
        """`period` is a month `2020-06` or a year `2020`."""
        return any(visit.on.startswith(period) for visit in self.visits)

    def facts(self) -> dict[str, Any]:
        """Where it counts and what: households, persons, and per month and year whether visited and how often."""
        numbers: dict[str, int] = {"households": 1, "persons": self.persons}
        # Once a day is once: who records it again has not gone again.
        for _member, day in sorted({(visit.member, visit.on) for visit in self.visits}):
            for period in periods(day):
                numbers[f"visited:{period}"] = 1
                numbers[f"visits:{period}"] = numbers.get(f"visits:{period}", 0) + 1
        # The province is one city's: its number is the city's.
        places = list(prefixes(self.village)[1:])
        return {"at": places + ([f"team:{self.team}"] if self.team else []), "n": numbers}


def periods(day: str) -> tuple[str, str]:
    """The month and the year of a day: 2020-06-05 → 2020-06, 2020."""
    return day[:7], day[:4]


def is_period(text: str) -> bool:
    """Whether the text is a year or a month that exists."""
    try:
        day = date.fromisoformat(f"{text}-01" if len(text) == 7 else f"{text}-01-01")
    except ValueError:
        return False
    return len(text) in (4, 7) and EARLIEST <= day < LATEST
