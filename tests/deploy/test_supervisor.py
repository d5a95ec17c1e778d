from __future__ import annotations

import os
import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.local import processes as processes_module
from deploy.local.local_directory import RUN_FILE, read_run, running
from deploy.local.service import answers
from deploy.local.supervisor import Spec, System
from deploy.local.trouble import Busy, Trouble
from tests.deploy import stand_in
from tests.deploy.builders import still_parts, until

PORT = 27_400
pytestmark = pytest.mark.slow


def specs(*how: str) -> tuple[Spec, ...]:
    return (
        Spec("intake", "api", PORT, stand_in.argv()),
        Spec("routing", "worker", PORT, stand_in.argv(*how)),
        Spec("gateway", "", PORT, stand_in.argv()),
    )


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def system(tmp_path: Path, said: list[str]) -> Iterator[System]:
    made = System(tmp_path, say=said.append, specs=specs(), migrations=(), parts=still_parts(tmp_path))
    made.start()
    yield made
    made.stop()


def pids_of(system: System) -> list[int]:
    return [process.pid for process in system.processes.values() if process.pid is not None]


def test_starts_every_process_and_tells_each_where_the_others_are(system: System) -> None:
    assert [row.state for row in system.health()] == ["ready"] * 5
    assert len(set(system.urls.values())) == 3
    environment = system.service("gateway").process.env
    assert environment["MINYI_SUBGRAPHS"] == f"intake={system.urls['intake-api']}/graphql"
    assert environment["MINYI_ISSUER"] == system.urls["gateway"]
    assert environment["MINYI_PAGES_URL"] == system.urls["gateway"]
    assert environment["MINYI_PUBLIC_URL"] == system.urls["intake-api"]
    assert environment["MINYI_RABBITMQ_URL"] == "amqp://nowhere/"
    assert environment["MINYI_ENV"] == "development"
    assert Path(environment["MINYI_KEYS_DIR"], "issuer.jwks.json").is_file()


def test_writes_down_what_runs_for_other_commands(system: System, tmp_path: Path) -> None:
    run = running(tmp_path)
    assert run is not None
    assert run.ready
    assert run.supervisor.pid == os.getpid()
    assert run.urls == system.urls
    assert run.environment["MINYI_MONGODB_URL"] == "mongodb://nowhere/"
    assert sorted(process.pid for process in run.processes) == sorted(pids_of(system))
    assert stat.S_IMODE((tmp_path / RUN_FILE).stat().st_mode) == 0o600


def test_stop_ends_all_and_leaves_no_state(tmp_path: Path) -> None:
    with System(tmp_path, specs=specs("with-child"), migrations=(), parts=still_parts(tmp_path)) as system:
        until(lambda: "child" in system.service("routing-worker").process.output())
        child = int(system.service("routing-worker").process.output().split("child")[1])
        pids = pids_of(system)
    assert not any(psutil.pid_exists(pid) for pid in pids)
    until(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE)
    assert read_run(tmp_path) is None


@pytest.mark.parametrize("name", ["routing-worker", "gateway"])
def test_a_killed_process_is_started_again_at_the_same_address(system: System, said: list[str], tmp_path: Path, name: str) -> None:
    before = system.processes[name].pid
    url = system.urls[name]
    system.kill(name)
    until(lambda: system.processes[name].pid != before and answers(f"{url}/readyz"))
    assert any(f"{name} ended (SIGKILL)" in line for line in said)

    def written() -> bool:
        run = running(tmp_path)
        process = run.process(name) if run is not None else None
        return process is not None and process.pid == system.processes[name].pid

    until(written)


def test_restart_changes_the_environment_and_is_no_death(system: System, said: list[str]) -> None:
    before = system.processes["intake-api"].pid
    system.restart("intake-api", {"MINYI_PREFIX": "other"})
    assert system.processes["intake-api"].pid != before
    assert "stand-in other begins" in system.processes["intake-api"].output()
    assert not [line for line in said if "ended" in line]


