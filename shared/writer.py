"""One write: read the document, decide in pure code, end in one guarded write that stores the new state and the outgoing events together.

A command and an event handler go the same way. A conflict means that somebody else wrote in between: read and decide again.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from pydantic import BaseModel

from shared import failpoints, telemetry
from shared.audit import AuditEntry, ChainHead, extend
from shared.contracts.base import Contract, instant
from shared.envelope import Event, encode
from shared.read_your_writes import note_write
from shared.record import PROTOCOL_FIELDS, Document, Draft, Emission, Outcome, Participant, Unreadable, changes, stub
from shared.records import Records, StoreTrouble
from shared.tags import TAGS, UNSENT, of_unreadable, with_blocked

TRIES = 5
REMEMBERED_REQUESTS = 32


class Codec(Protocol):
    """Turns the service's aggregate into the document's own fields and back."""

    def load(self, document: Document) -> Any: ...

    def dump(self, state: Any) -> Document: ...


class ModelCodec:
    """The codec of an aggregate that is a Pydantic model; its fields are the document's own fields.

    `derive` adds what is computed from the aggregate for the store's sake (list keys, flags).
    """

    def __init__(self, model: type[BaseModel], derive: Callable[[Any], Document] = lambda _state: {}) -> None:
        self._model = model
        self._derive = derive

    def load(self, document: Document) -> Any:
        return self._model.model_validate(document, extra="ignore")

    def dump(self, state: Any) -> Document:
        dumped: Document = state.model_dump()
        return dumped | self._derive(state)


class Instants(Protocol):
    """What a decision needs of the world, given as arguments so that a test can fix them."""

    def now(self) -> datetime:
        """Business time."""
        ...

    def real_now(self) -> datetime: ...

    def event_id(self) -> str: ...


@dataclass(frozen=True)
class Request:
    """One command as it came: its id, a keyed digest of its payload, and for the audit who asked for what, from where."""

    id: str
    digest: str
    actor: str
    role: str
    what: str
    origin: str


@dataclass(frozen=True)
class Decision:
    """What a command decided: the state after, the events in order, and the answer to remember (JSON, nothing personal)."""

    state: Any
    events: list[Contract]
    result: Document


class NoSuchRecord(Exception):
    """There is no such document, or only a stub, or its opening event was dropped."""


class NotYetRegistered(NoSuchRecord):
    """Events of others have been seen, but not yet the one that opens the document: ask again shortly."""


class RequestReused(Exception):
    """The request id was used before, for another payload."""


class Writer:
    """The one way to change a grievance document of this service."""

    def __init__(
        self,
        records: Records,
        participant: Participant,
        codec: Codec,
        world: Instants,
        relay_soon: Callable[[str], None],
        audit_key: bytes,
        *,
        collection: str = "",
    ) -> None:
        """`relay_soon` is called with the document's id after each write that has something to send; it must not wait. `collection` is the
        name under which audit entries are kept: ids are unique in one collection only."""
        self._records = records
        self._participant = participant
        self._codec = codec
        self._world = world
        self._relay_soon = relay_soon
        self._audit_key = audit_key
        self._collection = collection

    async def create(self, id: str, request: Request, decide: Callable[[], Decision]) -> tuple[Document, bool]:
        """The first command of a document. Returns its result and whether it was made just now; a repeat returns the first result."""
        return await self._command(id, request, lambda _state: decide(), lambda _state: None, creates=True)

    async def record(
        self, id: str, request: Request, decide: Callable[[Any], Decision], *, remembers: bool = True
    ) -> tuple[Document, bool]:
        """A command that states a whole row (a team, a post): `decide` gets what is there, None at first. Else as `create`.

        A statement of what is there already, with no event, is remembered and else no change: a late retry of it undoes nothing. Where it
        is one of a file's thousands it is not even remembered (`remembers`): the file taken in again writes nothing.
        """
        return await self._command(id, request, decide, lambda _state: None, creates=True, restates=True, remembers=remembers)

    async def earlier(self, id: str, request: Request) -> Document | None:
        """What the first command of this document answered to this very request; None where there is no such document. For a use case that
        has something to do before its write. Raises RequestReused, StoreTrouble."""
        document = await self._records.load(id)
        return await self._remembered(document, request) if document is not None else None

    async def command(
        self, id: str, request: Request, decide: Callable[[Any], Decision], admit: Callable[[Any], None] = lambda _state: None
    ) -> Document:
        """A command on an existing document; raises NoSuchRecord, RequestReused, StoreTrouble and what `admit` and `decide` raise.

        `admit` is asked first, also of a repeat: another person's request id opens nothing to who may not see the document.
        A refusal changes nothing and is not remembered: the same id is decided anew.
        """
        return (await self._command(id, request, decide, admit, creates=False))[0]

    async def act(self, id: str, decide: Callable[[Any], tuple[Any, list[Contract]] | None]) -> bool:
        """The service's own step (a sender's claim, a result): neither a command nor an event. None changes nothing; False then."""

        def step(draft: Draft) -> bool:
            decided = decide(draft.state) if draft.state is not None else None
            if decided is None:
                return False
            draft.state, contracts = decided
            draft.emit(contracts)
            return True

        return await self._guarded(id, step)

    async def receive(self, event: Event, *, may_wait: bool) -> Outcome:
        """Apply, keep or recognise an incoming event in one write; raises CannotApply, SequenceReused, StoreTrouble."""
        outcome = Outcome.EARLY

        def decide(draft: Draft) -> bool:
            nonlocal outcome
            outcome = self._participant.receive(draft, event, may_wait=may_wait, at=instant(self._world.real_now()))
            return outcome in (Outcome.APPLIED, Outcome.WAITING)

        await self._guarded(event.subject, decide, needs_state=False)
        return outcome

    async def block(self, event: Event, reason: str) -> bool:
        """Mark the document as held up by this event, if it is the next in order."""
        return await self._guarded(
            event.subject,
            lambda draft: self._participant.block(draft, event, reason, instant(self._world.real_now())),
            needs_state=False,
        )

    async def _remembered(self, document: Document, request: Request) -> Document | None:
        """The answer that this request had; None for a new one. Raises RequestReused for the same id with another payload."""
        known = next((held for held in document["requests"] if held["id"] == request.id), None)
        if known is None and document.get("forgot"):
            entry = await self._records.remembered_request(document["_id"], request.id)
            known = entry and {"digest": entry["payload_digest"], "result": entry["result"]}
        if known is None:
            return None
        if known["digest"] != request.digest:
            raise RequestReused(request.id)
        note_write(document["_id"], document["sequence"])
        answer: Document = known["result"]
        return answer

    async def _command(
        self,
        id: str,
        request: Request,
        decide: Callable[[Any], Decision],
        admit: Callable[[Any], None],
        *,
        creates: bool,
        restates: bool = False,
        remembers: bool = True,
    ) -> tuple[Document, bool]:
        answer: Document = {}
        made = False
        for _ in range(TRIES):
            document = await self._records.load(id)
            draft = self._draft(id, document)
            if draft.state is not None:
                admit(draft.state)
            if document is not None:
                earlier = await self._remembered(document, request)
                if earlier is not None:
                    return earlier, False
            if not creates:
                if document is None or document.get("void"):
                    raise NoSuchRecord(id)
                if not document["registered"]:
                    raise NotYetRegistered(id)

            decision = decide(draft.state)
            if restates and draft.state is not None and decision.state == draft.state and not decision.events:
                self._remember(draft, request, decision.result)
                if not remembers or await self._write(document, draft, []):
                    return decision.result, False
                continue
            draft.state = decision.state
            draft.document["registered"] = True
            draft.emit(decision.events)
            audit = self._audit(draft, request, decision.result)
            self._remember(draft, request, decision.result)
            answer, made = decision.result, True
            if await self._write(document, draft, audit):
                note_write(id, draft.document["sequence"])
                return answer, made
            telemetry.WRITE_CONFLICTS.labels(self._participant.own).inc()
        raise StoreTrouble("too many conflicting writes")

    async def _guarded(self, id: str, decide: Callable[[Draft], bool], *, needs_state: bool = True) -> bool:
        for _ in range(TRIES):
            document = await self._records.load(id)
            draft = self._draft(id, document, needs_state=needs_state)
            if not decide(draft):
                return False
            if await self._write(document, draft, []):
                return True
            telemetry.WRITE_CONFLICTS.labels(self._participant.own).inc()
        raise StoreTrouble("too many conflicting writes")

    def _draft(self, id: str, document: Document | None, *, needs_state: bool = True) -> Draft:
        base = document if document is not None else stub(id)
        state: Any = None
        try:
            state = self._codec.load(base) if base["registered"] else None
        except Exception as error:
            if needs_state:
                raise
            state = Unreadable(type(error).__name__)
        return Draft(dict(base), state)

    async def _write(self, before: Document | None, draft: Draft, audit: list[Document]) -> bool:
        after, at = draft.document, self._world.now()
        if draft.state is not None and not isinstance(draft.state, Unreadable):
            state = self._participant.remembers(draft.state, draft.emissions, at)
            after = {name: value for name, value in after.items() if name in PROTOCOL_FIELDS - {TAGS}} | self._codec.dump(state)
        own = after.get(TAGS, []) if after is not draft.document else of_unreadable(after)
        after = after | {TAGS: with_blocked(own, after)}
        push = [entry for emission in draft.emissions for entry in self._outbox_entries(after["_id"], emission, at)] + audit
        if before is None:
            tags = [*after[TAGS], *([UNSENT] if push else [])]
            written = await self._records.insert({**after, "version": 1, "outbox": push, TAGS: tags})
        else:
            to_set, to_unset, added = changes(before, after)
            written = await self._records.update(after["_id"], before["version"], to_set, to_unset, push, added)
        if written:
            failpoints.reach("after-write")
            if push:
                self._relay_soon(after["_id"])
        return written

    def _outbox_entries(self, subject: str, emission: Emission, at: datetime) -> list[Document]:
        """An event, in each version in which it is sent, as the relay will keep and publish it. `at`: its business time.

        The entry's own `at` is real time, for the sweeper.
        """
        id, source, trace = self._world.event_id(), self._participant.own, telemetry.traceparent.get()
        contracts = emission.contract.in_versions()
        versions = tuple(contract.version() for contract in contracts)
        entries = []
        for contract in contracts:
            body = encode(
                contract,
                id=id,
                source=source,
                subject=subject,
                sequence=emission.sequence,
                after=emission.after,
                at=at,
                traceparent=trace,
            )
            event = Event(id, contract.type, source, subject, emission.sequence, emission.after, versions, body, trace)
            entries.append(event_entry(event, self._world.real_now()))
        return entries

    def _audit(self, draft: Draft, request: Request, result: Document) -> list[Document]:
        document = draft.document
        chain = ChainHead(document.get("auditHead", ""), document.get("auditLength", 0))
        entry, chain = extend(
            chain,
            AuditEntry(
                request_id=request.id,
                actor=request.actor,
                role=request.role,
                what=request.what,
                when=instant(self._world.now()),
                origin=request.origin,
                payload_digest=request.digest,
                result=copy.deepcopy(result),
                collection=self._collection,
            ),
            key=self._audit_key,
            subject=document["_id"],
        )
        document["auditHead"], document["auditLength"] = chain.head, chain.length
        row = entry.document() | {"subject": document["_id"]}
        id = f"{self._collection}:{document['_id']}:{chain.length}"
        return [{"id": id, "kind": "audit", "at": self._world.real_now(), "row": row}]

    def _remember(self, draft: Draft, request: Request, result: Document) -> None:
        """Keep this request's answer; let the oldest go beyond 32, but only those whose audit entry is already relayed."""
        document = draft.document
        requests = [*document["requests"], {"id": request.id, "digest": request.digest, "result": result}]
        relaying = {entry["row"]["request_id"] for entry in document["outbox"] if entry["kind"] == "audit"}
        while len(requests) > REMEMBERED_REQUESTS and requests[0]["id"] not in relaying:
            requests.pop(0)
            document["forgot"] = True
        document["requests"] = requests


def event_entry(event: Event, at: datetime) -> Document:
    """One event as an outbox entry; its `row` is what stays in `events`, keyed by id and version."""
    row = {
        "event_id": event.id,
        "type": event.type,
        "source": event.source,
        "subject": event.subject,
        "sequence": event.sequence,
        "after": event.after,
        "versions": list(event.versions),
        "traceparent": event.traceparent,
        "at": at,
        "body": event.body,
    }
    return {"id": f"{event.id}:v{event.version}", "kind": "event", "at": at, "row": row}


def event_of(row: Document) -> Event:
    """The event of one row of `events` (or of an outbox entry)."""
    return Event(
        id=row["event_id"],
        type=row["type"],
        source=row["source"],
        subject=row["subject"],
        sequence=row["sequence"],
        after=row["after"],
        versions=tuple(row["versions"]),
        body=bytes(row["body"]),
        traceparent=row["traceparent"],
    )
