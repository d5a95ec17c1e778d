"""API keys of machine clients: `python -m gateway.api_keys create | list | revoke`, and how the gateway swaps one for a token.

A key is `minyi_<id>_<secret>`, shown once when it is made. Kept is the SHA-256 of the secret: 256 random bits need no slower hash. A client
sends it as `x-api-key`; the gateway answers for it with a five-minute token of its own issuer, which is all that subgraphs ever see. A
revoked key stops at every gateway within RECHECK_SECONDS.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import json
import re
import secrets
import sys
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from gateway.settings import GatewaySettings
from shared.identity.errors import Unauthenticated
from shared.identity.issuers import Signer
from shared.identity.roles import Role
from shared.identity.scopes import Level, MalformedScope, Scope, from_code
from shared.mongo import Database, connect, database
from shared.records import Document, store_errors

COLLECTION = "api_keys"
RECHECK_SECONDS = 10.0
RENEW_SECONDS = 60.0
"""A token with less left is made anew."""
USED_SECONDS = 60.0
"""`last_used_at` is written no more often."""
REMEMBERED = 1_000
_KEY = re.compile(r"minyi_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True)
class ApiKey:
    """One key as it is kept. Times are real ones, UTC."""

    id: str
    name: str
    hash: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def valid(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def new_key(name: str, scopes: Sequence[Scope], now: datetime, days: int | None) -> tuple[ApiKey, str]:
    """A key, and the text that is shown once. `days` until it expires; None: never."""
    id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    expires = now + timedelta(days=days) if days is not None else None
    return ApiKey(id, name, _digest(secret), tuple(scopes), now, expires), f"minyi_{id}_{secret}"


class ApiKeys(Protocol):
    """Where keys are kept."""

    async def add(self, key: ApiKey) -> None: ...

    async def find(self, id: str) -> ApiKey | None: ...

    async def all(self) -> list[ApiKey]: ...

    async def revoke(self, id: str, at: datetime) -> bool:
        """False when there is no such key that is not revoked yet."""
        ...

    async def used(self, id: str, at: datetime) -> None: ...


class MongoApiKeys:
    """The collection `api_keys` of the gateway's own database."""

    def __init__(self, base: Database) -> None:
        self._keys = base[COLLECTION]

    async def add(self, key: ApiKey) -> None:
        row = {**vars(key), "scopes": [{"level": scope.level.value, "code": scope.code} for scope in key.scopes]}
        row["_id"] = row.pop("id")
        with store_errors():
            await self._keys.insert_one(row)

    async def find(self, id: str) -> ApiKey | None:
        with store_errors():
            row = await self._keys.find_one({"_id": id})
        return _key_of(row) if row else None

    async def all(self) -> list[ApiKey]:
        with store_errors():
            rows = await self._keys.find({}).to_list(None)
        return sorted(map(_key_of, rows), key=lambda key: key.created_at)

    async def revoke(self, id: str, at: datetime) -> bool:
        with store_errors():
            done = await self._keys.update_one({"_id": id, "revoked_at": None}, {"$set": {"revoked_at": at}})
        return bool(done.matched_count)

    async def used(self, id: str, at: datetime) -> None:
        with store_errors():
            await self._keys.update_one({"_id": id}, {"$set": {"last_used_at": at}})


def _key_of(row: Document) -> ApiKey:
    fields: dict[str, Any] = {name: value for name, value in row.items() if name != "_id"}
    fields["scopes"] = tuple(from_code(scope["code"], scope["level"]) for scope in row["scopes"])
    return ApiKey(id=row["_id"], **fields)


@dataclass
class _Swapped:
    key: ApiKey
    token: str
    expires_at: int
    checked_at: datetime
    used_at: datetime


