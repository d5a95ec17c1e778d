"""A token that does not hold ends the whole request in every subgraph: nothing is asked, nothing is changed."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared.broker import SERVICES
from shared.identity.development import DevelopmentIssuer
from tests.access.conftest import World
from tests.access.documents import keep_case, keep_followup
from tests.access.people import HERE, claims
from tests.access.states import UNANSWERED, at

CITY_ADMIN = claims("CITY_ADMIN", scopes=[{"level": "CITY", "code": "370800000000"}])


def expired(world: World, _folder: Path) -> str:
    return world.issuer.mint(CITY_ADMIN, seconds=-60).token


def not_yet(world: World, _folder: Path) -> str:
    return world.issuer.mint({**CITY_ADMIN, "nbf": int(time.time()) + 600}).token


def for_another_platform(world: World, _folder: Path) -> str:
    return world.issuer.mint({**CITY_ADMIN, "aud": "weather"}).token


def from_another_issuer(world: World, folder: Path) -> str:
    return DevelopmentIssuer(env="development", keys_dir=folder, issuer="https://elsewhere.test", audience="minyi").mint(CITY_ADMIN).token


def under_another_key(world: World, folder: Path) -> str:
    return DevelopmentIssuer(env="development", keys_dir=folder, issuer=world.issuer.issuer, audience="minyi").mint(CITY_ADMIN).token


def encoded(part: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def unsigned(world: World, _folder: Path) -> str:
    _, body, signature = world.token(CITY_ADMIN).split(".")
    kid = world.issuer.jwks["keys"][0]["kid"]
    return f"{encoded({'alg': 'none', 'kid': kid})}.{body}.{signature}"


def with_roles_put_in(world: World, _folder: Path) -> str:
    head, _, signature = world.token("RESIDENT").split(".")
    return f"{head}.{encoded({**CITY_ADMIN, 'iss': world.issuer.issuer, 'aud': 'minyi', 'exp': 2**33})}.{signature}"


def with_a_scope_that_is_none(world: World, _folder: Path) -> str:
    return world.token({**CITY_ADMIN, "scopes": [{"level": "CITY", "code": HERE}]})


def no_token(_world: World, _folder: Path) -> str:
    return "let-me-in"


BAD = {
    expired: "TOKEN_EXPIRED",
    not_yet: "TOKEN_INVALID",
    for_another_platform: "TOKEN_AUDIENCE",
    from_another_issuer: "TOKEN_ISSUER",
    under_another_key: "TOKEN_KEY_UNKNOWN",
    unsigned: "TOKEN_INVALID",
    with_roles_put_in: "TOKEN_INVALID",
    with_a_scope_that_is_none: "TOKEN_INVALID",
    no_token: "TOKEN_MALFORMED",
}
QUESTIONS = {
    "intake": "{ grievances { edges { node { id } } } }",
    "routing": "{ cases { edges { node { id } } } }",
    "feedback": "{ __typename }",
}


@pytest.mark.parametrize("make", BAD, ids=lambda make: make.__name__)
@pytest.mark.parametrize("service", SERVICES)
async def test_a_token_that_does_not_hold_ends_the_request(
    world: World, tmp_path: Path, service: str, make: Callable[[World, Path], str]
) -> None:
    token = make(world, tmp_path)
    response = await world.post(service, f"Bearer {token}", QUESTIONS[service])
    assert response.status_code == 401
    body = response.json()
    assert set(body) == {"data", "errors"}
    assert body["data"] is None
    (error,) = body["errors"]
    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    assert error["extensions"]["reason"] == BAD[make] or (
        make is under_another_key and error["extensions"]["reason"] == "TOKEN_KEY_UNKNOWN"
    )
    assert not error["extensions"]["messageZh"].isascii()
    assert token not in response.text


@pytest.mark.parametrize("header", ["", "Basic d2FuZzp3YW5n", "Bearer", "bearer  ", "Bearer a.b", "Bearer a.b.c d.e.f"])
async def test_only_a_bearer_token_signs_in(world: World, header: str) -> None:
    response = await world.post("routing", header, QUESTIONS["routing"])
    assert response.json()["data"] in (None, {"cases": None})
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert response.status_code == (200 if not header else 401)


COMMANDS = {
    "registerGrievance": ("intake", {"kind": "HELP", "channel": "WEB", "subject": "路灯", "text": "不亮", "division": HERE}),
    "createUpload": ("intake", {"name": "a.png", "contentType": "image/png", "size": 9, "sha256": "ef" * 32}),
    "acceptWorkOrder": ("routing", {"grievanceId": "token-accept"}),
    "reportResolution": ("routing", {"grievanceId": "token-report", "text": "已修好。"}),
    "answerSurvey": ("feedback", {"grievanceId": "token-survey", "resolved": True, "satisfied": "SATISFIED"}),
}
WHO = {"acceptWorkOrder": "HANDLER", "reportResolution": "HANDLER", "answerSurvey": "CALLER"}
COLLECTIONS = {"createUpload": "uploads", "intake": "grievances", "routing": "cases", "feedback": "followups"}


@pytest.mark.parametrize("mutation", COMMANDS)
async def test_an_expired_token_changes_nothing(world: World, mutation: str) -> None:
    service, input = COMMANDS[mutation]
    described = world.describe("S", str(input.get("grievanceId")), **CHANGES.get(mutation, {}))
    if service == "routing":
        await keep_case(world, described)
    elif service == "feedback":
        await keep_followup(world, described)
    collection = world.services[service].runtime.database[COLLECTIONS.get(mutation, COLLECTIONS[service])]

    async def everything() -> list[str]:
        return sorted(map(str, await collection.find({}).to_list(None)))

    before = await everything()
    kind = mutation[0].upper() + mutation[1:]
    query = f"mutation($input: {kind}Input!) {{ {mutation}(input: $input) {{ __typename }} }}"
    variables = {"input": {"requestId": f"token-{mutation}", **input}}
    who = claims(WHO.get(mutation, "RESIDENT"))
    response = await world.post(service, f"Bearer {world.issuer.mint(who, seconds=-60).token}", query, variables)
    assert response.status_code == 401
    assert await everything() == before
    # The same with a token that holds: it was the token, nothing else.
    response = await world.post(service, f"Bearer {world.token(who)}", query, variables)
    assert "Refused" not in response.json()["data"][mutation]["__typename"]
    assert await everything() != before


CHANGES = {"acceptWorkOrder": at("DISPATCHED"), "reportResolution": at("HANDLING"), "answerSurvey": UNANSWERED}
