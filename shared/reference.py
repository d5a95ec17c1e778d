"""A consumer's copy of another service's reference rows: whole rows, applied where newer, gaps allowed, read from memory."""

from __future__ import annotations

import time
from typing import Any

from shared.mongo import Database, DuplicateKeyError
from shared.records import Document, store_errors

FRESH_SECONDS = 2.0


class ReferenceRows:
    """One collection of rows by key. `rows()` is read again when it is older than two seconds: rows are few and change seldom."""

    def __init__(self, database: Database, name: str) -> None:
        self._collection = database[name]
        self._rows: dict[str, Document] = {}
        self._read = float("-inf")

    async def apply(self, key: str, revision: int, rows: list[dict[str, Any]]) -> None:
        """Keep each row under `row[key]` unless a newer revision is there."""
        for row in rows:
            change = {"$set": {"revision": revision, "row": row}}
            with store_errors():
                try:
                    await self._collection.update_one({"_id": row[key], "revision": {"$lt": revision}}, change, upsert=True)
                except DuplicateKeyError:
                    # The row is there in this revision or a newer one: the upsert's filter missed it and its insert met it.
                    continue
        self._read = float("-inf")

    async def rows(self) -> dict[str, Document]:
        if time.monotonic() - self._read > FRESH_SECONDS:
            with store_errors():
                found = await self._collection.find().to_list(None)
            self._rows = {row["_id"]: row["row"] for row in found}
            self._read = time.monotonic()
        return self._rows
