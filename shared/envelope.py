"""CloudEvents 1.0 in structured JSON, and the AMQP headers from which a consumer judges an event without decoding it.

The official AMQP binding of CloudEvents is for AMQP 1.0; RabbitMQ's 0-9-1 messages carry the structured form as their body.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from shared.contracts.base import Contract, instant, split_type

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"

SUBJECT, SOURCE, SEQUENCE, AFTER, VERSIONS, TYPE, TRACE = (
    "minyi-subject",
    "minyi-source",
    "minyi-sequence",
    "minyi-after",
    "minyi-versions",
    "minyi-type",
    "traceparent",
)
ATTEMPT = "minyi-attempt"
REASON = "minyi-reason"
SKIP = "minyi-skip"
SKIP_UNTIL = "minyi-skip-until"
ORIGINAL_KEY = "minyi-original-key"

MOST = 2**31
"""Sequences, attempts and versions are smaller; the store could not keep what is much larger."""
# They become names of fields and ids in the store.
_SOURCE = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_SUBJECT = re.compile(r"[\x21-\x7e]{1,200}")

Seen = dict[str, int]


class Malformed(Exception):
    """The message is no event of ours: it cannot even be judged."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event on its way: the body and what its headers say.

    `source` is the producing service (`intake`), `subject` the grievance's id, `sequence` counts from 1 per source and subject,
    `after` is what the producer had seen of the others, `versions` all versions in which this event was sent. `skip`: an operator's
    instruction to pass it over, followed until `skip_until` (seconds since 1970, real time; 0: for ever).
    """

    id: str
    type: str
    source: str
    subject: str
    sequence: int
    after: Seen
    versions: tuple[int, ...]
    body: bytes
    traceparent: str = ""
    attempt: int = 0
    skip: str = ""
    skip_until: int = 0

    @property
    def kind(self) -> str:
        return split_type(self.type)[0]

    @property
    def version(self) -> int:
        return split_type(self.type)[1]

    def data(self) -> Any:
        """The decoded `data` of the body; raises Malformed."""
        return decode(self.body)["data"]

    def time(self) -> str:
        return str(decode(self.body)["time"])

    def headers(self) -> dict[str, str | int]:
        """AMQP headers; `attempt` and the skip instruction travel only when set."""
        headers: dict[str, str | int] = {
            SUBJECT: self.subject,
            SOURCE: self.source,
            SEQUENCE: self.sequence,
            AFTER: write_seen(self.after),
            VERSIONS: ",".join(map(str, self.versions)),
            TYPE: self.type,
        }
        if self.traceparent:
            headers[TRACE] = self.traceparent
        if self.attempt:
            headers[ATTEMPT] = self.attempt
        if self.skip:
            headers[SKIP] = self.skip
            headers[SKIP_UNTIL] = self.skip_until
        return headers

    def again(self, **changes: Any) -> Event:
        return replace(self, **changes)


def write_seen(seen: Seen) -> str:
    return ",".join(f"{source}={seen[source]}" for source in sorted(seen))


def read_seen(text: str) -> Seen:
    return {source: int(number) for source, _, number in (part.partition("=") for part in text.split(",") if part)}


def encode(contract: Contract, *, id: str, source: str, subject: str, sequence: int, after: Seen, at: datetime, traceparent: str) -> bytes:
    """The structured JSON of one event. `sequence` is zero-padded so that it sorts as text, as the extension asks."""
    document: dict[str, Any] = {
        "specversion": "1.0",
        "id": id,
        "source": f"/minyi/{source}/grievances/{subject}",
        "type": contract.type,
        "subject": subject,
        "time": instant(at),
        "datacontenttype": "application/json",
        "sequence": f"{sequence:010d}",
        "after": write_seen(after),
        "data": contract.model_dump(mode="json"),
    }
    if traceparent:
        document["traceparent"] = traceparent
    return orjson.dumps(document)


def decode(body: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"the body is not JSON: {error}") from None
    if not isinstance(document, dict) or document.get("specversion") != "1.0" or "data" not in document or "time" not in document:
        raise Malformed("the body is not a CloudEvents 1.0 event")
    return document


def from_message(message_id: str | None, headers: dict[str, Any], body: bytes) -> Event:
    """The event of one consumed message; raises Malformed with what is missing (never with content)."""
    try:
        event = Event(
            id=str(message_id or ""),
            type=str(headers[TYPE]),
            source=str(headers[SOURCE]),
            subject=str(headers[SUBJECT]),
            sequence=int(headers[SEQUENCE]),
            after=read_seen(str(headers.get(AFTER, ""))),
            versions=tuple(int(part) for part in str(headers[VERSIONS]).split(",")),
            body=body,
            traceparent=str(headers.get(TRACE, "")),
            attempt=int(headers.get(ATTEMPT, 0)),
            skip=str(headers.get(SKIP, "")),
            skip_until=int(headers.get(SKIP_UNTIL, 0)),
        )
        split_type(event.type)
    except KeyError as error:
        raise Malformed(f"the header {error.args[0]} is missing") from None
    except (ValueError, TypeError):
        raise Malformed("a header is malformed") from None
    if not event.id or not _SUBJECT.fullmatch(event.subject) or event.sequence < 1:
        raise Malformed("message id, subject or sequence is missing or malformed")
    if not all(_SOURCE.fullmatch(source) for source in (event.source, *event.after)):
        raise Malformed("a source is malformed")
    if max(event.sequence, event.attempt, *event.after.values(), *event.versions) >= MOST:
        raise Malformed("a number is too large")
    return event
