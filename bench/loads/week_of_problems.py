"""L2: the 500 problems that 曲阜 found in a week, each lived to its end, while every process of ours is killed once.

All that was acknowledged must be found in every service's graph and in the stream, closed.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from pathlib import Path

import aiohttp

from bench.processes import MAILBOX_ALONE
from deploy.demo import batch
from deploy.demo.accounting import Account, account, acknowledged, broker_of
from deploy.demo.calendar import begin
from deploy.demo.client import Client
from deploy.local.supervisor import System

PROBLEMS = 500
SIZE = f"{PROBLEMS} problems, each process of ours killed once"
KILLED = ("intake-api", "intake-worker", "routing-api", "routing-worker", "feedback-api", "feedback-worker", "gateway")


def main(scale: float) -> bool:
    count = max(len(KILLED) + 1, round(PROBLEMS * scale))
    with tempfile.TemporaryDirectory() as temporary, System(Path(temporary), say=print, env=MAILBOX_ALONE) as system:
        wall, result = asyncio.run(_play(system, Path(temporary), count))
    print(f"{count} lives in {wall:.1f} s, {len(KILLED)} processes killed meanwhile")
    print(f"acknowledged {result.acknowledged}, missing {json.dumps(result.missing)}, by state {dict(result.by_state)}")
    return result.complete and result.acknowledged == count and result.by_state == {"CLOSED": count}


async def _play(system: System, directory: Path, count: int) -> tuple[float, Account]:
    begin(directory / "clock")
    file = directory / "acknowledged.jsonl"
    closed = 0

    def done() -> None:
        # One is killed at each eighth of the way; the supervisor starts it again.
        nonlocal closed
        closed += 1
        if closed % (count // (len(KILLED) + 1)) == 0 and to_kill:
            system.processes[to_kill.pop(0)].kill()

    to_kill = list(KILLED)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        client = Client(system.urls["gateway"], session, file)
        lot = batch.messages(await batch.villages(client))
        begun = time.monotonic()
        await batch.play(client, "week", [lot[n % len(lot)] for n in range(count)], done)
        wall = time.monotonic() - begun
        broker = broker_of(system.environment)
        await broker.start()
        try:
            return wall, await account(client, broker, acknowledged(file))
        finally:
            await broker.stop()
