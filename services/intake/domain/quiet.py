"""Hours in which nobody is disturbed, by the clock in China. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Self

from shared.china_time import CHINA

_FORM = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True)
class QuietHours:
    """From `begin` until `end`, over midnight where the one is later than the other."""

    begin: time
    end: time

    @classmethod
    def of(cls, text: str) -> Self | None:
        """`21:00-08:00`; None for an empty text: nobody sleeps. Raises ValueError."""
        if not text.strip():
            return None
        found = _FORM.fullmatch(text.strip())
        if found is None or found[1] + found[2] == found[3] + found[4]:
            raise ValueError(f"quiet hours are written 21:00-08:00, not {text!r}")
        hours = [int(part) for part in found.groups()]
        return cls(time(hours[0], hours[1]), time(hours[2], hours[3]))

    def over_at(self, at: datetime) -> datetime | None:
        """When the quiet hours in which this instant lies are over, UTC; None in the others."""
        there = at.astimezone(CHINA)
        now, over_midnight = there.time(), self.begin > self.end
        if over_midnight and now >= self.begin:
            day = there.date() + timedelta(days=1)
        elif now < self.end and (over_midnight or now >= self.begin):
            day = there.date()
        else:
            return None
        return datetime.combine(day, self.end, CHINA).astimezone(UTC)
