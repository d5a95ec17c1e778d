"""Desks: the open cases that somebody has before them, in the order of the time that is left. Pure.

A case stands under keys: each territory that holds it, the department that has it in hand and those that have a part to
report, the team that heard it. Under a key the order is
(day, at, tie): the day on which the result is due and the very time; what has nothing due comes last, by the day of registration. Most
results are due at the close of work: `tie`, drawn from the number, puts those of one instant in an order that stays.

Under a wide key a day may be read in GRAINS, in that same order, so that a slice stays small however many are open: before the close of
work, at it (in TIES parts by the tie), and after it. Of a city and a county `key=word` leads to what has a word. There are few words: each
slot of a document costs the store at every write.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.routing.domain.case import Case
from services.routing.domain.catalogue import Grade
from services.routing.domain.workdays import CLOSE_OF_WORK
from shared.china_time import CHINA, day_in_china
from shared.contracts.intake import Owner
from shared.contracts.routing import Status
from shared.identity.scopes import prefixes

ENDED: frozenset[Status] = frozenset({"CLOSED", "MERGED", "WITHDRAWN", "NOT_ACCEPTED"})
FOR_DISPATCHERS: tuple[Status, ...] = ("APPRAISING", "RETURN_PENDING")
IN_HAND: tuple[Status, ...] = ("DISPATCHED", "HANDLING", "RETURN_PENDING", "SUSPENDED", "REWORK")

# Days of what has nothing due follow all others: "~" is behind every digit.
NOTHING_DUE = "~"
TIES = 32
GRAINS = ("a", *(f"m{part:02}" for part in range(TIES)), "z")
# A city and a county: they have more due in a day than is read at once, and so may a department.
WIDE_PREFIXES = (4, 6)
RARE_GRADE: Grade = "URGENT"
OPEN = "open"
"""The measure of all that is open in a bucket."""
NOTHING: dict[str, Any] = {"at": [], "n": {}}
"""What a case counts for that counts for nothing."""


@dataclass(frozen=True, order=True)
class Place:
    """Where a case stands in the order of its desk. `at` is UTC, ISO; empty where nothing is due."""

    day: str
    at: str
    tie: str

    @property
    def grain(self) -> str:
        return grain(datetime.fromisoformat(self.at) if self.at else None, self.tie)


def tie_of(number: str) -> str:
    """Evenly drawn from the readable number, which is one case's alone and stands behind it should two be drawn alike."""
    return f"{zlib.crc32(number.encode()):08x}:{number}"


def grain(due: datetime | None, tie: str) -> str:
    """The part of a day; in text order it agrees with (at, tie)."""
    if due is not None:
        time = due.astimezone(CHINA).time()
        if time != CLOSE_OF_WORK:
            return GRAINS[0] if time < CLOSE_OF_WORK else GRAINS[-1]
    return f"m{int(tie[:8], 16) * TIES >> 32:02}"


def first_level(category: str | None) -> str | None:
    return category.split("/")[0] if category else None


def wide(heading: str) -> bool:
    kind, _, name = heading.partition("=")[0].partition(":")
    return kind == "department" or (kind == "division" and len(name) in WIDE_PREFIXES)


def keys_of(case: Case) -> list[str]:
    """Under which it stands. What accuses a department never stands on the department's desk."""
    keys = [f"division:{prefix}" for prefix in prefixes(case.division)]
    order = case.work_order
    if order is not None and case.status in IN_HAND:
        has_it = dict.fromkeys([order.department, *(part.department for part in order.parts if part.open)])
        keys += [f"department:{each}" for each in has_it if each not in case.accused_departments]
    if case.team:
        keys.append(f"team:{case.team}")
    return keys + [f"division:{place}" for place in case.consulted()]


def entry(case: Case) -> dict[str, Any] | None:
    """The `desk` field of an open case's document: {slots, day, at, tie, category}; None for one that has ended."""
    if case.status in ENDED:
        return None
    day, tie, category = day_of(case), tie_of(case.number), first_level(case.category)
    headings = [under for key in keys_of(case) for under in [key, *_worded(key, _words(case))]]
    slots = [slot(under, day) for under in headings]
    slots += [slot(under, day, grain(case.due_at, tie)) for under in headings if wide(under)]
    return {"slots": slots, "day": day, "at": case.due_at, "tie": tie, "category": category}


def _words(case: Case) -> list[str]:
    """By which it is found on a wide desk: a category, and of state and grade what few have and somebody looks for every day."""
    category = first_level(case.category)
    found = [category] if category else []
    if case.status in FOR_DISPATCHERS:
        found.append(case.status)
    if case.grade == RARE_GRADE:
        found.append(case.grade)
    return found


