"""The rows of an export, chunk by chunk, in the columns of the import's sheet; people are masked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from services.intake.adapters.cipher import FieldCipher
from services.intake.domain.households import Household
from services.intake.domain.masks import mask_name, mask_phone
from services.intake.domain.people import Member
from services.intake.domain.places import Place
from services.intake.domain.sheets import SHEETS
from services.intake.domain.territory import DivisionLevel
from services.intake.domain.transfers import Transfer
from services.intake.store.households import Households
from services.intake.store.organisation import Departments, Members, Posts, Teams
from services.intake.store.places import Atlas
from shared.identity.scopes import holds, prefixes

PAGE = 500


@dataclass(frozen=True)
class Exports:
    atlas: Atlas
    departments: Departments
    posts: Posts
    teams: Teams
    members: Members
    households: Households
    cipher: FieldCipher
    today: Callable[[], str]

    async def rows(self, job: Transfer) -> AsyncIterator[list[list[str]]]:
        """Chunks of rows as texts, not yet defused."""
        async for chunk in self._found(job):
            yield [[column.write(row.get(column.name)) for column in SHEETS[job.kind]] for row in chunk]

    def _found(self, job: Transfer) -> AsyncIterator[list[dict[str, Any]]]:
        if job.kind == "HOUSEHOLDS":
            return self._households(job)
        if job.kind == "DIVISIONS":
            return self._divisions(job)
        return self._registry(job)

    async def _registry(self, job: Transfer) -> AsyncIterator[list[dict[str, Any]]]:
        registry: Any = {"DEPARTMENTS": self.departments, "POSTS": self.posts, "TEAMS": self.teams, "MEMBERS": self.members}[job.kind]
        after: str | None = None
        while True:
            found, more = await registry.page({"within": prefixes(job.division)[-1]}, PAGE, after)
            if found:
                yield [self._shown(row) for row in found]
                after = found[-1].code if job.kind in ("DEPARTMENTS", "TEAMS") else found[-1].id
            if not more:
                return

    def _shown(self, row: Any) -> dict[str, Any]:
        shown: dict[str, Any] = row.model_dump()
        if isinstance(row, Member):
            key = self.cipher.unwrap(row.person, row.key)
            shown["name"] = mask_name(key.decrypt("name", row.name))
            shown["phone"] = mask_phone(key.decrypt("phone", row.phone)) if row.phone else None
        elif "terms" in shown and (term := row.term_on(self.today())) is not None:
            shown |= {"holder": term.holder, "role": term.role, "since": term.since}
        return shown

    async def _households(self, job: Transfer) -> AsyncIterator[list[dict[str, Any]]]:
        """Village by village: each is one slice of an index."""
        territory = await self.atlas.current()
        prefix = prefixes(job.division)[-1]
        villages = sorted(place.code for place in territory if place.level is DivisionLevel.VILLAGE and place.code.startswith(prefix[:12]))
        for village in villages:
            found = [self._household(row) for row in await self.households.where({"village": village})]
            if job.division.count("-"):
                found = [row for row in found if holds(job.division, row["place"])]
            if found:
                yield [row | {"place": row["village"]} for row in found]

    def _household(self, row: Household) -> dict[str, Any]:
        key = self.cipher.unwrap(row.person, row.key)
        return row.model_dump() | {
            "place": key.decrypt("place", row.place),
            "number": "***",
            "head": mask_name(key.decrypt("head", row.head)) if row.head else None,
            "phone": mask_phone(key.decrypt("phone", row.phone)) if row.phone else None,
            "address": "***" if row.address else None,
        }

    async def _divisions(self, job: Transfer) -> AsyncIterator[list[dict[str, Any]]]:
        """With their days, also those that have ended: taken in again as they are, they change nothing."""
        found = sorted((place for place in await self.atlas.places() if holds(job.division, place.code)), key=lambda place: place.code)
        for start in range(0, len(found), PAGE):
            yield [self._division(place) for place in found[start : start + PAGE]]

    @staticmethod
    def _division(place: Place) -> dict[str, Any]:
        last = place.names[-1]
        return {"code": place.code, "name": last.name, "aliases": place.aliases, "since": last.since, "until": place.until}
