"""The activity days of 民意“5”来听 (S1) and the demo's business clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from shared.china_time import CHINA
from shared.clock import ShiftedClock

FIRST_DAY = datetime(2020, 6, 5, 9, 0, tzinfo=CHINA)
ACTIVITY_DAYS = (5, 15, 25)
EVENING = 18


def next_activity_day(now: datetime) -> datetime:
    """Nine in the morning, Shanghai, of the next 5th, 15th or 25th after `now`."""
    day = now.astimezone(CHINA).replace(hour=9, minute=0, second=0, microsecond=0)
    while day.day not in ACTIVITY_DAYS or day <= now:
        day += timedelta(days=1)
    return day


def begin(clock_file: Path) -> ShiftedClock:
    """5 June 2020 on a fresh clock, else the next activity day of the clock as it stands."""
    clock = ShiftedClock(clock_file)
    clock.move_to(next_activity_day(clock.now()) if clock_file.exists() else FIRST_DAY)
    return clock


def by_day(clock: ShiftedClock) -> bool:
    """Move on to nine in the morning where it is evening or night, when replies wait; whether it was."""
    there = clock.now().astimezone(CHINA)
    if FIRST_DAY.hour - 1 <= there.hour < EVENING:
        return False
    morning = there.replace(hour=9, minute=0, second=0, microsecond=0)
    clock.move_to(morning if morning > there else morning + timedelta(days=1))
    return True
