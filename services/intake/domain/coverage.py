"""Coverage (S5, S6, S8, S13): how many households were visited and are to be visited, who is behind and by how much, who went out. Pure.

The numbers come from projected buckets (shared/projector.py); a period is a month `2020-06` or a year `2020`.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from services.intake.domain.people import RANKS, Rank
from services.intake.domain.territory import DivisionLevel, Territory

Numbers = Mapping[str, int]
TIERS = 3
ROWS = 1_000
"""The most rows of one answer: a county with its towns and villages has some 500."""
NAMED = 20
"""Up to so many places are read by name; more of them as one range of what lies below."""


@dataclass(frozen=True)
class Covered:
    """Of one territory or team. `behind`: how many households fewer than the days gone by ask for."""

    households: int
    persons: int
    visited: int
    to_visit: int
    visits: int
    behind: int


@dataclass(frozen=True)
class Participation:
    """Of one rank: how many members there are, and how many of them went out."""

    rank: Rank
    members: int
    went_out: int


def covered(numbers: Numbers, period: str, today: date) -> Covered:
    households, visited = numbers.get("households", 0), numbers.get(f"visited:{period}", 0)
    due = expected(households, period, today)
    return Covered(
        households=households,
        persons=numbers.get("persons", 0),
        visited=visited,
        to_visit=households - visited,
        visits=numbers.get(f"visits:{period}", 0),
        behind=max(0, due - visited),
    )


def expected(households: int, period: str, today: date) -> int:
    """How many should have been visited by the end of today, if the period's days bore alike; all of them once it is over."""
    year = int(period[:4])
    if len(period) == 7:
        month = int(period[5:])
        first, days = date(year, month, 1), calendar.monthrange(year, month)[1]
    else:
        first, days = date(year, 1, 1), 365 + calendar.isleap(year)
    gone = min(max((today - first).days + 1, 0), days)
    return households * gone // days


def participation(numbers: Numbers, period: str) -> list[Participation]:
    """By rank, leaders first (S13 领导带头)."""
    found = (Participation(rank, numbers.get(f"members:{rank}", 0), numbers.get(f"out:{period}:{rank}", 0)) for rank in reversed(RANKS))
    return [row for row in found if row.members]


def down(territory: Territory, division: str, tiers: int) -> list[str]:
    """The division and what lies up to `tiers` levels below it, to the village; in code order, wider first."""
    found = [division]
    level = [division]
    for _ in range(tiers):
        level = [child for place in level for child in _children(territory, place)]
        found += level
    return found


def _children(territory: Territory, place: str) -> Iterable[str]:
    if territory.get(place).level is DivisionLevel.VILLAGE:
        return []
    page = territory.children(place, first=10_000)
    return [child.code for child in page.items]
