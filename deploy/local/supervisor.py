"""The whole system on one machine: broker, store, three services (api and worker), gateway, and a provider of messages that tells nobody,
each in its own process.

with System(Path(".local"), say=print) as system:      # start() … stop()
    system.urls["gateway"]                              # http://127.0.0.1:8000
    system.restart("routing-worker"); system.kill("broker")
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from deploy.local.keys import ensure_keys
from deploy.local.local_directory import Run, end_stale, forget_run, held, myself, recorded, write_run
from deploy.local.parts import Parts, parts_in, start_parts, stop_parts
from deploy.local.ports import Ports
from deploy.local.processes import Process, describe_end, run_once
from deploy.local.revival import Revival
from deploy.local.scaling import MOST, read_wanted, replica_names
from deploy.local.service import MIGRATE_SECONDS, PROVIDER, READY_SECONDS, SERVICES, Service, common_environment
from deploy.local.trouble import Trouble
from shared.identity.keys import MASTER_KEYS

GATEWAY_PORT = 8000
PROVIDER_PORT = 8120
API_PORTS = {"intake": 8101, "routing": 8102, "feedback": 8103}
WORKER_PORTS = {"intake": 8111, "routing": 8112, "feedback": 8113}
LOOK_SECONDS = 0.25

Say = Callable[[str], None]


@dataclass(frozen=True)
class Spec:
    """One process to run. `argv` stands in for the real command in tests of the supervisor."""

    name: str
    kind: str
    port: int
    argv: tuple[str, ...] = ()
    replica: int = 1
    """The first has the plain name and the wanted port; `scale` adds the 2nd, the 3rd …"""

    @property
    def label(self) -> str:
        return "-".join(filter(None, (self.name, self.kind, str(self.replica) if self.replica > 1 else "")))


WHOLE = (
    *(Spec(name, "api", API_PORTS[name]) for name in SERVICES),
    *(Spec(name, "worker", WORKER_PORTS[name]) for name in SERVICES),
    Spec("gateway", "", GATEWAY_PORT),
    Spec(PROVIDER, "", PROVIDER_PORT),
)


@dataclass(frozen=True)
class Health:
    """One row of the table."""

    name: str
    address: str
    pid: int | None
    state: str
    """ready | starting | stopped"""


class System:
    """Starts, watches and stops everything, in this process's threads. `env` adds to or overrides what the children get.

    `parts`: broker and store that run already and are not stopped with it. `revive=False` leaves dead processes dead.
    """

    def __init__(
        self,
        local_dir: Path,
        *,
        say: Say = lambda _line: None,
        env: Mapping[str, str] | None = None,
        specs: Sequence[Spec] = WHOLE,
        migrations: Sequence[str] = SERVICES,
        parts: Parts | None = None,
        revive: bool = True,
    ) -> None:
        self.local_dir = local_dir.resolve()
        self.logs = self.local_dir / "logs"
        self.services: list[Service] = []
        self.parts = parts
        self.environment: dict[str, str] = {}
        self._say = say
        self._env = {**os.environ, **(env or {})}
        # Who names a provider has one.
        self._specs = [spec for spec in specs if spec.name != PROVIDER or not self._env.get("MINYI_PROVIDER_URL")]
        self._migrations = migrations
        self._own_parts = parts is None
        self._revival = Revival(say) if revive else None
        self._watcher: threading.Thread | None = None
        self._leaving: list[tuple[Service, Future[None]]] = []
        self._leavers = ThreadPoolExecutor(2, "leaver")
        self._ending = threading.Event()
        self._stack = ExitStack()
        self._started_at = ""
        self._written: Run | None = None

    def __enter__(self) -> System:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    # --- start ---

    def start(self) -> None:
        """Everything up and ready, or nothing left running and Trouble. Busy when another supervisor holds the directory."""
        self._stack.enter_context(held(self.local_dir))
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        ended = end_stale(self.local_dir)
        if ended:
            self._say(f"ended {ended} processes that a killed supervisor had left behind · 已结束上次遗留的 {ended} 个进程")
        self._started_at = datetime.now(UTC).isoformat(timespec="seconds")
        self._stack.callback(forget_run, self.local_dir)
        ensure_keys(self.local_dir / "keys")
        parts = self.parts = self.parts or parts_in(self.local_dir, self._env, self._say)
        if self._own_parts:
            self._say("starting broker and store · 正在启动消息队列与数据库")
            start_parts(parts, self._write_down)
            self._say(f"{parts.given_broker.described}; {parts.given_store.described}")
        self._plan(parts)
        self._migrate()
        self._say("starting services · 正在启动各服务")
        for service in self.services:
            service.start()
        self._write_down()
        self._wait_ready()
        self._write_down(ready=True)
        self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._watcher.start()

    def _plan(self, parts: Parts) -> None:
        """Ports first: the addresses go into everybody's environment."""
        # The firsts first: a second must not take the port that another kind's first is known by.
        specs = sorted((one for spec in self._specs for one in self._replicas(spec)), key=lambda spec: spec.replica)
        ports = {spec.label: parts.ports.wanted(spec.port) for spec in specs}
        at = {label: f"http://127.0.0.1:{port}" for label, port in ports.items()}
        subgraphs = ",".join(f"{name}={at[f'{name}-api']}/graphql" for name in SERVICES if f"{name}-api" in at)
        self.environment = {
            **common_environment(self.local_dir, self._env),
            **parts.environment(),
            "MINYI_ISSUER": at.get("gateway", f"http://127.0.0.1:{GATEWAY_PORT}"),
            "MINYI_PAGES_URL": at.get("gateway", f"http://127.0.0.1:{GATEWAY_PORT}"),
            "MINYI_PUBLIC_URL": at.get("intake-api", f"http://127.0.0.1:{API_PORTS['intake']}"),
            "MINYI_SUBGRAPHS": subgraphs,
        }
        if PROVIDER in at:
            self.environment["MINYI_PROVIDER_URL"] = at[PROVIDER]
        self.services = [self._service(spec, ports[spec.label]) for spec in specs]

    def _replicas(self, spec: Spec) -> list[Spec]:
        """As many of a kind as `scale` has asked for."""
        count = read_wanted(self.local_dir).get(spec.label, 1)
        return [replace(spec, replica=number) for number in range(1, count + 1)]

    def _service(self, spec: Spec, port: int) -> Service:
        label = str(spec.replica) if spec.replica > 1 else ""
        return Service(spec.name, spec.kind, self.environment, self.logs, port, label=label, argv=spec.argv)

    def _migrate(self) -> None:
        for name in self._migrations:
            migration = Service(name, "migrate", self.environment, self.logs, 0)
            run_once(migration.process, MIGRATE_SECONDS)

    def _wait_ready(self) -> None:
        """One bound for all together."""
        deadline = time.monotonic() + READY_SECONDS
        waiting = list(self.services)
        while waiting:
            for service in waiting:
                if not service.alive:
                    raise Trouble(describe_end(service.process, "before it was ready"))
            waiting = [service for service in waiting if not service.ready()]
            if waiting and time.monotonic() > deadline:
                names = ", ".join(service.name for service in waiting)
                raise Trouble(f"not ready within {READY_SECONDS:.0f} s: {names}; {describe_end(waiting[0].process, 'and is not ready')}")
            time.sleep(0.05)

    # --- while it runs ---

    @property
    def urls(self) -> dict[str, str]:
        """HTTP base addresses by process name (gateway, intake-api, …)."""
        return {service.name: service.url for service in self.services}

    @property
    def processes(self) -> dict[str, Process]:
        """By name, epmd first: what needs another comes after it."""
        leaving = [service for service, end in self._leaving if not end.done()]
        ours = [service.process for service in (*self.services, *leaving)]
        found = [*(self.parts.processes[::-1] if self.parts is not None else []), *ours]
        return {process.name: process for process in found}

    def service(self, name: str) -> Service:
        """Raises Trouble for a name that is not there."""
        for service in self.services:
            if service.name == name:
                return service
        raise Trouble(f"no process {name!r}: there are {', '.join(service.name for service in self.services)} · 没有进程 {name}")

    def health(self) -> list[Health]:
        """Broker, store and every process of ours, asked now."""
        rows = []
        if self.parts is not None:
            for name, part in (("broker", self.parts.given_broker), ("store", self.parts.given_store)):
                pid = part.processes[0].pid if part.processes else None
                rows.append(Health(name, part.described, pid, "ready" if part.ready() else "starting"))
        for service in self.services:
            state = "ready" if service.ready() else "starting" if service.alive else "stopped"
            rows.append(Health(service.name, service.url, service.process.pid, state))
        return rows

    def kill(self, name: str) -> None:
        """SIGKILL. The watcher starts it again, unless `revive=False`."""
        self._process(name).kill()

    def restart(self, name: str, env: Mapping[str, str] | None = None) -> None:
        """Stop in good order, start, wait until it is ready; `env` as in Service.start. Raises Trouble."""
        process = self._process(name)
        with self._revival.paused(process) if self._revival is not None else ExitStack():
            process.stop()
            if self.parts is not None and name in ("broker", "store"):
                (self.parts.broker if name == "broker" else self.parts.store).boot()
            elif name == "epmd":
                process.start()
            else:
                self.service(name).start(env)
                self.service(name).wait_ready()
        self._write_down(ready=True)

    def _process(self, name: str) -> Process:
        try:
            return self.processes[name]
        except KeyError:
            raise Trouble(f"no process {name!r}: there are {', '.join(self.processes)} · 没有进程 {name}") from None

    def _watch(self) -> None:
        while not self._ending.wait(LOOK_SECONDS):
            self._scale()
            if self._revival is not None:
                self._revival.look(self._watched())
            self._write_down(ready=True)

    def _watched(self) -> list[Process]:
        """What must run: not those that are on their way out, and not somebody else's broker and store."""
        parts = self.parts.processes[::-1] if self.parts is not None and self._own_parts else []
        return [*parts, *(service.process for service in self.services)]

    def _scale(self) -> None:
        """Start and stop processes until there are as many as are wanted. A start is not waited for: it is `starting` until it is ready."""
        assert self.parts is not None
        for spec in self._specs:
            wanted = {one.label: one for one in self._replicas(spec)}
            known = {service.name: service for service in self.services if service.name in replica_names(spec.label, MOST)}
            for name in known.keys() - wanted.keys():
                self._remove(known[name], self.parts.ports)
            for name in wanted.keys() - known.keys():
                self._add(wanted[name], self.parts.ports)

    def _add(self, spec: Spec, ports: Ports) -> None:
        try:
            service = self._service(spec, ports.wanted(spec.port))
            service.start()
        except Trouble as trouble:
            self._say(str(trouble))
            return
        self.services.append(service)
        self._say(f"{service.name} is started: more are wanted · 扩容：启动 {service.name}")

    def _remove(self, service: Service, ports: Ports) -> None:
        """Its end takes up to 20 s, in which the others are looked after."""
        self._say(f"{service.name} is stopped: fewer are wanted · 缩容：停止 {service.name}")
        self.services.remove(service)
        end = self._leavers.submit(service.stop)
        end.add_done_callback(lambda _: ports.release(service.port))
        self._leaving = [(other, its) for other, its in self._leaving if not its.done()] + [(service, end)]

    def _write_down(self, *, ready: bool = False) -> None:
        if self.parts is None:
            return
        urls = self.urls
        # It lies on the disk and is shown by `env`: no secret that is not there already.
        shared = {name: value for name, value in self.environment.items() if name.startswith("MINYI_") and name != MASTER_KEYS}
        run = Run(
            supervisor=self._written.supervisor if self._written is not None else myself(),
            started_at=self._started_at,
            ready=ready,
            processes=tuple(filter(None, (recorded(process, urls.get(name, "")) for name, process in self.processes.items()))),
            urls=urls,
            environment=shared,
            parts={"broker": self.parts.given_broker.described, "store": self.parts.given_store.described},
        )
        if run != self._written:
            write_run(self.local_dir, run)
            self._written = run

    # --- stop ---

    def stop(self) -> None:
        """Stop everything that was started here and nothing else: ours first, then broker and store. Repeating it does nothing."""
        self._ending.set()
        if self._watcher is not None:
            self._watcher.join()
        self._leavers.shutdown()
        if self.services:
            with ThreadPoolExecutor(len(self.services)) as threads:
                list(threads.map(Service.stop, self.services))
        if self._own_parts and self.parts is not None:
            stop_parts(self.parts)
        self._stack.close()
