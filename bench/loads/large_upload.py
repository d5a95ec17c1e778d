"""A file of 200 MB up by a signed URL and down again: the memory of every process stays flat, and the URL works once.

The store is another matter: it has to hold what it is given.
"""

from __future__ import annotations

import asyncio
import hashlib
import struct
import tempfile
import threading
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from deploy.demo.client import Client
from deploy.local.supervisor import System

MEGABYTE = 1_000_000
SIZE_MB = 200
SIZE = f"a file of {SIZE_MB} MB"
MOST_GROWTH_MB = 40
PIECE = 256 * 1024
UPLOAD = """mutation($input: CreateUploadInput!) { createUpload(input: $input) {
  __typename ... on Upload { attachmentId url } ... on UploadRefused { code message } } }"""
REGISTER = """mutation($input: RegisterGrievanceInput!) { registerGrievance(input: $input) {
  __typename ... on Registered { grievance { id } } ... on RegisterRefused { code message } } }"""
READ = "query($id: ID!) { grievance(id: $id) { attachments { size sha256 url } } }"


def pieces(size: int) -> Iterator[bytes]:
    """A one-pixel PNG of this size: a private chunk that every reader skips makes up the most of it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(bytes(4)))
    end = chunk(b"IEND", b"")
    left = size - len(head) - len(end) - 12
    yield head + struct.pack(">I", left) + b"miNy"
    checksum = zlib.crc32(b"miNy")
    while left > 0:
        piece = bytes(min(PIECE, left))
        checksum = zlib.crc32(piece, checksum)
        left -= len(piece)
        yield piece
    yield struct.pack(">I", checksum) + end


class Memory:
    """The largest resident memory of each process of ours while it is watched, in MB beyond what it had at the start."""

    def __init__(self, system: System) -> None:
        self._processes = {name: psutil.Process(each.pid) for name, each in system.processes.items() if each.pid}
        self._at_first = {name: each.memory_info().rss for name, each in self._processes.items()}
        self.growth = dict.fromkeys(self._processes, 0.0)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        while not self._stop.wait(0.02):
            for name, each in self._processes.items():
                self.growth[name] = max(self.growth[name], (each.memory_info().rss - self._at_first[name]) / MEGABYTE)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def main(scale: float) -> bool:
    size = round(SIZE_MB * MEGABYTE * scale)
    env = {"MINYI_UPLOAD_LIMIT_BYTES": str(size)}
    with tempfile.TemporaryDirectory() as temporary, System(Path(temporary), say=print, env=env) as system, Memory(system) as memory:
        told = asyncio.run(_there_and_back(system, Path(temporary), size))
    print(f"up {told['up']:.1f} s, down {told['down']:.1f} s; beyond what they had at first, MB:")
    ours = {name: grown for name, grown in memory.growth.items() if name not in ("broker", "epmd", "store")}
    for name, grown in sorted(memory.growth.items()):
        print(f"  {name:16}{grown:8.1f}")
    print(f"a second use of the URL: {told['again']}; another size: {told['other']}")
    return told["same"] and told["again"] == 409 and told["other"] == 422 and max(ours.values()) < MOST_GROWTH_MB


async def _there_and_back(system: System, directory: Path, size: int) -> dict[str, Any]:
    digest = hashlib.sha256()
    for piece in pieces(size):
        digest.update(piece)

    async def body() -> AsyncIterator[bytes]:
        for piece in pieces(size):
            yield piece

    async with aiohttp.ClientSession() as session:
        client = Client(system.urls["gateway"], session, directory / "acknowledged.jsonl")
        secretary = await client.person("secretary")
        registered = await client.do(
            secretary, REGISTER, requestId="r", kind="HELP", channel="VISIT", subject="指示牌", text="看不清。", division="370881001901"
        )
        id = registered["grievance"]["id"]
        file = {"name": "a.png", "contentType": "image/png", "size": size, "sha256": digest.hexdigest(), "grievanceId": id}
        asked = await client.do(secretary, UPLOAD, requestId="u", **file)
        begun = time.monotonic()
        headers = {"content-length": str(size)}
        async with session.put(asked["url"], data=body(), headers=headers) as response:
            assert response.status == 201, await response.text()
        up = time.monotonic() - begun
        async with session.put(asked["url"], data=b"x") as response:
            again = response.status
        other = await client.do(secretary, UPLOAD, requestId="u2", **{**file, "size": 10})
        async with session.put(other["url"], data=b"x" * 11) as response:
            wrong = response.status
        (attachment,) = (await client.whole(secretary, READ, {"id": id}))["grievance"]["attachments"]
        back, begun = hashlib.sha256(), time.monotonic()
        async with session.get(attachment["url"]) as response:
            async for piece in response.content.iter_chunked(PIECE):
                back.update(piece)
        down = time.monotonic() - begun
    return {"up": up, "down": down, "again": again, "other": wrong, "same": back.digest() == digest.digest()}
