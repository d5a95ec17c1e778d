"""How much one request may ask: each limit has a name and a number, and a refusal says both.

Measured on the document before it is validated, because validation itself costs more than it should for what is built to cost. What a
document costs to answer is another matter: gateway/costs.py.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

ENDLESS = 1_000_000
"""What is counted no further: fragments in each other can double at every step."""
INTROSPECTION = ("__schema", "__type")
"""Not counted: the tools' own query is deeper than any of ours, and production answers none."""


@dataclass(frozen=True)
class Limits:
    """The most that one document may have. Where they come from: GraphQL Armor's defaults, or twice what our own largest document has,
    whichever is more (tests/gateway/test_limits.py holds them to that)."""

    characters: int = 15_000
    tokens: int = 1_000
    operations: int = 10
    depth: int = 12
    aliases: int = 15
    root_fields: int = 20
    fields: int = 500
    directives: int = 50
    fragments: int = 50
    cost: int = 5_000


WORDS: dict[str, tuple[str, str]] = {
    "characters": ("characters", "字符数"),
    "tokens": ("tokens", "词法单元数"),
    "operations": ("operations", "操作数"),
    "depth": ("levels of fields", "字段层级"),
    "aliases": ("aliases", "别名数"),
    "root_fields": ("root fields", "根字段数"),
    "fields": ("fields, fragments spread", "展开后的字段数"),
    "directives": ("directives", "指令数"),
    "fragments": ("fragments", "片段数"),
    "cost": ("points of cost", "查询开销"),
    "page": ("rows on one page", "每页条数"),
}


def refusal(name: str, most: int, found: int | None = None) -> GraphQLError:
    """The refusal of a request that is over a limit; `found` where it was counted to the end."""
    english, chinese = WORDS[name]
    is_zh = f"，实际为 {found}" if found is not None and found < ENDLESS else ""
    is_en = f"; this one has {found}" if found is not None and found < ENDLESS else ""
    return GraphQLError(
        f"A request may have at most {most} {english}{is_en}.",
        extensions={
            "code": "LIMIT_EXCEEDED",
            "limit": name,
            "most": most,
            "messageZh": f"超出限制：{chinese}最多 {most}{is_zh}。",
        },
    )


def check_text(limits: Limits, text: str) -> list[GraphQLError]:
    """Before anything is parsed."""
    return [] if len(text) <= limits.characters else [refusal("characters", limits.characters, len(text))]


def check_document(limits: Limits, document: DocumentNode) -> list[GraphQLError]:
    """Everything that can be counted without a schema. Each limit is reported once, for the operation that is the furthest over."""
    measures = measure(document)
    return [
        refusal(each.name, most, found)
        for each in fields(Limits)
        if (found := measures.get(each.name, 0)) > (most := getattr(limits, each.name))
    ]


def measure(document: DocumentNode) -> dict[str, int]:
    """What the document has of each limit that can be counted without a schema; the largest of its operations where it has several."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    counter = _Counter(fragments)
    most = {"operations": len(operations), "fragments": len(fragments)}
    for operation in operations:
        found = counter.of(operation.selection_set)
        sizes = {
            "depth": found.depth,
            "aliases": found.aliases,
            "root_fields": found.top,
            "fields": found.fields,
            "directives": found.directives + len(operation.directives or ()),
        }
        most |= {name: max(most.get(name, 0), size) for name, size in sizes.items()}
    return most


@dataclass
class _Found:
    """Of one selection set with everything below, fragments spread."""

    depth: int = 0
    top: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0

    def add(self, other: _Found) -> None:
        self.fields = min(self.fields + other.fields, ENDLESS)
        self.aliases = min(self.aliases + other.aliases, ENDLESS)
        self.directives = min(self.directives + other.directives, ENDLESS)


class _Counter:
    """Counts each fragment once, however often it is spread: the work grows with the document, not with what it stands for."""

    def __init__(self, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._known: dict[str, _Found] = {}

    def of(self, selection_set: SelectionSetNode) -> _Found:
        whole = _Found()
        for node in selection_set.selections:
            if isinstance(node, FieldNode) and node.name.value in INTROSPECTION:
                continue
            whole.directives = min(whole.directives + len(node.directives or ()), ENDLESS)
            if isinstance(node, FieldNode):
                below = self.of(node.selection_set) if node.selection_set else _Found()
                whole.add(below)
                whole.fields, whole.top = whole.fields + 1, whole.top + 1
                whole.aliases += node.alias is not None
                whole.depth = max(whole.depth, 1 + below.depth)
                continue
            if isinstance(node, FragmentSpreadNode):
                below = self._spread(node.name.value)
            else:
                assert isinstance(node, InlineFragmentNode)
                below = self.of(node.selection_set)
            whole.add(below)
            whole.top, whole.depth = min(whole.top + below.top, ENDLESS), max(whole.depth, below.depth)
        return whole

    def _spread(self, name: str) -> _Found:
        if name not in self._known:
            # A fragment inside itself, or one that is not there, is validation's to refuse.
            self._known[name] = _Found()
            node = self._fragments.get(name)
            if node is not None:
                self._known[name] = self.of(node.selection_set)
        return self._known[name]
