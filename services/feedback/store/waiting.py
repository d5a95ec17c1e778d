"""What waits, in the store (domain/waiting.py): found by tags of a key and a day, the oldest first, and counted in `followups_buckets`.

The buckets say which days have something, and how much, so that a page reads a day whole or hour by hour and few more than it shows. The
latest days are looked at whatever the buckets say, which are some seconds behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.feedback.domain.callbacks import CallbackReason
from services.feedback.domain.followup import FollowUp
from services.feedback.domain.waiting import HOURS, What, by_day, counted_under, facts, hour_in_china, is_wide, slot, waits
from services.feedback.store.callbacks import Apart, apart
from shared.china_time import day_in_china
from shared.contracts.base import instant
from shared.cursors import cursor_at, read_cursor_in_time
from shared.mongo import Database
from shared.projector import Buckets
from shared.records import Document, store_errors
from shared.tags import TAGS

NAME = "followups"
Row = tuple[str, datetime, str]
"""(grievance id, since when it waits, cursor)."""
LATEST_DAYS = 3
FEW = 64
"""A day under which so many or fewer stand is read whole."""
# The embedded store takes ten times as long for 66 values as for 16.
SLOTS_AT_ONCE = 16


@dataclass(frozen=True)
class Desk:
    """What somebody has before them: what waits for `asked` under these keys, none of which holds another. `department`: the viewer's;
    they are told nothing of what accuses it. `calls`: for whom callbacks are listed, where they are; `reason`: of these only such."""

    keys: tuple[str, ...]
    asked: tuple[What, ...]
    department: str | None
    calls: Apart | None = None
    reason: CallbackReason | None = None

    def conditions(self, what: What) -> Document:
        """What must hold beside the slots."""
        if what == "CALLBACK" and self.calls is not None:
            return apart(self.calls) | ({"callback.reason": self.reason} if self.reason is not None else {})
        return {"accused_departments": {"$ne": self.department}} if self.department is not None else {}


@dataclass(frozen=True)
class _Place:
    """Where a row stands in the order."""

    since: datetime
    id: str

    @property
    def order(self) -> tuple[str, str]:
        return instant(self.since), self.id


@dataclass(frozen=True)
class _Slice:
    """A day, or one hour of it; `likely`: how many that are at most, as far as the buckets say."""

    day: str
    hour: str
    likely: int


def derived(followup: FollowUp) -> Document:
    return {"facts": facts(followup), "waits": waits(followup)}


class WaitingCounts:
    """What is served of the numbers; no follow-up is read."""

    def __init__(self, database: Database) -> None:
        self._buckets = Buckets(database, NAME)

    async def under(self, keys: tuple[str, ...]) -> dict[str, dict[str, int]]:
        """The buckets of all days of these keys: one range of an index each."""
        found: dict[str, dict[str, int]] = {}
        for key in keys:
            found |= await self._buckets.under(counted_under(key))
        return found


class WaitingLists:
    def __init__(self, database: Database) -> None:
        self._followups = database[NAME]
        self._counts = WaitingCounts(database)

    async def page(self, desk: Desk, what: What, today: date, first: int, after: str | None) -> tuple[list[Row], bool]:
        """Those that have waited longest, behind a cursor, and whether there are more. Raises Refusal."""
        start = _behind(after) if after is not None else None
        if not desk.keys:
            return [], False
        days = by_day(await self._counts.under(desk.keys), what, desk.department)
        slices = _slices(days, today, start, by_hours=all(map(is_wide, desk.keys)))
        found: list[_Place] = []
        while slices and len(found) <= first:
            batch = _together(slices, first + 1 - len(found), SLOTS_AT_ONCE // len(desk.keys))
            slices = slices[len(batch) :]
            found += await self._read(desk, what, batch, start)
        return [(each.id, each.since, cursor_at(*each.order)) for each in found[:first]], len(found) > first

    async def _read(self, desk: Desk, what: What, batch: list[_Slice], start: _Place | None) -> list[_Place]:
        """What these slices hold, in its order."""
        words = [slot(what, key, each.day, each.hour) for key in desk.keys for each in batch]
        query: Document = {TAGS: words[0] if len(words) == 1 else {"$in": words}, **desk.conditions(what)}
        with store_errors():
            rows = await self._followups.find(query, {f"waits.{what}": 1}).to_list(None)
        places = [_Place(row["waits"][what], row["_id"]) for row in rows]
        return sorted((each for each in places if start is None or each.order > start.order), key=lambda each: each.order)


def _slices(days: dict[str, int], today: date, start: _Place | None, *, by_hours: bool) -> list[_Slice]:
    """In order, from the cursor on."""
    latest = [(today - timedelta(days=back)).isoformat() for back in range(LATEST_DAYS)]
    likely: dict[str, int] = dict.fromkeys(latest, 0) | {day: number for day, number in days.items() if number > 0}
    found: list[_Slice] = []
    for day, number in sorted(likely.items()):
        # An hour may have all of its day.
        found += [_Slice(day, hour, number) for hour in (HOURS if by_hours and number > FEW else ("",))]
    if start is None:
        return found
    day, hour = day_in_china(start.since).isoformat(), hour_in_china(start.since)
    return [each for each in found if each.day > day or (each.day == day and (not each.hour or each.hour >= hour))]


def _together(slices: list[_Slice], missing: int, most: int) -> list[_Slice]:
    """What to read in one: so much as is likely to be enough, and no more."""
    batch, likely = slices[:1], slices[0].likely
    for each in slices[1:most]:
        likely += each.likely
        if likely > missing:
            break
        batch.append(each)
    return batch


def _behind(after: str) -> _Place:
    since, id = read_cursor_in_time(after, 2)
    return _Place(datetime.fromisoformat(since), id)
