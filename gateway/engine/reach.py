"""Which subgraph can be reached from which: the question under every planning decision."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from graphql import FieldNode, InlineFragmentNode, NameNode, SelectionNode, SelectionSetNode

from gateway.engine.errors import Refused
from gateway.engine.operation import Collector, Field, Selection
from gateway.engine.supergraph import Door, Key, Subgraph, Supergraph

TYPENAME = "__typename"
MAX_WORK = 200_000
# Seconds of this thread's time; looked at every so many units of work.
# Of thread time, in which the collector may walk a large heap: work is the limit, this is what stands behind it.
MAX_SECONDS = 2.0
LOOK_EVERY = 500


class Spot(NamedTuple):
    """A value as one subgraph holds it: of the supergraph's `type`, of the subgraph's type `local`.

    The two differ where a subgraph holds an object as an opaque interface. `provided`: what `@provides` adds.
    """

    graph: Subgraph
    type: str
    local: str
    provided: Selection | None = None

    @property
    def is_opaque(self) -> bool:
        """Whether nobody here can tell the object's type."""
        return self.type == self.local and self.graph.is_opaque(self.local)


class Entry(NamedTuple):
    """A way through a door for an object held elsewhere: `steps` fetches one after the other, the last one by `key`."""

    steps: int
    key: Key | None


# What is asked of an object: a field; or, of an object of unknown type, a selection that depends on what type it is.
Ask = Field | Selection


