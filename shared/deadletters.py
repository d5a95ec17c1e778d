"""Operators' view of what could not be applied: `python -m shared.deadletters list | show | replay | drop`.

| command | does |
| --- | --- |
| list | parked messages of every service, and documents held up by an event that waits in them |
| show ID | one parked message: headers, reason, body (events carry no personal data; what 12345 reported may) |
| replay ID, replay --all | sends it again to the queue from which it came, without the broker's death records and with a fresh count |
| drop ID | has the worker skip the event in its document, waits until it has, then takes the message out |

ID is the event's id. Settings come from the environment (MINYI_*), as for every process.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from shared.broker import DEATH_RECORDS, SERVICES, Broker, Incoming
from shared.envelope import ATTEMPT, ORIGINAL_KEY, REASON, Event, Malformed, from_message
from shared.mongo import Client, connect, database
from shared.record import from_waiting
from shared.records import MongoRecords
from shared.relay import PublishTrouble
from shared.settings import CommonSettings, known_names, report_misspelt

# Where each service keeps its one document per grievance.
DOCUMENTS = {"intake": "grievances", "routing": "cases", "feedback": "followups"}
LOOKED_AT = 10_000
SKIP_SECONDS = 20.0
SKIP_MARGIN_SECONDS = 5.0
"""For a worker's clock that is behind, and for what it had in hand at the last moment."""


@dataclass(frozen=True)
class Parked:
    """One message in `.dead`. `event` is None when it is no event of ours."""

    service: str
    id: str
    reason: str
    key: str
    event: Event | None
    message: Incoming

    def row(self) -> dict[str, Any]:
        event = self.event
        return {
            "service": self.service,
            "id": self.id,
            "type": event.type if event else self.key,
            "document": event.subject if event else None,
            "source": event.source if event else None,
            "sequence": event.sequence if event else None,
            "reason": self.reason,
            "where": "dead",
        }


class DeadLetters:
    """What is parked and what is held up, of all services under one prefix."""

    def __init__(self, settings: CommonSettings, broker: Broker, client: Client) -> None:
        self._broker = broker
        self._records = {
            service: MongoRecords(database(client, settings, service), collection) for service, collection in DOCUMENTS.items()
        }

    async def everything(self) -> list[dict[str, Any]]:
        """Rows of parked messages, then of documents held up by an event that waits in them."""
        rows = []
        async with self._parked() as parked:
            rows = [one.row() for one in parked]
        known = {(row["service"], row["id"]) for row in rows}
        for service, document, event in await self._held():
            if (service, event.id) not in known:
                rows.append(
                    {
                        "service": service,
                        "id": event.id,
                        "type": event.type,
                        "document": document["_id"],
                        "source": event.source,
                        "sequence": event.sequence,
                        "reason": document["blocked"]["reason"],
                        "where": "waiting",
                    }
                )
        return rows

    async def show(self, id: str) -> dict[str, Any] | None:
        async with self._parked() as parked:
            for one in parked:
                if one.id == id:
                    headers = {name: str(value) for name, value in one.message.headers.items()}
                    return one.row() | {"headers": headers, "body": one.message.body.decode("utf-8", "replace")}
        return None

    async def replay(self, id: str | None) -> int:
        """Send one (or with None all) again; returns how many. A replayed message leaves `.dead` only after the broker has it again."""
        count = 0
        seen: set[tuple[str, str]] = set()
        async with self._parked() as parked:
            for one in parked:
                if id in (None, one.id):
                    await self._again(one)
                    await one.message.ack()
                    seen.add((one.service, one.id))
                    count += 1
        for service, _, event in await self._held():
            if id in (None, event.id) and (service, event.id) not in seen:
                await self._broker.publish_to(self._broker.names.queue(service), event)
                count += 1
        return count

    async def drop(self, id: str) -> str:
        """Skip the event in its document, then take the message out; every copy, in every service. Returns what happened, in words."""
        dropped = False
        async with self._parked() as parked:
            for one in parked:
                if one.id != id:
                    continue
                if one.event is not None and ".reference." not in one.event.type and not await self._skipped(one.service, one.event):
                    return f"not skipped in {one.service}: it is not the next in order of its document, or no worker is running"
                await one.message.ack()
                dropped = True
        if dropped:
            return "dropped"
        for service, _, event in await self._held():
            if event.id == id:
                return "dropped" if await self._skipped(service, event) else "not skipped: no worker is running"
        return "there is no such message"

    async def _skipped(self, service: str, event: Event) -> bool:
        """Have a worker skip it and wait until its document says so. The instruction ends before the wait does: what was answered stays
        true. A document that has gone past it needs none."""
        if await self._is_past(service, event):
            return True
        until = int(time.time() + SKIP_SECONDS)
        instruction = event.again(skip="dropped by an operator", skip_until=until, attempt=0)
        await self._broker.publish_to(self._broker.names.queue(service), instruction)
        while time.time() < until + SKIP_MARGIN_SECONDS:
            if await self._is_past(service, event):
                return True
            await asyncio.sleep(0.1)
        return False

    async def _is_past(self, service: str, event: Event) -> bool:
        document = await self._records[service].load(event.subject)
        return bool(document and (document.get("void") or document["seen"].get(event.source, 0) >= event.sequence))

    async def _again(self, one: Parked) -> None:
        names = self._broker.names
        if one.event is not None:
            await self._broker.publish_to(names.queue(one.service), one.event.again(attempt=0))
            return
        # What 12345 reported goes back to where reports come in.
        queue = names.hotline_in if one.key == names.hotline_in else names.queue(one.service)
        headers = {
            name: value
            for name, value in one.message.headers.items()
            if name not in (REASON, ORIGINAL_KEY, ATTEMPT) and not name.lower().startswith(DEATH_RECORDS)
        }
        await self._broker.send("", queue, one.id, headers, one.message.body)

    async def _held(self) -> list[tuple[str, dict[str, Any], Event]]:
        """Documents whose blocked event waits in the document itself: (service, document, event)."""
        found: list[tuple[str, dict[str, Any], Event]] = []
        for service, records in self._records.items():
            for row in await records.blocked(list(SERVICES), LOOKED_AT):
                document = await records.load(row["_id"])
                blocked = document and document.get("blocked")
                if not document or not blocked:
                    continue
                for held in document["waiting"]:
                    if held["source"] == blocked["source"] and held["sequence"] == blocked["sequence"]:
                        found.append((service, document, from_waiting(held, document["_id"])))
        return found

    @asynccontextmanager
    async def _parked(self) -> AsyncIterator[list[Parked]]:
        """All parked messages, held unacknowledged; what is not acknowledged inside goes back as it was."""
        async with self._broker.channel(confirms=False) as channel:
            found: list[Parked] = []
            for service in SERVICES:
                queue = await channel.get_queue(self._broker.names.dead(service), ensure=False)
                while len(found) < LOOKED_AT and (message := await queue.get(no_ack=False, fail=False)) is not None:
                    found.append(_parked(service, message))
            try:
                yield found
            finally:
                for one in found:
                    if not one.message.processed:
                        await one.message.nack(requeue=True)


