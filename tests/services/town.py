"""All three services over a real store; in place of the broker a post hands each published event to the two others."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from services.feedback.service import Service as Feedback
from services.feedback.settings import FeedbackSettings
from services.intake.service import Service as Intake
from services.intake.settings import IntakeSettings
from services.intake.usecases.deliver import deliver
from services.intake.usecases.erase_petitioner import ErasePetitioner, erase_petitioner
from services.routing.service import Service as Routing
from services.routing.settings import RoutingSettings
from shared.envelope import Event
from shared.erasure import Scrubber
from shared.record import Outcome
from shared.relay import PublishTrouble, flush
from shared.settings import CommonSettings
from tests.dropping import drop
from tests.services.intake.builders import project
from tests.services.intake.test_reveals import OFFICER
from tests.world import ISSUER

COLLECTIONS = {"intake": "grievances", "routing": "cases", "feedback": "followups"}


class Town:
    def __init__(self, intake: Intake, routing: Routing, feedback: Feedback) -> None:
        self.intake, self.routing, self.feedback = intake, routing, feedback
        self.published: list[Event] = []
        self.down = False

    @property
    def services(self) -> dict[str, Any]:
        return {"intake": self.intake, "routing": self.routing, "feedback": self.feedback}

    def records(self, name: str) -> Any:
        return {"intake": self.intake.grievances, "routing": self.routing.cases, "feedback": self.feedback.followups}[name]

    async def publish(self, event: Event) -> None:
        if self.down:
            raise PublishTrouble("no broker")
        self.published.append(event)
        for name, service in self.services.items():
            if name != event.source and (".grievance." in event.type or ".hotline_order." in event.type):
                assert await service.writer.receive(event, may_wait=True) in Outcome

    async def settle(self, id: str) -> None:
        """Until nobody has anything more to say; the sender sends what is asked of it."""
        while True:
            sent = sum([await flush(self.records(name), self, id) for name in self.services])
            if not sent and not await self.deliver(id):
                return

    async def deliver(self, id: str) -> int:
        """As a worker's sender does. Replies are looked up here."""
        held = (await self.intake.grievances.find_many([id])).get(id)
        return await deliver(self.intake.outbound.delivering, id, held.person) if held else 0

    async def scrub(self) -> None:
        for name in self.services:
            await Scrubber(self.records(name)).round()

    async def erase(self, id: str, request: str = "erase", note: str = "书面申请") -> None:
        command = ErasePetitioner(request_id=request, grievance_id=id, reason="REQUEST", note=note)
        await erase_petitioner(self.intake.erasing, OFFICER, command, "test")

    async def bytes_of_all(self) -> dict[str, str]:
        """Every document of every collection, with the bodies of events; by service."""
        found = {}
        for name, service in self.services.items():
            database, rows = service.runtime.database, []
            for collection in await database.list_collection_names():
                rows += [(collection, row) for row in await database[collection].find({}).to_list(None)]
            found[name] = repr(rows) + "".join(bytes(row["body"]).decode() for _collection, row in rows if "body" in row)
            found[name] += "".join(bytes(held["body"]).decode() for _collection, row in rows for held in row.get("waiting", ()))
        return found

    async def found(self, planted: Iterable[str]) -> dict[str, list[str]]:
        return {name: [word for word in planted if word in text] for name, text in (await self.bytes_of_all()).items()}

    async def counted(self) -> Any:
        """What is counted and listed, in all three."""
        await project(self.intake)
        database = self.intake.runtime.database
        buckets = sorted([(row["key"], row["n"]) for row in await database["grievances_buckets"].find({}).to_list(None)])
        rows = await database["grievances"].find({}).to_list(None)
        told = [(row["_id"], row["facts"], _looked_up(row["tags"]), row["encounter"], row["registered_at"]) for row in rows]
        cases = await self.routing.runtime.database["cases"].find({}).to_list(None)
        course = [
            (row["_id"], row["status"], row["category"], row["history"], row["departments"], row["closed_at"], row["reworks"])
            for row in cases
        ]
        held = await self.feedback.runtime.database["followups"].find({}).to_list(None)
        answers = [
            (
                row["_id"],
                [entry for entry in row["timeline"] if entry["kind"] != "PETITIONER_ERASED"],
                row["survey"] and [(said["resolved"], said["satisfied"], said["at"]) for said in row["survey"]["answers"]],
                row["reply"] and (row["reply"]["delivery"], row["reply"]["delivered_at"]),
            )
            for row in held
        ]
        slots = {
            name: sorted(
                key
                for row in await self.services[name].runtime.database[COLLECTIONS[name]].find({}, {"listed": 1}).to_list(None)
                for key in _places(row)
            )
            for name in ("intake", "routing")
        }
        return buckets, sorted(told, key=str), sorted(course, key=str), sorted(answers, key=str), slots


def _places(row: dict[str, Any]) -> list[str]:
    """What a list finds it by, its petitioner's own aside."""
    return [slot for slot in row["listed"]["slots"] if not slot.startswith("petitioner:")]


def town_in(settings: CommonSettings, keys_dir: Path, prefix: str) -> Town:
    """Over databases of this prefix, whatever is there."""
    common: dict[str, Any] = {
        "env": "development",
        "prefix": prefix,
        "mongodb_url": settings.mongodb_url,
        "mongodb_retry_writes": settings.mongodb_retry_writes,
        "rabbitmq_url": "amqp://127.0.0.1:1/",
        "keys_dir": keys_dir,
        "jwks": str(keys_dir / "issuer.jwks.json"),
        "issuer": ISSUER,
    }
    return Town(Intake(IntakeSettings(channels="WEB", **common)), Routing(RoutingSettings(**common)), Feedback(FeedbackSettings(**common)))


async def close(town: Town) -> None:
    for service in town.services.values():
        await service.runtime.relay.drain()
        service.runtime.client.close()


@asynccontextmanager
async def town_of(settings: CommonSettings, keys_dir: Path) -> AsyncIterator[Town]:
    """Of databases of its own, which are dropped afterwards."""
    made = town_in(settings, keys_dir, f"{settings.prefix}_{uuid.uuid4().hex[:6]}")
    for service in made.services.values():
        await service.migrate()
    yield made
    await close(made)
    await drop(settings, *(service.runtime.database.name for service in made.services.values()))


def _looked_up(tags: list[str]) -> list[str]:
    """By what a grievance is found whoever told it."""
    return [tag for tag in tags if tag.startswith(("heard:", "team:", "encounter:"))]
