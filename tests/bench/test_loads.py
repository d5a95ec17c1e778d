"""Every load at 1/20 of its size; `make loads` runs them in full."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bench.loads.__main__ import names
from tests.world import ROOT


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "name",
    [*(name for name in names() if name != "household_archives"), pytest.param("household_archives", marks=pytest.mark.row("L4"))],
)
def test_a_twentieth_of_the_load_holds(name: str) -> None:
    ran = subprocess.run([sys.executable, "-m", "bench.loads", name, "--scale", "0.05"], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    assert f"{name}: passed" in ran.stdout
