"""python -m deploy.local up | down | status | logs | scale | restart | kill | doctor | env | keys"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Annotated

import typer

from deploy.local import looking
from deploy.local.environment_names import KNOWN
from deploy.local.health import rows_of, state_of, table
from deploy.local.keys import ensure_keys
from deploy.local.local_directory import Recorded, end_stale, read_run, running
from deploy.local.logs import Follower
from deploy.local.processes import ROOT, STOP_SECONDS
from deploy.local.reloading import Reloader
from deploy.local.scaling import parse, read_wanted, replica_names, write_wanted
from deploy.local.signals import Asked, ended_by_signals
from deploy.local.supervisor import System
from deploy.local.terminal import DEFAULT_DIR, AsJson, LocalDir, fail, out, print_json, running_or_fail, say, show_line, until
from deploy.local.trouble import Trouble
from shared.settings import report_misspelt

app = typer.Typer(
    help="Minyi on one machine: broker, store, services, gateway. · 在一台机器上运行民意系统。", no_args_is_help=True, add_completion=False
)
DOWN_SECONDS = 3 * STOP_SECONDS
BACK_SECONDS = 60.0


@app.callback()
def before_every_command() -> None:
    report_misspelt(os.environ, KNOWN)


@app.command()
def up(
    detach: Annotated[bool, typer.Option(help="Return when all is ready; stop it with `down`. · 就绪后返回")] = False,
    reload: Annotated[bool, typer.Option(help="Restart what is concerned when a source file changes. · 源码变更时自动重启")] = False,
    local_dir: LocalDir = DEFAULT_DIR,
) -> None:
    """Start everything and show its addresses and logs; Ctrl-C stops it. · 启动全部进程"""
    run = running(local_dir)
    if run is not None:
        out.print("It is running already · 系统已在运行")
        out.print(table(rows_of(run)))
        return
    if detach:
        _up_detached(local_dir, reload)
    else:
        _up(local_dir, reload)


def _up(local_dir: Path, reload: bool) -> None:
    system = System(local_dir, say=say)
    follower = Follower(system.logs, lambda: list(system.processes), show_line)
    reloader = Reloader(system, say) if reload else None
    try:
        with ended_by_signals(), system:
            out.print(table(system.health()))
            out.print("Ctrl-C stops it · 按 Ctrl-C 停止")
            follower.start()
            if reloader is not None:
                reloader.start()
            threading.Event().wait()
    except Asked:
        out.print("stopped · 已停止")
    except Trouble as trouble:
        fail(trouble)
    finally:
        follower.stop()


def _up_detached(local_dir: Path, reload: bool) -> None:
    log = local_dir.resolve() / "logs" / "supervisor.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as file:
        child = subprocess.Popen(
            [sys.executable, "-m", "deploy.local", "up", "--local-dir", str(local_dir.resolve()), *(["--reload"] if reload else [])],
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
    """Stop everything that `up` started. · 停止全部进程"""
    local_dir = local_dir.resolve()
    run = read_run(local_dir)
    if run is None:
        out.print("nothing runs here · 没有正在运行的系统")
        return
    if run.alive():
        os.kill(run.supervisor.pid, signal.SIGTERM)
        with out.status("stopping · 正在停止"):
            ended_in_time = until(lambda: not run.alive(), DOWN_SECONDS)
        if not ended_in_time:
            pid = run.supervisor.pid
            fail(
                Trouble(
                    f"the supervisor (pid {pid}) did not end within {DOWN_SECONDS:.0f} s: type `kill -9 {pid}`, then `make down` · "
                    f"主控进程未能按时结束：请执行 kill -9 {pid} 后再运行 make down"
                )
            )
    ended = end_stale(local_dir)
    out.print(f"stopped · 已停止{f' ({ended} left-over processes of a killed supervisor)' if ended else ''}")


app.command()(looking.status)
app.command()(looking.logs)
app.command()(looking.doctor)


@app.command()
def scale(
    wishes: Annotated[list[str], typer.Argument(metavar="NAME=COUNT…", help="routing-worker=3 feedback-api=2")],
    as_json: AsJson = False,
    local_dir: LocalDir = DEFAULT_DIR,
) -> None:
    """Run COUNT processes of a kind, each further one at a port of its own; kept for the next `up`. · 伸缩进程数

    Workers share their queue. The gateway asks the first api of a service; further ones are for a load balancer of yours.
    """
    local_dir = local_dir.resolve()
    try:
        wanted = dict(parse(wish) for wish in wishes)
    except Trouble as trouble:
        fail(trouble)
    running_or_fail(local_dir)
    write_wanted(local_dir, {**read_wanted(local_dir), **wanted})
    with out.status("scaling · 正在伸缩"):
        done = until(lambda: all(_as_many(local_dir, name, count) for name, count in wanted.items()), BACK_SECONDS + STOP_SECONDS)
    if not done:
        names = ", ".join(wanted)
        fail(Trouble(f"{names}: not as many as wanted are ready: type `python -m deploy.local status` · 进程数尚未达到：请查看 status"))
    if as_json:
        print_json(wanted)
    else:
        out.print("\n".join(f"{name}: {count} · 现有 {count} 个进程" for name, count in wanted.items()))


@app.command()
def restart(name: str, local_dir: LocalDir = DEFAULT_DIR) -> None:
    """Stop one process in good order; the supervisor starts it again. · 重启一个进程"""
    _end_one(name, signal.SIGTERM, local_dir)


@app.command()
def kill(name: str, local_dir: LocalDir = DEFAULT_DIR) -> None:
    """Kill one process (SIGKILL), as a crash would; the supervisor starts it again. · 强行结束一个进程"""
    _end_one(name, signal.SIGKILL, local_dir)


@app.command()
def env(as_json: AsJson = False, local_dir: LocalDir = DEFAULT_DIR) -> None:
    """Print the running system's settings, for a shell: eval "$(python -m deploy.local env)". · 输出运行环境变量"""
    run = running_or_fail(local_dir)
    if as_json:
        print_json(run.environment)
        return
    for key, value in sorted(run.environment.items()):
        sys.stdout.write(f"export {key}={shlex.quote(value)}\n")


