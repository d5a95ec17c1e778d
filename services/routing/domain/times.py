"""How long people wait: from the registration to the first response, and to the first result, in minutes round the clock. Pure.

How many cases took how long is kept in bins and not the times: from one bin to the next the bound grows by an eighth of a doubling. A
percentile lies in the bin of the case of that rank, so that it is within 9.1 % of that case's time, whatever the times are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from services.routing.domain.case import Case
from services.routing.domain.ownership import DEPARTMENT_ROLES
from services.routing.domain.work_order import Transition
from shared.china_time import day_in_china
from shared.contracts.routing import Status

Kind = Literal["response", "result"]

REACHED: dict[Kind, frozenset[Status]] = {
    "response": frozenset({"HANDLING", "RESOLVED", "ANSWERED_ON_SPOT", "NOT_ACCEPTED"}),
    "result": frozenset({"RESOLVED", "ANSWERED_ON_SPOT"}),
}
"""The first of these states is it. Who withdraws had no answer; who is told why not (不予受理) had one, and no result."""
BINS_PER_DOUBLING = 8
ENOUGH = 5
"""Of fewer cases no percentile is told: it would be one person's time."""


@dataclass(frozen=True)
class Reached:
    """`department`: from which it came, by its code; None where none had the case. `taken`: since the registration."""

    month: str
    department: str | None
    taken: timedelta


@dataclass(frozen=True)
class Time:
    """Of so many cases; median and 90th percentile in minutes, None where they are too few."""

    number: int
    median: int | None
    p90: int | None


def reached(case: Case, kind: Kind) -> Reached | None:
    """The first response or result; whatever follows, a rework or another department, changes nothing of it."""
    step = next((each for each in case.history if each.status in REACHED[kind]), None)
    return Reached(month_of(step.at), _department_then(case, step), step.at - case.registered_at) if step else None


def _department_then(case: Case, step: Transition) -> str | None:
    """Of whoever did it; where somebody else let it go, of who answered for it then."""
    if step.by.role in DEPARTMENT_ROLES:
        return step.by.unit
    then = next((each.owner for each in reversed(case.owners) if each.since <= step.at), None)
    return then.unit if then is not None and then.role in DEPARTMENT_ROLES else None


def month_of(at: datetime) -> str:
    """The month in China, `2026-11`."""
    return day_in_china(at).isoformat()[:7]


def bin_of(taken: timedelta) -> int:
    """0: less than a minute, also where a clock says less than nothing."""
    minutes = taken / timedelta(minutes=1)
    return 0 if minutes < 1 else 1 + math.floor(BINS_PER_DOUBLING * math.log2(minutes))


def time_of(bins: Mapping[int, int]) -> Time:
    total = sum(bins.values())
    if total < ENOUGH:
        return Time(total, None, None)
    return Time(total, round(percentile(bins, 50)), round(percentile(bins, 90)))


def percentile(bins: Mapping[int, int], percent: int) -> float:
    """The time of the case of this rank (of n the ceil(n × percent / 100)-th), in minutes; inside its bin by how many of it come before.
    Raises ValueError for no case at all."""
    rank = -(-sum(bins.values()) * percent // 100)
    for bin, number in sorted(bins.items()):
        if rank <= number:
            inside = (rank - 0.5) / number
            return inside if bin == 0 else math.exp2((bin - 1 + inside) / BINS_PER_DOUBLING)
        rank -= number
    raise ValueError("of nothing there is no percentile")
