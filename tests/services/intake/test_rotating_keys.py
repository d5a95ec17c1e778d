"""The master key is changed while intake serves, and nothing starts without the keys of its data."""

from __future__ import annotations

import asyncio
import itertools
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from services.intake.domain.contact import Contact
from services.intake.domain.erasure import SERVICE, Erasure
from services.intake.domain.transfers import CSV, Fault
from services.intake.service import Service
from services.intake.settings import IntakeSettings
from services.intake.store.key_registry import MASTER
from services.intake.store.registry import Registry
from services.intake.store.transfers import RefusedRow
from services.intake.store.wrapped_keys import COLLECTIONS, Walk, WrappedKeys
from services.intake.usecases.record_member import RecordMember, record_member
from services.intake.usecases.register_grievance import PetitionerInput, RegisterGrievance, register_grievance
from services.intake.usecases.rotate_keys import SETTLES, Rotating, rotate_keys
from shared.identity.keys import MASTER_KEYS, KeyMissing
from shared.record import stub
from shared.settings import CommonSettings
from tests.dropping import drop
from tests.services.intake.field import keep_home
from tests.services.intake.viewers import CITY_ADMIN, SECRETARY, VILLAGE
from tests.services.restoring import Kept, kept_of, restore
from tests.world import ISSUER, ROOT

NEW = "cd" * 32


@dataclass
class Office:
    """Processes of one intake, each a Service of its own; `turned` is what passes while a rotation waits."""

    settings: IntakeSettings
    serving: Service
    made: list[Service] = field(default_factory=list)
    passed: timedelta = timedelta(0)
    said: list[str] = field(default_factory=list)

    @property
    def keys(self) -> Path:
        return self.settings.keys_dir / "master"

    def process(self) -> Service:
        self.made.append(Service(self.settings))
        return self.made[-1]

    async def started(self) -> Service:
        """A process that has started: raises what fails a start."""
        service = self.process()
        await service.keys.check()
        return service

    async def rotate(self, wrapped: type[WrappedKeys] = WrappedKeys) -> str:
        """As the operator's command does in a process of its own; where it waits, a minute's round passes in the serving one."""
        tool = self.process()

        async def sleep(seconds: float) -> None:
            await self.serving.keys.watch()
            self.passed += timedelta(seconds=seconds)

        def real_now() -> datetime:
            return datetime.now(UTC) + self.passed

        keys = wrapped(tool.runtime.database, tool.cipher)
        parts = Rotating(tool.keys, keys, real_now, tool.master.place, self.said.append, sleep)
        return await rotate_keys(parts)

    async def under(self) -> set[str]:
        """The ids of the master keys that wrap something."""
        database = self.serving.runtime.database
        rows = [row for name in COLLECTIONS for row in await database[name].find({"key": {"$exists": True}}).to_list(None)]
        return {self.serving.cipher.wrapped_by(row["key"]) for row in rows}

    async def seal(self, collection: str, id: str) -> Callable[[Service], Awaitable[str]]:
        """A document with something sealed, in any collection; the answer opens it in a process."""
        key, wrapped = self.serving.cipher.new_person_key(f"person of {id}")
        row = stub(id) | {"version": 1, "person": f"person of {id}", "key": wrapped, "name": key.encrypt("name", f"name of {id}")}
        await self.serving.runtime.database[collection].insert_one(row)

        async def opened(service: Service) -> str:
            held = await service.runtime.database[collection].find_one({"_id": id})
            assert held is not None
            return service.cipher.unwrap(held["person"], held["key"]).decrypt("name", held["name"])

        return opened


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def migrated(intake_store_settings: CommonSettings, keys_dir: Path) -> AsyncIterator[tuple[Service, Kept]]:
    """An intake in which nothing has happened, and what is in its database."""
    settings = IntakeSettings(
        env="development",
        prefix=f"{intake_store_settings.prefix}_{secrets.token_hex(4)}",
        mongodb_url=intake_store_settings.mongodb_url,
        mongodb_retry_writes=intake_store_settings.mongodb_retry_writes,
        rabbitmq_url="amqp://127.0.0.1:1/",
        keys_dir=keys_dir,
        jwks=str(keys_dir / "issuer.jwks.json"),
        issuer=ISSUER,
    )
    service = Service(settings)
    await service.migrate()
    yield service, await kept_of(service.runtime.database)
    await service.runtime.relay.drain()
    service.runtime.client.close()
    await drop(settings, service.runtime.database.name)


