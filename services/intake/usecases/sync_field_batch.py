"""SyncFieldBatch: what a phone collected without a network, item by item, each as the command that it would have been over the network.

An item's id is made by the phone (UUIDv7) and is the request id of its command: sent again, split, joined or in another order it is done
once. What an item builds on may come after it: it then waits, with the phone, and is sent again. Every item is answered for itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain import clocks
from services.intake.domain.clocks import ClockState
from services.intake.usecases.writing import ROLES
from shared import telemetry
from shared.commands import refusal_of
from shared.identity.errors import Refusal
from shared.identity.viewer import Viewer
from shared.records import StoreTrouble

MOST_ITEMS = 50
Kind = Literal["encounter", "amend_encounter", "diary", "amend_diary", "grievance", "archive_change"]
# What others build on comes first, and then what was made first: a whole batch is then done in one go.
ORDER: tuple[Kind, ...] = ("encounter", "diary", "grievance", "archive_change", "amend_encounter", "amend_diary")
Outcome = Literal["DONE", "CONFLICT", "WAITING", "REFUSED", "FAILED"]
"""Kept, or kept before; kept beside a version of somebody else's; not its turn yet, because what it builds on is not here or the batch took
long; not kept, for a reason that sending again does not change; not kept, by a fault of ours. WAITING and FAILED are to be sent again."""
LONGEST = timedelta(seconds=3)
"""So long a batch may take, by real time, before the rest of it is left for the next: a request has an end, and what is done is done."""


NAMING: frozenset[Kind] = frozenset({"encounter", "amend_encounter", "diary", "amend_diary"})
BUILDS_ON_REFUSED = Refusal("BUILDS_ON_REFUSED", "所依据的一项未被接受。", "What it builds on was refused.")


class FieldItem(BaseModel):
    """`fields`: those of the command, as it was told, without request id and clock. `kind`: None where it is none, or several at once."""

    model_config = ConfigDict(frozen=True)

    id: str
    kind: Kind | None
    fields: dict[str, Any]

    @classmethod
    def of(cls, id: str, parts: Mapping[Kind, dict[str, Any] | None]) -> Self:
        """From what a client sends, which is to be exactly one of its parts."""
        given = [(kind, fields) for kind, fields in parts.items() if fields is not None]
        kind, fields = given[0] if len(given) == 1 else (None, {})
        return cls(id=id, kind=kind, fields=fields)


class FieldBatch(BaseModel):
    """`sent_at`: what the phone's clock shows at sending, with a zone."""

    model_config = ConfigDict(frozen=True)

    sent_at: datetime
    items: list[FieldItem] = Field(max_length=MOST_ITEMS)


@dataclass(frozen=True)
class Answer:
    """`record`: the id of what the item made or changed. `refusal`: why it is not kept, or not yet."""

    id: str
    kind: Kind | None
    outcome: Outcome
    record: str | None = None
    clock: ClockState | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True)
class Done:
    """`conflicting`: it stands beside another version."""

    record: str
    conflicting: bool = False


Do = Callable[[Viewer, dict[str, Any], str], Awaitable[Done]]
"""(viewer, the command's fields with request id and clock, origin) → what was done; raises what the command raises."""


@dataclass(frozen=True)
class Syncing:
    """`begin`: the commands of one batch. `undated`: of these kinds the command says nothing of when it was."""

    begin: Callable[[], Mapping[Kind, Do]]
    undated: frozenset[Kind]
    now: Callable[[], datetime]
    real_now: Callable[[], datetime]


async def sync_field_batch(parts: Syncing, viewer: Viewer, batch: FieldBatch, origin: str) -> tuple[timedelta, list[Answer]]:
    """(by how much the phone's clock is wrong, an answer per item in the order of the items). Raises Refusal for a batch that is none."""
    viewer.require(*ROLES)
    if batch.sent_at.tzinfo is None:
        raise Refusal("TIME_WITHOUT_ZONE", "sentAt 必须带时区。", "sentAt must carry a time zone.", "sentAt")
    off = clocks.skew(batch.sent_at, parts.now())
    answers: dict[int, Answer] = {}
    # Who is named as a petitioner is not named in what is written beside it either.
    names = [name for item in batch.items if (name := (item.fields.get("petitioner") or {}).get("name"))]
    do, refused = parts.begin(), set[str]()
    until = parts.real_now() + LONGEST
    for place, item in sorted(enumerate(batch.items), key=lambda each: _turn(each[1])):
        in_time = parts.real_now() < until
        if item.kind is None:
            one_of = Refusal("ONE_OF", "每项须恰有一种内容。", "Each item holds exactly one of its parts.", f"items.{place}")
            answers[place] = Answer(item.id, None, "REFUSED", refusal=one_of)
        elif not in_time:
            answers[place] = Answer(item.id, item.kind, "WAITING")
        elif refused.isdisjoint(_builds_on(item)):
            answers[place] = await _answer(parts, do[item.kind], viewer, item, off, names, origin)
        else:
            answers[place] = Answer(item.id, item.kind, "REFUSED", refusal=BUILDS_ON_REFUSED)
        if answers[place].outcome == "REFUSED":
            refused.add(item.id)
    return off, [answers[place] for place in range(len(batch.items))]


def _turn(item: FieldItem) -> tuple[int, str]:
    """Its place in the order of doing. What is no item at all is refused first: others may build on it."""
    return (ORDER.index(item.kind) if item.kind is not None else -1), item.id


async def _answer(parts: Syncing, do: Do, viewer: Viewer, item: FieldItem, off: timedelta, names: list[str], origin: str) -> Answer:
    told = Answer(item.id, item.kind, "REFUSED")
    if not clocks.is_client_id(item.id):
        return replace(told, refusal=Refusal("ID_NOT_UUID7", "编号须为 UUIDv7（小写）。", "An item's id is a UUIDv7, in lower case.", "id"))
    if item.kind not in parts.undated:
        told = replace(told, clock=clocks.state_of(clocks.made_at(item.id), off, parts.now()))
    try:
        fields = {**item.fields, "request_id": item.id} | ({} if item.kind in parts.undated else {"off": off})
        if item.kind in NAMING:
            fields["names"] = names
        done = await do(viewer, fields, origin)
    except StoreTrouble:
        return replace(told, outcome="FAILED")
    except Exception as error:
        refusal = refusal_of(error)
        if refusal is not None:
            return replace(told, outcome="WAITING" if refusal.code == "NOT_YET" else "REFUSED", refusal=refusal)
        # One item that we cannot take does not hold up the others; what it says stays with the phone and out of the log.
        telemetry.log().error("an item of a field batch failed", kind=item.kind, fault=type(error).__name__)
        return replace(told, outcome="FAILED")
    return replace(told, outcome="CONFLICT" if done.conflicting else "DONE", record=done.record)


def _builds_on(item: FieldItem) -> set[str]:
    """The ids without which it never can be."""
    named = [item.fields.get(name) for name in ("encounter", "diary", "archive_id")]
    return {id for id in [*named, *item.fields.get("base", ())] if id is not None}
