"""The published versions of one table of rows, each whole and never changed: who decides by one names it, and it can be read later."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from shared.mongo import DESCENDING, Database, DuplicateKeyError
from shared.records import Document, store_errors

FRESH_SECONDS = 2.0


class Table(Protocol):
    @property
    def version(self) -> int: ...


T = TypeVar("T", bound=Table)
Row = TypeVar("Row")


@dataclass(frozen=True)
class Form(Generic[T, Row]):
    """How the versions of one table are kept: the collection, the field of a version's document that has the rows, and both ways between
    a row and its document, and between a table and its rows."""

    collection: str
    field: str
    table: Callable[[int, tuple[Row, ...]], T]
    rows: Callable[[T], tuple[Row, ...]]
    document: Callable[[Row], Document]
    row: Callable[[Document], Row]


@dataclass(frozen=True)
class Published(Generic[T]):
    """One version, with when it was published and by whom; the first came with the package."""

    table: T
    at: datetime
    by: str


class Versions(Generic[T, Row]):
    """`current()` is what was newest when `newest()` was last asked, without asking the store."""

    def __init__(self, database: Database, form: Form[T, Row], first: T) -> None:
        self._collection = database[form.collection]
        self._form = form
        self._current = first
        self._loaded = 0
        self._read = float("-inf")

    def current(self) -> T:
        return self._current

    async def newest(self) -> T:
        """At most two seconds old."""
        if time.monotonic() - self._read > FRESH_SECONDS:
            with store_errors():
                version = await self._newest_version()
                if version != self._loaded and (published := await self.find(version)):
                    self._current, self._loaded = published.table, version
            self._read = time.monotonic()
        return self._current

    async def find(self, version: int) -> Published[T] | None:
        with store_errors():
            kept = await self._collection.find_one({"_id": version})
        if kept is None:
            return None
        rows = tuple(self._form.row(row) for row in kept[self._form.field])
        return Published(self._form.table(version, rows), kept["at"], kept["by"])

    async def begin(self, at: datetime, by: str) -> None:
        """Keep the version that the package brings, unless one is there."""
        await self._keep(Published(self._current, at, by))

    async def publish(self, rows: tuple[Row, ...], at: datetime, by: str) -> int:
        """The version that these rows are from now on."""
        while True:
            with store_errors():
                version = await self._newest_version() + 1
            if await self._keep(Published(self._form.table(version, rows), at, by)):
                self._read = float("-inf")
                return version

    async def _newest_version(self) -> int:
        row = await self._collection.find_one({}, {"_id": 1}, sort=[("_id", DESCENDING)])
        return row["_id"] if row else 0

    async def _keep(self, published: Published[T]) -> bool:
        """Whether it was not there."""
        table = published.table
        rows = [self._form.document(row) for row in self._form.rows(table)]
        with store_errors():
            try:
                await self._collection.insert_one({"_id": table.version, self._form.field: rows, "at": published.at, "by": published.by})
            except DuplicateKeyError:
                return False
        return True
