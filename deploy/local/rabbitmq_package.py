"""Finds RabbitMQ's programs, or installs Debian's package without letting it start a broker of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.trouble import Trouble

OLDEST = (3, 10)
POLICY = Path("/usr/sbin/policy-rc.d")
POLICY_TEXT = "#!/bin/sh\n# Put here by Minyi for the time of one apt-get install: no service is started.\nexit 101\n"
UNITS = ("rabbitmq-server.service", "epmd.service", "epmd.socket")
UNIT_DIRECTORIES = (Path("/lib/systemd/system"), Path("/usr/lib/systemd/system"), Path("/etc/systemd/system"))
DIRECT = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")

Say = Callable[[str], None]


@dataclass(frozen=True)
class Programs:
    """Absolute paths. `server` and `ctl` are the programs themselves, not Debian's wrappers, which change the user."""

    server: Path
    ctl: Path
    epmd: Path
    version: tuple[int, ...]


def find() -> Programs | None:
    """The installed RabbitMQ, or None. Raises Trouble when it is too old or has no Erlang beside it."""
    server = next((path for path in _candidates() if path.is_file() and os.access(path, os.X_OK)), None)
    if server is None:
        return None
    version = _version(server)
    if version < OLDEST:
        shown = ".".join(map(str, version)) or "of unknown version"
        raise Trouble(
            f"the installed RabbitMQ ({shown}, {server}) is older than 3.10: install a newer one, "
            "or type `MINYI_RABBITMQ_URL=amqp://user:password@host:5672/ make up` with the address of another"
            f" · 已安装的 RabbitMQ 过旧（{shown}），至少需要 3.10"
        )
    epmd = _epmd()
    if epmd is None:
        raise Trouble("RabbitMQ is installed, but Erlang's `epmd` is not on PATH: type `apt-get install erlang-base` · 缺少 epmd")
    return Programs(server, server.with_name("rabbitmqctl"), epmd, version)


def find_or_install(log: Path, say: Say) -> Programs:
    """`find`, else apt as root on Debian and its kin. Raises Trouble that names the way out."""
    found = find()
    if found is not None:
        return found
    way_out = (
        "or type `MINYI_RABBITMQ_URL=amqp://user:password@host:5672/ make up` with the address of one that you have · "
        "尚未安装 RabbitMQ：请安装 rabbitmq-server 3.10 以上版本，或用 MINYI_RABBITMQ_URL 指定已有的"
    )
    if shutil.which("apt-get") is None:
        raise Trouble(f"RabbitMQ is not installed: install rabbitmq-server 3.10 or newer with your system's package manager, {way_out}")
    if os.geteuid() != 0:
        raise Trouble(f"RabbitMQ is not installed: type `sudo apt-get install rabbitmq-server`, {way_out}")
    say("RabbitMQ is not installed: installing Debian's package (no service is started) · 正在安装 RabbitMQ")
    _install(log)
    found = find()
    if found is None:
        raise Trouble(f"apt-get installed rabbitmq-server, but its program is not at {DIRECT}: see {log}, {way_out}")
    return found


def _candidates() -> Iterator[Path]:
    # The path first: a newer one unpacked by hand is put there on purpose. Debian's wrapper in /usr/sbin is passed over.
    for name in filter(None, os.environ.get("PATH", "").split(os.pathsep)):
        path = Path(name) / "rabbitmq-server"
        if path.is_file() and not _is_wrapper(path):
            yield path.resolve()
    yield DIRECT


def _is_wrapper(path: Path) -> bool:
    return b"/usr/lib/rabbitmq/bin" in path.read_bytes()


def _version(server: Path) -> tuple[int, ...]:
    """From the directory's name (rabbitmq_server-3.10.8), else by asking the program."""
    found = re.search(r"rabbitmq_server-(\d+(?:\.\d+)*)", str(server.resolve()))
    if found is None:
        try:
            asked = subprocess.run([server.with_name("rabbitmqctl"), "version"], capture_output=True, text=True, timeout=30, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return ()
        found = re.search(r"^(\d+(?:\.\d+)+)", asked.stdout, re.MULTILINE)
    return tuple(int(part) for part in found.group(1).split(".")) if found else ()


def _epmd() -> Path | None:
    on_path = shutil.which("epmd")
    if on_path:
        return Path(on_path)
    return next(
        (path for base in ("/usr/lib/erlang", "/usr/local/lib/erlang") for path in sorted(Path(base).glob("erts-*/bin/epmd"))), None
    )


def _install(log: Path) -> None:
    """Undone afterwards, exactly: our policy file, and units that were not on this machine before."""
    new_units = [unit for unit in UNITS if not _unit_is_known(unit)]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    wait = ("-o", "DPkg::Lock::Timeout=120")
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        with log.open("ab") as out, _services_held_back():
            # An update that fails for one source of many may still leave a package list that has what is needed.
            subprocess.run(["apt-get", *wait, "update"], stdout=out, stderr=out, env=environment, check=False)
            done = subprocess.run(
                ["apt-get", *wait, "install", "-y", "--no-install-recommends", "rabbitmq-server"],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=environment,
                check=False,
            )
    finally:
        _take_out_of_boot([unit for unit in new_units if _unit_is_known(unit)])
    if done.returncode != 0:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        errors = [line for line in lines if line.startswith("E: ")] or lines[-1:]
        raise Trouble(
            f"apt-get could not install rabbitmq-server ({' '.join(errors[-2:])}): see {log}, mend apt, and type it again · "
            "安装 RabbitMQ 失败，详见日志"
        )


def _unit_is_known(unit: str) -> bool:
    return any((directory / unit).exists() for directory in UNIT_DIRECTORIES)


def _take_out_of_boot(units: list[str]) -> None:
    """A package that we installed must not bring up a broker on 5672, neither now nor at the next boot."""
    if units and shutil.which("systemctl"):
        now = ["--now"] if Path("/run/systemd/system").is_dir() else []
        subprocess.run(["systemctl", "disable", *now, *units], capture_output=True, check=False)


@contextmanager
def _services_held_back() -> Iterator[None]:
    """policy-rc.d is how Debian asks whether a package may start its service. One that exists is left alone."""
    if POLICY.exists():
        yield
        return
    with POLICY.open("x", encoding="ascii") as file:
        file.write(POLICY_TEXT)
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        if POLICY.exists() and POLICY.read_text(encoding="ascii", errors="replace") == POLICY_TEXT:
            POLICY.unlink()
