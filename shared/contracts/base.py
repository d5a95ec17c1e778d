"""What every event contract is: a Pydantic model with a type that is also its routing key.

Extra fields are forbidden where an event is produced and ignored where it is read, so that an added field breaks no consumer
during a rolling update.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict

from shared.clock import to_millisecond


class Part(BaseModel):
    """A value inside a contract."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Contract(Part):
    """One event. `type` reads `<source>.<aggregate>.<event>.v<N>`; `words` names, as paths, its texts by or for the petitioner and what
    leads back to them: what an erasure takes out of kept events (shared/erasure.py)."""

    type: ClassVar[str]
    words: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def read(cls, data: Any) -> Self:
        """From a consumed event's `data`. Unknown fields are ignored; raises ValidationError."""
        return cls.model_validate(data, extra="ignore")

    @classmethod
    def event_kind(cls) -> str:
        """The type without its version, e.g. `intake.grievance.registered`."""
        return split_type(cls.type)[0]

    @classmethod
    def version(cls) -> int:
        return split_type(cls.type)[1]

    def in_versions(self) -> list[Contract]:
        """The versions in which this event is sent, all with one id and sequence. A V2 returns itself and its V1 while both live."""
        return [self]


class AuditAnchored(Contract):
    """An anchor of a service's audit trail, once a day and for every few thousand entries. `digest` is keyed and binds the entries and
    `previous`, the digest of the anchor before: who holds this event can tell whether the trail was changed since.

    `anchor` counts from 1; `day` is China's, by real time; `earliest` and `latest` are the times of its entries, null where it has none.
    """

    anchor: int
    day: date
    earliest: datetime | None
    latest: datetime | None
    entries: int
    digest: str
    previous: str


@lru_cache(maxsize=1024)
def split_type(type_: str) -> tuple[str, int]:
    """`intake.grievance.registered.v1` → (`intake.grievance.registered`, 1). Raises ValueError when it is no such thing."""
    kind, _, version = type_.rpartition(".v")
    if not kind or not version.isdigit() or kind.count(".") != 2:
        raise ValueError(f"not an event type: {type_!r}")
    return kind, int(version)


def instant(at: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and a Z."""
    return to_millisecond(at).isoformat(timespec="milliseconds").replace("+00:00", "Z")
