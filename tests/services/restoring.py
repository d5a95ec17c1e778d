"""A migrated database as it was, for the next test: to migrate one anew takes the embedded store two seconds."""

from __future__ import annotations

from typing import Any

from shared.mongo import Database

Kept = dict[str, list[dict[str, Any]]]
# Five thousand divisions stay as they are: whoever records one moves the revision.
PLACES, REVISIONS = "divisions", "revisions"


async def kept_of(database: Database) -> Kept:
    """All documents, places aside."""
    names = await database.list_collection_names()
    return {name: await database[name].find({}).to_list(None) for name in names if name != PLACES}


async def restore(database: Database, kept: Kept) -> None:
    held = await kept_of(database)
    assert held.get(REVISIONS) == kept.get(REVISIONS), "a test that records places needs a database of its own"
    for name, documents in held.items():
        before = kept.get(name, [])
        if documents == before:
            continue
        await database[name].delete_many({})
        if before:
            await database[name].insert_many(before)
