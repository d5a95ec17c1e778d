"""What the specification says of answers and what no generated query shows: errors, nulls, variables, names, order."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from gateway.engine.engine import Engine
from gateway.engine.loader import load_supergraph
from gateway.engine.transport import Reply, RequestContext
from tests.gateway.cases import ALL

Answers = dict[str, Any]


class Canned:
    """Subgraphs that answer what the test says, whatever they are asked."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.requests: list[tuple[str, dict[str, Any]]] = []

    async def send(self, service: str, body: bytes, context: RequestContext) -> Reply:
        self.requests.append((service, orjson.loads(body)))
        return Reply(orjson.dumps(self.answers[service]))


async def ask(case: str, query: str, answers: Answers, variables: dict[str, Any] | None = None) -> dict[str, Any]:
    engine = Engine(load_supergraph(ALL[case].file.read_text("utf-8")), Canned(answers))
    answer: dict[str, Any] = orjson.loads((await engine.execute(query, variables)).body)
    return answer


def paths(answer: dict[str, Any]) -> list[Any]:
    return [error.get("path") for error in answer.get("errors", ())]


# --- nulls and errors ------------------------------------------------------------------------------------------------


async def test_null_for_a_field_that_must_not_be_null_takes_its_parent_along_and_is_an_error() -> None:
    answer = await ask("shop", "{ me { id name } }", {"accounts": {"data": {"me": {"id": "u1", "name": None}}}})
    assert answer["data"] == {"me": None}
    assert paths(answer) == [["me", "name"]]
    assert answer["errors"][0]["message"] == "Cannot return null for non-nullable field User.name."


async def test_null_goes_up_as_far_as_it_must() -> None:
    answer = await ask("shop", "{ users { name } }", {"accounts": {"data": {"users": [{"name": "a"}, {"name": None}]}}})
    assert answer["data"] is None
    assert paths(answer) == [["users", 1, "name"]]


async def test_a_subgraph_error_that_explains_a_null_is_the_only_error() -> None:
    error = {"message": "out of order", "path": ["me", "name"], "extensions": {"code": "BROKEN", "hint": 1}}
    answer = await ask("shop", "{ me { n: name } }", {"accounts": {"data": {"me": {"n": None}}, "errors": [error | {"path": ["me", "n"]}]}})
    assert answer == {
        "data": {"me": None},
        "errors": [{"message": "out of order", "path": ["me", "n"], "extensions": {"code": "BROKEN", "hint": 1, "service": "accounts"}}],
    }


async def test_an_entity_that_is_not_there_is_null_in_what_its_subgraph_brings() -> None:
    answers = {
        "products": {"data": {"topProducts": [{"upc": "p1"}, {"upc": "p2"}]}},
        "stock": {"data": {"_entities": [None, {"stock": 3}]}},
    }
    answer = await ask("shop", "{ topProducts { upc stock } }", answers)
    assert answer == {"data": {"topProducts": [{"upc": "p1", "stock": None}, {"upc": "p2", "stock": 3}]}}


async def test_an_error_of_an_entity_is_shown_at_every_place_where_the_client_sees_it() -> None:
    answers = {
        "products": {"data": {"topProducts": [{"upc": "p1"}, {"upc": "p2"}, {"upc": "p1"}]}},
        "stock": {"data": {"_entities": [{"s": None}, {"s": 3}]}, "errors": [{"message": "no", "path": ["_entities", 0, "s"]}]},
    }
    answer = await ask("shop", "{ topProducts { s: stock } }", answers)
    assert answer["data"] == {"topProducts": [{"s": None}, {"s": 3}, {"s": None}]}
    assert paths(answer) == [["topProducts", 0, "s"], ["topProducts", 2, "s"]]


async def test_a_joined_fetch_places_errors_by_the_lookup_that_they_are_about() -> None:
    answers = {
        "accounts": {"data": {"me": {"id": "u1"}}},
        "products": {"data": {"topProducts": [{"upc": "p1"}]}},
        "reviews": {
            "data": {"_0": [{"reviews": None}], "_1": [{"reviews": []}]},
            "errors": [{"message": "no", "path": ["_0", 0, "reviews"]}],
        },
    }
    answer = await ask("shop", "{ me { reviews { body } } topProducts { reviews { body } } }", answers)
    assert answer["data"] == {"me": {"reviews": None}, "topProducts": [{"reviews": []}]}
    assert paths(answer) == [["me", "reviews"]]


