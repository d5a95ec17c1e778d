"""Boards: how much is open, late and soon late in the parts of a territory, at its departments and with its owners, and how long people
waited there in a month. Pure.

A row counts a part of what a desk has (desks.py): of a division what its divisions have, of a city or a county what a department has in
hand as the lead, of a county or a department what one person owns. So the desk, with a filter, lists what a row counts.

A case counts once for its first response and once for its first result (times.py), for the territories that hold it and the department from
which it came, in the month in which it came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from urllib.parse import quote, unquote

from services.routing.domain.case import Case
from services.routing.domain.desks import ENDED, IN_HAND, NOTHING, OPEN, counted_under, day_of, keys_of, wide
from services.routing.domain.times import Kind, Time, bin_of, reached, time_of
from shared.contracts.intake import Owner
from shared.identity.scopes import prefixes

By = Literal["DIVISION", "DEPARTMENT", "OWNER"]
Numbers = Mapping[str, int]

COUNTY_DIGITS = 6
KINDS: tuple[Kind, Kind] = ("response", "result")


@dataclass(frozen=True)
class Load:
    """How many are open; of these late: due on a day before today; due today, at whatever hour; soon late: due after today, up to and with
    the next working day."""

    open: int = 0
    late: int = 0
    due_today: int = 0
    soon_late: int = 0


@dataclass(frozen=True)
class Row:
    """`name`: a division's prefix, a department's code, or an owner (owner_in). Of owners no times are kept."""

    name: str
    load: Load
    response: Time | None
    result: Time | None


@dataclass(frozen=True)
class Asked:
    """A board: the parts of what stands under this key of a desk, without what accuses the viewer's department."""

    key: str
    by: By
    hidden_from: str | None

    @property
    def whole(self) -> str:
        """What the buckets of all of it are called."""
        return counted_under(self.key)

    @property
    def parts(self) -> str:
        """How the buckets of its rows begin."""
        # A part of a division is called by a code that begins with that of the whole.
        return f"{self.key}/{self.key.partition(':')[2] if self.by == 'DIVISION' else f'{self.by.lower()}:'}"

    def name_of(self, bucket: str) -> str:
        """What a row is called."""
        inner = bucket.removeprefix(f"{self.key}/")
        return inner if self.by == "DIVISION" else inner.partition(":")[2]


@dataclass(frozen=True)
class Counts:
    """By bucket: of what is open `<called>|<day>`, of the times `<called>`; of the rows, and of all of it."""

    rows: Mapping[str, Numbers]
    times: Mapping[str, Numbers]
    whole: Mapping[str, Numbers]
    whole_times: Numbers


def facts(case: Case) -> dict[str, Any]:
    """What the projector counts beside the desks: by department and by owner what is open, and apart what of it accuses a department."""
    if case.status in ENDED:
        return NOTHING
    keys = keys_of(case)
    order = case.work_order
    called = [_by_owner(key, case.owner) for key in keys if has_owners(key)]
    if order is not None and case.status in IN_HAND:
        called += [_by_department(key, order.department) for key in keys if has_departments(key)]
    day = day_of(case)
    return {"at": [f"{each}|{day}" for each in called], "n": _told({OPEN: 1}, case)}


def times_facts(case: Case, kind: Kind) -> dict[str, Any]:
    """What the projector counts of how long it took."""
    found = reached(case, kind)
    if found is None:
        return NOTHING
    keys = [f"division:{prefix}" for prefix in prefixes(case.division)]
    called = [counted_under(key) for key in keys]
    if found.department is not None:
        called += [_by_department(key, found.department) for key in keys if has_departments(key)]
        called.append(f"department:{found.department}")
    return {"at": [in_month(found.month, each) for each in called], "n": _told({f"{kind}:{bin_of(found.taken)}": 1}, case)}


