"""The protocol of one grievance document, pure: how an incoming event is judged, applied, put to wait, blocked or skipped,
and what one write then changes. No IO, no clock, no ids made here; `shared/writer.py` does the writing.

A document carries, beside the service's own fields:

| field | meaning |
| --- | --- |
| version | counts every write but the relay's; each write is guarded by it |
| registered | false while only early events of others have been seen (a stub) |
| seen, seenIds | per source the last applied sequence, and that event's id |
| waiting | events that came early, whole, undecoded |
| blocked | the next event in order that cannot be applied: source, sequence, id, reason, at |
| sequence | the last sequence this service gave out for this grievance |
| outbox | events and audit entries not yet relayed; touched from outside only by the relay |
| tags | by which it is found: what is to be done with it, and what the service looks up (shared/tags.py) |
| requests, forgot | the last 32 commands with their results; whether older ones must be looked up in `audit` |
| auditHead, auditLength | the audit chain of this document |
| void | the opening event was dropped: everything later is skipped |
| counted, countedBy | for which facts the projector has counted this document (shared/projector.py); no write of the service's touches it |
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from shared.contracts.base import Contract
from shared.envelope import Event, Seen, read_seen, write_seen
from shared.tags import TAGS, retagged

Document = dict[str, Any]

WAITING_EVENTS = 200
WAITING_BYTES = 4 * 1024 * 1024

# What the protocol owns of a document; all other fields are the service's.
PROTOCOL_FIELDS = frozenset(
    {
        "_id",
        "version",
        "registered",
        "seen",
        "seenIds",
        "waiting",
        "blocked",
        "sequence",
        "outbox",
        "tags",
        "requests",
        "forgot",
        "auditHead",
        "auditLength",
        "void",
        "counted",
        "countedBy",
    }
)

# Flags that somebody else takes back without moving the version: each write sets them anew, whatever it has read.
RAISED_ANEW = frozenset({"unannounced"})


class Verdict(Enum):
    REPEAT = "repeat"
    NEXT = "next"
    EARLY = "early"


class Outcome(Enum):
    """What became of an incoming event; all but DELAY and EARLY are to be acknowledged."""

    REPEAT = "repeat"
    OTHER_VERSION = "other version"
    VOID = "void"
    EARLY = "early"
    WAITING = "waiting"
    DELAY = "delay"
    APPLIED = "applied"


class SequenceReused(Exception):
    """The producer gave a known number to another event: it was restored from an older backup."""


class CannotApply(Exception):
    """The next event in order failed in decode or decision; `reason` names the fault, never content."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Unreadable:
    """In place of a state: the stored document cannot be read by this code, as after a release was taken back. Whatever needs no state
    still works (repeats, waiting, skipping, the mark); nothing is applied and nothing of the document's own is written."""

    fault: str


@dataclass(frozen=True)
class Emission:
    """One event to send, with what the document had seen when it was decided."""

    contract: Contract
    sequence: int
    after: Seen


Apply = Callable[[Any, Event], tuple[Any, list[Contract]]]
"""A service's decision on one event: the state before (None in a stub) → the state after and the events that follow."""

Remember = Callable[[Any, list[Emission], datetime], Any]
"""(state, what is sent, its business time) → state."""


def _nothing_more(state: Any, _emissions: list[Emission], _at: datetime) -> Any:
    return state


@dataclass
class Draft:
    """A working copy of one document during one decision. `state` is the service's aggregate, None until registered."""

    document: Document
    state: Any
    emissions: list[Emission] = field(default_factory=list)

    @property
    def seen(self) -> Seen:
        return self.document["seen"]  # type: ignore[no-any-return]

    def emit(self, contracts: list[Contract]) -> None:
        for contract in contracts:
            self.document["sequence"] += 1
            self.emissions.append(Emission(contract, self.document["sequence"], dict(self.seen)))


def stub(id: str) -> Document:
    """A document that knows nothing yet of its grievance."""
    return {
        "_id": id,
        "version": 0,
        "registered": False,
        "seen": {},
        "seenIds": {},
        "waiting": [],
        "sequence": 0,
        "outbox": [],
        "tags": [],
        "requests": [],
    }


def judge(document: Document, event: Event, own: str) -> Verdict:
    """Where the event stands: repeated, next in order with all that it came after applied, or early."""
    seen = document["seen"].get(event.source, 0)
    if event.sequence <= seen:
        if event.sequence == seen and document["seenIds"].get(event.source, event.id) != event.id:
            raise SequenceReused(f"{event.source} sent sequence {event.sequence} again with another id")
        return Verdict.REPEAT
    if event.sequence > seen + 1:
        return Verdict.EARLY
    met = all(document["seen"].get(source, 0) >= number for source, number in event.after.items() if source not in (own, event.source))
    return Verdict.NEXT if met else Verdict.EARLY


