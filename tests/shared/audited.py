"""A service with two collections of documents, whose audit trail a test may tamper with in the store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel

from shared.anchors import Anchors
from shared.clock import clock_from
from shared.contracts.base import Contract
from shared.contracts.intake import IntakeAuditAnchoredV1
from shared.envelope import Event
from shared.record import Participant
from shared.records import MongoRecords, create_indexes
from shared.runtime import Runtime, World
from shared.settings import CommonSettings
from shared.verify_audit import Verification, chained
from shared.writer import Decision, ModelCodec, Request, Writer

KEY = bytes(range(32))


class MovedWorld(World):
    """Real time, some days on."""

    days = 0

    def real_now(self) -> datetime:
        return super().real_now() + timedelta(days=self.days)


class Thing(BaseModel):
    number: int = 0


def _no_event(_state: object, event: Event) -> tuple[object, list[Contract]]:
    raise LookupError(event.type)


PARTICIPANT = Participant("intake", _no_event, frozenset())
CODEC = ModelCodec(Thing)
COLLECTIONS = ["homes", "papers"]


class Audited:
    """`homes` and `papers` have ids in common, as households and their archives."""

    def __init__(self, settings: CommonSettings) -> None:
        self.runtime = Runtime("intake", settings)
        self.world = MovedWorld(clock_from(settings))
        self.runtime.world = self.world
        self.database = self.runtime.database
        self.audit = self.database["audit"]
        self.writers = {name: self.runtime.writer(MongoRecords(self.database, name), PARTICIPANT, CODEC, KEY) for name in COLLECTIONS}
        self.anchors = self.another_worker()

    def another_worker(self) -> Anchors:
        return self.runtime.anchors(KEY, IntakeAuditAnchoredV1)

    def writer(self, collection: str) -> Writer:
        """Of `homes`, under another name for the audit; what it writes stays in the outbox."""
        records = MongoRecords(self.database, "homes")
        return Writer(records, PARTICIPANT, CODEC, self.world, lambda _id: None, KEY, collection=collection)

    async def write(self, id: str, times: int = 1, *, name: str = "homes", writer: Writer | None = None) -> None:
        """So many commands on one document."""
        writer = writer or self.writers[name]
        for _ in range(times):
            held = await self.database[name].find_one({"_id": id}) or {}
            number = held.get("auditLength", 0) + 1
            request = Request(f"{name}-{id}-{number}", "0" * 64, "staff-1", "SECRETARY", "Tell", "gateway")
            await writer.record(id, request, lambda state, number=number: Decision(Thing(number=number), [], {"n": number}))  # type: ignore[misc]

    async def kept(self) -> None:
        """Whatever was written has reached the audit."""
        await self.runtime.relay.sweep(timedelta(days=-1))
        await self.runtime.relay.drain()

    async def row(self, id: str, number: int, name: str = "homes") -> dict[str, Any]:
        found = await self.audit.find_one({"_id": f"{name}:{id}:{number}"})
        assert found is not None
        return found

    async def faults(self, sent: Mapping[int, set[str]] | None = None) -> set[tuple[str, str, str, int | None]]:
        """(where, id, kind, number) of each."""
        verification = Verification(self.database, "intake", chained(self.runtime.relay.watched), KEY, sent)
        return {(found.where, found.id, str(found.kind), found.number) async for found in verification.faults()}

    async def kinds(self, sent: Mapping[int, set[str]] | None = None) -> set[str]:
        return {kind for _, _, kind, _ in await self.faults(sent)}


@asynccontextmanager
async def audited_by(settings: CommonSettings) -> AsyncIterator[Audited]:
    made = Audited(settings)
    await create_indexes(made.database, COLLECTIONS)
    try:
        yield made
    finally:
        await made.runtime.relay.drain()
        await made.runtime.client.drop_database(made.database.name)
        made.runtime.client.close()
