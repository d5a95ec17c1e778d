"""Rows of the organisation (sites, teams, members, posts, campaigns): each one document, found by id, by territory and by its own keys.

`within` holds the prefixes of all scopes that cover the row (shared/identity/scopes.py): one equality finds all of a territory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from shared.identity.scopes import Scope, prefixes
from shared.mongo import ASCENDING, Database, IndexModel
from shared.records import Document, MongoRecords, store_errors
from shared.writer import ModelCodec

Row = TypeVar("Row", bound=BaseModel)
WITHIN = IndexModel([("within", ASCENDING)], name="within")
# The announcer's flag (shared rows that travel).
UNANNOUNCED = IndexModel([("unannounced", ASCENDING)], name="unannounced", partialFilterExpression={"unannounced": True})


class Registry(MongoRecords, Generic[Row]):
    """The rows of one collection. `places` names the divisions that a row belongs to; `derive` adds what its own queries need."""

    def __init__(
        self,
        database: Database,
        name: str,
        model: type[Row],
        places: Callable[[Row], Iterable[str]],
        derive: Callable[[Row], Document] = lambda _row: {},
    ) -> None:
        super().__init__(database, name)
        self.codec = ModelCodec(model, lambda row: {"within": within(places(row)), **derive(row)})

    async def find_many(self, ids: Iterable[str]) -> dict[str, Row]:
        """By id; what is not there is left out."""
        wanted = sorted(set(ids))
        return {row["_id"]: self._row(row) for row in await self._found({"_id": any_of(wanted)})} if wanted else {}

    async def find(self, id: str) -> Row | None:
        return (await self.find_many([id])).get(id)

    async def of_scope(self, scopes: Iterable[Scope]) -> list[Row]:
        """All rows of these territories, by id."""
        wanted = [scope.prefix for scope in scopes]
        return await self.where({"within": any_of(wanted)}) if wanted else []

    async def where(self, query: Document) -> list[Row]:
        """Rows of an indexed query, by id."""
        return [self._row(row) for row in sorted(await self._found(query), key=lambda row: row["_id"])]

    async def page(self, query: Document, first: int, after: str | None) -> tuple[list[Row], bool]:
        """Rows of an indexed query in the order of their ids, and whether more follow; of the others only the ids are read."""
        with store_errors():
            found = await self.collection.find({**query, "registered": True}, {"_id": 1}).to_list(None)
        ids = sorted(row["_id"] for row in found if after is None or row["_id"] > after)
        rows = await self.find_many(ids[:first])
        return [rows[id] for id in ids[:first] if id in rows], len(ids) > first

    async def _found(self, query: Document) -> list[Document]:
        with store_errors():
            rows = await self.collection.find(query, {"outbox": 0, "requests": 0}).to_list(None)
        return [row for row in rows if row["registered"]]

    def _row(self, document: Document) -> Row:
        return self.codec.load(document)  # type: ignore[no-any-return]


def within(places: Iterable[str]) -> list[str]:
    return sorted({prefix for place in places for prefix in prefixes(place)})


def any_of(values: list[str]) -> Any:
    return values[0] if len(values) == 1 else {"$in": values}
