"""What stands beside a grievance and may name or quote its petitioner: the encounter in which it was told, and the day's summary.

The name goes from them before it is written anywhere that it is the petitioner's: a crash in between leaves nothing in clear. An amendment
that is written meanwhile knows it from then on (record_encounter.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from services.intake.domain.encounters import Encounter
from services.intake.domain.erasing import without_remark
from services.intake.domain.grievance import Grievance
from services.intake.domain.shares import day_of
from services.intake.domain.summaries import DaySummary
from services.intake.store.encounters import Encounters
from services.intake.store.mongo import Grievances
from services.intake.store.summaries import summary_id
from services.intake.usecases.ports import Persons
from shared.contracts.base import Contract
from shared.writer import Writer

State = TypeVar("State")


@dataclass(frozen=True)
class Beside:
    held: Encounters
    encounters: Writer
    summaries: Writer

    async def hide_in_encounter(self, held: Encounter | None, names: Sequence[str]) -> None:
        """Most encounters name nobody, and are not written."""
        if held is None or held.without(names) == held:
            return

        def hide(encounter: Encounter) -> tuple[Encounter, list[Contract]] | None:
            return _changed(encounter, encounter.without(names))

        await self.encounters.act(held.id, hide)

    async def hide(self, grievance: Grievance, names: Sequence[str]) -> None:
        if names:
            await self.hide_in_encounter(await self.held.find(grievance.encounter) if grievance.encounter else None, names)
            day = summary_id(grievance.owner.staffId, day_of(grievance))

            def hide(summary: DaySummary) -> tuple[DaySummary, list[Contract]] | None:
                return _changed(summary, summary.without(names))

            await self.summaries.act(day, hide)

    async def erase(self, id: str, grievance: Grievance) -> None:
        """Whoever else was met there: what is kept of it may be what this one said."""
        if grievance.encounter is not None:
            await self.encounters.act(grievance.encounter, lambda encounter: _changed(encounter, encounter.without_words()))
        await self.summaries.act(summary_id(grievance.owner.staffId, day_of(grievance)), lambda summary: without_remark(summary, id))


def _changed(before: State, after: State) -> tuple[State, list[Contract]] | None:
    return (after, []) if after != before else None


async def names_told(grievances: Grievances, persons: Persons, encounter: str) -> list[str]:
    """What those are called who told something in this encounter."""
    told = await grievances.of_encounters([encounter])
    people = sorted({grievance.person for grievance in told.values()})
    return [each.name for each in await persons.contacts(people) if each.name] if people else []