@dataclass(frozen=True)
class Participant:
    """How one service takes part: its name, the event types that it applies, and the kinds that open a document."""

    own: str
    apply: Apply
    handled: frozenset[str]
    opens: frozenset[str] = frozenset()
    remembers: Remember = _nothing_more
    """What the service's own state takes from the events that the same write sends, once they have their numbers."""

    def chosen_version(self, event: Event) -> int | None:
        """The version of this event that the service takes: the highest it knows; None when it knows none of them."""
        known = [version for version in event.versions if f"{event.kind}.v{version}" in self.handled]
        return max(known) if known else None

    def receive(self, draft: Draft, event: Event, *, may_wait: bool, at: str) -> Outcome:
        """Judge and, when it is the event's turn, apply it and drain what waits. Changes the draft only for WAITING and APPLIED.

        `at` dates a mark that the drain may have to make. An instruction to skip is never put to wait: EARLY then says that it is
        not its turn. Raises CannotApply when the next in order fails, SequenceReused when the source has gone back in time.
        """
        chosen = self.chosen_version(event)
        if chosen is not None and chosen != event.version:
            return Outcome.OTHER_VERSION
        if draft.document.get("void"):
            return Outcome.VOID
        verdict = judge(draft.document, event, self.own)
        if verdict is Verdict.REPEAT:
            return Outcome.REPEAT
        if verdict is Verdict.EARLY:
            return self._wait(draft, event) if may_wait and not event.skip else Outcome.EARLY
        self._advance(draft, event, skip=bool(event.skip))
        self._drain(draft, at)
        return Outcome.APPLIED

    def block(self, draft: Draft, event: Event, reason: str, at: str) -> bool:
        """Mark the event as what holds up the document; only while it is the next in order. False when it is not (any more)."""
        if draft.document.get("void") or judge(draft.document, event, self.own) is not Verdict.NEXT:
            return False
        draft.document["blocked"] = blocked_mark(event, reason, at)
        return True

    def _wait(self, draft: Draft, event: Event) -> Outcome:
        waiting = draft.document["waiting"]
        if any(held["source"] == event.source and held["sequence"] == event.sequence for held in waiting):
            return Outcome.REPEAT
        if len(waiting) >= WAITING_EVENTS or sum(len(held["body"]) for held in waiting) + len(event.body) > WAITING_BYTES:
            return Outcome.DELAY
        draft.document["waiting"] = [*waiting, to_waiting(event)]
        return Outcome.WAITING

    def _advance(self, draft: Draft, event: Event, *, skip: bool) -> None:
        """Apply (or skip) the next in order. On a fault the draft is as it was."""
        document = draft.document
        if not skip and event.type in self.handled:
            if isinstance(draft.state, Unreadable):
                raise CannotApply(f"{draft.state.fault} in the stored document")
            before = (draft.state, document["sequence"], len(draft.emissions), document["seen"], document["seenIds"])
            _see(document, event)
            try:
                draft.state, contracts = self.apply(copy.deepcopy(draft.state), event)
            except Exception as error:
                draft.state, document["sequence"], kept, document["seen"], document["seenIds"] = before
                del draft.emissions[kept:]
                raise CannotApply(f"{type(error).__name__} in {event.type}") from error
            document["registered"] = draft.state is not None
            draft.emit(contracts)
        else:
            _see(document, event)
            if skip and event.kind in self.opens and not document["registered"]:
                document["void"] = True
                document["waiting"] = []
        blocked = document.get("blocked")
        if blocked and blocked["source"] == event.source and blocked["sequence"] <= event.sequence:
            document["blocked"] = None

    def _drain(self, draft: Draft, at: str) -> None:
        """Apply what waits, of all sources, until nothing more moves. A fault ends the drain and marks that event; its body stays."""
        document = draft.document
        moved = True
        while moved:
            moved = False
            for held in sorted(document["waiting"], key=lambda held: (held["source"], held["sequence"])):
                event = from_waiting(held, document["_id"])
                try:
                    if judge(document, event, self.own) is not Verdict.NEXT:
                        continue
                    self._advance(draft, event, skip=False)
                except SequenceReused:
                    continue
                except CannotApply as fault:
                    document["blocked"] = blocked_mark(event, fault.reason, at)
                    moved = False
                    break
                moved = True
            document["waiting"] = [held for held in document["waiting"] if held["sequence"] > document["seen"].get(held["source"], 0)]


def _see(document: Document, event: Event) -> None:
    document["seen"] = {**document["seen"], event.source: event.sequence}
    document["seenIds"] = {**document["seenIds"], event.source: event.id}


def blocked_mark(event: Event, reason: str, at: str) -> Document:
    return {"source": event.source, "sequence": event.sequence, "id": event.id, "type": event.type, "reason": reason, "at": at}


def to_waiting(event: Event) -> Document:
    return {
        "source": event.source,
        "sequence": event.sequence,
        "id": event.id,
        "type": event.type,
        "after": write_seen(event.after),
        "versions": list(event.versions),
        "traceparent": event.traceparent,
        "body": event.body,
    }


def from_waiting(held: Document, subject: str) -> Event:
    return Event(
        id=held["id"],
        type=held["type"],
        source=held["source"],
        subject=subject,
        sequence=held["sequence"],
        after=read_seen(held["after"]),
        versions=tuple(held["versions"]),
        body=bytes(held["body"]),
        traceparent=held["traceparent"],
    )


def changes(before: Document, after: Document) -> tuple[Document, Document, list[str]]:
    """What to `$set`, what to `$unset` and which tags to add to turn one document into the other; top-level fields, the relay's and the
    guard left out."""
    guarded = ("_id", "version", "outbox", TAGS)
    to_set = {
        name: value for name, value in after.items() if name not in guarded and (name in RAISED_ANEW or before.get(name, _ABSENT) != value)
    }
    to_unset = {name: "" for name in before if name not in guarded and name not in after}
    # Where nothing else is to be counted it is not raised for the projector: most of a grievance's ten writes change no number.
    anew, added = retagged(before, after[TAGS], counts_alike="facts" in after and before.get("facts", _ABSENT) == after["facts"])
    return (to_set if anew is None else to_set | {TAGS: anew}), to_unset, added


_ABSENT = object()
