"""What a plan is made of: places in the data, documents for subgraphs, fetches and their order; and a plan's text form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from gateway.engine.operation import Field
from gateway.engine.supergraph import Key

TYPENAME = "__typename"


class Location:
    """One place in the data tree that all fetches of an operation fill together.

    Data keys are response keys of subgraph documents. They equal the client's response keys except where two fetches, or a
    field that the engine needs for itself, would collide.
    """

    __slots__ = (
        "_bound",
        "_internal",
        "_taken",
        "children",
        "client_keys",
        "depth",
        "discovered",
        "fetches",
        "key",
        "opaque",
        "parent",
        "sources",
        "typed",
        "types",
    )

    def __init__(self, parent: Location | None, key: str) -> None:
        self.parent = parent
        self.key = key
        self.depth: int = parent.depth + 1 if parent else 0
        self.children: dict[str, Location] = {}
        self.client_keys: dict[str, str] = {}
        self.types: set[str] = set()
        # Whether values here must tell their type at run time.
        self.typed = False
        # Opaque interfaces that objects here may still be of when all is fetched: then their fields are common to all its types.
        self.opaque: set[str] = set()
        # Whether some fetch finds out the types of opaque objects.
        self.discovered = False
        self.sources: dict[str, set[int]] = {}
        self.fetches: list[FetchDraft] = []
        self._bound: dict[tuple[str, str, str], str] = {}
        self._internal: dict[tuple[str, str], str] = {}
        self._taken: dict[str, tuple[str, str]] = {TYPENAME: (TYPENAME, "")}

    @property
    def path(self) -> tuple[str, ...]:
        return (*self.parent.path, self.key) if self.parent else ()

    @property
    def needs_typename(self) -> bool:
        return self.typed or len(self.types) > 1

    def child(self, key: str) -> Location:
        if key not in self.children:
            self.children[key] = Location(self, key)
        return self.children[key]

    def can_share(self, types: Iterable[str], wanted: Field) -> bool:
        """Whether one data key can hold a client's field for all these types."""
        return len({self._bound.get((each, wanted.signature, wanted.key)) for each in types} - {None}) < 2

    def bind(self, types: Iterable[str], wanted: Field, shape: str) -> str:
        """The data key of a client's field on these object types."""
        types = list(types)
        for each in types:
            known = self._bound.get((each, wanted.signature, wanted.key))
            if known is not None:
                break
        else:
            known = self._claim(wanted.key, wanted.signature, shape)
        for each in types:
            self._bound[each, wanted.signature, wanted.key] = known
            self._internal.setdefault((each, wanted.signature), known)
        self.client_keys[known] = wanted.key
        return known

    def bind_internal(self, types: Iterable[str], wanted: Field, shape: str) -> str:
        """The data key of a field that only the engine needs; a client's own fetch of it is shared."""
        types = list(types)
        known = {self._internal.get((each, wanted.signature)) for each in types}
        key = known.pop() if len(known) == 1 else None
        if key is None:
            key = self._claim(wanted.name, wanted.signature, shape)
        for each in types:
            self._internal[each, wanted.signature] = key
        return key

    def data_key(self, type_name: str, wanted: Field) -> str:
        return self._bound[type_name, wanted.signature, wanted.key]

    def internal_key(self, type_name: str, wanted: Field) -> str | None:
        return self._internal.get((type_name, wanted.signature))

    def _claim(self, key: str, signature: str, shape: str) -> str:
        free, number = key, 0
        while self._taken.setdefault(free, (signature, shape)) != (signature, shape):
            number += 1
            free = f"_{number}_{key}"
        return free


