"""A client reads its own writes, although services learn of each other's by events.

1. A command's answer names the documents that it wrote: `extensions.minyi.after`, a list of `<grievance>:<service>=<sequence>`, where
   the sequence is the last event that this document has sent.
2. The client sends the list back, joined by commas, as the header `minyi-after` of its next request.
3. Before a service executes a request, it waits until its document of each named grievance has seen the named events, at most
   `WAIT_SECONDS`. Its own writes it reads at once: writes are acknowledged by the majority and reads go to the primary.
4. Where that time was not enough, the service answers with what it has and says so: `extensions.minyi.stale: ["<service>"]`.

Sequences only grow, so a token may be old, doubled or joined with others. It opens nothing: what is asked is authorised as always.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

from shared.envelope import Seen
from shared.identity.errors import Refusal

HEADER = "minyi-after"
WAIT_SECONDS = 2.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.01, 0.1
# Each grievance named costs a read per look; an answer names one or two.
MAX_NAMED = 32
_NAMED = re.compile(r"([A-Za-z0-9_-]{1,64}):([a-z]{1,32})=([0-9]{1,15})")

After = dict[str, Seen]
"""Grievance id → what must have been seen of it."""

_written: ContextVar[Seen | None] = ContextVar("written", default=None)


class SeenRecords(Protocol):
    async def seen(self, ids: list[str]) -> dict[str, Seen]:
        """What the documents have seen of other services; a document that is not there is left out."""
        ...


def read_after(header: str) -> After:
    """The header's value. Raises Refusal for what no answer ever said."""
    after: After = {}
    for part in filter(None, (part.strip() for part in header.split(","))):
        found = _NAMED.fullmatch(part)
        if found is None:
            raise _bad_after()
        id, source, sequence = found[1], found[2], int(found[3])
        seen = after.setdefault(id, {})
        seen[source] = max(sequence, seen.get(source, 0))
    if len(after) > MAX_NAMED:
        raise _bad_after()
    return after


def _bad_after() -> Refusal:
    return Refusal(
        "BAD_AFTER",
        f"请求头 {HEADER} 须为此前应答中的 extensions.minyi.after，以逗号连接，至多 {MAX_NAMED} 件。",
        f"{HEADER} must be extensions.minyi.after of earlier answers, joined by commas, of at most {MAX_NAMED} grievances.",
    )


@contextmanager
def noting_writes() -> Iterator[Seen]:
    """Collects what this request's commands write: grievance id → the last sequence."""
    written: Seen = {}
    token = _written.set(written)
    try:
        yield written
    finally:
        _written.reset(token)


def note_write(id: str, sequence: int) -> None:
    """A command has written, or was answered from memory: that the earlier answer was lost is why it came again."""
    written = _written.get()
    if written is not None and sequence:
        written[id] = max(sequence, written.get(id, 0))


class Freshness:
    """How one service waits until it has seen what its client wrote elsewhere."""

    def __init__(self, service: str, records: SeenRecords, wait_seconds: float = WAIT_SECONDS) -> None:
        self._service = service
        self._records = records
        self._wait = wait_seconds

    async def reached(self, after: After) -> bool:
        """Wait until everything named has been seen; False when the time was not enough. Raises StoreTrouble."""
        missing = {id: foreign for id, seen in after.items() if (foreign := _without(seen, self._service))}
        deadline = time.monotonic() + self._wait
        pause = FIRST_PAUSE_SECONDS
        while missing:
            found = await self._records.seen(list(missing))
            missing = {id: wanted for id, wanted in missing.items() if not _covers(found.get(id, {}), wanted)}
            left = deadline - time.monotonic()
            if missing and left <= 0:
                return False
            if missing:
                await asyncio.sleep(min(pause, left))
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        return True

    def extensions(self, written: Seen, *, fresh: bool) -> dict[str, Any]:
        """What an answer says of it; empty when there is nothing to say."""
        told: dict[str, list[str]] = {}
        if written:
            # No more than may be sent back: of a batch the last ones, behind which the others mostly are.
            told["after"] = [f"{id}:{self._service}={sequence}" for id, sequence in written.items()][-MAX_NAMED:]
        if not fresh:
            told["stale"] = [self._service]
        return {"minyi": told} if told else {}


def _without(seen: Seen, service: str) -> Seen:
    return {source: number for source, number in seen.items() if source != service}


def _covers(seen: Seen, wanted: Seen) -> bool:
    return all(seen.get(source, 0) >= number for source, number in wanted.items())