class Reach:
    """Made once per plan, because it counts its work: a query that takes too much of it is refused, not planned for seconds."""

    def __init__(self, supergraph: Supergraph) -> None:
        self.supergraph = supergraph
        self.field_sets = Collector(supergraph, {}, {})
        self._work = 0
        self._began = time.thread_time()
        self._selections: dict[tuple[int, str], Selection] = {}
        self._entries: dict[Spot, Mapping[Door, Entry]] = {}
        self._depths: dict[tuple[Spot, Selection], int | None] = {}
        self._merged: dict[tuple[Selection, Selection], Selection] = {}
        self._splits: dict[tuple[Spot, Selection], tuple[Selection | None, Selection | None]] = {}
        self._asks: dict[tuple[str, Selection], tuple[Ask, ...]] = {}
        self._spread: dict[tuple[str, Field], Selection] = {}
        self._unseen: dict[tuple[Spot, Selection], int] = {}
        self._open: set[tuple[Door, str, str]] = set()
        self._finding = 0

    # --- what there is ---------------------------------------------------------------------------------------------

    def field_set(self, node: SelectionSetNode, type_name: str) -> Selection:
        """A field set as a selection; one object per field set, so that it can be a key of memory.

        It asks for `__typename` wherever a value is abstract: a representation has to say it, so that the types of opaque objects
        are found out.
        """
        identity = (id(node), type_name)
        if identity not in self._selections:
            asked = self._with_typenames(node, type_name) if self.supergraph.opaque else node
            self._selections[identity] = Selection(self.field_sets, type_name, [asked])
        return self._selections[identity]

    def _with_typenames(self, node: SelectionSetNode, type_name: str) -> SelectionSetNode:
        selections: list[SelectionNode] = []
        for each in node.selections:
            if isinstance(each, FieldNode) and each.selection_set:
                inner_type = self.supergraph.field_type(type_name, each.name.value).strip("[]!")
                inner = self._with_typenames(each.selection_set, inner_type)
                if self.supergraph.is_abstract(inner_type):
                    inner = SelectionSetNode(selections=(*inner.selections, FieldNode(name=NameNode(value=TYPENAME))))
                each = replace(each, selection_set=inner)
            elif isinstance(each, InlineFragmentNode):
                inner_type = each.type_condition.name.value if each.type_condition else type_name
                each = replace(each, selection_set=self._with_typenames(each.selection_set, inner_type))
            selections.append(each)
        return SelectionSetNode(selections=tuple(selections))

    def is_interface(self, spot: Spot) -> bool:
        """Whether the subgraph has an abstract type here, so that its values tell their types."""
        return self.supergraph.is_abstract(spot.local) and not spot.graph.is_opaque(spot.local)

    def objects(self, spot: Spot) -> list[Spot]:
        """The object types that the value can have here; an opaque interface counts as one."""
        if not self.is_interface(spot):
            return [spot]
        return [Spot(spot.graph, each, each, spot.provided) for each in spot.graph.types[spot.local].possible]

    def types(self, spot: Spot) -> list[str]:
        """Every type that an object at the spot can turn out to have."""
        return [spot.type, *sorted(self.supergraph.possible_types(spot.type))] if spot.is_opaque else [spot.type]

    def asks(self, spot: Spot, selection: Selection) -> tuple[Ask, ...]:
        """What a selection asks of one object. Of an opaque one: first the fields that all its types have in common."""
        if not spot.is_opaque:
            return tuple(each for each in selection.on(spot.type).values() if each.name != TYPENAME)
        identity = (spot.type, selection)
        if identity not in self._asks:
            types = sorted(self.supergraph.possible_types(spot.type) & self.supergraph.possible_types(selection.type))
            common = {
                key: each
                for key, each in selection.on(spot.type).items()
                if each.name != TYPENAME and all(selection.on(name).get(key) is each for name in types)
            }
            rest = {name: {key: each for key, each in selection.on(name).items() if key not in common} for name in types}
            special = [selection.split_off({name: each for name, each in rest.items() if each})] if any(rest.values()) else []
            self._asks[identity] = (*common.values(), *special)
        return self._asks[identity]

    def spread(self, wanted: Field, interface: str) -> Selection:
        """A field of an interface as a selection on every type of it."""
        identity = (interface, wanted)
        if identity not in self._spread:
            by_type = {each: {wanted.key: wanted} for each in self.supergraph.possible_types(interface)}
            self._spread[identity] = Selection.of(self.field_sets, interface, by_type)
        return self._spread[identity]

    def is_local(self, spot: Spot, name: str) -> bool:
        """Whether whoever holds the object here resolves the field without anything else."""
        self._count()
        known = spot.graph.field(spot.local, name)
        if known is None:
            return False
        if self.is_interface(spot):
            return all(self.is_local(each, name) for each in self.objects(spot))
        return known.plain or (spot.provided is not None and name in spot.provided.on(spot.type))

    def below(self, spot: Spot, name: str) -> Spot:
        """The value of a field that the subgraph has, with what it gives beyond its own fields by `@provides` here or further up."""
        known = spot.graph.field(spot.local, name)
        assert known is not None
        above = spot.provided.on(spot.type).get(name) if spot.provided and not self.is_interface(spot) else None
        provided = above.selection if above else None
        if known.provides is not None:
            own = self.field_set(known.provides, known.named_type)
            provided = own if provided is None else self._merged.setdefault((own, provided), own.merged(provided))
        return Spot(spot.graph, known.named_type, known.named_type, provided)

    # --- ways ------------------------------------------------------------------------------------------------------

    def behind(self, spot: Spot, door: Door) -> Spot:
        """The object of a spot as it is held behind a door."""
        return Spot(self.supergraph.subgraphs[door.service], spot.type, door.local)

    def entries(self, spot: Spot) -> Mapping[Door, Entry]:
        """By door, the shortest way in for an object; the door of its own subgraph too (by a key, once more)."""
        if spot.type in self.supergraph.root_types:
            return {door: Entry(1, None) for door in self.supergraph.doors(spot.type)}
        if spot not in self._entries:
            # Keys may be nested in a circle: nothing is entered by a key that is only to be had behind its own door.
            self._entries[spot] = {}
            self._finding += 1
            self._entries[spot] = self._find_entries(spot)
            self._finding -= 1
        return self._entries[spot]

    def _find_entries(self, spot: Spot) -> Mapping[Door, Entry]:
        known = {spot: 0}
        found: dict[Door, Entry] = {}
        moved = True
        while moved:
            moved = False
            for door in self.supergraph.doors(spot.type):
                inside = self.behind(spot, door)
                for key in inside.graph.types[door.local].keys:
                    steps = self._key_steps(known, self.field_set(key.fields, spot.type))
                    if steps is not None and (door not in found or steps + 1 < found[door].steps):
                        found[door] = Entry(steps + 1, key)
                        known[inside] = min(known.get(inside, steps + 1), steps + 1)
                        moved = True
        return found

    def _key_steps(self, known: Mapping[Spot, int], key: Selection) -> int | None:
        """Steps until all of a key's fields are there, given the places that are reached already."""
        worst = 0
        for wanted in key.on(key.type).values():
            best: int | None = None
            for spot, steps in known.items():
                below: int | None = 0
                if wanted.name != TYPENAME:
                    below = self._ask_depth(spot, wanted) if self.is_local(spot, wanted.name) else None
                if below is not None and (best is None or steps + below < best):
                    best = steps + below
            if best is None:
                return None
            worst = max(worst, best)
        return worst

    def options(self, spot: Spot, ask: Ask) -> dict[Door, int]:
        """Doors by which what is asked can be had → steps until one is in there, with what `@requires` names fetched."""
        found: dict[Door, int] = {}
        for door, entry in self.entries(spot).items():
            self._count()
            inside = self.behind(spot, door)
            if self.is_interface(inside):
                if self.after(inside, ask) is not None:
                    found[door] = entry.steps
                continue
            known = inside.graph.field(door.local, ask.name) if isinstance(ask, Field) else None
            if known is None or not known.resolvable:
                continue
            steps = entry.steps
            if known.requires is not None:
                assert isinstance(ask, Field)
                guard = (door, spot.type, ask.name)
                if guard in self._open:
                    continue
                self._open.add(guard)
                needed = self.depth(spot, self.field_set(known.requires, spot.type))
                self._open.discard(guard)
                if needed is None:
                    continue
                steps = max(steps, needed + 1)
            found[door] = steps
        return found

    def after(self, inside: Spot, ask: Ask) -> int | None:
        """Steps beyond the fetch behind a door that what is asked takes; None: impossible from there alone."""
        if isinstance(ask, Selection):
            return self.depth(inside, ask)
        return self.depth(inside, self.spread(ask, inside.type)) if self.is_interface(inside) else self._ask_depth(inside, ask)

    def _ask_depth(self, spot: Spot, wanted: Field) -> int | None:
        """Steps beyond the fetch at the spot that the selection under a field takes that the subgraph has."""
        return 0 if wanted.selection is None else self.depth(self.below(spot, wanted.name), wanted.selection)

    def depth(self, spot: Spot, selection: Selection) -> int | None:
        """Steps beyond the fetch at the spot that the selection takes; None: impossible."""
        identity = (spot, selection)
        if identity not in self._depths:
            worst: int | None = 0
            for each in self.objects(spot):
                for ask in self.asks(each, selection):
                    steps = self._steps(each, ask)
                    worst = None if steps is None or worst is None else max(worst, steps)
            if self._open or self._finding:
                return worst
            self._depths[identity] = worst
        return self._depths[identity]

    def _steps(self, spot: Spot, ask: Ask) -> int | None:
        if isinstance(ask, Field) and self.is_local(spot, ask.name):
            here = self._ask_depth(spot, ask)
            if here is not None:
                return here
        best = None
        for door, steps in self.options(spot, ask).items():
            below = self.after(self.behind(spot, door), ask)
            if below is not None and (best is None or steps + below < best):
                best = steps + below
        return best

    def unseen(self, spot: Spot, ask: Ask) -> int:
        """How many types are asked about, in what hangs under a field here, that the subgraph does not know for the value."""
        if isinstance(ask, Selection) or ask.selection is None or not self.is_local(spot, ask.name):
            return 0
        below, selection = self.below(spot, ask.name), ask.selection
        identity = (below, selection)
        if identity not in self._unseen:
            self._unseen[identity] = 0
            objects = self.objects(below)
            known = {name for each in objects for name in self.types(each)}
            common = {wanted for name in known for wanted in selection.on(name).values()}
            others = self.supergraph.possible_types(selection.type) - known if self.is_interface(below) else ()
            own = sum(any(wanted not in common for wanted in selection.on(name).values()) for name in others)
            self._unseen[identity] = own + sum(self.unseen(each, one) for each in objects for one in self.asks(each, selection))
        return self._unseen[identity]

    # --- parts -----------------------------------------------------------------------------------------------------

    def split(self, spot: Spot, selection: Selection) -> tuple[Selection | None, Selection | None]:
        """What of a selection can be had from here on, and what only another fetch of the same parent field can bring."""
        identity = (spot, selection)
        known = self._splits.get(identity)
        if known is None:
            known = self._splits[identity] = self._split(spot, selection)
        return known

    def _split(self, spot: Spot, selection: Selection) -> tuple[Selection | None, Selection | None]:
        can: dict[str, dict[str, Field]] = {}
        cannot: dict[str, dict[str, Field]] = {}
        for each in self.objects(spot):
            for name, wanted in self._plain_fields(each, selection):
                can.setdefault(name, {})[wanted.key] = wanted
            for ask in self.asks(each, selection):
                yes, no = self._split_ask(each, ask)
                for name, key, wanted in self._fields_of(each, yes):
                    can.setdefault(name, {})[key] = wanted
                for name, key, wanted in self._fields_of(each, no):
                    cannot.setdefault(name, {})[key] = wanted
        if not cannot:
            return selection, None
        return (selection.split_off(can), selection.split_off(cannot)) if can else (None, selection)

    def _plain_fields(self, spot: Spot, selection: Selection) -> Iterator[tuple[str, Field]]:
        """`__typename`, which every subgraph tells; an opaque one does not, there it is among the asks."""
        if not spot.is_opaque:
            for each in selection.on(spot.type).values():
                if each.name == TYPENAME:
                    yield spot.type, each

    def _fields_of(self, spot: Spot, ask: Ask | None) -> Iterator[tuple[str, str, Field]]:
        if isinstance(ask, Field):
            for name in self.types(spot):
                yield name, ask.key, ask
        elif ask is not None:
            for name in self.types(spot):
                for key, wanted in ask.on(name).items():
                    yield name, key, wanted

    def _split_ask(self, spot: Spot, ask: Ask) -> tuple[Ask | None, Ask | None]:
        elsewhere = self.options(spot, ask)
        if isinstance(ask, Selection) or not self.is_local(spot, ask.name):
            return (ask, None) if elsewhere else (None, ask)
        if ask.selection is None or any(door.service != spot.graph.name for door in elsewhere):
            return ask, None
        yes, no = self.split(self.below(spot, ask.name), ask.selection)
        if no is None:
            return ask, None
        return (ask.with_selection(yes) if yes else None), ask.with_selection(no)

    def _count(self) -> None:
        self._work += 1
        late = self._work % LOOK_EVERY == 0 and time.thread_time() - self._began > MAX_SECONDS
        if late or self._work > MAX_WORK:
            raise Refused("the operation is too complex to plan")
