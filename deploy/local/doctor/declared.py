"""What ought to be there, read from the very code that makes it: it is run against stand-ins that only take note."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from services.feedback.store import mongo as feedback
from services.intake import fieldwork
from services.intake.adapters.files import FileStore
from services.intake.store import mongo as intake
from services.intake.store import pin_tries, uploads
from services.routing.store import mongo as routing
from shared.broker import Names, declare_topology
from shared.mongo import IndexModel


@dataclass(frozen=True)
class Index:
    collection: str
    name: str
    key: tuple[tuple[str, Any], ...]
    unique: bool = False
    partial: Any = None


@dataclass(frozen=True)
class QueueDeclared:
    name: str
    arguments: dict[str, Any]


@dataclass
class Topology:
    """`bindings`: (queue, routing key), all to the one exchange."""

    exchange: str = ""
    queues: list[QueueDeclared] = field(default_factory=list)
    bindings: set[tuple[str, str]] = field(default_factory=set)


class _Noted:
    """Stands for a declared exchange or queue."""

    def __init__(self, topology: Topology, name: str) -> None:
        self._topology = topology
        self._name = name

    async def bind(self, _exchange: object, key: str) -> None:
        self._topology.bindings.add((self._name, key))


class _Channel:
    """Stands for the broker's channel."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology

    async def declare_exchange(self, name: str, _kind: object, durable: bool) -> _Noted:
        assert durable
        self._topology.exchange = name
        return _Noted(self._topology, name)

    async def declare_queue(self, name: str, durable: bool, arguments: dict[str, Any]) -> _Noted:
        assert durable
        self._topology.queues.append(QueueDeclared(name, arguments))
        return _Noted(self._topology, name)


async def topology(names: Names, retry_seconds: tuple[float, ...]) -> Topology:
    noted = Topology()
    await declare_topology(cast(Any, _Channel(noted)), names, retry_seconds)
    return noted


class _Collection:
    def __init__(self, name: str, noted: list[Index]) -> None:
        self._name = name
        self._noted = noted

    async def create_indexes(self, models: Sequence[IndexModel]) -> None:
        for model in models:
            document = model.document
            key = tuple(document["key"].items())
            partial = document.get("partialFilterExpression")
            self._noted.append(Index(self._name, document["name"], key, bool(document.get("unique")), partial))


class _Database:
    def __init__(self) -> None:
        self.noted: list[Index] = []

    def __getitem__(self, name: str) -> _Collection:
        return _Collection(name, self.noted)


async def indexes() -> dict[str, list[Index]]:
    """By service. A test compares it with what the real migrations make."""
    databases = {name: _Database() for name in ("intake", "routing", "feedback")}
    for name, migrate in (("intake", intake.migrate), ("routing", routing.migrate), ("feedback", feedback.migrate)):
        await migrate(cast(Any, databases[name]))
    await fieldwork.migrate_indexes(cast(Any, databases["intake"]))
    for kept in (uploads, pin_tries):
        await databases["intake"][kept.COLLECTION].create_indexes(kept.INDEXES)
    await FileStore(cast(Any, databases["intake"]), cast(Any, None)).create_indexes()
    return {name: database.noted for name, database in databases.items()}
