"""A gateway process before three stand-ins, as a client sees it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from deploy.local.service import Service
from tests.gateway.stand_in import Subgraphs, gateway_before
from tests.waiting import until

TIMEOUT = 1.0
ANSWER_BYTES = 2_000_000
ONE = """query($id: ID!) { grievance(id: $id) { subject progress: status case { dueAt } reply { text } survey { resolved } } }"""
LIST = "{ grievances(first: 20) { edges { node { id status } } } }"
ACCEPT = """mutation($input: AcceptWorkOrderInput!) { acceptWorkOrder(input: $input) { __typename ... on Case { id } } }"""
ONE_ID = {"id": "0b7e6a34-5d6f-5a41-8c1d-2f0a9f3c1e55"}


@dataclass
class Front:
    """A gateway, as a client sees it."""

    service: Service
    session: aiohttp.ClientSession

    async def ask(self, query: str, variables: Mapping[str, Any] | None = None, **headers: str) -> dict[str, Any]:
        async with self.post(query, variables, **headers) as response:
            assert response.status == 200, await response.text()
            return dict(await response.json(content_type=None))

    def post(self, query: str, variables: Mapping[str, Any] | None = None, **headers: str) -> Any:
        return self.session.post(f"{self.service.url}/graphql", json={"query": query, "variables": variables}, headers=headers)

    async def live(self) -> bool:
        try:
            async with self.session.get(f"{self.service.url}/livez") as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False

    async def in_hand(self) -> int:
        async with self.session.get(f"{self.service.url}/metrics") as response:
            found = re.search(r"^minyi_gateway_requests_in_hand (\S+)$", await response.text(), re.MULTILINE)
        assert found is not None
        return int(float(found[1]))


@asynccontextmanager
async def front_before(subgraphs: Subgraphs, logs: Path, **settings: object) -> AsyncIterator[Front]:
    settings = {"subgraph_timeout_seconds": TIMEOUT, "max_answer_bytes": ANSWER_BYTES, **settings}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        with gateway_before(subgraphs, logs, **settings) as service:
            front = Front(service, session)
            await until(front.live, within=60, what="the gateway")
            yield front


def without_routing(answer: dict[str, Any], code: str) -> None:
    """Nothing is missing but routing's part, and the error says so: where, why, and whose fault."""
    grievance = answer["data"]["grievance"]
    assert (grievance["progress"], grievance["case"]) == (None, None)
    assert grievance["subject"]
    assert grievance["reply"]["text"]
    errors = {tuple(error["path"]): error["extensions"] for error in answer["errors"]}
    assert set(errors) == {("grievance", "progress"), ("grievance", "case")}
    for extensions in errors.values():
        assert (extensions["code"], extensions["service"]) == (code, "routing")
        assert re.search("[一-鿿]", extensions["messageZh"])
