"""Turns an operation into fetches: the fewest steps one after the other, then the fewest fetches.

The planner walks the operation holding a `Place`, a selection set in some subgraph's document. A field that the subgraph
resolves goes into that document. For every other field it chooses the door that leads to the answer in the fewest steps, has
what the subgraph behind it needs to know of the object (key fields, required fields) fetched first, and goes on there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from graphql import OperationDefinitionNode

from gateway.engine.documents import finish
from gateway.engine.errors import Refused
from gateway.engine.operation import Field, Selection
from gateway.engine.plan import TYPENAME, Branch, FetchDraft, Location, Node, Part, Parts, Plan
from gateway.engine.reach import Ask, Reach, Spot
from gateway.engine.supergraph import Door, Key, Subgraph, Supergraph

MAX_FETCHES = 500
MAX_DEPTH = 100


@dataclass(frozen=True, slots=True)
class Place:
    """A selection set of a subgraph's document that can still be added to."""

    fetch: FetchDraft
    node: Node
    spot: Spot

    def on(self, spot: Spot) -> Place:
        return Place(self.fetch, self.node.on(spot.local, not spot.is_opaque), spot)


@dataclass(slots=True)
class Pending:
    """What is still without a subgraph, and the doors that have been tried for it."""

    ask: Ask
    tried: frozenset[Door] = frozenset()


@dataclass(frozen=True, slots=True)
class Wish:
    """For whom fields are placed: the client, or (`needs` is a set) a representation, which waits for the fetches in `needs`."""

    needs: set[FetchDraft] | None = None

    def bind(self, location: Location, types: Iterable[str], wanted: Field, shape: str) -> str:
        if self.needs is None:
            return location.bind(types, wanted, shape)
        return location.bind_internal(types, wanted, shape)

    def note(self, fetch: FetchDraft) -> None:
        if self.needs is not None:
            self.needs.add(fetch)


