"""A supergraph as the planner sees it: who resolves what, which types a value can have, and by which doors a subgraph is entered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    SelectionSetNode,
    is_abstract_type,
    is_composite_type,
)

from gateway.engine.authorization import Demands


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """One resolvable `@key`; `fields` is its parsed field set."""

    text: str
    fields: SelectionSetNode


@dataclass(frozen=True, slots=True)
class SubgraphField:
    """A field as one subgraph has it. `plain`: resolved there for whoever holds the object, nothing else needed."""

    type: str
    resolvable: bool
    requires: SelectionSetNode | None = None
    provides: SelectionSetNode | None = None

    @property
    def plain(self) -> bool:
        return self.resolvable and self.requires is None

    @property
    def named_type(self) -> str:
        return self.type.strip("[]!")

    @property
    def shape(self) -> str:
        """List and non-null wrappers: two fields may share a response key in one document only if these agree."""
        return "".join(c if c in "[]!" else "" for c in self.type)


@dataclass(slots=True)
class SubgraphType:
    """`opaque`: an `@interfaceObject`. Its objects are of some type of the interface, and the subgraph cannot tell which."""

    name: str
    opaque: bool = False
    fields: dict[str, SubgraphField] = field(default_factory=dict)
    keys: list[Key] = field(default_factory=list)
    # Object types (opaque ones too) that a value of this type can have in this subgraph, in the order of the SDL; an object type
    # has itself.
    possible: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Subgraph:
    name: str
    url: str
    types: dict[str, SubgraphType] = field(default_factory=dict)

    def field(self, type_name: str, field_name: str) -> SubgraphField | None:
        owner = self.types.get(type_name)
        return owner.fields.get(field_name) if owner else None

    def is_opaque(self, type_name: str) -> bool:
        owner = self.types.get(type_name)
        return owner is not None and owner.opaque


class Door(NamedTuple):
    """A type of a subgraph as which an object can be asked for there by `_entities` (or a root type: by a root fetch)."""

    service: str
    local: str


class Supergraph:
    """`schema` holds everything and serves the planner; `public` is what clients see and are validated against."""

    def __init__(self, schema: GraphQLSchema, public: GraphQLSchema, subgraphs: dict[str, Subgraph], demands: Demands) -> None:
        self.demands = demands
        self.schema = schema
        self.public = public
        self.subgraphs = subgraphs
        self._doors: dict[str, tuple[Door, ...]] = {}
        # Interfaces that are opaque somewhere: at plan time they stand among the object types.
        self.opaque = frozenset(name for graph in subgraphs.values() for name, each in graph.types.items() if each.opaque)

    @cached_property
    def root_types(self) -> frozenset[str]:
        roots = (self.schema.query_type, self.schema.mutation_type, self.schema.subscription_type)
        return frozenset(root.name for root in roots if root)

    def is_abstract(self, type_name: str) -> bool:
        return is_abstract_type(self.schema.type_map[type_name])

    def possible_types(self, type_name: str) -> frozenset[str]:
        """Names of the object types that a value of the type can have anywhere in the supergraph."""
        return self._possible[type_name]

    def applies(self, condition: str, type_name: str) -> bool:
        """Whether a fragment on `condition` holds for whatever is of this object type, or of this opaque interface."""
        if type_name in self._possible[condition]:
            return True
        return type_name in self.opaque and (condition == type_name or condition in self.interfaces_of(type_name))

    def interfaces_of(self, type_name: str) -> tuple[str, ...]:
        kind = self.schema.type_map[type_name]
        return tuple(each.name for each in kind.interfaces) if isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType)) else ()

    def field_type(self, type_name: str, field_name: str) -> str:
        kind = self.schema.type_map[type_name]
        assert isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType))
        return str(kind.fields[field_name].type)

    def doors(self, type_name: str) -> tuple[Door, ...]:
        """Where an object of the type can be asked for: as itself, or as an opaque interface that it implements."""
        if type_name not in self._doors:
            self._doors[type_name] = tuple(self._find_doors(type_name))
        return self._doors[type_name]

    def _find_doors(self, type_name: str) -> Iterator[Door]:
        for graph in self.subgraphs.values():
            own = graph.types.get(type_name)
            if own is not None and (own.keys or type_name in self.root_types):
                yield Door(graph.name, type_name)
            for each in self.interfaces_of(type_name):
                if graph.is_opaque(each) and graph.types[each].keys:
                    yield Door(graph.name, each)

    @cached_property
    def _possible(self) -> dict[str, frozenset[str]]:
        table = {}
        for name, kind in self.schema.type_map.items():
            if is_abstract_type(kind):
                table[name] = frozenset(each.name for each in self.schema.get_possible_types(kind))
            elif is_composite_type(kind):
                table[name] = frozenset({name})
        return table