@app.command()
def rebuild(local_dir: LocalDir = DEFAULT_DIR) -> None:
    """Make all histories anew from their events, beside what is served. · 由事件重建全部时间线"""
    environment = {**os.environ, **running_or_fail(local_dir).environment}
    queue = f"{environment['MINYI_PREFIX']}.feedback.rebuild"
    sending = ["republish", "--from", "2000-01-01", "--queue", queue]

    def begun(name: str, *step: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", f"services.{name}", *step], cwd=ROOT, env=environment)

    senders = [begun(name, *sending) for name in ("intake", "routing")]
    sent = [process.wait() for process in senders]
    # Not beside them: whoever sends makes the queue where it is not there, and a rebuild that is done has taken it away.
    if any(sent) or begun("feedback", "rebuild").wait():
        raise typer.Exit(1)


@app.command()
def keys(local_dir: LocalDir = DEFAULT_DIR) -> None:
    """Make the key files that are missing; touch none that exists. · 生成缺少的密钥"""
    ensure_keys(local_dir.resolve() / "keys")
    out.print(f"keys are in {local_dir.resolve() / 'keys'}; back them up apart from the data · 密钥已就绪，请与数据分开备份")


def _as_many(local_dir: Path, name: str, count: int) -> bool:
    """Whether exactly the wanted processes of a kind are there, and ready."""
    run = running(local_dir)
    if run is None:
        return False
    names = {process.name for process in run.processes if process.name == name or process.name.startswith(f"{name}-")}
    return names == set(replica_names(name, count)) and all(state_of(run, each) == "ready" for each in names)


def _end_one(name: str, number: signal.Signals, local_dir: Path) -> None:
    local_dir = local_dir.resolve()
    run = running_or_fail(local_dir)
    process = run.process(name)
    if process is None:
        names = ", ".join(process.name for process in run.processes)
        fail(Trouble(f"no process {name!r}: there are {names} · 没有进程 {name}"))
    with out.status(f"{name}: restarting · 正在重启"):
        if process.alive():
            os.killpg(process.pid, number)
        if not until(lambda: not process.alive(), STOP_SECONDS):
            os.killpg(process.pid, signal.SIGKILL)
        back = until(lambda: _came_back(local_dir, process), BACK_SECONDS)
    if not back:
        where = f"python -m deploy.local logs {name}"
        fail(Trouble(f"{name} did not come back within {BACK_SECONDS:.0f} s: type `{where}` · {name} 未能恢复：请执行 {where}"))
    out.print(f"{name} is back · {name} 已恢复")


def _came_back(local_dir: Path, old: Recorded) -> bool:
    run = running(local_dir)
    now = run.process(old.name) if run is not None else None
    if run is None or now is None or now.identity == old.identity or not now.alive():
        return False
    return state_of(run, now.name) == "ready"


if __name__ == "__main__":
    app()
