"""python -m deploy.local up | down | status | restart | kill | env | keys"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from deploy.local.health import rows_of, state_of, table
from deploy.local.keys import ensure_keys
from deploy.local.local_directory import Recorded, Run, end_stale, read_run, running
from deploy.local.logs import Follower
from deploy.local.processes import ROOT, STOP_SECONDS
from deploy.local.signals import Asked, ended_by_signals
from deploy.local.supervisor import System
from deploy.local.trouble import Trouble

app = typer.Typer(help="Minyi on one machine: broker, store, services, gateway.", no_args_is_help=True, add_completion=False)
out = Console(highlight=False, soft_wrap=True)
COLOURS = ("cyan", "green", "yellow", "magenta", "blue", "bright_cyan", "bright_green", "bright_magenta")
DOWN_SECONDS = 3 * STOP_SECONDS

LocalDir = Annotated[Path, typer.Option("--local-dir", envvar="MINYI_LOCAL_DIR", help="Data, keys, logs and state of this installation.")]
DEFAULT_DIR = ROOT / ".local"


@app.command()
def up(
    detach: Annotated[bool, typer.Option(help="Return when all is ready; stop it with `down`.")] = False, local_dir: LocalDir = DEFAULT_DIR
) -> None:
    """Start everything and show its addresses and logs; Ctrl-C stops it."""
    run = running(local_dir)
    if run is not None:
        out.print("It is running already · 系统已在运行")
        out.print(table(rows_of(run)))
        return
    if detach:
        _up_detached(local_dir)
    else:
        _up(local_dir)


def _up(local_dir: Path) -> None:
    system = System(local_dir, say=say)
    follower = Follower(system.logs, lambda: list(system.processes), _show_line)
    try:
        with ended_by_signals(), system:
            out.print(table(system.health()))
            out.print("Ctrl-C stops it · 按 Ctrl-C 停止")
            follower.start()
            threading.Event().wait()
    except Asked:
        out.print("stopped · 已停止")
    except Trouble as trouble:
        _fail(trouble)
    finally:
        follower.stop()


def _up_detached(local_dir: Path) -> None:
    log = local_dir.resolve() / "logs" / "supervisor.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as file:
        child = subprocess.Popen(
            [sys.executable, "-m", "deploy.local", "up", "--local-dir", str(local_dir.resolve())],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    with out.status("starting · 正在启动"):
        while True:
            run = running(local_dir)
            if run is not None and run.supervisor.pid == child.pid and run.ready:
                break
            if child.poll() is not None:
                sys.stderr.write(log.read_text(encoding="utf-8", errors="replace"))
                raise typer.Exit(1)
            time.sleep(0.1)
    out.print(table(rows_of(run)))
    out.print("`make down` stops it · 停止：make down")


@app.command()
def down(local_dir: LocalDir = DEFAULT_DIR) -> None:
    """Stop everything that `up` started."""
    local_dir = local_dir.resolve()
    run = read_run(local_dir)
    if run is None:
        out.print("nothing runs here · 没有正在运行的系统")
        return
    if run.alive():
        os.kill(run.supervisor.pid, signal.SIGTERM)
        if not _until(lambda: not run.alive(), DOWN_SECONDS):
            pid = run.supervisor.pid
            _fail(Trouble(f"the supervisor (pid {pid}) did not end within {DOWN_SECONDS:.0f} s: type `kill -9 {pid}`, then `make down`"))
    ended = end_stale(local_dir)
    out.print(f"stopped · 已停止{f' ({ended} left-over processes of a killed supervisor)' if ended else ''}")


@app.command()
def status(as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False, local_dir: LocalDir = DEFAULT_DIR) -> None:
    """Show addresses and health. Exit code 0 when all is ready, 1 when something is not, 3 when nothing runs."""
    run = read_run(local_dir.resolve())
    if run is None or not run.alive():
        left = [process.name for process in run.processes if process.alive()] if run is not None else []
        if as_json:
            out.print_json(json.dumps({"running": False, "leftOver": left, "processes": []}))
        elif left:
            out.print(f"the supervisor is gone, but these still run: {', '.join(left)}; type `make down`")
        else:
            out.print("nothing runs here · 没有正在运行的系统")
        raise typer.Exit(3)
    rows = rows_of(run)
    if as_json:
        processes = [{"name": row.name, "address": row.address, "pid": row.pid, "state": row.state} for row in rows]
        out.print_json(json.dumps({"running": True, "startedAt": run.started_at, "leftOver": [], "processes": processes}))
    else:
        out.print(table(rows))
    raise typer.Exit(0 if all(row.state == "ready" for row in rows) else 1)


@app.command()
def restart(name: str, local_dir: LocalDir = DEFAULT_DIR) -> None:
    """Stop one process in good order; the supervisor starts it again."""
    _end_one(name, signal.SIGTERM, local_dir)


@app.command()
def kill(name: str, local_dir: LocalDir = DEFAULT_DIR) -> None:
    """Kill one process (SIGKILL), as a crash would; the supervisor starts it again."""
    _end_one(name, signal.SIGKILL, local_dir)


@app.command()
def env(local_dir: LocalDir = DEFAULT_DIR) -> None:
    """Print the running system's settings, for a shell: eval "$(python -m deploy.local env)"."""
    run = _running_or_fail(local_dir)
    for key, value in sorted(run.environment.items()):
        sys.stdout.write(f"export {key}={shlex.quote(value)}\n")


@app.command()
def keys(local_dir: LocalDir = DEFAULT_DIR) -> None:
    """Make the key files that are missing; touch none that exists."""
    ensure_keys(local_dir.resolve() / "keys")
    out.print(f"keys are in {local_dir.resolve() / 'keys'}; back them up apart from the data")


def _end_one(name: str, number: signal.Signals, local_dir: Path) -> None:
    local_dir = local_dir.resolve()
    run = _running_or_fail(local_dir)
    process = run.process(name)
    if process is None:
        _fail(Trouble(f"no process {name!r}: there are {', '.join(process.name for process in run.processes)}"))
    if process.alive():
        os.killpg(process.pid, number)
    if not _until(lambda: not process.alive(), STOP_SECONDS):
        os.killpg(process.pid, signal.SIGKILL)
    if not _until(lambda: _came_back(local_dir, process), 60):
        _fail(Trouble(f"{name} did not come back within 60 s: see {local_dir / 'logs' / name}.log"))
    out.print(f"{name} is back · {name} 已恢复")


def _came_back(local_dir: Path, old: Recorded) -> bool:
    run = running(local_dir)
    now = run.process(old.name) if run is not None else None
    if run is None or now is None or now.identity == old.identity or not now.alive():
        return False
    return state_of(run, now.name) == "ready"


def _running_or_fail(local_dir: Path) -> Run:
    run = running(local_dir)
    if run is None:
        _fail(Trouble("nothing runs here: type `make up`"))
    return run


def say(line: str) -> None:
    """One line from the supervisor itself."""
    out.print(f"[bold]supervisor[/] | {line}" if "\n" not in line else line, markup="\n" not in line)


def _show_line(name: str, line: str) -> None:
    colour = COLOURS[sum(name.encode()) % len(COLOURS)]
    out.print(f"[{colour}]{name:>15}[/] | ", end="")
    out.print(line, markup=False)


def _until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


def _fail(trouble: Trouble) -> NoReturn:
    sys.stderr.write(f"{trouble}\n")
    raise typer.Exit(1)


if __name__ == "__main__":
    app()
