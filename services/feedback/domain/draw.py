"""Which closed ones are called again: a draw that an auditor can draw again. Pure.

Each month has a seed. Its commitment and its rate are recorded before the month and told at any time, the seed itself once the month is
over: until then nobody can tell who will be drawn, and after that everybody can tell who had to be. A grievance is drawn by the month in
China in which it was closed.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

from shared.china_time import day_in_china

_SPACE = 1 << 256


class DrawRate(BaseModel):
    """From this month on. A rate is that of whole months, so that each can be drawn again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    since: str = Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")
    per_mille: int = Field(ge=0, le=1000)


def seed_of(key: bytes, month: str) -> bytes:
    """The secret of the month, from reference.key."""
    return hmac.new(key, f"callbacks drawn of {month}".encode(), hashlib.sha256).digest()


def commitment_of(seed: bytes) -> str:
    """By which the seed is known again, in hex."""
    return hashlib.sha256(seed).hexdigest()


def is_drawn(seed: bytes, grievance: str, per_mille: int) -> bool:
    """Whether its HMAC, as a fraction of 2^256, lies below the rate."""
    number = int.from_bytes(hmac.new(seed, grievance.encode(), hashlib.sha256).digest(), "big")
    return number * 1000 < per_mille * _SPACE


@dataclass(frozen=True)
class Recorded:
    """What was written down of a month's draw, once: whatever becomes of key and rules, it stays. `at`: when."""

    month: str
    commitment: str
    per_mille: int
    at: datetime


@dataclass(frozen=True)
class Draw:
    """`key`: reference.key. `rates`: those of the rules. `recorded`: by month; whoever draws keeps it up (store/draws.py)."""

    key: bytes = field(repr=False)
    rates: tuple[DrawRate, ...]
    recorded: Mapping[str, Recorded] = field(default_factory=dict)

    def per_mille(self, month: str) -> int:
        """As recorded; by the rules where nothing is."""
        if month in self.recorded:
            return self.recorded[month].per_mille
        return next((rate.per_mille for rate in reversed(self.rates) if rate.since <= month), 0)

    def to_record(self, now: datetime) -> list[Recorded]:
        """What has to be recorded by now: this month in China, and the next."""
        today = day_in_china(now)
        months = [day.isoformat()[:7] for day in (today, today.replace(day=1) + timedelta(days=31))]
        return [Recorded(month, commitment_of(self.seed(month)), self.per_mille(month), now) for month in months]

    def seed(self, month: str) -> bytes:
        return seed_of(self.key, month)

    def is_over(self, month: str, now: datetime) -> bool:
        """Whether the month has ended in China, so that its seed, and how many were drawn, are told."""
        return day_in_china(now).isoformat()[:7] > month

    def draws(self, grievance: str, month: str) -> bool:
        """Whether a grievance that was closed in that month is called again."""
        return is_drawn(self.seed(month), grievance, self.per_mille(month))
