"""Lists of grievance documents that stay fast however many there are: narrow slices by equality, newest day first.

A document carries `listed {slots, day, at}`. A slot is a key under which somebody may find the document (a scope prefix, a team, a
petitioner's ref, a department) with the Shanghai day, and once more with the document's facet (its status) where it has one:
`division:370881|2026-06-05`, `division:370881|2026-06-05|HANDLING`. One index on the slots serves every list: the embedded store takes a
condition on any field outside the index only beside a single-field one (else it scans), and a range with sort and limit would read the
whole range.

`list_slots` holds, per key, the months and per month the days that have something, claimed before the write; a page reads these and the
slices of the days that it shows, and few more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from shared.china_time import day_in_china
from shared.contracts.base import instant
from shared.cursors import cursor_at, read_cursor
from shared.identity.access import Visible
from shared.identity.scopes import prefixes
from shared.mongo import ASCENDING, BulkWriteError, Database, IndexModel
from shared.records import DUPLICATE_KEY, Document, MongoRecords, store_errors

CLAIMS_REMEMBERED = 50_000
# Slots asked for in one read: the embedded store compares each document found with each of them.
SLOTS_AT_ONCE = 16
# A scope of a county or wider has more documents in a day than one department has.
WIDE_PREFIX = 6

SLOTS = "list_slots"
LIST_INDEXES = [IndexModel([("listed.slots", ASCENDING)], name="slots")]
SLOT_INDEXES = [IndexModel([("key", ASCENDING)], name="key")]


class Listable(Protocol):
    """What of a grievance decides who finds it."""

    @property
    def division(self) -> str: ...
    @property
    def petitioner_ref(self) -> str | None: ...
    @property
    def team(self) -> str | None: ...
    @property
    def departments(self) -> Iterable[str]: ...


def listed(access: Listable, at: datetime, facet: str | None = None) -> Document:
    """The `listed` field of a document that is ordered by `at`; `facet` is one word by which lists may be narrowed, a status."""
    keys = [f"division:{prefix}" for prefix in prefixes(access.division)]
    if access.petitioner_ref:
        keys.append(f"petitioner:{access.petitioner_ref}")
    if access.team:
        keys.append(f"team:{access.team}")
    keys += [f"department:{department}" for department in sorted(access.departments)]
    day = day_in_china(at).isoformat()
    slots = [_slot(key, day) for key in keys]
    if facet is not None:
        slots += [_slot(key, day, facet) for key in keys]
    return {"slots": slots, "day": day, "at": at}


def claims(entry: Document) -> list[Document]:
    """The rows of `list_slots` that lead to a document with this `listed` field: key → month, key and month → day."""
    day, month = entry["day"], entry["day"][:7]
    rows: list[Document] = []
    for slot in entry["slots"]:
        key, _, last = slot.rpartition("|")
        if last == day:
            rows.append({"_id": f"{key}|{month}", "key": key, "has": month})
            rows.append({"_id": slot, "key": f"{key}|{month}", "has": day})
    return rows


def _slot(key: str, day: str, facet: str | None = None) -> str:
    return f"{key}|{day}" if facet is None else f"{key}|{day}|{facet}"


def keys_for(visible: Visible) -> list[str]:
    """The keys under which this viewer may look."""
    found = [f"division:{prefix}" for prefix in sorted(visible.prefixes)]
    found += [f"petitioner:{ref}" for ref in sorted(visible.refs)]
    found += [f"department:{department}" for department in sorted(visible.departments)]
    if visible.team:
        found.append(f"team:{visible.team}")
    return found


@dataclass(frozen=True)
class Way:
    """One way to documents: the keys to look under, and what must hold beside."""

    keys: list[str]
    where: Document


def ways_for(visible: Visible, department: str | None = None) -> list[Way]:
    """The ways to what this viewer may find, or to what of it a department handles: there by whichever slices are the narrower."""
    keys = keys_for(visible)
    if department is None:
        return [Way(keys, {})]
    its_own = [f"department:{department}"]
    if department in visible.departments:
        return [Way(its_own, {})]
    wide = {start: end for start, end in visible.ranges if len(start) <= WIDE_PREFIX}
    ways = [Way(its_own, {"division": {"$gte": start, "$lt": end}}) for start, end in wide.items()]
    narrow = [key for key in keys if key.removeprefix("division:") not in wide]
    return [*ways, Way(narrow, {"departments": department})] if narrow else ways


class ListedRecords(MongoRecords):
    """Records whose documents are found by list; claims the months and days of their keys before each write that changes them."""

    def __init__(self, database: Database, name: str) -> None:
        super().__init__(database, name)
        self._slots = database[SLOTS]
        self._claimed: set[str] = set()

    async def insert(self, document: Document) -> bool:
        await self._claim(document.get("listed"))
        return await super().insert(document)

    async def update(
        self, id: str, version: int, to_set: Document, to_unset: Document, push: list[Document], tags: Sequence[str] = ()
    ) -> bool:
        await self._claim(to_set.get("listed"))
        return await super().update(id, version, to_set, to_unset, push, tags)

    async def _claim(self, entry: Document | None) -> None:
        rows = [row for row in claims(entry) if row["_id"] not in self._claimed] if entry else []
        if not rows:
            return
        with store_errors():
            try:
                await self._slots.insert_many(rows, ordered=False)
            except BulkWriteError as error:
                if any(fault["code"] != DUPLICATE_KEY for fault in error.details["writeErrors"]):
                    raise
        if len(self._claimed) > CLAIMS_REMEMBERED:
            self._claimed.clear()
        self._claimed.update(row["_id"] for row in rows)

    async def page(self, visible: Visible, first: int, after: str | None, facet: str | None = None, department: str | None = None) -> Page:
        """The newest `first` documents that the viewer may find, after a cursor. Raises Refusal for a malformed cursor."""
        start = listed_behind(after) if after else None
        if visible.nothing:
            return Page([], False)
        ways = ways_for(visible, department)
        most = max(1, SLOTS_AT_ONCE // max(len(way.keys) for way in ways))
        found: list[Document] = []
        walked, width = 0, 1
        for month in await self._months(visible, start):
            days = await self._days(visible, month, start, department)
            while days and len(found) <= first:
                batch, days = days[:width], days[width:]
                found += await self._slices(ways, batch, visible, facet, start)
                walked += len(batch)
                width = min(_days_at_once(first + 1, len(found), walked, width), most)
            if len(found) > first:
                break
        return Page(found[:first], len(found) > first)

    async def _months(self, visible: Visible, start: Cursor | None) -> list[str]:
        months = await self._has(keys_for(visible))
        return sorted((month for month in months if start is None or month <= start.day[:7]), reverse=True)

    async def _days(self, visible: Visible, month: str, start: Cursor | None, department: str | None) -> list[str]:
        days = await self._has([f"{key}|{month}" for key in keys_for(visible)])
        if department is not None:
            days &= await self._has([f"department:{department}|{month}"])
        return sorted((day for day in days if start is None or day <= start.day), reverse=True)

    async def _has(self, keys: list[str]) -> set[str]:
        with store_errors():
            rows = await self._slots.find({"key": _any_of(keys)}, {"has": 1}).to_list(None)
        return {row["has"] for row in rows}

    async def _slices(self, ways: list[Way], days: list[str], visible: Visible, facet: str | None, start: Cursor | None) -> list[Document]:
        """The documents of these days, newest first, each once."""
        slices = await asyncio.gather(*(self._slice(way, days, visible, facet) for way in ways))
        rows = list({row["_id"]: row for found in slices for row in found}.values())
        if start is not None:
            rows = [row for row in rows if row["listed"]["day"] < start.day or _place(row) < (start.at, start.id)]
        return sorted(rows, key=_place, reverse=True)

    async def _slice(self, way: Way, days: list[str], visible: Visible, facet: str | None) -> list[Document]:
        slots = [_slot(key, day, facet) for key in way.keys for day in days]
        query: Document = {"listed.slots": _any_of(slots), **way.where}
        if visible.not_accused is not None:
            query["accused_departments"] = {"$ne": visible.not_accused}
        with store_errors():
            return await self.collection.find(query).to_list(None)


def _days_at_once(wanted: int, found: int, walked: int, width: int) -> int:
    """How many days to read together. By what was found so far, but at most twice as many as before; as long as nothing was, slowly more:
    a day too many of a whole city costs as much as thirty days that have nothing."""
    if not found:
        return 1 + walked // 8
    likely = -(-(wanted - found) * walked // found)
    return max(1, min(likely, 2 * width))


def _any_of(values: list[str]) -> Any:
    return values[0] if len(values) == 1 else {"$in": values}


def _place(row: Document) -> tuple[str, str]:
    return instant(row["listed"]["at"]), row["_id"]


@dataclass(frozen=True)
class Page:
    """One page of documents, newest first."""

    documents: list[Document]
    more: bool


@dataclass(frozen=True)
class Cursor:
    day: str
    at: str
    id: str


def cursor_of(document: dict[str, Any]) -> str:
    """Opaque to clients: where this document stands in the order."""
    entry = document["listed"]
    return cursor_at(entry["day"], instant(entry["at"]), document["_id"])


def listed_behind(text: str) -> Cursor:
    """Where the page begins. Raises Refusal."""
    return Cursor(*read_cursor(text, 3))
