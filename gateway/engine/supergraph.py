"""Loads a composed supergraph: who resolves what, and the schema that clients may see.

Source of the directives' meaning: the join specification v0.2 to v0.5 (`join__type`, `join__field`, `join__implements`,
`join__unionMember`) and the inaccessible specification v0.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from graphql import (
    ConstDirectiveNode,
    DirectiveDefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    OperationDefinitionNode,
    SchemaDefinitionNode,
    SelectionSetNode,
    TypeNode,
    UnionTypeDefinitionNode,
    is_abstract_type,
    is_composite_type,
    parse,
    print_ast,
    validate_schema,
    value_from_ast_untyped,
)

from gateway.engine.errors import Refused
from gateway.engine.public_schema import build_full_schema, build_public_schema

COMPOSITE_NODES = (ObjectTypeDefinitionNode, InterfaceTypeDefinitionNode)
JOIN_VERSIONS = {"v0.2", "v0.3", "v0.4", "v0.5"}
# Features whose absence would change an answer (EXECUTION) or show what must not be seen (SECURITY).
KNOWN_FEATURES = {"link", "join", "inaccessible", "tag", "core"}


@dataclass(frozen=True, slots=True)
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
    name: str
    fields: dict[str, SubgraphField] = field(default_factory=dict)
    keys: list[Key] = field(default_factory=list)
    # Object types that a value of this type can have in this subgraph, in the order of the SDL; an object type has itself.
    possible: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True)
class Subgraph:
    name: str
    url: str
    types: dict[str, SubgraphType] = field(default_factory=dict)

    def field(self, type_name: str, field_name: str) -> SubgraphField | None:
        owner = self.types.get(type_name)
        return owner.fields.get(field_name) if owner else None


class Supergraph:
    """`schema` holds everything and serves the planner; `public` is what clients see and are validated against."""

    def __init__(self, schema: GraphQLSchema, public: GraphQLSchema, subgraphs: dict[str, Subgraph]) -> None:
        self.schema = schema
        self.public = public
        self.subgraphs = subgraphs

    @cached_property
    def root_types(self) -> frozenset[str]:
        roots = (self.schema.query_type, self.schema.mutation_type, self.schema.subscription_type)
        return frozenset(root.name for root in roots if root)

    def is_abstract(self, type_name: str) -> bool:
        return is_abstract_type(self.schema.type_map[type_name])

    def is_composite(self, type_name: str) -> bool:
        return is_composite_type(self.schema.type_map[type_name])

    def possible_types(self, type_name: str) -> frozenset[str]:
        """Names of the object types that a value of the type can have anywhere in the supergraph."""
        return self._possible[type_name]

    @cached_property
    def _possible(self) -> dict[str, frozenset[str]]:
        table = {}
        for name, kind in self.schema.type_map.items():
            if is_abstract_type(kind):
                table[name] = frozenset(each.name for each in self.schema.get_possible_types(kind))
            elif is_composite_type(kind):
                table[name] = frozenset({name})
        return table


def load_supergraph(sdl: str) -> Supergraph:
    """Read a supergraph's SDL.

    Raises Refused with the reason when it is malformed or uses a feature that the engine does not know.
    """
    try:
        document = parse(sdl, no_location=True)
        _refuse_unknown_features(document)
        subgraphs = _read_graphs(document)
        _read_types(document, subgraphs)
        schema = build_full_schema(document)
        public = build_public_schema(document)
    except (GraphQLError, TypeError, KeyError) as error:
        raise Refused(f"the supergraph cannot be read: {error}") from error
    problems = validate_schema(public)
    if problems:
        raise Refused(f"the public schema is not valid: {problems[0].message}")
    return Supergraph(schema, public, {graph.name: graph for graph in subgraphs.values()})


def arguments_of(directive: ConstDirectiveNode) -> dict[str, object]:
    return {argument.name.value: value_from_ast_untyped(argument.value) for argument in directive.arguments or ()}


def _applied(node: object, name: str) -> Iterator[dict[str, object]]:
    for directive in getattr(node, "directives", None) or ():
        if directive.name.value == name:
            yield arguments_of(directive)


def _text(arguments: dict[str, object], name: str) -> str | None:
    value = arguments.get(name)
    return value if isinstance(value, str) else None


def _refuse_unknown_features(document: DocumentNode) -> None:
    for definition in document.definitions:
        if isinstance(definition, SchemaDefinitionNode):
            links = [*_applied(definition, "link"), *_applied(definition, "core")]
            if not any("/join/" in str(link.get("url") or link.get("feature")) for link in links):
                raise Refused("this is no supergraph: its schema does not link the join specification")
            for link in links:
                url = str(link.get("url") or link.get("feature"))
                feature, version = url.rstrip("/").split("/")[-2:]
                if feature == "join" and version not in JOIN_VERSIONS:
                    raise Refused(f"join specification {version} is not known; known: {', '.join(sorted(JOIN_VERSIONS))}")
                if feature not in KNOWN_FEATURES and link.get("for") in ("EXECUTION", "SECURITY"):
                    raise Refused(f"feature {url} is needed for {link.get('for')} and not known")
                if link.get("as") and feature in ("join", "inaccessible"):
                    raise Refused(f"feature {url} is renamed to {link['as']}: only its own name is known")
            return
    raise Refused("this is no supergraph: it has no schema definition")


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
    for definition in document.definitions:
        if isinstance(definition, DirectiveDefinitionNode):
            continue
        name = getattr(getattr(definition, "name", None), "value", "")
        for arguments in _applied(definition, "join__type"):
            if arguments.get("isInterfaceObject"):
                raise Refused(f"{name}: @interfaceObject is not known yet")
            graph = graphs[str(arguments["graph"])]
            owner = graph.types.setdefault(name, SubgraphType(name))
            key = _text(arguments, "key")
            if key and arguments.get("resolvable", True):
                owner.keys.append(Key(key, parse_field_set(key)))
        if isinstance(definition, COMPOSITE_NODES):
            _read_fields(definition, graphs)
    for definition in document.definitions:
        if isinstance(definition, ObjectTypeDefinitionNode):
            _read_implements(definition, graphs)
        elif isinstance(definition, UnionTypeDefinitionNode):
            for arguments in _applied(definition, "join__unionMember"):
                graphs[str(arguments["graph"])].types[definition.name.value].possible[str(arguments["member"])] = None


def _read_implements(definition: ObjectTypeDefinitionNode, graphs: dict[str, Subgraph]) -> None:
    name = definition.name.value
    for graph in graphs.values():
        if name in graph.types:
            graph.types[name].possible[name] = None
    for arguments in _applied(definition, "join__implements"):
        graphs[str(arguments["graph"])].types[str(arguments["interface"])].possible[name] = None


def _read_fields(definition: ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode, graphs: dict[str, Subgraph]) -> None:
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
                raise Refused(f"{where}: @interfaceObject is not known yet")
            if arguments.get("overrideLabel"):
                raise Refused(f"{where}: progressive @override is not known")
            if arguments.get("contextArguments"):
                raise Refused(f"{where}: @fromContext is not known")
            graph = homes[str(arguments["graph"])]
            graph.types[name].fields[node.name.value] = _subgraph_field(node, node.type, arguments, graph.types[name])


def _subgraph_field(node: FieldDefinitionNode, kind: TypeNode, arguments: dict[str, object], owner: SubgraphType) -> SubgraphField:
    requires, provides = _text(arguments, "requires"), _text(arguments, "provides")
    foreign = bool(arguments.get("external") or arguments.get("usedOverridden"))
    # A key field is known to whoever holds the object, also where it is marked external or overridden elsewhere.
    parts = [part for key in owner.keys for part in key.fields.selections]
    in_key = any(isinstance(part, FieldNode) and part.name.value == node.name.value for part in parts)
    return SubgraphField(
        type=_text(arguments, "type") or print_ast(kind),
        resolvable=in_key or not foreign,
        requires=parse_field_set(requires) if requires else None,
        provides=parse_field_set(provides) if provides else None,
    )


def parse_field_set(text: str) -> SelectionSetNode:
    """`"id org { id }"` → a selection set."""
    definition = parse("{" + text + "}", no_location=True).definitions[0]
    if not isinstance(definition, OperationDefinitionNode):
        raise Refused(f"not a field set: {text}")
    return definition.selection_set
