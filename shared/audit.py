"""The audit trail of one document: entries chained by keyed hashes, so that an edited, missing, reordered or cut link is found.

The document keeps only the chain's head and length; the entries leave through the relay. Hashes are HMAC-SHA256 under reference.key: who
can write to the store but does not hold the key can forge no link. Pure: keys, times and ids are arguments.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Self

JsonObject = Mapping[str, Any]
"""Values are str, int, bool, None, lists and objects of such: what a store gives back unchanged."""


@dataclass(frozen=True)
class AuditRecord:
    """One command as it happened, not yet chained: who (`actor` is an opaque id, `role` their role), what, when (aware), from where.

    `payload_digest` is `digest(key, payload)`; `result` is what the request was answered, enough to answer its repetition.
    """

    request_id: str
    actor: str
    role: str
    what: str
    when: datetime
    source: str
    payload_digest: str
    result: JsonObject


@dataclass(frozen=True)
class AuditEntry(AuditRecord):
    """A record in its place: `position` counts from 1 within `subject`, `previous` is the hash of the entry before it."""

    subject: str
    position: int
    previous: str
    hash: str

    def to_document(self) -> dict[str, Any]:
        """For store and relay; camelCase names, `when` as a UTC datetime in milliseconds."""
        return {_camel(name): value for name, value in asdict(self).items()} | {"when": _millisecond(self.when)}

    @classmethod
    def from_document(cls, document: JsonObject) -> Self:
        """Raises KeyError for a missing field; passes over fields that it does not know, such as `_id`."""
        return cls(**{field.name: document[_camel(field.name)] for field in fields(cls)})


@dataclass(frozen=True)
class ChainHead:
    """What the document keeps: the hash of its latest entry and how many there are."""

    subject: str
    head: str
    length: int


class FaultKind(StrEnum):
    EDITED = "EDITED"  # the entry's hash does not fit its content
    MISSING = "MISSING"  # no entry at this position, though later ones exist
    CUT = "CUT"  # no entry at this position, nor at any later one
    REORDERED = "REORDERED"  # the entry stands after one of a later position
    REPEATED = "REPEATED"  # a position occurs twice
    UNLINKED = "UNLINKED"  # it does not follow the entry before it, or is not the head that the document names
    FOREIGN = "FOREIGN"  # it belongs to another subject
    SURPLUS = "SURPLUS"  # beyond the length that the document names


@dataclass(frozen=True)
class Fault:
    kind: FaultKind
    position: int
    request_id: str | None = None


def start(subject: str, key: bytes) -> ChainHead:
    """The head of an empty chain, bound to its subject: two documents' chains cannot be exchanged."""
    return ChainHead(subject, _keyed(key, "start", subject), 0)


def extend(chain: ChainHead, record: AuditRecord, key: bytes) -> tuple[AuditEntry, ChainHead]:
    """The record as the chain's next entry, and the chain's new head. Raises ValueError for a time without zone."""
    values = {field.name: getattr(record, field.name) for field in fields(AuditRecord)}
    values["when"] = _millisecond(record.when)
    place: dict[str, Any] = {"subject": chain.subject, "position": chain.length + 1, "previous": chain.head}
    entry = AuditEntry(**values, **place, hash="")
    entry = AuditEntry(**values, **place, hash=_hash(entry, key))
    return entry, ChainHead(chain.subject, entry.hash, entry.position)


def verify(entries: Sequence[AuditEntry], head: ChainHead, key: bytes) -> list[Fault]:
    """All faults of a chain, in the order of its positions; empty when it is whole. `entries` come in the order they were kept."""
    faults: list[Fault] = []
    by_position: dict[int, AuditEntry] = {}
    highest = 0
    for entry in entries:
        if entry.subject != head.subject:
            faults.append(Fault(FaultKind.FOREIGN, entry.position, entry.request_id))
            continue
        if not hmac.compare_digest(entry.hash, _hash(entry, key)):
            faults.append(Fault(FaultKind.EDITED, entry.position, entry.request_id))
        if entry.position in by_position:
            faults.append(Fault(FaultKind.REPEATED, entry.position, entry.request_id))
            continue
        if entry.position < highest:
            faults.append(Fault(FaultKind.REORDERED, entry.position, entry.request_id))
        highest = max(highest, entry.position)
        by_position[entry.position] = entry
    faults += _gaps(by_position, head.length)
    faults += _breaks(by_position, head, key)
    return sorted(faults, key=lambda fault: (fault.position, fault.kind))


def digest(key: bytes, payload: object) -> str:
    """Keyed digest of a command's payload: equal payloads are told from others, and short ones cannot be guessed without the key."""
    return _keyed(key, "payload", canonical(payload))


def canonical(value: object) -> str:
    """One text for one JSON value, whatever the order of its keys. Raises TypeError or ValueError for what JSON does not hold."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _gaps(by_position: Mapping[int, AuditEntry], length: int) -> list[Fault]:
    last = max((position for position in by_position if position <= length), default=0)
    kinds = ((FaultKind.MISSING if position < last else FaultKind.CUT, position) for position in range(1, length + 1))
    gaps = [Fault(kind, position) for kind, position in kinds if position not in by_position]
    surplus = [entry for position, entry in by_position.items() if not 1 <= position <= length]
    return gaps + [Fault(FaultKind.SURPLUS, entry.position, entry.request_id) for entry in surplus]


def _breaks(by_position: Mapping[int, AuditEntry], head: ChainHead, key: bytes) -> list[Fault]:
    broken: list[Fault] = []
    for position, entry in by_position.items():
        before = by_position.get(position - 1)
        expected = start(head.subject, key).head if position == 1 else before.hash if before else None
        if expected is not None and entry.previous != expected:
            broken.append(Fault(FaultKind.UNLINKED, position, entry.request_id))
    last = by_position.get(head.length)
    if head.length == 0 and head.head != start(head.subject, key).head:
        broken.append(Fault(FaultKind.UNLINKED, 0))
    elif last is not None and last.hash != head.head:
        broken.append(Fault(FaultKind.UNLINKED, last.position, last.request_id))
    return broken


def _hash(entry: AuditEntry, key: bytes) -> str:
    values = {field.name: getattr(entry, field.name) for field in fields(AuditEntry) if field.name != "hash"}
    return _keyed(key, "entry", canonical(values | {"when": _millisecond(entry.when).isoformat(timespec="milliseconds")}))


def _millisecond(at: datetime) -> datetime:
    """Stores keep milliseconds: what they give back must hash the same."""
    if at.tzinfo is None:
        raise ValueError("an audit entry's time needs its zone")
    at = at.astimezone(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _keyed(key: bytes, purpose: str, text: str) -> str:
    return hmac.new(key, f"minyi.audit.{purpose}\n{text}".encode(), hashlib.sha256).hexdigest()


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.title() for other in others)
