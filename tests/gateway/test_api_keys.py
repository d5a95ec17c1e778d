"""API keys over the real store: made, swapped, used, revoked, and told to nobody."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.api_keys import COLLECTION, RECHECK_SECONDS, KeyExchange, MongoApiKeys, new_key
from shared.identity.errors import Unauthenticated
from shared.identity.issuers import GATEWAY
from shared.identity.roles import Role
from shared.identity.scopes import Level, from_code
from shared.identity.tokens import TokenVerifier
from shared.identity.viewer import Viewer
from shared.mongo import Database
from shared.settings import CommonSettings
from tests.world import ROOT

QUFU = from_code("370881000000", Level.COUNTY)


@dataclass
class Door:
    keys: MongoApiKeys
    exchange: KeyExchange
    keys_dir: Path
    now: datetime

    async def made(self, days: int | None = None) -> tuple[str, str]:
        key, text = new_key("open data", [QUFU], self.now, days)
        await self.keys.add(key)
        return key.id, text

    async def viewer(self, text: str) -> Viewer:
        verifier = TokenVerifier(["none"], ["nobody"], "minyi", bytes(32), keys_dir=self.keys_dir)
        return await verifier.viewer_of(await self.exchange.authorization_for(text))

    async def refused(self, text: str) -> None:
        with pytest.raises(Unauthenticated) as refused:
            await self.exchange.authorization_for(text)
        assert refused.value.code == "API_KEY_INVALID"
        assert len(text) < 2 or text not in str(refused.value)


@pytest.fixture
async def door(mongo: Database, keys_dir: Path) -> Door:
    keys = MongoApiKeys(mongo)
    made: Door
    exchange = KeyExchange(keys, GATEWAY.signer(keys_dir, "minyi"), lambda: made.now)
    made = Door(keys, exchange, keys_dir, datetime.now(UTC).replace(microsecond=0))
    return made


async def test_a_key_is_swapped_for_a_token_of_a_machine_client_with_its_scopes(door: Door) -> None:
    id, text = await door.made()
    viewer = await door.viewer(text)
    assert (viewer.sub, viewer.roles, viewer.scopes) == (f"machine:{id}", {Role.MACHINE_CLIENT}, (QUFU,))


async def test_the_store_holds_nothing_by_which_one_could_sign_in(door: Door, mongo: Database) -> None:
    _, text = await door.made()
    row = await mongo[COLLECTION].find_one({})
    assert text.rpartition("_")[2] not in json.dumps(row, default=str)


async def test_wrong_keys_are_refused_in_the_same_words_and_never_repeated(door: Door) -> None:
    id, text = await door.made()
    _, other = await door.made()
    for wrong in (
        "",
        "x",
        text[:-1],
        text[:-1] + ("A" if text[-1] != "A" else "B"),
        f"minyi_{id}_{other.split('_')[2]}",
        "minyi_" + "0" * 16,
    ):
        await door.refused(wrong)
    assert await door.viewer(text)


async def test_a_revoked_key_stops_within_ten_seconds_and_an_expired_one_on_its_day(door: Door) -> None:
    id, text = await door.made(days=1)
    _, brief = await door.made(days=1)
    await door.viewer(text)
    assert await door.keys.revoke(id, door.now)
    assert not await door.keys.revoke(id, door.now)
    door.now += timedelta(seconds=RECHECK_SECONDS)
    await door.refused(text)
    assert await door.viewer(brief)
    door.now += timedelta(days=1)
    await door.refused(brief)


async def test_when_a_key_was_last_used_is_kept_to_the_minute(door: Door) -> None:
    _, text = await door.made()
    used = []
    for _ in range(4):
        await door.exchange.authorization_for(text)
        used.append((await door.keys.all())[0].last_used_at)
        door.now += timedelta(seconds=25)
    assert used[0] == used[1] == used[2]
    assert used[3] == used[0] + timedelta(seconds=75)


async def test_a_token_is_made_anew_before_it_ends(door: Door) -> None:
    _, text = await door.made()
    first = await door.exchange.authorization_for(text)
    assert await door.exchange.authorization_for(text) == first
    door.now += timedelta(seconds=245)
    assert await door.exchange.authorization_for(text) != first


def test_the_operators_commands_make_list_and_revoke(settings: CommonSettings) -> None:
    env = {
        "MINYI_PREFIX": settings.prefix,
        "MINYI_MONGODB_URL": settings.mongodb_url,
        "MINYI_MONGODB_RETRY_WRITES": str(settings.mongodb_retry_writes).lower(),
    }

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "gateway.api_keys", *arguments], cwd=ROOT, env=env, capture_output=True, text=True, check=False
        )

    made = json.loads(command("create", "--name", "开放数据", "--scope", "COUNTY:370881000000", "--days", "30").stdout)
    (row,) = [json.loads(line) for line in command("list").stdout.splitlines()]
    assert (row["id"], row["name"], row["valid"], row["scopes"]) == (made["id"], "开放数据", True, ["COUNTY:370881000000"])
    assert made["key"] not in command("list").stdout
    assert command("revoke", made["id"]).returncode == 0
    assert json.loads(command("list").stdout)["valid"] is False
    assert command("revoke", made["id"]).returncode == 1
    assert "LEVEL:CODE" in command("create", "--name", "x", "--scope", "370881").stderr
