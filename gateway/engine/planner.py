"""Turns an operation into fetches: the fewest steps one after the other, then the fewest fetches.

The planner walks the operation holding a `Place`, a selection set in some subgraph's document. A field that the subgraph
resolves goes into that document. For every other field it chooses the subgraph that answers in the fewest steps, adds what
that subgraph needs to know of the object (key fields, required fields) to the fetches that have it, and goes on there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from graphql import OperationDefinitionNode, VariableDefinitionNode, print_ast

from gateway.engine.errors import Refused
from gateway.engine.operation import Field, Selection
from gateway.engine.plan import TYPENAME, Branch, Fetch, FetchDraft, Location, Node, Part, Plan
from gateway.engine.reach import Reach
from gateway.engine.supergraph import Subgraph, Supergraph

MAX_FETCHES = 500
MAX_DEPTH = 100


@dataclass(frozen=True, slots=True)
class Place:
    """A selection set that can still be added to: `type` is the subgraph's type there, `provided` what @provides adds."""

    fetch: FetchDraft
    node: Node
    graph: Subgraph
    type: str
    provided: Selection | None = None

    def on(self, type_name: str) -> Place:
        return Place(self.fetch, self.node.on(type_name), self.graph, type_name, self.provided)


@dataclass(slots=True)
class Pending:
    """A field that is still without a subgraph, and those that have been tried for it."""

    wanted: Field
    tried: frozenset[str] = frozenset()


def make_plan(supergraph: Supergraph, operation: OperationDefinitionNode, selection: Selection) -> Plan:
    """Plan an operation whose root selection has been collected (its introspection fields taken out).

    Raises Refused when a field cannot be reached or the operation is too complex.
    """
    return Planner(supergraph, operation).plan(selection)


