"""A subgraph as its SDL says, over a world of plain objects; it does not forgive a gateway that asks for what it cannot have."""

from __future__ import annotations

from typing import Any

import orjson
from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLResolveInfo,
    GraphQLSchema,
    InlineFragmentNode,
    InterfaceTypeDefinitionNode,
    InterfaceTypeExtensionNode,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    SchemaExtensionNode,
    SelectionSetNode,
    build_ast_schema,
    execute_sync,
    extend_schema,
    is_composite_type,
    is_object_type,
    parse,
    print_ast,
    validate,
    value_from_ast_untyped,
)

from gateway.engine.supergraph import Supergraph

World = dict[str, Any]
TYPE_NODES = (ObjectTypeDefinitionNode, InterfaceTypeDefinitionNode, ObjectTypeExtensionNode, InterfaceTypeExtensionNode)


class SubgraphServer:
    def __init__(self, name: str, sdl: str, supergraph: Supergraph) -> None:
        self.name = name
        self.supergraph = supergraph
        document = parse(sdl)
        self.keys: dict[str, list[SelectionSetNode]] = {}
        self.external: dict[str, set[str]] = {}
        self.requires: dict[tuple[str, str], SelectionSetNode] = {}
        self.provides: dict[tuple[str, str], SelectionSetNode] = {}
        for each in document.definitions:
            if isinstance(each, TYPE_NODES):
                self._read(each)
        for type_name, keys in self.keys.items():
            known = {part.name.value for key in keys for part in key.selections if isinstance(part, FieldNode)}
            self.external[type_name] = self.external.get(type_name, set()) - known
        self.schema = self._schema(document)

    def _read(self, node: Any) -> None:
        name = node.name.value
        for directive in node.directives or ():
            arguments = {each.name.value: value_from_ast_untyped(each.value) for each in directive.arguments or ()}
            if directive.name.value == "key" and arguments.get("resolvable", True):
                self.keys.setdefault(name, []).append(_field_set(arguments["fields"]))
            if directive.name.value == "external":
                self.external.setdefault(name, set()).update(each.name.value for each in node.fields or ())
        for each in node.fields or ():
            for directive in each.directives or ():
                arguments = {one.name.value: value_from_ast_untyped(one.value) for one in directive.arguments or ()}
                if directive.name.value == "external":
                    self.external.setdefault(name, set()).add(each.name.value)
                elif directive.name.value == "requires":
                    self.requires[name, each.name.value] = _field_set(arguments["fields"])
                elif directive.name.value == "provides":
                    self.provides[name, each.name.value] = _field_set(arguments["fields"])

    def _schema(self, document: DocumentNode) -> GraphQLSchema:
        """What the subgraph serves: its SDL plus `_entities`."""
        definitions = [each for each in document.definitions if not isinstance(each, SchemaExtensionNode)]
        # In Federation 1 a type may be extended that the subgraph does not define.
        defined = {_name(each) for each in definitions if each.kind.endswith("_definition")}
        parts = []
        for each in definitions:
            part = print_ast(each)
            if each.kind.endswith("_extension") and _name(each) not in defined:
                defined.add(_name(each))
                part = part.removeprefix("extend ")
            parts.append(part)
        text = "\n".join(parts)
        if "Query" not in defined:
            text += "\ntype Query { _empty: Boolean }"
        schema = build_ast_schema(parse(text), assume_valid_sdl=True)
        entities: set[str] = set()
        for name in self.keys:
            kind = schema.type_map[name]
            entities |= {name} if is_object_type(kind) else {each.name for each in schema.get_possible_types(kind)}
        if entities:
            more = f"scalar _Any union _Entity = {' | '.join(sorted(entities))}"
            more += "\nextend type Query { _entities(representations: [_Any!]!): [_Entity]! }"
            schema = extend_schema(schema, parse(more), assume_valid_sdl=True)
        return schema

    def answer(self, request: dict[str, Any], world: World, entities: list[dict[str, Any]]) -> bytes:
        document = parse(request["query"])
        problems = validate(self.schema, document)
        assert not problems, f"the engine sent {self.name} an invalid document: {problems}\n{request['query']}"
        run = _Run(self, entities)
        result = execute_sync(
            self.schema,
            document,
            root_value={**world, "_entities": run.entities},
            variable_values=request.get("variables"),
            field_resolver=run.resolve,
            type_resolver=self._type_of,
        )
        for error in result.errors or ():
            if isinstance(error.original_error, AssertionError | KeyError):
                raise error.original_error
        return orjson.dumps(result.formatted)

    def _type_of(self, value: dict[str, Any], *_: Any) -> str:
        return self.local_name(value["__typename"])

    def local_name(self, type_name: str) -> str:
        """The type as this subgraph knows it: an interface object stands for its types."""
        if type_name not in self.schema.type_map:
            for each in self.supergraph.interfaces_of(type_name):
                if is_object_type(self.schema.type_map.get(each)):
                    return each
        return type_name


