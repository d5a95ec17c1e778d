"""/graphql as the GraphQL-over-HTTP specification has it: methods, media types, statuses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import orjson
import pytest

from bench.canned import Canned
from gateway.endpoint import Capacity, GraphQLEndpoint
from gateway.engine.engine import Engine
from gateway.engine.supergraph import Supergraph
from gateway.engine.transport import Reply, RequestContext
from gateway.http_form import hash_in
from gateway.supergraph_file import read_supergraph
from shared.identity.errors import Unauthenticated
from shared.identity.tokens import IssuerUnavailable
from shared.identity.viewer import ANONYMOUS, Viewer
from tests.gateway.doors import doorkeeper
from tools.supergraph.compose import SUPERGRAPH, committed_subgraphs

JSON, GRAPHQL_JSON = "application/json", "application/graphql-response+json"
QUERY = "{ me { sub } }"
MUTATION = 'mutation { acceptWorkOrder(input: {requestId: "r", grievanceId: "g"}) { __typename } }'
MAX_BYTES = 5_000


class InProcess:
    """Subgraphs without HTTP; `sent` holds the headers that they were sent."""

    def __init__(self, answering: dict[str, Canned]) -> None:
        self._subgraphs = answering
        self.sent: list[dict[str, str]] = []
        self.broken = False

    async def send(self, service: str, body: bytes, context: RequestContext) -> Reply:
        if self.broken:
            raise ZeroDivisionError("孔凡莹 13800000001")
        self.sent.append(dict(context.headers))
        return Reply(self._subgraphs[service].answer(body))


@pytest.fixture(scope="module")
def answering() -> dict[str, Canned]:
    return {each.name: Canned(each.sdl) for each in committed_subgraphs()}


@pytest.fixture
def subgraphs(answering: dict[str, Canned]) -> InProcess:
    return InProcess(answering)


async def verify(authorization: str | None) -> Viewer:
    if authorization == "Bearer expired":
        raise Unauthenticated("TOKEN_EXPIRED", "登录已过期，请重新登录。", "The token has expired; sign in again.")
    if authorization == "Bearer of-an-issuer-that-is-down":
        raise IssuerUnavailable
    return ANONYMOUS


@pytest.fixture(scope="module")
def supergraph() -> Supergraph:
    return read_supergraph(SUPERGRAPH)


@pytest.fixture
async def client(subgraphs: InProcess, supergraph: Supergraph, keys_dir: Path) -> AsyncIterator[httpx.AsyncClient]:
    engine = Engine(supergraph, subgraphs)
    endpoint = GraphQLEndpoint(engine, doorkeeper(verify, keys_dir), None, Capacity(requests=10, request_bytes=MAX_BYTES))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(endpoint), base_url="http://gateway") as one:
        yield one


def error_of(response: httpx.Response) -> dict[str, Any]:
    body = response.json()
    assert "data" not in body
    error: dict[str, Any] = body["errors"][0]
    return error


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        (JSON, JSON),
        (GRAPHQL_JSON, GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}, {JSON};q=0.9", GRAPHQL_JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (f"{JSON}; charset=utf-8", JSON),
    ],
)
async def test_answers_in_the_type_that_is_accepted(client: httpx.AsyncClient, accept: str, answered: str) -> None:
    response = await client.post("/graphql", json={"query": QUERY}, headers={"accept": accept})
    assert response.status_code == 200
    assert response.headers["content-type"] == f"{answered}; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert response.json()["data"]["me"]["sub"]


async def test_refuses_to_answer_in_a_type_that_it_does_not_have(client: httpx.AsyncClient) -> None:
    response = await client.post("/graphql", json={"query": QUERY}, headers={"accept": "text/html"})
    assert response.status_code == 406
    assert error_of(response)["extensions"]["code"] == "NOT_ACCEPTABLE"


@pytest.mark.parametrize("accept", [JSON, GRAPHQL_JSON])
@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b'{"query": "{ me', JSON, 400),
        (b"\xff", JSON, 400),
        (b"", JSON, 400),
        (b"[]", JSON, 400),
        (b"{}", JSON, 400),
        (b'{"query": 5}', JSON, 400),
        (b'{"query": "{ me { sub } }", "variables": []}', JSON, 400),
        (b'{"query": "{ me { sub } }", "operationName": {}}', JSON, 400),
        (b'{"query": "{ me { sub } }", "extensions": "x"}', JSON, 400),
        (b'{"query": "{ me { sub } }"}', "text/plain", 415),
        (b'{"query": "{ me { sub } }"}', "application/x-www-form-urlencoded", 415),
        (b'{"query": "' + b" " * MAX_BYTES + b'"}', JSON, 413),
        (b'{"query": "{ me { sub } }", "variables": null, "operationName": null, "extensions": null}', JSON, 200),
        (b'{"query": "{ me { sub } }"}', "application/json; charset=UTF-8", 200),
    ],
)
async def test_the_form_of_a_request_decides_its_status(
    client: httpx.AsyncClient, accept: str, body: bytes, content_type: str, status: int
) -> None:
    response = await client.post("/graphql", content=body, headers={"content-type": content_type, "accept": accept})
    assert response.status_code == status
    if status != 200:
        assert error_of(response)["extensions"]["messageZh"]


@pytest.mark.parametrize(("accept", "status"), [(JSON, 200), (GRAPHQL_JSON, 400)])
@pytest.mark.parametrize(
    "request_",
    [
        {"query": "{"},
        {"query": "{ nobody }"},
        {"query": "query($n: Int!) { grievances(first: $n) { edges { cursor } } }", "variables": {"n": "many"}},
        {"query": QUERY, "operationName": "Other"},
    ],
)
async def test_what_cannot_be_run_has_errors_and_no_data(
    client: httpx.AsyncClient, accept: str, status: int, request_: dict[str, Any]
) -> None:
    response = await client.post("/graphql", json=request_, headers={"accept": accept})
    assert response.status_code == status
    assert error_of(response)["message"]


async def test_queries_may_be_sent_by_get_and_mutations_not(client: httpx.AsyncClient, subgraphs: InProcess) -> None:
    assert (await client.get(f"/graphql?query={quote(QUERY)}")).json()["data"]["me"]["sub"]
    asked = "query($n: Int!) { grievances(first: $n) { pageInfo { hasNextPage } } }"
    response = await client.get(f"/graphql?query={quote(asked)}&variables={quote(orjson.dumps({'n': 2}))}")
    assert response.status_code == 200
    assert "errors" not in response.json()
    assert (await client.get(f"/graphql?query={quote(QUERY)}&variables=%7B")).status_code == 400
    subgraphs.sent.clear()
    for accept in (JSON, GRAPHQL_JSON):
        response = await client.get(f"/graphql?query={quote(MUTATION)}", headers={"accept": accept})
        assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert subgraphs.sent == []


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_are_not_allowed(client: httpx.AsyncClient, method: str) -> None:
    response = await client.request(method, "/graphql", json={"query": QUERY})
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


async def test_a_token_that_does_not_hold_is_401_and_an_issuer_that_is_down_503(client: httpx.AsyncClient) -> None:
    response = await client.post("/graphql", json={"query": QUERY}, headers={"authorization": "Bearer expired"})
    assert (response.status_code, response.headers["www-authenticate"]) == (401, 'Bearer error="invalid_token"')
    response = await client.post("/graphql", json={"query": QUERY}, headers={"authorization": "Bearer of-an-issuer-that-is-down"})
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")


async def test_a_defect_is_told_without_its_words(
    client: httpx.AsyncClient, subgraphs: InProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    subgraphs.broken = True
    response = await client.post("/graphql", json={"query": QUERY})
    assert response.status_code == 500
    assert error_of(response)["extensions"]["code"] == "INTERNAL"
    told = response.text + "".join(capsys.readouterr())
    assert "13800000001" not in told
    assert "孔凡莹" not in told


async def test_subgraphs_are_sent_the_token_the_trace_and_what_must_have_been_seen_and_no_more(
    client: httpx.AsyncClient, subgraphs: InProcess
) -> None:
    trace = f"00-{'a' * 32}-{'b' * 16}-01"
    headers = [
        ("authorization", "Bearer x"),
        ("traceparent", trace),
        ("minyi-after", "g-1:intake=1"),
        ("minyi-after", "g-2:intake=1"),
        ("cookie", "a=1"),
        ("x-forwarded-for", "10.0.0.1"),
    ]
    await client.post("/graphql", json={"query": QUERY}, headers=headers)
    sent = subgraphs.sent[0]
    assert sent.pop("traceparent").startswith(f"00-{'a' * 32}-")
    assert sent == {"authorization": "Bearer x", "minyi-after": "g-1:intake=1,g-2:intake=1", "minyi-origin": "127.0.0.1"}


@pytest.mark.parametrize(
    ("request_", "found"),
    [
        ({"documentId": "sha256:ab"}, "ab"),
        ({"documentId": "ab"}, "ab"),
        ({"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "ab"}}}, "ab"),
        ({"extensions": {"persistedQuery": {"sha256Hash": 7}}}, None),
        ({"extensions": {"persistedQuery": "ab"}}, None),
        ({"extensions": ["ab"]}, None),
        ({"documentId": 7}, None),
        ({}, None),
    ],
)
def test_the_hash_is_read_from_either_form(request_: dict[str, Any], found: str | None) -> None:
    assert hash_in(request_) == found
