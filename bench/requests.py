"""A bounded load over HTTP/1.1 on this machine: so many requests over so many keep-alive connections, each waiting for its answer.

It parses no more of an answer than its status and length, and costs little beside what it measures.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httptools


@dataclass(frozen=True)
class Load:
    """What came of one load. Times in seconds, in no order."""

    wall: float
    times: list[float]
    failed: int
    answer: bytes
    """One answer, to be compared."""

    @property
    def per_second(self) -> float:
        return len(self.times) / self.wall

    def percentile(self, part: float) -> float:
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


class _Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._chunks: list[bytes] = []
        self._done: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def connection_lost(self, error: Exception | None) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_exception(error or ConnectionResetError("closed"))

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        # An interim or next message needs a fresh body only.
        self._chunks.clear()

    def on_body(self, chunk: bytes) -> None:
        self._chunks.append(chunk)

    def on_message_complete(self) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_result(b"".join(self._chunks))

    @property
    def status(self) -> int:
        return int(self._parser.get_status_code())

    async def ask(self, request: bytes) -> bytes:
        self._done = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self._done


async def load(port: int, requests: Sequence[bytes], count: int) -> Load:
    """`requests` holds the bytes that each connection sends again and again; `count` of them in all."""
    loop = asyncio.get_running_loop()
    opened = [await loop.create_connection(_Connection, "127.0.0.1", port) for _ in requests]
    left, failed, times, last = count, 0, [], b""

    async def keep_asking(connection: _Connection, request: bytes) -> None:
        nonlocal left, failed, last
        while left > 0:
            left -= 1
            begun = time.perf_counter()
            last = await connection.ask(request)
            times.append(time.perf_counter() - begun)
            failed += connection.status != 200

    begun = time.perf_counter()
    try:
        await asyncio.gather(*(keep_asking(connection, request) for (_, connection), request in zip(opened, requests, strict=True)))
    finally:
        for transport, _ in opened:
            transport.close()
    return Load(time.perf_counter() - begun, times, failed, last)
