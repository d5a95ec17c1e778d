"""Readable numbers, claimed before the grievance is written: this collection, not the grievances', holds their uniqueness."""

from __future__ import annotations

import hashlib
from datetime import datetime

from services.intake.domain.numbers import DRAWS, mint
from shared.mongo import Database, DuplicateKeyError
from shared.records import StoreTrouble, store_errors

DRAWS_TRIED = 20


class MongoNumbers:
    def __init__(self, database: Database) -> None:
        self._numbers = database["numbers"]

    async def claim(self, division: str, at: datetime, grievance: str) -> str:
        """Claim a number for this grievance; a repeat on the same day finds its own claim. Draws again on a collision."""
        for attempt in range(DRAWS_TRIED):
            seed = hashlib.sha256(f"{grievance}:{attempt}".encode()).digest()
            number = str(mint(division, at, int.from_bytes(seed[:8], "big") % DRAWS))
            with store_errors():
                try:
                    await self._numbers.insert_one({"_id": number, "grievance": grievance})
                except DuplicateKeyError:
                    held = await self._numbers.find_one({"_id": number})
                    if held is None or held["grievance"] != grievance:
                        continue
            return number
        raise StoreTrouble("no free number was drawn")

    async def grievance_of(self, number: str) -> str | None:
        """The id of the grievance that has this number."""
        with store_errors():
            held = await self._numbers.find_one({"_id": number})
        return held["grievance"] if held else None
