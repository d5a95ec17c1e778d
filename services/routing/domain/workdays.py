"""Working-day arithmetic in China's time (rows S52, S57): limits are counted in working days, make-up days (调休) included.

The day of arrival is day 0, at whatever hour; the first working day after it is day 1; a limit of n working days ends at the close
of working hours of day n, in Asia/Shanghai: at 17:30 unless the timetable has other hours for who is to be done. An arrival on a day off
counts the same way: the next working day is day 1.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple, Protocol

from shared.china_time import CHINA, day_in_china

OPEN_OF_WORK: Final = time(8, 30)
CLOSE_OF_WORK: Final = time(17, 30)


class Workday(NamedTuple):
    """Whether people work on a day; `known` is False where the calendar has no word on the day and the weekday was taken."""

    workday: bool
    known: bool


class Hours(NamedTuple):
    """From when until when people work on a working day, in China's time."""

    opens: time
    closes: time


class Calendar(Protocol):
    """The State Council's calendar."""

    def is_workday(self, day: date) -> Workday:
        """Answers for every day; past its last year by the weekday, with `known` False."""
        ...

    def known_until(self) -> int:
        """Its last year."""
        ...


class WorkingTime(Protocol):
    """Days and hours of work: the timetable."""

    def is_workday(self, day: date) -> Workday: ...

    def hours(self, department: str = "") -> Hours:
        """Of a department, by its code; "" is everybody who has no hours of their own."""
        ...


@dataclass(frozen=True, slots=True)
class Due:
    """A point in time (UTC). `provisional`: a day on the way was not known to the calendar, so it is to be computed again once it is."""

    at: datetime
    provisional: bool


def add_working_days(start: datetime, days: int, timetable: WorkingTime, department: str = "") -> Due:
    """The department's close of work on the `days`-th working day after the day of `start`.

    `start` carries a time zone; its day is the one in China. Raises ValueError for a naive start or fewer than one day.
    """
    if start.tzinfo is None:
        raise ValueError("the start must carry a time zone")
    if days < 1:
        raise ValueError("a limit has at least one working day")
    day = day_in_china(start)
    provisional = False
    left = days
    while left:
        day += timedelta(days=1)
        verdict = timetable.is_workday(day)
        provisional = provisional or not verdict.known
        left -= verdict.workday
    return Due(datetime.combine(day, timetable.hours(department).closes, CHINA).astimezone(UTC), provisional)


def working_day_before(due: datetime, days: int, timetable: WorkingTime, department: str = "") -> datetime:
    """The department's close of work on the working day so many before the day of `due`."""
    day = day_in_china(due)
    left = days
    while left:
        day -= timedelta(days=1)
        left -= timetable.is_workday(day).workday
    return datetime.combine(day, timetable.hours(department).closes, CHINA).astimezone(UTC)