@pytest.mark.parametrize(("value", "errors"), [("REGULAR", 0), ("ADMIN", 1), ("NOBODY_KNOWS", 1), (None, 0)])
async def test_an_enum_value_that_is_not_public_is_null_and_an_error(value: str | None, errors: int) -> None:
    answer = await ask("enum_intersection", "{ users { kind } }", {"a": {"data": {"users": [{"kind": value}]}}})
    assert answer["data"] == {"users": [{"kind": None if errors else value}]}
    assert len(answer.get("errors", ())) == errors


async def test_a_value_of_a_type_that_is_not_public_is_null_and_an_error() -> None:
    answer = await ask("inaccessible", "{ thing { __typename } }", {"a": {"data": {"thing": {"__typename": "Secret"}}}})
    assert answer["data"] == {"thing": None}
    assert paths(answer) == [["thing"]]


async def test_a_list_where_the_schema_has_none_and_the_other_way_round_are_errors() -> None:
    assert (await ask("shop", "{ me { id } }", {"accounts": {"data": {"me": [{"id": "x"}]}}}))["data"] == {"me": None}
    answer = await ask("shop", "{ topProducts { upc } }", {"products": {"data": {"topProducts": {"upc": "x"}}}})
    assert answer["data"] == {"topProducts": None}
    assert paths(answer) == [["topProducts"]]


async def test_nothing_is_fetched_by_a_null_key() -> None:
    federation = ALL["keys_null"].start()
    answer = await federation.ask("{ shelves { book { title } } }")
    sent = [each for service, request in federation.requests if service == "books" for each in request["variables"]["representations"]]
    assert sent
    assert all(each["id"] is not None for each in sent)
    assert "errors" not in answer


async def test_a_subgraph_that_is_down_costs_its_own_fields_only() -> None:
    federation = ALL["shop"].start()
    federation.down = {"stock"}
    answer = await federation.ask("{ topProducts { title stock } }")
    assert answer["data"] == {"topProducts": [{"title": f"Product {n}", "stock": None} for n in range(2)]}
    assert paths(answer) == [["topProducts", 0, "stock"], ["topProducts", 1, "stock"]]


async def test_an_object_whose_type_nobody_tells_any_more_is_null_and_an_error() -> None:
    federation = ALL["io_simple"].start()
    federation.down = {"media"}
    answer = await federation.ask("{ topWork { __typename votes } }")
    assert answer["data"] == {"topWork": None}
    assert answer["errors"]


async def test_of_an_object_whose_type_nobody_tells_no_field_is_asked_without_what_it_requires() -> None:
    federation = ALL["io_nested_requires"].start()
    federation.down = {"staff"}
    # Only staff has the `name` that `greeting` requires; what `echo` requires is there, but it is asked for with `greeting`.
    answer = await federation.ask("{ pairs { left { id greeting echo } } }")
    assert "talk" not in [service for service, _ in federation.requests]
    assert all(each["left"]["id"] and each["left"]["greeting"] is each["left"]["echo"] is None for each in answer["data"]["pairs"])
    assert {error["extensions"]["service"] for error in answer["errors"]} == {"staff"}
    alone = await federation.ask("{ pairs { left { echo } } }")
    assert all(each["left"]["echo"] for each in alone["data"]["pairs"])


async def test_what_does_not_depend_on_the_type_is_answered_without_it() -> None:
    federation = ALL["io_simple"].start()
    federation.down = {"media"}
    answer = await federation.ask("{ topWork { votes } }")
    assert answer["data"]["topWork"]["votes"] is not None
    assert "errors" not in answer


# --- names, variables, conditions ------------------------------------------------------------------------------------


