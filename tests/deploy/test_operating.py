"""The operator's commands on a whole running system."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import aio_pika
import pytest

from deploy.local.environment_names import settings_of
from deploy.local.local_directory import Run, myself, running, write_run
from deploy.local.processes import ROOT
from shared.broker import SERVICES, Broker, remove_topology
from shared.mongo import Client, connect, database
from shared.settings import CommonSettings
from tests.deploy.builders import bare_environment, until
from tests.deploy.conftest import Typed, typed_in
from tests.dropping import drop

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
NAMES = {"broker", "store", "gateway", "provider", *(f"{service}-{kind}" for service in SERVICES for kind in ("api", "worker"))}


@pytest.fixture
def run(place: Path) -> Run:
    found = running(place)
    assert found is not None
    return found


@pytest.fixture
async def held_up(run: Run) -> AsyncIterator[str]:
    """The id of a grievance that feedback cannot go on with, and a letter in its `.dead`; both taken away afterwards."""
    settings = settings_of(CommonSettings, run.environment)
    client: Client = connect(settings)
    followups = database(client, settings, "feedback")["followups"]
    broker = Broker(settings.rabbitmq_url, settings.prefix, settings.retry_seconds)
    await broker.start()
    blocked = {"source": "routing", "sequence": 4, "reason": "tried for the doctor"}
    held = {"_id": "held-up", "version": 1, "registered": False, "outbox": [], "tags": ["blocked:routing"], "blocked": blocked}
    await followups.insert_one(held)
    await broker.park("feedback", "letter-1", {}, b"{}", "tried for the doctor", "routing.grievance.moved.v1")
    try:
        yield "held-up"
    finally:
        await followups.delete_one({"_id": "held-up"})
        async with broker.channel(confirms=False) as channel:
            await (await channel.get_queue(broker.names.dead("feedback"), ensure=False)).purge()
        await broker.stop()
        client.close()


def status(typed: Typed) -> dict[str, Any]:
    done = typed("status", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(json.loads(done.stdout))


def consumers(typed: Typed, queue: str) -> int | None:
    return next(each["consumers"] for each in status(typed)["queues"] if each["name"] == queue)


def test_status_tells_processes_queues_and_outboxes(typed: Typed) -> None:
    told = status(typed)
    assert {row["name"] for row in told["processes"]} == NAMES
    assert {row["state"] for row in told["processes"]} == {"ready"}
    queues = {queue["name"]: queue for queue in told["queues"]}
    for service in SERVICES:
        assert queues[f"minyi.{service}"]["consumers"] == 1
        assert queues[f"minyi.{service}.retry.10m"]["messages"] == 0
    assert [box["service"] for box in told["outboxes"]] == list(SERVICES)
    assert (told["blocked"], told["troubles"]) == ([], [])
    assert told["deadLetters"] == dict.fromkeys(SERVICES, 0)


def test_a_healthy_system_passes_the_doctor(typed: Typed) -> None:
    done = typed("doctor", "--json")
    told = json.loads(done.stdout)
    assert [one for one in told["findings"] if one["state"] != "ok"] == []
    assert (done.returncode, told["healthy"]) == (0, True)
    assert "all is well · 一切正常" in typed("doctor").stdout


async def test_status_and_doctor_name_what_is_held_up(typed: Typed, held_up: str) -> None:
    told = status(typed)
    assert [each["document"] for each in told["blocked"]] == [held_up]
    assert told["deadLetters"]["feedback"] == 1
    assert held_up in typed("status").stdout
    done = typed("doctor")
    assert done.returncode == 1
    assert "feedback has 1 dead letters: type `python -m shared.deadletters list`" in done.stdout
    assert f"{held_up} is held up by routing 4" in done.stdout


def test_scale_starts_workers_at_their_own_ports_and_stops_them_again(typed: Typed, place: Path) -> None:
    assert typed("scale", "routing-worker=3", "feedback-api=2").returncode == 0
    run = running(place)
    assert run is not None
    names = {"routing-worker", "routing-worker-2", "routing-worker-3", "feedback-api", "feedback-api-2"}
    assert names <= run.urls.keys()
    assert len(set(run.urls.values())) == len(run.urls)
    assert consumers(typed, "minyi.routing") == 3
    # Further processes are looked after like the first.
    assert typed("kill", "routing-worker-3").returncode == 0
    assert json.loads(typed("scale", "--json", "routing-worker=1", "feedback-api=1").stdout) == {"routing-worker": 1, "feedback-api": 1}
    assert {row["name"] for row in status(typed)["processes"]} == NAMES
    until(lambda: consumers(typed, "minyi.routing") == 1)


@pytest.mark.parametrize(
    ("wish", "words"),
    [("gateway=2", "does not scale"), ("routing-worker=0", "from 1 to 16"), ("routing-worker", "from 1 to 16")],
)
def test_scale_says_what_it_can(typed: Typed, wish: str, words: str) -> None:
    done = typed("scale", wish)
    assert done.returncode == 1
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.fixture
async def empty(run: Run, tmp_path: Path) -> AsyncIterator[Broker]:
    """Another system on the same broker and store, of which `tmp_path` tells: nothing has ever happened there."""
    settings = settings_of(CommonSettings, run.environment)
    prefix = f"empty{secrets.token_hex(4)}"
    broker = Broker(settings.rabbitmq_url, prefix, settings.retry_seconds)
    await broker.start()
    write_run(tmp_path, replace(run, supervisor=myself(), environment={**run.environment, "MINYI_PREFIX": prefix}))
    try:
        yield broker
    finally:
        await broker.stop()
        await remove_topology(settings.rabbitmq_url, prefix, settings.retry_seconds)
        await drop(settings, *(f"{prefix}_{service}" for service in SERVICES))


async def test_a_rebuild_of_nothing_leaves_no_queue_that_nobody_empties(empty: Broker, tmp_path: Path) -> None:
    done = await asyncio.to_thread(typed_in(tmp_path), "rebuild")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 events of 0 documents sent" in done.stdout
    async with empty.channel() as channel:
        with pytest.raises(aio_pika.exceptions.ChannelNotFoundEntity):
            await channel.get_queue(empty.names.queue("feedback.rebuild"))


def test_logs_are_shown_by_process_and_for_programs(typed: Typed) -> None:
    shown = typed("logs", "broker", "-n", "3").stdout.splitlines()
    assert len(shown) == 3
    assert all(re.match(r" +broker \| ", line) for line in shown)
    rows = [json.loads(line) for line in typed("logs", "--json", "--since", "1h", "-n", "5", "broker").stdout.splitlines()]
    assert [row["process"] for row in rows] == ["broker"] * 5
    assert rows == sorted(rows, key=lambda row: str(row["at"]))
    assert typed("logs", "--since", "2999-01-01", "-n", "5").stdout == ""
    missed = typed("logs", "nobody")
    assert (missed.returncode, missed.stderr.count("\n")) == (1, 1)


def test_logs_follow_until_ctrl_c(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "gateway.log"
    log.parent.mkdir()
    log.write_text('{"event":"before","timestamp":"2026-11-25T09:00:00Z"}\n', encoding="utf-8")
    argv = [sys.executable, "-u", "-m", "deploy.local", "logs", "--follow", "--local-dir", str(tmp_path)]
    with subprocess.Popen(argv, cwd=ROOT, env=bare_environment(), stdout=subprocess.PIPE, text=True) as shown:
        assert shown.stdout is not None
        assert "before" in shown.stdout.readline()
        with log.open("a", encoding="utf-8") as file:
            file.write('{"event":"after"}\n')
        assert "after" in shown.stdout.readline()
        shown.send_signal(signal.SIGINT)
        assert shown.wait(20) == 0


@pytest.mark.parametrize("command", ["up", "down", "status", "logs", "scale", "restart", "kill", "doctor", "env", "keys"])
def test_every_command_has_help_in_both_languages(typed: Callable[..., Any], command: str) -> None:
    done = typed(command, "--help")
    assert done.returncode == 0
    assert "·" in done.stdout


def test_env_is_for_shells_and_programs(typed: Typed) -> None:
    told = json.loads(typed("env", "--json").stdout)
    assert told["MINYI_PREFIX"] == "minyi"
    assert "export MINYI_PREFIX=minyi" in typed("env").stdout
