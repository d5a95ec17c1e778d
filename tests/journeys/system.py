"""A whole system of processes for a journey: three services, api and worker each, on the shared broker and store."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp

from deploy.local.parts import Parts
from deploy.local.service import Service
from shared.china_time import CHINA
from shared.clock import ShiftedClock
from shared.identity.development import DevelopmentIssuer
from tests.waiting import until
from tests.world import ISSUER, ROOT

SERVICES = ("intake", "routing", "feedback")
LUCHENG = "D-370881001-DGW"
GULOU = "370881001901"

PEOPLE: dict[str, dict[str, Any]] = {
    "resident": {"sub": "resident-kong", "roles": ["RESIDENT"], "phone_number": "13800000001"},
    "secretary": {
        "sub": "secretary-gulou-1",
        "roles": ["SECRETARY"],
        "team": "T-370881-001",
        "scopes": [{"level": "VILLAGE", "code": GULOU}],
    },
    "handler": {
        "sub": "handler-lucheng",
        "roles": ["HANDLER"],
        "department": LUCHENG,
        "scopes": [{"level": "TOWN", "code": "370881001000"}],
    },
    "co-handler": {
        "sub": "handler-zjj",
        "roles": ["HANDLER"],
        "department": "D-3708-ZJJ",
        "scopes": [{"level": "CITY", "code": "370800000000"}],
    },
    "dispatcher": {"sub": "dispatcher-qufu", "roles": ["DISPATCHER"], "scopes": [{"level": "COUNTY", "code": "370881000000"}]},
    "community-secretary": {
        "sub": "community-gulou",
        "roles": ["COMMUNITY_SECRETARY"],
        "scopes": [{"level": "VILLAGE", "code": GULOU}],
    },
    "data-officer": {"sub": "officer-qufu", "roles": ["DATA_OFFICER"], "scopes": [{"level": "COUNTY", "code": "370881000000"}]},
    "supervisor": {"sub": "supervisor-qufu", "roles": ["SUPERVISOR"], "scopes": [{"level": "COUNTY", "code": "370881000000"}]},
    "another-supervisor": {"sub": "supervisor-2", "roles": ["SUPERVISOR"], "scopes": [{"level": "COUNTY", "code": "370881000000"}]},
    "head": {
        "sub": "head-lucheng",
        "roles": ["DEPARTMENT_HEAD"],
        "department": LUCHENG,
        "scopes": [{"level": "TOWN", "code": "370881001000"}],
    },
    "county-admin": {"sub": "admin-qufu", "roles": ["COUNTY_ADMIN"], "scopes": [{"level": "COUNTY", "code": "370881000000"}]},
    "caller": {"sub": "caller-qufu", "roles": ["CALLER"], "scopes": [{"level": "COUNTY", "code": "370881000000"}]},
    "anybody": {"sub": "anybody"},
    "city-admin": {"sub": "admin-jining", "roles": ["CITY_ADMIN"], "scopes": [{"level": "CITY", "code": "370800000000"}]},
}

REGISTER = """mutation($input: RegisterGrievanceInput!) { registerGrievance(input: $input) {
  __typename ... on Registered { grievance { id number subject text } } ... on RegisterRefused { code field message messageZh } } }"""
ACCEPT = """mutation($input: AcceptWorkOrderInput!) { acceptWorkOrder(input: $input) {
  __typename ... on Case { id status } ... on AcceptRefused { code field message messageZh } } }"""
REPORT = """mutation($input: ReportResolutionInput!) { reportResolution(input: $input) {
  __typename ... on Case { id status } ... on ReportRefused { code field message messageZh } } }"""
ANSWER = """mutation($input: AnswerSurveyInput!) { answerSurvey(input: $input) {
  __typename ... on SurveyAnswered { survey { resolved satisfied } } ... on SurveyRefused { code field message messageZh } } }"""


# As `python -m services.<name> migrate` for each, in one process: to start one takes longer than what most of them do.
MIGRATE = """
import runpy, sys
for name in sys.argv[1:]:
    sys.argv = [name, "migrate"]
    runpy.run_module(f"services.{name}", run_name="__main__")
