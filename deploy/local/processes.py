"""One operating-system process with its group, its log file and its end."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from deploy.local.trouble import Trouble

ROOT = Path(__file__).resolve().parents[2]
STOP_SECONDS = 20.0
LOG_BYTES = 20_000_000


@dataclass(frozen=True)
class Identity:
    """A process that cannot be mistaken for a later one with the same number."""

    pid: int
    created: float
    """Seconds since 1970 by the kernel's reckoning, as psutil gives it."""

    @classmethod
    def of(cls, pid: int) -> Identity:
        return cls(pid, psutil.Process(pid).create_time())

    def alive(self) -> bool:
        try:
            process = psutil.Process(self.pid)
            return abs(process.create_time() - self.created) < 0.05 and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False


class Process:
    """Starts `argv` as the leader of its own session, so that a Ctrl-C at the terminal reaches the supervisor alone.

    Output goes straight to `log`: the child outlives no pipe, and a supervisor that was killed leaves the log whole.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str | Path],
        env: Mapping[str, str],
        log: Path,
        *,
        cwd: Path = ROOT,
        stop_seconds: float = STOP_SECONDS,
    ) -> None:
        self.name = name
        self.argv = [str(part) for part in argv]
        self.env = dict(env)
        self.log = log
        self.cwd = cwd
        self.stop_seconds = stop_seconds
        self._child: subprocess.Popen[bytes] | None = None
        self._identity: Identity | None = None
        self._log_start = 0
        self._lock = threading.RLock()

    def start(self) -> None:
        """Raises Trouble when the program cannot be started at all."""
        with self._lock:
            if self.alive:
                return
            self._end_group()
            self.log.parent.mkdir(parents=True, exist_ok=True)
            if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
                self.log.replace(self.log.with_suffix(self.log.suffix + ".1"))
            with self.log.open("ab") as out:
                self._log_start = out.tell()
                try:
                    self._child = subprocess.Popen(
                        self.argv,
                        env=self.env,
                        cwd=self.cwd,
                        stdin=subprocess.DEVNULL,
                        stdout=out,
                        stderr=subprocess.STDOUT,
                        start_new_session=True,
                    )
                except OSError as error:
                    raise Trouble(f"{self.name} cannot be started ({error.strerror}: {self.argv[0]})") from error
            self._identity = None
            with suppress(psutil.Error):
                self._identity = Identity.of(self._child.pid)

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child is not None else None

    @property
    def identity(self) -> Identity | None:
        return self._identity

    @property
    def alive(self) -> bool:
        return self._child is not None and self._child.poll() is None

    @property
    def returncode(self) -> int | None:
        """As subprocess has it: negative for a signal, None while it runs or before it ran."""
        return self._child.poll() if self._child is not None else None

    def listens(self, port: int) -> bool:
        """Whether this very process has the port."""
        if not self.alive or self.pid is None:
            return False
        with suppress(psutil.Error):
            connections = psutil.Process(self.pid).net_connections("tcp")
            return any(each.status == psutil.CONN_LISTEN and each.laddr.port == port for each in connections)
        return False

    def stop(self) -> None:
        """SIGTERM to the group, at most `stop_seconds` for the leader, then SIGKILL to what is left."""
        with self._lock:
            if self._child is None:
                return
            if self.alive:
                self._signal(signal.SIGTERM)
                with suppress(subprocess.TimeoutExpired):
                    self._child.wait(self.stop_seconds)
            self._end_group()

    def kill(self) -> None:
        """SIGKILL to the whole group, as a power cut would."""
        with self._lock:
            self._end_group()

    def wait(self, seconds: float) -> int | None:
        """The return code, or None when it still runs after `seconds`."""
        if self._child is None:
            return None
        with suppress(subprocess.TimeoutExpired):
            return self._child.wait(seconds)
        return None

    def output(self) -> str:
        """What this run (not an earlier one) has written so far."""
        try:
            with self.log.open("rb") as file:
                file.seek(self._log_start)
                return file.read().decode("utf-8", errors="replace")
        except OSError:
            return ""

    def last_lines(self, count: int = 15) -> list[str]:
        return self.output().splitlines()[-count:]

    def _signal(self, number: signal.Signals) -> None:
        if self._child is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._child.pid, number)

    def _end_group(self) -> None:
        # Also when the leader is dead: its children may not be.
        self._signal(signal.SIGKILL)
        if self._child is not None:
            self._child.wait()


def wait_for(condition: Callable[[], bool], seconds: float, process: Process, what: str) -> None:
    """Poll until `condition` holds. Raises Trouble with the process's last log lines when it dies or the time is over."""
    deadline = time.monotonic() + seconds
    while not condition():
        if not process.alive:
            raise Trouble(describe_end(process, f"before it was {what}"))
        if time.monotonic() > deadline:
            raise Trouble(describe_end(process, f"and is not {what} after {seconds:.0f} s"))
        time.sleep(0.05)


def run_once(process: Process, seconds: float) -> None:
    """Run to the end. Raises Trouble with the last log lines when it fails or takes longer."""
    process.start()
    if process.wait(seconds) is None:
        trouble = Trouble(describe_end(process, f"and did not end within {seconds:.0f} s"))
        process.kill()
        raise trouble
    if process.returncode != 0:
        raise Trouble(describe_end(process, "before its work was done"))


def describe_end(process: Process, when: str) -> str:
    """What happened to it, where its log is, and the log's last lines."""
    state = "runs" if process.alive else f"ended (code {process.returncode})"
    lines = "\n".join(f"  {process.name} | {line}" for line in process.last_lines()) or "  (it wrote nothing)"
    return f"{process.name} {state} {when}; the end of {process.log}:\n{lines}"


def end_leftovers(identity: Identity, local_dir: Path, seconds: float = STOP_SECONDS) -> int:
    """End the group of a process that a supervisor before us started in `local_dir` and did not stop; how many there were."""
    members = _group(identity, local_dir)
    count = len(members)
    for number in (signal.SIGTERM, signal.SIGKILL):
        for member in members:
            with suppress(psutil.Error):
                member.send_signal(number)
        members = _still_running(members, seconds)
    return count


def _still_running(members: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that have not ended within that time. Whoever adopted them may take seconds to notice that one has ended: a zombie has."""
    deadline = time.monotonic() + seconds
    while (left := [member for member in members if _runs(member)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def _runs(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def _group(identity: Identity, local_dir: Path) -> list[psutil.Process]:
    """Members of the recorded group that carry our mark; a number that was given to a stranger since finds nobody."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, ProcessLookupError, PermissionError):
            if os.getpgid(process.pid) != identity.pid or process.create_time() < identity.created - 0.05:
                continue
            if process.pid == identity.pid and not identity.alive():
                continue
            if process.environ().get("MINYI_LOCAL_DIR") == str(local_dir):
                found.append(process)
    return found
