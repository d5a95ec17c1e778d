from __future__ import annotations

import importlib
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gateway.dev_issuer import PEOPLE, build_router
from gateway.settings import GatewaySettings
from shared.identity.errors import Unauthenticated
from shared.identity.refs import phone_ref
from shared.identity.roles import Role
from shared.identity.tokens import TokenVerifier

ISSUER = "http://127.0.0.1:8000/dev/issuer"
REFERENCE_KEY = bytes(32)


def settings(keys_dir: Path, **more: Any) -> GatewaySettings:
    return GatewaySettings(**{"env": "development", "keys_dir": keys_dir, "port": 8000, "issuer": "", "audience": "minyi", **more})


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(build_router(settings(tmp_path)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000") as one:
        yield one


@pytest.fixture
def verifier(tmp_path: Path) -> TokenVerifier:
    return TokenVerifier([str(tmp_path / "issuer.jwks.json")], [ISSUER], "minyi", REFERENCE_KEY)


async def test_there_is_no_issuer_in_production(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError, match="development"):
        build_router(settings(tmp_path, env="production"))
    monkeypatch.setenv("MINYI_ENV", "production")
    monkeypatch.setenv("MINYI_KEYS_DIR", str(tmp_path))
    module = importlib.import_module("gateway.dev_issuer")
    with pytest.raises(RuntimeError, match="development"):
        _ = module.router
    monkeypatch.setenv("MINYI_ENV", "development")
    assert module.router.routes


@pytest.mark.parametrize("person", sorted(PEOPLE))
async def test_each_person_gets_a_token_that_verifies(person: str, client: httpx.AsyncClient, verifier: TokenVerifier) -> None:
    answer = await client.get(f"/dev/token/{person}")
    body = answer.json()
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert body["person"] == person
    assert datetime.fromisoformat(body["expiresAt"]).tzinfo is not None
    viewer = await verifier.verify(body["accessToken"])
    wanted = PEOPLE[person].claims
    assert viewer.sub == wanted["sub"]
    assert viewer.roles == set(wanted["roles"])
    assert [{"level": scope.level, "code": scope.code} for scope in viewer.scopes] == wanted.get("scopes", [])
    assert (viewer.team, viewer.department) == (wanted.get("team"), wanted.get("department"))


async def test_the_six_people_of_the_story(client: httpx.AsyncClient, verifier: TokenVerifier) -> None:
    people = (await client.get("/dev/people")).json()
    assert [person["person"] for person in people] == ["resident", "secretary", "handler", "supervisor", "county-admin", "city-admin"]
    assert all(person["title"] and person["titleZh"] for person in people)
    resident = await verifier.verify((await client.get("/dev/token/resident")).json()["accessToken"])
    assert phone_ref(REFERENCE_KEY, "13800000001") in resident.refs


async def test_an_unknown_person_is_refused_with_the_names_there_are(client: httpx.AsyncClient) -> None:
    answer = await client.get("/dev/token/mayor")
    assert answer.status_code == 404
    assert "resident" in answer.json()["message"]
    assert "resident" in answer.json()["messageZh"]


@pytest.mark.parametrize("role", sorted(Role))
async def test_any_role_can_be_minted(role: Role, client: httpx.AsyncClient, verifier: TokenVerifier) -> None:
    claims = {"sub": "x", "roles": [role], "scopes": [{"level": "COMPOUND", "code": "370881001901-01"}], "department": "D-1"}
    claims["wechat_openid"] = "oMinted-demo-000000000000001"
    answer = await client.post("/dev/token", json=claims)
    viewer = await verifier.verify(answer.json()["accessToken"])
    assert viewer.roles == {role}
    assert viewer.openid == claims["wechat_openid"]
    assert viewer.covers("370881001901-01-02")


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"sub": ""},
        {"sub": "x", "roles": ["MAYOR"]},
        {"sub": "x", "iss": "https://other.test"},
        {"sub": "x", "seconds": 0},
        {"sub": "x", "scopes": [{"level": "TOWN", "code": "370881000000"}]},
    ],
)
async def test_claims_that_make_no_sense_are_refused(claims: dict[str, Any], client: httpx.AsyncClient) -> None:
    assert (await client.post("/dev/token", json=claims)).status_code == 422


async def test_its_keys_are_published_as_openid_connect_says(client: httpx.AsyncClient, tmp_path: Path) -> None:
    configuration = (await client.get("/dev/issuer/.well-known/openid-configuration")).json()
    assert configuration["issuer"] == ISSUER
    keys = await client.get(configuration["jwks_uri"])
    assert "d" not in keys.json()["keys"][0]

    async def fetch(_location: str) -> bytes:
        return keys.content

    remote = TokenVerifier([configuration["jwks_uri"]], [ISSUER], "minyi", REFERENCE_KEY, fetch=fetch)
    token = (await client.get("/dev/token/handler")).json()["accessToken"]
    assert (await remote.verify(token)).department == "D-370881001-DGW"


async def test_the_issuer_and_audience_are_those_of_the_settings(tmp_path: Path) -> None:
    app = FastAPI()
    app.include_router(build_router(settings(tmp_path, issuer="http://gateway.test/dev/issuer,http://other.test", audience="elsewhere")))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.test") as one:
        token = (await one.get("/dev/token/handler")).json()["accessToken"]
    jwks = [str(tmp_path / "issuer.jwks.json")]
    assert await TokenVerifier(jwks, ["http://gateway.test/dev/issuer"], "elsewhere", REFERENCE_KEY).verify(token)
    with pytest.raises(Unauthenticated):
        await TokenVerifier(jwks, ["http://gateway.test/dev/issuer"], "minyi", REFERENCE_KEY).verify(token)
