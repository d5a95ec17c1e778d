"""Archives, collection `archives`: by id (a household's is the household's), enterprises by team, all by village, and by what is due."""

from __future__ import annotations

from services.intake.domain.archives import Archive
from services.intake.store.registry import Registry
from shared.mongo import ASCENDING, Database, IndexModel
from shared.records import Document, store_errors

# What is open is looked for by village, what is over by day: scalars, so that each is one equality or one range of one index.
INDEXES = [
    IndexModel([("team", ASCENDING)], name="team"),
    IndexModel([("village", ASCENDING)], name="village"),
    IndexModel([("proposed_village", ASCENDING)], name="proposed_village"),
    IndexModel([("expires", ASCENDING)], name="expires"),
]


def _derived(archive: Archive) -> Document:
    return {"proposed_village": archive.village if archive.open else None, "expires": archive.expires}


class Archives(Registry[Archive]):
    def __init__(self, database: Database) -> None:
        super().__init__(database, "archives", Archive, lambda _row: [], _derived)

    async def listed(self, query: Document) -> list[Document]:
        """Of an indexed query, what lists choose by: _id, village, team, proposed_village. Nothing sealed."""
        fields = {"village": 1, "team": 1, "proposed_village": 1}
        with store_errors():
            return list(await self.collection.find(query, fields).to_list(None))

    async def due(self, today: str) -> list[str]:
        """Ids of archives that hold something whose last day was before this one."""
        with store_errors():
            rows = await self.collection.find({"expires": {"$lt": today}}, {"_id": 1}).to_list(None)
        return [row["_id"] for row in rows]
