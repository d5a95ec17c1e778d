"""Generated queries: the engine over subgraphs answers what one server that has everything answers."""

from __future__ import annotations

import asyncio
import os
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from tests.gateway.cases import ALL
from tests.gateway.federation import Federation
from tests.gateway.queries import random_query, variables_of

pytestmark = pytest.mark.slow

EXAMPLES = int(os.environ.get("MINYI_TEST_EXAMPLES", "12"))


SETTINGS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="MINYI_TEST_EXAMPLES" not in os.environ,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)


@pytest.mark.parametrize("name", sorted(ALL))
@SETTINGS
@given(seed=st.integers(0, 2**32))
def test_answers_as_one_server_would(name: str, seed: int) -> None:
    federation = started(name)
    query = random_query(federation.supergraph.public, seed, federation.case.strings)
    assume(query is not None)
    assert query is not None
    variables = variables_of(query)
    expected = federation.expected(query, variables)
    answer = asyncio.run(federation.ask(query, variables))
    if answer.get("data", answer) != expected.data or bool(answer.get("errors")) != bool(expected.errors):
        plan = federation.engine.plan(query, variables=variables).text()
        pytest.fail(f"{query}\n{plan}\n{answer}\nexpected\n{expected.data}\n{expected.errors}")


@pytest.mark.parametrize("name", sorted(ALL))
@settings(SETTINGS, max_examples=max(1, EXAMPLES // 4))
@given(seed=st.integers(0, 2**32), which=st.integers(0, 5))
def test_a_subgraph_that_is_down_makes_nulls_with_errors_and_nothing_else(name: str, seed: int, which: int) -> None:
    federation = ALL[name].start()
    query = random_query(federation.supergraph.public, seed, federation.case.strings)
    assume(query is not None)
    assert query is not None
    variables = variables_of(query)
    expected = federation.expected(query, variables)
    federation.down = {sorted(federation.case.subgraphs)[which % len(federation.case.subgraphs)]}
    answer = asyncio.run(federation.ask(query, variables))
    assert "data" in answer, f"{query}\n{answer}"
    assert is_part(answer["data"], expected.data), f"{query}\n{answer}\nexpected\n{expected.data}"
    assert answer["data"] == expected.data or answer["errors"]


def is_part(answer: Any, whole: Any) -> bool:
    """Whether the two differ in nulls alone."""
    if answer is None:
        return True
    if isinstance(answer, dict):
        return isinstance(whole, dict) and answer.keys() == whole.keys() and all(is_part(answer[key], whole[key]) for key in answer)
    if isinstance(answer, list):
        return isinstance(whole, list) and len(answer) == len(whole) and all(map(is_part, answer, whole))
    return bool(answer == whole)


@cache
def started(name: str) -> Federation:
    """Queries change nothing, so that all examples of a case can share one federation."""
    return ALL[name].start()
