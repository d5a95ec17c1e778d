"""What the engine cannot do it refuses, with a reason, before it answers anything; and it knows nothing of what it serves."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.engine.errors import Refused
from gateway.engine.loader import load_supergraph
from tests.gateway.cases import ALL

ENGINE = Path(__file__).resolve().parents[2] / "gateway" / "engine"
# Words of the domain, of its services and of its people.
DOMAIN = re.compile(
    r"grievance|petition|intake|routing|feedback|callback|survey|complain|hotline|citizen|village|county|township|division|handler"
    r"|诉求|群众|工单|回访|满意|派单|信访|投诉|接件|办理",
    re.IGNORECASE,
)


def changed(old: str, new: str, case: str = "shop") -> str:
    text = ALL[case].file.read_text("utf-8")
    assert old in text
    return text.replace(old, new, 1)


SPECS = '@link(url: "https://specs.apollo.dev/'
REFUSED = {
    "no GraphQL": ("type {", "the supergraph cannot be read"),
    "no supergraph": ("type Query { a: Int }", "it has no schema definition"),
    "no join": ("schema { query: Query } type Query { a: Int }", "does not link the join specification"),
    "unknown join": (changed("/join/v0.5", "/join/v0.9"), "join specification v0.9 is not known"),
    "policy": (
        changed("schema " + SPECS, f'schema {SPECS}policy/v0.1", for: SECURITY) ' + SPECS),
        "feature https://specs.apollo.dev/policy/v0.1 is needed for SECURITY and not known",
    ),
    "context": (
        changed("schema " + SPECS, f'schema {SPECS}context/v0.1", for: SECURITY) ' + SPECS),
        "feature https://specs.apollo.dev/context/v0.1 is needed for SECURITY and not known",
    ),
    "progressive override": (
        changed('override: "old"', 'override: "old", overrideLabel: "percent(5)"', "override"),
        "progressive @override",
    ),
    "context arguments": (
        changed("@join__field(graph: ACCOUNTS)", '@join__field(graph: ACCOUNTS, contextArguments: [{name: "x"}])'),
        "@fromContext is not known",
    ),
    "connectors": (
        changed("type Query", 'type Query @join__directive(graphs: [ACCOUNTS], name: "connect", args: {})'),
        "connectors (@connect) are not known",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refuses_supergraphs_that_it_cannot_serve(name: str) -> None:
    text, reason = REFUSED[name]
    with pytest.raises(Refused, match=re.escape(reason)):
        load_supergraph(text)


@pytest.mark.parametrize("name", sorted(ALL))
def test_loads_every_supergraph(name: str) -> None:
    supergraph = ALL[name].supergraph
    assert set(ALL[name].subgraphs) == set(supergraph.subgraphs)


def test_unions_of_join_v0_2_have_the_members_that_the_subgraph_knows() -> None:
    text = ALL["media"].file.read_text("utf-8")
    older = re.sub(r"(directive )?@join__unionMember\([^)]*\)( repeatable on UNION)?", "", text).replace("join/v0.5", "join/v0.2")
    loaded = load_supergraph(older).subgraphs
    assert list(loaded["library"].types["Result"].possible) == ["Song", "Film", "Artist"]
    assert list(loaded["artists"].types["Work"].possible) == ["Song", "Film"]


async def test_refuses_operations_that_it_does_not_have() -> None:
    federation = ALL["shop"].start()
    for query, code in {
        "subscription { a }": "GRAPHQL_VALIDATION_FAILED",
        "{ nothing }": "GRAPHQL_VALIDATION_FAILED",
        "query A { me { id } } query B { me { id } }": "GRAPHQL_VALIDATION_FAILED",
    }.items():
        answer = await federation.ask(query)
        assert "data" not in answer
        assert answer["errors"][0]["extensions"]["code"] == code
    assert federation.requests == []


def test_the_engine_knows_no_word_of_the_domain() -> None:
    found = {path.name: DOMAIN.findall(path.read_text("utf-8")) for path in sorted(ENGINE.rglob("*.py"))}
    assert found
    assert {name: words for name, words in found.items() if words} == {}
