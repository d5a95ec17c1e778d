"""Broker and store: reachable, new enough, and with everything in them that our code declares."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploy.local import amqp_probe
from deploy.local.broker import bindings_of
from deploy.local.doctor import declared
from deploy.local.doctor.findings import Finding, note, ok, told, wrong
from deploy.local.environment_names import settings_of
from deploy.local.inspection import broker_connection, look_at_queue
from deploy.local.local_directory import Run
from deploy.local.rabbitmq_package import find
from deploy.local.store import GivenStore, command
from deploy.local.trouble import Trouble
from shared.broker import TRANSPORT_FAULTS, Names
from shared.mongo import PyMongoError, connect, database
from shared.settings import CommonSettings

ASK_SECONDS = 20.0
SKEW_SECONDS = 5.0
DECLARE_MEND = "python -m deploy.local restart intake-worker"


async def broker(environment: Mapping[str, str], local_dir: Path, run: Run | None) -> list[Finding]:
    if not environment.get("MINYI_RABBITMQ_URL"):
        return [_program()]
    settings = settings_of(CommonSettings, environment)
    try:
        version = (await asyncio.to_thread(amqp_probe.check, settings.rabbitmq_url)).version
    except Trouble as trouble:
        return [told("broker", trouble)]
    found = [ok("broker", f"RabbitMQ {version} answers and takes our login", f"RabbitMQ {version} 可用")]
    try:
        async with asyncio.timeout(ASK_SECONDS):
            return found + await _topology(settings, local_dir, run)
    except Trouble as trouble:
        return [*found, told("topology", trouble)]
    except TRANSPORT_FAULTS as error:
        return [*found, wrong("topology", f"it could not be looked at ({type(error).__name__})", "无法检查队列拓扑", "make status")]


def _program() -> Finding:
    try:
        programs = find()
    except Trouble as trouble:
        return told("broker", trouble)
    if programs is None:
        return note("broker", "RabbitMQ is not installed", "尚未安装 RabbitMQ", "sudo apt-get install rabbitmq-server")
    return note("broker", f"RabbitMQ {'.'.join(map(str, programs.version))} is installed; nothing runs here", "已安装，尚未运行", "make up")


async def _topology(settings: CommonSettings, local_dir: Path, run: Run | None) -> list[Finding]:
    wanted = await declared.topology(Names(settings.prefix), settings.retry_seconds)
    found: list[Finding] = []
    async with broker_connection(settings.rabbitmq_url) as connection:
        for queue in wanted.queues:
            if (await look_at_queue(connection, queue.name)).messages is None:
                found.append(wrong("topology", f"the queue {queue.name} is missing", f"队列 {queue.name} 不存在", DECLARE_MEND))
            elif not await _same(connection, queue):
                said = f"the queue {queue.name} was declared with other arguments: empty it, delete it, and have it declared anew"
                found.append(wrong("topology", said, f"队列 {queue.name} 的参数不符，清空并删除后重新声明", DECLARE_MEND))
        if not await _exchange_is_there(connection, wanted.exchange):
            found.append(wrong("topology", f"the exchange {wanted.exchange} is missing", f"交换机 {wanted.exchange} 不存在", DECLARE_MEND))
    if run is not None and run.process("broker") is not None:
        # A broker does not tell its bindings by AMQP; our own tells them by its tool.
        there = await asyncio.to_thread(bindings_of, local_dir, wanted.exchange)
        found += [
            wrong("topology", f"{queue} is not bound to {key}: its events are lost", f"{queue} 未绑定 {key}，事件会丢失", DECLARE_MEND)
            for queue, key in sorted(wanted.bindings - there)
        ]
    return found or [ok("topology", f"exchange and {len(wanted.queues)} queues are as declared", f"{len(wanted.queues)} 个队列均符合声明")]


async def _same(connection: Any, queue: declared.QueueDeclared) -> bool:
    """A queue that is there is declared again, which changes nothing and is refused when the arguments differ."""
    channel = await connection.channel(publisher_confirms=False)
    try:
        await channel.declare_queue(queue.name, durable=True, arguments=queue.arguments)
    except TRANSPORT_FAULTS as error:
        if type(error).__name__ != "ChannelPreconditionFailed":
            raise
        return False
    finally:
        await channel.close()
    return True


async def _exchange_is_there(connection: Any, name: str) -> bool:
    channel = await connection.channel(publisher_confirms=False)
    try:
        await channel.get_exchange(name, ensure=True)
    except TRANSPORT_FAULTS as error:
        if type(error).__name__ != "ChannelNotFoundEntity":
            raise
        return False
    finally:
        await channel.close()
    return True


async def store(environment: Mapping[str, str], run: Run | None) -> list[Finding]:
    url = environment.get("MINYI_MONGODB_URL", "")
    if not url:
        return [note("store", "nothing runs here: a store of our own is started with the system", "尚未运行，启动时自带数据库", "make up")]
    settings = settings_of(CommonSettings, environment)
    try:
        if run is None or run.process("store") is None:
            await asyncio.to_thread(GivenStore(url, settings.mongodb_retry_writes).start)
        hello = await asyncio.to_thread(command, url, "hello", seconds=5)
        return [ok("store", "it answers and takes our login", "数据库可用"), *_store_clock(hello), *await _indexes(settings)]
    except Trouble as trouble:
        return [told("store", trouble)]
    except (PyMongoError, TimeoutError) as error:
        return [wrong("store", f"it does not answer ({type(error).__name__})", "数据库无应答", "python -m deploy.local logs store")]


def _store_clock(hello: dict[str, Any]) -> list[Finding]:
    """Leases and expiries compare times of several machines."""
    at = hello.get("localTime")
    if not isinstance(at, datetime):
        return []
    skew = abs(((at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds())
    if skew <= SKEW_SECONDS:
        return []
    return [
        wrong(
            "clock",
            f"the store's clock differs from this machine's by {skew:.0f} s",
            f"数据库时钟相差 {skew:.0f} 秒",
            "timedatectl set-ntp true",
        )
    ]


async def _indexes(settings: CommonSettings) -> list[Finding]:
    client = connect(settings)
    found: list[Finding] = []
    count = 0
    try:
        async with asyncio.timeout(ASK_SECONDS):
            for service, wanted in (await declared.indexes()).items():
                stored = database(client, settings, service)
                mend = f"python -m services.{service} migrate"
                for index in wanted:
                    count += 1
                    there = (await stored[index.collection].index_information()).get(index.name)
                    at = f"{stored.name}.{index.collection}"
                    if there is None:
                        found.append(wrong("indexes", f"{at} lacks the index {index.name}", f"{at} 缺少索引 {index.name}", mend))
                    elif not _same_index(index, there):
                        said = f"the index {index.name} of {at} is another: drop it and have it made anew"
                        found.append(wrong("indexes", said, f"{at} 的索引 {index.name} 不符，删除后重建", mend))
    finally:
        client.close()
    return found or [ok("indexes", f"all {count} are there", f"{count} 个索引齐全")]


def _same_index(wanted: declared.Index, there: Mapping[str, Any]) -> bool:
    key = tuple((field, direction) for field, direction in there["key"])
    return (
        key == wanted.key
        and bool(there.get("unique")) == wanted.unique
        and (there.get("partialFilterExpression") or None) == wanted.partial
    )
