"""Is every acknowledged grievance where it must be: in each service's graph, and in the stream of all events?"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from deploy.demo.client import WHOLE, Client
from shared.broker import SERVICES, Broker
from shared.envelope import SUBJECT
from shared.settings import CommonSettings

AT_ONCE = 12
QUIET_SECONDS = 20


@dataclass
class Account:
    """What the demo's table shows. `missing`: per place, the ids that were acknowledged and are not there."""

    acknowledged: int
    missing: dict[str, list[str]]
    by_state: Counter[str] = field(default_factory=Counter)
    by_category: Counter[str] = field(default_factory=Counter)
    by_county: Counter[str] = field(default_factory=Counter)
    median_seconds: float | None = None
    depths: dict[str, int] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        return not any(self.missing.values())


def acknowledged(file: Path) -> list[str]:
    """The ids of the client's own file, each once."""
    if not file.exists():
        return []
    return list(dict.fromkeys(json.loads(line)["id"] for line in file.read_text(encoding="utf-8").splitlines()))


async def account(client: Client, broker: Broker, ids: list[str]) -> Account:
    """Ask each service for each acknowledged grievance, and read the stream once from its start."""
    token = await client.person("city-admin")
    limit = asyncio.Semaphore(AT_ONCE)

    async def look(id: str) -> Any:
        async with limit:
            return (await client.whole(token, WHOLE, {"id": id}))["grievance"]

    found = dict(zip(ids, await asyncio.gather(*map(look, ids)), strict=True))
    streamed = await subjects_in_stream(broker, set(ids))
    result = Account(len(ids), missing(found, streamed))
    seconds = []
    for row in filter(None, found.values()):
        result.by_state[row["status"] or "?"] += 1
        case = row["case"] or {}
        result.by_category[case.get("category") or "未分类 unclassified"] += 1
        result.by_county[row["division"]["fullName"].removeprefix("济宁市")[:3] if row["division"] else "?"] += 1
        if case.get("closedAt"):
            seconds.append((datetime.fromisoformat(case["closedAt"]) - datetime.fromisoformat(case["registeredAt"])).total_seconds())
    result.median_seconds = median(seconds) if seconds else None
    result.depths = await depths(broker)
    return result


def missing(found: dict[str, Any], streamed: set[str]) -> dict[str, list[str]]:
    """Per place the ids that are not there."""
    return {
        "intake": [id for id, row in found.items() if row is None],
        "routing": [id for id, row in found.items() if row is None or row["case"] is None],
        "feedback": [id for id, row in found.items() if row is None or not row["timeline"]],
        "events.log": [id for id in found if id not in streamed],
    }


async def subjects_in_stream(broker: Broker, wanted: set[str]) -> set[str]:
    """The grievances that the stream knows, read from its first message until all that are wanted have been seen, or to its end."""
    subjects: set[str] = set()
    quiet = asyncio.Event()
    async with broker.channel(confirms=False) as channel:
        # A stream wants a prefetch and acknowledgements.
        await channel.set_qos(prefetch_count=500)
        stream = await channel.get_queue(broker.names.stream, ensure=False)

        async def take(message: Any) -> None:
            subjects.add(str(message.headers.get(SUBJECT, "")))
            await message.ack()
            quiet.set()

        tag = await stream.consume(take, arguments={"x-stream-offset": "first"})
        try:
            while not wanted <= subjects:
                quiet.clear()
                # The stream has no end mark: it is at its end when nothing more has come for long, just after a broker's boot too.
                await asyncio.wait_for(quiet.wait(), QUIET_SECONDS)
        except TimeoutError:
            pass
        await stream.cancel(tag)
    return subjects


async def depths(broker: Broker) -> dict[str, int]:
    """Messages in each service's queue and in its `.dead`."""
    found = {}
    async with broker.channel(confirms=False) as channel:
        for service in SERVICES:
            for name in (broker.names.queue(service), broker.names.dead(service)):
                declared = await channel.declare_queue(name, passive=True)
                found[name] = declared.declaration_result.message_count or 0
    return found


def broker_of(environment: dict[str, str]) -> Broker:
    """The system's broker, by the environment that its processes have."""
    settings = CommonSettings(rabbitmq_url=environment["MINYI_RABBITMQ_URL"], prefix=environment.get("MINYI_PREFIX", "minyi"))
    return Broker(settings.rabbitmq_url, settings.prefix, settings.retry_seconds)
