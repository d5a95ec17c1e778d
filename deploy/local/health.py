"""The health of a running system, asked from outside: by its run file, its protocols and /readyz."""

from __future__ import annotations

from rich.table import Table

from deploy.local.broker import broker_answers
from deploy.local.local_directory import Run
from deploy.local.service import answers
from deploy.local.store import store_answers
from deploy.local.supervisor import Health


def state_of(run: Run, name: str) -> str:
    """From outside: broker and store by their protocol, ours by /readyz, epmd by being there."""
    process = run.process(name)
    if name == "broker":
        ready = broker_answers(run.environment.get("MINYI_RABBITMQ_URL", ""))
    elif name == "store":
        ready = store_answers(run.environment.get("MINYI_MONGODB_URL", ""))
    elif name in run.urls:
        ready = answers(f"{run.urls[name]}/readyz")
    else:
        ready = process is not None and process.alive()
    return "ready" if ready else "starting" if process is not None and process.alive() else "stopped"


def rows_of(run: Run) -> list[Health]:
    rows = []
    for name, address in (*run.parts.items(), *run.urls.items()):
        process = run.process(name)
        rows.append(Health(name, address, process.pid if process is not None else None, state_of(run, name)))
    return rows


def table(rows: list[Health]) -> Table:
    """The table of addresses and health."""
    shown = Table(title="民意 · Minyi", title_justify="left")
    for heading in ("process · 进程", "address · 地址", "pid", "health · 状态"):
        shown.add_column(heading, overflow="fold")
    marks = {"ready": "[green]ready · 就绪[/]", "starting": "[yellow]starting · 启动中[/]", "stopped": "[red]stopped · 已停止[/]"}
    for row in rows:
        shown.add_row(row.name, row.address, str(row.pid or ""), marks[row.state])
    return shown
