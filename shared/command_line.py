"""`python -m services.<name> api | worker | migrate | republish | verify-audit | export-audit`: the same for every service."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from fastapi import FastAPI

from shared.audit_export import export
from shared.identity.keys import KeyMissing
from shared.relay import PublishTrouble
from shared.republish import republish
from shared.runtime import Runtime, serve
from shared.settings import CommonSettings, known_names, report_misspelt
from shared.verify_audit import Verification, chained, report
from shared.witness import anchors_sent


class Service(Protocol):
    runtime: Runtime
    reference_key: bytes

    async def migrate(self) -> None: ...
    def api(self) -> FastAPI: ...
    def worker(self) -> FastAPI: ...


Built = TypeVar("Built", bound=Service)


@dataclass(frozen=True)
class Step(Generic[Built]):
    """A command of one service's own: what it is for, and what it does; its answer is printed."""

    help: str
    run: Callable[[Built], Awaitable[str]]


def main(name: str, settings: CommonSettings, build: Callable[[], Built], steps: Mapping[str, Step[Built]] | None = None) -> None:
    """`build` is called inside the event loop of the process: its clients belong to it. `steps` are commands of this service alone."""
    parser = argparse.ArgumentParser(prog=f"python -m services.{name}")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("api", help="serve the subgraph")
    commands.add_parser("worker", help="consume the queue")
    commands.add_parser("migrate", help="create indexes and first data; repeating it changes nothing")
    again = commands.add_parser("republish", help="send this service's events again, to one queue")
    again.add_argument(
        "--from", dest="since", type=datetime.fromisoformat, required=True, help="grievances with events since then (ISO 8601)"
    )
    again.add_argument("--queue", required=True, help="bound to this service's events first, made when it is not there")
    whole = commands.add_parser("verify-audit", help="find what was changed in the audit trail; exits 1 when something was")
    whole.add_argument("--without-stream", action="store_true", help="do not compare with events.log: a trail made anew whole goes unseen")
    signed = commands.add_parser("export-audit", help="write the audit's entries of some days into a signed file")
    for option, dest in (("--from", "first"), ("--to", "last")):
        signed.add_argument(option, dest=dest, type=date.fromisoformat, required=True, metavar="DAY", help="a day in China, included")
    signed.add_argument("--file", type=Path, required=True, help="JSON lines; check it with python -m shared.audit_export check FILE")
    for own, step in (steps or {}).items():
        commands.add_parser(own, help=step.help)
    arguments = parser.parse_args()
    if arguments.command == "api":
        serve(name, settings, lambda: build().api())
    elif arguments.command == "worker":
        serve(name, settings, lambda: build().worker())
    else:
        report_misspelt(os.environ, known_names(type(settings)))
        try:
            _step(arguments, build, steps or {})
        except KeyMissing as missing:
            sys.exit(str(missing))


def _step(arguments: argparse.Namespace, build: Callable[[], Built], steps: Mapping[str, Step[Built]]) -> None:
    """What is run by hand and comes to its end."""
    if arguments.command == "migrate":
        asyncio.run(_migrate(build))
        return
    if arguments.command == "verify-audit":
        try:
            whole = asyncio.run(_verify_audit(build, with_stream=not arguments.without_stream))
        except PublishTrouble as trouble:
            sys.exit(f"{trouble} · 无法读取 events.log（可加 --without-stream，只核对数据库）")
        sys.exit(0 if whole else 1)
    if arguments.command == "export-audit":
        try:
            count = asyncio.run(_export_audit(build, arguments.first, arguments.last, arguments.file))
        except FileExistsError:
            sys.exit(f"{arguments.file} is there already: name another file · 文件已存在，请另取名")
        except (KeyMissing, OSError) as error:
            sys.exit(f"{error} · 无法导出")
        print(f"{count} entries written to {arguments.file} · 已导出 {count} 条")
        return
    if arguments.command in steps:
        print(asyncio.run(_own(build, steps[arguments.command])))
        return
    try:
        asyncio.run(_republish(build, arguments.since, arguments.queue))
    except PublishTrouble as trouble:
        sys.exit(f"{trouble} · 无法使用消息队列")


async def _own(build: Callable[[], Built], step: Step[Built]) -> str:
    service = build()
    try:
        return await step.run(service)
    finally:
        service.runtime.client.close()


async def _migrate(build: Callable[[], Service]) -> None:
    service = build()
    await service.migrate()
    service.runtime.client.close()


async def _verify_audit(build: Callable[[], Service], *, with_stream: bool) -> bool:
    service = build()
    runtime = service.runtime
    try:
        # First the stream: what it has by then, the store has had before.
        sent = None
        if with_stream:
            await runtime.broker.attach()
            sent = await anchors_sent(runtime.broker, runtime.service)
        names = chained(runtime.relay.watched)
        return await report(Verification(runtime.database, runtime.service, names, service.reference_key, sent), print)
    finally:
        await runtime.broker.stop()
        runtime.client.close()


async def _export_audit(build: Callable[[], Service], first: date, last: date, file: Path) -> int:
    runtime = build().runtime
    try:
        return await export(runtime.database, runtime.service, runtime.settings.keys_dir, first, last, file, runtime.world.real_now())
    finally:
        runtime.client.close()


async def _republish(build: Callable[[], Service], since: datetime, queue: str) -> None:
    runtime = build().runtime
    await runtime.broker.attach()
    try:
        grievances, events = await republish(runtime.database, runtime.broker, runtime.service, since, queue)
        print(f"{events} events of {grievances} documents sent to {queue}")
    finally:
        await runtime.broker.stop()
        runtime.client.close()
