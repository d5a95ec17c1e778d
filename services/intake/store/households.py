"""Households, collection `households`: by village, by team, by contract; kept by thousands in an import, one by one otherwise."""

from __future__ import annotations

from collections.abc import Iterable

from services.intake.domain.households import Household
from services.intake.store.registry import Registry, any_of
from shared.mongo import ASCENDING, BulkWriteError, Database, IndexModel
from shared.record import stub
from shared.records import Document, store_errors
from shared.tags import DIRTY, TAGS

INDEXES = [
    IndexModel([("village", ASCENDING)], name="village"),
    IndexModel([("team", ASCENDING)], name="team"),
    IndexModel([("unmarked", ASCENDING)], name="unmarked", partialFilterExpression={"unmarked": True}),
]


def _derived(household: Household) -> Document:
    return {
        "facts": household.facts(),
        TAGS: [DIRTY],
        "last_visit": household.last_visit,
        "unmarked": any(not visit.marked for visit in household.visits),
    }


class Households(Registry[Household]):
    def __init__(self, database: Database) -> None:
        super().__init__(database, "households", Household, lambda _row: [], _derived)

    async def digests(self, ids: list[str]) -> dict[str, Document]:
        """Of those that are there: {digest, requests}."""
        with store_errors():
            rows = await self.collection.find({"_id": any_of(ids)}, {"digest": 1, "requests": 1}).to_list(None)
        return {row["_id"]: row for row in rows}

    async def add_many(self, rows: Iterable[tuple[Household, Document]]) -> set[str]:
        """New households, each with the request that made it ({id, digest, result}); returns the ids that were there already."""
        documents = [
            {**stub(row.id), "version": 1, "registered": True, **self.codec.dump(row), "requests": [request]} for row, request in rows
        ]
        with store_errors():
            try:
                await self.collection.insert_many(documents, ordered=False)
            except BulkWriteError as error:
                return {documents[fault["index"]]["_id"] for fault in error.details["writeErrors"]}
        return set()

    async def unmarked(self, limit: int) -> list[str]:
        """Households with a visit of which the member's own record does not tell yet."""
        with store_errors():
            rows = await self.collection.find({"unmarked": True}, {"_id": 1}).limit(limit).to_list(limit)
        return [row["_id"] for row in rows]

    async def listed(self, query: Document) -> list[Document]:
        """Of an indexed query, what lists choose and order by; of the sealed fields the place alone."""
        fields = {"place": 1, "person": 1, "key": 1, "contract": 1, "last_visit": 1, "visits.on": 1}
        with store_errors():
            return list(await self.collection.find(query, fields).to_list(None))
