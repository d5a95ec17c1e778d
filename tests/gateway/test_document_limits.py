"""Each limit by name and number; where the numbers come from; what cannot be counted past."""

from __future__ import annotations

import time
from dataclasses import fields, replace
from typing import Any

import pytest
from graphql import DocumentNode, GraphQLSchema, OperationDefinitionNode, get_introspection_query, parse, validate

from deploy.demo import __main__ as demo
from deploy.demo import client
from gateway.costs import FILE, MAX_PAGE, CostMap, FieldCost, Uncosted, check_cost, read_costs
from gateway.limits import ENDLESS, INTROSPECTION, Limits, check_document, check_text, measure
from gateway.settings import GatewaySettings
from gateway.supergraph_file import read_supergraph
from tests.docs.frontend_examples import documents as frontend_documents

LIMITS = Limits()
ARMOR = {"characters": 15_000, "tokens": 1_000, "depth": 6, "aliases": 15, "directives": 50, "cost": 5_000}
"""GraphQL Armor's defaults, from its documentation."""


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return read_supergraph(GatewaySettings().supergraph).public


@pytest.fixture(scope="module")
def costs(schema: GraphQLSchema) -> CostMap:
    return CostMap(read_costs(FILE.read_text("utf-8")), schema)


def our_own() -> list[str]:
    """Every document that we send ourselves or show to others."""
    sent = [getattr(client, name) for name in ("REGISTER", "ACCEPT", "REPORT", "ANSWER", "CREATE_UPLOAD", "STATE", "WHOLE")]
    return [*sent, *demo.EXAMPLES, *frontend_documents()]


def operation_of(document: DocumentNode) -> OperationDefinitionNode:
    return next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))


def cost_of(costs: CostMap, text: str, variables: dict[str, Any] | None = None) -> int:
    document = parse(text)
    return costs.operation(document, operation_of(document))(variables or {})


def test_each_limit_is_armors_or_twice_our_own_largest_document(schema: GraphQLSchema, costs: CostMap) -> None:
    most: dict[str, int] = {}
    for text in our_own():
        document = parse(text)
        assert validate(schema, document) == []
        found = {**measure(document), "characters": len(text), "tokens": len(text.split()), "cost": cost_of(costs, text, {"first": 20})}
        most |= {name: max(most.get(name, 0), size) for name, size in found.items()}
    for each in fields(Limits):
        limit = getattr(LIMITS, each.name)
        assert limit >= 2 * most[each.name], f"{each.name}: our own largest has {most[each.name]}"
        if each.name in ARMOR:
            assert limit == max(ARMOR[each.name], 2 * most[each.name]), f"{each.name}: our own largest has {most[each.name]}"


OVER = {
    "depth": lambda most: "{ a " * most + "{ a }" + " }" * most,
    "aliases": lambda most: "{ " + " ".join(f"a{n}: me {{ sub }}" for n in range(most + 1)) + " }",
    "root_fields": lambda most: "{ " + " ".join(f"f{n}" for n in range(most + 1)) + " }",
    "fields": lambda most: "{ me { " + " ".join(f"f{n}" for n in range(most)) + " } }",
    "directives": lambda most: "{ me { sub " + "@include(if: true) " * (most + 1) + "} }",
    "fragments": lambda most: "{ me { sub } } " + " ".join(f"fragment f{n} on Me {{ sub }}" for n in range(most + 1)),
    "operations": lambda most: " ".join(f"query q{n} {{ me {{ sub }} }}" for n in range(most + 1)),
}


@pytest.mark.parametrize("name", OVER)
def test_one_more_than_a_limit_is_refused_by_name_and_number_in_both_languages(name: str) -> None:
    most = getattr(LIMITS, name)
    errors = check_document(LIMITS, parse(OVER[name](most)))
    (refused,) = [error for error in errors if error.extensions["limit"] == name]
    assert refused.extensions["code"] == "LIMIT_EXCEEDED"
    assert refused.extensions["most"] == most
    assert f"at most {most}" in refused.message
    assert f"最多 {most}，实际为 {most + 1}" in refused.extensions["messageZh"]
    assert not [error for error in check_document(LIMITS, parse(OVER[name](most - 1))) if error.extensions["limit"] == name]