class KeyExchange:
    """API key → Authorization header, remembered until the key has to be looked at again."""

    def __init__(self, keys: ApiKeys, signer: Signer, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._keys = keys
        self._signer = signer
        self._now = now
        self._swapped: OrderedDict[str, _Swapped] = OrderedDict()

    async def authorization_for(self, text: str) -> str:
        """`Bearer …` for a key. Raises Unauthenticated, in the same words for a key that is malformed, unknown, expired or revoked, and
        StoreTrouble."""
        digest = _digest(text)
        known = self._swapped.get(digest)
        now = self._now()
        if known is None or now - known.checked_at >= timedelta(seconds=RECHECK_SECONDS):
            known = await self._checked(text, known, now)
            self._swapped[digest] = known
            if len(self._swapped) > REMEMBERED:
                self._swapped.popitem(last=False)
        if known.expires_at - now.timestamp() < RENEW_SECONDS:
            known.token, known.expires_at = self._token(known.key)
        return f"Bearer {known.token}"

    async def _checked(self, text: str, known: _Swapped | None, now: datetime) -> _Swapped:
        match = _KEY.fullmatch(text)
        key = await self._keys.find(match[1]) if match else None
        # Compared also where there is no such key: that takes as long.
        right = hmac.compare_digest(_digest(match[2] if match else ""), key.hash if key else _digest("none"))
        if key is None or not right or not key.valid(now):
            self._swapped.pop(_digest(text), None)
            raise Unauthenticated(
                "API_KEY_INVALID", "接口密钥无效、已过期或已撤销。", "The API key is not valid, has expired or was revoked."
            )
        used_at = known.used_at if known else datetime.min.replace(tzinfo=UTC)
        if now - used_at >= timedelta(seconds=USED_SECONDS):
            await self._keys.used(key.id, now)
            used_at = now
        if known is not None:
            known.key, known.checked_at, known.used_at = key, now, used_at
            return known
        return _Swapped(key, *self._token(key), checked_at=now, used_at=used_at)

    def _token(self, key: ApiKey) -> tuple[str, int]:
        scopes = [{"level": scope.level.value, "code": scope.code} for scope in key.scopes]
        minted = self._signer.mint({"sub": f"machine:{key.id}", "name": key.name, "roles": [Role.MACHINE_CLIENT], "scopes": scopes})
        return minted.token, minted.expires_at


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def gateway_database(settings: GatewaySettings) -> tuple[Database, Callable[[], None]]:
    """The gateway's own database, and how its client is closed. Call it inside the loop."""
    client = connect(settings)
    return database(client, settings, "gateway"), client.close


async def run(arguments: argparse.Namespace, settings: GatewaySettings) -> int:
    base, close = gateway_database(settings)
    keys = MongoApiKeys(base)
    now = datetime.now(UTC)
    try:
        if arguments.command == "create":
            key, shown = new_key(arguments.name, arguments.scope, now, arguments.days)
            await keys.add(key)
            print(json.dumps({"id": key.id, "key": shown}))
            print("shown this once only: keep it now · 只显示这一次，请立即保存", file=sys.stderr)
        elif arguments.command == "list":
            for key in await keys.all():
                print(json.dumps(_shown(key, now), ensure_ascii=False))
        elif not await keys.revoke(arguments.id, now):
            print(f"there is no such key that is not revoked: {arguments.id} · 没有这个有效的密钥", file=sys.stderr)
            return 1
    finally:
        close()
    return 0


def _shown(key: ApiKey, now: datetime) -> dict[str, Any]:
    times = {"createdAt": key.created_at, "expiresAt": key.expires_at, "revokedAt": key.revoked_at, "lastUsedAt": key.last_used_at}
    told = {name: at.isoformat() if at else None for name, at in times.items()}
    return {
        "id": key.id,
        "name": key.name,
        "valid": key.valid(now),
        "scopes": [f"{each.level.value}:{each.code}" for each in key.scopes],
        **told,
    }


def _scope(text: str) -> Scope:
    level, _, code = text.partition(":")
    try:
        return from_code(code, Level(level))
    except (MalformedScope, ValueError) as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not LEVEL:CODE, e.g. COUNTY:370881000000 ({error})") from None


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m gateway.api_keys", description="API keys of machine clients.")
    commands = parser.add_subparsers(dest="command", required=True)
    create = commands.add_parser("create", help="make a key; it is shown once")
    create.add_argument("--name", required=True, help="whose it is, for what")
    create.add_argument("--scope", type=_scope, action="append", default=[], help="LEVEL:CODE, e.g. CITY:370800000000; repeatable")
    create.add_argument("--days", type=int, help="until it expires; default: never")
    commands.add_parser("list", help="all keys, a JSON line each; no secrets")
    commands.add_parser("revoke", help="stop a key").add_argument("id")
    return asyncio.run(run(parser.parse_args(), GatewaySettings()))


if __name__ == "__main__":
    sys.exit(main())
