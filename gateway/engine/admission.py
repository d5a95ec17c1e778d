"""What whoever runs the engine may refuse beyond what the schema does. A refusal is a list of errors; an empty one lets pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode

Verdict = list[GraphQLError]


class Admission(Protocol):
    """Each is asked once per document, but for what `operation` returns, which is asked at every request."""

    def text(self, text: str) -> Verdict:
        """Before the document is parsed."""
        ...

    def document(self, document: DocumentNode) -> Verdict:
        """Before it is validated."""
        ...

    def operation(self, document: DocumentNode, operation: OperationDefinitionNode) -> Callable[[Mapping[str, Any]], Verdict]:
        """Of an operation of a valid document: the verdict for the values of its variables."""
        ...


class Everything:
    """Refuses nothing."""

    def text(self, text: str) -> Verdict:
        return []

    def document(self, document: DocumentNode) -> Verdict:
        return []

    def operation(self, document: DocumentNode, operation: OperationDefinitionNode) -> Callable[[Mapping[str, Any]], Verdict]:
        return lambda _values: []
