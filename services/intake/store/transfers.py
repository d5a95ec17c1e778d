"""Imports and exports, collection `transfers`, and the refused rows of each, collection `transfer_faults`, sealed under a key per chunk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

import orjson

from services.intake.adapters.cipher import FieldCipher
from services.intake.domain.transfers import Fault, Transfer
from services.intake.store.registry import Registry
from shared.mongo import ASCENDING, Database, IndexModel
from shared.records import store_errors

INDEXES = [
    IndexModel([("open", ASCENDING)], name="open", partialFilterExpression={"open": True}),
    IndexModel([("asker.sub", ASCENDING)], name="asker"),
    IndexModel([("ended_at", ASCENDING)], name="ended_at"),
]
_ROWS = "rows"
FAULT_INDEXES = [IndexModel([("transfer", ASCENDING)], name="transfer")]


@dataclass(frozen=True)
class RefusedRow:
    """A row as it came, with its faults."""

    cells: list[str]
    faults: list[Fault]


class Transfers(Registry[Transfer]):
    def __init__(self, database: Database, cipher: FieldCipher) -> None:
        super().__init__(database, "transfers", Transfer, lambda _row: [], lambda row: {"open": row.open})
        self._faults = database["transfer_faults"]
        self._cipher = cipher

    async def open_ids(self, limit: int) -> list[str]:
        with store_errors():
            rows = await self.collection.find({"open": True}, {"_id": 1}).limit(limit).to_list(limit)
        return sorted(row["_id"] for row in rows)

    async def keep_refused(self, transfer: str, chunk: int, rows: list[RefusedRow]) -> None:
        """The refused rows of the chunk that begins behind line `chunk`; again after a crash is the same."""
        kept = [{"cells": row.cells, "faults": [fault.model_dump() for fault in row.faults]} for row in rows]
        id = f"{transfer}:{chunk:09d}"
        key, wrapped = self._cipher.new_person_key(id)
        change = {"$set": {"transfer": transfer, "chunk": chunk, "key": wrapped, "rows": key.seal(_ROWS, orjson.dumps(kept))}}
        with store_errors():
            await self._faults.update_one({"_id": id}, change, upsert=True)

    async def refused(self, transfer: str) -> AsyncIterator[list[RefusedRow]]:
        """Chunk by chunk, in the order of the file."""
        with store_errors():
            found = await self._faults.find({"transfer": transfer}, {"chunk": 1}).to_list(None)
        for chunk in sorted(row["chunk"] for row in found):
            with store_errors():
                document = await self._faults.find_one({"_id": f"{transfer}:{chunk:09d}"})
            if document is not None:
                rows = orjson.loads(self._cipher.unwrap(document["_id"], document["key"]).unseal(_ROWS, document["rows"]))
                yield [RefusedRow(row["cells"], [Fault(**fault) for fault in row["faults"]]) for row in rows]

    async def forget_refused_of_ended(self) -> None:
        """Rows of jobs that have ended: whoever ended them was lost before forgetting."""
        with store_errors():
            found = await self._faults.find({}, {"transfer": 1}).limit(200).to_list(200)
        jobs = await self.find_many({row["transfer"] for row in found})
        for job in jobs.values():
            if not job.open:
                await self.forget_refused(job.id)

    async def files_needed(self, since: datetime) -> set[str]:
        """The hashes of the files of jobs that are open or ended since then."""
        fields = {"sha256": 1, "report": 1}
        with store_errors():
            rows = await self.collection.find({"open": True}, fields).to_list(None)
            rows += await self.collection.find({"ended_at": {"$gte": since}}, fields).to_list(None)
        return {sha256 for row in rows for sha256 in (row.get("sha256"), row.get("report")) if sha256}

    async def forget_refused(self, transfer: str) -> None:
        """The rows are in the report now: they hold what people are called."""
        with store_errors():
            await self._faults.delete_many({"transfer": transfer})
