"""`@authenticated` and `@requiresScopes`: what a reader may not have is never fetched, reads null, and is named where it was asked."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from gateway.engine.loader import load_supergraph
from gateway.engine.transport import RequestContext
from tests.gateway.cases.protected import PROTECTED
from tests.gateway.federation import Federation

STRANGER = RequestContext()


def reader(*scopes: str) -> RequestContext:
    return RequestContext(authenticated=True, scopes=frozenset(scopes))


@pytest.fixture
def federation() -> Federation:
    return PROTECTED.start()


async def asked(federation: Federation, query: str, context: RequestContext) -> tuple[Any, list[tuple[str, list[str | int]]], str]:
    """Data, (code, path) of each error, and all that was sent to subgraphs."""
    answer = await federation.ask(query, context=context)
    errors = [(error["extensions"]["code"], error["path"]) for error in answer.get("errors", [])]
    assert all(error["extensions"]["messageZh"] for error in answer.get("errors", []))
    return answer["data"], errors, str(federation.requests)


async def test_a_stranger_gets_null_and_is_told_where_and_nothing_was_fetched_for_it(federation: Federation) -> None:
    data, errors, sent = await asked(federation, "{ me { id name nick } }", STRANGER)
    assert (data["me"]["name"], bool(data["me"]["nick"])) == (None, True)
    assert errors == [("UNAUTHENTICATED", ["me", "name"])]
    assert "name" not in sent.replace("__typename", "").replace("operationName", "")


async def test_whoever_is_signed_in_gets_what_asks_for_no_more(federation: Federation) -> None:
    data, errors, _ = await asked(federation, "{ me { name } }", reader())
    assert data["me"]["name"]
    assert errors == []


@pytest.mark.parametrize(("scopes", "allowed"), [((), False), (("a",), False), (("a", "b"), True), (("root",), True), (("b", "x"), False)])
async def test_one_of_the_sets_of_scopes_must_be_held_whole(federation: Federation, scopes: tuple[str, ...], allowed: bool) -> None:
    data, errors, sent = await asked(federation, '{ secretOf(id: "1") }', reader(*scopes))
    assert (data["secretOf"] is not None) == allowed
    assert errors == ([] if allowed else [("FORBIDDEN", ["secretOf"])])
    assert ("secretOf" in sent) == allowed


async def test_a_subgraph_that_would_be_asked_for_denied_fields_alone_is_not_asked(federation: Federation) -> None:
    data, errors, _ = await asked(federation, "{ me { nick salary } }", reader("mail"))
    assert data["me"]["salary"] is None
    assert errors == [("FORBIDDEN", ["me", "salary"])]
    assert {service for service, _ in federation.requests} == {"accounts"}
    await asked(federation, "{ me { nick salary } }", reader("money"))
    assert {service for service, _ in federation.requests} == {"accounts", "salaries"}


async def test_each_row_of_a_list_names_its_place_under_aliases_and_fragments(federation: Federation) -> None:
    query = "{ all: people { ...F } } fragment F on Person { nick mail: email ... on Person { email } }"
    data, errors, _ = await asked(federation, query, reader())
    assert all(row["mail"] is None and row["email"] is None and row["nick"] for row in data["all"])
    assert errors == [("FORBIDDEN", ["all", n, key]) for n in range(len(data["all"])) for key in ("mail", "email")]


async def test_what_an_interface_shows_is_denied_by_the_type_that_it_turns_out_to_be(federation: Federation) -> None:
    data, errors, _ = await asked(federation, "{ named { __typename name } }", STRANGER)
    people = [n for n, row in enumerate(data["named"]) if row["__typename"] == "Person"]
    assert people
    assert len(people) < len(data["named"])
    assert errors == [("UNAUTHENTICATED", ["named", n, "name"]) for n in people]
    assert all((row["name"] is None) == (n in people) for n, row in enumerate(data["named"]))


async def test_a_demand_that_an_interface_alone_makes_holds_for_all_its_types() -> None:
    text = re.sub(r"(type Person.*?name: String[^\n]*?) @authenticated", r"\1", PROTECTED.file.read_text("utf-8"), count=1, flags=re.DOTALL)
    demands = load_supergraph(text).demands.by_field
    assert ("Robot", "name") in demands
    assert ("Person", "name") in demands
    assert ("Robot", "name") not in PROTECTED.supergraph.demands.by_field


async def test_a_denied_field_that_must_not_be_null_takes_its_object_along(federation: Federation) -> None:
    data, errors, _ = await asked(federation, "{ me { nick grade } }", reader())
    assert data == {"me": None}
    assert errors == [("FORBIDDEN", ["me", "grade"])]


async def test_a_demand_on_a_type_holds_for_what_returns_it(federation: Federation) -> None:
    assert (await asked(federation, "{ vault { code } }", STRANGER))[1] == [("UNAUTHENTICATED", ["vault"])]
    assert (await asked(federation, "{ vault { code } }", reader()))[1] == [("FORBIDDEN", ["vault"])]
    data, errors, _ = await asked(federation, "{ vault { code } }", reader("vault"))
    assert data["vault"]["code"]
    assert errors == []


async def test_one_document_has_a_plan_for_each_kind_of_reader_and_not_for_each_reader(federation: Federation) -> None:
    query = "{ me { nick email } }"
    for context in (reader("mail"), reader(), reader("mail", "other"), reader("x"), STRANGER, reader("mail")):
        data, _, _ = await asked(federation, query, context)
        assert (data["me"]["email"] is not None) == ("mail" in context.scopes)
    operation = federation.engine._documents[query].operations[""]
    assert len(operation.prepared) == 3


async def test_plans_are_not_mixed_up_between_readers_who_ask_at_once(federation: Federation) -> None:
    query = "{ me { nick email salary } }"
    readers = [reader("mail"), reader("money"), reader(), reader("mail", "money")] * 10
    answers = await asyncio.gather(*(federation.ask(query, context=context) for context in readers))
    for context, answer in zip(readers, answers, strict=True):
        me = answer["data"]["me"]
        assert ((me["email"] is not None), (me["salary"] is not None)) == ("mail" in context.scopes, "money" in context.scopes)
