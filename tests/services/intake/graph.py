"""One intake's graph, asked by the six and a few more; and what it has told the other services."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx

from services.intake.service import Service
from shared.identity.development import DevelopmentIssuer
from shared.identity.roles import Role
from shared.identity.viewer import Viewer
from shared.writer import event_of
from tests.services.builders import LUCHENG
from tests.services.intake.viewers import CITY_ADMIN, COUNTY_ADMIN, NOBODY, OTHER_SECRETARY, RESIDENT, SECRETARY, VILLAGE

REFUSED = "code message messageZh field"
REGISTERED = f"__typename ... on Registered {{ grievance {{ id }} }} ... on RegisterRefused {{ {REFUSED} }}"
COMPLETED = (
    "__typename ... on GrievanceCompleted { grievance { subject petitioner { displayName phone } attachments { id } } }"
    f"... on CompleteRefused {{ {REFUSED} }}"
)
STAFF = Viewer(sub="staff-lucheng", roles=frozenset({Role.HANDLER}), department=LUCHENG)
SIX = [NOBODY, RESIDENT, OTHER_SECRETARY, SECRETARY, COUNTY_ADMIN, CITY_ADMIN]

# One count for all tests: they share one intake, and a number used again would be a repeat.
REQUESTS = itertools.count()


@dataclass
class Graph:
    service: Service
    http: httpx.AsyncClient
    issuer: DevelopmentIssuer
    requests: Iterator[int] = REQUESTS

    async def ask(self, viewer: Viewer, query: str, variables: dict[str, Any], phone: str | None = None) -> dict[str, Any]:
        claims: dict[str, Any] = {"sub": viewer.sub, "roles": list(viewer.roles), "team": viewer.team, "department": viewer.department}
        claims["scopes"] = [{"level": scope.level.value, "code": scope.prefix.ljust(12, "0")} for scope in viewer.scopes]
        claims |= {"phone_number": phone} if phone else {}
        claims |= {"wechat_openid": viewer.openid} if viewer.openid else {}
        headers = {} if viewer.anonymous else {"authorization": f"Bearer {self.issuer.mint(claims).token}"}
        response = await self.http.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
        assert response.status_code == 200, response.text
        return dict(response.json())

    async def see(self, viewer: Viewer, query: str, **variables: Any) -> Any:
        answer = await self.ask(viewer, query, variables)
        assert "errors" not in answer, answer
        return next(iter(answer["data"].values()))

    async def do(self, viewer: Viewer, mutation: str, fields: str, **input: Any) -> dict[str, Any]:
        kind = mutation[0].upper() + mutation[1:]
        query = f"mutation($input: {kind}Input!) {{ {mutation}(input: $input) {{ {fields} }} }}"
        return dict(await self.see(viewer, query, input={"requestId": f"r-{next(self.requests)}"} | input))

    async def hear(self, viewer: Viewer = SECRETARY, **changes: Any) -> str:
        """A remark taken down in seconds: its id."""
        input = {"kind": "HELP", "channel": "VISIT", "subject": "路灯", "text": "路灯不亮了。", "division": f"{VILLAGE}-01"} | changes
        return str((await self.do(viewer, "registerGrievance", REGISTERED, **input))["grievance"]["id"])

    async def said(self, id: str) -> list[dict[str, Any]]:
        """What intake has told the others of this grievance."""
        document = await self.service.grievances.load(id)
        assert document is not None
        entries = [entry["row"] for entry in document["outbox"] if entry["kind"] == "event"]
        rows = await self.service.runtime.database["events"].find({"subject": id}).to_list(None) + entries
        known = {row["event_id"]: event_of(row) for row in sorted(rows, key=lambda row: row["sequence"])}
        return [{"type": event.type, **event.data()} for event in known.values()]


@asynccontextmanager
async def graph_of(service: Service, issuer: DevelopmentIssuer) -> AsyncIterator[Graph]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(service.api()), base_url="http://intake") as http:
        yield Graph(service, http, issuer)


def secretary(sub: str) -> Viewer:
    """One of the team with a day of their own."""
    return replace(SECRETARY, sub=sub)


def today(graph: Graph) -> str:
    return graph.service.fieldwork.today()
