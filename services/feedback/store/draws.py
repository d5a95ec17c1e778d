"""What was recorded of each month's draw, in the collection `draws`: one document for a month, inserted once and never changed.

Held in memory too, for what draws: what is recorded stays as it is, so that what is held is right.
"""

from __future__ import annotations

from services.feedback.domain.draw import Recorded
from shared.mongo import Database, DuplicateKeyError
from shared.records import Document, store_errors


class Draws:
    def __init__(self, database: Database) -> None:
        self._draws = database["draws"]
        self.held: dict[str, Recorded] = {}
        """By month."""

    async def find(self, month: str) -> Recorded | None:
        """None of a month that is not recorded. Raises StoreTrouble."""
        with store_errors():
            row = await self._draws.find_one({"_id": month})
        return _load(row) if row is not None else None

    async def keep(self, wanted: list[Recorded]) -> None:
        """Record the months of these of which nothing is recorded. Then what is recorded of all months is held. Raises StoreTrouble."""
        if all(each.month in self.held for each in wanted):
            return
        await self._read()
        missing = [each for each in wanted if each.month not in self.held]
        for each in missing:
            await self._insert(each)
        if missing:
            await self._read()

    async def _insert(self, recorded: Recorded) -> None:
        row = {"_id": recorded.month, "commitment": recorded.commitment, "per_mille": recorded.per_mille, "recorded_at": recorded.at}
        with store_errors():
            try:
                await self._draws.insert_one(row)
            except DuplicateKeyError:
                # Another process was first: what it recorded holds.
                return

    async def _read(self) -> None:
        with store_errors():
            rows = await self._draws.find().to_list(None)
        self.held.update({row["_id"]: _load(row) for row in rows})


def _load(row: Document) -> Recorded:
    return Recorded(month=row["_id"], commitment=row["commitment"], per_mille=row["per_mille"], at=row["recorded_at"])
