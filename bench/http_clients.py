"""python -m bench.http_clients: CPU microseconds per POST to a subgraph, by HTTP client, taking turns over the same canned subgraph.

What the choice of docs/decisions/0012 rests on. 16 requests at a time, each with the gateway's headers; an answer of about 4 kB.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable

import aiohttp
import httpx
import orjson
import uvloop

from deploy.local.ports import Ports
from deploy.local.processes import ROOT
from gateway.http_client import Origin

ROUNDS, REQUESTS, AT_ONCE = 7, 2_000, 16
QUERY = "{ grievances { edges { node { id number subject kind channel registeredAt } } } }"
BODY = orjson.dumps({"query": QUERY})
HEADERS = {"content-type": "application/json", "authorization": "Bearer x", "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
Post = Callable[[], Awaitable[bytes]]


async def cpu_of(post: Post) -> float:
    """Microseconds per request."""
    left = REQUESTS

    async def keep_asking() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await post()

    begun = time.process_time()
    await asyncio.gather(*(keep_asking() for _ in range(AT_ONCE)))
    return (time.process_time() - begun) * 1e6 / REQUESTS


async def compare(url: str) -> dict[str, list[float]]:
    ours = Origin(url, connections=128, max_bytes=1_000_000)
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
        httpx.AsyncClient(trust_env=False, limits=httpx.Limits(max_connections=128, max_keepalive_connections=128)) as client,
    ):

        async def by_ours() -> bytes:
            return (await ours.post(HEADERS, BODY, 10)).body

        async def by_aiohttp() -> bytes:
            async with session.post(url, data=BODY, headers=HEADERS) as response:
                return await response.read()

        async def by_httpx() -> bytes:
            return (await client.post(url, content=BODY, headers=HEADERS)).content

        clients: dict[str, Post] = {"our own": by_ours, "aiohttp": by_aiohttp, "httpx": by_httpx}
        answers = {await post() for post in clients.values()}
        if len(answers) != 1:
            raise SystemExit("the clients do not get the same answer")
        found: dict[str, list[float]] = {name: [] for name in clients}
        for _ in range(ROUNDS):
            for name, post in clients.items():
                found[name].append(await cpu_of(post))
    ours.close()
    return found


def main() -> None:
    port = Ports().any()
    command = [sys.executable, "-m", "bench.canned", "--ports", f"intake={port}"]
    subgraph = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert subgraph.stdout is not None
        subgraph.stdout.readline()
        found = uvloop.run(compare(f"http://127.0.0.1:{port}/graphql"))
    finally:
        subgraph.terminate()
        subgraph.wait(20)
    for name, runs in found.items():
        print(f"{name:8} {statistics.median(runs):7.0f} µs CPU per request ({min(runs):.0f}–{max(runs):.0f})")


if __name__ == "__main__":
    main()
