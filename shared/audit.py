"""The audit trail of one document: entries chained by hashes, so that an edited, missing, reordered or cut link is found.

The document keeps only the chain's head and length; the entries leave through the relay. Hashes are HMAC-SHA256. With a key, who can write
to the store but does not hold it can forge no link; without one, a whole chain made anew shows only against the daily anchor. Pure: keys,
times and ids are arguments.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any, NamedTuple, Self

JsonObject = Mapping[str, Any]
"""Values are str, int, bool, None, lists and objects of such: what a store gives back unchanged."""


@dataclass(frozen=True)
class AuditEntry:
    """One command as it happened: who (`actor` is an opaque id, with its role; a resident's is keyed), what, when (ISO 8601, UTC),
    from where (`origin`).

    `payload_digest` is keyed; `result` is what the request was answered, enough to answer its repetition. `collection` is the document's:
    a household and its archive have one id and two chains. The last three fields are given by `extend`: `number` counts from 1,
    `previous` is the hash of the entry before.
    """

    request_id: str
    actor: str
    role: str
    what: str
    when: str
    origin: str
    payload_digest: str
    result: JsonObject
    collection: str = ""
    number: int = 0
    previous: str = ""
    hash: str = ""

    def document(self) -> dict[str, Any]:
        """For store and relay: the fields by their names."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: JsonObject) -> Self:
        """Raises KeyError for a missing field; passes over fields that it does not know, such as `_id` and `subject`."""
        kept = {"collection": "", **document}
        return cls(**{field.name: kept[field.name] for field in fields(cls)})


class Link(NamedTuple):
    """What an anchor binds of one entry. Links sort by collection, subject, number, hash: the order in which an anchor reads them."""

    collection: str
    subject: str
    number: int
    hash: str


@dataclass(frozen=True)
class Anchor:
    """Binds entries of many chains, each in the state of now; `previous` is the digest of the anchor before, empty for the first.

    `day`: ISO, in China, by real time; `earliest` and `latest`: the `when` of the first and the last entry (business time), None where
    there is no entry.
    """

    service: str
    number: int
    day: str
    earliest: str | None
    latest: str | None
    entries: int
    previous: str

    def digest(self, links: Iterable[Link], *, key: bytes) -> str:
        return _keyed(key, "anchor", canonical([asdict(self), sorted(links)]))


@dataclass(frozen=True)
class ChainHead:
    """What the document keeps: the hash of its latest entry and how many there are. An empty chain has no hash."""

    head: str = ""
    length: int = 0


class FaultKind(StrEnum):
    EDITED = "EDITED"  # the entry's hash does not fit its content
    MISSING = "MISSING"  # no entry of this number, though later ones exist
    CUT = "CUT"  # no entry of this number, nor at any later one
    REORDERED = "REORDERED"  # the entry stands after one of a later number
    REPEATED = "REPEATED"  # a number occurs twice
    UNLINKED = "UNLINKED"  # it does not follow the entry before it, or is not the head that the document names
    SURPLUS = "SURPLUS"  # beyond the length that the document names


@dataclass(frozen=True)
class Fault:
    kind: FaultKind
    number: int
    request_id: str | None = None


def extend(chain: ChainHead, entry: AuditEntry, *, key: bytes = b"", subject: str = "") -> tuple[AuditEntry, ChainHead]:
    """The entry as the chain's next link, and the chain's new head.

    `subject` is the document's id: bound into the hash, it keeps two documents' chains from being exchanged. Raises TypeError or ValueError
    for a result that JSON does not hold.
    """
    link = replace(entry, number=chain.length + 1, previous=chain.head, hash="")
    link = replace(link, hash=_hash(link, key, subject))
    return link, ChainHead(link.hash, link.number)


def verify(entries: Sequence[AuditEntry], head: ChainHead, *, key: bytes = b"", subject: str = "") -> list[Fault]:
    """All faults of a chain, in the order of its numbers; empty when it is whole. `entries` come in the order in which they are kept;
    `key` and `subject` are those that `extend` was given."""
    faults: list[Fault] = []
    by_number: dict[int, AuditEntry] = {}
    highest = 0
    for entry in entries:
        if not hmac.compare_digest(entry.hash.encode(), _hash(entry, key, subject).encode()):
            faults.append(Fault(FaultKind.EDITED, entry.number, entry.request_id))
        if entry.number in by_number:
            faults.append(Fault(FaultKind.REPEATED, entry.number, entry.request_id))
            continue
        if entry.number < highest:
            faults.append(Fault(FaultKind.REORDERED, entry.number, entry.request_id))
        highest = max(highest, entry.number)
        by_number[entry.number] = entry
    faults += _gaps(by_number, head.length)
    faults += _breaks(by_number, head)
    return sorted(faults, key=lambda fault: (fault.number, fault.kind))


def digest(key: bytes, payload: object) -> str:
    """Keyed digest of a command's payload: equal payloads are told from others, and short ones cannot be guessed without the key."""
    return _keyed(key, "payload", canonical(payload))


def canonical(value: object) -> str:
    """One text for one JSON value, whatever the order of its keys. Raises TypeError or ValueError for what JSON does not hold."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _gaps(by_number: Mapping[int, AuditEntry], length: int) -> list[Fault]:
    last = max((number for number in by_number if number <= length), default=0)
    kinds = ((FaultKind.MISSING if number < last else FaultKind.CUT, number) for number in range(1, length + 1))
    gaps = [Fault(kind, number) for kind, number in kinds if number not in by_number]
    surplus = [entry for number, entry in by_number.items() if not 1 <= number <= length]
    return gaps + [Fault(FaultKind.SURPLUS, entry.number, entry.request_id) for entry in surplus]


def _breaks(by_number: Mapping[int, AuditEntry], head: ChainHead) -> list[Fault]:
    broken: list[Fault] = []
    for number, entry in by_number.items():
        before = by_number.get(number - 1)
        expected = "" if number == 1 else before.hash if before else None
        if expected is not None and entry.previous != expected:
            broken.append(Fault(FaultKind.UNLINKED, number, entry.request_id))
    last = by_number.get(head.length)
    if head.length == 0 and head.head:
        broken.append(Fault(FaultKind.UNLINKED, 0))
    elif last is not None and last.hash != head.head:
        broken.append(Fault(FaultKind.UNLINKED, last.number, last.request_id))
    return broken


def _hash(entry: AuditEntry, key: bytes, subject: str) -> str:
    content = replace(entry, hash="").document()
    if not entry.collection:
        # As it was before entries named it.
        del content["collection"]
    return _keyed(key, "entry", canonical([subject, content]))


def _keyed(key: bytes, purpose: str, text: str) -> str:
    return hmac.new(key, f"minyi.audit.{purpose}\n{text}".encode(), hashlib.sha256).hexdigest()
