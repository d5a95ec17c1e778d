"""How often somebody may ask: by viewer, by address, and for some root fields by address apart. Counting is the library `limits`'.

Counted in memory of the process, or in MongoDB when several gateways run (MINYI_RATE_STORE=mongodb). Where the store of the counts does not
answer, requests pass: a platform that listens must not fall silent because its counting does.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, MongoDBStorage, Storage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import StorageError

from gateway.settings import GatewaySettings
from shared import telemetry

SURVEYS, OPEN311 = "/s/", "/open311/v2/requests/"
PAGES = (SURVEYS, OPEN311)
"""How their addresses begin. Each is counted as a root field is."""


class TooOften(Exception):
    """`what` was asked too often; `seconds` until it may be asked again."""

    def __init__(self, what: str, limit: RateLimitItem, seconds: int) -> None:
        super().__init__(what)
        self.code = "RATE_LIMITED"
        self.seconds = seconds
        self.en = f"Too many requests ({what}): at most {limit.amount} per {limit.get_expiry()} s. Try again in {seconds} s."
        self.zh = f"请求过于频繁：每 {limit.get_expiry()} 秒最多 {limit.amount} 次，请在 {seconds} 秒后再试。"


class Rates:
    """`viewer` and `address`: e.g. "600/minute", empty for none; `fields`: root field → the same, counted by address."""

    def __init__(self, storage: Storage, viewer: str, address: str, fields: Mapping[str, str]) -> None:
        """Raises ValueError for a rate that cannot be read."""
        self._storage = storage
        self._limiter = FixedWindowRateLimiter(storage)
        self._viewer = parse(viewer) if viewer else None
        self._address = parse(address) if address else None
        self._fields = {name: parse(rate) for name, rate in fields.items()}

    async def count_address(self, address: str) -> None:
        """Raises TooOften."""
        if self._address is not None:
            await self._hit("address", self._address, address)

    async def count_viewer(self, viewer: str) -> None:
        """Raises TooOften. Who is not signed in is counted by address alone."""
        if self._viewer is not None and viewer:
            await self._hit("viewer", self._viewer, viewer)

    async def count_fields(self, fields: Iterable[str], address: str) -> None:
        """Raises TooOften for a root field that is asked too often from there."""
        for name in fields:
            if name in self._fields:
                await self._hit(name, self._fields[name], address)

    def close(self) -> None:
        """The library leaves its client open."""
        if isinstance(self._storage, MongoDBStorage):
            self._storage.storage.close()

    async def _hit(self, what: str, limit: RateLimitItem, key: str) -> None:
        try:
            if await self._limiter.hit(limit, what, key):
                return
            reset = (await self._limiter.get_window_stats(limit, what, key)).reset_time
        except StorageError as error:
            telemetry.log().warning("rates are not counted", error=type(error.storage_error).__name__)
            return
        raise TooOften(what, limit, max(1, round(reset - time.time())))


def rates_of(settings: GatewaySettings) -> Rates:
    """The rates of one gateway process; made inside the event loop."""
    apart = settings.rate_of_fields | (dict.fromkeys(PAGES, settings.rate_of_pages) if settings.rate_of_pages else {})
    return Rates(_storage(settings), settings.rate_per_viewer, settings.rate_per_address, apart)


def _storage(settings: GatewaySettings) -> Storage:
    if settings.rate_store == "memory":
        return MemoryStorage(wrap_exceptions=True)
    return MongoDBStorage(
        f"async+{settings.mongodb_url}",
        database_name=f"{settings.prefix}_gateway",
        counter_collection_name="rates",
        window_collection_name="rate_windows",
        wrap_exceptions=True,
        retryWrites=settings.mongodb_retry_writes,
        serverSelectionTimeoutMS=2_000,
    )
