"""Callbacks in the store: what was not confirmed, found by one tag for each territory that holds the grievance and month (0049), and how
many were drawn. A list reads all of a month to order it, a third of a millisecond for each. What is to be called is one of the things
that a grievance waits for: store/waiting.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.feedback.domain.callbacks import Callback
from services.feedback.domain.followup import FollowUp
from shared.contracts.base import instant
from shared.cursors import cursor_at, read_cursor_in_time
from shared.identity.scopes import prefixes
from shared.mongo import Collection
from shared.records import Document, store_errors
from shared.tags import TAGS

Row = tuple[str, Callback, str]
"""(grievance id, its callback, cursor)."""
_Placed = tuple[str, Callback, tuple[str, ...]]
"""The same with its place in the order."""


@dataclass(frozen=True)
class Apart:
    """Whom a list is for: in the territories with these prefixes, but for what the viewer has a part in. `refs`: theirs as a petitioner."""

    prefixes: tuple[str, ...]
    department: str | None
    team: str | None
    sub: str
    refs: frozenset[str]


def tags(followup: FollowUp) -> list[str]:
    places = prefixes(followup.division)
    drawn = [callback for callback in followup.callbacks() if callback.month is not None]
    found = [_drawn(callback.month) for callback in drawn if callback.month is not None]
    found += [_unconfirmed(prefix, callback.month) for callback in drawn if callback.confirmed is False for prefix in places]
    return list(dict.fromkeys(found))


def _drawn(month: str) -> str:
    return f"drawn:{month}"


def _unconfirmed(prefix: str, month: str | None) -> str:
    return f"unconfirmed:{prefix}|{month}"


class CallbackLists:
    def __init__(self, followups: Collection) -> None:
        self._followups = followups

    async def unconfirmed(self, asks: Apart, month: str, first: int, after: str | None) -> tuple[list[Row], bool]:
        """Of those drawn in that month what its petitioner did not confirm, the latest first. Raises Refusal."""
        query: Document = {TAGS: {"$in": [_unconfirmed(prefix, month) for prefix in asks.prefixes]}, **apart(asks)}
        with store_errors():
            rows = await self._followups.find(query, {"callback": 1, "earlier_callbacks": 1}).to_list(None) if asks.prefixes else []
        held = [(row["_id"], Callback.model_validate(each)) for row in rows for each in [*row["earlier_callbacks"], row["callback"]]]
        found = [_placed(id, callback) for id, callback in held if callback.confirmed is False and callback.month == month]
        start = read_cursor_in_time(after, 2) if after is not None else None
        ordered = sorted(found, key=lambda row: row[2], reverse=True)
        left = [row for row in ordered if start is None or row[2] < start]
        return [(id, callback, cursor_at(*place)) for id, callback, place in left[:first]], len(left) > first

    async def drawn(self, month: str) -> int:
        """How many grievances of that month were drawn."""
        with store_errors():
            return len(await self._followups.find({TAGS: _drawn(month)}, {"_id": 1}).to_list(None))


def apart(asks: Apart) -> Document:
    """The same as usecases/look_at_callbacks.py `is_apart`, in the words of the store."""
    query: Document = {name: {"$ne": asks.sub} for name in ("handlers", "reply.by.staffId", "earlier_replies.by.staffId")}
    if asks.team is not None:
        query["team"] = {"$ne": asks.team}
    if asks.department is not None:
        query |= {name: {"$ne": asks.department} for name in ("departments", "involved", "accused_departments")}
    if asks.refs:
        query |= {name: {"$nin": sorted(asks.refs)} for name in ("petitioner_ref", "own_ref")}
    return query


def _placed(id: str, callback: Callback) -> _Placed:
    return id, callback, (instant(callback.opened_at), id)
