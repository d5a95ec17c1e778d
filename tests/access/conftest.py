"""The three subgraphs in this process over the real store, with one grievance per relation. Nothing is published: no broker is asked."""

from __future__ import annotations

import importlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio

from deploy.local.parts import Parts
from services.intake.seed import DEPARTMENTS
from services.routing.adapters.catalogue import first_catalogue
from services.routing.adapters.categories import load_categories
from services.routing.domain.catalogue import DispatchRule
from shared.broker import SERVICES
from shared.china_time import CHINA
from shared.clock import ShiftedClock
from shared.identity.development import DevelopmentIssuer
from shared.identity.keys import reference_key
from tests.access.documents import AT, RELATIONS, Described, keep_whole
from tests.access.fieldwork import keep_fieldwork
from tests.access.people import ANONYMOUS, claims
from tests.dropping import drop
from tests.world import ISSUER

# With something in each column.
WHOLE_RULE = DispatchRule("whole", "城乡建设", "3708", "UP", "HELP", ("D-3708-SJJ",), 3)


@dataclass
class World:
    """The services, a client for each, and the grievances by relation."""

    services: dict[str, Any]
    clients: dict[str, httpx.AsyncClient]
    issuer: DevelopmentIssuer
    reference_key: bytes
    read: dict[str, Described]

    def describe(self, relation: str, id: str, **changes: Any) -> Described:
        return Described(relation, self.reference_key, id, changes)

    def token(self, who: str | dict[str, Any]) -> str:
        return self.issuer.mint(claims(who) if isinstance(who, str) else who).token

    async def post(self, service: str, authorization: str | None, query: str, variables: dict[str, Any] | None = None) -> httpx.Response:
        headers = {"authorization": authorization} if authorization is not None else {}
        return await self.clients[service].post("/graphql", json={"query": query, "variables": variables or {}}, headers=headers)

    async def ask(self, service: str, who: str | dict[str, Any], query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """`who`: a role, `anonymous`, or claims. The whole answer."""
        authorization = None if who == ANONYMOUS else f"Bearer {self.token(who)}"
        response = await self.post(service, authorization, query, variables)
        assert response.status_code == 200, response.text
        return dict(response.json())

    async def do(self, service: str, who: str | dict[str, Any], mutation: str, fields: str, **input: Any) -> dict[str, Any]:
        """One mutation; its result, also a refusal."""
        kind = mutation[0].upper() + mutation[1:]
        query = f"mutation($input: {kind}Input!) {{ {mutation}(input: $input) {{ __typename {fields} }} }}"
        answer = await self.ask(service, who, query, {"input": input})
        assert "errors" not in answer, answer
        return dict(answer["data"][mutation])


def _afternoon(file: Path) -> Path:
    ShiftedClock(file).move_to(datetime.combine(datetime.now(CHINA), time(15), CHINA))
    return file


@asynccontextmanager
async def made_world(parts: Parts, keys_dir: Path, issuer: DevelopmentIssuer) -> AsyncIterator[World]:
    """The three services over databases of their own, which are dropped at the end."""
    prefix = f"access{secrets.token_hex(4)}"
    services = {}
    for name in SERVICES:
        settings_class = getattr(importlib.import_module(f"services.{name}.settings"), f"{name.capitalize()}Settings")
        settings = settings_class(
            env="development",
            prefix=prefix,
            rabbitmq_url=parts.rabbitmq_url,
            mongodb_url=parts.mongodb_url,
            mongodb_retry_writes=parts.retry_writes,
            keys_dir=keys_dir,
            jwks=str(keys_dir / "issuer.jwks.json"),
            issuer=ISSUER,
            # Callers call by day: feedback's is the afternoon of today there, whenever this runs.
            clock_file=_afternoon(keys_dir / f"clock-{prefix}") if name == "feedback" else None,
        )
        services[name] = importlib.import_module(f"services.{name}.service").Service(settings)
        await services[name].migrate()
    clients = {
        name: httpx.AsyncClient(transport=httpx.ASGITransport(service.api()), base_url=f"http://{name}")
        for name, service in services.items()
    }
    key = reference_key(keys_dir)
    made = World(services, clients, issuer, key, {relation: Described(relation, key, f"read-{relation}") for relation in RELATIONS})
    # A month that is over, as it was recorded in its time.
    await services["feedback"].draws.keep(services["feedback"].draw.to_record(AT))
    await services["routing"].departments.apply("code", 1, [row.model_dump() for row in DEPARTMENTS])
    await services["routing"].catalogues.publish((WHOLE_RULE, *first_catalogue(load_categories()).rules), AT, "operator")
    for described in made.read.values():
        await keep_whole(made, described)
    # The numbers of the desks, as a worker counts them.
    for counts in ("routing", "feedback"):
        await made.services[counts].projector().round()
    await keep_fieldwork(services["intake"])
    try:
        yield made
    finally:
        for name, service in services.items():
            await clients[name].aclose()
            await service.runtime.relay.drain()
            service.runtime.client.close()
            await drop(service.settings, service.runtime.database.name)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def world(parts: Parts, keys_dir: Path, issuer: DevelopmentIssuer) -> AsyncIterator[World]:
    async with made_world(parts, keys_dir, issuer) as made:
        yield made
