"""转12345 over real processes: the reference consumer takes what was handed over, however long it was away, and the cases go on, once."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.local.doctor.work_checks import LONG_HOTLINE, _stuck
from deploy.local.inspection import Queue, Work, work_in_progress
from shared.broker import Broker
from shared.clock import ShiftedClock
from shared.deadletters import DeadLetters
from shared.mongo import Client, database
from shared.settings import CommonSettings
from tests.journeys.system import ANSWER, System
from tests.waiting import until
from tests.world import ROOT

CONSUMER = ROOT / "examples" / "hotline" / "consumer.py"
REASSIGN = """mutation($input: ReassignWorkOrderInput!) { reassignWorkOrder(input: $input) {
  __typename ... on Case { status workOrder { handoff } } ... on ReassignRefused { code message } } }"""
# It dies between a report that the broker has and the acknowledgement of the order.
DOOMED = """
import asyncio, os, sys, aio_pika
sys.path.insert(0, sys.argv[1])
import consumer
async def die(*_args, **_kwargs): os._exit(9)
aio_pika.IncomingMessage.ack = die
asyncio.run(consumer.main())
"""


@pytest.fixture
def system(fast_journey: System) -> System:
    return fast_journey


@pytest.fixture
def mine(system: System, settings: CommonSettings) -> CommonSettings:
    return settings.model_copy(update={"prefix": system.prefix, "retry_seconds": (0.2, 0.3, 0.5)})


@pytest.fixture
async def broker(mine: CommonSettings) -> AsyncIterator[Broker]:
    connected = Broker(mine.rabbitmq_url, mine.prefix, mine.retry_seconds)
    await connected.start()
    yield connected
    await connected.stop()


def started(settings: CommonSettings, log: Path, *command: str) -> subprocess.Popen[bytes]:
    """A consumer with no environment but its own, in a folder where nothing of ours is found."""
    env = {"PATH": os.environ["PATH"], "HOTLINE_AMQP_URL": settings.rabbitmq_url, "HOTLINE_PREFIX": settings.prefix}
    with log.open("ab") as out:
        return subprocess.Popen([sys.executable, *command], env=env, cwd=log.parent, stdout=out, stderr=out)


@contextmanager
def consuming(settings: CommonSettings, log: Path) -> Iterator[None]:
    process = started(settings, log, str(CONSUMER))
    try:
        yield
        assert process.poll() is None, log.read_text(encoding="utf-8")
    finally:
        process.terminate()
        process.wait(10)


def taken(log: Path) -> list[str]:
    """The ids of the orders as they were taken."""
    return [line.split()[1] for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("order ")]


async def waiting(broker: Broker, queue: str) -> int:
    async with broker.channel() as channel:
        found = (await channel.declare_queue(queue, passive=True)).declaration_result.message_count
    return int(found or 0)


async def hand_over(system: System, request: str, id: str, department: str = "12345") -> Any:
    async def sent() -> Any:
        # The reference of departments may still be on its way.
        answer = await system.do(
            "routing", "dispatcher", REASSIGN, requestId=request, grievanceId=id, department=department, reason="协调。"
        )
        return answer if answer["__typename"] == "Case" else None

    return await until(sent, what="the work order at its new place")


async def handed(system: System, name: str) -> tuple[str, str]:
    """Registered and handed to 12345: the grievance's id and the order's."""
    id = str((await system.register(name))["grievance"]["id"])
    await system.until_status(id, "DISPATCHED")
    answer = await hand_over(system, f"{name}-h", id)
    return id, answer["workOrder"]["handoff"]


async def actions(system: System, id: str) -> list[str]:
    case = (await system.entity("routing", "city-admin", id, "case { history { action } }"))["case"]
    return [step["action"] for step in case["history"]]


def test_the_reference_consumer_is_short_and_knows_nothing_of_ours() -> None:
    text = CONSUMER.read_text(encoding="utf-8")
    imported = {
        name.partition(".")[0]
        for node in ast.walk(ast.parse(text))
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [a.name for a in getattr(node, "names", []) if isinstance(a, ast.alias)]
        )
    }
    assert imported <= {"__future__", "aio_pika", *sys.stdlib_module_names}
    assert len(text.splitlines()) <= 80


@pytest.mark.row("S50")
@pytest.mark.row("S26")
async def test_down_for_three_days_and_killed_at_the_first_order_it_loses_nothing_and_does_nothing_twice(
    system: System, mine: CommonSettings, broker: Broker, tmp_path: Path
) -> None:
    orders = [await handed(system, f"down-{n}") for n in range(5)]
    twice, first = orders[0]
    await hand_over(system, "back", twice, "D-3708-ZJJ")
    second = (await hand_over(system, "again", twice))["workOrder"]["handoff"]
    assert (first[-2:], second[-2:], first[:-2]) == ("/1", "/2", second[:-2])
    clock = ShiftedClock(Path(system.environment["MINYI_CLOCK_FILE"]))
    clock.move_to(datetime.now(UTC) + timedelta(days=3))

    async def all_wait() -> bool:
        return await waiting(broker, broker.names.hotline) == 6

    await until(all_wait, what="six orders that wait")
    assert {await system.until_status(id, "DISPATCHED") for id, _order in orders} == {"DISPATCHED"}

    log = tmp_path / "consumer.log"
    doomed = started(mine, log, "-c", DOOMED, str(CONSUMER.parent))
    assert doomed.wait(30) == 9, log.read_text(encoding="utf-8")
    with consuming(mine, log):
        for id, _order in orders:
            await system.until_asked(id)
            # Routing hears of it after feedback has asked.
            await system.until_status(id, "FED_BACK")

        async def all_taken() -> bool:
            return await waiting(broker, broker.names.hotline) + await waiting(broker, broker.names.hotline_in) == 0

        await until(all_taken, what="empty queues")
        # DOOMED has no logging: what it took shows in the reports alone.
        assert taken(log) == [first, *(order for _id, order in orders[1:]), second]
        for id, _order in orders:
            made = await actions(system, id)
            assert (made.count("TAKE_HANDOFF"), made.count("REPORT_HANDOFF"), made.count("CONFIRM_FED_BACK")) == (1, 1, 1)
        spoken = (await system.entity("feedback", "resident", orders[1][0], "timeline { what }"))["timeline"]
        assert [entry["what"] for entry in spoken if "12345" in entry["what"]] == ["handed to 12345", "12345 has taken it"]

        asked = {"requestId": "rework", "grievanceId": twice, "resolved": False, "satisfied": "DISSATISFIED", "reason": "字还是看不清"}
        await system.do("feedback", "resident", ANSWER, **asked)

        async def reworked() -> bool:
            return taken(log)[-1] == second.replace("/2", "/3")

        await until(reworked, what="the order for the rework")

        async def reported() -> bool:
            return (await actions(system, twice)).count("REPORT_HANDOFF") == 2

        await until(reported, what="the second resolution")


async def test_what_is_no_report_is_parked_with_its_reason_and_holds_up_nobody(
    system: System, mine: CommonSettings, broker: Broker, client: Client, tmp_path: Path
) -> None:
    id, order = await handed(system, "no-report")

    async def issued() -> Any:
        # Before it is, nobody at the platform could name it.
        return await database(client, mine, "intake")["grievances"].find_one({"_id": id, "hotline_orders.id": order})

    await until(issued, what="the order")
    good = {"id": "1c9a6a4e-0000-4000-8000-000000000001", "orderId": order, "kind": "TAKEN", "at": "2026-06-08T09:00:00+08:00"}
    bad = good | {"id": "1c9a6a4e-0000-4000-8000-000000000002", "orderId": f"{order}7"}
    # A stranger's headers do not make an event of it.
    stolen = {"minyi-type": "routing.grievance.moved.v1", "minyi-subject": id, "minyi-source": "routing", "minyi-sequence": 1}
    for body in (b"\xff poison", json.dumps(bad).encode(), json.dumps(good).encode(), json.dumps(good).encode()):
        await broker.send("", broker.names.hotline_in, "m", dict(stolen), body)
    await system.until_status(id, "HANDLING")

    letters = DeadLetters(mine, broker, client)

    async def parked() -> Any:
        rows = [row for row in await letters.everything() if row["type"] == broker.names.hotline_in]
        return rows if len(rows) == 2 else None

    rows = await until(parked, what="two parked reports")
    assert [row["service"] for row in rows] == ["intake", "intake"]
    assert {row["reason"] for row in rows} == {
        "body：无效 · body: not valid (json_invalid)",
        "orderId：没有该工单 · orderId: there is no such order",
    }
    assert not stolen.keys() & (await letters.show(str(bad["id"])) or {})["headers"].keys()
    assert await letters.replay(str(bad["id"])) == 1
    await until(parked, what="the replayed one parked again, by the same door")
    for row in rows:
        assert await letters.drop(row["id"]) == "dropped"
    assert (await actions(system, id)).count("TAKE_HANDOFF") == 1


async def test_the_length_of_the_queue_is_seen_and_too_many_orders_are_told(mine: CommonSettings, system: System) -> None:
    work = await work_in_progress(system.process("intake", "worker").process.env)
    lengths = {queue.name: (queue.messages, queue.consumers) for queue in work.queues}
    assert lengths[f"{mine.prefix}.hotline.in"] == (0, 1)
    assert lengths[f"{mine.prefix}.hotline"][0] is not None
    for messages, told in ((LONG_HOTLINE, False), (LONG_HOTLINE + 1, True)):
        found = _stuck(Work([Queue("x.hotline", messages, 0), Queue("x.hotline.in", 0, 1)]), True)
        assert any("12345" in finding.en for finding in found) is told
