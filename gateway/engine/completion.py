"""Completes a supergraph's SDL where a composition has left out what follows from the rest.

A type implements what its interfaces implement, and has their fields. Compositions differ in whether they write that out where
the interface's own interfaces, or some of its fields, come from another subgraph than the type.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from graphql import (
    ConstArgumentNode,
    ConstDirectiveNode,
    DocumentNode,
    EnumValueNode,
    FieldDefinitionNode,
    InterfaceTypeDefinitionNode,
    NamedTypeNode,
    NameNode,
    ObjectTypeDefinitionNode,
    StringValueNode,
)

TypeNode = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode
FIELD = "join__field"


def completed(document: DocumentNode) -> DocumentNode:
    """The same document, with interfaces and fields that types inherit."""
    types = {each.name.value: each for each in document.definitions if isinstance(each, TypeNode)}
    definitions = tuple(_completed(each, types) if isinstance(each, TypeNode) else each for each in document.definitions)
    return replace(document, definitions=definitions)


def _completed(node: TypeNode, types: dict[str, TypeNode]) -> TypeNode:
    interfaces = list(_all_interfaces(node, types))
    fields = {each.name.value: each for each in node.fields or ()}
    for name in interfaces:
        for each in types[name].fields or ():
            fields.setdefault(each.name.value, _inherited(each, node, types[name]))
    if len(interfaces) == len(node.interfaces or ()) and len(fields) == len(node.fields or ()):
        return node
    named = tuple(NamedTypeNode(name=NameNode(value=each)) for each in interfaces)
    return replace(node, interfaces=named, fields=tuple(fields.values()))


def _all_interfaces(node: TypeNode, types: dict[str, TypeNode]) -> Iterator[str]:
    queue, seen = [each.name.value for each in node.interfaces or ()], set()
    while queue:
        name = queue.pop(0)
        if name in types and name not in seen:
            seen.add(name)
            yield name
            queue.extend(each.name.value for each in types[name].interfaces or ())


def _inherited(field: FieldDefinitionNode, node: TypeNode, interface: TypeNode) -> FieldDefinitionNode:
    """The interface's field as the type has it: in the subgraphs where the type implements the interface and the interface has
    the field; in none, when it comes from an interface object."""
    implementing = [graph for graph, name in _pairs(node, "join__implements", "interface") if name == interface.name.value]
    joined = [graph for graph, _ in _pairs(field, FIELD, "graph")] or [graph for graph, _ in _pairs(interface, "join__type", "graph")]
    kept = tuple(each for each in field.directives or () if each.name.value != FIELD)
    joins = [_join(graph) for graph in implementing if graph in joined] or [ConstDirectiveNode(name=NameNode(value=FIELD), arguments=())]
    return replace(field, directives=(*kept, *joins))


def _pairs(node: TypeNode | FieldDefinitionNode, directive: str, argument: str) -> Iterator[tuple[str, str]]:
    for each in node.directives or ():
        if each.name.value == directive:
            values = {one.name.value: one.value for one in each.arguments or ()}
            graph, other = values.get("graph"), values.get(argument)
            if isinstance(graph, EnumValueNode) and isinstance(other, (EnumValueNode, StringValueNode)):
                yield graph.value, other.value


def _join(graph: str) -> ConstDirectiveNode:
    argument = ConstArgumentNode(name=NameNode(value="graph"), value=EnumValueNode(value=graph))
    return ConstDirectiveNode(name=NameNode(value=FIELD), arguments=(argument,))
