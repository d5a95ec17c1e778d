"""Feedback's documents and indexes: the only place that knows them. Collection: followups."""

from __future__ import annotations

from services.feedback.domain.followup import FollowUp
from shared.erasure import SCRUB_INDEX
from shared.identity.access import Access
from shared.mongo import Database
from shared.records import Document, MongoRecords, create_indexes, store_errors
from shared.writer import ModelCodec


def derived(followup: FollowUp) -> Document:
    """What the store computes for its queries: whether kept events may hold words of somebody erased."""
    return {"scrub_due": True} if followup.erased else {}


CODEC = ModelCodec(FollowUp, derived)


class FollowUps(MongoRecords):
    """The collection `followups`."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, "followups")

    async def find_many(self, ids: list[str]) -> dict[str, FollowUp]:
        """Follow-ups by grievance id; what is not there is left out."""
        query: Document = {"_id": {"$in": ids}} if len(ids) > 1 else {"_id": ids[0]}
        with store_errors():
            rows = await self.collection.find(query).to_list(None)
        return {row["_id"]: CODEC.load(row) for row in rows if row["registered"]}


def access_of(followup: FollowUp) -> Access:
    """Who may see it, by feedback's copy."""
    return Access(
        division=followup.division,
        petitioner_ref=followup.petitioner_ref,
        own_ref=followup.own_ref,
        team=followup.team,
        departments=frozenset(followup.departments),
        handlers=frozenset(followup.handlers),
        accused_departments=frozenset(followup.accused_departments),
        confidential=followup.confidential,
    )


async def migrate(database: Database) -> None:
    """Create the indexes. Repeating it changes nothing."""
    await create_indexes(database, ["followups"])
    with store_errors():
        await database["followups"].create_indexes([SCRUB_INDEX])