class _Run:
    """One request to a subgraph. `given`: what `@provides` allows below a path of response keys."""

    def __init__(self, server: SubgraphServer, entities: list[dict[str, Any]]) -> None:
        self.server = server
        self.everything = entities
        self.given: dict[tuple[str, ...], list[SelectionSetNode]] = {}

    def resolve(self, source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        server, owner, name = self.server, info.parent_type.name, info.field_name
        path = tuple(each for each in info.path.as_list() if isinstance(each, str))
        given = [node for each in self.given.get(path[:-1], ()) for node in _fields(each, name)]
        sent = source.get("__sent") or ()
        where = f"{owner}.{name} of subgraph {server.name}"
        requires = server.requires.get((owner, name))
        if requires is not None:
            assert sent, f"{where} was asked for without a representation"
            _check_sent(requires, source, where)
        if name in server.external.get(owner, ()):
            assert given or name in sent, f"{where} is external: it was neither sent nor provided"
        inner = [node.selection_set for node in given if node.selection_set]
        own = server.provides.get((owner, name))
        self.given[path] = [*inner, own] if own else inner
        value = resolve(source, info, **arguments)
        if name in sent and is_composite_type(server.schema.type_map.get(info.return_type.__str__().strip("[]!"))):
            value = _marked(value)
        return value

    def entities(self, representations: list[dict[str, Any]]) -> list[dict[str, Any] | None]:
        assert len({orjson.dumps(each, option=orjson.OPT_SORT_KEYS) for each in representations}) == len(representations), "sent twice"
        return [self._entity(each) for each in representations]

    def _entity(self, representation: dict[str, Any]) -> dict[str, Any] | None:
        name, server = representation["__typename"], self.server
        keys = [key for key in server.keys.get(name, []) if _has(representation, key)]
        assert keys, f"{server.name} got a representation without any key of {name}: {representation}"
        types = server.supergraph.possible_types(name)
        for each in self.everything:
            if each["__typename"] in types and _matches(keys[0], each, representation):
                local = server.local_name(each["__typename"])
                own = {key: value for key, value in each.items() if key not in server.external.get(local, ())}
                return {**representation, **own, "__typename": each["__typename"], "__sent": tuple(representation)}
        return None


def resolve(source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
    if info.field_name not in source and info.path.prev is not None:
        raise KeyError(f"{source.get('__typename')}.{info.field_name} is not known here")
    value = source.get(info.field_name)
    if not callable(value):
        return value
    return value(**arguments) if info.path.prev is None else value(source, **arguments)


def _marked(value: Any) -> Any:
    """Objects inside of a representation: all that is in them was sent."""
    if isinstance(value, list):
        return [_marked(each) for each in value]
    return {**value, "__sent": tuple(value)} if isinstance(value, dict) else value


def _name(node: Any) -> str:
    return node.name.value


def _field_set(text: str) -> SelectionSetNode:
    return parse("{" + text + "}").definitions[0].selection_set


def _fields(selection: SelectionSetNode, name: str) -> list[FieldNode]:
    found = []
    for node in selection.selections:
        if isinstance(node, InlineFragmentNode):
            found += _fields(node.selection_set, name)
        elif isinstance(node, FieldNode) and node.name.value == name:
            found.append(node)
    return found


def _has(value: Any, selection: SelectionSetNode) -> bool:
    """Whether a representation has every field of a key, none of them null."""
    if isinstance(value, list):
        return all(_has(each, selection) for each in value)
    return isinstance(value, dict) and all(
        value.get(node.name.value) is not None and (node.selection_set is None or _has(value[node.name.value], node.selection_set))
        for node in selection.selections
        if isinstance(node, FieldNode)
    )


def _matches(key: SelectionSetNode, value: Any, sent: Any) -> bool:
    """Whether an object has the key values that were sent."""
    if isinstance(sent, list) or isinstance(value, list):
        both = isinstance(sent, list) and isinstance(value, list) and len(sent) == len(value)
        return both and all(_matches(key, mine, other) for mine, other in zip(value, sent, strict=True))
    if not isinstance(value, dict):
        return False
    return all(
        _matches(node.selection_set, value.get(node.name.value), sent[node.name.value])
        if node.selection_set
        else value.get(node.name.value) == sent[node.name.value]
        for node in key.selections
        if isinstance(node, FieldNode)
    )


def _check_sent(requires: SelectionSetNode, value: Any, where: str) -> None:
    """That a representation has what a field requires."""
    for each in value if isinstance(value, list) else [value]:
        if each is None:
            continue
        for node in requires.selections:
            if isinstance(node, InlineFragmentNode):
                if node.type_condition is None or each.get("__typename") == node.type_condition.name.value:
                    _check_sent(node.selection_set, each, where)
            elif isinstance(node, FieldNode):
                assert node.name.value in each, f"{where} was asked for without {node.name.value}, which it requires"
                if node.selection_set:
                    _check_sent(node.selection_set, each[node.name.value], where)
