"""An attack on the whole graph in one process: the gateway's own endpoint over the three services on the real store."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from gateway.costs import FILE, CostMap, MeasuredAdmission, read_costs
from gateway.endpoint import Capacity, GraphQLEndpoint
from gateway.engine.engine import Engine
from gateway.engine.transport import Reply, RequestContext
from gateway.guard import Rules
from gateway.limits import Limits
from gateway.supergraph_file import read_supergraph
from shared.broker import SERVICES
from shared.identity.tokens import TokenVerifier
from tests.access.conftest import World
from tests.access.documents import RELATIONS, mark, name_of, phone_of
from tests.access.people import ANONYMOUS, COLUMNS, HANDLING, HERE
from tests.gateway.doors import doorkeeper
from tests.hostile.requests import Attacker, Hostile
from tests.world import ISSUER, ROOT
from tools.matrix import DOCUMENT, read
from tools.supergraph.compose import SUPERGRAPH

# What a stack trace, or the text of a defect, looks like.
TRACES = re.compile(r"Traceback|File \"|site-packages|\.py\b|Error\(|Exception|pymongo|motor|aio_pika|graphql\.", re.IGNORECASE)
TELLING = {"intake": "Grievance.text", "routing": "Case.number", "feedback": "Reply.text"}


class InProcess:
    """The services' own ASGI applications as the engine's transport."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def send(self, service: str, body: bytes, context: RequestContext) -> Reply:
        headers = {"content-type": "application/json", **context.headers}
        response = await self._world.clients[service].post("/graphql", content=body, headers=headers)
        return Reply(response.content)


@dataclass
class Seen:
    """What came of an attack. `faults`: what must not happen, with the request that did it."""

    statuses: Counter[int] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    answered: int = 0
    faults: list[str] = field(default_factory=list)


@asynccontextmanager
async def door(world: World, keys_dir: Path) -> AsyncIterator[httpx.AsyncClient]:
    """As in production, but that ad hoc documents run: an attacker with a role that may."""
    supergraph = read_supergraph(SUPERGRAPH)
    admission = MeasuredAdmission(Limits(), CostMap(read_costs(FILE.read_text("utf-8")), supergraph.public))
    engine = Engine(supergraph, InProcess(world), introspection=False, suggestions=False, admission=admission)
    verifier = TokenVerifier([str(keys_dir / "issuer.jwks.json")], [ISSUER], "minyi", bytes(32), keys_dir=keys_dir)
    guard = doorkeeper(verifier.viewer_of, keys_dir, rules=Rules())
    endpoint = GraphQLEndpoint(engine, guard, None, Capacity(requests=10, request_bytes=1_000_000))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(endpoint), base_url="http://gateway") as client:
        yield client


async def attack(world: World, keys_dir: Path, count: int, seed: int = 1) -> Seen:
    told = read((ROOT / DOCUMENT).read_text(encoding="utf-8"))
    known = [described.id for described in world.read.values()] + [described.number for described in world.read.values()]
    schema = read_supergraph(SUPERGRAPH).public
    attacker = Attacker(schema, COLUMNS, [*known, HERE, HANDLING, "CLOSED", "image/png", "1"], seed)
    seen = Seen()
    async with door(world, keys_dir) as client:
        for _ in range(count):
            request = attacker.request()
            response = await send(world, client, request)
            seen.statuses[response.status_code] += 1
            _look(seen, told, request, response)
    return seen


async def send(world: World, client: httpx.AsyncClient, request: Hostile) -> httpx.Response:
    headers = {name.encode(): value.encode("latin-1") for name, value in request.headers.items()}
    if request.who != ANONYMOUS and not headers.keys() & {b"authorization", b"x-api-key"}:
        headers[b"authorization"] = f"Bearer {world.token(request.who)}".encode()
    url = f"/graphql?{request.query_string}" if request.query_string else "/graphql"
    return await client.request(request.method, url, content=request.body, headers=headers)


def _look(seen: Seen, told: Any, request: Hostile, response: httpx.Response) -> None:
    text = response.text
    body: dict[str, Any] = response.json()
    seen.answered += bool(body.get("data"))
    found = [str(error.get("extensions", {}).get("code")) for error in body.get("errors", [])]
    seen.codes.update(found)
    problems = [f"an error without a code or without Chinese: {error}" for error in body.get("errors", []) if not _told(error)]
    if response.status_code >= 500 or "INTERNAL" in found:
        problems.append(f"status {response.status_code}, codes {found}")
    messages = " ".join(str(error.get("message")) for error in body.get("errors", []))
    if match := TRACES.search(messages):
        problems.append(f"an error tells {match[0]!r}")
    for relation in RELATIONS:
        visible = any(relation in told[service][TELLING[service]].cells[request.who] for service in SERVICES)
        # What the request itself says may come back in an error of its own.
        if mark(relation) in text and mark(relation).encode() not in request.body and not visible:
            problems.append(f"{request.who} is told of {relation}")
        if name_of(relation) in text or phone_of(relation) in text:
            problems.append(f"a name or phone of {relation} is told")
    seen.faults += [f"{problem}: {request.who} {request.method} {request.body[:600]!r} → {text[:400]}" for problem in problems]


def _told(error: dict[str, Any]) -> bool:
    extensions = error.get("extensions", {})
    return bool(extensions.get("code")) and bool(extensions.get("messageZh"))
