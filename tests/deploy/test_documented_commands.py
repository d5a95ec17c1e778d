"""Every command that a page names is run, in a copy of the checkout and beside one running system; one without a way of being run fails.

What takes long, starts the tests anew or wants a registry runs in the small form that stands in FORMS.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.local_directory import running
from deploy.local.processes import ROOT
from deploy.local.scaling import read_wanted
from tests.deploy.builders import bare_environment
from tests.deploy.conftest import Typed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "deploy" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PROGRAMS = r"(?:make|python|\.venv/bin/python|\.ci/run|eval|docker|pip|apt-get|sudo)"
INLINE = re.compile(rf"`({PROGRAMS}(?: [^`]*)?)`")
BLOCK = re.compile(rf"^    ({PROGRAMS} .*)$", re.MULTILINE)
MADE = (".git", ".venv", ".local", ".*_cache", ".hypothesis", "__pycache__", "node_modules", "build", "dist")
# Named in a sentence, not to be typed.
MERE = {"make", "python -m", ".venv/bin/python"}
ELSEWHERE = {
    "docker compose ": "no engine is here; tests/deploy/test_containers.py runs every container's command dry",
    "apt-get install make python3-venv": "deploy/newcomer types it on bare machines",
}
IN_EMPTY_PLACE = "MINYI_LOCAL_DIR=nothing-here "
FORMS = {
    ".ci/run": "bash -n .ci/run",
    "make test": "make test ARGS='--collect-only -q tests/docs'",
    'make test ARGS="-k scopes -x"': 'make test ARGS="-k scopes -x --collect-only -q tests/shared/identity"',
    "make test-fast": "make test-fast ARGS='-q tests/deploy/test_ports.py'",
    # Node and Chromium are its own: that what it runs is there.
    "make test-web": "make -n test-web | grep -o 'tests/[a-z_/]*.py' | xargs .venv/bin/python -m pytest --collect-only -q",
    # mypy takes a minute: that each program is there and starts.
    "make lint": "make -n lint | grep -o '^.venv/bin/[a-z-]*' | sort -u | xargs -I{} sh -c '{} --help > /dev/null'",
    "make supergraph": "python -m tools.supergraph.compose --check",
    ".venv/bin/python -m tools.flow_picture": ".venv/bin/python -c 'import tools.flow_picture'",
    "make demo": "make demo ONCE=1 MESSAGES=1",
    "make demo ONCE=1": "make demo ONCE=1 MESSAGES=1",
    # The same story with pauses of two seconds: that it is asked for.
    "make demo SPEED=real": "make -n demo SPEED=real | grep -e '--speed real'",
    "make newcomer": "make newcomer ARGS='--collect-only -q'",
    'make newcomer ARGS="-k room"': "make newcomer ARGS='--collect-only -q -k room'",
    "make loads ARGS=hostile_requests": "make loads ARGS=--help",
    # These end the system: elsewhere than where the other commands want it.
    "make down": f"{IN_EMPTY_PLACE}make down",
    "make clean": f"{IN_EMPTY_PLACE}make clean LOCAL=nothing-here",
    "python -m deploy.local": "python -m deploy.local --help",
    # Who gets a file gets the public key with it.
    "python -m shared.audit_export check june.jsonl --keys audit.jwks.json": (
        'cp "$MINYI_KEYS_DIR"/audit.jwks.json . && python -m shared.audit_export check june.jsonl --keys audit.jwks.json'
    ),
    "make documents APP=web VERSION=1.4.0 MANIFEST=manifest.json": (
        "python -m gateway.trusted_documents make src > manifest.json && make documents APP=web VERSION=1.4.0 MANIFEST=manifest.json"
    ),
}


def commands_of(text: str) -> set[str]:
    found = {command.strip() for command in (*INLINE.findall(text), *BLOCK.findall(text))}
    return {command for command in found if command not in MERE}


COMMANDS = sorted({command for page in PAGES for command in commands_of(page.read_text(encoding="utf-8"))})
TO_RUN = [command for command in COMMANDS if not command.startswith(tuple(ELSEWHERE))]
# Some stand for the same. In the order of the commands: what one writes another reads.
BY_FORM = list(dict.fromkeys(FORMS.get(command, command) for command in TO_RUN))


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This tree without what was made in it (a bare machine has no git to ask), with its environment: commands that write files write them
    there."""
    copy = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT, copy, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*MADE))
    (copy / ".venv").symlink_to(ROOT / ".venv")
    (copy / "src").mkdir()
    (copy / "src" / "status.graphql").write_text("query Status($id: ID!) { grievance(id: $id) { status } }\n", encoding="utf-8")
    return copy


@pytest.fixture(scope="module")
def environment(place: Path, typed: Typed) -> Iterator[dict[str, str]]:
    """A shell in which `eval "$(python -m deploy.local env)"` was typed, with .venv first on the path.

    What the pages scale up is scaled down again: others look at the same system afterwards.
    """
    run = running(place)
    assert run is not None
    path = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    yield {**bare_environment(), **run.environment, "PATH": path, "MINYI_LOCAL_DIR": str(place)}
    scaled = [f"{name}=1" for name in read_wanted(place)]
    assert not scaled or typed("scale", *scaled).returncode == 0


def test_the_pages_name_commands() -> None:
    assert len(TO_RUN) > 30
    assert {command for command in COMMANDS if command not in TO_RUN} >= {"docker compose up"}


def test_every_form_stands_for_a_command_that_is_named() -> None:
    assert [command for command in FORMS if command not in COMMANDS] == []


@pytest.mark.parametrize("form", BY_FORM)
def test_it_does_what_the_page_says(form: str, checkout: Path, environment: dict[str, str]) -> None:
    # Nothing is asked of the reader's keyboard, and a command that stays up has a form that does not.
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", form],
        cwd=checkout,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, f"{form}\n{done.stdout[-1500:]}\n{done.stderr[-1500:]}"
