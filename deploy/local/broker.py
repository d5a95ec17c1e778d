"""RabbitMQ for one machine: our own on private ports and data, or the one that MINYI_RABBITMQ_URL names, which is never touched."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import string
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from deploy.local import amqp_probe
from deploy.local.ports import Ports
from deploy.local.processes import Process, wait_for
from deploy.local.rabbitmq_package import Programs, find, find_or_install
from deploy.local.trouble import Trouble

NODE = "minyi@localhost"
BOOT_SECONDS = 60.0
CTL_SECONDS = 60.0
MEMORY = "1GB"
FREE_DISK_MB = 200
# Seen: a fresh broker and a fresh store take under 100 MB. With less, the broker's alarm would hold every publisher at once.
NEEDED_MB = FREE_DISK_MB + 100

CONFIG = """\
# Written anew at every start.
listeners.tcp.1 = 127.0.0.1:{port}
default_user = {user}
default_pass = {password}
heartbeat = 10
vm_memory_high_watermark.absolute = {memory}
disk_free_limit.absolute = {free_disk}MB
log.console = true
log.console.level = info
log.file = false
"""
# Distribution on the loopback alone, and no busy waiting: the cores belong to the services.
ERL_ARGS = "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none"


class GivenBroker:
    """Somebody's broker, checked and otherwise left alone."""

    own = False

    def __init__(self, url: str) -> None:
        self.url = url
        self.processes: tuple[Process, ...] = ()
        self.version = ""

    def start(self) -> None:
        self.version = amqp_probe.check(self.url).version

    def ready(self) -> bool:
        return broker_answers(self.url)

    def stop(self) -> None:
        return

    @property
    def described(self) -> str:
        parts = urlsplit(self.url)
        return f"RabbitMQ {self.version} at {parts.hostname}:{parts.port or 5672} (MINYI_RABBITMQ_URL)"


