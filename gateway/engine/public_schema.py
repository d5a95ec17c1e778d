"""Two schemas out of a supergraph's SDL: everything, and what clients may see (no `@inaccessible`, no join machinery)."""

from __future__ import annotations

from typing import Any

from graphql import (
    DirectiveDefinitionNode,
    DocumentNode,
    GraphQLSchema,
    NamedTypeNode,
    Node,
    SchemaDefinitionNode,
    TypeNode,
    Visitor,
    build_ast_schema,
    visit,
)
from graphql.language.visitor import REMOVE

MACHINERY = ("join__", "link__", "core__")
KEPT_DIRECTIVES = {"deprecated", "specifiedBy", "oneOf"}
EXECUTABLE = {"QUERY", "MUTATION", "FIELD", "FRAGMENT_DEFINITION", "FRAGMENT_SPREAD", "INLINE_FRAGMENT", "VARIABLE_DEFINITION"}


def build_full_schema(document: DocumentNode) -> GraphQLSchema:
    return build_ast_schema(visit(document, _Strip(hidden_types=set(), hide=False)), assume_valid=True)


def build_public_schema(document: DocumentNode) -> GraphQLSchema:
    hidden = {definition.name.value for definition in document.definitions if _is_hidden(definition) and hasattr(definition, "name")}
    return build_ast_schema(visit(document, _Strip(hidden_types=hidden, hide=True)), assume_valid_sdl=True)


def _is_hidden(node: Node) -> bool:
    return any(directive.name.value == "inaccessible" for directive in getattr(node, "directives", None) or ())


class _Strip(Visitor):
    def __init__(self, hidden_types: set[str], hide: bool) -> None:
        super().__init__()
        self.hidden_types = hidden_types
        self.hide = hide

    def enter(self, node: Node, *_: Any) -> Any:
        if isinstance(node, (NamedTypeNode, TypeNode)):
            # Members of a union and interfaces of a type go with their definition.
            return REMOVE if isinstance(node, NamedTypeNode) and node.name.value in self.hidden_types else None
        if isinstance(node, DirectiveDefinitionNode):
            names = {location.value for location in node.locations}
            return None if names & EXECUTABLE and not node.name.value.startswith(MACHINERY) else REMOVE
        if getattr(node, "kind", "").endswith("_definition") and not isinstance(node, SchemaDefinitionNode):
            name = getattr(node, "name", None)
            if name is not None and name.value.startswith(MACHINERY):
                return REMOVE
            if self.hide and _is_hidden(node):
                return REMOVE
        if node.kind in ("directive", "const_directive"):
            return None if node.name.value in KEPT_DIRECTIVES else REMOVE  # type: ignore[attr-defined]
        return None
