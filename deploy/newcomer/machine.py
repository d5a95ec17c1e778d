"""A bare Debian 12 to type the README's commands on: a root folder made by debootstrap, and per case an overlay that is thrown away.

Needs root, debootstrap and overlayfs. The registries are those of the machine that runs this: its resolver and its certificates are
copied in, nothing else. Processes of one command live in a PID namespace of their own and end with it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.processes import ROOT

SUITE = "bookworm"
# What the README's one line before the two commands names, and the certificates without which no registry is reached.
PACKAGES = "make,python3,python3-venv,ca-certificates"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
COPIED = (Path("/etc/resolv.conf"), CERTIFICATES)
# What `make env` is made from.
ENVIRONMENT = ("pyproject.toml", "constraints.txt", "deploy/requirements.py", "deploy/environment.py")
CHECKOUT = "/home/city/minyi"
USER = "city"


@dataclass(frozen=True)
class Ran:
    """One command's end. `output` is both streams as a person sees them."""

    code: int
    output: str

    @property
    def last_line(self) -> str:
        return next((line for line in reversed(self.output.splitlines()) if line.strip()), "")


class Machine:
    """A running overlay at `root`. Commands run as `city`, who owns the checkout, or as root."""

    def __init__(self, root: Path, logs: Path) -> None:
        self.root = root
        self._logs = logs

    def run(
        self,
        command: str,
        *,
        user: str = "root",
        env: Mapping[str, str] | None = None,
        network: bool = True,
        before: str = "true",
        seconds: float = 900,
    ) -> Ran:
        """Type one line in the checkout and wait for its end. `before` runs as root in the same namespaces (mounts, limits)."""
        log = self._log()
        with log.open("wb") as out:
            code = subprocess.run(
                self._argv(command, user, env or {}, network, before),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                timeout=seconds,
                check=False,
            ).returncode
        return Ran(code, log.read_text(encoding="utf-8", errors="replace"))

    @contextmanager
    def running(self, command: str, *, user: str = "root") -> Iterator[subprocess.Popen[bytes]]:
        """A command in the background, a stranger's broker say; it ends, with all that it started, at the end of the block."""
        with self._log().open("wb") as out:
            process = subprocess.Popen(
                self._argv(command, user, {}, True, "true"), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
            )
            try:
                yield process
            finally:
                process.kill()
                process.wait()

    def write(self, path: str, text: str) -> None:
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def _argv(self, command: str, user: str, env: Mapping[str, str], network: bool, before: str) -> list[str]:
        home = "/root" if user == "root" else f"/home/{user}"
        variables = {
            "HOME": home,
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "TERM": "dumb",
            "PIP_CERT": str(CERTIFICATES),
            "SSL_CERT_FILE": str(CERTIFICATES),
            "NODE_EXTRA_CA_CERTS": str(CERTIFICATES),
            **env,
        }
        inside = [f"{name}={value}" for name, value in variables.items()]
        enter = (
            'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && mount -t sysfs sysfs "$0/sys" || exit 99; '
            'cd "$0" && { ' + before + '; } || exit 98; shift 0; exec chroot --userspec="$1" "$0" env -i "${@:2}"'
        )
        apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child", *([] if network else ["--net"])]
        shell = ["sh", "-c", f"cd {CHECKOUT} && {command}"]
        return [*apart, "bash", "-c", enter, str(self.root), f"{user}:{user}", *inside, *shell]

    def _log(self) -> Path:
        self._logs.mkdir(parents=True, exist_ok=True)
        return self._logs / f"{len(list(self._logs.iterdir())) + 1}.log"


class Machines:
    """Makes machines from one base that is kept in `place` between runs."""

    def __init__(self, place: Path) -> None:
        self._place = place.resolve()

    @contextmanager
    def bare(self, name: str) -> Iterator[Machine]:
        """Debian with make, python3 and python3-venv, a user, and this repository's last commit as a checkout."""
        with self._overlay(name, [self._base()]) as machine:
            yield machine

    @contextmanager
    def prepared(self, name: str) -> Iterator[Machine]:
        """The same after `make env` and `apt-get install rabbitmq-server`, which are done again only when the packages change."""
        with self._overlay(name, [self._prepared(), self._base()]) as machine:
            yield machine

    def _base(self) -> Path:
        base = self._place / "base"
        if not (base / ".complete").exists():
            shutil.rmtree(base, ignore_errors=True)
            base.mkdir(parents=True)
            subprocess.run(["debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(base)], check=True, capture_output=True)
            for file in COPIED:
                shutil.copy(file, base / str(file).lstrip("/"))
            # Debian's installer writes this; debootstrap leaves it to whoever calls.
            (base / "etc/hosts").write_text("127.0.0.1 localhost\n", encoding="ascii")
            subprocess.run(["chroot", str(base), "useradd", "--create-home", USER], check=True)
            (base / ".complete").touch()
        return base

    def _prepared(self) -> Path:
        done = self._place / "prepared" / "upper"
        wanted = hashlib.sha256(b"".join((ROOT / file).read_bytes() for file in ENVIRONMENT)).hexdigest()
        mark = self._place / "prepared.sha256"
        if not mark.exists() or mark.read_text(encoding="ascii") != wanted:
            with self._overlay("prepared", [self._base()], keep=True) as machine:
                for command, user in (
                    ("make env", USER),
                    ("apt-get update && apt-get install -y --no-install-recommends rabbitmq-server", "root"),
                ):
                    ran = machine.run(command, user=user, env={"DEBIAN_FRONTEND": "noninteractive"})
                    if ran.code != 0:
                        raise RuntimeError(ran.output[-2000:])
            mark.write_text(wanted, encoding="ascii")
        return done

    @contextmanager
    def _overlay(self, name: str, lower: list[Path], *, keep: bool = False) -> Iterator[Machine]:
        place = self._place / name
        shutil.rmtree(place, ignore_errors=True)
        upper, work, merged = place / "upper", place / "work", place / "merged"
        for directory in (upper, work, merged):
            directory.mkdir(parents=True)
        options = f"lowerdir={':'.join(map(str, lower))},upperdir={upper},workdir={work}"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, str(merged)], check=True)
        try:
            _check_out(merged)
            yield Machine(merged, place / "logs")
        finally:
            subprocess.run(["umount", "--lazy", str(merged)], check=True)
            if not keep:
                shutil.rmtree(upper, ignore_errors=True)


def _check_out(root: Path) -> None:
    """This repository's last commit, owned by the user; what stands there already (the environment) is kept."""
    checkout = root / CHECKOUT.lstrip("/")
    if checkout.exists():
        git = ["git", "-c", f"safe.directory={checkout}", "-C", str(checkout)]
        subprocess.run([*git, "fetch", "--quiet", str(ROOT), "HEAD"], check=True)
        # Without it, reset writes every file anew, and make takes the environment for stale.
        subprocess.run([*git, "update-index", "-q", "--refresh"], check=False)
        subprocess.run([*git, "reset", "--quiet", "--hard", "FETCH_HEAD"], check=True)
    else:
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(checkout)], check=True)
    subprocess.run(["chroot", str(root), "chown", "-R", "--from=root:root", f"{USER}:{USER}", CHECKOUT], check=True)


def can_run() -> str:
    """Empty when this machine can make bare ones, else what is missing and what to type."""
    if os.geteuid() != 0:
        return "bare machines are made with chroot and overlayfs: type `sudo make newcomer`"
    if shutil.which("debootstrap") is None:
        return "debootstrap is missing: type `apt-get install debootstrap`"
    return ""
