"""Each thing is broken for real, and the doctor names it with its mend."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.local.doctor import declared, examine, machine_checks
from deploy.local.doctor.findings import Finding
from deploy.local.environment_names import settings_of
from deploy.local.local_directory import Recorded, Run, myself
from deploy.local.parts import Parts
from deploy.local.processes import ROOT
from shared.broker import Broker, remove_topology
from shared.identity.keys import ensure_development_keys
from shared.mongo import ASCENDING, Client, IndexModel, connect, database
from shared.records import MongoRecords
from shared.relay import flush
from shared.settings import CommonSettings
from tests.deploy.builders import bare_environment

PREFIX = f"doctor{os.getpid()}"
SERVICES = ("intake", "routing", "feedback")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@dataclass
class Installation:
    """Migrated and declared, with no process of ours running."""

    environment: dict[str, str]
    directory: Path
    client: Client
    broker: Broker

    @property
    def settings(self) -> CommonSettings:
        return settings_of(CommonSettings, self.environment)

    @property
    def keys(self) -> Path:
        return Path(self.environment["MINYI_KEYS_DIR"])

    async def wrong(self, **changed: str) -> list[Finding]:
        """What is wrong, with these settings changed."""
        environment = {**bare_environment(), **self.environment, **{f"MINYI_{name}": value for name, value in changed.items()}}
        return [one for one in await examine(environment, self.directory, None) if one.wrong]

    async def only_wrong(self, **changed: str) -> Finding:
        found = await self.wrong(**changed)
        assert len(found) == 1, found
        assert "\n" not in found[0].line
        assert found[0].zh
        return found[0]


@pytest.fixture(scope="module")
async def installed(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    directory = tmp_path_factory.mktemp("doctor")
    keys = directory / "keys"
    ensure_development_keys(keys)
    environment = {
        **parts.environment(),
        "MINYI_ENV": "development",
        "MINYI_PREFIX": PREFIX,
        "MINYI_KEYS_DIR": str(keys),
        "MINYI_JWKS": str(keys / "issuer.jwks.json"),
        "MINYI_CLOCK_FILE": str(directory / "clock"),
    }
    await asyncio.gather(*(asyncio.to_thread(migrate, name, environment) for name in SERVICES))
    settings = settings_of(CommonSettings, environment)
    client = connect(settings)
    broker = Broker(settings.rabbitmq_url, PREFIX, settings.retry_seconds)
    await broker.start()
    # As the first start relays it: no process of a service runs here, and what has waited for a minute is a finding of its own.
    announced = MongoRecords(database(client, settings, "intake"), "reference")
    for id in await announced.unsent(datetime.now(UTC) + timedelta(minutes=1), 100):
        await flush(announced, broker, id)
    yield Installation(environment, directory, client, broker)
    await broker.stop()
    await remove_topology(settings.rabbitmq_url, PREFIX, settings.retry_seconds)
    for name in SERVICES:
        await client.drop_database(f"{PREFIX}_{name}")
    client.close()


def migrate(service: str, environment: Mapping[str, str]) -> None:
    argv = [sys.executable, "-m", f"services.{service}", "migrate"]
    subprocess.run(argv, cwd=ROOT, env={**bare_environment(), **environment}, check=True, timeout=60)


async def test_nothing_is_wrong_with_a_fresh_installation(installed: Installation) -> None:
    assert await installed.wrong() == []


# --- the store ---


async def test_the_indexes_that_are_looked_for_are_those_that_the_migrations_make(installed: Installation) -> None:
    for service, wanted in (await declared.indexes()).items():
        stored = database(installed.client, installed.settings, service)
        made = set()
        for name in await stored.list_collection_names():
            made |= {(name, index) for index in await stored[name].index_information() if index != "_id_"}
        assert {(index.collection, index.name) for index in wanted} == made


async def test_an_index_that_was_dropped(installed: Installation) -> None:
    cases = database(installed.client, installed.settings, "routing")["cases"]
    await cases.drop_index("slots")
    found = await installed.only_wrong()
    assert f"{PREFIX}_routing.cases lacks the index slots" in found.en
    # The mend mends.
    assert found.mend == "python -m services.routing migrate"
    await asyncio.to_thread(migrate, "routing", installed.environment)
    assert await installed.wrong() == []


async def test_an_index_of_the_same_name_over_something_else(installed: Installation) -> None:
    cases = database(installed.client, installed.settings, "routing")["cases"]
    await cases.drop_index("slots")
    await cases.create_indexes([IndexModel([("elsewhere", ASCENDING)], name="slots")])
    try:
        assert "the index slots of" in (await installed.only_wrong()).en
    finally:
        await cases.drop_index("slots")
        await asyncio.to_thread(migrate, "routing", installed.environment)


async def test_a_store_that_is_not_there(installed: Installation) -> None:
    found = await installed.wrong(MONGODB_URL="mongodb://127.0.0.1:1/")
    assert [one.check for one in found] == ["store"]
    assert "the store that MINYI_MONGODB_URL names does not take us" in found[0].en


# --- the broker ---


@asynccontextmanager
async def declared_anew(installed: Installation) -> AsyncIterator[Any]:
    """A channel to break the topology with; everything is declared again afterwards."""
    async with installed.broker.channel(confirms=False) as channel:
        yield channel
    again = Broker(installed.settings.rabbitmq_url, PREFIX, installed.settings.retry_seconds)
    await again.start()
    await again.stop()
    assert await installed.wrong() == []


async def test_a_queue_that_was_deleted(installed: Installation) -> None:
    async with declared_anew(installed) as channel:
        await channel.queue_delete(f"{PREFIX}.routing.retry.1m")
        found = await installed.only_wrong()
        assert f"the queue {PREFIX}.routing.retry.1m is missing" in found.en
        assert found.mend.startswith("python -m deploy.local restart")


async def test_a_queue_with_other_arguments(installed: Installation) -> None:
    name = f"{PREFIX}.feedback.dead"
    async with declared_anew(installed) as channel:
        await channel.queue_delete(name)
        await channel.declare_queue(name, durable=True)
        assert "was declared with other arguments" in (await installed.only_wrong()).en
        await channel.queue_delete(name)


async def test_an_exchange_that_was_deleted(installed: Installation) -> None:
    async with declared_anew(installed) as channel:
        await channel.exchange_delete(f"{PREFIX}.events")
        assert f"the exchange {PREFIX}.events is missing" in (await installed.only_wrong()).en


async def test_a_binding_that_was_taken_away_from_our_own_broker(installed: Installation, parts: Parts) -> None:
    # Asked as `doctor` does beside a running system: by its directory alone.
    broker = parts.broker.processes[0]
    assert broker.identity is not None
    recorded = Recorded("broker", broker.identity.pid, broker.identity.created)
    run = Run(myself(), "", ready=True, processes=(recorded,), environment=installed.environment)
    async with declared_anew(installed) as channel:
        queue = await channel.get_queue(f"{PREFIX}.routing")
        await queue.unbind(f"{PREFIX}.events", "feedback.grievance.#")
        found = [one for one in await examine(bare_environment(), parts.local_dir, run) if one.check == "topology"]
        assert [one.en for one in found] == [f"{PREFIX}.routing is not bound to feedback.grievance.#: its events are lost"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("amqp://127.0.0.1:1/", "no broker answers at 127.0.0.1:1"),
        ("http://127.0.0.1/", "is no broker's address"),
    ],
)
async def test_a_broker_that_is_not_there(installed: Installation, url: str, words: str) -> None:
    found = await installed.wrong(RABBITMQ_URL=url)
    # The stuck work cannot be asked either; that is no second fault.
    assert [one.check for one in found] == ["broker"]
    assert words in found[0].en


async def test_a_broker_that_refuses_the_password_which_is_not_shown(installed: Installation) -> None:
    address = installed.settings.rabbitmq_url.rsplit("@", 1)[1]
    found = (await installed.wrong(RABBITMQ_URL=f"amqp://minyi:not-the-password@{address}"))[0]
    assert "refuses the user 'minyi'" in found.en
    assert "not-the-password" not in found.line


# --- settings ---


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"RABITMQ_URL": "amqp://x/"}, "nobody reads MINYI_RABITMQ_URL; MINYI_RABBITMQ_URL is meant?"),
        ({"PREFETCH": "many"}, "MINYI_PREFETCH: "),
        ({"RETRY_SECONDS": "soon"}, "MINYI_RETRY_SECONDS: "),
        ({"ENV": "staging"}, "MINYI_ENV: "),
        ({"SUBGRAPHS": "intake"}, "'intake' is not name=URL"),
    ],
)
async def test_a_setting_that_is_misspelt_or_senseless(installed: Installation, changed: dict[str, str], words: str) -> None:
    assert words in (await installed.only_wrong(**changed)).en


# --- keys ---


@contextmanager
def restored(file: Path) -> Iterator[Path]:
    before, mode = file.read_bytes(), file.stat().st_mode
    try:
        yield file
    finally:
        file.write_bytes(before)
        file.chmod(mode)


@pytest.mark.parametrize("name", ["reference.key", "upload.key", "master/0001.key"])
async def test_a_key_that_is_missing_or_spoilt(installed: Installation, name: str) -> None:
    with restored(installed.keys / name) as file:
        file.unlink()
        assert "is missing" in (await installed.only_wrong()).en
        file.write_text("no key", encoding="ascii")
        file.chmod(0o600)
        assert "is not a key of 32 bytes" in (await installed.only_wrong()).en


async def test_master_keys_in_the_environment_that_are_mistyped(installed: Installation) -> None:
    found = await installed.only_wrong(MASTER_KEYS=f"0001:{'ab' * 32};0002:{'cd' * 32}")
    assert "MINYI_MASTER_KEYS: entry 1" in found.en
    assert "abab" not in found.en
    # Where they are in the environment no file is asked for.
    with restored(installed.keys / "master" / "0001.key") as file:
        file.unlink()
        assert await installed.wrong(MASTER_KEYS=f"0001:{'ab' * 32}") == []


async def test_the_key_of_a_platforms_issuer_that_is_missing(installed: Installation) -> None:
    with restored(installed.keys / "intake.pem") as file:
        file.unlink()
        assert "is missing" in (await installed.only_wrong()).en


async def test_a_key_that_others_may_read(installed: Installation) -> None:
    with restored(installed.keys / "reference.key") as file:
        file.chmod(0o644)
        found = await installed.only_wrong()
        assert found.mend == f"chmod 600 {file}"
        await asyncio.to_thread(subprocess.run, found.mend.split(), check=True)
        assert await installed.wrong() == []


async def test_a_key_set_without_a_key(installed: Installation) -> None:
    assert "holds no public key" in (await installed.only_wrong(JWKS=str(installed.directory / "none.json"))).en


# --- the machine ---


@contextmanager
def clock_of(installed: Installation, text: str) -> Iterator[None]:
    file = Path(installed.environment["MINYI_CLOCK_FILE"])
    file.write_text(text, encoding="ascii")
    try:
        yield
    finally:
        file.unlink()


@pytest.mark.parametrize(
    ("text", "words"), [("yesterday", "holds no number"), ("4e9", "business time would be 21"), ("-4e9", "business time would be 19")]
)
async def test_a_clock_with_a_senseless_offset(installed: Installation, text: str, words: str) -> None:
    with clock_of(installed, text):
        assert words in (await installed.only_wrong()).en


async def test_a_shifted_clock_in_production(installed: Installation) -> None:
    with clock_of(installed, "-100"):
        assert "development alone" in (await installed.only_wrong(ENV="production")).en


async def test_too_little_room_on_the_disk(installed: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine_checks, "NEEDED_MB", 10**9)
    assert "are needed" in (await installed.only_wrong()).en


# --- work that does not get on ---


async def test_events_that_have_not_left_for_long(installed: Installation) -> None:
    followups = database(installed.client, installed.settings, "feedback")["followups"]
    entry = {"id": "1", "kind": "event", "at": datetime.now(UTC) - timedelta(minutes=5)}
    await followups.insert_one({"_id": "late", "version": 1, "registered": False, "tags": ["unsent"], "outbox": [entry]})
    try:
        assert "feedback has kept 1 documents' events" in (await installed.only_wrong()).en
    finally:
        await followups.delete_one({"_id": "late"})


async def test_without_a_running_system_it_says_how_to_start_one(tmp_path: Path) -> None:
    found = await examine(bare_environment(), tmp_path, None)
    assert [one for one in found if one.wrong] == []
    assert {one.check for one in found if one.state == "note"} == {"keys", "broker", "store", "processes"}