def _parked(service: str, message: Incoming) -> Parked:
    headers = dict(message.headers)
    try:
        event: Event | None = from_message(message.message_id, headers, message.body)
    except Malformed:
        event = None
    id = message.message_id or ""
    return Parked(service, id, str(headers.get(REASON, "")), str(headers.get(ORIGINAL_KEY, "")), event, message)


async def run(arguments: argparse.Namespace) -> int:
    settings = CommonSettings()
    broker = Broker(settings.rabbitmq_url, settings.prefix, settings.retry_seconds)
    await broker.attach()
    client = connect(settings)
    try:
        letters = DeadLetters(settings, broker, client)
        if arguments.command == "list":
            for row in await letters.everything():
                print(json.dumps(row, ensure_ascii=False))
        elif arguments.command == "show":
            shown = await letters.show(arguments.id)
            print(json.dumps(shown, ensure_ascii=False, indent=2) if shown else "there is no such message")
            return 0 if shown else 1
        elif arguments.command == "replay":
            print(f"{await letters.replay(None if arguments.all else arguments.id)} sent again")
        else:
            said = await letters.drop(arguments.id)
            print(said)
            return 0 if said == "dropped" else 1
    finally:
        await broker.stop()
        client.close()
    return 0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m shared.deadletters", description=__doc__.splitlines()[0] if __doc__ else "")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="what is parked or held up, a JSON line each")
    commands.add_parser("show", help="one parked message").add_argument("id")
    replay = commands.add_parser("replay", help="send again")
    which = replay.add_mutually_exclusive_group(required=True)
    which.add_argument("id", nargs="?")
    which.add_argument("--all", action="store_true")
    commands.add_parser("drop", help="skip it in its document and take it out").add_argument("id")
    arguments = parser.parse_args()
    report_misspelt(os.environ, known_names(CommonSettings))
    try:
        sys.exit(asyncio.run(run(arguments)))
    except PublishTrouble as trouble:
        sys.exit(f"{trouble} · 无法使用消息队列")


if __name__ == "__main__":
    main()
