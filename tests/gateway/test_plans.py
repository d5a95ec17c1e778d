"""Plans of chosen queries, feature by feature, as text: few steps, few fetches, nothing asked twice, and the right answer.

Each file in plans/ has the case and the query in its first lines, then the plan. `MINYI_WRITE_PLANS=1` writes the plans anew:
read the difference before it is committed.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import orjson
import pytest

from tests.gateway.cases import ALL

FILES = sorted((Path(__file__).resolve().parent / "plans").glob("*.txt"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_plan_is_the_one_that_was_judged_good(path: Path) -> None:
    case, query, plan = path.read_text("utf-8").split("\n", 2)
    federation = ALL[case].start()
    made = federation.engine.plan(query)
    if os.environ.get("MINYI_WRITE_PLANS"):
        path.write_text(f"{case}\n{query}\n{made.text()}", "utf-8")
        return
    assert made.text() == plan
    answer = asyncio.run(federation.ask(query))
    expected = federation.expected(query)
    assert answer == {"data": expected.data}
    assert expected.errors is None
    assert len(federation.requests) <= len(made.fetches)


async def test_developers_see_the_plan_when_they_ask_for_it() -> None:
    federation = ALL["shop"].start()
    query = "{ me { name } }"
    answer = orjson.loads((await federation.engine.execute(query, explain=True)).body)
    assert answer["extensions"]["minyi"]["plan"] == federation.engine.plan(query).text()
    assert "extensions" not in await federation.ask(query)


def test_warms_up_with_every_plan_of_a_document() -> None:
    federation = ALL["shop"].start()
    query = "query A($x: Boolean!) { me { id name @include(if: $x) } } query B { me { id } }"
    assert federation.engine.warm([query, "{ me { nothing } }", "{ me"]) == [
        "Cannot query field 'nothing' on type 'User'.\n\nGraphQL request:1:8\n1 | { me { nothing } }\n  |        ^",
        "Syntax Error: Expected Name, found <EOF>.\n\nGraphQL request:1:5\n1 | { me\n  |     ^",
    ]
    document = federation.engine._documents[query]
    # Beside these values a plan is kept by what its reader is denied.
    warmed = [{truths for truths, _ in each.prepared} for each in document.operations.values()]
    assert warmed == [{(True,), (False,)}, {()}]
