"""Broker and store alone, for tests and measurements: started for real on private ports, beside whatever else runs.

with ensure_parts(Path(".local/test"), fresh=True) as parts:
    parts.environment()          # MINYI_RABBITMQ_URL, MINYI_MONGODB_URL, MINYI_MONGODB_RETRY_WRITES for a child
    parts.broker.close_all_connections(); parts.broker.restart(); parts.broker.kill(); parts.broker.boot()
    parts.store.restart(); parts.store.kill(); parts.store.boot()
    intake = parts.service("intake", "worker", {"MINYI_PREFIX": "t1"})
    intake.start(); intake.wait_ready(); intake.kill()
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from deploy.local.broker import Broker, OwnBroker, broker_for
from deploy.local.keys import ensure_keys
from deploy.local.local_directory import Run, end_stale, forget_run, held, myself, recorded, write_run
from deploy.local.ports import Ports
from deploy.local.processes import Process
from deploy.local.service import Service, common_environment
from deploy.local.store import OwnStore, Store, store_for
from deploy.local.trouble import Busy, Trouble

SLOTS = 8


@dataclass
class Parts:
    """Running broker and store. `broker` and `store` may belong to somebody else (MINYI_RABBITMQ_URL, MINYI_MONGODB_URL)."""

    local_dir: Path
    given_broker: Broker
    given_store: Store
    ports: Ports = field(default_factory=Ports)

    @property
    def rabbitmq_url(self) -> str:
        return self.given_broker.url

    @property
    def mongodb_url(self) -> str:
        return self.given_store.url

    @property
    def retry_writes(self) -> bool:
        return self.given_store.retry_writes

    @property
    def broker(self) -> OwnBroker:
        """Our own broker, which a test may kill. Raises Trouble when it is somebody else's."""
        if isinstance(self.given_broker, OwnBroker):
            return self.given_broker
        raise Trouble("this broker is not ours to restart: unset MINYI_RABBITMQ_URL · 此消息队列不归本系统管理")

    @property
    def store(self) -> OwnStore:
        """Our own store, which a test may kill. Raises Trouble when it is somebody else's."""
        if isinstance(self.given_store, OwnStore):
            return self.given_store
        raise Trouble("this store is not ours to restart: unset MINYI_MONGODB_URL · 此数据库不归本系统管理")

    @property
    def processes(self) -> list[Process]:
        return [*self.given_broker.processes, *self.given_store.processes]

    def environment(self) -> dict[str, str]:
        """What a process needs to find both."""
        return {
            "MINYI_RABBITMQ_URL": self.rabbitmq_url,
            "MINYI_MONGODB_URL": self.mongodb_url,
            "MINYI_MONGODB_RETRY_WRITES": "true" if self.retry_writes else "false",
        }

    def service(self, name: str, kind: str, env: Mapping[str, str] | None = None, *, port: int | None = None, label: str = "") -> Service:
        """A process of ours, not started yet: `intake` `api`, `routing` `worker`, `gateway` ``. `env` overrides the common environment;
        `label` tells replicas apart in logs. Keys are made in `local_dir` at the first call. The caller stops it."""
        ensure_keys(self.local_dir / "keys")
        # No provider is beside it: replies are looked up, unless `env` says otherwise.
        common = {**common_environment(self.local_dir, os.environ), **self.environment(), "MINYI_CHANNELS": "WEB", **(env or {})}
        return Service(name, kind, common, self.local_dir / "logs", port or self.ports.any(), label=label)


@contextmanager
def ensure_parts(local_dir: Path, *, fresh: bool = False, say: Callable[[str], None] = lambda _line: None) -> Iterator[Parts]:
    """Start broker and store with their data in `local_dir`, stop them at the end.

    When another process holds `local_dir`, a numbered sibling is taken (test, test-2, …): two test runs do not meet.
    `fresh` begins with empty data. Raises Trouble.
    """
    with ExitStack() as stack:
        place = _free_slot(local_dir.resolve(), stack)
        end_stale(place)
        if fresh:
            for name in ("broker", "store", "logs"):
                shutil.rmtree(place / name, ignore_errors=True)
        parts = parts_in(place, os.environ, say)
        stack.callback(forget_run, place)
        stack.callback(stop_parts, parts)
        start_parts(parts, lambda: _write_down(place, parts))
        yield parts


def parts_in(place: Path, env: Mapping[str, str], say: Callable[[str], None]) -> Parts:
    """Broker and store of this directory, not started."""
    ports = Ports(place / "ports.json")
    marked = {**env, "MINYI_LOCAL_DIR": str(place)}
    logs = place / "logs"
    broker = broker_for(place / "broker", ports, logs / "broker.log", marked, say)
    return Parts(place, broker, store_for(place / "store", ports, logs / "store.log", marked), ports)


def start_parts(parts: Parts, write_down: Callable[[], None] = lambda: None) -> None:
    """Both at once. Raises the first Trouble after both have ended their attempt; stopping what started is the caller's."""
    with ThreadPoolExecutor(2) as threads:
        attempts = [threads.submit(parts.given_broker.start), threads.submit(parts.given_store.start)]
        for attempt in attempts:
            # Written down after each: a supervisor that is killed leaves as little unknown as can be.
            wait([attempt])
            write_down()
    for attempt in attempts:
        attempt.result()


def stop_parts(parts: Parts) -> None:
    with ThreadPoolExecutor(2) as threads:
        for attempt in [threads.submit(parts.given_broker.stop), threads.submit(parts.given_store.stop)]:
            attempt.result()


def _free_slot(wanted: Path, stack: ExitStack) -> Path:
    for number in range(1, SLOTS + 1):
        place = wanted if number == 1 else wanted.with_name(f"{wanted.name}-{number}")
        try:
            stack.enter_context(held(place))
        except Busy:
            continue
        return place
    raise Busy(f"{wanted} and {SLOTS - 1} siblings are all in use: stop the other test runs · 目录均被占用，请先结束其他测试")


def _write_down(place: Path, parts: Parts) -> None:
    """So that the next run can end what this one leaves behind when it is killed."""
    known = tuple(filter(None, (recorded(process) for process in parts.processes)))
    write_run(place, Run(myself(), datetime.now(UTC).isoformat(), ready=False, processes=known))