def _worded(key: str, words: Iterable[str]) -> list[str]:
    return [f"{key}={word}" for word in words] if key.startswith("division:") and wide(key) else []


def day_of(case: Case) -> str:
    """Under which day it stands."""
    if case.due_at is None:
        return NOTHING_DUE + day_in_china(case.registered_at).isoformat()
    return day_in_china(case.due_at).isoformat()


def slot(under: str, day: str, part: str | None = None) -> str:
    return f"{under}|{day}" if part is None else f"{under}|{day}|{part}"


def facts(case: Case) -> dict[str, Any]:
    """What the projector counts: for each key and day how many are open, by status and category; and once more apart what of it accuses a
    department. Both stand in one bucket, so that whoever takes one from the other never sees one of them alone."""
    if case.status in ENDED:
        return NOTHING
    kind = f"{case.status}|{_name(first_level(case.category) or '')}"
    numbers = {OPEN: 1, kind: 1} | {f"{department}|{kind}": 1 for department in case.accused_departments}
    day = day_of(case)
    return {"at": [f"{counted_under(key)}|{day}" for key in keys_of(case)], "n": numbers}


def counted_under(key: str) -> str:
    """What its buckets are called. A division's begin with what it is a part of, so that the parts of one are one range of an index."""
    kind, _, name = key.partition(":")
    return f"division:{_above(name)}/{name}" if kind == "division" else key


def _above(prefix: str) -> str:
    """The prefix of the division of which this is one is a part; "" of a province."""
    return prefix.rpartition("-")[0] if "-" in prefix else prefix[: {2: 0, 4: 2, 6: 4, 9: 6}.get(len(prefix), 9)]


def _name(text: str) -> str:
    """As the name of a field, and without our own sign."""
    return text.translate({ord(sign): "·" for sign in ".$|"})


@dataclass(frozen=True)
class Counted:
    """Of one status and first-level category. `overdue`: due on a day before today; `due_today`: today, at whatever hour."""

    status: Status
    category: str | None
    overdue: int
    due_today: int
    total: int


def counted(buckets: Mapping[str, Mapping[str, int]], statuses: tuple[Status, ...], hidden_from: str | None, today: str) -> list[Counted]:
    """What the buckets of one or several keys say, without what accuses the viewer's department; by status and category."""
    found: dict[tuple[Any, str], list[int]] = {}
    for key, numbers in buckets.items():
        day = key.rpartition("|")[2]
        for measure, number in numbers.items():
            status, _, category = measure.partition("|")
            if "|" in category or measure == OPEN or (statuses and status not in statuses):
                continue
            number -= numbers.get(f"{hidden_from}|{measure}", 0) if hidden_from else 0
            row = found.setdefault((status, category), [0, 0, 0])
            row[0] += number if day < today else 0
            row[1] += number if day == today else 0
            row[2] += number
    return [
        Counted(status, category or None, overdue, due_today, total)
        for (status, category), (overdue, due_today, total) in sorted(found.items())
        if total
    ]


@dataclass(frozen=True)
class Wanted:
    """What a desk shows: of these keys, what meets all that is named. `within` is a range of division codes; due from `since` on and
    before `before`; `department` has it in hand as the lead."""

    keys: tuple[str, ...]
    statuses: tuple[Status, ...] = ()
    category: str | None = None
    grade: Grade | None = None
    within: tuple[str, str] | None = None
    since: datetime | None = None
    before: datetime | None = None
    department: str | None = None
    owner: Owner | None = None
    not_accused: str | None = None

    def headings(self) -> list[str]:
        """Under which it is looked for: by the word that the fewest are likely to have, where the key has such."""
        words: tuple[str, ...] = ()
        if self.grade == RARE_GRADE:
            words = (RARE_GRADE,)
        elif self.statuses and set(self.statuses) <= set(FOR_DISPATCHERS):
            words = self.statuses
        elif self.category is not None:
            words = (self.category,)
        return [under for key in self.keys for under in (_worded(key, words) or [key])]

    def likely(self, numbers: Mapping[str, int]) -> int:
        """How many of a bucket it may be: no word of grades and divisions, and some seconds behind."""
        return sum(
            number
            for measure, number in numbers.items()
            if measure.count("|") == 1
            and (not self.statuses or measure.partition("|")[0] in self.statuses)
            and self.category in (None, measure.partition("|")[2])
        )

    @property
    def first_day(self) -> str | None:
        return day_in_china(self.since).isoformat() if self.since else None

    @property
    def last_day(self) -> str | None:
        return day_in_china(self.before).isoformat() if self.before else None
