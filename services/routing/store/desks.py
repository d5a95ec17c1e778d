"""Desks in the store: open cases by slices of equality, the nearest day first (domain/desks.py, docs/decisions/0040).

A case carries `desk {slots, day, at, tie, category}` while it is open; one index on the slots serves every desk. `desk_days` leads from a
heading to its days: a row is claimed before the write that needs it, and again once in RENEW. A page that walked over a day and found it
empty takes its row away, when that was claimed longer ago than any write takes. The numbers are projected apart, into `cases_buckets`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from services.routing.domain.desks import GRAINS, OPEN, TIES, Place, Wanted, counted_under, slot, wide
from shared.contracts.base import instant
from shared.cursors import bad_cursor, cursor_at, read_cursor
from shared.listing import CLAIMS_REMEMBERED, ListedRecords
from shared.mongo import ASCENDING, BulkWriteError, Database, IndexModel
from shared.projector import BUCKET_INDEXES, Buckets, Projector
from shared.records import DUPLICATE_KEY, Document, store_errors

DAYS = "desk_days"
DESK_INDEXES = [
    IndexModel([("desk.slots", ASCENDING)], name="desk"),
]
DAY_INDEXES = [IndexModel([("key", ASCENDING)], name="key")]
# A claim is trusted by its process for RENEW and stands for LEASE: a write that has claimed is long done, or never will be.
RENEW = timedelta(hours=1)
LEASE = timedelta(days=1)
# The embedded store takes ten times as long for 66 values as for 16.
SLOTS_AT_ONCE = 16
WIDER = 4
"""So many times more slices are read together than before, at most."""
FORGOTTEN_AT_ONCE = 8

# A day under which so many or fewer stand is read whole.
FEW = 64


@dataclass(frozen=True)
class Slice:
    """A day, or a part of it; `likely`: how many documents that may be."""

    day: str
    part: str
    likely: int


@dataclass(frozen=True)
class DeskPage:
    """One page of documents, the nearest due first."""

    documents: list[Document]
    more: bool


class DeskRecords(ListedRecords):
    """Records that also stand on desks."""

    def __init__(self, database: Database, name: str, real_now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        super().__init__(database, name)
        self._desk_days = database[DAYS]
        self._counts = DeskCounts(database)
        self._real_now = real_now
        self._held: dict[str, datetime] = {}

    async def insert(self, document: Document) -> bool:
        await self._claim_days(document.get("desk"))
        return await super().insert(document)

    async def update(
        self, id: str, version: int, to_set: Document, to_unset: Document, push: list[Document], tags: Sequence[str] = ()
    ) -> bool:
        await self._claim_days(to_set.get("desk"))
        return await super().update(id, version, to_set, to_unset, push, tags)

    async def _claim_days(self, entry: Document | None) -> None:
        if not entry:
            return
        now = self._real_now()
        rows = {row["_id"]: row for row in day_rows(entry, now) if self._held.get(row["_id"], now - RENEW) <= now - RENEW}
        if len(self._held) > CLAIMS_REMEMBERED:
            self._held.clear()
        missing = rows
        while missing:
            known = await self._put(list(missing.values()))
            if not known:
                break
            with store_errors():
                renewed = await self._desk_days.update_many({"_id": {"$in": known}}, {"$set": {"at": now}})
            if renewed.matched_count == len(known):
                break
            # One was taken away in between.
            missing = {id: rows[id] for id in known}
        self._held |= dict.fromkeys(rows, now)

    async def _put(self, rows: list[Document]) -> list[str]:
        """Returns the ids of those that are there already."""
        with store_errors():
            try:
                await self._desk_days.insert_many(rows, ordered=False)
            except BulkWriteError as error:
                faults = error.details["writeErrors"]
                if any(fault["code"] != DUPLICATE_KEY for fault in faults):
                    raise
                return [rows[fault["index"]]["_id"] for fault in faults]
        return []

    async def desk_page(self, wanted: Wanted, first: int, after: str | None) -> DeskPage:
        """The first `first` of what is wanted, behind a cursor. Raises Refusal for a malformed cursor."""
        start = read_place(after) if after else None
        headings = wanted.headings()
        days = await self._days_of(headings, start, (wanted.first_day, wanted.last_day))
        slices = _slices(sorted(days), start, await self._likely(wanted) if days else {})
        query = _conditions(wanted)
        found: list[Document] = []
        position, expected, skipped, most = 0, 0, 0, WIDER
        while position < len(slices) and len(found) <= first:
            # Of the slice in which the last page ended only a part is new: it says nothing of how many the others have.
            ended = start is not None and position == 0
            at_most = 1 if ended else min(most, SLOTS_AT_ONCE) // len(headings)
            batch = _batch(slices[position:], first + 1 - len(found), (len(found) - skipped, expected), at_most)
            found += await self._read(headings, days, [(each.day, each.part) for each in batch], query, start)
            position += len(batch)
            if ended:
                skipped = len(found)
            else:
                expected, most = expected + sum(each.likely for each in batch), most * WIDER
        await self._forget(_empty(days, slices[:position], found, start), query)
        return DeskPage(found[:first], len(found) > first)

    async def _likely(self, wanted: Wanted) -> dict[str, int]:
        """Day → how many there may be."""
        found: dict[str, int] = {}
        for key, numbers in (await self._counts.under(wanted.keys)).items():
            day = key.rpartition("|")[2]
            found[day] = found.get(day, 0) + wanted.likely(numbers)
        return found

    async def _days_of(
        self, headings: list[str], start: Place | None, between: tuple[str | None, str | None]
    ) -> dict[str, dict[str, datetime]]:
        """Day → heading → when it was claimed. `between`: the first and the last day that are looked at."""
        if not headings:
            return {}
        with store_errors():
            rows = await self._desk_days.find({"key": _any_of(headings)}).to_list(None)
        found: dict[str, dict[str, datetime]] = {}
        first, last = max(start.day if start else "", between[0] or ""), between[1]
        for row in rows:
            if row["has"] >= first and (last is None or row["has"] <= last):
                found.setdefault(row["has"], {})[row["key"]] = row["at"]
        return found

    async def _read(
        self, headings: list[str], days: dict[str, dict[str, datetime]], batch: list[tuple[str, str]], query: Document, start: Place | None
    ) -> list[Document]:
        """The documents of these slices in their order, each once."""
        slots = [
            slot(heading, day, part or None)
            for heading in headings
            for day, part in (batch if wide(heading) else dict.fromkeys((day, "") for day, _ in batch))
            if heading in days[day]
        ]
        if not slots:
            return []
        with store_errors():
            rows = await self.collection.find({"desk.slots": _any_of(slots), **query}).to_list(None)
        asked = set(batch)
        places = {row["_id"]: place_of(row) for row in rows}
        kept = [
            row
            for row in {row["_id"]: row for row in rows}.values()
            if (start is None or places[row["_id"]] > start)
            # What stands under a narrow key too comes with its whole day, of which this is a part.
            and ((places[row["_id"]].day, "") in asked or (places[row["_id"]].day, places[row["_id"]].grain) in asked)
        ]
        return sorted(kept, key=lambda row: places[row["_id"]])

    async def _forget(self, empty: list[tuple[str, str, datetime]], query: Document) -> None:
        """Take away rows of days that have nothing: not only for this viewer and what they look for, and not for long."""
        before = self._real_now() - LEASE
        for heading, day, at in [each for each in empty if each[2] < before][:FORGOTTEN_AT_ONCE]:
            with store_errors():
                if query and await self.collection.find_one({"desk.slots": slot(heading, day)}, {"_id": 1}) is not None:
                    continue
                await self._desk_days.delete_one({"_id": slot(heading, day), "at": at})


def day_rows(entry: Document, at: datetime) -> list[Document]:
    """The rows of `desk_days` that lead to a document with this `desk` field."""
    day = entry["day"]
    headings = dict.fromkeys(each.partition(f"|{day}")[0] for each in entry["slots"])
    return [{"_id": slot(heading, day), "key": heading, "has": day, "at": at} for heading in headings]


def _slices(days: list[str], start: Place | None, likely: dict[str, int]) -> list[Slice]:
    """Of these days, in order and from the cursor on: a day that has much is read in parts."""
    found = []
    for day in days:
        number = likely.get(day, 0)
        if number <= FEW:
            found.append(Slice(day, "", number))
        else:
            found += [Slice(day, part, number // TIES if part[0] == "m" else 0) for part in GRAINS]
    return found if start is None else [each for each in found if not each.part or (each.day, each.part) >= (start.day, start.grain)]


def _batch(slices: list[Slice], missing: int, so_far: tuple[int, int], most: int) -> list[Slice]:
    """What to read together next, so that it is likely to be enough; of what was `so_far` (found, expected) more or less of it is."""
    found, expected = so_far
    share = found / expected if expected else 1.0
    batch: list[Slice] = []
    enough = 0.0
    for each in slices[: max(1, most)]:
        if batch and enough + each.likely * share > missing:
            break
        batch.append(each)
        enough += each.likely * share
    return batch


def _conditions(wanted: Wanted) -> Document:
    """What must hold beside the slots."""
    query: Document = {}
    if wanted.statuses:
        query["status"] = _any_of(list(wanted.statuses))
    if wanted.category is not None:
        query["desk.category"] = wanted.category
    if wanted.grade is not None:
        query["grade"] = wanted.grade
    if wanted.within is not None:
        query["division"] = {"$gte": wanted.within[0], "$lt": wanted.within[1]}
    if wanted.since is not None or wanted.before is not None:
        limits = {"$gte": wanted.since, "$lt": wanted.before}
        query["desk.at"] = {name: limit for name, limit in limits.items() if limit is not None}
    if wanted.department is not None:
        query["work_order.department"] = wanted.department
    if wanted.owner is not None:
        query |= {f"owner.{name}": value for name, value in wanted.owner.model_dump().items()}
    if wanted.not_accused is not None:
        query["accused_departments"] = {"$ne": wanted.not_accused}
    return query


def _empty(
    days: dict[str, dict[str, datetime]], walked: list[Slice], found: list[Document], start: Place | None
) -> list[tuple[str, str, datetime]]:
    """(heading, day, claimed at) of the days that were walked over whole, where nothing was found."""
    full = {row["desk"]["day"] for row in found}
    last = walked[-1] if walked else None
    over = [day for day in dict.fromkeys(each.day for each in walked) if day not in full and (start is None or day > start.day)]
    if last is not None and last.part not in ("", GRAINS[-1]):
        over = [day for day in over if day != last.day]
    return [(heading, day, at) for day in over for heading, at in days[day].items()]


def _any_of(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else {"$in": values}


def place_of(row: Document) -> Place:
    entry = row["desk"]
    return Place(entry["day"], instant(entry["at"]) if entry["at"] else "", entry["tie"])


def desk_cursor(row: Document) -> str:
    """Opaque to clients: where this document stands in the order of a desk."""
    place = place_of(row)
    return cursor_at(place.day, place.at, place.tie)


def read_place(text: str) -> Place:
    place = Place(*read_cursor(text, 3))
    try:
        known = place.grain in GRAINS
    except ValueError:
        # No point in time.
        known = False
    if not known:
        raise bad_cursor()
    return place


class DeskCounts:
    """The numbers of desks and cards: of each key, the buckets of the days on which something is due there. One range of an index each."""

    def __init__(self, database: Database) -> None:
        self._buckets = Buckets(database, "cases")

    async def under(self, keys: tuple[str, ...]) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for key in keys:
            found |= await self._buckets.under(f"{counted_under(key)}|")
        return found

    async def starting(self, prefix: str) -> dict[str, dict[str, int]]:
        return await self._buckets.under(prefix)


def desk_projector(database: Database, holder: str, real_now: Callable[[], datetime]) -> Projector:
    """What keeps the numbers; an emptied day's bucket is taken away."""
    return Projector(database, "cases", holder, real_now, whole=OPEN)


async def migrate_desks(database: Database) -> None:
    with store_errors():
        await database["cases"].create_indexes(DESK_INDEXES)
        await database[DAYS].create_indexes(DAY_INDEXES)
        await database["cases_buckets"].create_indexes(BUCKET_INDEXES)
