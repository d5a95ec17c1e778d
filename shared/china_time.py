"""The clock and the calendar day in China: times are kept in UTC, and days are those that people there live. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

CHINA: Final = ZoneInfo("Asia/Shanghai")


def day_in_china(at: datetime) -> date:
    """The day on which an aware instant lies there."""
    return at.astimezone(CHINA).date()


def day_after(day: date) -> datetime:
    """When the day after this one begins there; UTC."""
    return datetime.combine(day + timedelta(days=1), time.min, CHINA).astimezone(UTC)
