"""Finds objects in the data tree, makes representations of them, and merges what came back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson

from gateway.engine.plan import TYPENAME, Branch, Location, Parts

Object = dict[str, Any]
Representer = Callable[[Object], Object | None]
ClientPath = list[str | int]


def objects_at(data: Object, path: tuple[str, ...]) -> list[Object]:
    """All objects at a path of data keys, through lists of any depth, in document order."""
    level = [data]
    for key in path:
        below: list[Object] = []
        for each in level:
            value = each.get(key)
            if type(value) is dict:
                below.append(value)
            elif type(value) is list:
                _flatten(value, below)
        level = below
    return level


def _flatten(values: list[Any], into: list[Object]) -> None:
    for value in values:
        if type(value) is dict:
            into.append(value)
        elif type(value) is list:
            _flatten(value, into)


def client_paths(data: Object, root: Location, path: tuple[str, ...]) -> dict[int, list[ClientPath]]:
    """`id()` of each object at the path → where the client sees it. Only walked when there is an error to place."""
    level: list[tuple[ClientPath, Any]] = [([], data)]
    location = root
    for key in path:
        shown = location.client_keys.get(key)
        location = location.children[key]
        below: list[tuple[ClientPath, Any]] = []
        for prefix, each in level:
            below.extend(_objects_with_paths(each.get(key), prefix if shown is None else [*prefix, shown]))
        level = below
    found: dict[int, list[ClientPath]] = {}
    for prefix, each in level:
        found.setdefault(id(each), []).append(prefix)
    return found


def _objects_with_paths(value: Any, prefix: ClientPath) -> Iterator[tuple[ClientPath, Any]]:
    if type(value) is dict:
        yield prefix, value
    elif type(value) is list:
        for index, item in enumerate(value):
            yield from _objects_with_paths(item, [*prefix, index])


def client_path_below(location: Location, path: list[str | int]) -> ClientPath:
    """A subgraph's error path in the client's terms; it ends where the client did not ask any more."""
    result: ClientPath = []
    here: Location | None = location
    for each in path:
        if isinstance(each, int):
            result.append(each)
            continue
        shown = here.client_keys.get(each) if here else None
        if here is None or shown is None:
            break
        result.append(shown)
        here = here.children.get(each)
    return result


def compile_representers(branches: dict[str, Branch]) -> dict[str, Representer]:
    """By the type that an object has at run time; `""` for one that has not told it."""
    made = {}
    for name, branch in branches.items():
        for type_name, parts in branch.parts.items():
            made[type_name] = _representer(branch.local, parts)
        if len(branch.types) > 1 and name in made:
            made[""] = made[name]
    return made


def _representer(type_name: str | None, parts: Parts) -> Representer:
    """Makes the representation of an object, or None when a key value is missing: then there is nothing to ask for."""
    plan = [
        (name, part.data_key, part.is_key, None if part.inner is None else _inner_representer(part.inner, part.typed))
        for name, part in parts.items()
    ]
    head = {} if type_name is None else {TYPENAME: type_name}

    def represent(target: Object) -> Object | None:
        result: Object = head.copy()
        for name, data_key, is_key, inner in plan:
            value = target.get(data_key)
            if value is None:
                if is_key or data_key not in target:
                    return None
            elif inner is not None:
                value = inner(value)
                if value is None:
                    return None
            result[name] = value
        return result

    return represent


def _inner_representer(inner: dict[str, Parts], typed: bool) -> Callable[[Any], Any]:
    by_type = {name: _representer(name if typed else None, parts) for name, parts in inner.items()}
    only = next(iter(by_type.values())) if len(by_type) == 1 else None

    def represent(value: Any) -> Any:
        if type(value) is list:
            items = [None if item is None else represent(item) for item in value]
            return None if any(made is None and item is not None for made, item in zip(items, value, strict=True)) else items
        chosen = only or by_type.get(value.get(TYPENAME))
        return chosen(value) if chosen else None

    return represent


class Batch:
    """The representations of one entity fetch, each once, and the objects that wait for each."""

    __slots__ = ("positions", "representations", "targets")

    def __init__(self, objects: list[Object], representers: dict[str, Representer], typed: bool) -> None:
        unique: dict[bytes, int] = {}
        self.targets: list[Object] = []
        self.positions: list[int] = []
        only = None if typed else next(iter(representers.values()))
        for each in objects:
            represent = only or representers.get(each.get(TYPENAME, ""))
            made = represent(each) if represent else None
            if made is not None:
                self.targets.append(each)
                self.positions.append(unique.setdefault(orjson.dumps(made), len(unique)))
        self.representations = b"[" + b",".join(unique) + b"]"

    def merge(self, entities: list[Any], deep: bool) -> None:
        for target, position in zip(self.targets, self.positions, strict=True):
            entity = entities[position]
            if type(entity) is dict:
                if deep:
                    merge_deep(target, entity)
                else:
                    target.update(entity)


def merge_deep(target: Object, source: Object) -> None:
    """Merge what another subgraph says of the same object: objects by key, lists item by item."""
    for key, value in source.items():
        known = target.get(key)
        if type(known) is dict and type(value) is dict:
            merge_deep(known, value)
        elif type(known) is list and type(value) is list:
            _merge_lists(known, value)
        elif known is None:
            target[key] = value


def merge_extensions(target: Object, source: Object) -> None:
    """Merge what several subgraphs say beside their data: objects by key, lists one after the other without repeats; of other
    values the first stays."""
    for key, value in source.items():
        known = target.get(key)
        if type(known) is dict and type(value) is dict:
            merge_extensions(known, value)
        elif type(known) is list and type(value) is list:
            target[key] = known + [each for each in value if each not in known]
        elif known is None:
            target[key] = value


def _merge_lists(target: list[Any], source: list[Any]) -> None:
    for index, (known, value) in enumerate(zip(target, source, strict=False)):
        if type(known) is dict and type(value) is dict:
            merge_deep(known, value)
        elif type(known) is list and type(value) is list:
            _merge_lists(known, value)
        elif known is None:
            target[index] = value
