"""The clock and the calendar day in China: times are kept in UTC, and days are those that people there live. Pure."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

CHINA: Final = ZoneInfo("Asia/Shanghai")


def day_in_china(at: datetime) -> date:
    """The day on which an aware instant lies there."""
    return at.astimezone(CHINA).date()
