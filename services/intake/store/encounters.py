"""Encounters, diaries and policy messages: one document each, with the indexes of their queries."""

from __future__ import annotations

from services.intake.domain.diaries import Diary
from services.intake.domain.encounters import Encounter, PolicyMessage
from services.intake.store.registry import DIRTY, WITHIN, Registry, any_of
from shared.mongo import ASCENDING, Database, IndexModel
from shared.records import Document, store_errors

# A scalar with a partial index costs nothing while it is down.
UNTOLD = IndexModel([("untold", ASCENDING)], name="untold", partialFilterExpression={"untold": True})
TEAM_MONTH = IndexModel([("team_month", ASCENDING)], name="team_month")
INDEXES = {
    "encounters": [
        DIRTY,
        UNTOLD,
        TEAM_MONTH,
        IndexModel([("household", ASCENDING)], name="household"),
        IndexModel([("enterprise", ASCENDING)], name="enterprise"),
    ],
    "diaries": [UNTOLD, TEAM_MONTH],
    "messages": [WITHIN, IndexModel([("division", ASCENDING)], name="division")],
}


def team_month(team: str, day: str) -> str:
    """What a team did in a month is found by one equality: T-370881-001:2020-06."""
    return f"{team}:{day[:7]}"


def _of_encounter(encounter: Encounter) -> Document:
    notes = encounter.notes
    return {
        "facts": encounter.facts(),
        "dirty": True,
        "untold": bool(encounter.untold()),
        "team_month": team_month(encounter.team, encounter.on),
        "household": notes.household,
        "enterprise": notes.enterprise,
    }


class Encounters(Registry[Encounter]):
    def __init__(self, database: Database) -> None:
        super().__init__(database, "encounters", Encounter, lambda _row: [], _of_encounter)

    async def untold(self, limit: int) -> list[str]:
        """Those that have something to tell still: a crash came between, or another process is at it."""
        return await _untold(self, limit)


class Diaries(Registry[Diary]):
    def __init__(self, database: Database) -> None:
        super().__init__(
            database, "diaries", Diary, lambda _row: [], lambda row: {"untold": not row.told, "team_month": team_month(row.team, row.on)}
        )

    async def untold(self, limit: int) -> list[str]:
        return await _untold(self, limit)


class PolicyMessages(Registry[PolicyMessage]):
    def __init__(self, database: Database) -> None:
        super().__init__(database, "messages", PolicyMessage, lambda row: [row.division])

    async def above(self, lineage: list[str]) -> list[PolicyMessage]:
        """Those of these divisions, by code."""
        return await self.where({"division": any_of(lineage)})


async def _untold(registry: Registry[Encounter] | Registry[Diary], limit: int) -> list[str]:
    with store_errors():
        rows = await registry.collection.find({"untold": True}, {"_id": 1}).limit(limit).to_list(limit)
    return [row["_id"] for row in rows]
