"""The three rates in the store (domain/rates.py): the numbers are projected into `followups_buckets`, and the grievances behind a
number are found day by day of its month by slices of equality, the latest first.

The days of a month are known, so that nothing is claimed before a write; a slice is a day of a key, narrowed by the outcome.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from typing import Any, Literal

from services.feedback.domain.followup import FollowUp
from services.feedback.domain.rates import SURVEYED, Exclusion, Rate, entry, facts, slot
from services.feedback.domain.shares import Asked, By, Numbers
from shared.contracts.base import instant
from shared.cursors import cursor_at, read_cursor_in_time
from shared.mongo import ASCENDING, Database, IndexModel
from shared.projector import BUCKET_INDEXES, Buckets
from shared.records import Document, store_errors

NAME = "followups"
RATED_INDEXES = [IndexModel([("rated.slots", ASCENDING)], name="rated")]
# The embedded store takes ten times as long for 66 values as for 16.
DAYS_AT_ONCE = 16

Which = Literal["MET", "NOT_MET", "DECIDED", "UNANSWERED", "HIDDEN"]
"""Of a rate: `met`, the rest of `of`, `of` itself, and what is counted beside."""
Among = Literal["ALL", "ADJUSTED", "WITHDRAWN", "NOT_ACCEPTED", "MERGED"]
"""Raw, adjusted, or what is left out for that reason."""


def derived(followup: FollowUp) -> Document:
    return {"facts": facts(followup), "rated": entry(followup)}


class RateCounts:
    """What is served of the numbers; no follow-up is read."""

    def __init__(self, database: Database) -> None:
        self._buckets = Buckets(database, NAME)

    async def whole(self, asked: Asked, month: str) -> Numbers:
        name = f"rates:{month}|{asked.whole}"
        return (await self._buckets.read([name]))[name]

    async def parts(self, asked: Asked, by: By, month: str) -> dict[str, Numbers]:
        """By what their buckets are called, without the month."""
        start = f"rates:{month}|"
        found = await self._buckets.under(start + asked.parts(by))
        return {bucket.removeprefix(start): numbers for bucket, numbers in found.items()}


@dataclass(frozen=True)
class Wanted:
    """Which grievances a number counts."""

    asked: Asked
    month: str
    rate: Rate
    which: Which
    among: Among = "ALL"


class RateLists:
    """What answers “which grievances?”."""

    def __init__(self, database: Database) -> None:
        self._followups = database[NAME]

    async def page(self, wanted: Wanted, first: int, after: str | None) -> tuple[list[tuple[str, str]], bool]:
        """(grievance id, cursor) of the latest, behind a cursor; and whether there are more. Raises Refusal."""
        start = read_cursor_in_time(after, 2) if after is not None else None
        query = _conditions(wanted)
        found: list[tuple[str, ...]] = []
        days, width = _days_of(wanted.month), 1
        while days and len(found) <= first:
            batch, days, width = days[:width], days[width:], min(2 * width, DAYS_AT_ONCE)
            slots = [slot(wanted.rate, wanted.asked.key, day) for day in batch]
            with store_errors():
                rows = await self._followups.find({"rated.slots": {"$in": slots}, **query}, {"rated.at": 1}).to_list(None)
            places = [(instant(row["rated"]["at"][wanted.rate]), str(row["_id"])) for row in rows]
            found += sorted((place for place in places if start is None or place < start), reverse=True)
        return [(place[1], cursor_at(*place)) for place in found[:first]], len(found) > first


def _conditions(wanted: Wanted) -> Document:
    """What must hold beside the slots."""
    outcome, department = f"rated.outcomes.{wanted.rate}", wanted.asked.department
    decided: Any = {"$in": ["MET", "NOT_MET"]}
    query: Document = {outcome: decided if wanted.which in ("DECIDED", "HIDDEN") else wanted.which}
    if wanted.which == "HIDDEN":
        # Hidden from nobody who is of no department.
        query["rated.hidden"] = True if department is not None and wanted.rate in SURVEYED else "nobody"
    elif department is not None and wanted.rate in SURVEYED and wanted.which != "UNANSWERED":
        query["rated.hidden"] = False
    if wanted.among != "ALL":
        reason: Exclusion | None = None if wanted.among == "ADJUSTED" else wanted.among
        query["rated.excluded"] = reason
    if department is not None:
        query["accused_departments"] = {"$ne": department}
    return query


def _days_of(month: str) -> list[str]:
    """The latest first."""
    year, number = map(int, month.split("-"))
    return [f"{month}-{day:02}" for day in range(monthrange(year, number)[1], 0, -1)]


async def migrate_rates(database: Database) -> None:
    with store_errors():
        await database[NAME].create_indexes(RATED_INDEXES)
        await database[f"{NAME}_buckets"].create_indexes(BUCKET_INDEXES)