def _told(numbers: dict[str, int], case: Case) -> dict[str, int]:
    """Once more apart for each department that it accuses; in one bucket, so that whoever subtracts it never sees one of them alone."""
    return numbers | {f"{department}|{name}": number for department in case.accused_departments for name, number in numbers.items()}


def has_departments(key: str) -> bool:
    """Whether what is open under this key of a desk is counted by department: of a city and of a county."""
    return key.startswith("division:") and wide(key)


def has_owners(key: str) -> bool:
    """Whether it is counted by owner: of a county and of a department. A city has thousands."""
    kind, _, name = key.partition(":")
    return kind == "department" or (kind == "division" and len(name) == COUNTY_DIGITS)


def _by_department(key: str, department: str) -> str:
    return f"{key}/department:{department}"


def _by_owner(key: str, owner: Owner) -> str:
    return f"{key}/owner:{'/'.join(quote(part, safe='') for part in (owner.unit, owner.role, owner.staffId))}"


def in_month(month: str, called: str) -> str:
    """The bucket of the times of a month, `2026-11`."""
    return f"times:{month}|{called}"


def owner_in(name: str) -> Owner:
    """Of an owner's row."""
    unit, role, staff = map(unquote, name.split("/"))
    return Owner(staffId=staff, role=role, unit=unit)


def rows_of(asked: Asked, counts: Counts, today: date, soon_until: date) -> list[Row]:
    """What is late most, first; rows of nothing are left out."""
    loads = _loads(counts.rows, asked, today, soon_until)
    times = {asked.name_of(called): numbers for called, numbers in counts.times.items()}
    found = [_row(name, loads.get(name, Load()), times.get(name, {}), asked) for name in loads.keys() | times.keys()]
    told = [row for row in found if row.load.open or (row.response and row.response.number) or (row.result and row.result.number)]
    return sorted(told, key=lambda row: (-row.load.late, -row.load.open, row.name))


def whole_of(asked: Asked, counts: Counts, today: date, soon_until: date) -> Row:
    """All of it; also what is in no row."""
    load = next(iter(_loads(counts.whole, asked, today, soon_until).values()), Load())
    response, result = (_time(kind, counts.whole_times, asked.hidden_from) for kind in KINDS)
    return Row(asked.key.partition(":")[2], load, response, result)


def _row(name: str, load: Load, times: Numbers, asked: Asked) -> Row:
    if asked.by == "OWNER":
        return Row(name, load, None, None)
    response, result = (_time(kind, times, asked.hidden_from) for kind in KINDS)
    return Row(name, load, response, result)


def _loads(buckets: Mapping[str, Numbers], asked: Asked, today: date, soon_until: date) -> dict[str, Load]:
    """By name."""
    found: dict[str, list[int]] = {}
    now, soon = today.isoformat(), soon_until.isoformat()
    for bucket, numbers in buckets.items():
        called, _, day = bucket.rpartition("|")
        number = numbers.get(OPEN, 0) - _accusing(numbers, asked.hidden_from)
        counts = found.setdefault(asked.name_of(called), [0, 0, 0, 0])
        counts[0] += number
        counts[1] += number if day < now else 0
        counts[2] += number if day == now else 0
        counts[3] += number if now < day <= soon else 0
    return {name: Load(*counts) for name, counts in found.items()}


def _accusing(numbers: Numbers, department: str | None) -> int:
    """How many of what is open in a bucket accuse it: told by state and category in a desk's, all together in a board's."""
    if department is None:
        return 0
    by_kind = sum(number for name, number in numbers.items() if name.count("|") == 2 and name.startswith(f"{department}|"))
    return numbers.get(f"{department}|{OPEN}", by_kind)


def _time(kind: Kind, numbers: Numbers, hidden_from: str | None) -> Time:
    bins = {}
    for name, number in numbers.items():
        measure, _, bin = name.partition(":")
        if measure == kind:
            bins[int(bin)] = number - (numbers.get(f"{hidden_from}|{name}", 0) if hidden_from else 0)
    return time_of(bins)