@pytest_asyncio.fixture(loop_scope="session")
async def office(migrated: tuple[Service, Kept], keys_dir: Path, tmp_path: Path) -> AsyncIterator[Office]:
    """As it was when it was migrated, with keys of its own."""
    first, kept = migrated
    await restore(first.runtime.database, kept)
    own = tmp_path / "keys"
    shutil.copytree(keys_dir, own)
    settings = first.settings.model_copy(update={"keys_dir": own, "jwks": str(own / "issuer.jwks.json")})
    service = Service(settings)
    made = Office(settings, service)
    yield made
    await service.runtime.relay.drain()
    for each in (service, *made.made):
        each.runtime.client.close()


@contextmanager
def moved(file: Path) -> Iterator[None]:
    """It is away, and back afterwards."""
    content = file.read_text()
    file.unlink()
    try:
        yield
    finally:
        file.write_text(content)


def named(n: int) -> RecordMember:
    row: dict[str, Any] = {"kinds": ["GRID_WORKER"], "rank": "SECTION", "unit": VILLAGE}
    return RecordMember(request_id=f"m-{n}", id=f"m{n % 40}", name=f"孔{n}", phone=f"138{n:08}", **row)


def heard(n: int) -> RegisterGrievance:
    petitioner = PetitionerInput(name=f"曾{n}", phone=f"139{n:08}", openid=f"oRotates-demo-{n:014}")
    return RegisterGrievance(
        request_id=f"g-{n}", kind="HELP", channel="VISIT", text=f"第{n}盏路灯不亮。", division=VILLAGE, petitioner=petitioner
    )


