"""A gateway as production runs it: what it does not offer, and to whom browsers may carry its answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.types import Message

from gateway.app import build_app
from gateway.settings import GatewaySettings
from shared.settings import CommonSettings

FRONTEND = "https://minyi.example.cn"


@pytest.fixture
def production(settings: CommonSettings) -> GatewaySettings:
    return GatewaySettings(**{**settings.model_dump(), "env": "production", "cors_origins": FRONTEND, "trusted_documents_only": False})


@pytest.fixture
async def client(production: GatewaySettings) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(build_app(production)), base_url="http://gateway") as one:
        yield one


def test_production_runs_trusted_documents_only_unless_it_is_told_otherwise() -> None:
    assert GatewaySettings(env="production").trusted_only
    assert not GatewaySettings(env="development").trusted_only
    assert not GatewaySettings(env="production", trusted_documents_only=False).trusted_only


async def test_there_is_no_page_no_token_for_the_asking_and_no_introspection(client: httpx.AsyncClient) -> None:
    page = await client.get("/graphql", headers={"accept": "text/html"})
    assert (page.status_code, "<html" in page.text) == (406, False)
    for path in ("/dev/token/secretary", "/dev/people", "/dev/issuer/jwks.json", "/docs", "/openapi.json"):
        assert (await client.get(path)).status_code == 404
    assert (await client.post("/dev/token", json={"sub": "x", "roles": ["CITY_ADMIN"]})).status_code == 404
    told = (await client.post("/graphql", json={"query": "{ __schema { types { name } } }"})).json()
    assert told["errors"][0]["extensions"]["code"] == "INTROSPECTION_DISABLED"
    assert "Grievance" not in str(told)


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""])
async def test_what_a_strangers_page_can_post_without_asking_is_not_taken(client: httpx.AsyncClient, content_type: str) -> None:
    body = b'{"query": "{ me { sub } }"}'
    response = await client.post("/graphql", content=body, headers={"content-type": content_type, "origin": "https://evil.example"})
    assert response.status_code == 415


async def test_a_mutation_by_get_is_not_taken(client: httpx.AsyncClient) -> None:
    query = 'mutation { openByPin(input: {number: "1", pin: "2"}) { __typename } }'
    assert (await client.get("/graphql", params={"query": query})).status_code == 405


async def test_browsers_are_told_to_carry_answers_to_our_own_frontends_alone(client: httpx.AsyncClient) -> None:
    async def preflight(origin: str) -> httpx.Response:
        asked = {"origin": origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization, content-type"}
        return await client.options("/graphql", headers=asked)

    ours = await preflight(FRONTEND)
    assert (ours.status_code, ours.headers["access-control-allow-origin"]) == (200, FRONTEND)
    assert "access-control-allow-credentials" not in ours.headers
    for stranger in ("https://evil.example", "null", f"{FRONTEND}.evil.example", "http://minyi.example.cn"):
        refused = await preflight(stranger)
        assert refused.status_code == 400
        assert "access-control-allow-origin" not in refused.headers
        answer = await client.post("/graphql", json={"query": "{ __typename }"}, headers={"origin": stranger})
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", ["/graphql", "/"])
async def test_a_websocket_is_turned_away_whatever_its_origin(production: GatewaySettings, path: str) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"origin", FRONTEND.encode()), (b"sec-websocket-protocol", b"graphql-transport-ws")]
    scope = {"type": "websocket", "path": path, "headers": headers, "query_string": b"", "subprotocols": ["graphql-transport-ws"]}
    await build_app(production)(scope, receive, send)
    assert [message["type"] for message in sent] == ["websocket.close"]
