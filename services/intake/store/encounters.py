"""Encounters, diaries and policy messages: one document each, with the indexes of their queries."""

from __future__ import annotations

from services.intake.domain.diaries import Diary
from services.intake.domain.encounters import Encounter, PolicyMessage
from services.intake.domain.shares import team_month_key
from services.intake.store.registry import WITHIN, Registry, any_of
from shared.mongo import ASCENDING, Database, IndexModel
from shared.records import Document, store_errors
from shared.tags import DIRTY, TAGS

# A scalar with a partial index costs nothing while it is down.
UNTOLD = IndexModel([("untold", ASCENDING)], name="untold", partialFilterExpression={"untold": True})
WORDS_ON = IndexModel([("words_on", ASCENDING)], name="words_on")
TEAM_MONTH = IndexModel([("team_month", ASCENDING)], name="team_month")
INDEXES = {
    "encounters": [
        UNTOLD,
        TEAM_MONTH,
        WORDS_ON,
        IndexModel([("household", ASCENDING)], name="household"),
        IndexModel([("enterprise", ASCENDING)], name="enterprise"),
    ],
    "diaries": [UNTOLD, TEAM_MONTH, WORDS_ON, IndexModel([("member", ASCENDING), ("on", ASCENDING)], name="member_on")],
    "messages": [WITHIN, IndexModel([("division", ASCENDING)], name="division")],
}


def words_on(row: Encounter | Diary) -> str | None:
    """The day from which the retention of its words counts; None where there are none any more."""
    return row.on if any(version.content.original is not None for version in row.versions) else None


def _of_encounter(encounter: Encounter) -> Document:
    notes = encounter.notes
    return {
        "facts": encounter.facts(),
        TAGS: [DIRTY],
        "untold": bool(encounter.untold()),
        "team_month": team_month_key(encounter.team, encounter.on[:7]),
        "words_on": words_on(encounter),
        "household": notes.household,
        "enterprise": notes.enterprise,
    }


class Encounters(Registry[Encounter]):
    def __init__(self, database: Database) -> None:
        super().__init__(database, "encounters", Encounter, lambda _row: [], _of_encounter)

    async def untold(self, limit: int) -> list[str]:
        """Those that have something to tell still: a crash came between, or another process is at it."""
        return await _untold(self, limit)

    async def with_words_before(self, day: str, limit: int) -> list[str]:
        return await _with_words_before(self, day, limit)


class Diaries(Registry[Diary]):
    def __init__(self, database: Database) -> None:
        super().__init__(
            database,
            "diaries",
            Diary,
            lambda _row: [],
            lambda row: {"untold": not row.told, "team_month": team_month_key(row.team, row.on[:7]), "words_on": words_on(row)},
        )

    async def of_author(self, member: str, month: str) -> list[Diary]:
        """Those of the month (2020-06), whichever team their author was in."""
        return await self.where({"member": member, "on": {"$gte": month, "$lt": f"{month}-99"}})

    async def of_team(self, team: str, month: str) -> list[Diary]:
        return await self.where({"team_month": team_month_key(team, month)})

    async def untold(self, limit: int) -> list[str]:
        return await _untold(self, limit)

    async def with_words_before(self, day: str, limit: int) -> list[str]:
        return await _with_words_before(self, day, limit)


class PolicyMessages(Registry[PolicyMessage]):
    def __init__(self, database: Database) -> None:
        super().__init__(database, "messages", PolicyMessage, lambda row: [row.division])

    async def above(self, lineage: list[str]) -> list[PolicyMessage]:
        """Those of these divisions, by code."""
        return await self.where({"division": any_of(lineage)})


async def _with_words_before(registry: Registry[Encounter] | Registry[Diary], day: str, limit: int) -> list[str]:
    """Those of an earlier day of which there are still words. The store of development wants a lower end too."""
    with store_errors():
        rows = await registry.collection.find({"words_on": {"$gt": "", "$lt": day}}, {"_id": 1}).limit(limit).to_list(limit)
    return [row["_id"] for row in rows]


async def _untold(registry: Registry[Encounter] | Registry[Diary], limit: int) -> list[str]:
    with store_errors():
        rows = await registry.collection.find({"untold": True}, {"_id": 1}).limit(limit).to_list(limit)
    return [row["_id"] for row in rows]
