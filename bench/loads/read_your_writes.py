"""Read your own writes: 1,000 mutations, each followed at once by a query that carries `minyi-after`, with two workers per service.

What was written must be in what the *other* services answer: the case in routing and the timeline in feedback after a registration by
intake, the timeline or the reply in feedback after a step in routing, the closing in routing after an answer to feedback.
"""

from __future__ import annotations

import asyncio
import math
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from bench.processes import MAILBOX_ALONE
from deploy.demo import batch
from deploy.demo.client import ACCEPT, ANSWER, REGISTER, REPORT, Client
from deploy.local.service import SERVICES
from deploy.local.supervisor import System

TRIES = 1_000
STEPS = 4
AT_ONCE = 8
SIZE = f"{TRIES} mutations, each read back from the other services, two workers per service"

LOOK = """query($id: ID!) { grievance(id: $id) { status case { department { code } } reply { text } survey { answeredAt }
  timeline { service status } } }"""
Seen = Callable[[dict[str, Any]], bool]


def main(scale: float) -> bool:
    lives = max(2, math.ceil(TRIES * scale / STEPS))
    with (
        tempfile.TemporaryDirectory() as temporary,
        System(Path(temporary), say=print, env=MAILBOX_ALONE) as system,
        second_workers(system),
    ):
        result = asyncio.run(_play(system, lives))
    waited = sorted(result.milliseconds)
    print(f"{len(waited)} tries, {len(result.stale)} stale; the query took {statistics.median(waited):.1f} ms (median),", end=" ")
    print(f"{waited[len(waited) * 99 // 100]:.1f} ms (p99), {waited[-1]:.1f} ms (longest)")
    for each in result.stale[:10]:
        print(f"  stale: {each}")
    return len(waited) == lives * STEPS and not result.stale


@contextmanager
def second_workers(system: System) -> Iterator[None]:
    assert system.parts is not None
    workers = [system.parts.service(name, "worker", system.environment, label="2") for name in SERVICES]
    try:
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.wait_ready()
        yield
    finally:
        for worker in workers:
            worker.stop()


@dataclass
class Result:
    milliseconds: list[float] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)


async def _play(system: System, lives: int) -> Result:
    result = Result()
    limit = asyncio.Semaphore(AT_ONCE)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        client = Client(system.urls["gateway"], session, system.local_dir / "acknowledged.jsonl")
        villages = await batch.villages(client)

        async def one(number: int) -> None:
            async with limit:
                await Life(client, result, f"own-{number}").live(villages[number % len(villages)])

        await asyncio.gather(*map(one, range(lives)))
    return result


class Life:
    """One grievance, each of its mutations read back."""

    def __init__(self, client: Client, result: Result, name: str) -> None:
        self._client = client
        self._result = result
        self._name = name
        self._after: list[str] = []

    async def live(self, village: str) -> None:
        client, name = self._client, self._name
        resident = await client.minted(sub=f"resident-{name}", roles=["RESIDENT"])
        registered = await self._write(
            resident, REGISTER, kind="HELP", channel="WEB", subject="路灯不亮", text="路灯不亮已有三天，请修理。", division=village
        )
        id = registered["grievance"]["id"]
        found = await self._read("registered", resident, id, lambda it: bool(it["case"] and it["case"]["department"] and it["timeline"]))
        department = found["case"]["department"]["code"]
        handler = await client.minted(sub=f"handler-{department}", roles=["HANDLER"], department=department)
        await self._write(handler, ACCEPT, grievanceId=id)
        await self._read("accepted", resident, id, lambda it: any(each["status"] == "HANDLING" for each in it["timeline"]))
        await self._write(handler, REPORT, grievanceId=id, text="已派人修好，感谢反映。")
        await self._read("reported", resident, id, lambda it: it["reply"] is not None)

        async def asked() -> bool:
            answer = (await client.query(resident, LOOK, {"id": id}))["data"]["grievance"]
            return answer["survey"] is not None and answer["status"] == "FED_BACK"

        await client.until(asked, "the survey")
        await self._write(resident, ANSWER, grievanceId=id, resolved=True, satisfied="SATISFIED")
        await self._read("answered", resident, id, lambda it: it["status"] in ("SURVEYED", "CLOSED"))

    async def _write(self, token: str, mutation: str, **input: Any) -> dict[str, Any]:
        """One mutation, which itself comes after all that went before."""
        request = f"{self._name}-{mutation[mutation.index('{') + 2 :][:8]}"
        answer = await self._ask(token, mutation, {"input": {"requestId": request, **input}})
        value = next(iter(answer["data"].values()))
        if "code" in value:
            raise AssertionError(f"{self._name}: {value}")
        self._after = answer["extensions"]["minyi"]["after"]
        return dict(value)

    async def _read(self, what: str, token: str, id: str, seen: Seen) -> dict[str, Any]:
        begun = time.perf_counter()
        answer = await self._ask(token, LOOK, {"id": id})
        self._result.milliseconds.append((time.perf_counter() - begun) * 1000)
        found = dict(answer["data"]["grievance"])
        if answer.get("errors") or answer.get("extensions") or not seen(found):
            self._result.stale.append(f"{self._name} {what}: {found} {answer.get('extensions')} {answer.get('errors')}")
        return found

    async def _ask(self, token: str, document: str, variables: dict[str, Any]) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {token}", **({"minyi-after": ",".join(self._after)} if self._after else {})}
        url = f"{self._client.gateway}/graphql"
        async with self._client.session.post(url, json={"query": document, "variables": variables}, headers=headers) as response:
            return dict(await response.json())
