"""From the data tree to the answer: exactly what the client asked, with nulls propagated as the specification says.

Compiled once per plan into nested functions; a run is one pass over the data.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    is_abstract_type,
    is_composite_type,
)

from gateway.engine.authorization import NOTHING, Denied
from gateway.engine.operation import Selection
from gateway.engine.plan import TYPENAME, Location

META = ("__schema", "__type")


class Trail(list[str | int]):
    """The path of the value at hand; the places where a null was found that the schema does not allow, and those that were denied."""

    __slots__ = ("denials", "faults")

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[tuple[list[str | int], str]] = []
        self.denials: list[list[str | int]] = []

    def fault(self, path: list[str | int], message: str) -> None:
        self.faults.append((path, message))


# Completes a value that is not null; answers None when it has to become null, the reason being on the trail already.
Complete = Callable[[Any, Trail], Any]


class Graph(NamedTuple):
    """What clients see, and what of it this reader is denied."""

    schema: GraphQLSchema
    denied: Denied


def compile_projection(schema: GraphQLSchema, selection: Selection, root: Location, denied: Denied = NOTHING) -> Complete:
    """`selection` holds denied fields too: they read null."""
    kind = schema.type_map[selection.type]
    assert isinstance(kind, GraphQLObjectType)
    return _object(Graph(schema, denied), kind, selection, root)


def _object(graph: Graph, owner: GraphQLObjectType, selection: Selection, location: Location) -> Complete:
    template: dict[str, Any] = {}
    plan: list[tuple[str, str, str | None, Complete | None]] = []
    denied: list[tuple[str, bool]] = []
    for key, wanted in selection.on(owner.name).items():
        template[key] = None
        if wanted.name == TYPENAME:
            template[key] = owner.name
            continue
        if wanted.name in META:
            plan.append((key, key, None, None))
            continue
        field: GraphQLField = owner.fields[wanted.name]
        if (owner.name, wanted.name) in graph.denied.fields:
            denied.append((key, isinstance(field.type, GraphQLNonNull)))
            continue
        data_key = location.data_key(owner.name, wanted)
        refusal, kind = _unwrap(field.type, f"{owner.name}.{wanted.name}")
        plan.append((key, data_key, refusal, _complete(graph, kind, wanted.selection, location.children.get(data_key), refusal)))

    def complete(data: Any, trail: Trail) -> Any:
        if type(data) is not dict:
            trail.fault(trail.copy(), f"Expected an object of type {owner.name}.")
            return None
        result = template.copy()
        for key, needed in denied:
            trail.denials.append([*trail, key])
            if needed:
                return None
        for key, data_key, refusal, below in plan:
            value = data.get(data_key)
            if value is None:
                if refusal is not None:
                    trail.fault([*trail, key], refusal)
                    return None
            elif below is None:
                result[key] = value
            else:
                trail.append(key)
                value = below(value, trail)
                trail.pop()
                if value is None and refusal is not None:
                    return None
                result[key] = value
        return result

    return complete


def _unwrap(kind: GraphQLOutputType, where: str) -> tuple[str | None, GraphQLOutputType]:
    """The message for a null (None: a null is allowed) and the type inside of non-null."""
    if isinstance(kind, GraphQLNonNull):
        return f"Cannot return null for non-nullable field {where}.", kind.of_type
    return None, kind


def _complete(
    graph: Graph, kind: GraphQLOutputType, selection: Selection | None, location: Location | None, where: str | None
) -> Complete | None:
    """The function for a type; None when any value passes."""
    if isinstance(kind, GraphQLList):
        refusal, inner = _unwrap(kind.of_type, "")
        return _list(_complete(graph, inner, selection, location, where), where or "a list item" if refusal is not None else None)
    if isinstance(kind, GraphQLEnumType):
        return _enum(kind)
    if not is_composite_type(kind):
        return None
    assert selection is not None
    assert location is not None
    if isinstance(kind, GraphQLObjectType):
        return _object(graph, kind, selection, location)
    assert is_abstract_type(kind)
    return _abstract(graph, kind, selection, location)


def _list(item: Complete | None, refusal: str | None) -> Complete:
    def complete(values: Any, trail: Trail) -> Any:
        if type(values) is not list:
            trail.fault(trail.copy(), "Expected a list.")
            return None
        if item is None:
            if refusal is not None and None in values:
                trail.fault([*trail, values.index(None)], "Cannot return null for a non-nullable list item.")
                return None
            return values
        result: list[Any] = []
        trail.append(0)
        for index, value in enumerate(values):
            trail[-1] = index
            if value is None:
                if refusal is not None:
                    trail.fault(trail.copy(), "Cannot return null for a non-nullable list item.")
                    trail.pop()
                    return None
                result.append(None)
                continue
            made = item(value, trail)
            if made is None and refusal is not None:
                trail.pop()
                return None
            result.append(made)
        trail.pop()
        return result

    return complete


def _enum(kind: GraphQLEnumType) -> Complete:
    values = frozenset(kind.values)

    def complete(value: Any, trail: Trail) -> Any:
        if type(value) is str and value in values:
            return value
        trail.fault(trail.copy(), f"A subgraph answered with a value that enum {kind.name} does not have.")
        return None

    return complete


def _abstract(graph: Graph, kind: Any, selection: Selection, location: Location) -> Complete:
    # A type that was not asked about from any subgraph has no data keys; it gets here as an object without its fields.
    by_type: dict[str, Complete] = {}
    schema = graph.schema
    possible = sorted(each.name for each in schema.get_possible_types(kind))
    for each in possible:
        if each in location.types:
            owner = schema.type_map[each]
            assert isinstance(owner, GraphQLObjectType)
            by_type[each] = _object(graph, owner, selection, location)
    if location.opaque and not location.discovered:
        # Nothing that was asked depends on the type, so nobody has found it out: any type of the interface stands for all.
        for interface in sorted(location.opaque):
            some = next((name for name in possible if name in by_type and name in _names(schema, interface)), None)
            if some is not None:
                by_type[interface] = by_type.setdefault("", by_type[some])
    name = kind.name if isinstance(kind, GraphQLInterfaceType) else f"union {kind.name}"

    def complete(data: Any, trail: Trail) -> Any:
        chosen = by_type.get(data.get(TYPENAME, "")) if type(data) is dict else None
        if chosen is None:
            trail.fault(trail.copy(), f"A subgraph answered with a type that {name} does not have.")
            return None
        return chosen(data, trail)

    return complete


def _names(schema: GraphQLSchema, interface: str) -> set[str]:
    kind = schema.type_map.get(interface)
    return {each.name for each in schema.get_possible_types(kind)} if isinstance(kind, GraphQLInterfaceType) else set()
