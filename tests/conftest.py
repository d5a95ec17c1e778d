"""Fixtures for every test: a real broker and a real store on private ports, started once when the first test asks for them."""

from __future__ import annotations

import gc
import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import pytest
from xdist.scheduler import LoadScopeScheduling

from deploy.local.parts import Parts, ensure_parts
from deploy.local.service import Service
from shared.identity.development import DevelopmentIssuer
from shared.identity.keys import ensure_development_keys
from shared.mongo import Client, Database, connect, database
from shared.settings import CommonSettings
from tests.journeys.system import System, gateway_of, running
from tests.memory import memory, place_of_parts
from tests.scopes import FAST_JOURNEY, JOURNEY, left, scope_of, until_left
from tests.world import ISSUER

# Some hundred processes of ours are started from the same sources: what the first compiles, the others read.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Stores and brokers sync each write. Their data dies with the tests: in memory nobody waits for a disk.
if "TMPDIR" not in os.environ and (found := memory()):
    os.environ["TMPDIR"] = tempfile.tempdir = found

# What takes longest is begun first: in the end two processes are done at about the same time.
LONGEST = (
    "tests/access/test_matrix.py",
    "tests/bench/",
    "tests/deploy/",
    "tests/demo/",
    "tests/journeys/",
    "tests/gateway/test_generated_queries.py",
    "tests/shared/model/",
    "tests/services/",
)
# Fixtures that start a broker or a store.
NEEDS_PARTS = {"parts", "intake_store_settings"}


def _interrupted(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


# Where it finds Python's own handler, asyncio's runner puts one of its own for each test and fixture, and Python then makes the repr of
# all that this one returned, to say that the handler is no number of a signal: a sixth of the time of tests with large fixtures.
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, _interrupted)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs the broker or the store is slow, whoever forgot to say so: `make test-fast` starts neither."""
    for item in items:
        if NEEDS_PARTS & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)
    scopes = {item.nodeid: scope_of(item.nodeid) for item in items}
    places = {scope: next((n for n, folder in enumerate(LONGEST) if scope.startswith(folder)), len(LONGEST)) for scope in scopes.values()}
    # What looks at one system stays together.
    seen = {scope: number for number, scope in enumerate(dict.fromkeys(scopes.values()))}
    items.sort(key=lambda item: (places[scopes[item.nodeid]], seen[scopes[item.nodeid]]))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None]:
    yield
    scope = scope_of(item.nodeid)
    if nextitem is None or scope_of(nextitem.nodeid) != scope:
        left(scope)


def pytest_collection_finish() -> None:
    """What collecting made stays until the end: the collector need not walk it again and again, and what a test measures is its own."""
    gc.collect()
    gc.freeze()


class ByFile(LoadScopeScheduling):
    """A file to one process, and all files that look at the one whole system (xdist 3.8's own groups do nothing under pytest 9.2)."""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    # It would begin with the files of most tests; see LONGEST.
    config.option.loadscopereorder = False
    return ByFile(config, log)


@pytest.fixture(scope="session")
def parts() -> Iterator[Parts]:
    """Broker and store with empty data; MINYI_RABBITMQ_URL and MINYI_MONGODB_URL are taken when they are set."""
    with ensure_parts(place_of_parts(), fresh=True) as running:
        yield running
    for name in ("broker", "store"):
        shutil.rmtree(running.local_dir / name, ignore_errors=True)


@pytest.fixture
def prefix() -> str:
    """Starts every exchange, queue and database name of one test."""
    return f"t{secrets.token_hex(4)}"


@pytest.fixture(scope="session")
def keys_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("keys")
    ensure_development_keys(directory)
    return directory


@pytest.fixture(scope="session")
def issuer(keys_dir: Path) -> DevelopmentIssuer:
    """Mints any token that the processes under test accept."""
    return DevelopmentIssuer(env="development", keys_dir=keys_dir, issuer=ISSUER, audience="minyi")


@pytest.fixture(scope="session")
def journey(parts: Parts, issuer: DevelopmentIssuer, keys_dir: Path) -> Iterator[System]:
    """Three services, for tests that leave them running and look at grievances of their own."""
    with until_left(JOURNEY) as stack:
        system = stack.enter_context(running(parts, "journey", issuer, keys_dir))
        system.start_all()
        yield system


@pytest.fixture(scope="session")
def journey_gateway(journey: System) -> Iterator[Service]:
    """The gateway before them."""
    with gateway_of(journey) as started:
        yield started


@pytest.fixture(scope="session")
def fast_journey(parts: Parts, issuer: DevelopmentIssuer, keys_dir: Path) -> Iterator[System]:
    """Three services that sweep often and try again soon."""
    fast = {"MINYI_SWEEP_SECONDS": "0.2", "MINYI_SWEEP_AGE_SECONDS": "0.5", "MINYI_RETRY_SECONDS": "[0.2, 0.3, 0.5]"}
    with until_left(FAST_JOURNEY) as stack:
        system = stack.enter_context(running(parts, "fast", issuer, keys_dir, fast))
        system.start_all()
        yield system


@pytest.fixture
def settings(parts: Parts, prefix: str, keys_dir: Path) -> CommonSettings:
    """Settings of a process under test, with broker, store, keys and a prefix of its own."""
    return CommonSettings(
        env="development",
        prefix=prefix,
        rabbitmq_url=parts.rabbitmq_url,
        mongodb_url=parts.mongodb_url,
        mongodb_retry_writes=parts.retry_writes,
        keys_dir=keys_dir,
        jwks=str(keys_dir / "issuer.jwks.json"),
        issuer=ISSUER,
    )


@pytest.fixture
async def client(settings: CommonSettings) -> AsyncIterator[Client]:
    connected = connect(settings)
    yield connected
    connected.close()


@pytest.fixture
async def mongo(client: Client, settings: CommonSettings) -> AsyncIterator[Database]:
    """An empty database, dropped afterwards."""
    used = database(client, settings, "test")
    yield used
    await client.drop_database(used.name)
