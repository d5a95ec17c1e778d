"""A small federation in one process: subgraphs over graphql-core that share a world of plain objects.

A case is a set of subgraph SDLs and a world. Each subgraph resolves only what its SDL has; an entity's `@external` fields are
known to it only from the representation, so that a wrong representation shows. The same world behind the public schema, without
any federation, gives the answers that are expected.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson
from graphql import (
    ExecutionResult,
    GraphQLResolveInfo,
    GraphQLSchema,
    ObjectTypeDefinitionNode,
    SchemaExtensionNode,
    build_ast_schema,
    execute_sync,
    parse,
    print_ast,
    validate,
)
from graphql.language import DocumentNode

from gateway.engine.engine import Engine
from gateway.engine.errors import FetchFailed
from gateway.engine.supergraph import Supergraph, load_supergraph
from gateway.engine.transport import Reply, RequestContext

HERE = Path(__file__).resolve().parent
LINK = """extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@external", "@requires",
  "@provides", "@override", "@inaccessible", "@tag", "@interfaceObject"])
"""
World = dict[str, Any]
Computed = Callable[..., Any]


@dataclass(frozen=True)
class Case:
    """`world`: root field → value or function of its arguments. An object has `__typename`; a function in it is called with the
    object and the arguments. `entities` are the objects that `_entities` finds."""

    name: str
    subgraphs: Mapping[str, str]
    world: Callable[[], World]
    entities: Callable[[World], list[dict[str, Any]]] = field(default=lambda world: collect_entities(world))

    @property
    def sdls(self) -> dict[str, str]:
        return {name: LINK + sdl for name, sdl in self.subgraphs.items()}

    @property
    def file(self) -> Path:
        return HERE / "supergraphs" / f"{self.name}.graphql"

    @property
    def digest(self) -> str:
        return hashlib.sha256(orjson.dumps(self.sdls)).hexdigest()

    @cached_property
    def supergraph(self) -> Supergraph:
        return load_supergraph(self.file.read_text("utf-8"))

    def start(self) -> Federation:
        return Federation(self)


class Federation:
    """A case at work: an engine over its subgraphs. `requests` records what was sent, `down` names subgraphs that do not answer."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.world = case.world()
        entities = case.entities(self.world)
        self.subgraphs = {name: SubgraphServer(name, sdl, self.world, entities) for name, sdl in case.sdls.items()}
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.down: set[str] = set()
        self.supergraph = case.supergraph
        self.engine = Engine(self.supergraph, self)

    async def send(self, service: str, body: bytes, context: RequestContext) -> Reply:
        request = orjson.loads(body)
        self.requests.append((service, request))
        if service in self.down:
            raise FetchFailed(f"subgraph {service} cannot be reached", lost=True)
        return Reply(self.subgraphs[service].answer(request))

    async def ask(self, query: str, variables: dict[str, Any] | None = None, operation: str | None = None) -> dict[str, Any]:
        answer: dict[str, Any] = orjson.loads((await self.engine.execute(query, variables, operation)).body)
        return answer

    def expected(self, query: str, variables: dict[str, Any] | None = None) -> ExecutionResult:
        """What one server that has everything answers."""
        document = parse(query)
        problems = validate(self.supergraph.public, document)
        assert not problems, problems
        return execute_sync(
            self.supergraph.public,
            document,
            root_value=self.case.world(),
            variable_values=variables,
            field_resolver=resolve,
            type_resolver=lambda value, *_: value["__typename"],
        )


