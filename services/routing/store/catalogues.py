"""The versions of the dispatch catalogue, each whole and never changed: a case names the version that sent it where it is."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from datetime import datetime

from services.routing.domain.catalogue import Catalogue, DispatchRule
from shared.mongo import DESCENDING, Database, DuplicateKeyError
from shared.records import Document, store_errors

COLLECTION = "catalogues"
FRESH_SECONDS = 2.0


@dataclass(frozen=True)
class Published:
    """One version, with when it was published and by whom; the first came with the package."""

    catalogue: Catalogue
    at: datetime
    by: str


class Catalogues:
    """`current()` is what was newest when `newest()` was last asked, without asking the store."""

    def __init__(self, database: Database, first: Catalogue) -> None:
        self._collection = database[COLLECTION]
        self._current = first
        self._loaded = 0
        self._read = float("-inf")

    def current(self) -> Catalogue:
        return self._current

    async def newest(self) -> Catalogue:
        """At most two seconds old."""
        if time.monotonic() - self._read > FRESH_SECONDS:
            with store_errors():
                version = await self._newest_version()
                if version != self._loaded and (published := await self.find(version)):
                    self._current, self._loaded = published.catalogue, version
            self._read = time.monotonic()
        return self._current

    async def find(self, version: int) -> Published | None:
        with store_errors():
            row = await self._collection.find_one({"_id": version})
        return _published(row) if row else None

    async def begin(self, at: datetime, by: str) -> None:
        """Keep the version that the package brings, unless one is there."""
        await self._keep(Published(self._current, at, by))

    async def publish(self, rules: tuple[DispatchRule, ...], at: datetime, by: str) -> int:
        """The version that these rules are from now on."""
        while True:
            with store_errors():
                version = await self._newest_version() + 1
            if await self._keep(Published(Catalogue(version, rules), at, by)):
                self._read = float("-inf")
                return version

    async def _newest_version(self) -> int:
        row = await self._collection.find_one({}, {"_id": 1}, sort=[("_id", DESCENDING)])
        return row["_id"] if row else 0

    async def _keep(self, published: Published) -> bool:
        """Whether it was not there."""
        catalogue = published.catalogue
        rules = [asdict(rule) for rule in catalogue.rules]
        with store_errors():
            try:
                await self._collection.insert_one({"_id": catalogue.version, "rules": rules, "at": published.at, "by": published.by})
            except DuplicateKeyError:
                return False
        return True


def _published(row: Document) -> Published:
    rules = tuple(DispatchRule(**{**rule, "co": tuple(rule["co"])}) for rule in row["rules"])
    return Published(Catalogue(row["_id"], rules), row["at"], row["by"])
