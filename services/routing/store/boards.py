"""The numbers of boards: ranges of the buckets of cases, of the rows and of the whole, of what is open and of a month's times."""

from __future__ import annotations

from services.routing.domain.boards import Asked, Counts, in_month
from shared.mongo import Database
from shared.projector import Buckets


class BoardCounts:
    """What is served of boards; no case is read."""

    def __init__(self, database: Database) -> None:
        self._buckets = Buckets(database, "cases")

    async def of(self, asked: Asked, month: str) -> Counts:
        total, start = in_month(month, asked.whole), in_month(month, "")
        times = {} if asked.by == "OWNER" else await self._buckets.under(in_month(month, asked.parts))
        return Counts(
            rows=await self._buckets.under(asked.parts),
            times={bucket.removeprefix(start): numbers for bucket, numbers in times.items()},
            whole=await self._buckets.under(f"{asked.whole}|"),
            whole_times=(await self._buckets.read([total]))[total],
        )