@pytest.mark.timeout(120)
async def test_a_rotation_loses_nothing_that_is_written_meanwhile(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.intake.store.wrapped_keys.AT_ONCE", 20)
    serving = office.serving
    for n in range(60):
        await keep_home(serving, f"home-{n}", head=f"颜{n}")
    sealed = {(name, id): await office.seal(name, id) for name in ("archives", "encounters", "diaries") for id in ("a", "b")}
    members: dict[str, RecordMember] = {}
    grievances: dict[str, Contact] = {}
    counts = {"members": itertools.count(), "grievances": itertools.count()}
    some, over = asyncio.Event(), asyncio.Event()

    async def record() -> None:
        while not over.is_set() or len(members) < 40:
            command = named(next(counts["members"]))
            await record_member(serving.fieldwork.record_members, CITY_ADMIN, command, "")
            members[command.id] = command
            if len(members) >= 20:
                some.set()

    async def register() -> None:
        registration = serving.registration()
        while not over.is_set() or len(grievances) < 40:
            command = heard(next(counts["grievances"]))
            id = await register_grievance(registration, SECRETARY, command, "")
            told = command.petitioner
            grievances[id] = Contact(told.name, told.phone, told.openid)

    writers = asyncio.gather(record(), register())
    await some.wait()
    (office.keys / "0002.key").write_text(NEW)
    told = await office.rotate()
    over.set()
    await writers

    assert await office.under() == {"0002"}
    assert "master key 0001 wraps nothing any more" in told
    assert [line for line in office.said if "looking again" in line]
    (office.keys / "0001.key").unlink()
    fresh = await office.started()
    for id, command in members.items():
        member = await fresh.fieldwork.members.find(id)
        assert member is not None
        assert fresh.fieldwork.contact(member) == (command.name, command.phone)
    held = await fresh.grievances.find_many(list(grievances))
    assert len(held) == len(grievances) >= 40
    for id, grievance in held.items():
        assert (await fresh.persons.contacts([grievance.person]))[0] == grievances[id]
        assert grievance.original is not None
        assert "路灯不亮" in (await fresh.persons.key(grievance.person)).decrypt("text", grievance.original.text)
    for n in range(60):
        home = await fresh.fieldwork.households.find(f"home-{n}")
        assert home is not None
        assert home.head is not None
        assert fresh.cipher.unwrap(home.person, home.key).decrypt("head", home.head) == f"颜{n}"
    assert {place: await opened(fresh) for place, opened in sealed.items()} == {place: f"name of {place[1]}" for place in sealed}


async def test_a_rotation_that_is_killed_is_run_again_and_finishes(office: Office) -> None:
    opened = {name: await office.seal(name, "x") for name in COLLECTIONS}

    class Killed(WrappedKeys):
        async def rewrap(self, collection: str) -> Walk:
            if collection == "archives":
                raise ConnectionError("power cut")
            return await super().rewrap(collection)

    (office.keys / "0002.key").write_text(NEW)
    with pytest.raises(ConnectionError):
        await office.rotate(Killed)
    assert await office.under() == {"0001", "0002"}
    between = await office.started()
    assert {await open_(between) for open_ in opened.values()} == {"name of x"}
    with moved(office.keys / "0001.key"), pytest.raises(KeyMissing, match=r"'0001' is missing.*缺少主密钥 0001"):
        await office.started()
    assert "members: 0 rewrapped" in await office.rotate()
    (office.keys / "0001.key").unlink()
    after = await office.started()
    assert {await open_(after) for open_ in opened.values()} == {"name of x"}


async def test_a_write_that_read_the_old_wrapped_key_does_not_put_it_back(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    serving = office.serving
    first, again = named(0), named(40)
    assert first.id == again.id
    await record_member(serving.fieldwork.record_members, CITY_ADMIN, first, "")
    await register_grievance(serving.registration(), SECRETARY, heard(1), "")
    (office.keys / "0002.key").write_text(NEW)
    tool = await office.started()
    await tool.keys.turn()
    rewrapped = 0

    def rewraps_after(read: Callable[[str], Awaitable[Any]], collection: str) -> Callable[[str], Awaitable[Any]]:
        async def reading(id: str) -> Any:
            nonlocal rewrapped
            held = await read(id)
            rewrapped += (await WrappedKeys(tool.runtime.database, tool.cipher).rewrap(collection)).rewrapped
            return held

        return reading

    monkeypatch.setattr(serving.fieldwork.members, "load", rewraps_after(serving.fieldwork.members.load, "members"))
    monkeypatch.setattr(serving.persons, "_find", rewraps_after(serving.persons._find, "persons"))
    await record_member(serving.fieldwork.record_members, CITY_ADMIN, again, "")
    id = await register_grievance(serving.registration(), SECRETARY, heard(1).model_copy(update={"request_id": "again"}), "")
    assert rewrapped == 2
    assert await office.under() == {"0002"}
    member = await serving.fieldwork.members.find(first.id)
    assert member is not None
    assert serving.fieldwork.contact(member) == (again.name, again.phone)
    grievance = (await serving.grievances.find_many([id]))[id]
    assert grievance.original is not None
    assert (await serving.persons.key(grievance.person)).decrypt("text", grievance.original.text) == heard(1).text


async def test_who_is_erased_while_keys_are_rewrapped_stays_erased(office: Office) -> None:
    serving, persons = office.serving, office.serving.runtime.database["persons"]
    await serving.persons.keep("p-1", Contact("孔某", "13800000001"))
    erasure = Erasure(id="e", at=datetime.now(UTC), by=SERVICE, reason="REQUEST")
    (office.keys / "0002.key").write_text(NEW)
    await serving.keys.turn()

    class Slow(WrappedKeys):
        async def _portion(self, collection: str, rows: list[dict[str, Any]], walk: Walk) -> None:
            if rows:
                assert await serving.persons.erase("p-1", erasure)
            await super()._portion(collection, rows, walk)

    walk = await Slow(serving.runtime.database, serving.cipher).rewrap("persons")
    assert (walk.outdated, walk.rewrapped) == (1, 0)
    assert "key" not in (await persons.find_one({"_id": "p-1"}) or {})


async def test_a_new_key_is_used_when_the_operator_says_so_and_opens_everywhere_at_once(office: Office) -> None:
    serving = office.serving
    (office.keys / "0002.key").write_text(NEW)
    await serving.keys.watch()
    assert serving.master.current()[0] == "0001"
    assert (await office.started()).master.current()[0] == "0001"
    tool = await office.started()
    assert (await tool.keys.turn()).older == ["0001"]
    _, wrapped = tool.cipher.new_person_key("p")
    assert tool.cipher.wrapped_by(wrapped) == "0002"
    # Before its next round: it wraps with the old one still, and opens what is under the new.
    assert serving.master.current()[0] == "0001"
    assert serving.cipher.unwrap("p", wrapped)
    assert (await office.started()).master.current()[0] == "0002"
    await serving.keys.watch()
    assert serving.master.current()[0] == "0002"


async def test_an_older_key_is_not_retired_before_every_process_has_turned(office: Office) -> None:
    (office.keys / "0002.key").write_text(NEW)
    await office.seal("members", "x")
    started = datetime.now(UTC)
    await office.rotate()
    assert office.passed >= SETTLES - (datetime.now(UTC) - started)
    row = await office.serving.runtime.database["keys"].find_one({"_id": f"{MASTER}0001"})
    assert row is not None
    assert row["retired_at"] is not None
    # Nothing older is left: it is done at once.
    before = office.passed
    assert "current is 0002" in await office.rotate()
    assert office.passed == before


async def test_an_altered_key_is_told_and_keeps_the_old_one_from_being_retired(office: Office) -> None:
    opened = await office.seal("members", "whole")
    await office.seal("members", "altered")
    members = office.serving.runtime.database["members"]
    held = await members.find_one({"_id": "altered"})
    assert held is not None
    await members.update_one({"_id": "altered"}, {"$set": {"key": held["key"][:-6] + "AAAAAA"}})
    (office.keys / "0002.key").write_text(NEW)
    told = await office.rotate()
    assert "members/altered" in told
    assert "Not retired: 0001" in told
    with moved(office.keys / "0001.key"), pytest.raises(KeyMissing):
        await office.started()
    assert await opened(await office.started()) == "name of whole"


async def test_no_start_with_another_key_under_a_known_name(office: Office) -> None:
    for file, says in (
        (office.keys / "0001.key", "'0001' is another"),
        (office.settings.keys_dir / "reference.key", "reference.key is another"),
    ):
        with moved(file):
            file.write_text("ef" * 32)
            with pytest.raises(KeyMissing, match=says) as refused:
                await office.started()
            assert "efef" not in str(refused.value)
            assert "备份" in str(refused.value)
            file.unlink()
    await office.started()


async def test_a_running_process_serves_on_when_a_key_file_goes_and_tells_it(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    opened = await office.seal("members", "x")
    with moved(office.keys / "0001.key"):
        (office.keys / "0002.key").write_text(NEW)
        await office.serving.keys.watch()
        assert "'0001' is missing" in capsys.readouterr().out
        assert await opened(office.serving) == "name of x"
        assert office.serving.master.current()[0] == "0001"


async def test_keys_come_from_the_environment_and_the_text_shows_none(office: Office) -> None:
    opened = await office.seal("members", "x")
    old = (office.keys / "0001.key").read_text()
    shutil.rmtree(office.keys)
    office.settings = IntakeSettings(**office.settings.model_dump(exclude={"master_keys"}), master_keys=f"0001:{old}, 0002:{NEW}")
    assert old not in repr(office.settings)
    assert await opened(await office.started()) == "name of x"
    # Restarted with both: the rotation turns them, no second restart.
    office.serving = await office.started()
    told = await office.rotate()
    assert f"({MASTER_KEYS})" in told
    assert old not in told
    office.settings = IntakeSettings(**office.settings.model_dump(exclude={"master_keys"}), master_keys=f"0002:{NEW}")
    assert await opened(await office.started()) == "name of x"


async def test_every_collection_with_a_key_of_its_own_is_rotated(office: Office) -> None:
    registries = [held for held in vars(office.serving.fieldwork).values() if isinstance(held, Registry)]
    dumped = {held.collection.name: held.codec._model.model_fields for held in registries}
    apart = {"persons", "fs.contents", "transfer_faults"}
    assert {name for name, fields in dumped.items() if {"person", "key"} <= set(fields)} | apart == set(COLLECTIONS)


async def test_files_and_refused_rows_are_read_when_the_key_that_sealed_them_has_gone(office: Office, tmp_path: Path) -> None:
    serving, table = office.serving, tmp_path / "a.csv"
    await asyncio.to_thread(table.write_bytes, "孔凡莹".encode() * 100_000)
    rows = [RefusedRow(["孔凡莹"], [Fault(line=2, column="姓名", code="MISSING", reason="Missing.", reason_zh="缺少。")])]
    await serving.files.put(table, "ab" * 32, CSV, "file", datetime.now(UTC))
    begun = serving.files.begin("begun", "cd" * 32)
    await begun.append(b"begun")
    await serving.fieldwork.transfers.keep_refused("job", 0, rows)
    (office.keys / "0002.key").write_text(NEW)
    await office.rotate()
    # Begun under the one key, it is kept under the other.
    await begun.keep("image/png", datetime.now(UTC))
    assert await office.under() == {"0002"}
    (office.keys / "0001.key").unlink()
    fresh = await office.started()
    for sha256, content in (("ab" * 32, table.read_bytes()), ("cd" * 32, b"begun")):
        stored = await fresh.files.find(sha256)
        assert stored is not None
        assert b"".join([piece async for piece in fresh.files.read(stored)]) == content
    assert [chunk async for chunk in fresh.fieldwork.transfers.refused("job")] == [rows]
    assert "孔凡莹" not in str(await serving.runtime.database["transfer_faults"].find({}).to_list(None))


async def ended(office: Office, command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What the operator types, in a process of its own."""
    settings = office.settings
    whole = {name: value for name, value in os.environ.items() if not name.startswith("MINYI_")} | {
        "MINYI_ENV": "development",
        "MINYI_PREFIX": settings.prefix,
        "MINYI_MONGODB_URL": settings.mongodb_url,
        "MINYI_MONGODB_RETRY_WRITES": str(settings.mongodb_retry_writes),
        "MINYI_KEYS_DIR": str(settings.keys_dir),
        "MINYI_JWKS": settings.jwks,
        "MINYI_ISSUER": settings.issuer,
    }
    run = [sys.executable, "-m", "services.intake", command]
    return await asyncio.to_thread(
        subprocess.run, run, env=whole | environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


async def test_the_operators_command_tells_what_it_did_and_what_may_go(office: Office) -> None:
    opened = await office.seal("members", "x")
    (office.keys / "0002.key").write_text(NEW)
    tool = await office.started()
    await tool.keys.turn()
    # As if every process had turned long ago.
    long_ago = {"$set": {"since": datetime.now(UTC) - 2 * SETTLES}}
    await tool.runtime.database["keys"].update_one({"_id": f"{MASTER}0002"}, long_ago)
    done = await ended(office, "rotate-keys")
    assert done.returncode == 0, done.stderr
    assert "members: 1 rewrapped" in done.stdout
    assert f"master key 0001 wraps nothing any more and may be removed here ({office.keys / '0001.key'})" in done.stdout
    (office.keys / "0001.key").unlink()
    assert await opened(await office.started()) == "name of x"


@pytest.mark.parametrize("command", ["migrate", "api", "worker", "rotate-keys"])
async def test_a_process_without_its_keys_ends_with_the_mend(office: Office, command: str) -> None:
    done = await ended(office, command, **{MASTER_KEYS: f"0001:{NEW}"})
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "master key '0001' is another than the one that stored data was wrapped with" in said
    assert "主密钥 0001" in said
    assert NEW not in said
