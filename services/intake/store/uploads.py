"""Upload tickets and what became of them, collection `uploads`. OPEN → STORED; a row is tied to at most one grievance.

ERASED is what is left of a petitioner's own file: the id alone, so that a phone which sends it again sends nothing.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from services.intake.domain.uploads import UploadTicket
from shared.erasure import ERASED
from shared.mongo import ASCENDING, Collection, DuplicateKeyError, IndexModel
from shared.records import store_errors
from shared.redaction import redact

COLLECTION: Final = "uploads"
INDEXES: Final = [
    IndexModel([("swept", ASCENDING), ("expires_at", ASCENDING)], name="swept_expires"),
    IndexModel([("grievance", ASCENDING), ("expires_at", ASCENDING)], name="grievance_expires"),
    IndexModel([("sha256", ASCENDING)], name="sha256"),
]


class UploadState(StrEnum):
    OPEN = "OPEN"
    STORED = "STORED"
    ERASED = "ERASED"


@dataclass(frozen=True, slots=True)
class Upload:
    """A ticket and its state. `tries` counts transfers begun, `forgiven` those before it was last renewed; `stored_at` is aware UTC."""

    ticket: UploadTicket
    state: UploadState
    tries: int
    stored_at: datetime | None
    forgiven: int = 0

    def attempt(self, number: int) -> str:
        """The id under which the bytes of the n-th transfer are kept."""
        return f"{self.ticket.id}/{number}"


class UploadStore:
    """Every change is one guarded write by `_id`."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    async def open(self, ticket: UploadTicket) -> Upload:
        """Keeps the ticket. The same id again gives the row as it is: the caller compares whether it was the same request."""
        document = asdict(ticket)
        document["_id"] = document.pop("id")
        document |= {"state": UploadState.OPEN.value, "tries": 0, "stored_at": None, "swept": False}
        with store_errors():
            try:
                await self._collection.insert_one(document)
            except DuplicateKeyError:
                existing = await self.find(ticket.id)
                if existing is None:
                    raise
                return existing
        return Upload(ticket, UploadState.OPEN, 0, None)

    async def renew(self, upload: Upload, expires_at: datetime) -> None:
        """More time for a file that has not come yet, and as many tries as at first."""
        held = {"state": UploadState.OPEN.value, "tries": upload.tries}
        await self._change(upload.ticket.id, held, {"expires_at": expires_at, "swept": False, "forgiven": upload.tries})

    async def find(self, id: str) -> Upload | None:
        with store_errors():
            document = await self._collection.find_one({"_id": id})
        return _upload(document) if document is not None else None

    async def find_many(self, ids: list[str]) -> list[Upload | None]:
        """In the order of the ids, None for each unknown one."""
        with store_errors():
            found = {document["_id"]: _upload(document) async for document in self._collection.find({"_id": {"$in": ids}})}
        return [found.get(id) for id in ids]

    async def of_grievances(self, grievances: list[str]) -> dict[str, list[Upload]]:
        """The stored files of each grievance, oldest first."""
        wanted = grievances[0] if len(grievances) == 1 else {"$in": grievances}
        with store_errors():
            rows = await self._collection.find({"grievance": wanted, "state": UploadState.STORED.value}).to_list(None)
        found: dict[str, list[Upload]] = {}
        for row in sorted(rows, key=lambda row: (row["opened_at"], row["_id"])):
            found.setdefault(row["grievance"], []).append(_upload(row))
        return found

    async def begin(self, upload: Upload) -> str | None:
        """Counts one more transfer; its attempt id, or None when the row has changed meanwhile (read it again)."""
        held = {"state": UploadState.OPEN.value, "tries": upload.tries}
        return upload.attempt(upload.tries + 1) if await self._change(upload.ticket.id, held, {"tries": upload.tries + 1}) else None

    async def stored(self, id: str, at: datetime) -> bool:
        """OPEN → STORED; False when another transfer has already done it."""
        return await self._change(id, {"state": UploadState.OPEN.value}, {"state": UploadState.STORED.value, "stored_at": at})

    async def unattachable(self, ids: list[str], grievance: str, uploader: str) -> list[str]:
        """The ids that cannot be tied: unknown, not stored, another uploader's, tied to another grievance. Changes nothing."""
        if not ids:
            return []
        rows = await self.find_many(ids)
        return [id for id, row in zip(ids, rows, strict=True) if row is None or not _may_attach(row, grievance, uploader)]

    async def attach(self, ids: list[str], grievance: str, uploader: str, names: Sequence[str] = ()) -> list[str]:
        """Ties stored files of this uploader to the grievance; the same again is no change. Names of files lose the declared `names`.

        Gives back the ids that cannot be tied; with any of them nothing is tied, unless it changed in the same moment.
        """
        bad = await self.unattachable(ids, grievance, uploader)
        if bad:
            return bad
        held = {"state": UploadState.STORED.value, "uploader": uploader, "grievance": {"$in": [None, grievance]}}
        tied = []
        for id, row in zip(ids, await self.find_many(ids), strict=True):
            fields = {"grievance": grievance} | ({"name": redact(row.ticket.name, names).text} if row is not None else {})
            tied.append(await self._change(id, held, fields))
        return [id for id, done in zip(ids, tied, strict=True) if not done]

    async def tied(self, grievance: str) -> list[Upload]:
        """All rows of the grievance, also of files that have not come."""
        with store_errors():
            return [_upload(row) for row in await self._collection.find({"grievance": grievance}).to_list(None)]

    async def erase(self, upload: Upload) -> None:
        """Without what tells of a person; the hash stays until the content is decided on. Nothing where it was tied meanwhile."""
        held = {"state": {"$ne": UploadState.ERASED.value}, "grievance": upload.ticket.grievance}
        gone = {"state": UploadState.ERASED.value, "name": ERASED, "uploader": "", "purpose": None}
        await self._change(upload.ticket.id, held, gone)

    async def forget_content(self, id: str) -> None:
        await self._change(id, {"state": UploadState.ERASED.value}, {"sha256": ""})

    async def remove(self, id: str) -> None:
        """An erased row that was tied to nothing: nobody will ask for it."""
        with store_errors():
            await self._collection.delete_one({"_id": id, "state": UploadState.ERASED.value, "grievance": None})

    async def others(self, sha256: str) -> list[Upload]:
        """Rows that are not erased and have this content, or wait for it."""
        with store_errors():
            rows = [_upload(row) for row in await self._collection.find({"sha256": sha256}).to_list(None)]
        return [row for row in rows if row.state is not UploadState.ERASED]

    async def _change(self, id: str, held: dict[str, Any], fields: dict[str, Any]) -> bool:
        """One guarded write; False when the row is not as it must be."""
        with store_errors():
            result = await self._collection.update_one({"_id": id, **held}, {"$set": fields})
        return bool(result.matched_count)

    async def unswept(self, expired_before: datetime, limit: int) -> list[Upload]:
        """Expired rows whose broken transfers may have left bytes behind."""
        with store_errors():
            cursor = self._collection.find({"swept": False, "expires_at": {"$lt": expired_before}}).limit(limit)
            return [_upload(document) async for document in cursor]

    async def untied(self, expired_before: datetime, limit: int) -> list[Upload]:
        """Expired rows that belong to no grievance and to no encounter."""
        with store_errors():
            rows = await self._collection.find({"grievance": None, "expires_at": {"$lt": expired_before}}).limit(limit).to_list(limit)
        return [_upload(row) for row in rows]

    async def mark_swept(self, id: str) -> None:
        await self._change(id, {}, {"swept": True})


def _may_attach(upload: Upload, grievance: str, uploader: str) -> bool:
    ticket = upload.ticket
    return upload.state is UploadState.STORED and ticket.uploader == uploader and ticket.grievance in (None, grievance)


def _upload(document: dict[str, Any]) -> Upload:
    fields = {name: document[name] for name in UploadTicket.__dataclass_fields__ if name != "id"}
    ticket, state = UploadTicket(id=document["_id"], **fields), UploadState(document["state"])
    return Upload(ticket, state, document["tries"], document["stored_at"], document.get("forgiven", 0))
