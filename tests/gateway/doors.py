"""Guards for tests: the platform's own doorkeeper on parts in memory."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from limits.aio.storage import MemoryStorage

from gateway.api_keys import ApiKey, KeyExchange
from gateway.guard import Doorkeeper, Rules, Verify
from gateway.rates import Rates
from gateway.trusted_documents import hash_of
from shared.identity.issuers import GATEWAY, Signer


class KnownDocuments:
    """Trusted documents by their text."""

    def __init__(self, *bodies: str) -> None:
        self._bodies = {hash_of(body): body for body in bodies}

    async def body_of(self, hash: str) -> str | None:
        return self._bodies.get(hash)


class KnownKeys:
    """API keys in memory."""

    def __init__(self) -> None:
        self.rows: dict[str, ApiKey] = {}

    async def add(self, key: ApiKey) -> None:
        self.rows[key.id] = key

    async def find(self, id: str) -> ApiKey | None:
        return self.rows.get(id)

    async def all(self) -> list[ApiKey]:
        return list(self.rows.values())

    async def revoke(self, id: str, at: datetime) -> bool:
        return self.rows.pop(id, None) is not None

    async def used(self, id: str, at: datetime) -> None:
        return None


def doorkeeper(
    verify: Verify,
    keys_dir: Path,
    *trusted: str,
    keys: KnownKeys | None = None,
    rules: Rules = Rules(),
    viewer: str = "",
    address: str = "",
    fields: Mapping[str, str] | None = None,
) -> Doorkeeper:
    """`trusted`: documents; `viewer`, `address`, `fields`: rates."""
    exchange = KeyExchange(keys or KnownKeys(), Signer(keys_dir, GATEWAY.pair, GATEWAY.issuer, "minyi"))
    return Doorkeeper(verify, exchange, KnownDocuments(*trusted), Rates(MemoryStorage(), viewer, address, fields or {}), rules)