class Planner:
    def __init__(self, supergraph: Supergraph, operation: OperationDefinitionNode) -> None:
        self.supergraph = supergraph
        self.operation = operation
        self.kind = operation.operation.value
        self.reach = Reach(supergraph)
        self.fetches: list[FetchDraft] = []

    def plan(self, selection: Selection) -> Plan:
        root = Location(None, "")
        root.types.add(selection.type)
        fields = selection.on(selection.type).values()
        if self.kind == "mutation":
            self._place_in_order(root, selection.type, fields)
        else:
            self._place_all(root, selection.type, None, [Pending(each) for each in fields if each.name != TYPENAME])
        return self._finish(root)

    # --- fields ----------------------------------------------------------------------------------------------------

    def _place_in_order(self, root: Location, type_name: str, fields: Iterable[Field]) -> None:
        """Mutations: one after the other; neighbours of one subgraph share a request, which runs them in order itself."""
        last: FetchDraft | None = None
        for wanted in fields:
            if wanted.name == TYPENAME:
                continue
            options = self._options(None, type_name, Pending(wanted))
            service = min(options, key=lambda name: options[name])
            if last is None or last.service != service:
                last = self._new_fetch(service, root, {last} if last else set())
                last.root = Node(root)
            assert last.root is not None
            rest = self._take(Place(last, last.root, self.supergraph.subgraphs[service], type_name), [type_name], wanted)
            if rest:
                raise Refused(f"{type_name}.{wanted.name}: no subgraph alone resolves what is asked of this mutation")

    def _fill(self, place: Place, selection: Selection) -> None:
        """Ask for the selection at a place, whatever types a value can have there."""
        location = place.node.location
        possible = [name for name in place.graph.types[place.type].possible if name in self.supergraph.possible_types(selection.type)]
        location.types.update(possible)
        location.typed = location.typed or self.supergraph.is_abstract(selection.type)
        if not self.supergraph.is_abstract(place.type):
            self._fill_object(place, selection.on(place.type).values())
            return
        shared = self._shared_fields(place, possible, selection)
        for wanted in shared:
            rest = self._take(place, possible, wanted)
            assert rest is None
        for each in possible:
            own = [wanted for wanted in selection.on(each).values() if wanted.name != TYPENAME and wanted not in shared]
            if own:
                self._fill_object(place.on(each), own)

    def _shared_fields(self, place: Place, possible: list[str], selection: Selection) -> list[Field]:
        """Fields that can be asked for on the abstract type itself: the same for every type, and local for each of them."""
        if not possible:
            return []
        shared = []
        for key, wanted in selection.on(possible[0]).items():
            known = place.graph.field(place.type, wanted.name)
            if known is None or any(
                selection.on(each).get(key) is not wanted or not self.reach.is_local(place.graph, place.provided, each, wanted.name)
                for each in possible
            ):
                continue
            if wanted.selection:
                provides = [self.reach.provided_below(place.graph, place.provided, each, wanted.name) for each in possible]
                below = self.reach.provided_below(place.graph, None, place.type, wanted.name)
                if any(each is not below for each in provides):
                    continue
                if self.reach.split(place.graph, below, known.named_type, wanted.selection)[1] is not None:
                    continue
            shared.append(wanted)
        return shared

    def _fill_object(self, place: Place, fields: Iterable[Field]) -> None:
        """Ask for fields of one object type at a place, going to other subgraphs for what is not there."""
        pending = []
        for wanted in fields:
            if wanted.name == TYPENAME:
                continue
            rest: Field | None = wanted
            tried: frozenset[str] = frozenset()
            if self.reach.is_local(place.graph, place.provided, place.type, wanted.name):
                rest = self._take(place, [place.type], wanted)
                tried = frozenset({place.graph.name})
            if rest:
                pending.append(Pending(rest, tried))
        self._place_all(place.node.location, place.type, place, pending)

    def _place_all(self, location: Location, type_name: str, home: Place | None, pending: list[Pending]) -> None:
        while pending:
            options = [self._options(home, type_name, each) for each in pending]
            best = [{name for name, steps in each.items() if steps == min(each.values())} for each in options]
            service = self._choose(location, type_name, best)
            chosen = [each for each, names in zip(pending, best, strict=True) if service in names]
            pending = [each for each, names in zip(pending, best, strict=True) if service not in names]
            graph = self.supergraph.subgraphs[service]
            # What has requirements first: the rest then travels with it.
            chosen.sort(key=lambda each: not self._has_requirements(graph, type_name, each.wanted))
            for each in chosen:
                place = self._enter(location, type_name, home, service, each.wanted)
                rest = self._take(place, [type_name], each.wanted)
                if rest:
                    pending.append(Pending(rest, each.tried | {service}))

    def _has_requirements(self, graph: Subgraph, type_name: str, wanted: Field) -> bool:
        known = graph.field(type_name, wanted.name)
        return known is not None and known.requires is not None

    def _options(self, home: Place | None, type_name: str, each: Pending) -> dict[str, int]:
        """Subgraphs for a field → steps until all that is asked under it is there; at least one, else Refused."""
        wanted = each.wanted
        if home is None:
            ways = {
                name: 1 for name, graph in self.supergraph.subgraphs.items() if self.reach.is_local(graph, None, type_name, wanted.name)
            }
        else:
            ways = self.reach.options(home.graph, home.provided, type_name, wanted)
        whole, partial = {}, {}
        for name, steps in ways.items():
            if name in each.tried:
                continue
            below = self.reach.field_depth(self.supergraph.subgraphs[name], None, type_name, wanted)
            if below is None:
                partial[name] = steps
            else:
                whole[name] = steps + below
        if not whole and not partial:
            where = f" from subgraph {home.graph.name}" if home else ""
            raise Refused(f"{type_name}.{wanted.name} cannot be reached{where} with all that is asked of it")
        return whole or partial

    def _choose(self, location: Location, type_name: str, best: list[set[str]]) -> str:
        """The subgraph that most of the pending fields can come from; one that is asked here anyway goes first."""
        asked = {fetch.service for fetch in location.fetches if type_name in fetch.branches or fetch.root}
        names = [name for name in self.supergraph.subgraphs if any(name in each for each in best)]
        return max(names, key=lambda name: (name in asked, sum(name in each for each in best)))

    def _take(self, place: Place, types: list[str], wanted: Field) -> Field | None:
        """Ask for a field at a place where it is local; returns what of its selection another subgraph has to bring."""
        location = place.node.location
        known = place.graph.field(place.type, wanted.name)
        assert known is not None
        if wanted.selection is None:
            place.node.put(location.bind(types, wanted, known.type), wanted, None, place.fetch.number)
            return None
        if location.depth >= MAX_DEPTH:
            raise Refused(f"the operation is nested deeper than {MAX_DEPTH} levels")
        below = self.reach.provided_below(place.graph, place.provided, place.type, wanted.name)
        can, cannot = self.reach.split(place.graph, below, known.named_type, wanted.selection)
        if can is None:
            return wanted
        data_key = location.bind(types, wanted, known.shape)
        node = place.node.put(data_key, wanted, location.child(data_key), place.fetch.number)
        self._fill(Place(place.fetch, node, place.graph, known.named_type, below), can)
        return wanted.with_selection(cannot) if cannot else None

    # --- going to another subgraph ---------------------------------------------------------------------------------

    def _enter(self, location: Location, type_name: str, home: Place | None, service: str, wanted: Field) -> Place:
        """A place in the subgraph for the object at the location, with what the field requires sent along."""
        graph = self.supergraph.subgraphs[service]
        if home is None or type_name in self.supergraph.root_types:
            return self._enter_root(location, type_name, home, graph)
        known = graph.field(type_name, wanted.name)
        needs = {home.fetch}
        parts: dict[str, Part] = {}
        if known is not None and known.requires is not None:
            self._obtain(home, type_name, self.reach.field_set(known.requires, type_name), needs, parts)
        fetch = self._reusable(location, service, type_name, needs)
        if fetch is None:
            key = self.reach.entries(home.graph, home.provided, type_name)[service].key
            assert key is not None
            self._obtain(home, type_name, self.reach.field_set(key.fields, type_name), needs, parts, is_key=True)
            fetch = self._reusable(location, service, None, needs) or self._new_fetch(service, location, needs)
            fetch.branches.setdefault(type_name, Branch(Node(location)))
        fetch.needs |= needs
        branch = fetch.branches[type_name]
        for name, part in parts.items():
            _merge_part(branch.parts, name, part)
        return Place(fetch, branch.node, graph, type_name)

    def _enter_root(self, location: Location, type_name: str, home: Place | None, graph: Subgraph) -> Place:
        needs = {home.fetch} if home else set()
        for fetch in location.fetches:
            if fetch.service == graph.name and fetch.root is not None and all(need.depth < fetch.depth for need in needs):
                return Place(fetch, fetch.root, graph, type_name)
        fetch = self._new_fetch(graph.name, location, needs)
        fetch.root = Node(location)
        return Place(fetch, fetch.root, graph, type_name)

    def _reusable(self, location: Location, service: str, type_name: str | None, needs: set[FetchDraft]) -> FetchDraft | None:
        """A fetch that goes there anyway and that nothing in `needs` makes wait longer."""
        for fetch in location.fetches:
            if fetch.service != service or fetch.root is not None or (type_name is not None and type_name not in fetch.branches):
                continue
            if type_name is None and not location.needs_typename:
                continue
            if all(need.depth < fetch.depth for need in needs):
                return fetch
        return None

    def _new_fetch(self, service: str, location: Location, needs: set[FetchDraft]) -> FetchDraft:
        if len(self.fetches) >= MAX_FETCHES:
            raise Refused("the operation needs too many fetches")
        depth = 1 + max((need.depth for need in needs), default=0)
        fetch = FetchDraft(len(self.fetches) + 1, service, location, depth, set(needs))
        self.fetches.append(fetch)
        location.fetches.append(fetch)
        return fetch

    def _obtain(
        self, home: Place, type_name: str, selection: Selection, needs: set[FetchDraft], parts: dict[str, Part], *, is_key: bool = False
    ) -> None:
        """Have key or required fields fetched, and note how they are put into a representation."""
        location = home.node.location
        for wanted in selection.on(type_name).values():
            if wanted.name == TYPENAME:
                continue
            source = self._source(home, type_name, wanted)
            needs.add(source.fetch)
            known = source.graph.field(type_name, wanted.name)
            assert known is not None
            if wanted.selection is None:
                data_key = location.bind_internal(type_name, wanted, known.type)
                source.node.put(data_key, wanted, None, source.fetch.number)
                parts[wanted.name] = Part(data_key, is_key=is_key)
                continue
            data_key = location.bind_internal(type_name, wanted, known.shape)
            child = location.child(data_key)
            node = source.node.put(data_key, wanted, child, source.fetch.number)
            below = self.reach.provided_below(source.graph, source.provided, type_name, wanted.name)
            place = Place(source.fetch, node, source.graph, known.named_type, below)
            abstract = self.supergraph.is_abstract(wanted.selection.type)
            child.typed = child.typed or abstract
            possible = source.graph.types[known.named_type].possible
            child.types.update(possible)
            inner: dict[str, dict[str, Part]] = {}
            for each in possible:
                inner[each] = {}
                each_place = place.on(each) if self.supergraph.is_abstract(known.named_type) else place
                self._obtain(each_place, each, wanted.selection, needs, inner[each], is_key=is_key)
            parts[wanted.name] = Part(data_key, inner, typed=abstract, is_key=is_key)

    def _source(self, home: Place, type_name: str, wanted: Field) -> Place:
        """The place that brings a key or required field with the fewest steps."""
        if (
            self.reach.is_local(home.graph, home.provided, type_name, wanted.name)
            and self.reach.field_depth(home.graph, home.provided, type_name, wanted) is not None
        ):
            return home
        options = self._options(home, type_name, Pending(wanted, frozenset({home.graph.name})))
        service = min(options, key=lambda name: options[name])
        return self._enter(home.node.location, type_name, home, service, wanted)

    # --- the finished plan -----------------------------------------------------------------------------------------

    def _finish(self, root: Location) -> Plan:
        definitions = {each.variable.name.value: each for each in self.operation.variable_definitions or ()}
        order = sorted(self.fetches, key=lambda fetch: (fetch.depth, fetch.number))
        numbers = {fetch: number for number, fetch in enumerate(order, 1)}
        fetches = tuple(self._finish_fetch(fetch, numbers, definitions) for fetch in order)
        return Plan(self.kind, fetches, root, max((fetch.depth for fetch in order), default=0))

    def _finish_fetch(self, fetch: FetchDraft, numbers: dict[FetchDraft, int], definitions: dict[str, VariableDefinitionNode]) -> Fetch:
        nodes = [fetch.root] if fetch.root else [branch.node for branch in fetch.branches.values()]
        used = set().union(*(node.variables() for node in nodes))
        variables = tuple(name for name in definitions if name in used)
        declared = [_declare(definitions[name]) for name in variables]
        representations = None
        kind = self.kind if fetch.location.parent is None else "query"
        if fetch.root:
            body = fetch.root.text(outer=False)
        else:
            representations = "representations"
            while representations in definitions:
                representations += "_"
            declared.insert(0, f"${representations}: [_Any!]!")
            entities = " ".join(f"... on {name} {branch.node.text(outer=False)}" for name, branch in fetch.branches.items())
            body = f"{{ _entities(representations: ${representations}) {{ {entities} }} }}"
        needs = _without_implied(fetch.needs)
        sources = fetch.location.sources
        keys = [key for node in nodes for key in node.fields]
        return Fetch(
            number=numbers[fetch],
            service=fetch.service,
            kind=kind,
            path=fetch.location.path,
            location=fetch.location,
            document=f"{kind}{'(' + ', '.join(declared) + ')' if declared else ''} {body}",
            variables=variables,
            representations=representations,
            branches=fetch.branches,
            needs=tuple(sorted(numbers[need] for need in needs)),
            typed=fetch.location.needs_typename,
            deep=any(len(sources.get(key, ())) > 1 and key in fetch.location.children for key in keys),
            client_keys=tuple(dict.fromkeys(key for node in nodes for key in node.client_keys())),
        )


def _declare(definition: VariableDefinitionNode) -> str:
    default = f" = {print_ast(definition.default_value)}" if definition.default_value else ""
    return f"${definition.variable.name.value}: {print_ast(definition.type)}{default}"


def _without_implied(needs: set[FetchDraft]) -> set[FetchDraft]:
    """Leave out fetches that another needed one waits for anyway."""
    implied: set[FetchDraft] = set()
    stack = [other for need in needs for other in need.needs]
    while stack:
        each = stack.pop()
        if each not in implied:
            implied.add(each)
            stack.extend(each.needs)
    return needs - implied


def _merge_part(parts: dict[str, Part], name: str, part: Part) -> None:
    known = parts.get(name)
    if known is None:
        parts[name] = part
        return
    known.is_key = known.is_key or part.is_key
    for type_name, inner in (part.inner or {}).items():
        assert known.inner is not None
        mine = known.inner.setdefault(type_name, {})
        for each, below in inner.items():
            _merge_part(mine, each, below)
