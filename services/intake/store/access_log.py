"""Who looked at whose data: the audit's entries that carry a look (domain/looks.py), by territory and day, and of one grievance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.intake.domain.looks import look_key
from shared.mongo import ASCENDING, Database, IndexModel
from shared.records import Document, store_errors

INDEXES = [
    # Multikey, one equality: of a territory's day only its own entries are read.
    IndexModel([("result.look.keys", ASCENDING)], name="look_keys"),
]


@dataclass(frozen=True)
class Looked:
    """One entry. `of`: a person's id or the keyed hash of a phone; `subject`: the document of the chain, a grievance's for most."""

    id: str
    actor: str
    role: str
    what: str
    when: datetime
    origin: str
    purpose: str
    reason: str | None
    of: str
    subject: str


class AccessLog:
    def __init__(self, database: Database) -> None:
        self._audit = database["audit"]

    async def of_day(self, prefix: str, day: str, first: int, after: str | None) -> tuple[list[Looked], bool]:
        """Newest first; `after` is the id of the last one seen. And whether more follow. Of the others only times are read."""
        query = {"result.look.keys": look_key(prefix, day)}
        with store_errors():
            rows = await self._audit.find(query, {"when": 1}).to_list(None)
        ordered = [row["_id"] for row in sorted(rows, key=lambda row: (row["when"], row["_id"]), reverse=True)]
        begin = ordered.index(after) + 1 if after in ordered else 0
        page = ordered[begin : begin + first]
        return await self._found(page), len(ordered) > begin + first

    async def of_grievance(self, id: str) -> list[Looked]:
        """All looks at this grievance's petitioner that have reached the audit, oldest first."""
        with store_errors():
            rows = await self._audit.find({"subject": id}).to_list(None)
        return sorted((_looked(row) for row in rows if "look" in row["result"]), key=lambda row: (row.when, row.id))

    async def _found(self, ids: list[str]) -> list[Looked]:
        if not ids:
            return []
        query: Document = {"_id": {"$in": ids}} if len(ids) > 1 else {"_id": ids[0]}
        with store_errors():
            rows = {row["_id"]: row for row in await self._audit.find(query).to_list(None)}
        return [_looked(rows[id]) for id in ids if id in rows]


def _looked(row: Document) -> Looked:
    look = row["result"]["look"]
    return Looked(
        id=row["_id"],
        actor=row["actor"],
        role=row["role"],
        what=row["what"],
        when=datetime.fromisoformat(row["when"]),
        origin=row["origin"],
        purpose=look["purpose"],
        reason=look["reason"],
        of=look["of"],
        subject=row["subject"],
    )
