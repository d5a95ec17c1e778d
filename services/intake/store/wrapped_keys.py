"""All wrapped data keys of intake, wherever a document holds one, for the rotation of the master key.

A rewrapped key leaves the document's `version` alone: the data key is the same, so what a writer decided meanwhile stands. Nobody writes
an old wrapped key over a new one either: a writer sets only what its decision changed, and `persons` are guarded by the key itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from services.intake.adapters.cipher import FieldCipher, Unreadable
from shared.mongo import Database, UpdateOne
from shared.records import Document, store_errors

COLLECTIONS = ("persons", "members", "households", "archives", "encounters", "diaries", "fs.contents", "transfer_faults")
AT_ONCE = 500


@dataclass
class Walk:
    """Of one walk: keys under another master key than the current, those rewrapped, and ids of documents whose key does not open."""

    outdated: int = 0
    rewrapped: int = 0
    broken: list[str] = field(default_factory=list)


class WrappedKeys:
    def __init__(self, database: Database, cipher: FieldCipher) -> None:
        self._database = database
        self._cipher = cipher

    async def rewrap(self, collection: str) -> Walk:
        """Look at each key once and wrap what is outdated anew. Raises KeyMissing, StoreTrouble."""
        walk = Walk()
        portion: list[Document] = []
        with store_errors():
            # One cursor, no pages by id: the embedded store reads the whole rest for each page (100 times slower at 20,000 documents).
            async for row in self._database[collection].find({}, {"key": 1, "person": 1}).batch_size(AT_ONCE):
                # Who was erased has none, nor has what others' events told of first.
                if row.get("key"):
                    portion.append(row)
                if len(portion) == AT_ONCE:
                    await self._portion(collection, portion, walk)
                    portion = []
            await self._portion(collection, portion, walk)
        return walk

    async def _portion(self, collection: str, rows: list[Document], walk: Walk) -> None:
        changes = []
        for row in rows:
            try:
                if not self._cipher.is_outdated(row["key"]):
                    continue
                fresh = self._cipher.rewrap(row["person"] if "person" in row else row["_id"], row["key"])
            except Unreadable:
                walk.broken.append(row["_id"])
                continue
            # Erased meanwhile, or another rotation was first: it stays as it is and the next walk looks.
            changes.append(UpdateOne({"_id": row["_id"], "key": row["key"]}, {"$set": {"key": fresh}}))
        if changes:
            walk.outdated += len(changes)
            walk.rewrapped += (await self._database[collection].bulk_write(changes, ordered=False)).modified_count