def test_characters_are_counted_before_anything_is_parsed() -> None:
    (refused,) = check_text(LIMITS, "{" * (LIMITS.characters + 1))
    assert refused.extensions["limit"] == "characters"
    assert check_text(LIMITS, "{" * LIMITS.characters) == []


def test_fragments_that_double_at_every_step_are_counted_at_once() -> None:
    chain = " ".join(f"fragment f{n} on Me {{ ...f{n + 1} ...f{n + 1} }}" for n in range(40))
    begun = time.perf_counter()
    found = measure(parse(f"{{ me {{ ...f0 }} }} {chain} fragment f40 on Me {{ a: sub @skip(if: false) }}"))
    assert time.perf_counter() - begun < 0.5
    assert found["fields"] == found["aliases"] + 1 == found["directives"] + 1 == ENDLESS + 1


def test_a_fragment_inside_itself_ends_the_counting() -> None:
    assert measure(parse("{ ...f } fragment f on Query { me { sub } ...f }"))["fields"] == 2


def test_the_tools_own_introspection_is_not_counted() -> None:
    assert check_document(LIMITS, parse(get_introspection_query())) == []
    assert set(INTROSPECTION) == {"__schema", "__type"}


def test_a_page_counts_as_often_as_it_has_rows(costs: CostMap) -> None:
    page = "query($first: Int! = 3) { grievances(first: $first) { edges { node { id } } } }"
    row = 2 + 1
    assert cost_of(costs, page) == 10 + 3 * (2 + row)
    assert cost_of(costs, page, {"first": 50}) == 10 + 50 * (2 + row)
    assert cost_of(costs, "{ grievances(first: 7) { edges { node { id } } } }") == 10 + 7 * (2 + row)
    # The schema's own default.
    assert cost_of(costs, "{ grievances { edges { node { id } } } }") == 10 + 20 * (2 + row)


def test_a_list_counts_as_often_as_such_lists_are_long(costs: CostMap) -> None:
    assert cost_of(costs, '{ grievance(id: "a") { timeline { at what } } }') == 5 + 3 + 15 * 2


def test_fragments_and_aliases_cost_what_they_stand_for(costs: CostMap) -> None:
    plain = '{ a: grievance(id: "a") { id number } b: grievance(id: "b") { id number } }'
    spread = '{ a: grievance(id: "a") { ...f } b: grievance(id: "b") { ... on Grievance { ...f } } } fragment f on Grievance { id number }'
    assert cost_of(costs, plain) == cost_of(costs, spread) == 2 * (5 + 2)


@pytest.mark.parametrize("variables", [{"first": MAX_PAGE + 1}, {"first": 10**9}])
def test_a_page_that_is_too_long_is_refused_by_its_size(costs: CostMap, variables: dict[str, Any]) -> None:
    document = parse("query($first: Int!) { cases(first: $first) { edges { cursor } } }")
    (refused,) = check_cost(LIMITS, costs.operation(document, operation_of(document)), variables)
    assert (refused.extensions["limit"], refused.extensions["most"]) == ("page", MAX_PAGE)


def test_what_costs_too_much_is_refused_with_its_cost(costs: CostMap) -> None:
    text = "{ grievances(first: 100) { edges { node { id timeline { at what whatZh by status service } } } } }"
    document = parse(text)
    (refused,) = check_cost(LIMITS, costs.operation(document, operation_of(document)), {})
    assert refused.extensions["limit"] == "cost"
    assert f"this one has {cost_of(costs, text)}" in refused.message
    cheap = replace(LIMITS, cost=cost_of(costs, text))
    assert check_cost(cheap, costs.operation(document, operation_of(document)), {}) == []


def test_a_field_without_a_cost_and_a_cost_without_a_field_are_not_served(schema: GraphQLSchema) -> None:
    known = read_costs(FILE.read_text("utf-8"))
    with pytest.raises(Uncosted, match=r"Grievance\.text has no cost"):
        CostMap({key: cost for key, cost in known.items() if key != ("Grievance", "text")}, schema)
    with pytest.raises(Uncosted, match=r"the cost of Grievance\.mood has no field"):
        CostMap({**known, ("Grievance", "mood"): FieldCost(1)}, schema)
    with pytest.raises(Uncosted, match=r"Me\.sub has two costs"):
        read_costs('[Me]\nsub = 1\n"sub roles" = 2\n')
