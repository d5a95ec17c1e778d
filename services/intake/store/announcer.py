"""Reference rows on their way to the others. The one write of a row raises `unannounced`; a worker sends what is raised, whole rows of one
revision together, at most 100 an event, and takes the flag back where the row is still the one that was sent.

A crash in between sends rows twice: they are applied only where newer. Many single writes and an import of thousands go the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.intake.store.organisation import Departments, Posts, Teams
from services.intake.store.registry import Registry
from shared.contracts.base import Contract
from shared.contracts.intake import DepartmentsRecordedV1, PostsRecordedV1, TeamsRecordedV1
from shared.envelope import Event, encode
from shared.records import Document, MongoRecords, store_errors
from shared.runtime import World
from shared.tags import TAGS, UNSENT
from shared.writer import event_entry

ROWS = 100
Told = Callable[[Any], Any]


class Announcer:
    """`outbox` is the collection of the events on their way, `reference`; `relay_soon` is told the id of each."""

    def __init__(
        self,
        departments: Departments,
        posts: Posts,
        teams: Teams,
        outbox: MongoRecords,
        relay_soon: Callable[[str], None],
        world: World,
        today: Callable[[], str],
    ) -> None:
        self._outbox = outbox
        self._relay_soon = relay_soon
        self._world = world
        self._kinds: list[tuple[Registry[Any], Callable[..., Contract], Told]] = [
            (departments, DepartmentsRecordedV1, lambda row: row.row()),
            (posts, PostsRecordedV1, lambda row: row.row(today())),
            (teams, TeamsRecordedV1, lambda row: row.row()),
        ]

    async def announce(self, *, soon: bool = True) -> int:
        """One round over all kinds; returns how many rows were written down to be sent. `soon`: and sent from here, where a broker is."""
        return sum([await self._announce(*kind, soon) for kind in self._kinds])

    async def _announce(self, registry: Registry[Any], contract: Callable[..., Contract], told: Told, soon: bool) -> int:
        with store_errors():
            found = await registry.collection.find({"unannounced": True}).limit(ROWS).to_list(ROWS)
        by_revision: dict[int, list[Document]] = {}
        for document in found:
            by_revision.setdefault(document["version"], []).append(document)
        for revision, documents in sorted(by_revision.items()):
            rows = [row for document in documents if (row := told(registry.codec.load(document))) is not None]
            if rows:
                await self.send(contract(revision=revision, rows=rows), soon=soon)
            for document in documents:
                with store_errors():
                    await registry.collection.update_one({"_id": document["_id"], "version": revision}, {"$set": {"unannounced": False}})
        return len(found)

    async def send(self, contract: Contract, *, soon: bool = True) -> None:
        """One reference event, kept and then relayed."""
        id = self._world.event_id()
        body = encode(contract, id=id, source="intake", subject=id, sequence=1, after={}, at=self._world.now(), traceparent="")
        event = Event(id, contract.type, "intake", id, 1, {}, (contract.version(),), body)
        entry = event_entry(event, self._world.real_now())
        await self._outbox.insert({"_id": id, "version": 1, "outbox": [entry], TAGS: [UNSENT]})
        if soon:
            self._relay_soon(id)