"""


@dataclass
class System:
    """Running processes under one prefix. Calls go straight to the subgraphs: the gateway has tests of its own."""

    parts: Parts
    prefix: str
    issuer: DevelopmentIssuer
    environment: dict[str, str]
    processes: dict[str, Service] = field(default_factory=dict)

    def process(self, service: str, kind: str, label: str = "") -> Service:
        """The handle of one process, made when it is first asked for; `label` tells replicas apart."""
        name = "-".join(filter(None, (service, kind, label)))
        if name not in self.processes:
            self.processes[name] = self.parts.service(service, kind, self.environment, label=f"{label}{self.prefix}")
        return self.processes[name]

    def start(self, service: str, kind: str, env: Mapping[str, str] | None = None, label: str = "") -> Service:
        process = self.process(service, kind, label)
        process.start(env)
        return process

    def start_all(self, *, besides: tuple[str, ...] = ()) -> None:
        started = [self.start(service, kind) for service in SERVICES for kind in ("api", "worker") if f"{service}-{kind}" not in besides]
        for process in started:
            process.wait_ready()

    def migrate(self) -> None:
        env = self.process("intake", "api").process.env
        subprocess.run([sys.executable, "-c", MIGRATE, *SERVICES], env=env, cwd=ROOT, check=True)

    def stop(self) -> None:
        for process in self.processes.values():
            process.stop()

    def token(self, person: str | Mapping[str, Any]) -> str:
        claims = PEOPLE[person] if isinstance(person, str) else person
        return self.issuer.mint(claims).token

    async def ask(self, service: str, person: str | Mapping[str, Any], query: str, variables: Mapping[str, Any] | None = None) -> Any:
        """One GraphQL request to a subgraph; the whole answer."""
        headers = {"authorization": f"Bearer {self.token(person)}"}
        async with (
            aiohttp.ClientSession() as session,
            session.post(
                f"{self.process(service, 'api').url}/graphql", json={"query": query, "variables": variables or {}}, headers=headers
            ) as response,
        ):
            return await response.json()

    async def do(self, service: str, person: str | Mapping[str, Any], mutation: str, **input: Any) -> Any:
        """One mutation; its result value (also a refusal)."""
        answer = await self.ask(service, person, mutation, {"input": input})
        assert "errors" not in answer, answer
        return next(iter(answer["data"].values()))

    async def entity(self, service: str, person: str | Mapping[str, Any], id: str, selection: str) -> Any:
        """What this service knows of the grievance; the whole answer's entity."""
        query = f"query($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on Grievance {{ {selection} }} }} }}"
        answer = await self.ask(service, person, query, {"r": [{"__typename": "Grievance", "id": id}]})
        assert "errors" not in answer, answer
        return answer["data"]["_entities"][0]

    async def until_status(self, id: str, *statuses: str, within: float = 30.0) -> str:
        """Wait until routing says one of these states."""

        async def look() -> str | None:
            found = (await self.entity("routing", "city-admin", id, "status"))["status"]
            return found if found in statuses else None

        return await until(look, within=within, what=f"status {' or '.join(statuses)}")

    async def until_not_delivered(self, id: str, *, within: float = 30.0) -> None:
        """Wait until no channel has delivered the reply."""

        async def look() -> bool:
            reply = (await self.entity("feedback", "city-admin", id, "reply { delivery }"))["reply"]
            return bool(reply) and reply["delivery"] == "FAILED"

        await until(look, within=within, what="a reply that was not delivered")

    def let_it_be_day(self) -> None:
        """By the business clock, at a time at which callers call."""
        clock = ShiftedClock(Path(self.environment["MINYI_CLOCK_FILE"]))
        now = clock.now().astimezone(CHINA)
        if not 8 <= now.hour < 20:
            morning = now.replace(hour=10)
            clock.move_to(morning if morning > now else morning + timedelta(days=1))

    async def until_asked(self, id: str, *, within: float = 30.0) -> Any:
        """Wait until the petitioner is asked in a survey that is not answered yet."""

        async def look() -> Any:
            survey = (await self.entity("feedback", "city-admin", id, "survey { round openedAt answeredAt }"))["survey"]
            return survey if survey and survey["answeredAt"] is None else None

        return await until(look, within=within, what="the survey")

    async def until_asked_or_closed(self, id: str, *, within: float = 30.0) -> None:
        """Wait until there is a survey, answered or not."""

        async def look() -> Any:
            return (await self.entity("feedback", "city-admin", id, "survey { openedAt }"))["survey"]

        await until(look, within=within, what="the survey")

    async def register(self, request_id: str, person: str | Mapping[str, Any] = "secretary", **changes: Any) -> Any:
        """Register the sign-board grievance (or what `changes` make of it); its Registered value."""
        input = {
            "kind": "HELP",
            "channel": "VISIT",
            "subject": "小区指示牌破损",
            "text": "后作街小区门口的指示牌破旧，看不清字，希望更换。",
            "division": f"{GULOU}-01",
            "petitioner": {"kind": "RESIDENT", "name": "孔凡莹", "phone": "13800000001"},
            **changes,
        }
        return await self.do("intake", person, REGISTER, requestId=request_id, **input)


@contextmanager
def running(parts: Parts, prefix: str, issuer: DevelopmentIssuer, keys_dir: Path, env: Mapping[str, str] | None = None) -> Iterator[System]:
    """A system whose processes are stopped at the end; nothing is started yet but the stores are migrated."""
    environment = {
        "MINYI_PREFIX": prefix,
        "MINYI_ISSUER": ISSUER,
        "MINYI_KEYS_DIR": str(keys_dir),
        "MINYI_JWKS": str(keys_dir / "issuer.jwks.json"),
        "MINYI_CLOCK_FILE": str(parts.local_dir / f"clock-{prefix}"),
        **(env or {}),
    }
    system = System(parts, prefix, issuer, environment)
    system.migrate()
    try:
        yield system
    finally:
        system.stop()


@contextmanager
def gateway_of(system: System, env: Mapping[str, str] | None = None) -> Iterator[Service]:
    """A gateway before this system's subgraphs; it ends with the system at the latest."""
    subgraphs = ",".join(f"{name}={system.process(name, 'api').url}/graphql" for name in SERVICES)
    own = {**system.environment, "MINYI_SUBGRAPHS": subgraphs, **(env or {})}
    label = f"{len(system.processes)}{system.prefix}"
    process = system.processes[f"gateway-{label}"] = system.parts.service("gateway", "", own, label=label)
    process.start()
    process.wait_ready()
    try:
        yield process
    finally:
        process.stop()