class Node:
    """A selection set in a subgraph's document. `tells_type` is false where the subgraph's `__typename` would not say the type."""

    __slots__ = ("fields", "fragments", "location", "outer", "tells_type")

    def __init__(self, location: Location, tells_type: bool = True, outer: Node | None = None) -> None:
        self.location = location
        # The selection set that this one is a fragment of.
        self.outer = outer
        self.tells_type = tells_type
        self.fields: dict[str, tuple[Field, Node | None]] = {}
        self.fragments: dict[str, Node] = {}

    def put(self, data_key: str, wanted: Field, below: Node | None, fetch: int) -> Node:
        """Add a field, or find it; returns the node below it (itself for a leaf)."""
        self.location.sources.setdefault(data_key, set()).add(fetch)
        if below is None and self.outer and data_key in self.outer.fields:
            return self
        known = self.fields.setdefault(data_key, (wanted, below))
        return known[1] or self

    def on(self, type_name: str, tells_type: bool) -> Node:
        if type_name not in self.fragments:
            self.fragments[type_name] = Node(self.location, tells_type, self)
        return self.fragments[type_name]

    @property
    def is_empty(self) -> bool:
        return not self.fields and all(below.is_empty for below in self.fragments.values())

    def variables(self) -> set[str]:
        names: set[str] = set()
        for wanted, below in self.fields.values():
            names |= wanted.variables
            if below:
                names |= below.variables()
        for below in self.fragments.values():
            names |= below.variables()
        return names

    def text(self, outer: bool = True) -> str:
        """`outer` is false where the type is told further out."""
        parts = [TYPENAME] if outer and self.tells_type and self.location.needs_typename else []
        for data_key, (wanted, below) in self.fields.items():
            alias = "" if data_key == wanted.name else f"{data_key}: "
            parts.append(f"{alias}{wanted.name}{wanted.arguments}{' ' + below.text() if below else ''}")
        parts += [f"... on {name} {below.text(outer=False)}" for name, below in self.fragments.items() if not below.is_empty]
        return "{ " + " ".join(parts or [TYPENAME if self.tells_type else "_: " + TYPENAME]) + " }"

    def client_keys(self) -> Iterator[str]:
        """Response keys that the client sees of what this selection set brings."""
        for data_key in self.fields:
            if data_key in self.location.client_keys:
                yield self.location.client_keys[data_key]
        for below in self.fragments.values():
            yield from below.client_keys()

    def data_keys(self) -> Iterator[str]:
        yield from self.fields
        for below in self.fragments.values():
            yield from below.data_keys()


# The values of a representation by field name.
Parts = dict[str, "Part"]


@dataclass(slots=True)
class Part:
    """One value of a representation: where it lies in the data, and what of it is sent, by object type (None: a leaf)."""

    data_key: str
    inner: dict[str, Parts] | None = None
    typed: bool = False
    # A key must have a value; what is required may be null.
    is_key: bool = False


@dataclass(slots=True)
class Branch:
    """What one entity fetch sends and asks for objects of one type, which the subgraph knows as its type `local`.

    `types`: every type that such an object can turn out to have by then; `parts`: what is sent, by that type; of a
    type that is not in it, nothing.
    """

    local: str
    key: Key
    node: Node
    types: tuple[str, ...]
    parts: dict[str, Parts]
    discovers: bool = False

    def text(self) -> str:
        return f"... on {self.local} {self.node.text(outer=self.discovers)}"


@dataclass(slots=True, eq=False)
class FetchDraft:
    """A fetch while the planner still adds to it."""

    number: int
    service: str
    location: Location
    depth: int
    needs: set[FetchDraft]
    root: Node | None = None
    branches: dict[str, Branch] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lookup:
    """One `_entities` field of a fetch, under `alias`: the objects at `path` (data keys from the root) are sent as `variable`.

    `branches`: what is sent of them, by the type that each has. `deep`: the answer overlaps another's below the top.
    """

    alias: str
    variable: str
    path: tuple[str, ...]
    location: Location
    branches: dict[str, Branch]
    typed: bool
    deep: bool
    client_keys: tuple[str, ...]

    def text(self) -> list[str]:
        lines = [f"   at {'.'.join(self.path)}"]
        sent = dict.fromkeys((each.local, _parts_text(parts)) for each in self.branches.values() for parts in each.parts.values())
        return lines + [f"   send {local} {parts}" for local, parts in sent]


@dataclass(frozen=True, slots=True)
class Fetch:
    """One request to one subgraph: an operation's root fields, put at `path`, or else `lookups` of entities.

    `needs`: numbers of the fetches that come first.
    """

    number: int
    service: str
    kind: str
    path: tuple[str, ...]
    location: Location
    document: str
    variables: tuple[str, ...]
    lookups: tuple[Lookup, ...]
    needs: tuple[int, ...]
    deep: bool
    client_keys: tuple[str, ...]

    def text(self) -> str:
        head = f"{self.number}: {self.service}"
        if self.needs:
            head += " after " + ", ".join(map(str, self.needs))
        if self.path:
            head += " at " + ".".join(self.path)
        lines = [line for lookup in self.lookups for line in lookup.text()]
        return "\n".join([head, *lines, f"   {self.document}"])


def _parts_text(parts: Parts) -> str:
    shown = []
    for name, part in parts.items():
        inner = "" if part.inner is None else " " + " | ".join(_parts_text(each) for each in part.inner.values())
        shown.append(name + inner + ("" if part.data_key == name else f" (as {part.data_key})"))
    return "{ " + " ".join(shown) + " }"


@dataclass(frozen=True, slots=True)
class Plan:
    """`steps` is the longest chain of fetches: the number of round trips that one after the other are waited for."""

    kind: str
    fetches: tuple[Fetch, ...]
    root: Location
    steps: int

    def text(self) -> str:
        head = f"{self.kind}: {len(self.fetches)} fetches in {self.steps} steps"
        return "\n".join([head, *(fetch.text() for fetch in self.fetches)]) + "\n"
