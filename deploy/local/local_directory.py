"""The `.local` directory: who holds it, what runs in it. One supervisor at a time."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from deploy.local.processes import Identity, Process, end_leftovers
from deploy.local.trouble import Busy, Trouble

RUN_FILE = "run.json"


@dataclass(frozen=True)
class Recorded:
    """One process of a run, as other commands see it."""

    name: str
    pid: int
    created: float
    url: str = ""
    """Its HTTP base address; empty for broker, epmd and store."""

    @property
    def identity(self) -> Identity:
        return Identity(self.pid, self.created)

    def alive(self) -> bool:
        return self.identity.alive()


@dataclass(frozen=True)
class Run:
    """What .local/run.json says. It holds the address of the local broker with its password: the file is the owner's alone (0600)."""

    supervisor: Recorded
    started_at: str
    """ISO 8601, UTC."""
    ready: bool
    processes: tuple[Recorded, ...]
    urls: dict[str, str] = field(default_factory=dict)
    """HTTP base addresses by process name: gateway, intake-api, routing-worker…"""
    environment: dict[str, str] = field(default_factory=dict)
    """The MINYI_* settings that all its processes share, for commands that join in (demo, republish, dead letters)."""
    parts: dict[str, str] = field(default_factory=dict)
    """broker, store: what they are, in words."""

    def alive(self) -> bool:
        return self.supervisor.alive()

    def process(self, name: str) -> Recorded | None:
        return next((process for process in self.processes if process.name == name), None)


def recorded(process: Process, url: str = "") -> Recorded | None:
    identity = process.identity
    return Recorded(process.name, identity.pid, identity.created, url) if identity is not None else None


def read_run(local_dir: Path) -> Run | None:
    """The run that the file tells of, alive or stale; None without one. An unreadable file counts as none."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        raw: dict[str, Any] = json.loads((local_dir / RUN_FILE).read_text(encoding="utf-8"))
        return Run(
            supervisor=Recorded(**raw["supervisor"]),
            started_at=str(raw["started_at"]),
            ready=bool(raw["ready"]),
            processes=tuple(Recorded(**process) for process in raw["processes"]),
            urls=dict(raw["urls"]),
            environment=dict(raw["environment"]),
            parts=dict(raw["parts"]),
        )
    return None


def write_run(local_dir: Path, run: Run) -> None:
    write_whole(local_dir / RUN_FILE, json.dumps(asdict(run), indent=1))


def write_whole(file: Path, text: str) -> None:
    """Readers see the text that was there or this one, nothing between; only its owner reads it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
    os.replace(fresh, file)


def running(local_dir: Path) -> Run | None:
    """The run whose supervisor is alive, or None: then a file that is still there is stale."""
    run = read_run(local_dir.resolve())
    return run if run is not None and run.alive() else None


def forget_run(local_dir: Path) -> None:
    (local_dir / RUN_FILE).unlink(missing_ok=True)


def myself() -> Recorded:
    identity = Identity.of(os.getpid())
    return Recorded("supervisor", identity.pid, identity.created)


def end_stale(local_dir: Path) -> int:
    """End what a supervisor that was killed left running in `local_dir`; how many processes. Nothing of a live one is touched."""
    run = read_run(local_dir)
    if run is None or (run.alive() and run.supervisor.pid != os.getpid()):
        return 0
    ended = sum(end_leftovers(process.identity, local_dir) for process in _in_order_of_stopping(run.processes))
    forget_run(local_dir)
    return ended


def _in_order_of_stopping(processes: Sequence[Recorded]) -> Iterator[Recorded]:
    """Those who use broker and store before these, epmd last."""
    last = ("broker", "store", "epmd")
    yield from (process for process in reversed(processes) if process.name not in last)
    for name in last:
        yield from (process for process in processes if process.name == name)


@contextmanager
def held(local_dir: Path) -> Iterator[None]:
    """Hold the directory for this process. Raises Busy when another has it, Trouble when it cannot be written; the lock ends with its
    process, however that ends."""
    try:
        local_dir.mkdir(parents=True, exist_ok=True)
        lock = (local_dir / "lock").open("a+")
    except OSError as error:
        raise Trouble(
            f"{local_dir} cannot be written ({error.strerror}): type it in a checkout that you own, or name another place with "
            f"`export MINYI_LOCAL_DIR=…` · {local_dir} 不可写：请换一个目录"
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Busy(
                f"{local_dir} is in use by another supervisor: type `make down` to stop it, or `make up` in another checkout"
                f" · {local_dir} 已被占用：请先运行 make down"
            ) from None
        yield
