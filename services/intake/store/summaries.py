"""Day summaries, collection `summaries`: by their author's day by id, by place and day of handing up for the committees above."""

from __future__ import annotations

from services.intake.domain.summaries import DaySummary
from services.intake.store.registry import Registry
from shared import ids
from shared.mongo import ASCENDING, Database, IndexModel
from shared.records import Document, store_errors

INDEXES = [
    IndexModel([("handed", ASCENDING)], name="handed"),
    IndexModel([("unnoted", ASCENDING)], name="unnoted", partialFilterExpression={"unnoted": True}),
]


def summary_id(secretary: str, day: str) -> str:
    return ids.document_id(secretary, f"summary:{day}")


def handed_slot(prefix: str, day: str) -> str:
    return f"{prefix}|{day}"


def _derived(summary: DaySummary) -> Document:
    handed = {handed_slot(prefix, item.handed_up_on) for item in summary.items if item.handed_up_on for prefix in item.found_under}
    return {"handed": sorted(handed), "unnoted": bool(summary.unnoted())}


class Summaries(Registry[DaySummary]):
    def __init__(self, database: Database) -> None:
        super().__init__(database, "summaries", DaySummary, lambda _row: [], _derived)

    async def handed_up(self, prefix: str, day: str, first: int, after: str | None) -> tuple[list[DaySummary], bool]:
        """By id, those with an item of this place that was handed up on this China day, and whether more follow."""
        return await self.page({"handed": handed_slot(prefix, day)}, first, after)

    async def unnoted(self, limit: int) -> list[str]:
        """Summaries with an item handed up of which the grievance does not know yet."""
        with store_errors():
            rows = await self.collection.find({"unnoted": True}, {"_id": 1}).limit(limit).to_list(limit)
        return [row["_id"] for row in rows]
