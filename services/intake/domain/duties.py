"""“七个一” (S39): what every member does once in each period, as data; who is behind and by how many periods. Pure.

Done is done once a period: more of it in one period is not ahead. Periods are named `2020-W23`, `2020-06`, `2020-Q2`, `2020`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

from shared.identity.scopes import holds

Period = Literal["WEEK", "MONTH", "QUARTER", "YEAR"]


class Duty(BaseModel):
    """`division`: whose members it binds; `since` and `until`: first day, and first day no more (ISO)."""

    model_config = ConfigDict(frozen=True)

    code: str
    name: str
    name_en: str
    period: Period
    division: str
    since: str
    until: str | None = None

    def binds(self, unit: str) -> bool:
        return holds(self.division, unit)

    def in_force(self, day: date) -> bool:
        return self.since <= day.isoformat() and (self.until is None or day.isoformat() < self.until)


class Done(BaseModel):
    """That a member did it: which duty, on which day, and for which period that counts."""

    model_config = ConfigDict(frozen=True)

    duty: str
    on: str
    period: str

    @property
    def key(self) -> str:
        return f"{self.duty}:{self.period}"


@dataclass(frozen=True)
class Standing:
    """How one member stands with one duty. `behind`: how many whole periods went by without it."""

    duty: Duty
    period: str
    done: bool
    last: date | None
    due_by: date
    behind: int


def period_of(day: date, period: Period) -> str:
    """The name of the period that holds the day."""
    match period:
        case "WEEK":
            year, week, _ = day.isocalendar()
            return f"{year}-W{week:02}"
        case "MONTH":
            return f"{day.year}-{day.month:02}"
        case "QUARTER":
            return f"{day.year}-Q{(day.month + 2) // 3}"
        case "YEAR":
            return f"{day.year}"


def begins(day: date, period: Period) -> date:
    """The first day of the period that holds the day."""
    match period:
        case "WEEK":
            return day - timedelta(days=day.weekday())
        case "MONTH":
            return day.replace(day=1)
        case "QUARTER":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case "YEAR":
            return day.replace(month=1, day=1)


def ends(day: date, period: Period) -> date:
    """The last day of the period that holds the day."""
    longest = {"WEEK": 7, "MONTH": 31, "QUARTER": 92, "YEAR": 366}[period]
    return begins(begins(day, period) + timedelta(days=longest), period) - timedelta(days=1)


def standing(duty: Duty, done: list[Done], member_since: str, today: date) -> Standing:
    """Counted from the later of the duty's first day and the member's, whole periods alone: the first, begun one is the first to count."""
    own = [each for each in done if each.duty == duty.code]
    first = date.fromisoformat(max(duty.since, member_since or duty.since))
    periods = {each.period for each in own}
    behind, at = 0, begins(first, duty.period)
    while ends(at, duty.period) < today:
        behind += period_of(at, duty.period) not in periods
        at = ends(at, duty.period) + timedelta(days=1)
    now = period_of(today, duty.period)
    last = max((each.on for each in own), default=None)
    return Standing(duty, now, now in periods, date.fromisoformat(last) if last else None, ends(today, duty.period), behind)
