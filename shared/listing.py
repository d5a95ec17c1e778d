"""Lists of grievance documents that stay fast however many there are: narrow slices by equality, one day after the other.

A document carries `listed {keys, day, at}`: the keys under which somebody may find it (a scope prefix, a team, a petitioner's ref, a
department) and the Shanghai day and the time by which it is ordered. `list_days` holds which (key, day) pairs exist, claimed before the
write, so that a page reads the days that have something and no more. A range with sort and limit would read the whole range on
the embedded store; this reads the page and at most one day more.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from shared.contracts.base import instant
from shared.identity.access import Visible
from shared.identity.errors import Refusal
from shared.identity.scopes import prefixes
from shared.mongo import ASCENDING, BulkWriteError, Database, IndexModel
from shared.records import DUPLICATE_KEY, Document, MongoRecords, store_errors

CHINA = ZoneInfo("Asia/Shanghai")
CLAIMS_REMEMBERED = 50_000

LIST_INDEXES = [IndexModel([("listed.keys", ASCENDING), ("listed.day", ASCENDING)], name="listed")]
DAY_INDEXES = [IndexModel([("key", ASCENDING), ("day", ASCENDING)], name="key_day")]


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


def listed(access: Listable, at: datetime) -> Document:
    """The `listed` field of a document that is ordered by `at`."""
    keys = [f"division:{prefix}" for prefix in prefixes(access.division)]
    if access.petitioner_ref:
        keys.append(f"petitioner:{access.petitioner_ref}")
    if access.team:
        keys.append(f"team:{access.team}")
    keys += [f"department:{department}" for department in sorted(access.departments)]
    return {"keys": keys, "day": at.astimezone(CHINA).date().isoformat(), "at": at}


def keys_for(visible: Visible) -> list[str]:
    """The keys under which this viewer may look."""
    found = [f"division:{prefix}" for prefix in sorted(visible.prefixes)]
    found += [f"petitioner:{ref}" for ref in sorted(visible.refs)]
    found += [f"department:{department}" for department in sorted(visible.departments)]
    if visible.team:
        found.append(f"team:{visible.team}")
    return found


class ListedRecords(MongoRecords):
    """Records whose documents are found by list; claims the (key, day) pairs before each write that changes them."""

    def __init__(self, database: Database, name: str) -> None:
        super().__init__(database, name)
        self._days = database["list_days"]
        self._claimed: set[str] = set()

    async def insert(self, document: Document) -> bool:
        await self._claim(document.get("listed"))
        return await super().insert(document)

    async def update(self, id: str, version: int, to_set: Document, to_unset: Document, push: list[Document]) -> bool:
        await self._claim(to_set.get("listed"))
        return await super().update(id, version, to_set, to_unset, push)

    async def _claim(self, entry: Document | None) -> None:
        if entry is None:
            return
        pairs = {f"{key}|{entry['day']}": (key, entry["day"]) for key in entry["keys"]}
        rows = [{"_id": id, "key": key, "day": day} for id, (key, day) in pairs.items() if id not in self._claimed]
        if not rows:
            return
        with store_errors():
            try:
                await self._days.insert_many(rows, ordered=False)
            except BulkWriteError as error:
                if any(fault["code"] != DUPLICATE_KEY for fault in error.details["writeErrors"]):
                    raise
        if len(self._claimed) > CLAIMS_REMEMBERED:
            self._claimed.clear()
        self._claimed.update(pairs)

    async def page(self, visible: Visible, first: int, after: str | None, where: Document | None = None) -> Page:
        """The newest `first` documents that the viewer may find, after a cursor. Raises Refusal for a malformed cursor."""
        keys = keys_for(visible)
        if visible.nothing or not keys:
            return Page([], False)
        start = read_cursor(after) if after else None
        found: list[Document] = []
        for day in await self._days_of(keys, start.day if start else None):
            found += await self._slice(keys, day, visible, where or {}, start)
            if len(found) > first:
                break
        return Page(found[:first], len(found) > first)

    async def _days_of(self, keys: list[str], last: str | None) -> list[str]:
        query: Document = {"key": keys[0] if len(keys) == 1 else {"$in": keys}}
        with store_errors():
            rows = await self._days.find(query, {"day": 1}).to_list(None)
        return sorted({row["day"] for row in rows if last is None or row["day"] <= last}, reverse=True)

    async def _slice(self, keys: list[str], day: str, visible: Visible, where: Document, start: Cursor | None) -> list[Document]:
        query: Document = {"listed.keys": keys[0] if len(keys) == 1 else {"$in": keys}, "listed.day": day, **where}
        if visible.not_accused is not None:
            query["accused_departments"] = {"$ne": visible.not_accused}
        with store_errors():
            rows = await self.collection.find(query).to_list(None)
        rows.sort(key=lambda row: (row["listed"]["at"], row["_id"]), reverse=True)
        if start is not None and day == start.day:
            rows = [row for row in rows if (instant(row["listed"]["at"]), row["_id"]) < (start.at, start.id)]
        return rows


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
    return base64.urlsafe_b64encode(f"{entry['day']}|{instant(entry['at'])}|{document['_id']}".encode()).decode()


def read_cursor(text: str) -> Cursor:
    try:
        day, at, id = base64.urlsafe_b64decode(text.encode()).decode().split("|")
    except (ValueError, binascii.Error):
        raise Refusal("BAD_CURSOR", "分页游标无效。", "The cursor is not one of ours.", "after") from None
    return Cursor(day, at, id)
