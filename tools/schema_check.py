"""python -m tools.schema_check [--release]: what in the public schema would break a frontend that was built on the last release.

The last release stands in gateway/released.graphql; `--release` writes it. What breaks is refused, with one way around: a field, argument
or enum value may go once it has been marked as deprecated in a release. Additions pass; what may surprise (a new value of an enum, a new
member of a union) is told. Exit 1 when something breaks.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

from graphql import (
    BreakingChange,
    BreakingChangeType,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    find_breaking_changes,
    find_dangerous_changes,
    get_named_type,
    lexicographic_sort_schema,
    print_schema,
)

from gateway.settings import GatewaySettings
from gateway.supergraph_file import read_supergraph

RELEASED = Path(__file__).resolve().parents[1] / "gateway" / "released.graphql"
HEAD = "# The public schema of the last release: what frontends were built on. `python -m tools.schema_check --release` writes it.\n\n"
REMOVALS = {
    BreakingChangeType.FIELD_REMOVED,
    BreakingChangeType.ARG_REMOVED,
    BreakingChangeType.VALUE_REMOVED_FROM_ENUM,
    BreakingChangeType.TYPE_REMOVED,
}


@dataclass
class Difference:
    """`broken` ends the check; `allowed` went after it was deprecated; `surprising` needs care in frontends."""

    broken: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)
    surprising: list[str] = field(default_factory=list)


def difference(released: GraphQLSchema, now: GraphQLSchema) -> Difference:
    deprecated = _deprecated(released)
    found = Difference(surprising=[change.description for change in find_dangerous_changes(released, now)])
    for change in find_breaking_changes(released, now):
        (found.allowed if _announced(change, released, deprecated) else found.broken).append(change.description)
    return found


def _announced(change: BreakingChange, released: GraphQLSchema, deprecated: set[str]) -> bool:
    if change.type not in REMOVALS:
        return False
    # The description names what has gone by its schema coordinate: `Case`, `Case.grade`, `Query.cases(after:)`.
    gone = next(word for word in change.description.split() if word[0].isupper() and word not in ("Field", "Argument", "Enum"))
    if change.type is BreakingChangeType.TYPE_REMOVED:
        # A type may go with the last field that led to it.
        return all(use in deprecated for use in _uses(released, gone))
    return gone in deprecated


def _deprecated(schema: GraphQLSchema) -> set[str]:
    """Schema coordinates of all that is marked."""
    found = set()
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLEnumType):
            found |= {f"{kind.name}.{name}" for name, value in kind.values.items() if value.deprecation_reason}
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            found |= {f"{kind.name}.{name}" for name, each in kind.fields.items() if each.deprecation_reason}
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for name, each in kind.fields.items():
                found |= {f"{kind.name}.{name}({argument}:)" for argument, held in each.args.items() if held.deprecation_reason}
    return found


def _uses(schema: GraphQLSchema, type_name: str) -> list[str]:
    return [
        f"{kind.name}.{name}"
        for kind in schema.type_map.values()
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
        for name, each in kind.fields.items()
        if str(get_named_type(each.type)) == type_name
    ]


def main() -> int:
    now = read_supergraph(GatewaySettings().supergraph).public
    if "--release" in sys.argv[1:]:
        RELEASED.write_text(HEAD + print_schema(lexicographic_sort_schema(now)) + "\n", encoding="utf-8")
        print(f"{RELEASED.name} written · 已写入")
        return 0
    found = difference(build_schema(RELEASED.read_text("utf-8")), now)
    for told, lines in (("surprising · 需留意", found.surprising), ("went after deprecation · 弃用后移除", found.allowed)):
        for line in lines:
            print(f"{told}: {line}")
    for line in found.broken:
        print(f"breaks · 不兼容: {line}", file=sys.stderr)
    if found.broken:
        print("deprecate it in a release first, or add beside it · 请先在一个版本中标记弃用，或并列新增", file=sys.stderr)
        return 1
    print("nothing breaks · 无不兼容变更")
    return 0


if __name__ == "__main__":
    sys.exit(main())
