"""The same queries to Hive Gateway over the same supergraphs and subgraphs: every difference of its answers has a reason.

`make test-web` runs this; it needs Node and installs Hive Gateway, whose version tools/hive pins. Where the two differ, one server
that has everything decides who is right. MINYI_HIVE_SHOW=1 prints what differs instead of failing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web

from tests.gateway.cases import ALL
from tests.gateway.federation import Federation
from tests.gateway.hive_differences import DIFFERENCES, FEWER
from tests.gateway.queries import random_query, variables_of
from tools.hive.gateway import CONFIG, HERE, WORK
from tools.node import install

QUERIES = 6
MANY = "many.mjs"
SECONDS = 10
SHOW = bool(os.environ.get("MINYI_HIVE_SHOW"))


@dataclass(frozen=True)
class Hive:
    """`asked` counts requests to subgraphs, by case."""

    client: aiohttp.ClientSession
    url: str
    asked: Counter[str]

    async def ask(self, case: str, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        try:
            async with self.client.post(f"{self.url}/{case}", json={"query": query, "variables": variables}) as response:
                answer: dict[str, Any] = await response.json(content_type=None)
                return answer
        except TimeoutError:
            return {"errors": [{"message": "no answer"}]}


@pytest.fixture(scope="module")
def federations() -> dict[str, Federation]:
    return {name: case.start() for name, case in ALL.items()}


@pytest.fixture(scope="module")
def asked() -> Counter[str]:
    return Counter()


@pytest.fixture(scope="module")
async def subgraphs(federations: dict[str, Federation], asked: Counter[str]) -> AsyncIterator[str]:
    """All subgraphs of all cases over HTTP, at /CASE/NAME."""

    async def answer(request: web.Request) -> web.Response:
        asked[request.match_info["case"]] += 1
        federation = federations[request.match_info["case"]]
        server = federation.case.servers[request.match_info["name"]]
        try:
            body = server.answer(await request.json(), federation.world, federation.entities)
        except (AssertionError, KeyError) as error:
            # The gateway asked for what this subgraph cannot have.
            body = orjson.dumps({"errors": [{"message": f"REFUSED {error}"}]})
        return web.Response(body=body, content_type="application/json")

    app = web.Application()
    app.router.add_post("/{case}/{name}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture(scope="module")
def process(subgraphs: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Hive Gateway over every case in one process; its address."""
    folder, logs = tmp_path_factory.mktemp("supergraphs"), tmp_path_factory.mktemp("logs")
    for name, case in ALL.items():
        text = case.file.read_text("utf-8")
        for service in case.subgraphs:
            text = text.replace(f'"http://{service}/graphql"', f'"{subgraphs}/{name}/{service}"')
        (folder / f"{name}.graphql").write_text(text, "utf-8")
    node = install(HERE, WORK, [CONFIG])
    shutil.copy(HERE / MANY, WORK / MANY)
    with (logs / "hive.log").open("wb") as log:
        running = subprocess.Popen([node, MANY, str(folder)], cwd=WORK, stdout=subprocess.PIPE, stderr=log)
    try:
        assert running.stdout is not None
        port = running.stdout.readline().strip()
        assert port, Path(logs / "hive.log").read_text("utf-8")
        yield f"http://127.0.0.1:{int(port)}"
    finally:
        # On SIGTERM it would wait for connections that are kept alive.
        running.kill()
        running.wait(SECONDS)
        if running.stdout is not None:
            running.stdout.close()


@pytest.fixture(scope="module")
async def hive(process: str, asked: Counter[str]) -> AsyncIterator[Hive]:
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    async with aiohttp.ClientSession(timeout=timeout, headers={"accept": "application/json"}) as client:
        yield Hive(client, process, asked)


@pytest.mark.parametrize("name", sorted(ALL))
async def test_answers_as_hive_gateway_does_or_differs_for_a_reason(
    name: str, federations: dict[str, Federation], hive: Hive, capsys: pytest.CaptureFixture[str]
) -> None:
    federation = federations[name]
    unexplained, reasons, more, counts = [], set(), [], [0, 0]
    for query in fixed_queries(federation):
        variables = variables_of(query)
        federation.requests.clear()
        hive.asked[name] = 0
        theirs, ours = await hive.ask(name, query, variables), await federation.ask(query, variables)
        if outcome(ours) == outcome(theirs):
            counts = [counts[0] + len(federation.requests), counts[1] + hive.asked[name]]
            if len(federation.requests) > hive.asked[name]:
                more.append(f"{query}\n   asks {len(federation.requests)} times, Hive Gateway {hive.asked[name]}")
            continue
        expected = federation.expected(query, variables)
        right = {"data": expected.data, "errors": expected.errors or None}
        assert outcome(ours) == outcome(right), f"{query}\nours  {ours}\ntheirs {theirs}\nright {right}"
        found = [each for each in DIFFERENCES if each.explains(name, theirs)]
        reasons.update(found)
        if not found:
            unexplained.append(f"{query}\n   ours {ours}\n   hive {theirs}")
    if SHOW:
        with capsys.disabled():
            print(f"\n{name}: requests {counts[0]}, Hive Gateway's {counts[1]}", *unexplained, *more, sep="\n")
        return
    assert not unexplained, "\n".join(unexplained)
    assert name in FEWER or not more, "\n".join(more)
    assert {each for each in DIFFERENCES if each.case == name} <= reasons, "a difference that is explained does not occur any more"


def outcome(answer: dict[str, Any]) -> tuple[Any, bool]:
    return answer.get("data"), bool(answer.get("errors"))


def fixed_queries(federation: Federation) -> Iterator[str]:
    count = seed = 0
    while count < QUERIES:
        seed += 1
        query = random_query(federation.supergraph.public, seed, federation.case.strings, clashes=False)
        if query is not None:
            count += 1
            yield query
