"""Broker and store for real: what they keep, what they leave, how they are hurt on purpose."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import aio_pika
import psutil
import pytest

from deploy.local import amqp_probe, store
from deploy.local.local_directory import RUN_FILE, read_run
from deploy.local.parts import Parts, ensure_parts
from deploy.local.processes import ROOT
from deploy.local.trouble import Trouble
from shared.mongo import Client
from tests.deploy.builders import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    with ensure_parts(tmp_path_factory.mktemp("parts")) as started:
        yield started


def test_both_answer_on_the_loopback_alone(parts: Parts) -> None:
    assert amqp_probe.check(parts.rabbitmq_url).version >= "3.10"
    assert store.command(parts.mongodb_url, "hello")["isWritablePrimary"]
    ours = {process.pid for process in parts.processes}
    for pid in ours | {child.pid for own in ours for child in psutil.Process(own).children(recursive=True)}:
        for connection in psutil.Process(pid).net_connections("inet"):
            if connection.status == psutil.CONN_LISTEN:
                assert connection.laddr.ip in ("127.0.0.1", "::1"), connection


def test_the_environment_is_what_a_child_needs(parts: Parts) -> None:
    assert parts.environment() == {
        "MINYI_RABBITMQ_URL": parts.rabbitmq_url,
        "MINYI_MONGODB_URL": parts.mongodb_url,
        "MINYI_MONGODB_RETRY_WRITES": "true" if parts.retry_writes else "false",
    }


async def test_the_store_keeps_all_of_a_transaction_or_nothing(parts: Parts) -> None:
    """It runs without an oplog, and so as a standalone: of such, MongoDB itself would take no transaction."""
    assert store.knows_transactions(parts.mongodb_url)
    client: Client = Client(parts.mongodb_url, retryWrites=False)
    pair = [client["parts"]["one"], client["parts"]["other"]]
    for collection in pair:
        await collection.insert_one({"_id": "before"})
    async with await client.start_session() as session:
        session.start_transaction()
        for collection in pair:
            await collection.insert_one({"_id": "undone"}, session=session)
        assert await pair[0].find_one({"_id": "undone"}) is None
        await session.abort_transaction()
        session.start_transaction()
        for collection in pair:
            await collection.insert_one({"_id": "done"}, session=session)
        await session.commit_transaction()
    for collection in pair:
        assert {row["_id"] async for row in collection.find({})} == {"before", "done"}
    client.close()


def test_a_wrong_password_is_refused(parts: Parts) -> None:
    with pytest.raises(Trouble, match="refuses the user 'minyi'"):
        amqp_probe.check(f"amqp://minyi:wrong@127.0.0.1:{urlsplit(parts.rabbitmq_url).port}/")


async def test_confirmed_messages_and_acknowledged_writes_outlive_kill(parts: Parts) -> None:
    async with await aio_pika.connect(parts.rabbitmq_url) as connection:
        channel = await connection.channel()
        for name, kind in (("kept", "quorum"), ("kept.log", "stream")):
            await channel.declare_queue(name, durable=True, arguments={"x-queue-type": kind})
            for number in range(50):
                message = aio_pika.Message(str(number).encode(), delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
                await channel.default_exchange.publish(message, name)
    written = [{"_id": number} for number in range(200)]
    for one in written:
        store_command(parts, "insert", "kept", documents=[one], writeConcern={"w": "majority", "j": True})
    parts.broker.kill()
    parts.store.kill()
    assert not parts.broker.ready()
    parts.broker.boot()
    parts.store.boot()
    assert store_command(parts, "count", "kept")["n"] == 200

    def all_there() -> bool:
        # A queue whose leader is still being chosen has no count yet.
        found = {queue["name"]: queue["messages"] for queue in parts.broker.list_queues()}
        return found == {"kept": 50, "kept.log": 50}

    until(all_there, 30)


def store_command(parts: Parts, name: str, collection: str, **more: object) -> dict[str, object]:
    return store.command(parts.mongodb_url, name, collection, **more)


async def test_the_broker_closes_every_connection_and_takes_them_back(parts: Parts) -> None:
    connection = await aio_pika.connect(parts.rabbitmq_url)
    closed: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    connection.close_callbacks.add(lambda _connection, reason: closed.set_result(reason))
    await asyncio.to_thread(parts.broker.close_all_connections, "a test")
    assert "CONNECTION_FORCED - a test" in str(await asyncio.wait_for(closed, 10))
    async with await aio_pika.connect(parts.rabbitmq_url) as again:
        assert not again.is_closed


async def test_restart_keeps_address_and_login(parts: Parts) -> None:
    before = parts.rabbitmq_url
    parts.broker.restart()
    parts.store.restart()
    assert parts.rabbitmq_url == before
    assert amqp_probe.check(before)
    assert store.command(parts.mongodb_url, "ping")["ok"] == 1


def test_epmd_comes_back_and_the_node_with_it(parts: Parts) -> None:
    epmd = parts.broker.processes[1]
    epmd.kill()
    parts.broker.restart()
    assert epmd.alive
    assert parts.broker.list_queues() is not None


def test_a_second_run_takes_the_next_directory_and_ends_alone(parts: Parts) -> None:
    with ensure_parts(parts.local_dir) as second:
        assert second.local_dir == parts.local_dir.with_name(f"{parts.local_dir.name}-2")
        assert second.rabbitmq_url != parts.rabbitmq_url
        assert second.mongodb_url != parts.mongodb_url
        mine = [process.pid for process in second.processes if process.pid]
    assert not any(psutil.pid_exists(pid) for pid in mine)
    assert amqp_probe.check(parts.rabbitmq_url)


def test_given_parts_are_used_and_not_stopped(parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in parts.environment().items():
        monkeypatch.setenv(name, value)
    with ensure_parts(tmp_path) as given:
        assert given.processes == []
        assert given.rabbitmq_url == parts.rabbitmq_url
        assert given.retry_writes == parts.retry_writes
        with pytest.raises(Trouble, match="not ours to restart"):
            given.broker.kill()
    assert amqp_probe.check(parts.rabbitmq_url)
    assert store.command(parts.mongodb_url, "ping")["ok"] == 1


def test_a_store_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    given = store.GivenStore(f"mongodb://someone:hidden-word@127.0.0.1:{port}/", retry_writes=True)
    with pytest.raises(Trouble) as trouble:
        given.start()
    assert "the store that MINYI_MONGODB_URL names does not take us" in str(trouble.value)
    assert "hidden-word" not in str(trouble.value)


LEAVES = """
import os, sys
from pathlib import Path
from deploy.local.parts import ensure_parts
with ensure_parts(Path(sys.argv[1])):
    print("up", flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_run_left_is_ended_by_the_next(tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("MINYI_")}
    with subprocess.Popen(
        [sys.executable, "-c", LEAVES, str(tmp_path)], cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"up\n"
        first.send_signal(signal.SIGKILL)
    assert (tmp_path / RUN_FILE).exists()
    run = read_run(tmp_path)
    assert run is not None
    assert not run.alive()
    left = [process.identity for process in run.processes]
    assert len(left) == 3
    assert all(identity.alive() for identity in left)
    with ensure_parts(tmp_path):
        assert not any(identity.alive() for identity in left)
    assert read_run(tmp_path) is None
