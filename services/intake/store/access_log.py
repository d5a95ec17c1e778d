"""Who looked at whose data: the audit's entries that carry a look (domain/looks.py), by territory and day, and of one grievance."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from services.intake.domain.looks import look_key
from services.intake.store.registry import any_of
from shared.mongo import ASCENDING, Database, IndexModel
from shared.records import Document, store_errors

INDEXES = [
    # Multikey, one equality: of a territory's day only its own entries are read.
    IndexModel([("result.look.keys", ASCENDING)], name="look_keys"),
    IndexModel([("result.look.grievances", ASCENDING)], name="look_grievances"),
]


Hides = Callable[[list[str]], Awaitable[frozenset[str]]]
"""Which of these chains are of what the viewer must not know of."""


@dataclass(frozen=True)
class Looked:
    """One entry. `of`: a person's id or the keyed hash of a phone; `subject`: the document of the chain, a grievance's for most."""

    id: str
    cursor: str
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

    async def of_day(self, prefix: str, day: str, first: int, after: str | None, hides: Hides | None = None) -> tuple[list[Looked], bool]:
        """Newest first, behind the cursor `after`; and whether more follow, without the looks of chains that `hides` names. Of the others
        only times and chains are read."""
        query = {"result.look.keys": look_key(prefix, day)}
        with store_errors():
            rows = await self._audit.find(query, {"when": 1, "subject": 1}).to_list(None)
        hidden = await hides(sorted({row["subject"] for row in rows})) if hides else frozenset()
        shown = [_cursor(row) for row in rows if row["subject"] not in hidden]
        rest = sorted((key for key in shown if after is None or key < after), reverse=True)
        page = [key.partition("|")[2] for key in rest[:first]]
        return await self._found(page), len(rest) > first

    async def of_grievances(self, ids: list[str]) -> dict[str, list[Looked]]:
        """By id, all looks at these grievances' petitioners that have reached the audit, oldest first."""
        with store_errors():
            rows = await self._audit.find({"subject": any_of(ids)}).to_list(None)
            # An export stands in the chain of one grievance, and is a look at all that it gave.
            rows += await self._audit.find({"result.look.grievances": any_of(ids)}).to_list(None)
        found: dict[str, list[Looked]] = {id: [] for id in ids}
        for row in sorted({row["_id"]: row for row in rows}.values(), key=_cursor):
            if "look" in row["result"]:
                for id in {row["subject"], *row["result"]["look"].get("grievances", ())} & found.keys():
                    found[id].append(_looked(row))
        return found

    async def _found(self, ids: list[str]) -> list[Looked]:
        if not ids:
            return []
        with store_errors():
            rows = {row["_id"]: row for row in await self._audit.find({"_id": any_of(ids)}).to_list(None)}
        return [_looked(rows[id]) for id in ids if id in rows]


def _cursor(row: Document) -> str:
    """Where a row stands: its time, of one length in all rows, then its id."""
    return f"{row['when']}|{row['_id']}"


def _looked(row: Document) -> Looked:
    look = row["result"]["look"]
    return Looked(
        id=row["_id"],
        cursor=_cursor(row),
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
