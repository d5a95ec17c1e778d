"""A schema is held to its table: whatever a resolver forgets, the table does not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema, graphql

from shared.identity.access import Access
from shared.identity.errors import Forbidden, Unauthenticated
from shared.identity.roles import Role
from shared.identity.rules import EVERYBODY, KNOWS_PETITIONER, OF_OBJECT, SEES, SIGNED_IN, quietly
from shared.identity.scopes import from_code
from shared.identity.viewer import ANONYMOUS, Viewer
from shared.policy import Guarded, Policy, Ungoverned

SDL = """
type Query { open: String shut: String hush: String paper: Paper papers: [Paper!]! stub: Stub }
type Paper { words: String! name: String file: String }
type Stub { id: ID! state: String more: String }
"""
NEAR = Access(division="370881001901", petitioner_ref="ref")
FAR = Access(division="370811002001", petitioner_ref="ref")
SUPERVISOR = Viewer(sub="s", roles=frozenset({Role.SUPERVISOR}), scopes=(from_code("370881000000", "COUNTY"),))


@dataclass(frozen=True)
class Paper:
    access: Access
    words: str = "words"
    name: str = "孔*甲"
    file: str = "file"
    to_its_author: bool = False


@dataclass(frozen=True)
class Context:
    viewer: Viewer


async def late(access: Access | None) -> Access | None:
    return access


def policy(stub: Access | None = NEAR, **more: Any) -> Policy:
    return Policy(
        objects={
            "Paper": Guarded(SEES, lambda paper, _: paper.access, exempt=lambda paper: paper.to_its_author),
            "Stub": Guarded(SIGNED_IN, lambda _stub, _context: late(stub)),
        },
        fields={
            "Query": {"open paper papers stub": EVERYBODY, "shut": SIGNED_IN, "hush": quietly(SIGNED_IN)},
            "Paper": {"words": OF_OBJECT, "name": KNOWS_PETITIONER, "file": quietly(SEES)},
            "Stub": {"id": OF_OBJECT, "state more": SEES},
            **more,
        },
    )


def schema(of: Policy, **answers: Any) -> GraphQLSchema:
    """A schema whose resolvers check nothing at all."""
    built = build_schema(SDL)
    for type_ in ("Query", "Paper", "Stub"):
        for name, field in built.type_map[type_].fields.items():
            field.resolve = lambda source, _info, name=name: answers.get(name, getattr(source, name, name))
    of.hold(built)
    return built


async def ask(built: GraphQLSchema, viewer: Viewer, query: str) -> Any:
    return await graphql(built, query, context_value=Context(viewer))


async def test_a_field_for_the_signed_in_is_null_with_an_error_for_a_stranger_and_silent_where_it_is_quiet() -> None:
    built = schema(policy())
    result = await ask(built, ANONYMOUS, "{ open shut hush }")
    assert result.data == {"open": "open", "shut": None, "hush": None}
    (error,) = result.errors
    assert (error.path, type(error.original_error)) == (["shut"], Unauthenticated)
    result = await ask(built, SUPERVISOR, "{ open shut hush }")
    assert (result.data, result.errors) == ({"open": "open", "shut": "shut", "hush": "hush"}, None)


async def test_an_object_that_a_resolver_hands_out_by_mistake_is_withheld() -> None:
    built = schema(policy(), paper=Paper(FAR), papers=[Paper(NEAR)])
    result = await ask(built, SUPERVISOR, "{ paper { words } papers { words } }")
    assert result.data == {"paper": None, "papers": [{"words": "words"}]}
    (error,) = result.errors
    assert (error.path, type(error.original_error)) == (["paper"], Forbidden)
    assert type((await ask(built, ANONYMOUS, "{ paper { words } }")).errors[0].original_error) is Unauthenticated


async def test_a_list_with_one_object_too_many_is_withheld_whole() -> None:
    result = await ask(schema(policy(), papers=[Paper(NEAR), Paper(FAR)]), SUPERVISOR, "{ papers { words } }")
    assert result.data is None
    assert result.errors[0].path == ["papers", 1]


async def test_its_author_gets_the_object_and_not_what_else_hangs_on_it() -> None:
    result = await ask(schema(policy(), paper=Paper(FAR, to_its_author=True)), SUPERVISOR, "{ paper { words name file } }")
    assert (result.data, result.errors) == ({"paper": {"words": "words", "name": None, "file": None}}, None)


async def test_a_field_with_a_rule_of_its_own_is_withheld_alone() -> None:
    secret = Paper(replace(NEAR, confidential=True))
    result = await ask(schema(policy(), paper=secret), SUPERVISOR, "{ paper { words name file } }")
    assert (result.data, result.errors) == ({"paper": {"words": "words", "name": None, "file": "file"}}, None)


@pytest.mark.parametrize(("access", "state"), [(NEAR, "state"), (FAR, None), (None, "state")])
async def test_a_stub_looks_at_the_grievance_and_is_open_while_there_is_none(access: Access | None, state: str | None) -> None:
    result = await ask(schema(policy(access)), SUPERVISOR, "{ stub { id state } }")
    assert result.data == {"stub": {"id": "id", "state": state}}
    assert [type(error.original_error) for error in result.errors or []] == ([] if state else [Forbidden])
    assert (await ask(schema(policy(access)), ANONYMOUS, "{ stub { id state } }")).data == {"stub": None}


def test_a_schema_with_a_field_without_a_row_is_not_served() -> None:
    grown = build_schema(SDL + "extend type Paper { secret: String }")
    with pytest.raises(Ungoverned, match=r"Paper\.secret has no row"):
        policy().hold(grown)


def test_a_row_without_a_field_or_type_and_a_second_row_are_faults() -> None:
    with pytest.raises(Ungoverned, match=r"the row Gone\.away has no field"):
        policy(Gone={"away": EVERYBODY}).hold(build_schema(SDL))
    with pytest.raises(Ungoverned, match=r"Stub\.id has two rows"):
        policy(Stub={"id state more": SEES, "id": OF_OBJECT})
    with pytest.raises(Ungoverned, match=r"the type Gone has no type"):
        Policy({"Gone": Guarded(EVERYBODY)}, {}).check(build_schema("type Query { a: Int }"))


def test_a_field_of_a_stub_that_would_look_at_nothing_is_a_fault() -> None:
    with pytest.raises(Ungoverned, match=r"Stub\.more must have a rule on the grievance"):
        policy(Stub={"id more": OF_OBJECT, "state": SEES}).hold(build_schema(SDL))


def test_a_rule_on_the_grievance_wants_to_know_whose_grievance() -> None:
    bare = Policy({}, {"Query": {"a": SEES}})
    built = build_schema("type Query { a: Int }")
    with pytest.raises(Ungoverned, match="access is known"):
        bare.hold(built)


def test_an_unknown_row_is_told_by_its_name() -> None:
    with pytest.raises(Ungoverned, match=r"Paper\.weight"):
        policy().rule("Paper", "weight")
