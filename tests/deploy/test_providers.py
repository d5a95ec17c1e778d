"""The stand-in provider as a process, and its faults."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from deploy.local.processes import ROOT
from deploy.providers.faults import Faults, rates_from


def test_refuses_to_listen_where_others_reach_it() -> None:
    argv = [sys.executable, "-m", "deploy.providers", "--ledger", os.devnull]
    ran = subprocess.run(argv, cwd=ROOT, env={**os.environ, "MINYI_HOST": "0.0.0.0"}, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "127.0.0.1 alone" in ran.stderr


def test_each_fault_comes_as_often_as_it_was_asked_for() -> None:
    faults = Faults(rates_from("silent=0.1, busy=0.2,nobody=0.05"), seed=3)
    drawn = [faults.next(f"SMS:d{number}") for number in range(4_000)]
    share = {fault: drawn.count(fault) / 4_000 for fault in ("silent", "busy", "nobody", "down")}
    assert share == {
        "silent": pytest.approx(0.1, abs=0.03),
        "busy": pytest.approx(0.2, abs=0.03),
        "nobody": pytest.approx(0.05, abs=0.02),
        "down": 0,
    }


def test_the_same_seed_makes_the_same_faults_whatever_their_order() -> None:
    rates, references = rates_from("silent=0.3,nobody=0.1"), [f"SMS:d{number}" for number in range(50)]
    one, other = Faults(rates, seed=4), Faults(rates, seed=4)
    assert {name: one.next(name) for name in references} == {name: other.next(name) for name in reversed(references)}


@pytest.mark.parametrize("text", ["late=0.1", "busy=0.6,down=0.6", "busy=-1", "busy=often"])
def test_refuses_shares_of_faults_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"fault|float"):
        rates_from(text)
