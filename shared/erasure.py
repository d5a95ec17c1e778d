"""An erased petitioner's words in what a service keeps of events: its own `events`, and what waits in a document.

A state whose petitioner was erased raises the tag `scrub` at each of its writes. A round in every worker then rewrites the bodies: same id,
sequence and type, words → 〔已删除〕, lists → [], every other field as it was. Contracts say which of their fields are words. An event that
is not relayed yet is relayed first: others need it. Every step may be repeated, by anybody, at any time.

What comes in for an erased petitioner goes through `without_words` before it is applied: no state takes words up again, and whoever is sent
the rewritten events, from the first, arrives at the same state.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import orjson

from shared.contracts import feedback, intake, routing
from shared.envelope import Event
from shared.records import MongoRecords, store_errors
from shared.tags import SCRUB, TAGS

ERASED = "〔已删除〕"
AT_ONCE = 500
SCRUB_SECONDS = 5.0
WORDS: dict[str, tuple[str, ...]] = {
    contract.type: contract.words for contract in (*intake.EVENTS, *routing.EVENTS, *feedback.EVENTS) if contract.words
}

Steps = Callable[[str], Awaitable[None]]


def blanked(text: str | None) -> str | None:
    """Nothing stays nothing."""
    return ERASED if text is not None else None


def scrubbed(type: str, body: bytes) -> bytes:
    """The body of an event of this type without words; the very same bytes where there are none."""
    paths = WORDS.get(type)
    if not paths:
        return body
    document = orjson.loads(body)
    changed = [_blank(document["data"], path.split(".")) for path in paths]
    return orjson.dumps(document) if any(changed) else body


def without_words(event: Event) -> Event:
    return event.again(body=scrubbed(event.type, event.body))


def _blank(part: Any, path: list[str]) -> bool:
    """Whether anything was changed. A field that is not there, as in a body of an older build, or is null stays so."""
    *parents, name = path
    for parent in parents:
        part = part.get(parent) if isinstance(part, dict) else None
    if not isinstance(part, dict) or part.get(name) in (None, ERASED, []):
        return False
    part[name] = [] if isinstance(part[name], list) else ERASED
    return True


async def _nothing(_where: str) -> None:
    return None


class Scrubber:
    """The rounds of one collection. `reached` is called between the steps: a test stops there."""

    def __init__(self, records: MongoRecords, reached: Steps = _nothing) -> None:
        self._records = records
        self._reached = reached

    async def round(self) -> int:
        """How many documents are done with, until they are written again."""
        with store_errors():
            rows = await self._records.collection.find({TAGS: SCRUB}, {"_id": 1}).limit(AT_ONCE).to_list(AT_ONCE)
        return sum([await self._scrub(row["_id"]) for row in rows])

    async def _scrub(self, id: str) -> bool:
        collection, events = self._records.collection, self._records.events
        with store_errors():
            document = await collection.find_one({"_id": id}, {"version": 1, "waiting": 1, "outbox": 1})
            if document is None or any(entry["kind"] == "event" for entry in document["outbox"]):
                return False
            for row in await events.find({"subject": id}).to_list(None):
                body = scrubbed(row["type"], bytes(row["body"]))
                if body != bytes(row["body"]):
                    await events.update_one({"_id": row["_id"]}, {"$set": {"body": body}})
            await self._reached("events")
            waiting = [held | {"body": scrubbed(held["type"], bytes(held["body"]))} for held in document["waiting"]]
            change: dict[str, Any] = {"$pull": {TAGS: SCRUB}}
            if any(after["body"] != bytes(before["body"]) for before, after in zip(document["waiting"], waiting, strict=True)):
                change |= {"$set": {"waiting": waiting, "version": document["version"] + 1}}
            # A write in between may have brought more: the flag then stays up.
            done = await collection.update_one({"_id": id, "version": document["version"]}, change)
        return bool(done.matched_count)
