"""The anchors of the audit trail: what binds the chains of a service to the stream `events.log`, where its owner cannot edit.

Once a day (China's, by real time) and whenever ENTRIES wait, a worker draws the entries that no anchor holds, and one insert says which
they are, their digest, the digest before, and the event that carries it: the insert of number N is the claim, for its id is taken. Only
then are the entries marked, by their ids: whoever is late or comes again marks the same ones with the same number, so that no lease is
needed. Nobody draws the next anchor before the last one's entries are marked: none is held twice.

| document | fields |
| --- | --- |
| `anchors` | `_id` text of `number`; the fields of audit.Anchor but `service`, `digest`; `rows` the ids of its entries; `marked`; outbox |
| `audit` | `anchor`, the number of the anchor that holds the entry; absent while it waits; no part of its hash |
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict

from shared import failpoints
from shared.audit import Anchor, Link
from shared.china_time import day_in_china
from shared.contracts.base import AuditAnchored
from shared.envelope import Event, encode
from shared.mongo import Database
from shared.records import Document, MongoRecords, store_errors
from shared.tags import TAGS, UNSENT
from shared.writer import Instants, event_entry

COLLECTION = "anchors"
SUBJECT = "audit"
"""Of the events; their sequence is the anchor's number."""
ENTRIES = 5_000
"""Of one anchor at most."""
ROUND_SECONDS = 60.0
AT_ONCE = 50
"""Ids in one question: the embedded store compares each row that it finds with all of them."""
LINK = {"collection": 1, "subject": 1, "number": 1, "hash": 1}


class Anchors:
    """The anchoring of one service by one process. `outbox` is the collection `anchors`; `relay_soon` is told each new one's id."""

    def __init__(
        self,
        database: Database,
        service: str,
        contract: type[AuditAnchored],
        key: bytes,
        world: Instants,
        outbox: MongoRecords,
        relay_soon: Callable[[str], None],
    ) -> None:
        self._audit = database["audit"]
        self._service = service
        self._contract = contract
        self._key = key
        self._world = world
        self._outbox = outbox
        self._relay_soon = relay_soon
        self._number: int | None = None

    async def round(self) -> int:
        """Finish what another left half done, and anchor what is due; returns how many anchors were made."""
        made = 0
        last = await self._last()
        if last is not None and not last["marked"]:
            await self._mark(last)
        while await self._due(last):
            document = await self._draw(last)
            if not await self._outbox.insert(document):
                # Another worker was faster.
                return made
            self._number = document["number"]
            failpoints.reach("after-anchor")
            self._relay_soon(document["_id"])
            await self._mark(document)
            made += 1
            last = document
        return made

    async def _last(self) -> Document | None:
        """Found by asking for the next number after the last one known: a sorted read with a limit reads all in the embedded store."""
        anchors = self._outbox.collection
        with store_errors():
            if self._number is None:
                self._number = max([int(row["_id"]) async for row in anchors.find({}, {"_id": 1})], default=0)
            while await anchors.find_one({"_id": str(self._number + 1)}, {"_id": 1}) is not None:
                self._number += 1
            if self._number == 0:
                return None
            last = await anchors.find_one({"_id": str(self._number)})
        if last is None:
            raise LookupError(f"anchor {self._number} is gone from the store: python -m services.{self._service} verify-audit")
        return last

    async def _due(self, last: Document | None) -> bool:
        """A day without entries is anchored too: that nothing happened is on record."""
        if last is None or last["day"] < self._today():
            return True
        with store_errors():
            return await self._audit.count_documents({"anchor": None}, limit=ENTRIES) == ENTRIES

    async def _draw(self, last: Document | None) -> Document:
        """The next anchor, over what waits now."""
        with store_errors():
            rows = await self._audit.find({"anchor": None}, {**LINK, "when": 1}).limit(ENTRIES).to_list(ENTRIES)
        times = sorted(row["when"] for row in rows)
        anchor = Anchor(
            service=self._service,
            number=last["number"] + 1 if last else 1,
            day=self._today(),
            earliest=times[0] if times else None,
            latest=times[-1] if times else None,
            entries=len(rows),
            previous=last["digest"] if last else "",
        )
        digest = anchor.digest(map(link_of, rows), key=self._key)
        return {
            "_id": str(anchor.number),
            "version": 1,
            **fields_of(anchor),
            "digest": digest,
            "rows": [row["_id"] for row in rows],
            "marked": False,
            "outbox": [event_entry(self._event(anchor, digest), self._world.real_now())],
            TAGS: [UNSENT],
        }

    def _event(self, anchor: Anchor, digest: str) -> Event:
        contract = self._contract.model_validate({**fields_of(anchor), "anchor": anchor.number, "digest": digest}, extra="ignore")
        id, at = self._world.event_id(), self._world.now()
        body = encode(contract, id=id, source=self._service, subject=SUBJECT, sequence=anchor.number, after={}, at=at, traceparent="")
        return Event(id, contract.type, self._service, SUBJECT, anchor.number, {}, (contract.version(),), body)

    async def _mark(self, anchor: Document) -> None:
        """Say in each entry which anchor holds it, and then in the anchor that all are marked. Repeating it changes nothing."""
        with store_errors():
            for ids in portions(anchor["rows"]):
                await self._audit.update_many({"_id": {"$in": ids}}, {"$set": {"anchor": anchor["number"]}})
                failpoints.reach("while-marking")
            await self._outbox.collection.update_one({"_id": anchor["_id"]}, {"$set": {"marked": True}})

    def _today(self) -> str:
        return day_in_china(self._world.real_now()).isoformat()


def fields_of(anchor: Anchor) -> Document:
    """What stands of it in the store: whose it is, the database says."""
    return {name: value for name, value in asdict(anchor).items() if name != "service"}


def anchor_of(document: Document, service: str) -> Anchor:
    """Raises KeyError for a missing field."""
    return Anchor(service, *(document[name] for name in ("number", "day", "earliest", "latest", "entries", "previous")))


def link_of(row: Document) -> Link:
    return Link(row.get("collection", ""), row["subject"], row["number"], row["hash"])


def portions(ids: Iterable[str]) -> Iterator[list[str]]:
    """So many as may be named in one question."""
    left = list(ids)
    return (left[start : start + AT_ONCE] for start in range(0, len(left), AT_ONCE))
