"""Where grievance documents live: the port that the writer and the relay need, and its MongoDB adapter.

The same adapter serves reference pages (departments, posts), which carry the same `version`, `outbox` and `tags`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol

from shared.envelope import Seen
from shared.mongo import ASCENDING, BulkWriteError, Collection, Database, DuplicateKeyError, IndexModel, PyMongoError
from shared.tags import DIRTY, SCRUB, TAGS, TAKEN_BACK, UNSENT, blocked_by, with_blocked

Document = dict[str, Any]
DUPLICATE_KEY = 11000


class StoreTrouble(Exception):
    """The store did not answer, or other writers kept winning: no message's fault; hold, back off, go on."""


class Records(Protocol):
    """One collection of documents with an embedded outbox, and the service's memory beside it (`events`, `audit`)."""

    async def load(self, id: str) -> Document | None: ...

    async def insert(self, document: Document) -> bool:
        """False when the id is taken."""
        ...

    async def update(
        self, id: str, version: int, to_set: Document, to_unset: Document, push: list[Document], tags: Sequence[str] = ()
    ) -> bool:
        """One guarded write: fields, version + 1, entries pushed to the outbox, tags added. False when the version has moved on."""
        ...

    async def outbox(self, id: str) -> list[Document]:
        """All entries not yet relayed, oldest first."""
        ...

    async def remember(self, entries: list[Document]) -> None:
        """Keep events in `events` and audit entries in `audit`; entries that are there already are left as they are."""
        ...

    async def settle(self, id: str, confirmed: list[str]) -> None:
        """Remove exactly these entries from the outbox and say whether any are left; the version stays."""
        ...

    async def unsent(self, before: datetime, limit: int) -> list[str]:
        """Ids of documents with an outbox entry made before that time."""
        ...

    async def remembered_request(self, id: str, request_id: str) -> Document | None:
        """The audit entry of a command that has left the document's own memory: {digest, result}."""
        ...


@contextmanager
def store_errors() -> Iterator[None]:
    """Every failure of the driver, timeouts included, as StoreTrouble; the driver's text may hold values and is not carried."""
    try:
        yield
    except PyMongoError as error:
        raise StoreTrouble(type(error).__name__) from error


class MongoRecords:
    """Records in MongoDB: collection `name`, with `events` and `audit` of the same database."""

    def __init__(self, database: Database, name: str) -> None:
        self.collection: Collection = database[name]
        self.events: Collection = database["events"]
        self.audit: Collection = database["audit"]

    async def load(self, id: str) -> Document | None:
        with store_errors():
            return await self.collection.find_one({"_id": id})

    async def insert(self, document: Document) -> bool:
        with store_errors():
            try:
                await self.collection.insert_one(document)
            except DuplicateKeyError:
                return False
        return True

    async def update(
        self, id: str, version: int, to_set: Document, to_unset: Document, push: list[Document], tags: Sequence[str] = ()
    ) -> bool:
        change: Document = {"$set": {**to_set, "version": version + 1}}
        if to_unset:
            change["$unset"] = to_unset
        if push:
            change["$push"] = {"outbox": {"$each": push}}
        raised = [*tags, *([UNSENT] if push else [])]
        if TAGS in to_set:
            change["$set"][TAGS] = list(dict.fromkeys([*to_set[TAGS], *raised]))
        elif raised:
            change["$addToSet"] = {TAGS: {"$each": raised}}
        with store_errors():
            result = await self.collection.update_one({"_id": id, "version": version}, change)
        return bool(result.matched_count == 1)

    async def seen(self, ids: list[str]) -> dict[str, Seen]:
        """What the documents have seen of other services; a document that is not there is left out."""
        query: Document = {"_id": {"$in": ids}} if len(ids) > 1 else {"_id": ids[0]}
        with store_errors():
            rows = await self.collection.find(query, {"seen": 1}).to_list(None)
        return {row["_id"]: row["seen"] for row in rows}

    async def outbox(self, id: str) -> list[Document]:
        with store_errors():
            found = await self.collection.find_one({"_id": id}, {"outbox": 1})
        return list(found["outbox"]) if found else []

    async def remember(self, entries: list[Document]) -> None:
        for collection, kind in ((self.events, "event"), (self.audit, "audit")):
            rows = [entry["row"] | {"_id": entry["id"]} for entry in entries if entry["kind"] == kind]
            if not rows:
                continue
            with store_errors():
                try:
                    await collection.insert_many(rows, ordered=False)
                except BulkWriteError as error:
                    if any(fault["code"] != DUPLICATE_KEY for fault in error.details["writeErrors"]):
                        raise

    async def settle(self, id: str, confirmed: list[str]) -> None:
        left = {"$filter": {"input": "$outbox", "cond": {"$not": [{"$in": ["$$this.id", confirmed]}]}}}
        sent = {"$filter": {"input": f"${TAGS}", "cond": {"$ne": ["$$this", UNSENT]}}}
        with store_errors():
            await self.collection.update_one(
                {"_id": id}, [{"$set": {"outbox": left}}, {"$set": {TAGS: {"$cond": [{"$eq": ["$outbox", []]}, sent, f"${TAGS}"]}}}]
            )

    async def unsent(self, before: datetime, limit: int) -> list[str]:
        with store_errors():
            rows = await self.collection.find({TAGS: UNSENT}, {"outbox.at": 1}).limit(limit).to_list(limit)
            for row in rows:
                if not row["outbox"]:
                    # Raised by a write that had read it before the relay was done.
                    await self.collection.update_one({"_id": row["_id"], "outbox": []}, {"$pull": {TAGS: UNSENT}})
        return [row["_id"] for row in rows if row["outbox"] and min(entry["at"] for entry in row["outbox"]) < before]

    async def remembered_request(self, id: str, request_id: str) -> Document | None:
        with store_errors():
            rows = await self.audit.find({"subject": id, "request_id": request_id}).to_list(None)
        # Entries of before they named their collection are anybody's of that id.
        return next((row for row in rows if row.get("collection", "") in ("", self.collection.name)), None)

    async def blocked(self, sources: list[str], limit: int) -> list[Document]:
        """Documents held up by an event of these sources that cannot be applied, for operators: {_id, blocked}."""
        query = {TAGS: {"$in": [blocked_by(source) for source in sources]}}
        with store_errors():
            return list(await self.collection.find(query, {"blocked": 1}).limit(limit).to_list(limit))


