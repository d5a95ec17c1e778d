"""What recurs (S1, S6, S35, S37): a rule as iCalendar writes it (RFC 5545 RRULE), with days left out and days moved. Pure.

A recurring time is a time on the clock in China, kept as local ISO text (`2020-06-05T08:30`, or `2020-06-05` for a whole day): it is no
instant. Its occurrences are instants.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Final

from dateutil.rrule import rrule, rrulestr
from pydantic import BaseModel, ConfigDict

from shared.china_time import CHINA
from shared.identity.errors import Refusal

LONGEST_RULE: Final = 200
WIDEST: Final = timedelta(days=400)
"""The most that one question may look over."""
LONGEST: Final = dict(enumerate((31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), start=1))
"""The days of each month in the longest year."""
WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)

# The library looks for the next day until the year 9999, with an end or without, and longer where INTERVAL is 0: a rule that never comes
# true (30 February, a sixth Monday) would hold the process for seconds at every question. So each part is held to its form, and parts that
# can contradict one another do not meet. Nothing below a day: a reception is not every minute. No COUNT: the end is UNTIL.
_MONTH_DAY = r"(-?([1-9]|[12]\d|3[01]))"
_WEEKDAY = "(MO|TU|WE|TH|FR|SA|SU)"
_FORMS: Final = {
    "INTERVAL": r"[1-9]\d?",
    "UNTIL": r"\d{8}",
    "WKST": "MO|SU",
    "BYMONTH": r"([1-9]|1[012])(,([1-9]|1[012]))*",
    "BYMONTHDAY": f"{_MONTH_DAY}(,{_MONTH_DAY})*",
    "BYDAY": f"{_WEEKDAY}(,{_WEEKDAY})*",
    "NTH_BYDAY": f"-?[1-4]{_WEEKDAY}(,-?[1-4]{_WEEKDAY})*",
    "BYSETPOS": "-?[1-4]",
}
_ALWAYS: Final = frozenset({"INTERVAL", "UNTIL", "WKST"})
# Beside those, the parts that a frequency may have together.
_TOGETHER: Final[dict[str, tuple[frozenset[str], ...]]] = {
    "DAILY": (frozenset(),),
    "WEEKLY": (frozenset({"BYDAY"}),),
    "MONTHLY": (frozenset({"BYMONTHDAY"}), frozenset({"NTH_BYDAY"}), frozenset({"BYDAY", "BYSETPOS"})),
    "YEARLY": (frozenset({"BYMONTH", "BYMONTHDAY"}), frozenset({"BYMONTH", "NTH_BYDAY"}), frozenset({"BYMONTH", "BYDAY", "BYSETPOS"})),
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
    begin = local(first).date()
    if len(rule) <= LONGEST_RULE and _well_made(rule.upper(), begin):
        try:
            _rule(rule, begin, begin, begin + WIDEST)
        except (ValueError, TypeError, IndexError):
            pass
        else:
            return None
    return Refusal(
        "BAD_RULE",
        "重复规则应为 RFC 5545 的 RRULE，如 FREQ=MONTHLY;BYMONTHDAY=5,15,25、FREQ=WEEKLY;BYDAY=TU、FREQ=MONTHLY;BYDAY=-1FR；"
        "UNTIL 写作 20201231，不用 COUNT，各部分不得相互矛盾。",
        "The rule is an RRULE of RFC 5545, as FREQ=MONTHLY;BYMONTHDAY=5,15,25, FREQ=WEEKLY;BYDAY=TU or FREQ=MONTHLY;BYDAY=-1FR, with UNTIL "
        "as 20201231, without COUNT, and no part contradicts another.",
        field,
    )


def _well_made(rule: str, first: date) -> bool:
    """Whether each part has its form, and none contradicts another."""
    frequency, *parts = [part.partition("=")[::2] for part in rule.split(";")]
    names = {"NTH_BYDAY" if name == "BYDAY" and re.search(r"\d", value) else name for name, value in parts}
    if frequency[0] != "FREQ" or frequency[1] not in _TOGETHER or len(names) < len(parts):
        return False
    if not any(names <= _ALWAYS | together for together in _TOGETHER[frequency[1]]):
        return False
    values = dict(parts)
    if not all(re.fullmatch(_FORMS["NTH_BYDAY" if name == "BYDAY" and "NTH_BYDAY" in names else name], values[name]) for name in values):
        return False
    months, days = values.get("BYMONTH"), values.get("BYMONTHDAY")
    if values.get("INTERVAL", "1") != "1" and frequency[1] in ("MONTHLY", "YEARLY") and _late_in_month(days, first):
        return False  # every second February may never have a 29th
    return months is None or days is None or any(abs(int(d)) <= LONGEST[int(m)] for m in months.split(",") for d in days.split(","))


def _late_in_month(days: str | None, first: date) -> bool:
    """Whether a month may lack one of these days, or the day that the first one implies."""
    return any(abs(int(day)) > 28 for day in days.split(",")) if days else first.day > 28


def refuse_days(days: Iterable[date], field: str) -> Refusal | None:
    """The refusal of the first day that is too far away."""
    return next((refusal for day in days if (refusal := refuse_day(day, field))), None)


def refuse_past(day: date, today: date, field: str) -> Refusal | None:
    """What was done was done by today, and is told within a year and a month."""
    if day > today:
        return Refusal("IN_THE_FUTURE", "日期不能晚于今天。", "What is done lies not in the future.", field)
    if day < today - WIDEST:
        return Refusal("TOO_LONG_AGO", f"日期不能早于 {WIDEST.days} 天之前。", f"That is more than {WIDEST.days} days ago.", field)
    return None


def refuse_span(since: date | None, until: date | None) -> Refusal | None:
    """`since`: the first day, `until`: the first day no more."""
    days = [(since, "since"), (until, "until")]
    refusal = next((found for day, field in days if day is not None and (found := refuse_day(day, field))), None)
    if refusal is None and since is not None and until is not None and until <= since:
        return Refusal("ENDS_BEFORE_BEGIN", "结束日期应晚于开始日期。", "The end must come after the beginning.", "until")
    return refusal


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
    """The first day by the rule: where a calendar program begins to count. None when the rule has ended before."""
    begin = local(first).date()
    found = _rule(rhythm.rule, begin, begin, LATEST).after(datetime.combine(begin, time.min), inc=True)
    return found.date() if found else None


def falls_on(rhythm: Rhythm, first: str, day: str) -> bool:
    """Whether that day (ISO) is one of the rule's own."""
    on = date.fromisoformat(day)
    return bool(_days(rhythm.rule, first, on, on + timedelta(days=1)))