def test_without_revival_the_dead_stay_dead(tmp_path: Path) -> None:
    with System(tmp_path, specs=specs(), migrations=(), parts=still_parts(tmp_path), revive=False) as system:
        system.kill("gateway")
        assert system.processes["gateway"].returncode == -signal.SIGKILL
        assert {row.name: row.state for row in system.health()}["gateway"] == "stopped"


def test_a_process_that_dies_early_is_shown_with_its_last_words_and_nothing_is_left_running(tmp_path: Path) -> None:
    system = System(tmp_path, specs=specs("die"), migrations=(), parts=still_parts(tmp_path))
    with pytest.raises(Trouble) as trouble:
        system.start()
    assert "routing-worker ended (code 1) before it was ready" in str(trouble.value)
    assert "routing-worker | cannot find my shoes" in str(trouble.value)
    assert not any(process.alive for process in system.processes.values())
    assert read_run(tmp_path) is None


def test_a_process_that_is_never_ready_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.local.supervisor.READY_SECONDS", 2.0)
    system = System(tmp_path, specs=specs("never-ready"), migrations=(), parts=still_parts(tmp_path))
    with pytest.raises(Trouble, match="not ready within 2 s: routing-worker"):
        system.start()
    assert not any(process.alive for process in system.processes.values())


def test_a_failing_migration_stops_the_start(tmp_path: Path) -> None:
    system = System(tmp_path, specs=specs(), migrations=("nowhere",), parts=still_parts(tmp_path))
    with pytest.raises(Trouble, match=r"No module named services\.nowhere"):
        system.start()
    assert read_run(tmp_path) is None


def test_a_deaf_process_is_killed_in_the_end(tmp_path: Path) -> None:
    with System(tmp_path, specs=specs("deaf"), migrations=(), parts=still_parts(tmp_path)) as system:
        system.processes["routing-worker"].stop_seconds = 0.5
    assert system.processes["routing-worker"].returncode == -signal.SIGKILL


def test_one_supervisor_per_directory(system: System, tmp_path: Path) -> None:
    with pytest.raises(Busy, match="make down"):
        System(tmp_path, specs=specs(), migrations=(), parts=still_parts(tmp_path)).start()
    assert [row.state for row in system.health()] == ["ready"] * 5
    assert running(tmp_path) is not None


def test_a_taken_port_is_passed_over(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", PORT + 60)):
        one = (Spec("gateway", "", PORT + 60, stand_in.argv()),)
        with System(tmp_path, specs=one, migrations=(), parts=still_parts(tmp_path)) as system:
            assert system.urls["gateway"] != f"http://127.0.0.1:{PORT + 60}"


def test_what_a_killed_supervisor_left_is_ended_at_the_next_start_and_a_stranger_is_not(tmp_path: Path, said: list[str]) -> None:
    first = System(tmp_path, specs=specs(), migrations=(), parts=still_parts(tmp_path))
    first.start()
    left = pids_of(first)
    first._ending.set()
    first._watcher.join()
    # As after kill -9: the lock is free, the file is there, the children run on.
    text = (tmp_path / RUN_FILE).read_text(encoding="utf-8")
    first._stack.close()
    (tmp_path / RUN_FILE).write_text(text.replace(f'"pid": {os.getpid()}', '"pid": 4194304'), encoding="utf-8")
    stranger = processes_module.Process(
        "stranger", stand_in.argv(), {**os.environ, "MINYI_HOST": "127.0.0.1", "MINYI_PORT": "0"}, tmp_path / "s.log"
    )
    stranger.start()
    try:
        with System(tmp_path, say=said.append, specs=specs(), migrations=(), parts=still_parts(tmp_path)):
            assert any("3 processes" in line for line in said)
            assert not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE for pid in left)
            assert stranger.alive
    finally:
        stranger.stop()
        first.stop()
