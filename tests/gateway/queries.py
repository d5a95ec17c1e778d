"""Random operations over a schema, for comparing the engine with one server that has everything."""

from __future__ import annotations

from random import Random
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    OverlappingFieldsCanBeMergedRule,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_required_argument,
    parse,
    validate,
)

CONDITIONS = ["@include(if: $yes)", "@skip(if: $yes)", "@include(if: $no)", "@skip(if: $no)", "@include(if: true)"]
VARIABLES = {"yes": True, "no": False}


def random_query(schema: GraphQLSchema, seed: int, strings: list[str], *, clashes: bool = True) -> str | None:
    """A valid query with nested selections, aliases, fragments, conditions and `__typename`, always the same for a seed; None
    when what came out breaks a validation rule. `clashes`: fields take the names of others as aliases."""
    random = Random(seed)
    assert schema.query_type is not None
    body = _Writer(schema, random, strings, clashes).selections(schema.query_type.name, random.randint(2, 5))
    used = ", ".join(f"${name}: Boolean!" for name in VARIABLES if f"if: ${name})" in body)
    query = f"query({used}) {body}" if used else f"query {body}"
    # Everything else is right as it was made.
    return None if validate(schema, parse(query), rules=[OverlappingFieldsCanBeMergedRule]) else query


def variables_of(query: str) -> dict[str, Any]:
    return {name: value for name, value in VARIABLES.items() if f"${name}: " in query}


class _Writer:
    def __init__(self, schema: GraphQLSchema, random: Random, strings: list[str], clashes: bool) -> None:
        self.clashes = clashes
        self.schema = schema
        self.random = random
        self.strings = strings

    def selections(self, type_name: str, depth: int) -> str:
        kind, random = self.schema.type_map[type_name], self.random
        fields = kind.fields if isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType)) else {}
        names = [name for name, each in fields.items() if depth > 1 or not is_composite_type(get_named_type(each.type))]
        parts = [self._field(name, fields[name], depth) for name in random.choices(names, k=random.randint(1, 5))] if names else []
        if is_abstract_type(kind) and depth > 1:
            # Interfaces of the possible types are conditions too.
            possible = self.schema.get_possible_types(kind)
            conditions = sorted({each.name for each in possible} | {other.name for each in possible for other in each.interfaces})
            for each in random.choices(conditions, k=random.randint(0, 3)):
                parts.append(f"... on {each} {self.selections(each, depth - 1)}")
        elif parts and depth > 1 and random.randrange(6) == 0:
            condition = f" {random.choice(CONDITIONS)}" if random.randrange(2) else ""
            parts.append(f"... on {type_name}{condition} {self.selections(type_name, depth - 1)}")
        if not parts or random.randrange(4) == 0:
            parts.append(random.choice(["__typename", "kind_: __typename"]))
        return "{ " + " ".join(parts) + " }"

    def _field(self, name: str, field: Any, depth: int) -> str:
        random = self.random
        choice = random.randrange(12)
        alias = f"{name}_{choice}: " if choice < 3 else "id: " if choice == 3 and self.clashes else ""
        condition = f" {random.choice(CONDITIONS)}" if random.randrange(10) == 0 else ""
        target = get_named_type(field.type)
        below = f" {self.selections(target.name, depth - 1)}" if is_composite_type(target) else ""
        return f"{alias}{name}{self._arguments(field.args)}{condition}{below}"

    def _arguments(self, arguments: dict[str, Any]) -> str:
        given = [
            f"{name}: {self._literal(each.type)}"
            for name, each in arguments.items()
            if is_required_argument(each) or self.random.randrange(2)
        ]
        return f"({', '.join(given)})" if given else ""

    def _literal(self, kind: Any) -> str:
        if isinstance(kind, GraphQLNonNull):
            kind = kind.of_type
        if isinstance(kind, GraphQLList):
            return f"[{self._literal(kind.of_type)}]"
        if isinstance(kind, GraphQLEnumType):
            return self.random.choice(sorted(kind.values))
        if isinstance(kind, GraphQLInputObjectType):
            return "{" + ", ".join(f"{name}: {self._literal(each.type)}" for name, each in kind.fields.items()) + "}"
        if kind.name in ("Int", "Float"):
            return str(self.random.randint(0, 3))
        if kind.name == "Boolean":
            return self.random.choice(["true", "false"])
        return '"' + self.random.choice(self.strings) + '"'
