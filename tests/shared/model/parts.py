"""The simulated store and broker: the ports that the real code runs on, with a point before and after each effect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from shared.envelope import Event
from shared.record import Document
from shared.records import StoreTrouble
from shared.relay import PublishTrouble
from shared.tags import TAGS, UNSENT
from tests.shared.model.world import Process, Violation, World

Result = TypeVar("Result")
UNCHANGING = frozenset({str, int, bool, float, bytes, type(None), datetime})


def copied(held: Any) -> Any:
    """As copy.deepcopy of a document, which is dicts, lists and what cannot change, in a fifth of its time: a search makes millions."""
    kind = type(held)
    if kind is dict:
        return {name: copied(value) for name, value in held.items()}
    if kind is list:
        return [copied(value) for value in held]
    assert kind in UNCHANGING, kind
    return held


@dataclass
class Tables:
    """What one service has stored; outlives its processes."""

    documents: dict[str, Document] = field(default_factory=dict)
    events: dict[str, Document] = field(default_factory=dict)
    audit: dict[str, Document] = field(default_factory=dict)


class MemoryRecords:
    """The port `shared.records.Records` over tables in memory, as one process sees it. Behaves as MongoRecords does (test_records.py)."""

    def __init__(self, world: World, process: Process, tables: Tables) -> None:
        self._world = world
        self._process = process
        self._tables = tables

    async def load(self, id: str) -> Document | None:
        await self._world.point(self._process, "reads", StoreTrouble)
        return copied(self._tables.documents.get(id))

    async def insert(self, document: Document) -> bool:
        def effect() -> bool:
            if document["_id"] in self._tables.documents:
                return False
            self._tables.documents[document["_id"]] = copied(document)
            return True

        return await self._write("inserts", effect)

    async def update(
        self, id: str, version: int, to_set: Document, to_unset: Document, push: list[Document], tags: Sequence[str] = ()
    ) -> bool:
        def effect() -> bool:
            document = self._tables.documents.get(id)
            if document is None or not self._matches(document, version):
                return False
            for source, number in document["seen"].items():
                if to_set.get("seen", document["seen"]).get(source, 0) < number:
                    raise Violation("seen never goes back", f"{source} from {number} in {id}")
            document.update(copied(to_set), version=version + 1)
            for name in to_unset:
                document.pop(name, None)
            if push:
                document["outbox"] = [*document["outbox"], *copied(push)]
            raised = [*tags, *([UNSENT] if push else [])]
            document[TAGS] = list(dict.fromkeys([*document[TAGS], *raised]))
            return True

        return await self._write("updates", effect)

    async def outbox(self, id: str) -> list[Document]:
        await self._world.point(self._process, "reads the outbox", StoreTrouble)
        return copied(self._tables.documents[id]["outbox"]) if id in self._tables.documents else []

    async def remember(self, entries: list[Document]) -> None:
        def effect() -> None:
            for entry in entries:
                table = self._tables.events if entry["kind"] == "event" else self._tables.audit
                table.setdefault(entry["id"], copied(entry["row"]))

        await self._write("remembers", effect)

    async def settle(self, id: str, confirmed: list[str]) -> None:
        def effect() -> None:
            document = self._tables.documents[id]
            document["outbox"] = self._left(document["outbox"], confirmed)
            if not document["outbox"]:
                self._sent(document)

        await self._write("settles", effect)

    async def unsent(self, before: datetime, limit: int) -> list[str]:
        await self._world.point(self._process, "looks for unsent", StoreTrouble)
        found = [document for document in self._tables.documents.values() if UNSENT in document[TAGS]]
        for document in found:
            if not document["outbox"]:
                self._sent(document)
        return [document["_id"] for document in found if any(entry["at"] < before for entry in document["outbox"])][:limit]

    async def remembered_request(self, id: str, request_id: str) -> Document | None:
        await self._world.point(self._process, "looks up a request", StoreTrouble)
        rows = (row for row in self._tables.audit.values() if row["subject"] == id and row["request_id"] == request_id)
        return copied(next(rows, None))

    def _sent(self, document: Document) -> None:
        document[TAGS] = [tag for tag in document[TAGS] if tag != UNSENT]

    def _matches(self, document: Document, version: int) -> bool:
        return bool(document["version"] == version)

    def _left(self, outbox: list[Document], confirmed: list[str]) -> list[Document]:
        return [entry for entry in outbox if entry["id"] not in confirmed]

    async def _write(self, what: str, effect: Callable[[], Result]) -> Result:
        await self._world.point(self._process, what, StoreTrouble)
        result = effect()
        await self._world.point(self._process, f"hears that it {what}", StoreTrouble)
        return result


@dataclass(eq=False)
class Message:
    event: Event


@dataclass
class Queue:
    """One service's queue with its retry queues (a waiting message may come back at any time) and its `.dead`."""

    ready: list[Message] = field(default_factory=list)
    unacked: dict[Message, Process] = field(default_factory=dict)
    dead: list[tuple[Event, str]] = field(default_factory=list)

    def give_back(self, process: Process) -> None:
        """The connection is gone: what it had not acknowledged comes again, before all others."""
        returned = [message for message, holder in self.unacked.items() if holder is process]
        for message in returned:
            del self.unacked[message]
        self.ready[:0] = returned


@dataclass
class Broker:
    queues: dict[str, Queue]

    def fan_out(self, event: Event) -> None:
        for service, queue in self.queues.items():
            if service != event.source:
                queue.ready.append(Message(event))


class BrokerSeen:
    """Publisher and Queues as one process sees them."""

    def __init__(self, world: World, process: Process, broker: Broker) -> None:
        self._world = world
        self._process = process
        self._broker = broker
        self._own = broker.queues[process.service]

    async def publish(self, event: Event) -> None:
        await self._send("publishes", lambda: self._broker.fan_out(event))

    async def retry(self, event: Event, tries: int) -> None:
        await self._send("sends to retry", lambda: self._own.ready.append(Message(event)))

    async def delay(self, event: Event) -> None:
        await self._send("delays", lambda: self._own.ready.append(Message(event)))

    async def park(self, event: Event, reason: str) -> None:
        await self._send("parks", lambda: self._own.dead.append((event, reason)))

    async def _send(self, what: str, effect: Callable[[], Any]) -> None:
        await self._world.point(self._process, what, PublishTrouble)
        effect()
        await self._world.point(self._process, f"hears that it {what}", PublishTrouble)
