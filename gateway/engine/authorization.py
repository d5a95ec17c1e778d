"""`@authenticated` and `@requiresScopes` of a supergraph: which fields a reader may not ask for.

A demand on a type holds for every field of that type and every field that returns it. Composition lifts what the types of an interface
demand to the interface's own field, for engines that decide by what was written; this one decides by the type that a value turns out to
have, so what was lifted is left to the types that made it. A demand that only the interface makes holds for all its types. A denied field
is never fetched; it reads null, with an error at its path.

Source: the specifications authenticated v0.1 and requiresScopes v0.1 (scopes: any of these sets, all of a set).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    TypeDefinitionNode,
    get_named_type,
    value_from_ast_untyped,
)

FEATURES = ("authenticated", "requiresScopes")
VARIANTS_KEPT = 64
Coordinate = tuple[str, str]


@dataclass(frozen=True)
class Demand:
    """`any_of`: None where being signed in is enough."""

    any_of: tuple[frozenset[str], ...] | None = None

    def met(self, *, authenticated: bool, scopes: frozenset[str]) -> bool:
        return authenticated if self.any_of is None else any(wanted <= scopes for wanted in self.any_of)


@dataclass(frozen=True, eq=False)
class Denied:
    """The fields, as (type, name), that some readers may not ask for. One object for all readers alike: it is a key of plans."""

    fields: frozenset[Coordinate] = frozenset()


NOTHING = Denied()


@dataclass
class Demands:
    """What a supergraph demands, field by field."""

    by_field: Mapping[Coordinate, tuple[Demand, ...]] = field(default_factory=dict)
    _known: dict[tuple[bool, frozenset[str]], Denied] = field(default_factory=dict)

    @cached_property
    def _named(self) -> frozenset[str]:
        """Every scope that something asks for: others make no difference between readers."""
        demands = (demand for demands in self.by_field.values() for demand in demands)
        return frozenset(scope for demand in demands for wanted in demand.any_of or () for scope in wanted)

    def denied(self, *, authenticated: bool, scopes: frozenset[str]) -> Denied:
        if not self.by_field:
            return NOTHING
        named = frozenset(
            scope for demands in self.by_field.values() for each in demands for wanted in each.any_of or () for scope in wanted
        )
        reader = (authenticated, scopes & named)
        known = self._known.get(reader)
        if known is None:
            if len(self._known) >= VARIANTS_KEPT:
                self._known.clear()
            known = self._known[reader] = Denied(
                frozenset(
                    coordinate
                    for coordinate, demands in self.by_field.items()
                    if not all(each.met(authenticated=authenticated, scopes=reader[1]) for each in demands)
                )
            )
        return known


def read_demands(document: DocumentNode, schema: GraphQLSchema) -> Demands:
    """`schema` holds everything that the document defines."""
    on_types, on_fields = dict[str, list[Demand]](), dict[Coordinate, list[Demand]]()
    for node in document.definitions:
        if isinstance(node, TypeDefinitionNode):
            on_types[node.name.value] = list(_demands_on(node))
            for each in getattr(node, "fields", None) or ():
                on_fields[node.name.value, each.name.value] = list(_demands_on(each))
    found: dict[Coordinate, tuple[Demand, ...]] = {}
    for kind in schema.type_map.values():
        if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) or kind.name.startswith("__"):
            continue
        for name, each in kind.fields.items():
            demands = [*on_types.get(kind.name, ()), *on_types.get(get_named_type(each.type).name, ()), *on_fields[kind.name, name]]
            for interface in kind.interfaces:
                lifted = any(on_fields.get((other.name, name)) for other in schema.get_possible_types(interface))
                demands += [] if lifted else on_fields.get((interface.name, name), [])
            if demands:
                found[kind.name, name] = tuple(demands)
    return Demands(found)


def _demands_on(node: Any) -> Iterator[Demand]:
    for directive in node.directives or ():
        if directive.name.value == "authenticated":
            yield Demand()
        elif directive.name.value == "requiresScopes":
            given = next(value_from_ast_untyped(each.value) for each in directive.arguments if each.name.value == "scopes")
            yield Demand(tuple(frozenset(wanted) for wanted in given))