class SubgraphServer:
    def __init__(self, name: str, sdl: str, world: World, entities: list[dict[str, Any]]) -> None:
        self.name = name
        self.world = world
        self.entities = entities
        document = parse(sdl)
        self.schema = subgraph_schema(document)
        self.external, self.requiring = _fields_with(document, "external"), _fields_with(document, "requires")
        self.keys = _keys(document)

    def answer(self, request: dict[str, Any]) -> bytes:
        document = parse(request["query"])
        problems = validate(self.schema, document)
        assert not problems, f"the engine sent {self.name} an invalid document: {problems}\n{request['query']}"
        result = execute_sync(
            self.schema,
            document,
            root_value={**self.world, "_entities": self._entities},
            variable_values=request.get("variables"),
            field_resolver=self._resolve,
            type_resolver=lambda value, *_: value["__typename"],
        )
        return orjson.dumps(result.formatted)

    def _resolve(self, source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        if info.field_name in self.requiring.get(info.parent_type.name, ()):
            assert "__sent" in source, f"{info.parent_type}.{info.field_name} was asked for without what it requires"
        return resolve(source, info, **arguments)

    def _entities(self, representations: list[dict[str, Any]]) -> list[dict[str, Any] | None]:
        return [self._entity(representation) for representation in representations]

    def _entity(self, representation: dict[str, Any]) -> dict[str, Any] | None:
        name = representation["__typename"]
        usable = [key for key in self.keys.get(name, []) if key <= representation.keys()]
        assert usable, f"{self.name} got a representation without any key of {name}: {representation}"
        for each in self.entities:
            if each["__typename"] == name and all(_matches(each.get(part), representation[part]) for part in usable[0]):
                own = {key: value for key, value in each.items() if key not in self.external.get(name, set())}
                return representation | own | {"__sent": True}
        return None


def _matches(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        return isinstance(value, dict) and all(_matches(value.get(key), inner) for key, inner in wanted.items())
    if isinstance(wanted, list):
        return isinstance(value, list) and len(value) == len(wanted) and all(map(_matches, value, wanted))
    return bool(value == wanted)


def resolve(source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
    if info.field_name not in source and info.path.prev is not None:
        raise KeyError(f"{source.get('__typename')}.{info.field_name} is not known here")
    value = source.get(info.field_name)
    if not callable(value):
        return value
    return value(**arguments) if info.path.prev is None else value(source, **arguments)


def subgraph_schema(document: DocumentNode) -> GraphQLSchema:
    """What a subgraph serves: its SDL plus `_entities`."""
    definitions = [each for each in document.definitions if not isinstance(each, SchemaExtensionNode)]
    entities = sorted(_keys(document))
    text = "\n".join(print_ast(each) for each in definitions)
    if not any(isinstance(each, ObjectTypeDefinitionNode) and each.name.value == "Query" for each in definitions):
        text += "\ntype Query { _empty: Boolean }"
    if entities:
        text += f"\nscalar _Any union _Entity = {' | '.join(entities)}"
        text += "\nextend type Query { _entities(representations: [_Any!]!): [_Entity]! }"
    return build_ast_schema(parse(text), assume_valid_sdl=True)


def _fields_with(document: DocumentNode, directive: str) -> dict[str, set[str]]:
    """Type → names of its fields that carry the directive."""
    found: dict[str, set[str]] = {}
    for each in document.definitions:
        if isinstance(each, ObjectTypeDefinitionNode):
            names = {f.name.value for f in each.fields or () if any(d.name.value == directive for d in f.directives or ())}
            found[each.name.value] = names
    return found


def _keys(document: DocumentNode) -> dict[str, list[set[str]]]:
    """Type → the top-level field names of each of its keys that resolves."""
    found: dict[str, list[set[str]]] = {}
    for each in document.definitions:
        if not isinstance(each, ObjectTypeDefinitionNode):
            continue
        for directive in each.directives or ():
            arguments = {argument.name.value: argument.value for argument in directive.arguments or ()}
            if directive.name.value == "key" and not ("resolvable" in arguments and print_ast(arguments["resolvable"]) == "false"):
                text = print_ast(arguments["fields"]).strip('"')
                selection = parse("{" + text + "}").definitions[0].selection_set  # type: ignore[attr-defined]
                found.setdefault(each.name.value, []).append({part.name.value for part in selection.selections})
    return found


def collect_entities(world: World) -> list[dict[str, Any]]:
    """Every object of the world that can be reached without calling a function, once."""
    found: dict[int, dict[str, Any]] = {}

    def visit(value: Any) -> None:
        if isinstance(value, list):
            for item in value:
                visit(item)
        elif isinstance(value, dict) and id(value) not in found:
            if "__typename" in value:
                found[id(value)] = value
            for item in list(value.values()):
                visit(item)

    visit(list(world.values()))
    return list(found.values())
