"""Wrong tries on a number's PIN, kept by a hash of the number, forgotten after a week without one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

from services.intake.domain.pins import Tries
from shared.mongo import ASCENDING, Database, DuplicateKeyError, IndexModel
from shared.records import store_errors

COLLECTION = "pin_tries"
INDEXES = [IndexModel([("at", ASCENDING)], name="at", expireAfterSeconds=7 * 24 * 3600)]


class MongoPinTries:
    """Port PinTries."""

    def __init__(self, database: Database, real_now: Callable[[], datetime]) -> None:
        self._tries = database[COLLECTION]
        self._real_now = real_now

    async def find(self, number: str) -> Tries:
        with store_errors():
            row = await self._tries.find_one({"_id": _id(number)})
        return Tries(row["failures"], row["not_before"], row["version"]) if row else Tries()

    async def keep(self, number: str, before: Tries, after: Tries) -> bool:
        row = {"failures": after.failures, "not_before": after.not_before, "version": after.version, "at": self._real_now()}
        with store_errors():
            if before.version:
                done = await self._tries.update_one({"_id": _id(number), "version": before.version}, {"$set": row})
                return bool(done.matched_count == 1)
            try:
                await self._tries.insert_one({"_id": _id(number), **row})
            except DuplicateKeyError:
                return False
        return True

    async def forget(self, number: str) -> None:
        with store_errors():
            await self._tries.delete_one({"_id": _id(number)})


def _id(number: str) -> str:
    return hashlib.sha256(number.encode()).hexdigest()
