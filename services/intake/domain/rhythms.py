"""What recurs (S1, S6, S35, S37): a rule as iCalendar writes it (RFC 5545 RRULE), with days left out and days moved. Pure.

A recurring time is a time on the clock in China, kept as local ISO text (`2020-06-05T08:30`, or `2020-06-05` for a whole day): it is no
instant. Its occurrences are instants.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr
from pydantic import BaseModel, ConfigDict

from shared.identity.errors import Refusal

CHINA: Final = ZoneInfo("Asia/Shanghai")
LONGEST_RULE: Final = 200
WIDEST: Final = timedelta(days=400)
"""The most that one question may look over."""
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)

# Nothing below a day: a reception is not every minute, and a rule of seconds would run for hours. No COUNT: with it a rule that never
# comes true is looked for through eight thousand years; an end is given by UNTIL, or by the campaign's own. The library takes INTERVAL=0,
# with which it never ends, and days that no month has: every part is held to its form here.
_DAY = r"([+-]?[1-5]?(MO|TU|WE|TH|FR|SA|SU))"
_MONTH_DAY = r"(-?([1-9]|[12]\d|3[01]))"
_PARTS: Final = {
    name: re.compile(form)
    for name, form in {
        "FREQ": "DAILY|WEEKLY|MONTHLY|YEARLY",
        "INTERVAL": r"[1-9]\d?",
        "UNTIL": r"\d{8}",
        "BYMONTH": r"([1-9]|1[012])(,([1-9]|1[012]))*",
        "BYMONTHDAY": f"{_MONTH_DAY}(,{_MONTH_DAY})*",
        "BYDAY": f"{_DAY}(,{_DAY})*",
        "BYSETPOS": r"-?[1-9]\d?",
        "WKST": "MO|SU",
    }.items()
}


class Rhythm(BaseModel):
    """`rule`: RRULE without its name. `cancelled` and the keys of `moved` are days; what is moved goes to another local time or day."""

    model_config = ConfigDict(frozen=True)

    rule: str
    cancelled: list[str] = []
    moved: dict[str, str] = {}


class Occurrence(BaseModel):
    """One time of it. `day` is the day by the rule, also where it was moved; `at` the local time or day on which it takes place."""

    model_config = ConfigDict(frozen=True)

    day: date
    at: str

    @property
    def whole_day(self) -> bool:
        return "T" not in self.at

    @property
    def starts(self) -> datetime:
        """The instant in China's time; of a whole day its midnight."""
        return local(self.at)

    @property
    def on(self) -> date:
        return self.starts.date()


def local(text: str) -> datetime:
    """A local ISO text as an instant in China's time."""
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def local_text(at: datetime) -> str:
    """An aware instant as the clock in China shows it, to the minute."""
    return at.astimezone(CHINA).replace(tzinfo=None, second=0, microsecond=0).isoformat(timespec="minutes")


def refuse_rule(rule: str, first: str, field: str) -> Refusal | None:
    """Why this is no rule of ours; None when it is."""
    parts = [part.partition("=") for part in rule.upper().split(";")]
    names = [name for name, _, _ in parts]
    well_made = (
        len(rule) <= LONGEST_RULE
        and names[0] == "FREQ"
        and len(names) == len(set(names))
        and all(name in _PARTS and _PARTS[name].fullmatch(value) for name, _, value in parts)
    )
    if well_made:
        try:
            begin = date.fromisoformat(first[:10])
            _days(rule, first, begin, begin + WIDEST)
        except (ValueError, TypeError, IndexError):
            well_made = False
    if well_made:
        return None
    return Refusal(
        "BAD_RULE",
        "重复规则应为 RFC 5545 的 RRULE，如 FREQ=MONTHLY;BYMONTHDAY=5,15,25；按日、周、月、年重复，UNTIL 写作 20201231，不用 COUNT。",
        "The rule is an RRULE of RFC 5545, as FREQ=MONTHLY;BYMONTHDAY=5,15,25: by day, week, month or year, UNTIL as 20201231, no COUNT.",
        field,
    )


def refuse_day(day: date, field: str) -> Refusal | None:
    """A day so far away that it can only be a slip."""
    if EARLIEST <= day < LATEST:
        return None
    return Refusal("BAD_DAY", "日期应在 2000 年至 2099 年之间。", "A day lies between 2000 and 2099.", field)


def occurrences(rhythm: Rhythm, first: str, begin: date, end: date) -> list[Occurrence]:
    """What takes place on the days `begin` <= day < `end`, in order; at most `WIDEST` apart. A moved one counts where it has gone to."""
    end = min(end, begin + WIDEST)
    moved = [Occurrence(day=date.fromisoformat(day), at=at) for day, at in rhythm.moved.items() if falls_on(rhythm, first, day)]
    left_out = {*rhythm.cancelled, *rhythm.moved}
    regular = [Occurrence(day=day, at=_at(first, day)) for day in _days(rhythm.rule, first, begin, end) if day.isoformat() not in left_out]
    there = [each for each in moved if begin <= each.on < end and each.day.isoformat() not in rhythm.cancelled]
    return sorted([*regular, *there], key=lambda each: (each.starts, each.day))


def first_day(rhythm: Rhythm, first: str) -> date | None:
    """The first day by the rule, within a year: where a calendar program begins to count."""
    begin = local(first).date()
    return next(iter(_days(rhythm.rule, first, begin, begin + WIDEST)), None)


def falls_on(rhythm: Rhythm, first: str, day: str) -> bool:
    """Whether that day (ISO) is one of the rule's own."""
    on = date.fromisoformat(day)
    return bool(_days(rhythm.rule, first, on, on + timedelta(days=1)))


def _days(rule: str, first: str, begin: date, end: date) -> list[date]:
    start = datetime.combine(begin, time.min)
    last = datetime.combine(end, time.min) - timedelta(days=1)
    return [at.date() for at in _rule(rule, first, last).between(start, last, inc=True)]


def _rule(rule: str, first: str, last: datetime) -> rrule:
    """The rule up to `last`: without an end the library looks on until the year 9999. Raises ValueError and what it raises."""
    parts = dict(part.partition("=")[::2] for part in rule.upper().split(";"))
    until = parts.pop("UNTIL", None)
    if until is not None:
        last = min(last, datetime.strptime(until, "%Y%m%d"))  # noqa: DTZ007 - a day
    made = rrulestr(";".join(f"{name}={value}" for name, value in parts.items()), dtstart=datetime.fromisoformat(first[:10]))
    if not isinstance(made, rrule):
        raise ValueError("one rule, no set")
    return made.replace(until=last)


def _at(first: str, day: date) -> str:
    return f"{day.isoformat()}T{first.partition('T')[2]}" if "T" in first else day.isoformat()
