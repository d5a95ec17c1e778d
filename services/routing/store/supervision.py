"""What supervision has before it, and the cards of a month, in the store: both found by one index of equality.

A page reads of all that is found only where it stands, and then its own documents whole: what waits is as much as supervisors can look at,
hundreds in a city, and so are the cards of a month.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from services.routing.domain.case import Case
from services.routing.domain.supervised import Card
from services.routing.domain.supervision_desk import Wait, entry, slot
from shared.contracts.base import instant
from shared.cursors import cursor_at, read_cursor_in_time
from shared.mongo import Collection
from shared.records import Document, store_errors
from shared.tags import TAGS


def tags(case: Case) -> list[str]:
    """By which it is found as waiting, and by its cards."""
    found = entry(case)
    return [] if found is None else [_tag(slot) for slot in found["slots"]]


def derived(case: Case) -> Document:
    found = entry(case)
    return {} if found is None else {"supervision": {"at": found["at"]}}


def _tag(slot: str) -> str:
    return f"supervision:{slot}"


@dataclass(frozen=True)
class HeldCard:
    """A card with the grievance for which it was given."""

    grievance: str
    number: str
    card: Card

    @property
    def place(self) -> tuple[str, ...]:
        """The latest first, when read backwards."""
        return instant(self.card.at), self.number, f"{self.card.ordinal:03}"


class SupervisionLists:
    def __init__(self, cases: Collection) -> None:
        self._cases = cases

    async def waiting(
        self, keys: tuple[str, ...], waits: tuple[Wait, ...], not_accused: str | None, first: int, after: str | None
    ) -> tuple[list[tuple[Document, str]], bool]:
        """(document, cursor) of the first that wait so, the longest first, behind a cursor; and whether there are more. Raises Refusal."""
        slots = [_tag(slot(key, wait)) for key in keys for wait in waits]
        query: Document = {TAGS: {"$in": slots}, **_unless_accused(not_accused)}
        with store_errors():
            rows = await self._cases.find(query, {"supervision.at": 1, "number": 1}).to_list(None) if slots else []
        found = sorted(((instant(row["supervision"]["at"]), row["number"]), row["_id"]) for row in rows)
        start = read_cursor_in_time(after, 2) if after is not None else None
        left = [each for each in found if start is None or each[0] > start]
        page = left[:first]
        with store_errors():
            documents = await self._cases.find({"_id": {"$in": [id for _, id in page]}}).to_list(None) if page else []
        by_id = {row["_id"]: row for row in documents}
        return [(by_id[id], cursor_at(*place)) for place, id in page if id in by_id], len(left) > first

    async def cards(
        self, keys: tuple[str, ...], month: str, department: str | None, not_accused: str | None, first: int, after: str | None
    ) -> tuple[list[tuple[HeldCard, str]], bool]:
        """(card, cursor) of the latest of that month, and whether there are more; of one department, where it is named. Raises Refusal."""
        query: Document = {TAGS: {"$in": [_tag(slot(key, month)) for key in keys]}, **_unless_accused(not_accused)}
        with store_errors():
            rows = await self._cases.find(query, {"cards": 1, "number": 1}).to_list(None) if keys else []
        held = [HeldCard(row["_id"], row["number"], Card.model_validate(card)) for row in rows for card in row["cards"]]
        # A department is told of its own cards, also of a case for which another one has one.
        own = {key.removeprefix("department:") for key in keys if key.startswith("department:")}
        wanted = [
            each
            for each in held
            if each.card.month == month and department in (None, each.card.department) and (not own or each.card.department in own)
        ]
        ordered = sorted(wanted, key=lambda each: each.place, reverse=True)
        start = read_cursor_in_time(after, 3) if after is not None else None
        left = [each for each in ordered if start is None or each.place < start]
        return [(each, cursor_at(*each.place)) for each in left[:first]], len(left) > first


def _unless_accused(department: str | None) -> dict[str, Any]:
    return {} if department is None else {"accused_departments": {"$ne": department}}
