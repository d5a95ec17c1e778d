"""A client that sends `minyi-after` reads its own writes, and is told where the services are behind."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from deploy.local.service import Service
from shared.read_your_writes import HEADER, WAIT_SECONDS
from tests.journeys.system import GULOU, REGISTER, System

LOOK = "query($id: ID!) { grievance(id: $id) { id case { id } timeline { service } } }"


@pytest.fixture(scope="module")
def system(journey: System) -> Iterator[System]:
    """The worker of feedback is down, until a test starts it."""
    worker = journey.process("feedback", "worker")
    worker.stop()
    yield journey
    worker.start()
    worker.wait_ready()


@pytest.fixture(scope="module")
def gateway(system: System, journey_gateway: Service) -> Service:
    return journey_gateway


class Client:
    def __init__(self, gateway: Service, system: System, session: aiohttp.ClientSession) -> None:
        self._url = f"{gateway.url}/graphql"
        self._token = system.token("secretary")
        self._session = session

    async def ask(self, document: str, variables: dict[str, Any], after: list[str] | None = None) -> tuple[dict[str, Any], float]:
        """The whole answer, and how many seconds it took."""
        headers = {"authorization": f"Bearer {self._token}", **({HEADER: ",".join(after)} if after else {})}
        begun = time.monotonic()
        async with self._session.post(self._url, json={"query": document, "variables": variables}, headers=headers) as response:
            return dict(await response.json()), time.monotonic() - begun

    async def register(self, request: str) -> tuple[str, list[str]]:
        """The grievance's id and what the answer says was written."""
        told = {"kind": "HELP", "channel": "VISIT", "subject": "路灯不亮", "text": "路灯不亮已有三天。", "division": f"{GULOU}-01"}
        answer, _ = await self.ask(REGISTER, {"input": {"requestId": request, **told}})
        return answer["data"]["registerGrievance"]["grievance"]["id"], answer["extensions"]["minyi"]["after"]


@pytest.mark.timeout(180)
async def test_what_was_written_is_waited_for_and_who_is_behind_is_named(system: System, gateway: Service) -> None:
    # Starting the worker below stops this loop for longer than the 5 s after which the gateway closes an idle connection.
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as session:
        client = Client(gateway, system, session)
        id, after = await client.register("own-1")
        assert after == [f"{id}:intake=1"]
        assert await client.register("own-1") == (id, after), "who lost the answer and asks again gets the token again"

        # The worker of feedback is down. Who asks without the token is not kept waiting by who asks with it.
        with_token = asyncio.create_task(client.ask(LOOK, {"id": id}, after))
        without, quick = await client.ask(LOOK, {"id": id})
        answer, waited = await with_token
        assert answer["extensions"] == {"minyi": {"stale": ["feedback"]}}
        assert answer["data"]["grievance"] == {"id": id, "case": {"id": id}, "timeline": []}
        assert waited >= WAIT_SECONDS > quick
        assert "extensions" not in without

        system.start("feedback", "worker").wait_ready()
        answer, _ = await client.ask(LOOK, {"id": id}, after)
        assert "extensions" not in answer
        assert answer["data"]["grievance"]["timeline"][0] == {"service": "intake"}


async def test_a_header_that_no_answer_gave_is_refused_by_gateway_and_subgraph(system: System, gateway: Service) -> None:
    async with aiohttp.ClientSession() as session:
        for url in (gateway.url, system.process("routing", "api").url):
            async with session.post(f"{url}/graphql", json={"query": "{ __typename }"}, headers={HEADER: "everything"}) as response:
                assert response.status == 400
                error = (await response.json())["errors"][0]
                assert HEADER in error["message"]
                assert HEADER in error["extensions"]["messageZh"]
