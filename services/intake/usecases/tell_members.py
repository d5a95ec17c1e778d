"""An encounter or a diary tells other records of itself: who went out, which household was visited, which duty is done.

Each telling is one guarded write that is the same however often it is done; what is told is then noted in the encounter itself. What a
later version names no more is taken back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.intake.domain import diaries
from services.intake.domain.diaries import Diary
from services.intake.domain.duties import Done, period_of
from services.intake.domain.encounters import Encounter
from services.intake.domain.households import Visit
from services.intake.store.calendar import Duties
from shared.contracts.base import Contract
from shared.writer import Writer

Step = Callable[[Any], tuple[Any, list[Contract]] | None]


@dataclass(frozen=True)
class Telling:
    encounters: Writer
    diaries: Writer
    households: Writer
    members: Writer
    duties: Duties


async def tell_encounter(parts: Telling, id: str) -> int:
    """Returns how many were told or taken back."""
    held: list[Encounter] = []

    def look(encounter: Encounter) -> None:
        held[:] = [encounter]

    await parts.encounters.act(id, look)
    if not held or not (untold := held[0].untold()):
        return 0
    encounter = held[0]
    for key, is_so in untold.items():
        what, _, whom = key.partition(":")
        if what == "outing":
            await parts.members.act(whom, _outing(encounter, is_so))
        else:
            await parts.households.act(whom, _visit(encounter, is_so))

    def note(state: Encounter) -> tuple[Encounter, list[Contract]] | None:
        noted = state
        for key, is_so in untold.items():
            noted = noted.told(key, done=is_so)
        return (noted, []) if noted != state else None

    await parts.encounters.act(id, note)
    return len(untold)


def _outing(encounter: Encounter, went: bool) -> Step:
    def step(member: Any) -> tuple[Any, list[Contract]] | None:
        if member.tells_of(encounter.id) == went:
            return None
        return (member.went_out(encounter.id, encounter.on) if went else member.stayed(encounter.id)), []

    return step


def _visit(encounter: Encounter, was: bool) -> Step:
    # The encounter tells the member itself: for the household's own telling nothing is left.
    visit = Visit(id=encounter.id, on=encounter.on, team=encounter.team, member=encounter.member, marked=True)

    def step(household: Any) -> tuple[Any, list[Contract]] | None:
        changed = household.visited(visit) if was else household.not_visited(visit.id)
        return (changed, []) if changed != household else None

    return step


async def tell_diary(parts: Telling, id: str) -> bool:
    """Whether there was something to tell."""
    held: list[Diary] = []

    def look(diary: Diary) -> None:
        held[:] = [diary]

    await parts.diaries.act(id, look)
    if not held or held[0].told:
        return False
    diary, day = held[0], date.fromisoformat(held[0].on)
    duty = await parts.duties.find(diaries.DUTY)
    if duty is not None and duty.in_force(day):
        done = Done(duty=duty.code, on=diary.on, period=period_of(day, duty.period))
        await parts.members.act(diary.member, lambda member: None if (did := member.did(done)) == member else (did, []))
    await parts.diaries.act(id, lambda state: (state.model_copy(update={"told": True}), []))
    return True