OwnTags = Callable[[Document], list[str]]
"""By which tags a registered document is found that are its own."""
FLAGS = {"unsent": UNSENT, "dirty": DIRTY, "scrub_due": SCRUB}
"""Fields of before there were tags."""
FLAG_INDEXES = ("unsent", "blocked_source", "dirty", "scrub_due")
TAGS_INDEX = IndexModel([(TAGS, ASCENDING)], name=TAGS)


EVENT_INDEXES = [
    IndexModel([("subject", ASCENDING), ("sequence", ASCENDING)], name="subject_sequence"),
    IndexModel([("at", ASCENDING)], name="at"),
]
AUDIT_INDEXES = [
    IndexModel([("subject", ASCENDING), ("request_id", ASCENDING)], name="subject_request"),
    IndexModel([("subject", ASCENDING), ("number", ASCENDING)], name="subject_number"),
    # What waits for an anchor has none. Not partial: the embedded store takes a partial index only for a query that repeats its very
    # condition, and scans otherwise.
    IndexModel([("anchor", ASCENDING)], name="anchor"),
    IndexModel([("when", ASCENDING)], name="when"),
]


async def create_indexes(database: Database, record_collections: list[str]) -> None:
    """The indexes of the protocol; each service adds those of its own queries in its store."""
    with store_errors():
        for name in (*record_collections, "anchors"):
            await database[name].create_indexes([TAGS_INDEX])
        await database["events"].create_indexes(EVENT_INDEXES)
        await database["audit"].create_indexes(AUDIT_INDEXES)


async def tag_documents(database: Database, own: Mapping[str, OwnTags], old_indexes: Mapping[str, Sequence[str]]) -> None:
    """Documents of before there were tags, by collection. Then the indexes of before go, and with them the sign that there is something to
    do. Repeating it changes nothing."""
    with store_errors():
        for name in await database.list_collection_names():
            there = await database[name].index_information()
            if any(index in FLAG_INDEXES for index in there):
                await _tag(database[name], own.get(name, lambda _document: []))
                for index in (*old_indexes.get(name, ()), *FLAG_INDEXES):
                    if index in there:
                        await _drop(database[name], index)


async def _tag(collection: Collection, own: OwnTags) -> None:
    async for document in collection.find({TAGS: {"$exists": False}, "outbox": {"$exists": True}}):
        mine = [tag for tag in own(document) if tag not in TAKEN_BACK] if document.get("registered") else []
        tags = with_blocked([*(tag for flag, tag in FLAGS.items() if document.get(flag)), *mine], document)
        change = {"$set": {TAGS: tags}, "$unset": dict.fromkeys(FLAGS, "")}
        await collection.update_one({"_id": document["_id"], "version": document["version"]}, change)


async def _drop(collection: Collection, index: str) -> None:
    try:
        await collection.drop_index(index)
    except PyMongoError:
        # Another process with the same migration was faster.
        if index in await collection.index_information():
            raise
