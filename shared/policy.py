"""A subgraph's table of who may see which field, and how its schema is held to it.

Every field of every object type has exactly one row. A schema with a field without a row, or a row without a field, is not served.
The rules themselves: shared/identity/rules.py. No GraphQL types of ours here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any

from graphql import GraphQLField, GraphQLObjectType, GraphQLResolveInfo, GraphQLSchema

from shared.identity.access import Access
from shared.identity.errors import Forbidden, Unauthenticated
from shared.identity.rules import Held, Rule
from shared.identity.viewer import Viewer

AccessOf = Callable[[Any, Any], Access | Awaitable[Access | None] | None]
ResolveInfo = GraphQLResolveInfo[Any]
"""(object, request context) → who may see the grievance that it is about; None while there is none here."""


class Ungoverned(Exception):
    """A field without a row, a row without a field, or a row that holds nothing back where something must be held."""


@dataclass(frozen=True)
class Guarded:
    """The rule of a type: its objects are given to those whom the rule allows, however they were reached.

    `quiet`: references to it and look-ups read null where it is denied. `exempt` tells the objects that are given in spite of the rule.
    """

    rule: Rule
    access: AccessOf | None = None
    quiet: bool = False
    exempt: Callable[[Any], bool] = lambda _object: False


class Policy:
    """`fields`: type → {"names of fields": rule}. `objects`: the types that have a rule of their own."""

    def __init__(self, objects: Mapping[str, Guarded], fields: Mapping[str, Mapping[str, Rule]]) -> None:
        self.objects = dict(objects)
        self._rows: dict[tuple[str, str], Rule] = {}
        for type_name, groups in fields.items():
            for names, rule in groups.items():
                for name in names.split():
                    if (type_name, name) in self._rows:
                        raise Ungoverned(f"{type_name}.{name} has two rows")
                    self._rows[type_name, name] = rule

    def rule(self, type_name: str, field: str) -> Rule:
        """Raises Ungoverned where there is no row."""
        try:
            return self._rows[type_name, field]
        except KeyError:
            raise Ungoverned(f"{type_name}.{field} has no row in the policy") from None

    def gives(self, type_name: str, viewer: Viewer, access: Access) -> bool:
        """Whether an object of this type may be given to the viewer: for loaders, that answer None instead."""
        return self.objects[type_name].rule.allows(viewer, access)

    def check(self, schema: GraphQLSchema) -> None:
        """Raises Ungoverned where table and schema do not agree, naming every difference."""
        found = {(type_.name, name) for type_ in object_types(schema) for name in type_.fields}
        faults = [f"{type_name}.{name} has no row" for type_name, name in sorted(found - set(self._rows))]
        faults += [f"the row {type_name}.{name} has no field" for type_name, name in sorted(set(self._rows) - found)]
        faults += [f"the row of the type {name} has no type" for name in sorted(self.objects) if name not in schema.type_map]
        # A stub is given before anybody looked at the grievance: its fields must look.
        stubs = {name for name, guarded in self.objects.items() if guarded.access and guarded.rule.held is not Held.GRIEVANCE}
        faults += [
            f"{type_name}.{name} must have a rule on the grievance: its object has none"
            for (type_name, name), rule in self._rows.items()
            if type_name in stubs and name != "id" and rule.held is not Held.GRIEVANCE
        ]
        if faults:
            raise Ungoverned("; ".join(faults))

    def hold(self, schema: GraphQLSchema) -> None:
        """From here on the schema asks the table: types before their objects are given, fields before they are resolved."""
        self.check(schema)
        for type_ in object_types(schema):
            guarded = self.objects.get(type_.name)
            if guarded is not None and guarded.rule.held is not Held.OBJECT:
                type_.is_type_of = _given(guarded)
            for name, field in type_.fields.items():
                self._hold_field(self._rows[type_.name, name], field, guarded)

    def _hold_field(self, rule: Rule, field: GraphQLField, guarded: Guarded | None) -> None:
        if rule.held is Held.VIEWER:
            field.resolve = _asking_the_viewer(rule, _resolver(field))
        elif rule.held is Held.GRIEVANCE:
            if guarded is None or guarded.access is None:
                raise Ungoverned("a rule on the grievance needs a type whose access is known")
            field.resolve = _asking_of_the_grievance(rule, _resolver(field), guarded.access)


def object_types(schema: GraphQLSchema) -> Iterator[GraphQLObjectType]:
    """The schema's object types without those of introspection."""
    for name, type_ in schema.type_map.items():
        if isinstance(type_, GraphQLObjectType) and not name.startswith("__"):
            yield type_


def _resolver(field: GraphQLField) -> Callable[..., Any]:
    if field.resolve is None:
        raise Ungoverned("a field without a resolver cannot be held to a rule")
    return field.resolve


def _deny(rule: Rule, viewer: Viewer) -> None:
    if not rule.quiet:
        raise Unauthenticated() if viewer.anonymous else Forbidden()


_NO_GRIEVANCE = Access(division="")


def _asking_the_viewer(rule: Rule, resolve: Callable[..., Any]) -> Callable[..., Any]:
    def held(source: Any, info: ResolveInfo, **arguments: Any) -> Any:
        viewer: Viewer = info.context.viewer
        return resolve(source, info, **arguments) if rule.allows(viewer, _NO_GRIEVANCE) else _deny(rule, viewer)

    return held


def _asking_of_the_grievance(rule: Rule, resolve: Callable[..., Any], access_of: AccessOf) -> Callable[..., Any]:
    async def held(source: Any, info: ResolveInfo, **arguments: Any) -> Any:
        viewer: Viewer = info.context.viewer
        access = access_of(source, info.context)
        if isawaitable(access):
            access = await access
        if access is not None and not rule.allows(viewer, access):
            return _deny(rule, viewer)
        result = resolve(source, info, **arguments)
        return await result if isawaitable(result) else result

    return held


def _given(guarded: Guarded) -> Callable[[Any, ResolveInfo], bool]:
    """GraphQL asks this of every object before it reads a field of it."""
    rule, access_of = guarded.rule, guarded.access

    def given(object_: Any, info: ResolveInfo) -> bool:
        viewer: Viewer = info.context.viewer
        access = access_of(object_, info.context) if access_of and rule.held is Held.GRIEVANCE else _NO_GRIEVANCE
        if isawaitable(access):
            raise Ungoverned("the access of an object that is given must be at hand")
        if not guarded.exempt(object_) and (access is None or not rule.allows(viewer, access)):
            raise Unauthenticated() if viewer.anonymous else Forbidden()
        return True

    return given
