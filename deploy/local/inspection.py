"""What broker and store say of the work in progress: queues, outboxes, blocked documents. It asks and changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from deploy.local.environment_names import settings_of
from shared.broker import SERVICES, TRANSPORT_FAULTS, Names, connect
from shared.deadletters import DOCUMENTS
from shared.mongo import Client, Database, PyMongoError, database
from shared.mongo import connect as connect_store
from shared.settings import CommonSettings
from shared.tags import TAGS, UNSENT, blocked_by

ASK_SECONDS = 10.0
LOOKED_AT = 1_000
# Reference pages leave through an outbox of their own.
OUTBOXES = {service: (collection, *(("reference",) if service == "intake" else ())) for service, collection in DOCUMENTS.items()}


@dataclass(frozen=True)
class Queue:
    """`messages` that wait, `consumers` that take them; both None when it is not there."""

    name: str
    messages: int | None
    consumers: int | None


@dataclass(frozen=True)
class Blocked:
    """A document that an event holds up which cannot be applied."""

    service: str
    document: str
    source: str
    sequence: int
    reason: str


@dataclass(frozen=True)
class Outbox:
    """Documents whose events the broker has not confirmed yet; at most LOOKED_AT are counted."""

    service: str
    documents: int
    oldest_seconds: float | None


@dataclass(frozen=True)
class Work:
    """`troubles`: what could not be asked, in words."""

    queues: list[Queue] = field(default_factory=list)
    outboxes: list[Outbox] = field(default_factory=list)
    blocked: list[Blocked] = field(default_factory=list)
    dead: dict[str, int] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)


async def work_in_progress(environment: Mapping[str, str]) -> Work:
    """Ask the broker and the store that these settings name, at once; each has ten seconds."""
    settings = settings_of(CommonSettings, environment)
    troubles: list[str] = []
    queues, stored = await asyncio.gather(_queues(settings, troubles), _stored(settings, troubles))
    names = Names(settings.prefix)
    by_name = {queue.name: queue for queue in queues}
    dead = {service: by_name[names.dead(service)].messages or 0 for service in SERVICES if names.dead(service) in by_name}
    return Work(queues, stored[0], stored[1], dead, troubles)


async def _queues(settings: CommonSettings, troubles: list[str]) -> list[Queue]:
    names = Names(settings.prefix)
    asked = [names.stream, names.hotline, names.hotline_in]
    for service in SERVICES:
        asked += [names.queue(service), *(names.retry(service, seconds) for seconds in settings.retry_seconds), names.dead(service)]
    try:
        async with asyncio.timeout(ASK_SECONDS), broker_connection(settings.rabbitmq_url) as connection:
            return [await look_at_queue(connection, name) for name in asked]
    except TRANSPORT_FAULTS as error:
        troubles.append(f"the broker was not asked ({type(error).__name__}) · 消息队列无应答")
        return []


@asynccontextmanager
async def broker_connection(url: str) -> AsyncIterator[Any]:
    """A connection that declares nothing."""
    connection = await connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def look_at_queue(connection: Any, name: str) -> Queue:
    """By a passive declaration, which makes nothing. A miss closes its channel, hence one for each."""
    channel = await connection.channel(publisher_confirms=False)
    try:
        found = (await channel.declare_queue(name, passive=True)).declaration_result
        return Queue(name, found.message_count, found.consumer_count)
    except TRANSPORT_FAULTS as error:
        if type(error).__name__ != "ChannelNotFoundEntity":
            raise
        return Queue(name, None, None)
    finally:
        await channel.close()


async def _stored(settings: CommonSettings, troubles: list[str]) -> tuple[list[Outbox], list[Blocked]]:
    client = connect_store(settings)
    try:
        async with asyncio.timeout(ASK_SECONDS):
            pairs = [(service, database(client, settings, service)) for service in SERVICES]
            outboxes = [await _outbox(service, found) for service, found in pairs]
            blocked = [one for service, found in pairs for one in await _blocked(service, found)]
            return outboxes, blocked
    except (PyMongoError, TimeoutError) as error:
        troubles.append(f"the store was not asked ({type(error).__name__}) · 数据库无应答")
        return [], []
    finally:
        client.close()


async def _outbox(service: str, found: Database) -> Outbox:
    times: list[datetime] = []
    count = 0
    for name in OUTBOXES[service]:
        rows = await found[name].find({TAGS: UNSENT}, {"outbox.at": 1}).limit(LOOKED_AT).to_list(LOOKED_AT)
        count += len(rows)
        times += [entry["at"] for row in rows for entry in row.get("outbox", [])]
    # Entries bear the real time of their write, whatever the business clock says.
    age = (datetime.now(UTC) - min(times)).total_seconds() if times else None
    return Outbox(service, count, round(max(age, 0.0), 1) if age is not None else None)


async def _blocked(service: str, found: Database) -> list[Blocked]:
    query = {TAGS: {"$in": [blocked_by(source) for source in SERVICES]}}
    rows = await found[DOCUMENTS[service]].find(query, {"blocked": 1}).limit(LOOKED_AT).to_list(LOOKED_AT)
    return [
        Blocked(service, str(row["_id"]), row["blocked"]["source"], row["blocked"]["sequence"], row["blocked"]["reason"]) for row in rows
    ]


__all__ = ["Blocked", "Client", "Outbox", "Queue", "Work", "broker_connection", "look_at_queue", "work_in_progress"]
