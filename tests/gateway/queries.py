"""Random operations over a schema, for comparing the engine with one server that has everything."""

from __future__ import annotations

from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_required_argument,
)
from hypothesis import strategies as st

# Values that the cases' root fields and arguments know, so that many queries find something.
STRINGS = ["p1", "u1", "i1", "s1", "m2", "o1", "x2", "x", "EUR"]
CONDITIONS = ["@include(if: $yes)", "@skip(if: $yes)", "@include(if: $no)", "@skip(if: $no)", "@include(if: true)"]
VARIABLES = {"yes": True, "no": False}


@st.composite
def operations(draw: st.DrawFn, schema: GraphQLSchema, depth: int = 5) -> str:
    """A query with nested selections, aliases, fragments, conditions and `__typename`; it may break a validation rule."""
    assert schema.query_type is not None
    body = draw(selections(schema, schema.query_type.name, depth))
    return "query($yes: Boolean!, $no: Boolean!) " + body


@st.composite
def selections(draw: st.DrawFn, schema: GraphQLSchema, type_name: str, depth: int) -> str:
    kind = schema.type_map[type_name]
    parts: list[str] = []
    fields = {} if not hasattr(kind, "fields") else kind.fields
    leaves = [name for name, each in fields.items() if not is_composite_type(get_named_type(each.type))]
    inner = [name for name, each in fields.items() if is_composite_type(get_named_type(each.type))] if depth > 1 else []
    for name in draw(st.lists(st.sampled_from([*leaves, *inner]), min_size=1, max_size=5)) if leaves or inner else []:
        field = fields[name]
        choice = draw(st.integers(0, 9))
        alias = f"{name}_{choice}: " if choice < 3 else "id: " if choice == 3 else ""
        arguments = draw(_arguments(field.args))
        condition = " " + draw(st.sampled_from(CONDITIONS)) if draw(st.integers(0, 9)) == 0 else ""
        target = get_named_type(field.type)
        below = " " + draw(selections(schema, target.name, depth - 1)) if is_composite_type(target) else ""
        parts.append(f"{alias}{name}{arguments}{condition}{below}")
    if is_abstract_type(kind) and depth > 1:
        for each in draw(st.lists(st.sampled_from(sorted(t.name for t in schema.get_possible_types(kind))), max_size=3)):
            parts.append(f"... on {each} {draw(selections(schema, each, depth - 1))}")
    elif parts and depth > 1 and draw(st.integers(0, 5)) == 0:
        condition = " " + draw(st.sampled_from(CONDITIONS)) if draw(st.booleans()) else ""
        parts.append(f"... on {type_name}{condition} {draw(selections(schema, type_name, depth - 1))}")
    if not parts or draw(st.integers(0, 3)) == 0:
        parts.append(draw(st.sampled_from(["__typename", "kind_: __typename"])))
    return "{ " + " ".join(parts) + " }"


@st.composite
def _arguments(draw: st.DrawFn, arguments: dict[str, Any]) -> str:
    given = [
        f"{name}: {draw(_literal(each.type))}" for name, each in arguments.items() if is_required_argument(each) or draw(st.booleans())
    ]
    return f"({', '.join(given)})" if given else ""


@st.composite
def _literal(draw: st.DrawFn, kind: Any) -> str:
    if isinstance(kind, GraphQLNonNull):
        kind = kind.of_type
    if isinstance(kind, GraphQLList):
        return f"[{draw(_literal(kind.of_type))}]"
    if isinstance(kind, GraphQLEnumType):
        return draw(st.sampled_from(sorted(kind.values)))
    if isinstance(kind, GraphQLInputObjectType):
        return "{" + ", ".join(f"{name}: {draw(_literal(each.type))}" for name, each in kind.fields.items()) + "}"
    if kind.name == "Int":
        return str(draw(st.integers(0, 3)))
    if kind.name == "Boolean":
        return draw(st.sampled_from(["true", "false"]))
    return '"' + draw(st.sampled_from(STRINGS)) + '"'
