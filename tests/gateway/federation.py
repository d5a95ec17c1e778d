"""A small federation in one process: subgraphs over graphql-core that share a world of plain objects.

A case is a set of subgraph SDLs and a world. Each subgraph resolves only what its SDL has; an entity's `@external` fields are
known to it only from the representation or by a `@provides`, so that a wrong document or representation shows. The same world
behind the public schema, without any federation, gives the answers that are expected.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson
from graphql import ExecutionResult, execute_sync, parse

from gateway.engine.engine import Engine
from gateway.engine.errors import FetchFailed
from gateway.engine.loader import load_supergraph
from gateway.engine.supergraph import Supergraph
from gateway.engine.transport import Reply, RequestContext
from tests.gateway.servers import SubgraphServer, World, resolve
from tests.gateway.worlds import Filler

HERE = Path(__file__).resolve().parent
LINK = """extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@external", "@requires",
  "@provides", "@override", "@inaccessible", "@tag", "@interfaceObject", "@extends"])
"""


@dataclass(frozen=True, eq=False)
class Case:
    """`world`: root field → value or function of its arguments. An object has `__typename`; a function in it is called with the
    object and the arguments. Without one the graph is filled by `worlds.Filler`, which takes particular values from `fixed`.

    `link` is false for subgraphs of Federation 1, which link nothing.
    """

    name: str
    subgraphs: Mapping[str, str]
    world: Callable[[], World] | None = None
    fixed: Mapping[str, Any] = field(default_factory=dict)
    link: bool = True

    @property
    def sdls(self) -> dict[str, str]:
        return {name: (LINK if self.link else "") + sdl for name, sdl in self.subgraphs.items()}

    @property
    def file(self) -> Path:
        return HERE / "supergraphs" / f"{self.name}.graphql"

    @property
    def digest(self) -> str:
        return hashlib.sha256(orjson.dumps(self.sdls)).hexdigest()

    @cached_property
    def supergraph(self) -> Supergraph:
        return load_supergraph(self.file.read_text("utf-8"))

    @cached_property
    def servers(self) -> dict[str, SubgraphServer]:
        return {name: SubgraphServer(name, sdl, self.supergraph) for name, sdl in self.sdls.items()}

    def make_world(self) -> World:
        return self.world() if self.world else Filler(self.supergraph, self.fixed).fill()

    @cached_property
    def strings(self) -> list[str]:
        """Values by which generated queries find something."""
        if self.world is not None:
            return ["p1", "u1", "i1", "s1", "m2", "o1", "x2", "x", "EUR"]
        entities = collect_entities(self.make_world())
        return sorted({value for each in entities for value in each.values() if isinstance(value, str) and len(value) < 4}) or ["x"]

    def start(self) -> Federation:
        return Federation(self)


class Federation:
    """A case at work: an engine over its subgraphs. `requests` records what was sent, `down` names subgraphs that do not answer."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.world = case.make_world()
        self.entities = collect_entities(self.world)
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.down: set[str] = set()
        self.supergraph = case.supergraph
        self.engine = Engine(self.supergraph, self)

    async def send(self, service: str, body: bytes, context: RequestContext) -> Reply:
        request = orjson.loads(body)
        self.requests.append((service, request))
        if service in self.down:
            raise FetchFailed(f"subgraph {service} cannot be reached", lost=True)
        return Reply(self.case.servers[service].answer(request, self.world, self.entities))

    async def ask(
        self,
        query: str,
        variables: dict[str, Any] | None = None,
        operation: str | None = None,
        context: RequestContext | None = None,
    ) -> dict[str, Any]:
        answer: dict[str, Any] = orjson.loads((await self.engine.execute(query, variables, operation, context)).body)
        return answer

    def expected(self, query: str, variables: dict[str, Any] | None = None) -> ExecutionResult:
        """What one server that has everything answers."""
        return execute_sync(
            self.supergraph.public,
            parse(query),
            root_value=self.world if self.case.world is None else self.case.make_world(),
            variable_values=variables,
            field_resolver=resolve,
            type_resolver=lambda value, *_: value["__typename"],
        )


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
