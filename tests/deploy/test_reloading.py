"""`make dev`: what is restarted when which file changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.reloading import Changes, Reloader, concerned
from deploy.local.supervisor import Spec, System
from tests.deploy import stand_in
from tests.deploy.builders import still_parts

PORT = 27_600
NAMES = ["intake-api", "intake-worker", "routing-worker", "gateway"]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for name in ("services/intake", "services/routing", "services/feedback", "gateway", "shared"):
        (tmp_path / "source" / name).mkdir(parents=True)
        (tmp_path / "source" / name / "code.py").write_text("1", encoding="ascii")
    return tmp_path / "source"


def test_changed_added_and_removed_files_are_seen_once(source: Path) -> None:
    changes = Changes(source)
    assert changes.look() == set()
    (source / "services" / "intake" / "new.py").write_text("", encoding="ascii")
    (source / "gateway" / "code.py").unlink()
    (source / "shared" / "notes.txt").write_text("", encoding="ascii")
    assert changes.look() == {"intake", "gateway"}
    (source / "shared" / "code.py").write_text("22", encoding="ascii")
    assert changes.look() == {"shared"}
    assert changes.look() == set()


@pytest.mark.parametrize(
    ("parts", "names"),
    [({"intake"}, NAMES[:2]), ({"gateway"}, ["gateway"]), ({"shared"}, NAMES), ({"routing", "gateway"}, NAMES[2:]), (set(), [])],
)
def test_a_change_concerns_the_processes_that_run_its_code(parts: set[str], names: list[str]) -> None:
    assert concerned(parts, NAMES) == names


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    specs = (Spec("intake", "api", PORT, stand_in.argv()), Spec("gateway", "", PORT, stand_in.argv()))
    with System(tmp_path / "local", specs=specs, migrations=(), parts=still_parts(tmp_path / "local")) as running:
        yield running


@pytest.mark.slow
def test_the_process_is_restarted_and_the_other_runs_on(system: System, source: Path) -> None:
    said: list[str] = []
    reloader = Reloader(system, said.append, Changes(source))
    before = {name: process.pid for name, process in system.processes.items()}
    (source / "services" / "intake" / "code.py").write_text("changed", encoding="ascii")
    reloader.look()
    after = {name: process.pid for name, process in system.processes.items()}
    assert after["gateway"] == before["gateway"]
    assert after["intake-api"] != before["intake-api"]
    assert system.service("intake-api").ready()
    assert said == ["intake changed: restarting intake-api · 源码有变更，正在重启"]
