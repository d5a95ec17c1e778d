"""The commands that only look: status, logs, doctor."""

from __future__ import annotations

import asyncio
import os
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from deploy.local import health, log_lines
from deploy.local.inspection import Work, work_in_progress
from deploy.local.local_directory import Run, read_run, running
from deploy.local.logs import Follower
from deploy.local.signals import Asked, ended_by_signals
from deploy.local.terminal import DEFAULT_DIR, AsJson, LocalDir, fail, out, print_json, print_json_line, show_line
from deploy.local.trouble import Trouble

if TYPE_CHECKING:
    from deploy.local.doctor.findings import Finding

NOT_RUNNING = 3


def status(as_json: AsJson = False, local_dir: LocalDir = DEFAULT_DIR) -> None:
    """Show processes, queues, outboxes, blocked grievances, dead letters. · 查看运行状态

    Exit code 0 when all processes are ready, 1 when one is not, 3 when nothing runs.
    """
    run = read_run(local_dir.resolve())
    if run is None or not run.alive():
        _say_nothing_runs(run, as_json)
        raise typer.Exit(NOT_RUNNING)
    with out.status("asking processes, broker and store · 正在查询"):
        rows = health.rows_of(run)
        work = asyncio.run(work_in_progress(run.environment))
    if as_json:
        processes = [asdict(row) for row in rows]
        print_json({"running": True, "startedAt": run.started_at, "leftOver": [], "processes": processes, **_as_json(work)})
    else:
        out.print(health.table(rows))
        _show_work(work)
    raise typer.Exit(0 if all(row.state == "ready" for row in rows) else 1)


def _say_nothing_runs(run: Run | None, as_json: bool) -> None:
    left = [process.name for process in run.processes if process.alive()] if run is not None else []
    if as_json:
        print_json({"running": False, "leftOver": left, "processes": []})
    elif left:
        out.print(f"the supervisor is gone, but these still run: {', '.join(left)}; type `make down` · 主控进程已退出，请运行 make down")
    else:
        out.print("nothing runs here · 没有正在运行的系统")


def _as_json(work: Work) -> dict[str, Any]:
    return {
        "queues": [asdict(queue) for queue in work.queues],
        "outboxes": [
            {"service": each.service, "documents": each.documents, "oldestSeconds": each.oldest_seconds} for each in work.outboxes
        ],
        "blocked": [asdict(each) for each in work.blocked],
        "deadLetters": work.dead,
        "troubles": work.troubles,
    }


def _show_work(work: Work) -> None:
    queues = Table(title="队列 · queues", title_justify="left")
    for heading in ("queue · 队列", "waiting · 待处理", "consumers · 消费者"):
        queues.add_column(heading, overflow="fold")
    for queue in work.queues:
        if queue.messages is None:
            queues.add_row(queue.name, "[red]missing · 不存在[/]", "")
        elif queue.messages or ".retry." not in queue.name:
            dead = queue.name.endswith(".dead") and queue.messages
            queues.add_row(queue.name, f"[red]{queue.messages}[/]" if dead else str(queue.messages), str(queue.consumers))
    out.print(queues)
    services = Table(title="各服务 · services", title_justify="left")
    for heading in ("service · 服务", "unsent documents · 待发文档", "oldest · 最久", "blocked · 受阻诉求", "dead letters · 死信"):
        services.add_column(heading, overflow="fold")
    for box in work.outboxes:
        blocked = sum(1 for each in work.blocked if each.service == box.service)
        oldest = f"{box.oldest_seconds:.0f} s" if box.oldest_seconds is not None else "—"
        services.add_row(box.service, str(box.documents), oldest, str(blocked), str(work.dead.get(box.service, "?")))
    out.print(services)
    for each in work.blocked[:20]:
        out.print(f"[red]blocked · 受阻[/] {each.service} {each.document}: {escape(each.source)} {each.sequence}, {escape(each.reason)}")
    for trouble in work.troubles:
        out.print(f"[red]{trouble}[/]")


def logs(
    names: Annotated[list[str] | None, typer.Argument(help="routing-worker gateway; all when none is named.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C. · 持续显示")] = False,
    since: Annotated[str, typer.Option(help="10m, 2h, or 2026-11-25T09:30. · 起始时间")] = "",
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="At most the last N. · 最后 N 行")] = 100,
    as_json: AsJson = False,
    local_dir: LocalDir = DEFAULT_DIR,
) -> None:
    """Show the processes' logs, merged by time. · 查看日志"""
    directory = local_dir.resolve() / "logs"
    try:
        begin = log_lines.since(since, datetime.now(UTC)) if since else log_lines.LONG_AGO
        files = log_lines.log_files(directory, names or [])
    except Trouble as trouble:
        fail(trouble)

    def show(name: str, line: str) -> None:
        if as_json:
            at = log_lines.time_of(line)
            print_json_line({"process": name, "at": at.isoformat() if at else None, "line": line})
        else:
            show_line(name, line)

    # Made before the files are read: what is written meanwhile is shown twice rather than not at all.
    follower = Follower(directory, lambda: names or [path.stem for path in sorted(directory.glob("*.log"))], show, whole=bool(names))
    for line in log_lines.read_lines(files, begin, lines, whole=bool(names)):
        show(line.process, line.text)
    if follow:
        try:
            with ended_by_signals():
                follower.run()
        except Asked:
            return


def doctor(as_json: AsJson = False, local_dir: LocalDir = DEFAULT_DIR) -> None:
    """Look for what is wrong and name its mend: settings, keys, clock, disk, broker, topology, store, indexes, work. · 体检

    Looks at the system that runs here, else at what this shell's MINYI_RABBITMQ_URL and MINYI_MONGODB_URL name.
    Exit code 1 when anything is wrong.
    """
    # It knows what the services declare, and so loads most of them: two thirds of any command's start.
    from deploy.local.doctor import examine

    local_dir = local_dir.resolve()
    with out.status("examining · 正在检查") as spinner:
        found = asyncio.run(examine(os.environ, local_dir, running(local_dir), lambda title: spinner.update(f"{title} …")))
    if as_json:
        print_json({"healthy": not any(one.wrong for one in found), "findings": [one.as_json() for one in found]})
    else:
        for one in found:
            _show_finding(one)
        wrong = sum(one.wrong for one in found)
        out.print(f"[red]{wrong} to mend · {wrong} 处待修复[/]" if wrong else "[green]all is well · 一切正常[/]")
    raise typer.Exit(1 if any(one.wrong for one in found) else 0)


def _show_finding(one: Finding) -> None:
    mark = {"ok": "[green]✓[/]", "note": "[yellow]·[/]", "wrong": "[red]✗[/]"}[one.state]
    out.print(f"{mark} [bold]{one.check}[/]  {escape(one.line)}")
