"""The demo as a newcomer runs it, on a system of its own: twice, beside `make up`, with processes killed in the middle."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from deploy.demo.accounting import acknowledged
from deploy.local.local_directory import Run, running
from deploy.providers.ledger import entries
from shared.china_time import CHINA
from shared.clock import ShiftedClock
from tests.waiting import until
from tests.world import ROOT

pytestmark = pytest.mark.slow

MESSAGES, STORIES = 32, 2
# One of each kind: what holds messages, what holds documents, who takes commands, who applies events, who answers.
KILLED = ("routing-worker", "broker", "intake-api", "store", "gateway")


def local(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "deploy.local", *arguments, "--local-dir", str(directory)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=90, check=True)


def demo(directory: Path, messages: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "deploy.demo", "--once", "--messages", str(messages), "--local-dir", str(directory)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where `make up DETACH=1` runs."""
    place = tmp_path_factory.mktemp("demo")
    local(place, "up", "--detach")
    yield place
    local(place, "down")


def run_of(directory: Path) -> Run:
    run = running(directory)
    assert run is not None
    return run


@pytest.mark.timeout(240)
async def test_killing_processes_in_the_middle_loses_nothing(directory: Path) -> None:
    playing = demo(directory, MESSAGES)
    for number, name in enumerate(KILLED):

        async def more(least: int = 3 + 5 * number) -> bool:
            return len(acknowledged(directory / "acknowledged.jsonl")) >= least

        await until(more, within=90, what=f"{3 + 5 * number} acknowledged grievances")
        assert playing.poll() is None, "the demo ended before everything was killed"
        # Not by the command, which waits until it is back: meanwhile a fast demo comes to its end.
        process = run_of(directory).process(name)
        assert process is not None
        os.killpg(process.pid, signal.SIGKILL)
    said, _ = playing.communicate(timeout=180)
    assert playing.returncode == 0, said[-3000:]
    assert f"{MESSAGES + STORIES} / {MESSAGES + STORIES}" in said
    # From the first grievance of a fresh installation on, departments have their names.
    assert "转办 鲁城街道党工委" in said
    assert "None" not in said
    # Who follows the service account is told there.
    assert "WECHAT" in {entry.channel for entry in entries(directory / "provider" / "ledger.sqlite")}
    # What is late was warned of step by step, up to the city, of both its deadlines.
    for step, times in (("黄色预警", 2), ("红色预警", 2), ("提级", 6)):
        assert len(re.findall(rf"^\d+  .*{step}", said, re.MULTILINE)) == times


@pytest.mark.row("S1", "S53")
async def test_a_second_demo_begins_on_the_next_activity_day_and_accounts_for_both(directory: Path) -> None:
    before = run_of(directory).supervisor
    first = ShiftedClock(directory / "clock").now().astimezone(CHINA)
    known = len(acknowledged(directory / "acknowledged.jsonl"))
    playing = demo(directory, 2)
    said, _ = playing.communicate(timeout=110)
    assert playing.returncode == 0, said[-3000:]
    assert f"{known + 2 + STORIES} / {known + 2 + STORIES}" in said
    began = began_at(said)
    assert began > first
    assert (began.day in (5, 15, 25), began.hour) == (True, 9)
    # It played on what runs here already, and left it running.
    assert run_of(directory).supervisor == before
    assert json.loads(local(directory, "status", "--json").stdout)["running"]


def began_at(said: str) -> datetime:
    """The time of the story's first step."""
    found = re.search(r"^1  (\d{4}-\d\d-\d\d \d\d:\d\d)  登记", said, re.MULTILINE)
    assert found is not None, said[:3000]
    return datetime.strptime(found[1], "%Y-%m-%d %H:%M").replace(tzinfo=CHINA)
