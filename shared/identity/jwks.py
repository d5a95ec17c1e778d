"""Public keys of one issuer, from a file or over HTTP: cached for five minutes, fetched early for a key id not seen before."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

PublicKey = ECKey | OKPKey | RSAKey

FRESH_SECONDS = 300.0
RETRY_SECONDS = 10.0
"""Between two fetches that a token or a failure causes: a stranger's made-up key ids must not become load on the issuer."""
STALE_SECONDS = 3600.0
"""An issuer that is down does not sign everybody out at once; after this long its last keys no longer count."""
FETCH_SECONDS = 3.0
MAX_BYTES = 256 * 1024
MIN_RSA_BITS = 2048


class KeysUnavailable(Exception):
    """The location did not answer with a key set. Carries the location, no content."""


class KeySource:
    """The keys of one location. `monotonic` and `fetch` are arguments for tests."""

    def __init__(
        self,
        location: str,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        fetch: Callable[[str], Awaitable[bytes]] | None = None,
    ) -> None:
        self.location = location
        self.generation = 0
        """Grows when the keys change: what was concluded from older keys is void."""
        self._monotonic = monotonic
        self._fetch = fetch or read_location
        self._keys: dict[str, PublicKey] = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._lock = asyncio.Lock()

    async def refresh_if_old(self) -> None:
        """Fetch when the keys are older than five minutes. Raises KeysUnavailable when there are none to fall back to."""
        if not self._old():
            return
        async with self._lock:
            if self._old() and self._may_try():
                await self._load()
        if self._fetched_at is None or self._monotonic() - self._fetched_at > STALE_SECONDS:
            raise KeysUnavailable(self.location)

    async def find(self, kid: str) -> PublicKey | None:
        """The key of this id; one extra fetch, rate limited, when it is unknown."""
        if kid not in self._keys:
            async with self._lock:
                if kid not in self._keys and self._may_try():
                    await self._load()
        return self._keys.get(kid)

    def _old(self) -> bool:
        return self._fetched_at is None or self._monotonic() - self._fetched_at >= FRESH_SECONDS

    def _may_try(self) -> bool:
        return self._tried_at is None or self._monotonic() - self._tried_at >= RETRY_SECONDS

    async def _load(self) -> None:
        self._tried_at = self._monotonic()
        try:
            keys = parse_jwks(await self._fetch(self.location))
        except (OSError, ValueError, TimeoutError, aiohttp.ClientError):
            return
        # A rotated key may keep its id: compare what verifies, not what it is called.
        if _thumbprints(keys) != _thumbprints(self._keys):
            self.generation += 1
        self._keys = keys
        self._fetched_at = self._monotonic()


def parse_jwks(text: bytes) -> dict[str, PublicKey]:
    """Signing keys by id. Symmetric, encryption, unnamed, weak and unknown keys are passed over; a set with none left is a ValueError."""
    document: Any = json.loads(text)
    entries = document.get("keys") if isinstance(document, dict) else None
    found: dict[str, PublicKey] = {}
    for entry in entries if isinstance(entries, list) else []:
        if not isinstance(entry, dict) or not isinstance(entry.get("kid"), str) or entry.get("use", "sig") != "sig":
            continue
        try:
            key = JWKRegistry.import_key({name: value for name, value in entry.items() if name not in _PRIVATE})
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if isinstance(key, ECKey | OKPKey) or (isinstance(key, RSAKey) and key.raw_value.key_size >= MIN_RSA_BITS):
            found[entry["kid"]] = key
    if not found:
        raise ValueError("no usable signing key in the set")
    return found


_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth"})


def _thumbprints(keys: dict[str, PublicKey]) -> dict[str, str]:
    return {kid: key.thumbprint() for kid, key in keys.items()}


async def read_location(location: str) -> bytes:
    """A file's bytes, or the body behind an http(s) URL: at most 256 KiB in 3 s, no redirects."""
    if not location.startswith(("http://", "https://")):
        path = Path(location.removeprefix("file://"))
        return await asyncio.to_thread(path.read_bytes)
    timeout = aiohttp.ClientTimeout(total=FETCH_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session, session.get(location, allow_redirects=False) as response:
        if response.status != 200:
            raise OSError(f"{location} answered {response.status}")
        body = await response.content.read(MAX_BYTES + 1)
        while len(body) <= MAX_BYTES and (more := await response.content.read(MAX_BYTES + 1 - len(body))):
            body += more
    if len(body) > MAX_BYTES:
        raise ValueError(f"{location} is larger than {MAX_BYTES} bytes")
    return body
