"""What the gateway lets in: by credential, document, limit, rate and time. Each refusal names its reason in both languages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import orjson
import pytest
from graphql import get_introspection_query

from bench.canned import Canned
from gateway.api_keys import new_key
from gateway.costs import FILE, CostMap, MeasuredAdmission, read_costs
from gateway.endpoint import Capacity, GraphQLEndpoint
from gateway.engine.engine import Engine
from gateway.engine.transport import Reply, RequestContext
from gateway.guard import OpenDoor, Rules
from gateway.limits import Limits
from gateway.supergraph_file import read_supergraph
from gateway.trusted_documents import hash_of
from shared.identity.errors import Unauthenticated
from shared.identity.roles import Role
from shared.identity.tokens import TokenVerifier
from shared.identity.viewer import ANONYMOUS, Viewer
from tests.access.test_matrix import TOLD
from tests.gateway.doors import KnownKeys, doorkeeper
from tools.supergraph.compose import SUPERGRAPH, committed_subgraphs

ME = "{ me { sub } }"
GRADES = "query Grades { satisfactionGrades { grade zh } }"
PIN = 'mutation { openByPin(input: {number: "1", pin: "2"}) { __typename } }'
LONG = "query Long { grievances(first: 100) { edges { node { timeline { at what whatZh by service } } } } }"
RULES = Rules(ad_hoc_roles=frozenset({Role.OPERATOR}))
SUPER = read_supergraph(SUPERGRAPH)
COSTS = CostMap(read_costs(FILE.read_text("utf-8")), SUPER.public)


class Subgraphs:
    """Canned ones; `wait` holds their answers back."""

    def __init__(self) -> None:
        self._canned = {each.name: Canned(each.sdl) for each in committed_subgraphs()}
        self.sent: list[dict[str, str]] = []
        self.wait: asyncio.Event | None = None

    async def send(self, service: str, body: bytes, context: RequestContext) -> Reply:
        self.sent.append(dict(context.headers))
        if self.wait is not None:
            await self.wait.wait()
        return Reply(self._canned[service].answer(body))


async def verify(authorization: str | None) -> Viewer:
    """`Bearer OPERATOR` and the like."""
    if authorization is None:
        return ANONYMOUS
    name = authorization.removeprefix("Bearer ")
    if name not in Role.__members__:
        raise Unauthenticated("TOKEN_INVALID", "登录凭证无效。", "The token is not valid.")
    return Viewer(sub=name.lower(), roles=frozenset({Role(name)}))


@dataclass
class Door:
    client: httpx.AsyncClient
    subgraphs: Subgraphs

    async def post(self, query: str | None = ME, who: str = "", headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        sent = {"authorization": f"Bearer {who}"} if who else {}
        body = {"query": query, **more} if query is not None else more
        return await self.client.post("/graphql", json=body, headers={**sent, **(headers or {})})

    async def refused(self, status: int, code: str, *asked: Any, **more: Any) -> dict[str, Any]:
        """The one error of a refusal; no subgraph has heard of it."""
        before = len(self.subgraphs.sent)
        response = await self.post(*asked, **more)
        (error,) = response.json()["errors"]
        assert (response.status_code, error["extensions"]["code"]) == (status, code), response.text
        assert len(self.subgraphs.sent) == before
        assert error["message"].isascii()
        assert not error["extensions"]["messageZh"].isascii()
        return {**error, "headers": response.headers}


@dataclass
class Made:
    """Doors of one test, closed at its end."""

    keys_dir: Path
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    def __call__(self, *trusted: str, seconds: float = 30, production: bool = False, **how: Any) -> Door:
        subgraphs = Subgraphs()
        admission = MeasuredAdmission(Limits(), COSTS)
        engine = Engine(SUPER, subgraphs, introspection=not production, suggestions=not production, admission=admission)
        guard = doorkeeper(how.pop("verify", verify), self.keys_dir, *trusted, **{"rules": RULES, **how})
        endpoint = GraphQLEndpoint(engine, guard, None, Capacity(requests=10, request_bytes=100_000, seconds=seconds))
        self.clients.append(httpx.AsyncClient(transport=httpx.ASGITransport(endpoint), base_url="http://gateway"))
        return Door(self.clients[-1], subgraphs)


Make = Callable[..., Door]


@pytest.fixture
async def make(keys_dir: Path) -> Any:
    made = Made(keys_dir)
    yield made
    for client in made.clients:
        await client.aclose()


def public(changes: dict[str, Any] | None = None) -> Rules:
    return Rules(**{"trusted_only": True, "ad_hoc_roles": frozenset({Role.OPERATOR}), "public": COSTS.public, **(changes or {})})


# --- credentials ---


async def test_an_api_key_reaches_the_subgraphs_as_a_token_of_a_machine_client(make: Make, keys_dir: Path) -> None:
    keys = KnownKeys()
    key, text = new_key("open data", [], datetime.now(UTC), None)
    await keys.add(key)
    verifier = TokenVerifier(["none"], ["nobody"], "minyi", bytes(32), keys_dir=keys_dir)
    door = make(keys=keys, verify=verifier.viewer_of)
    assert (await door.post(headers={"x-api-key": text})).status_code == 200
    (sent,) = door.subgraphs.sent
    assert "x-api-key" not in sent
    assert text not in str(sent)
    assert (await verifier.viewer_of(sent["authorization"])).roles == {Role.MACHINE_CLIENT}


async def test_a_wrong_key_a_wrong_token_and_both_at_once_are_refused(make: Make) -> None:
    door = make()
    error = await door.refused(401, "UNAUTHENTICATED", headers={"x-api-key": "minyi_0"})
    assert error["extensions"]["reason"] == "API_KEY_INVALID"
    await door.refused(401, "UNAUTHENTICATED", who="nobody-we-know")
    await door.refused(400, "TWO_CREDENTIALS", who="RESIDENT", headers={"x-api-key": "minyi_0"})


# --- trusted documents ---


@pytest.mark.parametrize("form", [lambda hash: {"documentId": f"sha256:{hash}"}, lambda hash: persisted(hash)])
async def test_a_trusted_document_runs_by_its_hash_in_either_form(make: Make, form: Callable[[str], dict[str, Any]]) -> None:
    door = make(ME, rules=public())
    response = await door.post(None, **form(hash_of(ME)))
    assert response.json()["data"]["me"]


def persisted(hash: str) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash}}}


async def test_where_only_trusted_documents_run_anything_else_needs_a_role(make: Make) -> None:
    door = make(ME, rules=public())
    for who in ("", "RESIDENT", "CITY_ADMIN"):
        await door.refused(403, "DOCUMENT_NOT_TRUSTED", "{ me { sub roles } }", who)
        # Not even with its hash beside it: asking registers nothing.
        await door.refused(403, "DOCUMENT_NOT_TRUSTED", "{ me { roles } }", who, **persisted(hash_of("{ me { roles } }")))
    assert (await door.post("{ me { sub roles } }", "OPERATOR")).status_code == 200
    # The text of a trusted document is not what makes it trusted; its hash is how it is asked for.
    await door.refused(403, "DOCUMENT_NOT_TRUSTED", ME, "RESIDENT")
    assert (await door.post(ME, "RESIDENT", **persisted(hash_of(ME)))).status_code == 200


async def test_a_hash_that_is_unknown_or_of_another_text_is_told(make: Make) -> None:
    door = make(ME)
    response = await door.post(None, **persisted("0" * 64))
    error = response.json()["errors"][0]
    # The words that the usual clients look for.
    assert (error["message"], error["extensions"]["code"]) == ("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")
    await door.refused(400, "PERSISTED_QUERY_MISMATCH", ME, **persisted("0" * 64))
    # Where ad hoc queries run, hash and text together are one.
    assert (await door.post("{ me { roles } }", **persisted(hash_of("{ me { roles } }")))).status_code == 200


async def test_a_public_document_may_be_kept_when_asked_by_get_and_hash(make: Make) -> None:
    door = make(GRADES, ME, rules=public())

    async def kept(document: str, who: str = "") -> str:
        by_hash = urlencode({"extensions": orjson.dumps(persisted(hash_of(document))["extensions"])})
        response = await door.client.get(f"/graphql?{by_hash}", headers={"authorization": f"Bearer {who}"} if who else {})
        assert response.status_code == 200
        return response.headers["cache-control"]

    assert await kept(GRADES) == "public, max-age=300"
    assert await kept(GRADES, "RESIDENT") == "public, max-age=300"
    assert await kept(ME) == "no-store"
    assert (await door.post(None, **persisted(hash_of(GRADES)))).headers["cache-control"] == "no-store"


def test_what_is_public_everybody_sees_by_the_matrix() -> None:
    places = {"division", "divisions", "locate", "receptionSites", "campaigns", "receptions"}
    assert COSTS.public == {*places, "satisfactionGrades", "sheetTemplates", "policyMessages", "archiveFields"}
    rows = {name: row for rows in TOLD.values() for name, row in rows.items()}
    for name in COSTS.public:
        assert len(set(rows[f"Query.{name}"].cells.values())) == 1, name


# --- limits ---

OVER = {
    "characters": "{ me { sub } } #" + "x" * 15_000,
    "depth": '{ division(code: "1") ' + "{ parent " * 12 + "{ code }" + " }" * 13,
    "aliases": "{ " + " ".join(f"a{n}: me {{ sub }}" for n in range(16)) + " }",
    "cost": LONG,
    "page": "{ grievances(first: 101) { edges { cursor } } }",
}


@pytest.mark.parametrize("name", OVER)
async def test_a_request_over_a_limit_is_refused_by_name_and_number(make: Make, name: str) -> None:
    response = await make().client.post("/graphql", json={"query": OVER[name]}, headers={"accept": "application/graphql-response+json"})
    assert response.status_code == 400
    error = response.json()["errors"][0]
    assert (error["extensions"]["code"], error["extensions"]["limit"]) == ("LIMIT_EXCEEDED", name)
    assert str(error["extensions"]["most"]) in error["message"]
    assert str(error["extensions"]["most"]) in error["extensions"]["messageZh"]


async def test_what_is_refused_for_its_length_is_not_kept(make: Make) -> None:
    subgraphs = Subgraphs()
    engine = Engine(SUPER, subgraphs, admission=MeasuredAdmission(Limits(), COSTS))
    for n in range(3):
        assert not (await engine.execute(OVER["characters"] + str(n))).accepted
    assert len(engine._documents) == 0


async def test_several_operations_in_one_request_are_refused(make: Make) -> None:
    response = await make().client.post("/graphql", json=[{"query": ME}, {"query": ME}])
    error = response.json()["errors"][0]["extensions"]
    assert (response.status_code, error["limit"], error["most"]) == (400, "batch", 1)


async def test_a_page_by_variable_is_measured_at_each_request(make: Make) -> None:
    door, query = make(), "query($n: Int!) { cases(first: $n) { edges { cursor } } }"
    assert "errors" not in (await door.post(query, variables={"n": 100})).json()
    error = (await door.post(query, variables={"n": 101})).json()["errors"][0]
    assert error["extensions"]["limit"] == "page"


async def test_a_bare_gateway_has_no_limits() -> None:
    endpoint = GraphQLEndpoint(Engine(SUPER, Subgraphs()), OpenDoor(), None, Capacity(requests=10, request_bytes=100_000))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(endpoint), base_url="http://gateway") as client:
        for name in ("characters", "aliases", "cost", "page"):
            assert "data" in (await client.post("/graphql", json={"query": OVER[name]})).json()
        assert (await client.post("/graphql", json=persisted("0" * 64))).status_code == 400


# --- rates and time ---


async def test_who_asks_too_often_is_told_when_to_come_again(make: Make) -> None:
    door = make(viewer="2/minute")
    for _ in range(2):
        await door.post(who="RESIDENT")
    error = await door.refused(429, "RATE_LIMITED", who="RESIDENT")
    assert 1 <= int(error["headers"]["retry-after"]) == error["extensions"]["retryAfter"] <= 60
    assert (await door.post(who="HANDLER")).status_code == 200


async def test_an_address_is_what_our_own_proxies_say_and_not_what_a_client_writes(make: Make) -> None:
    behind = make(address="1/minute", rules=Rules(forwarded_by=1))
    assert (await behind.post(headers={"x-forwarded-for": "9.9.9.1, 10.0.0.1"})).status_code == 200
    await behind.refused(429, "RATE_LIMITED", headers={"x-forwarded-for": "9.9.9.2, 10.0.0.1"})
    assert (await behind.post(headers={"x-forwarded-for": "9.9.9.2, 10.0.0.2"})).status_code == 200
    # Subgraphs are told the same, for the audit.
    assert [sent["minyi-origin"] for sent in behind.subgraphs.sent] == ["10.0.0.1", "10.0.0.2"]
    direct = make(address="1/minute")
    await direct.post(headers={"x-forwarded-for": "9.9.9.1"})
    await direct.refused(429, "RATE_LIMITED", headers={"x-forwarded-for": "9.9.9.2"})


async def test_openings_by_pin_are_counted_apart_also_behind_aliases_and_fragments(make: Make) -> None:
    door = make(fields={"openByPin": "3/minute"})
    twice = PIN.replace("openByPin", "a: openByPin").replace("} }", "} ...f }") + " fragment f on Mutation " + PIN.removeprefix("mutation ")
    assert "data" in (await door.post(twice)).json()
    await door.refused(429, "RATE_LIMITED", twice)
    assert (await door.post(ME)).status_code == 200


async def test_what_takes_too_long_is_given_up(make: Make) -> None:
    door = make(seconds=0.05)
    door.subgraphs.wait = asyncio.Event()
    response = await door.post()
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (504, "TIME_OVER")


# --- what production does not tell ---


async def test_production_answers_no_introspection_and_suggests_no_names(make: Make) -> None:
    for production in (False, True):
        door = make(production=production)
        assert ("__schema" in (await door.post(get_introspection_query())).text) != production
        assert ("sub" in (await door.post("{ me { subb } }")).json()["errors"][0]["message"].replace("subb", "")) != production
        variables = {"input": {"requestIdd": "a"}}
        told = (await door.post("mutation($input: OpenByPinInput!) { openByPin(input: $input) { __typename } }", variables=variables)).text
        assert ("Did you mean" in told) <= (not production)


@pytest.mark.parametrize(
    ("input", "field"),
    [
        ({"number": "1", "pin": 13800000001}, "pin"),
        ({"number": "1", "pin": "2", "phone": "13800000001"}, None),
        ({"number": "1", "pin": {"x": "13800000001"}}, "pin"),
        ({"pin": "13800000001"}, None),
        ("13800000001", None),
    ],
)
async def test_an_error_about_a_variable_says_where_and_not_what_it_held(make: Make, input: Any, field: str | None) -> None:
    query = "mutation($input: OpenByPinInput!) { openByPin(input: $input) { __typename } }"
    response = await make(production=True).post(query, variables={"input": input})
    error = response.json()["errors"][0]
    assert "13800000001" not in response.text
    assert error["message"].startswith("Variable '$input' has invalid value")
    assert error["extensions"].get("field") == field


async def test_a_value_of_an_enum_or_a_number_is_not_repeated_either(make: Make) -> None:
    query = "query($e: GrievanceStatus, $n: Int!) { cases(first: $n, status: $e) { edges { cursor } } }"
    for variables in ({"e": "KONG13800000001", "n": 1}, {"n": "13800000001"}, {"n": 1.5e300}):
        response = await make(production=True).post(query, variables=variables)
        assert "errors" in response.json()
        assert "13800000001" not in response.text
