"""The development issuer: an identity provider for one machine that signs a token for anybody who asks. MINYI_ENV=development only.

| route | answer |
| --- | --- |
| GET /dev/people | the ready-made people: [{person, title, titleZh, roles, …}] |
| GET /dev/token/{person} | {accessToken, person, expiresAt}; 404 names the people there are |
| POST /dev/token | the same for any claims: {sub, roles, scopes, department, team, phone_number, wechat_openid, name, seconds} |
| GET /dev/issuer/.well-known/openid-configuration, /dev/issuer/jwks.json | what a verifier needs |
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from gateway.settings import GatewaySettings
from shared.identity.development import TOKEN_SECONDS, DevelopmentIssuer
from shared.identity.issuers import Minted
from shared.identity.roles import Role
from shared.identity.scopes import Level, MalformedScope, from_code

ISSUER_PATH = "/dev/issuer"


@dataclass(frozen=True)
class Person:
    """Somebody made up. `claims` are those of the token."""

    title: str
    title_zh: str
    claims: dict[str, Any]


def _scope(level: Level, code: str) -> list[dict[str, str]]:
    return [{"level": level.value, "code": code}]


PEOPLE: dict[str, Person] = {
    "resident": Person(
        "Kong Fanying, a resident of the compound 后作街",
        "孔凡莹，后作街小区居民",
        {"sub": "resident-kong", "name": "孔凡莹", "roles": [Role.RESIDENT], "phone_number": "13800000001"},
    ),
    "secretary": Person(
        "People's-concerns secretary of the community 鼓楼",
        "鼓楼社区民情书记",
        {
            "sub": "secretary-gulou-1",
            "name": "鼓楼社区民情书记一",
            "roles": [Role.SECRETARY],
            "team": "T-370881-001",
            "scopes": _scope(Level.VILLAGE, "370881001901"),
        },
    ),
    "handler": Person(
        "Handler at the party working committee of the street 鲁城",
        "鲁城街道党工委经办人",
        {
            "sub": "handler-lucheng",
            "name": "鲁城街道党工委经办人",
            "roles": [Role.HANDLER],
            "department": "D-370881001-DGW",
            "scopes": _scope(Level.TOWN, "370881001000"),
        },
    ),
    "supervisor": Person(
        "Supervisor of Qufu city",
        "曲阜市督查专员",
        {
            "sub": "supervisor-qufu",
            "name": "曲阜市督查专员",
            "roles": [Role.SUPERVISOR],
            "scopes": _scope(Level.COUNTY, "370881000000"),
        },
    ),
    "county-admin": Person(
        "Administrator of Qufu city (county level)",
        "曲阜市管理员",
        {"sub": "admin-qufu", "name": "曲阜市管理员", "roles": [Role.COUNTY_ADMIN], "scopes": _scope(Level.COUNTY, "370881000000")},
    ),
    "city-admin": Person(
        "Administrator of Jining city",
        "济宁市管理员",
        {"sub": "admin-jining", "name": "济宁市管理员", "roles": [Role.CITY_ADMIN], "scopes": _scope(Level.CITY, "370800000000")},
    ),
}


class ScopeClaim(BaseModel):
    model_config = ConfigDict(extra="forbid")

    level: Level
    code: str


class Claims(BaseModel):
    """What POST /dev/token takes; names are those of the token's claims. `seconds` is its life, 12 h at most."""

    model_config = ConfigDict(extra="forbid")

    sub: str = Field(min_length=1, max_length=255)
    roles: list[Role] = []
    name: str | None = None
    scopes: list[ScopeClaim] = []
    department: str | None = None
    team: str | None = None
    phone_number: str | None = None
    wechat_openid: str | None = None
    seconds: int = Field(TOKEN_SECONDS, ge=1, le=TOKEN_SECONDS)


def build_router(settings: GatewaySettings) -> APIRouter:
    """Raises RuntimeError outside development. Tokens name the first of MINYI_ISSUER as their issuer, else this gateway's own address."""
    address = f"http://{settings.host}:{settings.port}{ISSUER_PATH}"
    issuer = DevelopmentIssuer(
        env=settings.env,
        keys_dir=Path(settings.keys_dir),
        issuer=next(iter(settings.issuers()), address),
        audience=settings.audience,
    )
    router = APIRouter(include_in_schema=False)

    @router.get(ISSUER_PATH + "/.well-known/openid-configuration")
    async def configuration() -> dict[str, object]:
        return {
            "issuer": issuer.issuer,
            "jwks_uri": f"{issuer.issuer}/jwks.json",
            "id_token_signing_alg_values_supported": ["ES256"],
            "response_types_supported": ["token"],
            "subject_types_supported": ["public"],
        }

    @router.get(ISSUER_PATH + "/jwks.json")
    async def jwks() -> dict[str, object]:
        return issuer.jwks

    @router.get("/dev/people")
    async def people() -> list[dict[str, object]]:
        return [
            {"person": person, "title": who.title, "titleZh": who.title_zh, "token": f"/dev/token/{person}", **who.claims}
            for person, who in PEOPLE.items()
        ]

    @router.get("/dev/token/{person}")
    async def token_of(person: str) -> JSONResponse:
        who = PEOPLE.get(person)
        if who is None:
            known = ", ".join(PEOPLE)
            return _refused(404, "PERSON_UNKNOWN", f"没有这个演示人物；可选：{known}", f"There is no such person; there are: {known}")
        return _answer(issuer.mint(who.claims), person)

    @router.post("/dev/token")
    async def token_for(claims: Claims) -> JSONResponse:
        try:
            for scope in claims.scopes:
                from_code(scope.code, scope.level)
        except MalformedScope as error:
            return _refused(422, "SCOPE_MALFORMED", "区划代码与级别不符。", str(error))
        minted = issuer.mint(claims.model_dump(mode="json", exclude_none=True, exclude={"seconds"}), seconds=claims.seconds)
        return _answer(minted, claims.sub)

    return router


def _answer(minted: Minted, person: str) -> JSONResponse:
    expires = datetime.fromtimestamp(minted.expires_at, UTC).isoformat().replace("+00:00", "Z")
    return JSONResponse({"accessToken": minted.token, "person": person, "expiresAt": expires}, headers={"Cache-Control": "no-store"})


def _refused(status: int, code: str, zh: str, en: str) -> JSONResponse:
    return JSONResponse({"code": code, "message": en, "messageZh": zh}, status)


def __getattr__(name: str) -> APIRouter:
    # `gateway.dev_issuer.router` is built from the environment when it is asked for, and nowhere but in development.
    if name == "router":
        return build_router(GatewaySettings())
    raise AttributeError(name)
