"""Loads a composed supergraph: who resolves what, and the schema that clients may see.

Source of the directives' meaning: the join specification v0.2 to v0.5 (`join__type`, `join__field`, `join__implements`,
`join__unionMember`) and the inaccessible specification v0.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from graphql import (
    ConstDirectiveNode,
    DirectiveDefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    FieldNode,
    GraphQLError,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    OperationDefinitionNode,
    SchemaDefinitionNode,
    SelectionSetNode,
    TypeNode,
    UnionTypeDefinitionNode,
    parse,
    print_ast,
    validate_schema,
    value_from_ast_untyped,
)

from gateway.engine.authorization import FEATURES, read_demands
from gateway.engine.completion import completed
from gateway.engine.errors import Refused
from gateway.engine.public_schema import build_full_schema, build_public_schema
from gateway.engine.supergraph import Key, Subgraph, SubgraphField, SubgraphType, Supergraph

COMPOSITE_NODES = (ObjectTypeDefinitionNode, InterfaceTypeDefinitionNode)
JOIN_VERSIONS = {"v0.2", "v0.3", "v0.4", "v0.5"}
# Features whose absence would change an answer (EXECUTION) or show what must not be seen (SECURITY).
KNOWN_FEATURES = {"link", "join", "inaccessible", "tag", "core", *FEATURES}
# Directives of a subgraph that make it something else than a GraphQL server with `_entities`.
CONNECTORS = {"connect", "source"}


def load_supergraph(sdl: str) -> Supergraph:
    """Read a supergraph's SDL.

    Raises Refused with the reason when it is malformed or uses a feature that the engine does not know.
    """
    try:
        document = completed(parse(sdl, no_location=True))
        _refuse_unknown_features(document)
        subgraphs = _read_graphs(document)
        _read_types(document, subgraphs)
        schema = build_full_schema(document)
        public = build_public_schema(document)
    except (GraphQLError, TypeError, KeyError, StopIteration) as error:
        raise Refused(f"the supergraph cannot be read: {error}") from error
    problems = validate_schema(public)
    if problems:
        raise Refused(f"the public schema is not valid: {problems[0].message}")
    return Supergraph(schema, public, {graph.name: graph for graph in subgraphs.values()}, read_demands(document, schema))


def parse_field_set(text: str) -> SelectionSetNode:
    """`"id org { id }"` → a selection set."""
    definition = parse("{" + text + "}", no_location=True).definitions[0]
    if not isinstance(definition, OperationDefinitionNode):
        raise Refused(f"not a field set: {text}")
    return definition.selection_set


def _arguments_of(directive: ConstDirectiveNode) -> dict[str, object]:
    return {argument.name.value: value_from_ast_untyped(argument.value) for argument in directive.arguments or ()}


def _applied(node: object, name: str) -> Iterator[dict[str, object]]:
    for directive in getattr(node, "directives", None) or ():
        if directive.name.value == name:
            yield _arguments_of(directive)


def _text(arguments: dict[str, object], name: str) -> str | None:
    value = arguments.get(name)
    return value if isinstance(value, str) else None


def _refuse_unknown_features(document: DocumentNode) -> None:
    for definition in document.definitions:
        for arguments in _applied(definition, "join__directive"):
            if arguments.get("name") in CONNECTORS:
                raise Refused(f"connectors (@{arguments['name']}) are not known")
        if isinstance(definition, SchemaDefinitionNode):
            _refuse_unknown_links([*_applied(definition, "link"), *_applied(definition, "core")])
    if not any(isinstance(definition, SchemaDefinitionNode) for definition in document.definitions):
        raise Refused("this is no supergraph: it has no schema definition")


def _refuse_unknown_links(links: list[dict[str, object]]) -> None:
    if not any("/join/" in str(link.get("url") or link.get("feature")) for link in links):
        raise Refused("this is no supergraph: its schema does not link the join specification")
    for link in links:
        url = str(link.get("url") or link.get("feature"))
        feature, version = url.rstrip("/").split("/")[-2:]
        if feature == "join" and version not in JOIN_VERSIONS:
            raise Refused(f"join specification {version} is not known; known: {', '.join(sorted(JOIN_VERSIONS))}")
        if feature not in KNOWN_FEATURES and link.get("for") in ("EXECUTION", "SECURITY"):
            raise Refused(f"feature {url} is needed for {link.get('for')} and not known")
        if link.get("as") and feature in ("join", "inaccessible", *FEATURES):
            raise Refused(f"feature {url} is renamed to {link['as']}: only its own name is known")


def _read_graphs(document: DocumentNode) -> dict[str, Subgraph]:
    for definition in document.definitions:
        if isinstance(definition, EnumTypeDefinitionNode) and definition.name.value == "join__Graph":
            graphs = {}
            for value in definition.values or ():
                named = next(_applied(value, "join__graph"))
                graphs[value.name.value] = Subgraph(name=str(named["name"]), url=str(named["url"]))
            return graphs
    raise Refused("the supergraph has no enum join__Graph")


def _read_types(document: DocumentNode, graphs: dict[str, Subgraph]) -> None:
    known_keys: dict[tuple[str, str], list[SelectionSetNode]] = {}
    for definition in document.definitions:
        if isinstance(definition, DirectiveDefinitionNode):
            continue
        name = getattr(getattr(definition, "name", None), "value", "")
        for arguments in _applied(definition, "join__type"):
            code = str(arguments["graph"])
            owner = graphs[code].types.setdefault(name, SubgraphType(name))
            if arguments.get("isInterfaceObject"):
                owner.opaque = True
                owner.possible[name] = None
            key = _text(arguments, "key")
            if key:
                fields = parse_field_set(key)
                known_keys.setdefault((code, name), []).append(fields)
                if arguments.get("resolvable", True):
                    owner.keys.append(Key(key, fields))
        if isinstance(definition, COMPOSITE_NODES):
            _read_fields(definition, graphs, known_keys)
    for code, graph in graphs.items():
        for name, owner in graph.types.items():
            if sum(name in other.types for other in graphs.values()) > 1:
                _mark_external(graph, owner, known_keys.get((code, name), []))
    for definition in document.definitions:
        if isinstance(definition, COMPOSITE_NODES):
            _read_implements(definition, graphs)
        elif isinstance(definition, UnionTypeDefinitionNode):
            _read_members(definition, graphs)


def _read_members(definition: UnionTypeDefinitionNode, graphs: dict[str, Subgraph]) -> None:
    name = definition.name.value
    members = [(str(each["graph"]), str(each["member"])) for each in _applied(definition, "join__unionMember")]
    if not members:
        # Join v0.2 does not say it: then a subgraph has those members that it knows.
        members = [
            (code, each.name.value) for code, graph in graphs.items() for each in definition.types or () if each.name.value in graph.types
        ]
    for code, member in members:
        if name in graphs[code].types:
            graphs[code].types[name].possible[member] = None


def _mark_external(graph: Subgraph, owner: SubgraphType, keys: list[SelectionSetNode]) -> None:
    """Composition may leave out that a field is external: of interface objects, and where all subgraphs have the field. A leaf that
    is required has to be external, so has anything of an interface object that is required or provided."""
    required = [each.requires for each in owner.fields.values() if each.requires]
    fields = [part for each in required for part in each.selections if owner.opaque or not getattr(part, "selection_set", None)]
    if owner.opaque:
        for other in graph.types.values():
            fields += [
                part
                for each in other.fields.values()
                if each.provides and each.named_type == owner.name
                for part in each.provides.selections
            ]
    own = {name for key in keys for name in _top_names(key)}
    for name in {part.name.value for part in fields if isinstance(part, FieldNode)} - own:
        if name in owner.fields:
            owner.fields[name] = replace(owner.fields[name], resolvable=False)


def _top_names(fields: SelectionSetNode) -> list[str]:
    return [part.name.value for part in fields.selections if isinstance(part, FieldNode)]


def _read_implements(definition: ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode, graphs: dict[str, Subgraph]) -> None:
    name = definition.name.value
    is_object = isinstance(definition, ObjectTypeDefinitionNode)
    if is_object:
        for graph in graphs.values():
            if name in graph.types:
                graph.types[name].possible[name] = None
    for arguments in _applied(definition, "join__implements"):
        graph = graphs[str(arguments["graph"])]
        if is_object or graph.is_opaque(name):
            graph.types[str(arguments["interface"])].possible[name] = None


def _read_fields(
    definition: ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode,
    graphs: dict[str, Subgraph],
    known_keys: dict[tuple[str, str], list[SelectionSetNode]],
) -> None:
    name = definition.name.value
    homes = {code: graph for code, graph in graphs.items() if name in graph.types}
    for node in definition.fields or ():
        joins = list(_applied(node, "join__field"))
        if not joins:
            for graph in homes.values():
                graph.types[name].fields[node.name.value] = SubgraphField(print_ast(node.type), resolvable=True)
        for arguments in joins:
            where = f"{name}.{node.name.value}"
            if arguments.get("graph") is None:
                # It comes from an interface object, by a door of the interface's: no subgraph has it on this type.
                continue
            if arguments.get("overrideLabel"):
                raise Refused(f"{where}: progressive @override is not known")
            if arguments.get("contextArguments"):
                raise Refused(f"{where}: @fromContext is not known")
            code = str(arguments["graph"])
            keys = known_keys.get((code, name), [])
            homes[code].types[name].fields[node.name.value] = _subgraph_field(node, node.type, arguments, keys)


def _subgraph_field(node: FieldDefinitionNode, kind: TypeNode, arguments: dict[str, object], keys: list[SelectionSetNode]) -> SubgraphField:
    requires, provides = _text(arguments, "requires"), _text(arguments, "provides")
    # A key field is known to whoever holds the object, also where it is marked external; not where another subgraph overrides it.
    in_key = any(node.name.value in _top_names(key) for key in keys)
    foreign = bool(arguments.get("usedOverridden") or (arguments.get("external") and not in_key))
    return SubgraphField(
        type=_text(arguments, "type") or print_ast(kind),
        resolvable=not foreign,
        requires=parse_field_set(requires) if requires else None,
        provides=parse_field_set(provides) if provides else None,
    )
