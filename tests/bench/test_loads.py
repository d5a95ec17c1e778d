"""Every load at 1/20 of its size; `make loads` runs them in full."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from bench.loads.__main__ import names
from tests.world import ROOT

WITHIN = 250


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "name",
    [*(name for name in names() if name != "household_archives"), pytest.param("household_archives", marks=pytest.mark.row("L4"))],
)
def test_a_twentieth_of_the_load_holds(name: str) -> None:
    argv = [sys.executable, "-m", "bench.loads", name, "--scale", "0.05"]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as load:
        try:
            said, _ = load.communicate(timeout=WITHIN)
        except subprocess.TimeoutExpired:
            # As by Ctrl-C: it takes its own processes down, which would keep a core from all other tests.
            load.send_signal(signal.SIGINT)
            said, _ = load.communicate(timeout=30)
            pytest.fail(f"not through within {WITHIN} s\n{said[-3000:]}")
    assert load.returncode == 0, said[-6000:]
    assert f"{name}: passed" in said
