"""python -m deploy.demo [--once] [--messages N] [--speed real] [--local-dir DIR]: start everything, play, account, stay up."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import aiohttp
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from deploy.demo import batch, overdue, story
from deploy.demo.accounting import Account, account, acknowledged, broker_of
from deploy.demo.calendar import begin, by_day
from deploy.demo.client import Client, DemoFailed
from deploy.local.environment_names import KNOWN
from deploy.local.health import rows_of, table
from deploy.local.local_directory import Run, running
from deploy.local.processes import ROOT
from deploy.local.signals import Asked, ended_by_signals
from deploy.local.supervisor import System
from deploy.local.trouble import Trouble
from shared.settings import report_misspelt

out = Console(highlight=False, soft_wrap=True)
PEOPLE = ("resident", "secretary", "handler", "supervisor", "county-admin", "city-admin")
EXAMPLES = (
    "{ grievances(first: 5) { edges { node { number subject status } } pageInfo { hasNextPage endCursor } } }",
    '{ grievance(number: "NUMBER") { number status petitioner { displayName } case { department { name } dueAt }'
    " reply { text } survey { resolved satisfied } timeline { at what by } } }",
    "{ cases(status: CLOSED, first: 3) { edges { node { number owner { role unit } workOrder { rule round } } } } }",
)


def main(
    once: Annotated[bool, typer.Option(help="End after the table; exit 0 only if nothing acknowledged is missing.")] = False,
    speed: Annotated[str, typer.Option(help="`real` shows the story slowly.")] = "fast",
    messages: Annotated[int, typer.Option(min=1, help="How many messages of the batch are played.")] = batch.MOST,
    local_dir: Annotated[Path, typer.Option(envvar="MINYI_LOCAL_DIR")] = ROOT / ".local",
) -> None:
    report_misspelt(os.environ, KNOWN)
    try:
        with ended_by_signals(), system(local_dir.resolve()) as run:
            out.print(table(rows_of(run)))
            try:
                complete = asyncio.run(play(run, local_dir, messages, 2.0 if speed == "real" else 0.0))
            except DemoFailed as failure:
                out.print(f"[red]{failure}[/]")
                complete = False
            if once:
                sys.exit(0 if complete else 1)
            out.print("\n按 Ctrl-C 结束 · Ctrl-C ends")
            signal.pause()
    except Trouble as trouble:
        sys.stderr.write(f"{trouble}\n")
        sys.exit(1)
    except Asked:
        out.print("ended · 已结束")
        sys.exit(130)


@contextmanager
def system(local_dir: Path) -> Iterator[Run]:
    """The system that `make up` or another demo runs here already, which is left running; else one of our own for as long as we play."""
    run = running(local_dir)
    if run is not None and run.ready:
        out.print("playing on the system that runs here already · 使用已在运行的系统")
        yield run
        return
    with System(local_dir, say=out.print):
        run = running(local_dir)
        assert run is not None, "a system that has started has written its run file"
        yield run


async def play(system: Run, local_dir: Path, count: int, pause: float) -> bool:
    """Story, batch, accounting; whether everything acknowledged was found everywhere."""
    run = f"demo-{int(time.time())}"
    clock = begin(local_dir / "clock")
    file = local_dir / "acknowledged.jsonl"
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        client = Client(system.urls["gateway"], session, file)
        await story.play(client, clock, out, run, pause)
        await overdue.play(client, clock, out, run, pause)
        by_day(clock)
        out.rule("一批留言 · A batch of messages")
        lot = batch.messages(await batch.villages(client))[:count]
        columns = (TextColumn("办结 closed"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=out) as progress:
            bar = progress.add_task("", total=len(lot))
            begun = time.monotonic()
            await batch.play(client, run, lot, lambda: progress.advance(bar))
        out.print(f"{len(lot)} 件全部办结，用时 {time.monotonic() - begun:.0f} 秒 · all closed, {time.monotonic() - begun:.0f} s")
        broker = broker_of(system.environment)
        await broker.start()
        try:
            result = await account(client, broker, acknowledged(file))
        finally:
            await broker.stop()
        show(result)
        await show_access(client)
    return result.complete


def show(result: Account) -> None:
    table = Table(title="结果 · Result", show_lines=True)
    # Folded: a table that is cut short by “…” counts wrongly in the reader's eye.
    table.add_column("", overflow="fold")
    table.add_column("", overflow="fold")
    for title, counts in (
        ("状态 by state", result.by_state),
        ("类别 by category", result.by_category),
        ("县区 by county", result.by_county),
    ):
        table.add_row(title, "  ".join(f"{name} {count}" for name, count in counts.most_common()))
    median = f"{result.median_seconds:.1f} s" if result.median_seconds is not None else "—"
    table.add_row("登记到办结中位数 median, registered to closed (business time)", median)
    table.add_row("队列深度 queue depths", "  ".join(f"{name} {depth}" for name, depth in result.depths.items()))
    held = {place: result.acknowledged - len(ids) for place, ids in result.missing.items()}
    table.add_row("各服务所有 held by each", "  ".join(f"{place} {count}" for place, count in held.items()))
    accounted = result.acknowledged - len({id for ids in result.missing.values() for id in ids})
    table.add_row("已受理 / 可查 acknowledged / accounted for", f"{result.acknowledged} / {accounted}")
    out.print(table)
    for place, ids in result.missing.items():
        if ids:
            out.print(f"[red]不在 missing in {place}: {', '.join(ids[:5])}[/]")


async def show_access(client: Client) -> None:
    out.print(f"\nGraphQL: {client.gateway}/graphql")
    for person in PEOPLE:
        out.print(f"[bold]{person}[/]: {await client.person(person)}")
    for example in EXAMPLES:
        out.print(f"[dim]{example}[/]")


if __name__ == "__main__":
    typer.run(main)
