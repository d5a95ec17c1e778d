"""The commands that a person types, as processes of their own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from deploy.local.environment_names import KNOWN, SETTINGS
from deploy.local.processes import ROOT
from deploy.requirements import requirements
from shared.identity.keys import PLATFORM_PAIRS
from shared.settings import CommonSettings, known_names, misspelt

# Each starts processes as a person does: seconds.
pytestmark = pytest.mark.slow


def run(*argv: str, local_dir: Path | None = None, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    whole = {**{name: value for name, value in os.environ.items() if not name.startswith(("MINYI_", "MAKE"))}, **(env or {})}
    if local_dir is not None:
        whole["MINYI_LOCAL_DIR"] = str(local_dir)
    return subprocess.run(argv, cwd=ROOT, env=whole, capture_output=True, text=True, timeout=60, check=False)


def local(*argv: str, local_dir: Path) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, "-m", "deploy.local", *argv, local_dir=local_dir)


def test_down_without_anything_running_is_no_fault(tmp_path: Path) -> None:
    done = local("down", local_dir=tmp_path)
    assert done.returncode == 0
    assert "nothing runs here" in done.stdout


def test_status_says_that_nothing_runs_to_people_and_programs(tmp_path: Path) -> None:
    assert local("status", local_dir=tmp_path).returncode == 3
    done = local("status", "--json", local_dir=tmp_path)
    assert json.loads(done.stdout) == {"running": False, "leftOver": [], "processes": []}


@pytest.mark.parametrize("command", [("restart", "broker"), ("kill", "broker"), ("env",)])
def test_commands_for_a_running_system_name_the_one_that_starts_it(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = local(*command, local_dir=tmp_path)
    assert done.returncode == 1
    assert done.stderr == "nothing runs here: type `make up` · 没有正在运行的系统：请运行 make up\n"


def test_keys_are_made_once(tmp_path: Path) -> None:
    assert local("keys", local_dir=tmp_path).returncode == 0
    made = {path: path.read_bytes() for path in (tmp_path / "keys").rglob("*") if path.is_file()}
    pairs = {f"{name}.{half}" for name in ("issuer", *PLATFORM_PAIRS) for half in ("pem", "jwks.json")}
    assert {path.name for path in made} == {"reference.key", "upload.key", "0001.key", *pairs}
    assert local("keys", local_dir=tmp_path).returncode == 0
    assert made == {path: path.read_bytes() for path in made}


@pytest.mark.parametrize(("env", "issuer"), [({"MINYI_ENV": "development"}, True), ({"MINYI_ENV": "production"}, False), ({}, False)])
def test_the_containers_key_step_makes_an_issuer_in_development_only(tmp_path: Path, env: dict[str, str], issuer: bool) -> None:
    assert run(sys.executable, "-m", "deploy.local.keys", str(tmp_path), env=env).returncode == 0
    assert (tmp_path / "reference.key").is_file()
    assert (tmp_path / "issuer.pem").exists() is issuer


def test_the_containers_key_step_needs_neither_typer_nor_rich_nor_psutil() -> None:
    script = "import sys; [sys.modules.__setitem__(name, None) for name in ('typer', 'rich', 'psutil')]; import deploy.local.keys"
    assert run(sys.executable, "-c", script).returncode == 0


@pytest.mark.slow
def test_a_broker_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    env = {"MINYI_RABBITMQ_URL": "amqp://127.0.0.1:1/", "MINYI_MONGODB_URL": "mongodb://127.0.0.1:1/"}
    done = run(sys.executable, "-m", "deploy.local", "up", local_dir=tmp_path, env=env)
    assert done.returncode == 1
    assert done.stderr.startswith("no broker answers at 127.0.0.1:1")
    assert done.stderr.count("\n") == 1


def test_make_lists_every_target_with_a_line() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert phony is not None
    listed = re.findall(r"^make ([a-z-]+) +\S", run("make").stdout, re.MULTILINE)
    assert listed == phony.group(1).split()


def test_make_says_what_to_type_when_python_is_too_old_or_has_no_venv(tmp_path: Path) -> None:
    for version_ok, words in (("exit 1", "Python 3.11 or newer is needed"), ('case "$2" in *ensurepip*) exit 1;; esac', "python3-venv")):
        fake = tmp_path / "python"
        fake.write_text(f"#!/bin/sh\n{version_ok}\n", encoding="ascii")
        fake.chmod(0o755)
        done = run("make", "--no-print-directory", "up", f"PYTHON={fake}", f"VENV={tmp_path}/none")
        assert done.returncode == 2
        assert words in done.stderr.splitlines()[0]


def test_ci_runs_what_a_developer_runs() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert "for target in test test-web lint; do" in script
    assert run("bash", "-n", ".ci/run").returncode == 0


def test_requirements_are_those_of_the_project_file() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert requirements([]) == project["dependencies"]
    assert requirements(["local", "dev"])[-1] == project["optional-dependencies"]["dev"][-1]
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").split()}
    assert {name.lower().replace("_", "-") for name in requirements(["local", "dev"])} <= pinned


@pytest.mark.parametrize("module", ["deploy.local", "deploy.demo"])
def test_a_misspelt_setting_is_told_at_the_start_with_what_is_meant(tmp_path: Path, module: str) -> None:
    # Without a broker it ends at once: the line comes before anything is started.
    env = {"MINYI_RABITMQ_URL": "amqp://x/", "MINYI_RABBITMQ_URL": "nothing", "MINYI_PREFETCHES": "1"}
    done = run(sys.executable, "-m", module, *(["up"] if module == "deploy.local" else []), local_dir=tmp_path, env=env)
    assert done.returncode == 1
    first, second, *_ = sorted(done.stderr.splitlines())[-2:]
    assert first.startswith("nobody reads MINYI_PREFETCHES, it is misspelt: type MINYI_PREFETCH · ")
    assert second.startswith("nobody reads MINYI_RABITMQ_URL, it is misspelt: type MINYI_RABBITMQ_URL · ")


ALONE = ("services.intake migrate", "services.routing republish --from 2020-06-05 --queue q", "shared.deadletters list", "gateway")


@pytest.mark.parametrize("command", ALONE)
def test_what_is_started_alone_tells_it_too(tmp_path: Path, command: str) -> None:
    # Neither broker nor store nor keys are there: all end, and the line has been told before.
    nowhere = {"MINYI_RABBITMQ_URL": "amqp://127.0.0.1:1/", "MINYI_MONGODB_URL": "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=500"}
    env = nowhere | {"MINYI_CORS_ORIGIN": "https://a", "MINYI_RATE_STORE": "memory", "MINYI_KEYS_DIR": str(tmp_path)}
    done = run(sys.executable, "-m", *command.split(), env=env)
    assert done.returncode != 0
    assert done.stderr.splitlines()[0].startswith("nobody reads MINYI_CORS_ORIGIN, it is misspelt: type MINYI_CORS_ORIGINS · ")
    assert "MINYI_RATE_STORE" not in done.stderr


@pytest.mark.parametrize("kind", [CommonSettings, *SETTINGS.values()])
def test_no_process_calls_what_another_reads_misspelt(kind: type[CommonSettings]) -> None:
    assert misspelt(dict.fromkeys(KNOWN, ""), known_names(kind)) == {}
