"""Intake's grievance documents and their indexes: the only place that knows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.intake.domain.grievance import Grievance
from shared.identity.access import Access, Visible
from shared.listing import LIST_INDEXES, SLOT_INDEXES, SLOTS, ListedRecords, Page, listed
from shared.mongo import ASCENDING, Database, IndexModel
from shared.records import Document, create_indexes, store_errors
from shared.writer import ModelCodec

DELIVERY_INDEXES = [
    IndexModel([("delivery_open", ASCENDING)], name="delivery_open", partialFilterExpression={"delivery_open": True}),
]


def derived(grievance: Grievance) -> Document:
    """What the store computes for its queries: who finds it, whether a delivery is open."""
    return {
        "listed": listed(grievance, grievance.registered_at),
        "delivery_open": any(delivery.open for delivery in grievance.deliveries),
    }


CODEC = ModelCodec(Grievance, derived)


class Grievances(ListedRecords):
    """The collection `grievances`."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, "grievances")

    async def find_many(self, ids: list[str]) -> dict[str, Grievance]:
        """Registered grievances by id; what is not there is left out."""
        query: Document = {"_id": {"$in": ids}} if len(ids) > 1 else {"_id": ids[0]}
        with store_errors():
            rows = await self.collection.find(query).to_list(None)
        return {row["_id"]: CODEC.load(row) for row in rows if row["registered"]}

    async def list_page(self, visible: Visible, first: int, after: str | None) -> Page:
        return await self.page(visible, first, after)

    async def with_open_delivery(self, limit: int) -> list[str]:
        with store_errors():
            rows = await self.collection.find({"delivery_open": True}, {"_id": 1}).limit(limit).to_list(limit)
        return [row["_id"] for row in rows]


def access_of(grievance: Grievance) -> Access:
    """Who may see it, by intake's copy."""
    return Access(
        division=grievance.division,
        petitioner_ref=grievance.petitioner_ref,
        own_ref=grievance.own_ref,
        team=grievance.team,
        departments=frozenset(grievance.departments),
        handlers=frozenset(grievance.progress.access.handlers if grievance.progress else ()),
        accused_departments=frozenset(grievance.accused_departments),
        confidential=grievance.confidential,
    )


class Notices:
    """The petitioner's mailbox in the app: a notice is one document under its reference (port Channel)."""

    name = "WEB"
    knows_references = True

    def __init__(self, database: Database, now: Any) -> None:
        self._notices = database["notices"]
        self._now = now

    async def send(self, reference: str, grievance: str, phone: str | None, text: str) -> Any:
        at: datetime = self._now()
        with store_errors():
            await self._notices.update_one(
                {"_id": reference}, {"$setOnInsert": {"grievance": grievance, "text": text, "at": at}}, upsert=True
            )
        return "sent"


async def migrate(database: Database) -> None:
    """Create the indexes. Repeating it changes nothing."""
    await create_indexes(database, ["grievances", "reference"])
    with store_errors():
        await database["grievances"].create_indexes([*LIST_INDEXES, *DELIVERY_INDEXES])
        await database[SLOTS].create_indexes(SLOT_INDEXES)
