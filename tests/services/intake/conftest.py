"""A real store for intake's own tests: MINYI_MONGODB_URL when set, else an embedded one of this test session."""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import pytest_asyncio

from services.intake.service import Service
from services.intake.settings import IntakeSettings
from shared import mongo
from shared.settings import CommonSettings
from tests.dropping import drop
from tests.world import ISSUER

STORE_SECONDS = 120


def _await_listening(process: subprocess.Popen[bytes], port: int) -> None:
    """On a busy machine it takes longer to begin than a driver waits for its server."""
    deadline = time.monotonic() + STORE_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError(f"the store does not listen; it {'runs' if process.poll() is None else 'has ended'}")


@contextmanager
def embedded_store(folder: Path) -> Iterator[str]:
    """The address of a store that keeps its files in `folder`/data; at the end it closes them in good order."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "secantus", "--host", "127.0.0.1", "--port", str(port), "--storage-path", str(folder / "data")],
            stdout=log,
            stderr=log,
            cwd=folder,
        )
    try:
        _await_listening(process, port)
        yield f"mongodb://127.0.0.1:{port}/"
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def intake_store_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommonSettings]:
    prefix = f"minyi_test_{secrets.token_hex(4)}"
    if os.environ.get("MINYI_MONGODB_URL"):
        yield CommonSettings(prefix=prefix)
        return
    with embedded_store(tmp_path_factory.mktemp("store")) as url:
        yield CommonSettings(prefix=prefix, mongodb_url=url, mongodb_retry_writes=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def intake_client(intake_store_settings: CommonSettings) -> AsyncIterator[mongo.Client]:
    client = mongo.connect(intake_store_settings)
    await _answers(client)
    yield client
    client.close()


async def _answers(client: mongo.Client) -> None:
    """The driver itself waits for the server; its own limit is shorter than the embedded store's slowest start."""
    for left in range(5, -1, -1):
        try:
            await client.admin.command("ping")
            return
        except mongo.PyMongoError:
            if not left:
                raise


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def intake_service(intake_store_settings: CommonSettings, keys_dir: Path) -> AsyncIterator[Service]:
    """Intake as it is composed, migrated, over the real store; no broker: what it has to send stays in its outboxes."""
    settings = IntakeSettings(
        env="development",
        prefix=f"{intake_store_settings.prefix}_{secrets.token_hex(3)}",
        mongodb_url=intake_store_settings.mongodb_url,
        mongodb_retry_writes=intake_store_settings.mongodb_retry_writes,
        rabbitmq_url="amqp://127.0.0.1:1/",
        keys_dir=keys_dir,
        jwks=str(keys_dir / "issuer.jwks.json"),
        issuer=ISSUER,
        quiet_hours="",
    )
    service = Service(settings)
    await service.migrate()
    yield service
    await service.runtime.relay.drain()
    service.runtime.client.close()
    await drop(settings, service.runtime.database.name)


@pytest_asyncio.fixture(loop_scope="session")
async def intake_database(intake_client: mongo.Client, intake_store_settings: CommonSettings) -> AsyncIterator[mongo.Database]:
    """An empty database of this test alone."""
    settings = intake_store_settings.model_copy(update={"prefix": f"{intake_store_settings.prefix}_{secrets.token_hex(3)}"})
    database = mongo.database(intake_client, settings, "intake")
    yield database
    await drop(settings, database.name)
