"""An encounter or a diary tells other records of itself: who went out, which household was visited, which duty is done.

Each telling is one guarded write that is the same however often it is done; what is told is then noted in the encounter itself. What a
later version names no more is taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from services.intake.domain import diaries
from services.intake.domain.diaries import Diary
from services.intake.domain.duties import Done, period_of
from services.intake.domain.encounters import Encounter
from services.intake.domain.households import Household, Visit
from services.intake.domain.people import Member
from services.intake.store.calendar import Duties
from services.intake.store.encounters import Encounters
from services.intake.usecases.each_for_itself import each_for_itself
from shared.contracts.base import Contract
from shared.writer import Writer

Step = Callable[[Any], tuple[Any, list[Contract]] | None]


@dataclass(frozen=True)
class Telling:
    encounters: Writer
    held: Encounters
    diaries: Writer
    households: Writer
    members: Writer
    duties: Duties


async def tell_encounters(parts: Telling, ids: Iterable[str]) -> int:
    """Returns how many things were told or taken back. What several encounters tell of one member or household is one write. One that
    cannot be told keeps no other from it: the failure is raised at the end."""
    held = await parts.held.find_many(ids)
    steps: dict[str, list[tuple[Encounter, bool]]] = {}
    for encounter in held.values():
        for key, is_so in encounter.untold().items():
            steps.setdefault(key, []).append((encounter, is_so))
    settled: set[str] = set()

    async def settle(key: str, told: list[tuple[Encounter, bool]]) -> None:
        what, _, whom = key.partition(":")
        if what == "outing":
            await parts.members.act(whom, _outings(told))
        else:
            await parts.households.act(whom, _visits(told))
        settled.add(key)

    failed = None
    try:
        await each_for_itself({key: partial(settle, key, told) for key, told in steps.items()})
    except Exception as error:
        failed = error
    noted = {id: {key: is_so for key, is_so in encounter.untold().items() if key in settled} for id, encounter in held.items()}
    await each_for_itself({id: partial(parts.encounters.act, id, _noted(told)) for id, told in noted.items() if told})
    if failed is not None:
        raise failed
    return sum(map(len, steps.values()))


def _outings(told: list[tuple[Encounter, bool]]) -> Step:
    def step(member: Member) -> tuple[Member, list[Contract]] | None:
        changed = member
        for encounter, went in told:
            if changed.tells_of(encounter.id) != went:
                changed = changed.went_out(encounter.id, encounter.on) if went else changed.stayed(encounter.id)
        return (changed, []) if changed is not member else None

    return step


def _visits(told: list[tuple[Encounter, bool]]) -> Step:
    def step(household: Household) -> tuple[Household, list[Contract]] | None:
        changed = household
        for encounter, was in told:
            # The encounter tells the member itself: for the household's own telling nothing is left.
            visit = Visit(id=encounter.id, on=encounter.on, team=encounter.team, member=encounter.member, marked=True)
            changed = changed.visited(visit) if was else changed.not_visited(visit.id)
        return (changed, []) if changed != household else None

    return step


def _noted(untold: dict[str, bool]) -> Step:
    def step(encounter: Encounter) -> tuple[Encounter, list[Contract]] | None:
        noted = encounter
        for key, is_so in untold.items():
            noted = noted.told(key, done=is_so)
        return (noted, []) if noted != encounter else None

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