def _days(rule: str, first: str, begin: date, end: date) -> list[date]:
    start = local(first).date()
    begin, last = max(begin, start), end - timedelta(days=1)
    if begin > last:
        return []
    found = _rule(rule, start, begin, last).between(datetime.combine(begin, time.min), datetime.combine(last, time.min), inc=True)
    return [at.date() for at in found]


def _rule(rule: str, first: date, begin: date, last: date) -> rrule:
    """The rule from just before `begin` to `last`. The library counts from its start and looks on until the year 9999: so it starts in the
    period of `begin`, a whole number of intervals behind that of `first`, with what the first day implies said. Raises ValueError."""
    parts = dict(part.partition("=")[::2] for part in rule.upper().split(";"))
    until = parts.pop("UNTIL", None)
    if until is not None:
        last = min(last, date.fromisoformat(until))
    if not {"BYMONTHDAY", "BYDAY"} & parts.keys():
        parts |= _implied(parts["FREQ"], first, parts)
    start = _period_start(parts["FREQ"], int(parts.get("INTERVAL", "1")), parts.get("WKST", "MO"), first, begin)
    words = ";".join(f"{name}={value}" for name, value in parts.items())
    made = rrulestr(words, dtstart=datetime.combine(start, time.min))
    if not isinstance(made, rrule):
        raise ValueError("one rule, no set")
    return made.replace(until=datetime.combine(last, time.min))


def _implied(frequency: str, first: date, parts: dict[str, str]) -> dict[str, str]:
    """What a rule leaves to its first day (RFC 5545, 3.3.10)."""
    if frequency == "WEEKLY":
        return {"BYDAY": WEEKDAYS[first.weekday()]}
    if frequency == "MONTHLY":
        return {"BYMONTHDAY": str(first.day)}
    if frequency == "YEARLY":
        return {"BYMONTH": parts.get("BYMONTH", str(first.month)), "BYMONTHDAY": str(first.day)}
    return {}


def _period_start(frequency: str, interval: int, week_start: str, first: date, begin: date) -> date:
    """The first day of the last period of the rule that begins on or before `begin`; for days that of `first`'s row."""
    if frequency == "YEARLY":
        return date(begin.year - (begin.year - first.year) % interval, 1, 1)
    if frequency == "MONTHLY":
        months = begin.year * 12 + begin.month - 1
        months -= (months - (first.year * 12 + first.month - 1)) % interval
        return date(months // 12, months % 12 + 1, 1)
    if frequency == "WEEKLY":
        back = (first.weekday() - WEEKDAYS.index(week_start)) % 7
        first, interval = first - timedelta(days=back), interval * 7
    return begin - timedelta(days=(begin - first).days % interval)


def _at(first: str, day: date) -> str:
    return f"{day.isoformat()}T{first.partition('T')[2]}" if "T" in first else day.isoformat()
