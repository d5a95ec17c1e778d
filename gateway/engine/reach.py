"""Which subgraph can be reached from which: the question under every planning decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphql import SelectionSetNode

from gateway.engine.errors import Refused
from gateway.engine.operation import Collector, Field, Selection
from gateway.engine.supergraph import Key, Subgraph, Supergraph

MAX_WORK = 200_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A way into a subgraph for an object held in another: `steps` fetches one after the other, the last one by `key`."""

    steps: int
    key: Key | None


class Reach:
    """Made once per plan, because it counts its work: a query that takes too much of it is refused, not planned for seconds."""

    def __init__(self, supergraph: Supergraph) -> None:
        self.supergraph = supergraph
        self.field_sets = Collector(supergraph, {}, {})
        self._work = 0
        self._selections: dict[tuple[int, str], Selection] = {}
        self._entries: dict[tuple[str, str, Selection | None], Mapping[str, Entry]] = {}
        self._depths: dict[tuple[str, str, Selection | None, Selection], int | None] = {}
        self._merged: dict[tuple[Selection, Selection], Selection] = {}
        self._splits: dict[tuple[str, str, Selection | None, Selection], tuple[Selection | None, Selection | None]] = {}
        self._open: set[tuple[str, str, str]] = set()

    def field_set(self, node: SelectionSetNode, type_name: str) -> Selection:
        """A field set as a selection; one object per field set, so that it can be a key of memory."""
        identity = (id(node), type_name)
        if identity not in self._selections:
            self._selections[identity] = Selection(self.field_sets, type_name, [node])
        return self._selections[identity]

    def is_local(self, graph: Subgraph, provided: Selection | None, type_name: str, name: str) -> bool:
        self._count()
        known = graph.field(type_name, name)
        return known is not None and (known.plain or (provided is not None and name in provided.on(type_name)))

    def provided_below(self, graph: Subgraph, provided: Selection | None, type_name: str, name: str) -> Selection | None:
        """What the subgraph gives beyond its own fields under this field, by `@provides` here or further up."""
        known = graph.field(type_name, name)
        above = provided.on(type_name).get(name) if provided and not self.supergraph.is_abstract(type_name) else None
        inherited = above.selection if above else None
        if known is None or known.provides is None:
            return inherited
        own = self.field_set(known.provides, known.named_type)
        if inherited is None:
            return own
        return self._merged.setdefault((own, inherited), own.merged(inherited))

    def entries(self, graph: Subgraph, provided: Selection | None, type_name: str) -> Mapping[str, Entry]:
        """By subgraph, the shortest way in for an object of the type; its own subgraph too (by a key, once more)."""
        if type_name in self.supergraph.root_types:
            return {name: Entry(1, None) for name, each in self.supergraph.subgraphs.items() if type_name in each.types}
        identity = (graph.name, type_name, provided)
        if identity not in self._entries:
            self._entries[identity] = {}
            self._entries[identity] = self._find_entries(graph, provided, type_name)
        return self._entries[identity]

    def _find_entries(self, graph: Subgraph, provided: Selection | None, type_name: str) -> Mapping[str, Entry]:
        known = {graph.name: 0}
        found: dict[str, Entry] = {}
        moved = True
        while moved:
            moved = False
            for name, target in self.supergraph.subgraphs.items():
                for key in target.types[type_name].keys if type_name in target.types else ():
                    steps = self._key_steps(known, graph, provided, type_name, self.field_set(key.fields, type_name))
                    if steps is not None and (name not in found or steps + 1 < found[name].steps):
                        found[name] = Entry(steps + 1, key)
                        known.setdefault(name, steps + 1)
                        known[name] = min(known[name], steps + 1)
                        moved = True
        return found

    def _key_steps(
        self, known: Mapping[str, int], home: Subgraph, provided: Selection | None, type_name: str, key: Selection
    ) -> int | None:
        """Steps until all of a key's fields are there, given the subgraphs that are reached already."""
        worst = 0
        for wanted in key.on(type_name).values():
            best: int | None = None
            for name, steps in known.items():
                graph = self.supergraph.subgraphs[name]
                given = provided if graph is home else None
                if wanted.name != "__typename" and not self.is_local(graph, given, type_name, wanted.name):
                    continue
                below = self.field_depth(graph, given, type_name, wanted)
                if below is not None and (best is None or steps + below < best):
                    best = steps + below
            if best is None:
                return None
            worst = max(worst, best)
        return worst

    def options(self, graph: Subgraph, provided: Selection | None, type_name: str, wanted: Field) -> dict[str, int]:
        """Subgraphs other than by staying here that resolve the field → steps until one is in there, `@requires` fetched."""
        found: dict[str, int] = {}
        for name, entry in self.entries(graph, provided, type_name).items():
            self._count()
            known = self.supergraph.subgraphs[name].field(type_name, wanted.name)
            if known is None or not known.resolvable:
                continue
            steps = entry.steps
            if known.requires is not None:
                guard = (name, type_name, wanted.name)
                if guard in self._open:
                    continue
                self._open.add(guard)
                needed = self.depth(graph, provided, type_name, self.field_set(known.requires, type_name))
                self._open.discard(guard)
                if needed is None:
                    continue
                steps = max(steps, needed + 1)
            found[name] = steps
        return found

    def field_depth(self, graph: Subgraph, provided: Selection | None, type_name: str, wanted: Field) -> int | None:
        """Steps beyond the fetch in `graph` that the selection under a field that is local there takes; None: impossible."""
        if wanted.selection is None:
            return 0
        known = graph.field(type_name, wanted.name)
        assert known is not None
        below = self.provided_below(graph, provided, type_name, wanted.name)
        return self.depth(graph, below, known.named_type, wanted.selection)

    def depth(self, graph: Subgraph, provided: Selection | None, type_name: str, selection: Selection) -> int | None:
        """Steps beyond the fetch in `graph` that the selection takes on a value of the subgraph's type; None: impossible."""
        identity = (graph.name, type_name, provided, selection)
        if identity not in self._depths:
            worst: int | None = 0
            for each in graph.types[type_name].possible:
                for wanted in selection.on(each).values():
                    steps = self._steps(graph, provided, each, wanted)
                    worst = None if steps is None or worst is None else max(worst, steps)
            if self._open:
                return worst
            self._depths[identity] = worst
        return self._depths[identity]

    def _steps(self, graph: Subgraph, provided: Selection | None, type_name: str, wanted: Field) -> int | None:
        if wanted.name == "__typename":
            return 0
        if self.is_local(graph, provided, type_name, wanted.name):
            here = self.field_depth(graph, provided, type_name, wanted)
            if here is not None:
                return here
        best = None
        for name, steps in self.options(graph, provided, type_name, wanted).items():
            below = self.field_depth(self.supergraph.subgraphs[name], None, type_name, wanted)
            if below is not None and (best is None or steps + below < best):
                best = steps + below
        return best

    def split(
        self, graph: Subgraph, provided: Selection | None, type_name: str, selection: Selection
    ) -> tuple[Selection | None, Selection | None]:
        """What of a selection can be had from here on, and what only another fetch of the same parent field can bring."""
        identity = (graph.name, type_name, provided, selection)
        known = self._splits.get(identity)
        if known is None:
            known = self._splits[identity] = self._split(graph, provided, type_name, selection)
        return known

    def _split(
        self, graph: Subgraph, provided: Selection | None, type_name: str, selection: Selection
    ) -> tuple[Selection | None, Selection | None]:
        can: dict[str, dict[str, Field]] = {}
        cannot: dict[str, dict[str, Field]] = {}
        for each in graph.types[type_name].possible:
            for key, wanted in selection.on(each).items():
                yes, no = self._split_field(graph, provided, each, wanted)
                if yes:
                    can.setdefault(each, {})[key] = yes
                if no:
                    cannot.setdefault(each, {})[key] = no
        if not cannot:
            return selection, None
        return (selection.split_off(can), selection.split_off(cannot)) if can else (None, selection)

    def _split_field(self, graph: Subgraph, provided: Selection | None, type_name: str, wanted: Field) -> tuple[Field | None, Field | None]:
        if wanted.name == "__typename":
            return wanted, None
        elsewhere = self.options(graph, provided, type_name, wanted)
        if not self.is_local(graph, provided, type_name, wanted.name):
            return (wanted, None) if elsewhere else (None, wanted)
        if wanted.selection is None or elsewhere.keys() - {graph.name}:
            return wanted, None
        known = graph.field(type_name, wanted.name)
        assert known is not None
        below = self.provided_below(graph, provided, type_name, wanted.name)
        yes, no = self.split(graph, below, known.named_type, wanted.selection)
        if no is None:
            return wanted, None
        return (wanted.with_selection(yes) if yes else None), wanted.with_selection(no)

    def _count(self) -> None:
        self._work += 1
        if self._work > MAX_WORK:
            raise Refused("the operation is too complex to plan")
