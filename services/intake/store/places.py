"""The division tree in the store, collection `divisions`, and in memory: every process reads it again when the revision has moved."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, datetime

from services.intake.adapters.divisions import committed_rows
from services.intake.domain.addresses import Gazetteer
from services.intake.domain.places import Name, Place, Site, territory_on
from services.intake.domain.territory import BadDivision, Territory
from services.intake.store.registry import Registry
from shared import telemetry
from shared.china_time import day_in_china
from shared.mongo import BulkWriteError, Database
from shared.record import stub
from shared.records import Document, StoreTrouble, store_errors
from shared.writer import ModelCodec

FRESH_SECONDS = 2.0
REVISION = "divisions"

PLACES = ModelCodec(Place)
SITES = ModelCodec(Site)


class Atlas:
    """The places of one process: today's tree in memory, and older days on demand.

    `current()` asks the store for the revision at most every two seconds; while the store is in trouble the last tree serves on.
    """

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._places = database["divisions"]
        self._revisions = database["revisions"]
        self._now = now
        self._checked = float("-inf")
        self._held: tuple[int, date] | None = None
        self.territory = Territory([])
        self._gazetteer: Gazetteer | None = None

    async def current(self) -> Territory:
        if time.monotonic() - self._checked > FRESH_SECONDS:
            try:
                await self._refresh()
            except StoreTrouble:
                if self._held is None:
                    raise
            self._checked = time.monotonic()
        return self.territory

    @property
    def gazetteer(self) -> Gazetteer:
        """The spellings of today's tree (built when first asked for, about 0.1 s)."""
        if self._gazetteer is None:
            self._gazetteer = Gazetteer(self.territory)
        return self._gazetteer

    async def place(self, code: str) -> Place | None:
        """What is recorded of this code, also where it does not hold today."""
        with store_errors():
            row = await self._places.find_one({"_id": code}, {"outbox": 0, "requests": 0})
        return PLACES.load(row) if row is not None and row["registered"] else None

    async def places(self) -> list[Place]:
        """All that is recorded."""
        return await self._all()

    async def on(self, day: date) -> Territory:
        """The tree as it was, or will be, on that day: read from the store."""
        return territory_on(await self._all(), day)

    async def moved(self) -> None:
        """Something was recorded: all processes read again. Doing it twice is harmless."""
        with store_errors():
            await self._revisions.update_one({"_id": REVISION}, {"$inc": {"revision": 1}}, upsert=True)
        self._checked = float("-inf")

    async def _refresh(self) -> None:
        with store_errors():
            found = await self._revisions.find_one({"_id": REVISION})
        wanted = (found["revision"] if found else 0, day_in_china(self._now()))
        if wanted == self._held:
            return
        try:
            self.territory = territory_on(await self._all(), wanted[1])
        except BadDivision as fault:
            # A tree that does not fit together never replaces one that does.
            telemetry.log().error("the divisions in the store do not make a tree", fault=str(fault))
            return
        self._gazetteer = None
        self._held = wanted

    async def _all(self) -> list[Place]:
        with store_errors():
            rows = await self._places.find({}, {"outbox": 0, "requests": 0}).to_list(None)
        return [PLACES.load(row) for row in rows]


class Sites(Registry[Site]):
    """Reception sites, collection `sites`."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, "sites", Site, lambda site: [site.division])


async def seed_places(database: Database) -> None:
    """The committed list, where a code is not there yet: what was recorded since stays. Before the collection has its indexes it is
    done in half the time."""
    places = [Place(code=row.code, local=row.local, names=[Name(name=row.name)], aliases=list(row.aliases)) for row in committed_rows()]
    with store_errors():
        held = {row["_id"] async for row in database["divisions"].find({}, {"_id": 1})}
        fresh = [_document(place) for place in places if place.code not in held]
        for start in range(0, len(fresh), 1_000):
            try:
                await database["divisions"].insert_many(fresh[start : start + 1_000], ordered=False)
            except BulkWriteError:
                continue  # another process seeds at the same time: the same rows
        if fresh:
            await database["revisions"].update_one({"_id": REVISION}, {"$inc": {"revision": 1}}, upsert=True)


def _document(place: Place) -> Document:
    return {**stub(place.code), "version": 1, "registered": True, **PLACES.dump(place)}