async def test_typename_under_any_name_and_any_field_under_its_name() -> None:
    federation = ALL["shop"].start()
    answer = await federation.ask("{ __typename a: __typename me { __typename: name b: __typename } __schema { queryType { name } } }")
    user = {"__typename": "User 0", "b": "User"}
    assert answer == {"data": {"__typename": "Query", "a": "Query", "me": user, "__schema": {"queryType": {"name": "Query"}}}}


async def test_typename_of_the_root_alone_asks_nobody() -> None:
    federation = ALL["shop"].start()
    assert await federation.ask("{ __typename }") == {"data": {"__typename": "Query"}}
    assert federation.requests == []


@pytest.mark.parametrize(
    ("variables", "count"),
    [({}, 1), ({"first": 3}, 3), ({"first": None}, 4)],
    ids=["the variable's default", "a value", "null, which is not the default"],
)
async def test_variables_reach_the_subgraph_as_they_were_given(variables: dict[str, Any], count: int) -> None:
    answer = await ALL["shop"].start().ask("query($first: Int = 1) { topProducts(first: $first) { upc } }", variables)
    assert len(answer["data"]["topProducts"]) == count


async def test_an_absent_variable_leaves_the_argument_to_its_default() -> None:
    answer = await ALL["shop"].start().ask("query($first: Int) { topProducts(first: $first) { upc } }")
    assert len(answer["data"]["topProducts"]) == 2


async def test_a_condition_may_have_a_default_and_may_not_be_null() -> None:
    federation = ALL["shop"].start()
    query = "query($yes: Boolean = true) { me @include(if: $yes) { id } nobody @skip(if: $yes) { id } }"
    assert await federation.ask(query) == {"data": {"me": {"id": "u0"}}}
    assert await federation.ask(query, {"yes": False}) == {"data": {"nobody": None}}
    answer = await federation.ask(query, {"yes": None})
    assert "data" not in answer
    assert answer["errors"][0]["message"] == "Variable '$yes' decides @skip or @include and must not be null."


async def test_what_is_skipped_is_not_fetched_even_when_another_field_requires_it() -> None:
    federation = ALL["include_skip"].start()
    await federation.ask("query($no: Boolean!) { product { price skipped @include(if: $no) expensive @skip(if: true) } }", {"no": False})
    assert [service for service, _ in federation.requests] == ["a"]


async def test_hidden_things_are_not_there_for_clients() -> None:
    federation = ALL["inaccessible"].start()
    for query in (
        "{ secret { what } }",
        "{ ages { id } }",
        "{ ages { hiddenOne } }",
        "{ ages { label(code: 1) } }",
        "{ things { ... on Secret { what } } }",
    ):
        assert "data" not in await federation.ask(query)
    answer = await federation.ask('{ __schema { types { name } } __type(name: "Age") { fields { name } } }')
    names = {each["name"] for each in answer["data"]["__schema"]["types"]}
    assert not names & {"Secret", "Hint", "join__Graph", "link__Purpose"}
    assert [each["name"] for each in answer["data"]["__type"]["fields"]] == ["age", "label", "hint", "next", "old"]


# --- mutations -------------------------------------------------------------------------------------------------------


async def test_each_mutation_is_complete_before_the_next_begins() -> None:
    federation = ALL["mutations"].start()
    query = 'mutation { a: add(by: 1) { value trace } n: note(text: "x") { after } b: add(by: 2) { trace } c: add(by: 3) { value } }'
    answer = await federation.ask(query)
    assert answer["data"] == {
        "a": {"value": 1, "trace": ["add 1"]},
        "n": {"after": 2},
        "b": {"trace": ["add 1", "note x", "add 2"]},
        "c": {"value": 6},
    }


async def test_a_mutation_that_fails_does_not_keep_the_next_from_running() -> None:
    federation = ALL["mutations"].start()
    federation.down = {"notes"}
    answer = await federation.ask('mutation { n: note(text: "x") { after } a: add(by: 1) { value } }')
    # Mutation.note must not be null, so that the whole is null; `add` has run all the same.
    assert answer["data"] is None
    assert [service for service, _ in federation.requests] == ["notes", "counters"]
