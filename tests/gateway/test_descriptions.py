"""Whoever reads the graph reads it in Chinese and English: every type, every field, every input."""

from __future__ import annotations

import re
from collections.abc import Iterator

from graphql import (
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
)

from gateway.settings import GatewaySettings
from gateway.supergraph_file import read_supergraph

# Chinese, a separating dot, English. What English says, Chinese says.
BOTH = re.compile(r"[\u4e00-\u9fff].*·.*[A-Za-z]{2}", re.DOTALL)


def described() -> Iterator[tuple[str, str | None]]:
    """(name, description) of everything that is ours; scalars are the library's."""
    kinds: dict[str, GraphQLNamedType] = read_supergraph(GatewaySettings().supergraph).public.type_map
    for kind in kinds.values():
        if kind.name.startswith("__") or isinstance(kind, GraphQLScalarType):
            continue
        yield kind.name, kind.description
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for name, field in kind.fields.items():
                yield f"{kind.name}.{name}", field.description


def test_every_type_field_and_input_is_described_in_chinese_and_english() -> None:
    names = dict(described())
    assert "Grievance.subject" in names
    assert sorted(name for name, description in names.items() if not BOTH.search(description or "")) == []
