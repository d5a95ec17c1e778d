"""The real protocol on simulated parts: nothing is lost, doubled or out of order, whatever crashes, fails, comes twice or comes late."""

from __future__ import annotations

import pytest

from tests.shared.model.scenarios import BUDGET, ONE_FAULT, SCENARIOS
from tests.shared.model.search import departures, walks

pytestmark = pytest.mark.slow

WALKS = 300


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_law_is_broken_on_random_ways(name: str) -> None:
    found = walks(WALKS, SCENARIOS[name], BUDGET)
    assert found.violation is None, "\n".join((str(found.violation), *found.trace))
    assert found.runs == WALKS


def test_no_law_is_broken_by_any_single_departure_from_a_quiet_day() -> None:
    """Each crash, lost answer, copy, reconnect, sweep or other order at each moment of a life, one at a time."""
    found = departures(SCENARIOS["a life"], ONE_FAULT)
    assert found.violation is None, "\n".join((str(found.violation), *found.trace))
    assert found.runs > 1_000
