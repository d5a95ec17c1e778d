"""Fills a case's graph with objects by itself: three of each type, every value following from type, field and number.

So a case needs only its SDL. A field with `@requires` is computed from what it requires and from nothing else, so that a wrong
representation shows in the answer.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    InlineFragmentNode,
    SelectionSetNode,
    get_named_type,
    is_composite_type,
    value_from_ast_untyped,
)

from gateway.engine.supergraph import Supergraph

World = dict[str, Any]
COUNT = 3
# One nullable value in so many is null.
NULLS = 6


class Filler:
    """`fixed`: Type.field → value or function of the object's number, where a case wants something particular."""

    def __init__(self, supergraph: Supergraph, fixed: Mapping[str, Any]) -> None:
        self.supergraph = supergraph
        self.schema = supergraph.schema
        self.fixed = fixed
        self.objects: dict[str, list[dict[str, Any]]] = {}
        self.keys: set[tuple[str, str]] = set()
        for graph in supergraph.subgraphs.values():
            for name, each in graph.types.items():
                for key in each.keys:
                    self._note_key(name, key.fields)

    def _note_key(self, type_name: str, fields: SelectionSetNode) -> None:
        for part in fields.selections:
            if isinstance(part, InlineFragmentNode):
                self._note_key(part.type_condition.name.value if part.type_condition else type_name, part.selection_set)
            elif isinstance(part, FieldNode):
                for each in {type_name, *self.supergraph.possible_types(type_name)}:
                    self.keys.add((each, part.name.value))
                if part.selection_set:
                    self._note_key(get_named_type(self.schema.type_map[type_name].fields[part.name.value].type).name, part.selection_set)

    def fill(self) -> World:
        roots = self.supergraph.root_types
        for name, kind in self.schema.type_map.items():
            if isinstance(kind, GraphQLObjectType) and not name.startswith("__") and name not in roots:
                # Numbers go on from type to type: objects of one interface differ in their keys.
                first = COUNT * len(self.objects)
                self.objects[name] = [{"__typename": name, "__number": number} for number in range(first, first + COUNT)]
        for name, instances in self.objects.items():
            for each in instances:
                each.update(self._fields(name, each["__number"]))
        assert self.schema.query_type is not None
        world = self._fields(self.schema.query_type.name, 1)
        world["_all"] = [each for instances in self.objects.values() for each in instances]
        return world

    def _fields(self, type_name: str, number: int) -> dict[str, Any]:
        kind = self.schema.type_map[type_name]
        assert isinstance(kind, GraphQLObjectType)
        found = {}
        for name, field in kind.fields.items():
            fixed = self.fixed.get(f"{type_name}.{name}", self)
            requires = self._requires(type_name, name)
            if fixed is not self:
                found[name] = fixed(number) if callable(fixed) else fixed
            elif requires is not None:
                found[name] = self._computed(type_name, name, field.type, requires)
            elif field.args:
                found[name] = self._called(type_name, name, field.type, number)
            else:
                found[name] = self._value(field.type, type_name, name, number, str(number))
        return found

    def _requires(self, type_name: str, field_name: str) -> SelectionSetNode | None:
        for graph in self.supergraph.subgraphs.values():
            for owner in (type_name, *self.supergraph.interfaces_of(type_name)):
                known = graph.field(owner, field_name)
                if known and known.requires:
                    return known.requires
        return None

    def _computed(self, type_name: str, name: str, kind: GraphQLOutputType, requires: SelectionSetNode) -> Any:
        def compute(source: dict[str, Any], **arguments: Any) -> Any:
            return self._value(kind, type_name, name, 0, f"{read(requires, source)}{_shown(arguments)}")

        return compute

    def _called(self, type_name: str, name: str, kind: GraphQLOutputType, number: int) -> Any:
        is_root = type_name in self.supergraph.root_types

        def call(*_source: Any, **arguments: Any) -> Any:
            if is_root and len(arguments) == 1 and is_composite_type(get_named_type(kind)) and not _is_list(kind):
                return self._found(self._types(type_name, name, get_named_type(kind).name), *next(iter(arguments.items())))
            return self._value(kind, type_name, name, number, f"{number}{_shown(arguments)}")

        return call

    def _found(self, types: list[str], name: str, value: Any) -> Any:
        for each in types:
            for instance in self.objects[each]:
                if name in instance and instance[name] == value:
                    return instance
        return None

    def _value(self, kind: GraphQLOutputType, type_name: str, name: str, number: int, seed: str) -> Any:
        place = f"{type_name}.{name}"
        chance = zlib.crc32(f"{place} {seed}".encode())
        if isinstance(kind, GraphQLNonNull):
            kind = kind.of_type
        elif (type_name, name) not in self.keys and type_name not in self.supergraph.root_types and chance % NULLS == 0:
            return None
        if isinstance(kind, GraphQLList):
            # Nothing is seen of what hangs under a null or an empty list at the root.
            count = 1 + chance % 3 if type_name in self.supergraph.root_types else chance % 4
            return [self._value(kind.of_type, type_name, name, number, f"{seed}/{index}") for index in range(count)]
        if is_composite_type(kind):
            instances = [each for possible in self._types(type_name, name, kind.name) for each in self.objects[possible]]
            # What is part of a key goes by number: the key then is another for each object.
            return instances[(number if (type_name, name) in self.keys else chance) % len(instances)]
        if isinstance(kind, GraphQLEnumType):
            return sorted(kind.values)[chance % len(kind.values)]
        label = f"{type_name[0].lower()}{number}" if (type_name, name) in self.keys else f"{place} {seed}"
        if (type_name, name) in self.keys and kind.name == "Int":
            return number
        return {"Int": chance % 100, "Float": chance % 100 / 4, "Boolean": chance % 2 == 0}.get(kind.name, label)

    def _types(self, type_name: str, name: str, kind: str) -> list[str]:
        """Types that every subgraph with the field knows for it."""
        possible = set(self.supergraph.possible_types(kind))
        for graph in self.supergraph.subgraphs.values():
            known = graph.field(type_name, name)
            if known is not None and known.resolvable:
                here: set[str] = set()
                for each in graph.types[known.named_type].possible:
                    here |= self.supergraph.possible_types(each)
                possible &= here
        return sorted(possible)


def read(selection: SelectionSetNode, source: Any) -> Any:
    """What a field set selects of an object, as text that is the same for a whole object and for a representation."""
    if source is None:
        return None
    if isinstance(source, list):
        return [read(selection, each) for each in source]
    found = []
    for node in selection.selections:
        if isinstance(node, FieldNode):
            value = source[node.name.value]
            if callable(value):
                value = value(source, **{each.name.value: value_from_ast_untyped(each.value) for each in node.arguments or ()})
            found.append((node.name.value, read(node.selection_set, value) if node.selection_set else value))
        elif isinstance(node, InlineFragmentNode) and source["__typename"] in _matching(node, source):
            found.append((node.type_condition.name.value if node.type_condition else "", read(node.selection_set, source)))
    return found


def _matching(node: InlineFragmentNode, source: dict[str, Any]) -> Iterable[str]:
    return [node.type_condition.name.value] if node.type_condition else [source["__typename"]]


def _shown(arguments: Mapping[str, Any]) -> str:
    return "".join(f" {name}={value}" for name, value in sorted(arguments.items()))


def _is_list(kind: GraphQLOutputType) -> bool:
    return isinstance(kind.of_type if isinstance(kind, GraphQLNonNull) else kind, GraphQLList)