CLIENT = Wish()


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
        fields = [each for each in selection.on(selection.type).values() if each.name != TYPENAME]
        if self.kind == "mutation":
            self._place_in_order(root, selection.type, fields)
        else:
            self._place_all(root, selection.type, None, [Pending(each) for each in fields], CLIENT)
        return finish(self.kind, root, self.fetches, self.operation)

    # --- fields ----------------------------------------------------------------------------------------------------

    def _place_in_order(self, root: Location, type_name: str, fields: Iterable[Field]) -> None:
        """Mutations: each complete before the next begins. Neighbours of one subgraph that need nothing from others share a
        request, which runs them in order itself."""
        last: FetchDraft | None = None
        for wanted in fields:
            options = self._options(None, type_name, Pending(wanted))
            door = min(options, key=lambda each: options[each])
            if last is None or last.service != door.service or self.fetches[-1] is not last:
                last = self._new_fetch(door.service, root, set(self.fetches))
                last.root = Node(root)
            assert last.root is not None
            spot = Spot(self.supergraph.subgraphs[door.service], type_name, type_name)
            rest = self._take(Place(last, last.root, spot), wanted, CLIENT)
            if rest:
                raise Refused(f"{type_name}.{wanted.name}: no subgraph alone resolves what is asked of this mutation")

    def _fill(self, place: Place, selection: Selection, wish: Wish) -> None:
        """Ask for the selection at a place, whatever types a value can have there."""
        location, wanted_types = place.node.location, self.supergraph.possible_types(selection.type)
        objects = [each for each in self.reach.objects(place.spot) if self.supergraph.possible_types(each.type) & wanted_types]
        for each in objects:
            location.types.update(self.reach.types(each))
            if each.is_opaque and wish is CLIENT:
                location.opaque.add(each.type)
        location.typed = location.typed or self.supergraph.is_abstract(selection.type)
        if not self.reach.is_interface(place.spot):
            self._fill_object(place, selection, wish)
            return
        shared = self._shared_fields(place, objects, selection)
        for wanted in shared:
            self._take_shared(place, objects, wanted, wish)
        for each in objects:
            if any(ask not in shared for ask in self.reach.asks(each, selection)):
                self._fill_object(place.on(each), selection, wish, shared)

    def _shared_fields(self, place: Place, objects: list[Spot], selection: Selection) -> list[Field]:
        """Fields that can be asked for on the abstract type itself: the same for every type, and local for each of them."""
        shared: list[Field] = []
        if not objects or any(each.is_opaque for each in objects):
            return shared
        for key, wanted in selection.on(objects[0].type).items():
            known = place.spot.graph.field(place.spot.local, wanted.name)
            if known is None or any(
                selection.on(each.type).get(key) is not wanted or not self.reach.is_local(each, wanted.name) for each in objects
            ):
                continue
            if not place.node.location.can_share([each.type for each in objects], wanted):
                continue
            if wanted.selection:
                below = self.reach.below(place.spot, wanted.name)
                if any(self.reach.below(each, wanted.name) != below for each in objects):
                    continue
                if self.reach.split(below, wanted.selection)[1] is not None:
                    continue
            shared.append(wanted)
        return shared

    def _fill_object(self, place: Place, selection: Selection, wish: Wish, done: Sequence[Ask] = ()) -> None:
        """Ask for fields of one object type at a place, going to other subgraphs for what is not there."""
        pending = []
        spot, location = place.spot, place.node.location
        for ask in self.reach.asks(spot, selection):
            if ask in done:
                continue
            rest: Ask | None = ask
            tried: frozenset[Door] = frozenset()
            if isinstance(ask, Field) and self.reach.is_local(spot, ask.name):
                rest = self._take(place, ask, wish)
                tried = frozenset({Door(spot.graph.name, spot.local)})
            elif isinstance(ask, Selection) and wish is CLIENT:
                location.discovered = True
            if rest:
                pending.append(Pending(rest, tried))
        self._place_all(location, spot.type, place, pending, wish)

    def _place_all(self, location: Location, type_name: str, home: Place | None, pending: list[Pending], wish: Wish) -> None:
        while pending:
            options = [self._options(home, type_name, each) for each in pending]
            best = [{door for door, steps in each.items() if steps == min(each.values())} for each in options]
            door = self._choose(location, type_name, pending, best)
            chosen = [each for each, doors in zip(pending, best, strict=True) if door in doors]
            pending = [each for each, doors in zip(pending, best, strict=True) if door not in doors]
            # What has requirements first: the rest then travels with it.
            chosen.sort(key=lambda each: not self._has_requirements(door, each.ask))
            for each in chosen:
                place = self._enter(location, type_name, home, door, each.ask)
                rest = self._take_behind(place, each.ask, wish)
                if rest:
                    pending.append(Pending(rest, each.tried | {door}))

    def _has_requirements(self, door: Door, ask: Ask) -> bool:
        known = self.supergraph.subgraphs[door.service].field(door.local, ask.name) if isinstance(ask, Field) else None
        return known is not None and known.requires is not None

    def _options(self, home: Place | None, type_name: str, each: Pending) -> dict[Door, int]:
        """Doors for what is asked → steps until all that is asked under it is there; at least one, else Refused."""
        reach, ask = self.reach, each.ask
        if home is None:
            assert isinstance(ask, Field)
            spots = {door: Spot(self.supergraph.subgraphs[door.service], type_name, type_name) for door in self.supergraph.doors(type_name)}
            ways = {door: 1 for door, spot in spots.items() if reach.is_local(spot, ask.name)}
        else:
            ways = reach.options(home.spot, ask)
            spots = {door: reach.behind(home.spot, door) for door in ways}
        whole, partial = {}, {}
        for door, steps in ways.items():
            if door in each.tried:
                continue
            below = reach.after(spots[door], ask)
            if below is None:
                partial[door] = steps
            else:
                whole[door] = steps + below
        if not whole and not partial:
            where = f" from subgraph {home.spot.graph.name}" if home else ""
            what = f"{type_name}.{ask.name}" if isinstance(ask, Field) else f"the type of {type_name}"
            raise Refused(f"{what} cannot be reached{where} with all that is asked of it")
        return whole or partial

    def _choose(self, location: Location, type_name: str, pending: list[Pending], best: list[set[Door]]) -> Door:
        """The door by which most of what is pending can come; one to a subgraph that is asked here anyway goes first, and of equal
        ones the subgraph that knows most of the types that are asked about."""
        asked = {fetch.service for fetch in location.fetches if type_name in fetch.branches or fetch.root}

        def rank(door: Door) -> tuple[bool, int, int]:
            spot = Spot(self.supergraph.subgraphs[door.service], type_name, door.local)
            mine = [each.ask for each, doors in zip(pending, best, strict=True) if door in doors]
            return door.service in asked, len(mine), -sum(self.reach.unseen(spot, ask) for ask in mine)

        return max((door for door in self.supergraph.doors(type_name) if any(door in each for each in best)), key=rank)

    def _take(self, place: Place, wanted: Field, wish: Wish) -> Field | None:
        """Ask for a field at a place where it is local; returns what of its selection another subgraph has to bring."""
        if wanted.selection is None:
            self._put(place, self.reach.types(place.spot), wanted, wish)
            return None
        can, cannot = self.reach.split(self.reach.below(place.spot, wanted.name), wanted.selection)
        if can is None:
            return wanted
        self._put(place, self.reach.types(place.spot), wanted, wish, can)
        return wanted.with_selection(cannot) if cannot else None

    def _take_shared(self, place: Place, objects: list[Spot], wanted: Field, wish: Wish) -> None:
        self._put(place, [each.type for each in objects], wanted, wish, wanted.selection)

    def _put(self, place: Place, types: list[str], wanted: Field, wish: Wish, selection: Selection | None = None) -> None:
        location, spot = place.node.location, place.spot
        known = spot.graph.field(spot.local, wanted.name)
        assert known is not None
        wish.note(place.fetch)
        if selection is None:
            place.node.put(wish.bind(location, types, wanted, known.type), wanted, None, place.fetch.number)
            return
        if location.depth >= MAX_DEPTH:
            raise Refused(f"the operation is nested deeper than {MAX_DEPTH} levels")
        below = self.reach.below(spot, wanted.name)
        data_key = wish.bind(location, types, wanted, known.shape)
        node = place.node.put(data_key, wanted, Node(location.child(data_key), not below.is_opaque), place.fetch.number)
        self._fill(Place(place.fetch, node, below), selection, wish)

    def _take_behind(self, place: Place, ask: Ask, wish: Wish) -> Ask | None:
        """Ask for what a door was chosen for; returns what of it another subgraph has to bring."""
        if not self.reach.is_interface(place.spot):
            assert isinstance(ask, Field)
            return self._take(place, ask, wish)
        selection = self.reach.spread(ask, place.spot.type) if isinstance(ask, Field) else ask
        wish.note(place.fetch)
        self._fill(place, selection, wish)
        return None

    # --- going to another subgraph ---------------------------------------------------------------------------------

    def _enter(self, location: Location, type_name: str, home: Place | None, door: Door, ask: Ask) -> Place:
        """A place behind the door for the object at the location, with what the field requires sent along."""
        if home is None or type_name in self.supergraph.root_types:
            return self._enter_root(location, type_name, home, door)
        inside, types = self.reach.behind(home.spot, door), tuple(self.reach.types(home.spot))
        known = inside.graph.field(door.local, ask.name) if isinstance(ask, Field) else None
        key = self.reach.entries(home.spot)[door].key
        assert key is not None
        needs = {home.fetch}
        parts = self._obtain(home, inside.graph, self.reach.field_set(key.fields, type_name), needs, is_key=True)
        if known is not None and known.requires is not None and not self.reach.is_interface(inside):
            fields = self.reach.field_set(known.requires, type_name)
            required = self._obtain(home, inside.graph, fields, needs, is_key=False)
            parts = _joined(parts, required)
        fetch = self._with_branch(location, door, key, type_name, needs, parts)
        if fetch is None:
            fetch = self._without_branch(location, door, types, needs) or self._new_fetch(door.service, location, needs)
            node = Node(location, tells_type=not inside.graph.is_opaque(door.local))
            branch = fetch.branches[type_name] = Branch(door.local, key, node, types, parts, discovers=self.reach.is_interface(inside))
        else:
            branch = fetch.branches[type_name]
            branch.parts = _joined(branch.parts, parts)
        fetch.needs |= needs
        return Place(fetch, branch.node, inside)

    def _enter_root(self, location: Location, type_name: str, home: Place | None, door: Door) -> Place:
        needs = {home.fetch} if home else set()
        spot = Spot(self.supergraph.subgraphs[door.service], type_name, type_name)
        for fetch in location.fetches:
            if fetch.service == door.service and fetch.root is not None and all(need.depth < fetch.depth for need in needs):
                return Place(fetch, fetch.root, spot)
        fetch = self._new_fetch(door.service, location, needs)
        fetch.root = Node(location)
        return Place(fetch, fetch.root, spot)

    def _with_branch(
        self, location: Location, door: Door, key: Key, type_name: str, needs: set[FetchDraft], parts: dict[str, Parts]
    ) -> FetchDraft | None:
        """A fetch that goes through the door with objects of the type anyway and that nothing in `needs` makes wait longer."""
        for fetch in location.fetches:
            if fetch.service != door.service or not _in_time(fetch, needs):
                continue
            branch = fetch.branches.get(type_name)
            if branch is not None and (branch.local, branch.key) == (door.local, key) and _fits(branch.parts, parts):
                return fetch
        return None

    def _without_branch(self, location: Location, door: Door, types: Iterable[str], needs: set[FetchDraft]) -> FetchDraft | None:
        """A fetch to the subgraph that can take objects of these types along: none of them is in it yet."""
        for fetch in location.fetches:
            if fetch.service != door.service or fetch.root is not None or not location.needs_typename or not _in_time(fetch, needs):
                continue
            if not any(each in branch.types for branch in fetch.branches.values() for each in types):
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

    def _obtain(self, home: Place, target: Subgraph, selection: Selection, needs: set[FetchDraft], *, is_key: bool) -> dict[str, Parts]:
        """Have key or required fields fetched; returns how they are put into a representation for `target`, by the object's type."""
        self._fill_object(home, selection, Wish(needs))
        made = {each: self._parts(home.node.location, target, each, selection, is_key) for each in self.reach.types(home.spot)}
        return {each: parts for each, parts in made.items() if parts is not None}

    def _parts(self, location: Location, target: Subgraph, type_name: str, selection: Selection, is_key: bool) -> Parts | None:
        """None when nobody fetches the selection of this type here."""
        parts: Parts = {}
        for wanted in selection.on(type_name).values():
            if wanted.name == TYPENAME:
                continue
            data_key = location.internal_key(type_name, wanted)
            if data_key is None:
                return None
            if wanted.selection is None:
                parts[wanted.name] = Part(data_key, is_key=is_key)
                continue
            child, inner_type = location.children[data_key], wanted.selection.type
            inner = {}
            for each in sorted(child.types & self.supergraph.possible_types(inner_type)):
                below = self._parts(child, target, each, wanted.selection, is_key)
                if below is not None:
                    inner[each] = below
            # Where the target holds the value as an opaque interface, its type has no name there.
            typed = self.supergraph.is_abstract(inner_type) and not target.is_opaque(inner_type)
            parts[wanted.name] = Part(data_key, inner, typed, is_key)
        return parts


def _in_time(fetch: FetchDraft, needs: set[FetchDraft]) -> bool:
    return all(need.depth < fetch.depth for need in needs)


def _fits(known: dict[str, Parts], more: dict[str, Parts]) -> bool:
    """Whether both can go into one representation: no field stands there twice with different arguments."""
    for type_name, parts in more.items():
        for name, part in parts.items():
            mine = known.get(type_name, {}).get(name)
            if mine is not None and (mine.data_key != part.data_key or not _fits(mine.inner or {}, part.inner or {})):
                return False
    return True


def _joined(one: dict[str, Parts], other: dict[str, Parts]) -> dict[str, Parts]:
    """What is sent where both are needed: nothing of an object of a type of which only one can be had."""
    return {each: _joined_parts(parts, other[each]) for each, parts in one.items() if each in other}


def _joined_parts(one: Parts, other: Parts) -> Parts:
    return {**one, **{name: _joined_part(one[name], part) if name in one else part for name, part in other.items()}}


def _joined_part(one: Part, other: Part) -> Part:
    inner = None if one.inner is None or other.inner is None else _joined(one.inner, other.inner)
    return Part(one.data_key, inner, one.typed, one.is_key or other.is_key)
