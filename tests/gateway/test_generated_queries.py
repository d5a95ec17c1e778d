"""Generated queries: the engine over subgraphs answers what one server that has everything answers."""

from __future__ import annotations

import asyncio
import os

import pytest
from graphql import parse, validate
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.gateway.cases import ALL
from tests.gateway.queries import VARIABLES, operations

pytestmark = pytest.mark.slow

EXAMPLES = int(os.environ.get("MINYI_TEST_EXAMPLES", "30"))


@pytest.mark.parametrize("name", sorted(ALL))
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="MINYI_TEST_EXAMPLES" not in os.environ,
    database=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(data=st.data())
def test_answers_as_one_server_would(name: str, data: st.DataObject) -> None:
    federation = ALL[name].start()
    query = data.draw(operations(federation.supergraph.public))
    used = {key: value for key, value in VARIABLES.items() if f"if: ${key})" in query}
    declared = ", ".join(f"${key}: Boolean!" for key in used)
    query = query.replace("query($yes: Boolean!, $no: Boolean!)", f"query({declared})" if declared else "query")
    assume(not validate(federation.supergraph.public, parse(query)))
    expected = federation.expected(query, used)
    answer = asyncio.run(federation.ask(query, used))
    plan = federation.engine.plan(query, variables=used).text()
    assert answer.get("data", answer) == expected.data, f"{query}\n{plan}\n{answer.get('errors')}"
    assert bool(answer.get("errors")) == bool(expected.errors), f"{query}\n{plan}\n{answer.get('errors')}\n{expected.errors}"
