"""A subgraph over real HTTP that misbehaves as a test wants it to, and a gateway process in front of three of them."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import orjson

from bench.canned import Canned
from deploy.local.ports import Ports
from deploy.local.service import Service
from tools.supergraph.compose import committed_subgraphs

SERVICES = ("intake", "routing", "feedback")
PORTS = Ports()
# Answers one request over an open connection; true when the connection may serve the next.
Behaviour = Callable[["StandIn", bytes, asyncio.StreamWriter], Awaitable[bool]]


def http(body: bytes, *headers: str, status: str = "200 OK", content_type: str = "application/json") -> bytes:
    head = "".join(f"{line}\r\n" for line in (f"content-type: {content_type}", f"content-length: {len(body)}", *headers))
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


async def well(subgraph: StandIn, body: bytes, writer: asyncio.StreamWriter) -> bool:
    writer.write(http(subgraph.canned.answer(body)))
    return True


def saying(answer: bytes) -> Behaviour:
    """These very bytes, then the next request."""

    async def say(_subgraph: StandIn, _body: bytes, writer: asyncio.StreamWriter) -> bool:
        writer.write(answer)
        return True

    return say


def closing(answer: bytes = b"") -> Behaviour:
    """These bytes, then the end of the connection."""

    async def close(_subgraph: StandIn, _body: bytes, writer: asyncio.StreamWriter) -> bool:
        writer.write(answer)
        return False

    return close


async def never(subgraph: StandIn, _body: bytes, writer: asyncio.StreamWriter) -> bool:
    """No answer, until the other side closes the connection."""
    await subgraph.other_side_closed(writer)
    return False


class StandIn:
    """`requests` holds what came. The next requests are answered by `next`, one each; then `behaviour` goes for all."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.port = PORTS.any()
        self.canned = Canned({each.name: each.sdl for each in committed_subgraphs()}[name])
        self.behaviour: Behaviour = well
        self.next: list[Behaviour] = []
        self.requests: list[dict[str, object]] = []
        self.given_up = 0
        self.connections = 0
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.StreamWriter, asyncio.StreamReader] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/graphql"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def stop(self) -> None:
        """As a killed process: the port is free, every connection is reset."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._open):
            writer.transport.abort()

    async def other_side_closed(self, writer: asyncio.StreamWriter) -> None:
        await self._open[writer].read()
        self.given_up += 1

    def forget(self) -> None:
        """Behave well again."""
        self.behaviour, self.next, self.given_up = well, [], 0
        self.requests.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open[writer] = reader
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
                body = await reader.readexactly(length)
                headers = dict(line.decode().split(": ", 1) for line in head.split(b"\r\n")[1:] if line)
                self.requests.append({"headers": headers, "body": orjson.loads(body)})
                behaviour = self.next.pop(0) if self.next else self.behaviour
                if not await behaviour(self, body, writer):
                    break
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._open.pop(writer, None)
            writer.close()


class Subgraphs(dict[str, StandIn]):
    def forget(self) -> None:
        for each in self.values():
            each.forget()


@asynccontextmanager
async def three_subgraphs() -> AsyncIterator[Subgraphs]:
    subgraphs = Subgraphs({name: StandIn(name) for name in SERVICES})
    for each in subgraphs.values():
        await each.start()
    try:
        yield subgraphs
    finally:
        for each in subgraphs.values():
            await each.stop()


@contextmanager
def gateway_before(subgraphs: Subgraphs, logs: Path, **settings: object) -> Iterator[Service]:
    """A gateway process without authentication, not waited for."""
    env = {**os.environ, "MINYI_SUBGRAPHS": ",".join(f"{name}={each.url}" for name, each in subgraphs.items())}
    env |= {f"MINYI_{name}".upper(): str(value) for name, value in settings.items()}
    service = Service("gateway", "", env, logs, PORTS.any(), argv=[sys.executable, "-m", "gateway", "--no-auth"])
    service.start()
    try:
        yield service
    finally:
        service.stop()
