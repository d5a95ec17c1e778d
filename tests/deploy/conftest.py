"""One whole system for all tests that only look at it or leave it as they found it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local.processes import ROOT
from tests.deploy.builders import bare_environment
from tests.scopes import OPERATED, until_left

Typed = Callable[..., subprocess.CompletedProcess[str]]


def typed_in(place: Path) -> Typed:
    """`python -m deploy.local …` as a person types it there."""

    def type_it(*words: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "deploy.local", *words]
        env = {**bare_environment(), "MINYI_LOCAL_DIR": str(place)}
        return subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, timeout=seconds, check=False)

    return type_it


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where `up --detach` has started the system, with a broker and a store of its own."""
    directory = tmp_path_factory.mktemp("operated")
    type_it = typed_in(directory)
    with until_left(OPERATED) as stack:
        stack.callback(type_it, "down")
        begun = type_it("up", "--detach")
        assert begun.returncode == 0, begun.stderr
        yield directory


@pytest.fixture(scope="session")
def typed(place: Path) -> Typed:
    return typed_in(place)