class OwnBroker:
    """A RabbitMQ node with its own epmd, home, cookie, data and ports under `directory`; runs as root and as a plain user."""

    own = True

    def __init__(self, directory: Path, ports: Ports, log: Path, env: Mapping[str, str], say: Callable[[str], None]) -> None:
        self.directory = directory
        self._ports = ports
        self._log = log
        self._env = dict(env)
        self._say = say
        self._programs: Programs | None = None
        self._server: Process | None = None
        self._epmd: Process | None = None
        self.url = ""

    def start(self) -> None:
        """Boot and wait until it takes our login. Raises Trouble."""
        self._check_room()
        self._programs = find_or_install(self._log.with_name("apt.log"), self._say)
        port, distribution, epmd = (self._ports.private(name) for name in ("amqp", "erlang-distribution", "epmd"))
        user, password = self._prepare(port)
        self.url = f"amqp://{user}:{password}@127.0.0.1:{port}/"
        self._env = self._environment(distribution, epmd)
        self._epmd = Process(
            "epmd",
            [self._programs.epmd, "-port", str(epmd), "-address", "127.0.0.1"],
            self._env,
            self._log.with_name("epmd.log"),
            stop_seconds=5,
        )
        self._server = Process("broker", [self._programs.server], self._env, self._log)
        self.boot()

    def attach(self, programs: Programs) -> None:
        """To ask a node that another process of ours has started in this directory."""
        self._programs = programs
        self._env = self._environment(*(self._ports.remembered(name) for name in ("erlang-distribution", "epmd")))

    def boot(self) -> None:
        """Start what does not run, at the same address, and wait until it takes our login."""
        server, epmd = self._started()
        epmd.start()
        server.start()
        wait_for(self.ready, BOOT_SECONDS, server, "ready for connections")

    def ready(self) -> bool:
        return broker_answers(self.url)

    def stop(self) -> None:
        """The broker, then its epmd."""
        for process in (self._server, self._epmd):
            if process is not None:
                process.stop()

    def kill(self) -> None:
        """SIGKILL; messages that were confirmed are on disk."""
        self._started()[0].kill()

    def restart(self) -> None:
        """Stop in good order and boot again at the same address with the same data."""
        self._started()[0].stop()
        self.boot()

    def close_all_connections(self, reason: str = "closed by the operator") -> None:
        """Close every client's connection from the broker's side, as an operator can; clients are free to come back at once."""
        self.ctl("close_all_connections", reason)

    def list_queues(self) -> list[dict[str, Any]]:
        """Per queue: name, messages, messages_ready, messages_unacknowledged, consumers, type."""
        columns = ("name", "messages", "messages_ready", "messages_unacknowledged", "consumers", "type")
        listed: list[dict[str, Any]] = json.loads(self.ctl("list_queues", "--quiet", "--formatter", "json", *columns))
        return listed

    def ctl(self, *arguments: str) -> str:
        """Run rabbitmqctl against this node; its output. Raises Trouble."""
        if self._programs is None:
            raise Trouble("the broker was not started")
        try:
            done = subprocess.run(
                [self._programs.ctl, *arguments],
                env=self._env,
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=CTL_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise Trouble(f"rabbitmqctl {arguments[0]} did not end within {CTL_SECONDS:.0f} s") from error
        if done.returncode != 0:
            raise Trouble(f"rabbitmqctl {arguments[0]} failed: {' '.join((done.stderr or done.stdout).split())[:500]}")
        return done.stdout

    @property
    def processes(self) -> tuple[Process, ...]:
        return tuple(process for process in (self._server, self._epmd) if process is not None)

    @property
    def described(self) -> str:
        version = ".".join(map(str, self._programs.version)) if self._programs else ""
        return f"RabbitMQ {version}, our own"

    def _started(self) -> tuple[Process, Process]:
        if self._server is None or self._epmd is None:
            raise Trouble("the broker was not started")
        return self._server, self._epmd

    def _check_room(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self.directory).free // 1_000_000
        if free < NEEDED_MB:
            raise Trouble(
                f"{free} MB are free at {self.directory}, {NEEDED_MB} MB are needed: make room there, or name another place with "
                f"`export MINYI_LOCAL_DIR=…` · 磁盘空间不足：剩余 {free} MB，需要 {NEEDED_MB} MB"
            )

    def _prepare(self, port: int) -> tuple[str, str]:
        """Directories, cookie, configuration; the user and password, which are made with the data and live as long."""
        home = self.directory / "home"
        for directory in (self.directory, home, self.directory / "data"):
            directory.mkdir(parents=True, exist_ok=True)
            directory.chmod(0o700)
        _write_once(home / ".erlang.cookie", "".join(secrets.choice(string.ascii_uppercase) for _ in range(24)), 0o400)
        _write_once(self.directory / "password", secrets.token_urlsafe(24), 0o600)
        password = (self.directory / "password").read_text(encoding="ascii").strip()
        config = self.directory / "rabbitmq.conf"
        config.touch(mode=0o600)
        config.write_text(
            CONFIG.format(port=port, user="minyi", password=password, memory=MEMORY, free_disk=FREE_DISK_MB), encoding="ascii"
        )
        (self.directory / "enabled_plugins").write_text("[].\n", encoding="ascii")
        (self.directory / "rabbitmq-env.conf").write_text("", encoding="ascii")
        return "minyi", password

    def _environment(self, distribution: int, epmd: int) -> dict[str, str]:
        base = {name: value for name, value in self._env.items() if not name.startswith(("RABBITMQ_", "ERL_"))}
        at = self.directory
        return {
            **base,
            "HOME": str(at / "home"),
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "ERL_EPMD_PORT": str(epmd),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": NODE,
            "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_MNESIA_BASE": str(at / "data"),
            "RABBITMQ_LOG_BASE": str(at / "log"),
            "RABBITMQ_CONFIG_FILE": str(at / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(at / "advanced.config"),
            "RABBITMQ_CONF_ENV_FILE": str(at / "rabbitmq-env.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(at / "enabled_plugins"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(at / "generated"),
            "RABBITMQ_PID_FILE": str(at / "broker.pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": ERL_ARGS,
            "RABBITMQ_CTL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }


Broker = GivenBroker | OwnBroker


def bindings_of(local_dir: Path, exchange: str) -> set[tuple[str, str]]:
    """(queue, routing key) of what is bound to an exchange of the broker that runs in `local_dir`, asked from outside. Raises Trouble."""
    programs = find()
    if programs is None:
        raise Trouble("RabbitMQ's programs are gone: type `apt-get install rabbitmq-server` · RabbitMQ 程序缺失")
    log = local_dir / "logs" / "broker.log"
    asked = OwnBroker(local_dir / "broker", Ports(local_dir / "ports.json"), log, os.environ, lambda _line: None)
    asked.attach(programs)
    columns = ("source_name", "destination_name", "routing_key")
    rows = json.loads(asked.ctl("list_bindings", "--quiet", "--formatter", "json", *columns))
    return {(row["destination_name"], row["routing_key"]) for row in rows if row["source_name"] == exchange}


def broker_for(directory: Path, ports: Ports, log: Path, env: Mapping[str, str], say: Callable[[str], None]) -> Broker:
    """The one that MINYI_RABBITMQ_URL names when it is set, always our own otherwise."""
    given = env.get("MINYI_RABBITMQ_URL", "")
    return GivenBroker(given) if given else OwnBroker(directory, ports, log, env, say)


def broker_answers(url: str) -> bool:
    """Whether it takes our login now."""
    with suppress(Trouble):
        amqp_probe.check(url, seconds=2.0)
        return True
    return False


def _write_once(file: Path, text: str, mode: int) -> None:
    with suppress(FileExistsError), os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="ascii") as out:
        out.write(text)
