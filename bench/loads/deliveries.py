"""2,000 replies, with kill -9 of the senders and of the provider all the while: the provider's ledger beside our documents.

Twice. Where the provider says what became of a reference of ours, each petitioner is told, and none twice. Where it does not, each is told
once at most: what may have gone is never sent again, it is `unknown`, and the next channel is taken. The provider sends a reference as
often as it is handed in, answers too late, not at all, with errors and nonsense, and has no time; some numbers do not exist.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.loads._intake import intake_of
from deploy.local.parts import Parts, ensure_parts
from deploy.local.service import PROVIDER
from deploy.local.service import Service as Running
from deploy.providers.ledger import entries
from services.intake.domain.contact import Contact
from services.intake.domain.delivery import Delivery
from services.intake.domain.grievance import Grievance
from services.intake.domain.sending import MOST_TRIES
from services.intake.domain.shares import team_month_key
from services.intake.service import Service
from services.intake.settings import IntakeSettings
from services.intake.store.mongo import AT_ONCE, CODEC, DELIVERY_DUE
from shared.contracts.intake import Owner
from shared.identity.keys import ensure_keys
from shared.record import stub
from shared.tags import DIRTY, TAGS
from shared.timers import TIMER

REPLIES = 2_000
KILLS = 24
SIZE = f"{REPLIES:,} replies with kill -9 of senders and provider, twice"
FAULTS = "silent=0.02,lost=0.02,busy=0.05,down=0.04,broken=0.02,nonsense=0.02,nobody=0.02"
DELAY = 0.05
PREFIX = "load"
WORKERS = ("one", "other")
KILLED = (WORKERS[0], PROVIDER, WORKERS[1], PROVIDER)
"""In turn."""
WITHIN = 900.0
MOST_GIVEN_UP = 0.01
NOW = datetime(2020, 6, 5, 2, 0, tzinfo=UTC)
TEXT = "您反映的问题已经解决，欢迎继续监督。"


def main(scale: float) -> bool:
    replies, kills = round(REPLIES * scale), max(2, round(KILLS * scale))
    with tempfile.TemporaryDirectory() as temporary, ensure_parts(Path(temporary) / "parts", fresh=True) as parts:
        return asyncio.run(_load(parts, Path(temporary), replies, kills))


@dataclass
class Scene:
    """The processes of one run, each of which may be killed at any moment."""

    running: dict[str, Running]
    ledger: Path

    def strike(self, name: str) -> None:
        self.running[name].kill()
        self.running[name].start()


async def _load(parts: Parts, place: Path, replies: int, kills: int) -> bool:
    ensure_keys(parts.local_dir / "keys")
    settings = IntakeSettings(
        prefix=PREFIX,
        rabbitmq_url=parts.rabbitmq_url,
        mongodb_url=parts.mongodb_url,
        mongodb_retry_writes=parts.retry_writes,
        keys_dir=parts.local_dir / "keys",
    )
    async with intake_of(settings) as service:
        await service.migrate()
        return all([await _run(service, parts, place, lookup, replies, kills) for lookup in (True, False)])


async def _run(service: Service, parts: Parts, place: Path, lookup: bool, replies: int, kills: int) -> bool:
    name = "knows" if lookup else "forgets"
    print(f"the provider {'says' if lookup else 'does not say'} what became of a reference", flush=True)
    await _fill(service, name, replies)
    with _scene(parts, place, name, lookup) as scene:
        killed, took = await _until_through(service, scene, replies, kills)
    said = ", ".join(f"{victim} {count}" for victim, count in sorted(killed.items()))
    print(f"{replies:,} replies in {took:.0f} s; killed: {said}", flush=True)
    rows = await service.grievances.collection.find({TAGS: f"team:{team_month_key(name, '2020-06')}"}).to_list(None)
    posted = {row["_id"] for row in await service.runtime.database["notices"].find({}, {"_id": 1}).to_list(None)}
    deliveries = [CODEC.load(row).deliveries[0] for row in rows]
    return len(deliveries) == replies and _compare(scene.ledger, deliveries, posted, lookup)


def _compare(ledger: Path, deliveries: list[Delivery], posted: set[str], lookup: bool) -> bool:
    """What each side has written down, petitioner by petitioner."""
    told = Counter(entry.reference for entry in entries(ledger))
    wrong, given_up = [], 0
    for delivery in deliveries:
        times, tried = told[delivery.id], delivery.last("SMS")
        sent = delivery.state == "SENT" and delivery.channel == "SMS" and times == 1
        nobody = delivery.state == "FAILED" and times == 0 and tried is not None and tried.reason == "no_such_number"
        lost = not lookup and delivery.state == "UNKNOWN" and times <= 1
        # Its turn came each time while the provider was down: with these short waits that is likelier than with a real one's.
        down = delivery.state == "FAILED" and times == 0 and tried is not None and (tried.result, tried.n) == ("trouble", MOST_TRIES)
        given_up += down
        if not (sent or ((nobody or lost or down) and delivery.id in posted)):
            wrong.append(f"{delivery.id}: {delivery.state} by {delivery.channel}, told {times} times, {tried}")
    states = Counter(delivery.state for delivery in deliveries)
    went = sum(told[delivery.id] for delivery in deliveries if delivery.state == "UNKNOWN")
    twice = sum(1 for times in told.values() if times > 1)
    recipients = len({entry.recipient for entry in entries(ledger)})
    ours = ", ".join(f"{state} {count:,}" for state, count in sorted(states.items()))
    theirs = f"{sum(told.values()):,} messages to {recipients:,} people, {twice} twice"
    print(f"ours: {ours}; the provider's: {theirs}; of the unknown {went} had gone", flush=True)
    for line in wrong[:10]:
        print(f"  wrong: {line}", flush=True)
    print(f"given up after {MOST_TRIES} sends that the provider did not take: {given_up}", flush=True)
    return not wrong and twice == 0 and recipients == len(told) and given_up <= MOST_GIVEN_UP * len(deliveries)


@contextmanager
def _scene(parts: Parts, place: Path, name: str, lookup: bool) -> Iterator[Scene]:
    ledger = place / name / "ledger.sqlite"
    argv = [sys.executable, "-m", "deploy.providers", "--ledger", str(ledger), "--faults", FAULTS, "--delay", str(DELAY)]
    argv += [] if lookup else ["--no-lookup", "SMS"]
    provider = Running("provider", "", os.environ, parts.local_dir / "logs", parts.ports.any(), label=name, argv=argv)
    env = {
        "MINYI_PREFIX": PREFIX,
        "MINYI_CHANNELS": "SMS WEB",
        "MINYI_PROVIDER_URL": provider.url,
        "MINYI_PROVIDER_LOOKUPS": "SMS" if lookup else "",
        "MINYI_PROVIDER_SECONDS": "1",
        "MINYI_PROVIDER_WAIT_SECONDS": "0.02",
        "MINYI_CLAIM_SECONDS": "3",
        "MINYI_DELIVER_SECONDS": "0.1",
        "MINYI_QUIET_HOURS": "",
    }
    workers = {each: parts.service("intake", "worker", env, label=f"{name}-{each}") for each in WORKERS}
    running = {PROVIDER: provider, **workers}
    try:
        for process in running.values():
            process.start()
        yield Scene(running, ledger)
    finally:
        for process in running.values():
            # What is compared has ended.
            process.kill()


async def _until_through(service: Service, scene: Scene, replies: int, kills: int) -> tuple[Counter[str], float]:
    """Until no delivery is open; a process is killed each time that the provider has told another share of them. Raises TimeoutError."""
    draw, killed, begun = random.Random(5), Counter[str](), time.monotonic()
    marks = sorted(draw.sample(range(1, replies * 8 // 10), kills))
    victims = itertools.cycle(KILLED)
    async with asyncio.timeout(WITHIN):
        while marks:
            # The ledger is asked: counting in the store would be most of its work.
            while marks and len(entries(scene.ledger)) >= marks[0]:
                marks.pop(0)
                victim = next(victims)
                scene.strike(victim)
                killed[victim] += 1
            await asyncio.sleep(0.05)
        while True:
            if not await _open(service):
                return killed, time.monotonic() - begun
            await asyncio.sleep(1)


async def _open(service: Service) -> int:
    held = service.grievances.collection
    return sum([await held.count_documents({name: {"$gte": AT_ONCE}}) for name in (DELIVERY_DUE, TIMER)])


async def _fill(service: Service, name: str, count: int) -> None:
    """Grievances told on visits, each by a petitioner with a phone of their own, each with a reply on its way."""
    rows: list[dict[str, Any]] = []
    for number in range(count):
        person, _key = await service.persons.keep(f"{name}-{number}", Contact(f"孔{number}", f"138{number:08}"))
        grievance = _heard(name, number, person)
        row = {**stub(f"{name}-{number}"), "version": 1, "registered": True, **CODEC.dump(grievance)}
        rows.append(row | {TAGS: [tag for tag in row[TAGS] if tag != DIRTY]})
    for begin in range(0, count, 100):
        await service.grievances.collection.insert_many(rows[begin : begin + 100], ordered=False)


def _heard(name: str, number: int, person: str) -> Grievance:
    return Grievance(
        number=f"370881-20200605-{number:07}",
        kind="HELP",
        channel="VISIT",
        subject="路灯不亮",
        text="路灯不亮。",
        original=None,
        category=None,
        division="370881001901",
        urgent=False,
        anonymous=False,
        confidential=False,
        person=person,
        petitioner_kind="RESIDENT",
        petitioner_ref=f"{number:064x}",
        team=name,
        accused_departments=[],
        occurred_at=NOW,
        registered_at=NOW,
        campaign=None,
        encounter=None,
        owner=Owner(staffId="secretary", role="SECRETARY", unit="T-370881-001"),
        attachments=[],
        on_spot_answer=None,
        deliveries=[Delivery(id=f"{name}-{number}", purpose="REPLY", text=TEXT)],
    )
