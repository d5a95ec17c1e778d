"""All places where a datum could have got to while a system ran: what it wrote, what it sent, what it answers."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from shared.broker import SERVICES, Broker, Incoming
from shared.mongo import Client, database
from shared.settings import CommonSettings
from tests.journeys.planting import finds, leaves
from tests.waiting import until
from tests.world import ROOT


def sought(places: Iterable[tuple[str, bytes]]) -> list[str]:
    """Of places (what each is called, what stands there): where something planted stands, with what stands around it."""
    return [f"{place}: {found}" for place, raw in places for found in finds(raw)]


def logs(directory: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(directory.glob("*.log*")):
        yield f"log {path.name}", path.read_bytes()


async def store(client: Client, settings: CommonSettings) -> AsyncIterator[tuple[str, bytes]]:
    """Every document of every collection of the three services; GridFS among them, names of collections and fields too."""
    for service in SERVICES:
        held = database(client, settings, service)
        for collection in await held.list_collection_names():
            async for document in held[collection].find({}):
                yield f"{service}.{collection} {document['_id']}", b"\n".join(leaves(document))


class Tap:
    """A queue bound to everything that goes through the exchange from now on."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, bytes]] = []

    @asynccontextmanager
    async def on(self, broker: Broker) -> AsyncIterator[None]:
        async with broker.channel(confirms=False) as channel:
            queue = await channel.declare_queue(f"{broker.names.prefix}.tap", exclusive=True)
            await queue.bind(broker.names.exchange, "#")
            await queue.consume(self._take, no_ack=True)
            yield

    async def _take(self, message: Incoming) -> None:
        self.messages.append((f"event {message.routing_key}", written(message)))


async def stream(broker: Broker) -> list[tuple[str, bytes]]:
    """What events.log has had from its first message on."""
    found: list[tuple[str, bytes]] = []
    async with broker.channel(confirms=False) as channel:
        await channel.set_qos(prefetch_count=500)
        queue = await channel.declare_queue(broker.names.stream, passive=True)
        wanted = queue.declaration_result.message_count or 0

        async def take(message: Incoming) -> None:
            found.append((f"events.log {message.routing_key}", written(message)))
            await message.ack()

        tag = await queue.consume(take, arguments={"x-stream-offset": "first"})

        async def read() -> bool:
            return len(found) >= wanted

        await until(read, what="the end of events.log")
        await queue.cancel(tag)
    return found


async def dead(broker: Broker, service: str) -> list[tuple[Incoming, bytes]]:
    """What is parked, left where it is; beside each message what we wrote of it, without the body that somebody sent."""
    found = []
    async with broker.channel(confirms=False) as channel:
        queue = await channel.get_queue(broker.names.dead(service), ensure=False)
        while (message := await queue.get(fail=False)) is not None:
            found.append((message, b"\n".join(leaves(about(message)))))
        # Closing the channel gives them all back.
    return found


def about(message: Incoming) -> dict[str, Any]:
    return {"key": message.routing_key, "id": message.message_id, "headers": dict(message.headers), "trace": message.correlation_id}


def written(message: Incoming) -> bytes:
    return b"\n".join([*leaves(about(message)), message.body])


async def metrics(urls: Iterable[str]) -> list[tuple[str, bytes]]:
    async with aiohttp.ClientSession() as session:
        found = []
        for url in urls:
            async with session.get(f"{url}/metrics") as response:
                assert response.status == 200
                found.append((f"metrics {url}", await response.read()))
        return found


async def told_by(environment: dict[str, str], *command: str) -> tuple[str, bytes]:
    """What an operators' command prints."""
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-m", *command], env={**os.environ, **environment}, cwd=ROOT, capture_output=True, check=False
    )
    return f"python -m {' '.join(command)}", done.stdout + done.stderr
