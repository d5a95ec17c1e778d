"""L2: the week of 曲阜: 4,373 households visited and 500 problems told, collected without a network on 200 phones, and sent over one that
loses every third answer. Nothing may be lost, nothing twice; the phones are examples/field/.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.loads._intake import intake_of
from bench.processes import MAILBOX_ALONE
from deploy.demo.photos import sign_board
from deploy.local.supervisor import System
from examples.field.field_client import FieldClient, post
from services.intake.domain.households import Household
from services.intake.domain.territory import DivisionLevel
from services.intake.service import Service
from services.intake.settings import IntakeSettings
from services.intake.usecases.record_member import RecordMember, record_member
from services.intake.usecases.record_team import RecordTeam, record_team
from shared.identity.development import DevelopmentIssuer
from shared.identity.roles import Role
from shared.identity.scopes import Level, from_code
from shared.identity.viewer import Viewer

VISITS, PROBLEMS, PHONES = 4_373, 500, 200
SIZE = f"{VISITS:,} visits with {PROBLEMS} problems from {PHONES} phones, every third answer lost"
COUNTY = "370881000000"
TEAM_SIZE = 4
AT_ONCE = 8
SETTLE_SECONDS = 300
ADMIN = Viewer(sub="load", roles=frozenset({Role.CITY_ADMIN}), scopes=(from_code("370800000000", Level.CITY),))


def main(scale: float) -> bool:
    load = Load(max(TEAM_SIZE, round(PHONES * scale)), round(VISITS * scale), round(PROBLEMS * scale))
    with tempfile.TemporaryDirectory() as temporary, System(Path(temporary), say=print, env=MAILBOX_ALONE) as system:
        asyncio.run(load.found(system))
        load.collect(system, Path(temporary))
        begun = time.monotonic()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(load.send_all, range(load.phones)))
        wall = time.monotonic() - begun
        counted = asyncio.run(load.counted(system))
    taken = sorted(load.network.seconds)
    print(f"sent in {wall:.1f} s: {load.network.requests} requests, {load.network.lost} answers lost, ", end="")
    print(f"a batch took {statistics.median(taken) * 1000:.0f} ms (median), {taken[len(taken) * 95 // 100] * 1000:.0f} ms (p95)")
    print(f"found {counted}")
    wanted = {"encounters": load.visits, "visited once": load.visits, "grievances": load.problems, "photos": load.problems}
    return counted == {**wanted, "cases": load.problems, "follow-ups": load.problems, "outings": load.visits, "untold": 0}


@dataclass
class Network:
    """The road to the gateway: every third answer is lost, after the request was done."""

    requests: int = 0
    lost: int = 0
    seconds: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, method: str, url: str, body: bytes, headers: dict[str, str]) -> bytes:
        begun = time.monotonic()
        answer = post(method, url, body, headers)
        with self.lock:
            self.requests += 1
            if method == "POST":
                self.seconds.append(time.monotonic() - begun)
            if self.requests % 3 == 0:
                self.lost += 1
                raise ConnectionError("the answer was lost")
        return answer


class Load:
    def __init__(self, phones: int, visits: int, problems: int) -> None:
        self.phones, self.visits, self.problems = phones, visits, problems
        self.network = Network()
        self.villages: list[str] = []
        self.clients: list[FieldClient] = []

    def secretary(self, number: int) -> dict[str, Any]:
        """The claims of one; four make a team, with a village of its own."""
        team = number // TEAM_SIZE
        scopes = [{"level": "VILLAGE", "code": self.villages[team % len(self.villages)]}]
        return {"sub": f"week-{number}", "roles": ["SECRETARY"], "team": f"T-WEEK-{team}", "scopes": scopes}

    async def found(self, system: System) -> None:
        """Secretaries, teams and households."""
        async with intake_in(system) as service:
            parts = service.fieldwork
            territory = await parts.atlas.current()
            self.villages = [each.code for each in territory if each.level is DivisionLevel.VILLAGE and each.code.startswith(COUNTY[:6])]
            row: dict[str, Any] = {"name": "某书记", "kinds": ["GRID_WORKER"], "rank": "SECTION"}
            for number in range(self.phones):
                who = self.secretary(number)
                member = RecordMember(request_id="m", id=who["sub"], unit=who["scopes"][0]["code"], team=who["team"], **row)
                await record_member(parts.record_members, ADMIN, member, "")
                if number % TEAM_SIZE == 0:
                    unit = {"division": COUNTY, "contact_units": [who["scopes"][0]["code"]]}
                    team = RecordTeam(request_id="t", code=who["team"], name="一组", leader=who["sub"], **unit)
                    await record_team(parts.record_teams, ADMIN, team, "")
            homes = [(self._home(service, number), {"id": "load", "digest": "", "result": {}}) for number in range(self.visits)]
            for start in range(0, len(homes), 1_000):
                await parts.households.add_many(homes[start : start + 1_000])

    def _home(self, service: Service, number: int) -> Household:
        who, id = self.secretary(number % self.phones), f"week-home-{number}"
        key, wrapped = service.cipher.new_person_key(id)
        sealed: dict[str, Any] = {"place": key.encrypt("place", id), "number": key.encrypt("number", id), "key": wrapped, "person": id}
        nothing: dict[str, Any] = {"head": None, "phone": None, "address": None, "contract": None, "digest": ""}
        return Household(id=id, village=who["scopes"][0]["code"], team=who["team"], persons=3, **sealed, **nothing)

    def collect(self, system: System, directory: Path) -> None:
        """What the phones hold after a week without a network."""
        issuer = DevelopmentIssuer(
            env="development",
            keys_dir=Path(system.environment["MINYI_KEYS_DIR"]),
            issuer=system.environment["MINYI_ISSUER"],
            audience=system.environment["MINYI_AUDIENCE"],
        )
        photo = directory / "before.png"
        photo.write_bytes(sign_board(broken=True))
        for number in range(self.phones):
            token, endpoint = issuer.mint(self.secretary(number)).token, f"{system.urls['gateway']}/graphql"
            self.clients.append(FieldClient(directory / f"phone-{number}.sqlite3", endpoint, token, send=self.network.send))
        for number in range(self.visits):
            phone, who = self.clients[number % self.phones], self.secretary(number % self.phones)
            here = {"division": who["scopes"][0]["code"]}
            talk = phone.tell("encounter", kind="HOUSEHOLD_TALK", text=f"走访第{number}户", household=f"week-home-{number}", **here)
            if number < self.problems:
                phone.tell("grievance", text=f"第{number}户反映路灯不亮", encounter=talk, channel="VISIT", photos=[str(photo)], **here)

    def send_all(self, number: int) -> None:
        """Until everything is answered, whatever is lost on the way."""
        while True:
            try:
                if not self.clients[number].sync():
                    return
            except OSError:
                # Lost, or the store was too busy: a phone tries again.
                continue

    async def counted(self, system: System) -> dict[str, int]:
        """What is there once all have seen all."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            async with intake_in(system) as service:
                found = await self._counted(service)
            if (found["cases"] == found["follow-ups"] == self.problems and not found["untold"]) or time.monotonic() > deadline:
                return found
            await asyncio.sleep(1)

    async def _counted(self, service: Service) -> dict[str, int]:
        client, database, prefix = service.runtime.client, service.runtime.database, service.settings.prefix
        registered = {"registered": True}
        visits: Counter[str] = Counter()
        async for home in database["households"].find({}, {"visits.id": 1}):
            visits[home["_id"]] = len(home["visits"])
        outings = [len(member["outings"]) async for member in database["members"].find({"team": {"$regex": "^T-WEEK"}}, {"outings": 1})]
        return {
            "encounters": await database["encounters"].count_documents(registered),
            "visited once": sum(number == 1 for number in visits.values()),
            "grievances": await database["grievances"].count_documents(registered),
            "photos": await database["uploads"].count_documents({"state": "STORED"}),
            "cases": await client[f"{prefix}_routing"]["cases"].count_documents(registered),
            "follow-ups": await client[f"{prefix}_feedback"]["followups"].count_documents(registered),
            "outings": sum(outings),
            "untold": len(await service.fieldwork.encounters.untold(1_000)),
        }


def intake_in(system: System) -> AbstractAsyncContextManager[Service]:
    """Over the running system's store."""
    names = ("prefix", "mongodb_url", "mongodb_retry_writes", "rabbitmq_url", "keys_dir")
    given = {name: system.environment[f"MINYI_{name.upper()}"] for name in names if f"MINYI_{name.upper()}" in system.environment}
    return intake_of(IntakeSettings.model_validate(given))
