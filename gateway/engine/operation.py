"""A client's operation, made ready for planning: fields collected per object type, @skip/@include decided.

Conditions on variables are decided before planning: a document has one plan for each set of truth values that is in use,
so neither plans nor answers carry conditions at run time, and a field that is skipped causes no fetch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    print_ast,
    visit,
)

from gateway.engine.authorization import NOTHING, Denied
from gateway.engine.supergraph import Supergraph

# Fields of an operation with its fragments written out (real ones have a few hundred), and occurrences of one side by side.
MAX_FIELDS = 5_000
MAX_REPEATS = 200
CONDITIONS = ("skip", "include")
# Fields that every schema has → their types here.
INTROSPECTION = {"__typename": "String!", "__schema": "", "__type": ""}


class Field:
    """One field of the answer. All its occurrences in the document that share the response key are merged into it."""

    __slots__ = ("arguments", "key", "name", "selection", "signature", "type", "variables")

    def __init__(self, key: str, name: str, arguments: str, type_: str, variables: frozenset[str], selection: Selection | None) -> None:
        self.key = key
        self.name = name
        self.arguments = arguments
        self.type = type_
        self.variables = variables
        self.selection = selection
        # What makes two fetches of a field the same fetch.
        self.signature = name + arguments

    def with_selection(self, selection: Selection) -> Field:
        return Field(self.key, self.name, self.arguments, self.type, self.variables, selection)


class Selection:
    """What is asked of a value of some composite type, by the object type that the value turns out to have."""

    __slots__ = ("_by_type", "_collector", "_fields", "_sets", "type")

    def __init__(self, collector: Collector, type_: str, sets: list[SelectionSetNode]) -> None:
        self.type = type_
        self._collector = collector
        self._sets = sets
        self._by_type: dict[str, dict[str, Field]] = {}
        self._fields: dict[tuple[str, tuple[int, ...], str], Field] = {}

    @classmethod
    def of(cls, collector: Collector, type_: str, by_type: dict[str, dict[str, Field]]) -> Selection:
        made = cls(collector, type_, [])
        made._by_type = by_type
        return made

    def on(self, type_name: str) -> dict[str, Field]:
        """Fields by response key for the object type. Types for which the same nodes apply share their Field objects.

        On an opaque interface: what is asked of every object of it, whatever its type turns out to be.
        """
        found = self._by_type.get(type_name)
        if found is None:
            found = self._by_type[type_name] = self._collect(type_name) if self._sets else {}
        return found

    def split_off(self, by_type: dict[str, dict[str, Field]]) -> Selection:
        return Selection.of(self._collector, self.type, by_type)

    def merged(self, other: Selection) -> Selection:
        return Selection(self._collector, self.type, self._sets + other._sets)

    def _collect(self, type_name: str) -> dict[str, Field]:
        groups: dict[str, list[FieldNode]] = {}
        seen: set[str] = set()
        for each in self._sets:
            self._collector.gather(type_name, each, groups, seen)
        supergraph = self._collector.supergraph
        result = {}
        for key, nodes in groups.items():
            first = nodes[0]
            name = first.name.value
            kind = INTROSPECTION[name] if name in INTROSPECTION else supergraph.field_type(type_name, name)
            identity = (key, tuple(map(id, nodes)), kind)
            known = self._fields.get(identity)
            if known is None:
                known = self._fields[identity] = self._collector.field(key, nodes, kind)
            result[key] = known
        return result


class Collector:
    """Collects fields as the specification's CollectFields does, but once, at plan time."""

    def __init__(
        self,
        supergraph: Supergraph,
        fragments: Mapping[str, FragmentDefinitionNode],
        truths: Mapping[str, bool],
        denied: Denied = NOTHING,
    ) -> None:
        """What is `denied` is not collected."""
        self.denied = denied.fields
        self.supergraph = supergraph
        self.fragments = fragments
        self.truths = truths

    def gather(self, type_name: str, selection_set: SelectionSetNode, groups: dict[str, list[FieldNode]], seen: set[str]) -> None:
        for node in selection_set.selections:
            if node.directives and not self._is_wanted(node.directives):
                continue
            if isinstance(node, FieldNode):
                if (type_name, node.name.value) in self.denied:
                    continue
                key = node.alias.value if node.alias else node.name.value
                groups.setdefault(key, []).append(node)
                continue
            if isinstance(node, FragmentSpreadNode):
                if node.name.value in seen:
                    continue
                seen.add(node.name.value)
                fragment: FragmentDefinitionNode | InlineFragmentNode = self.fragments[node.name.value]
            else:
                assert isinstance(node, InlineFragmentNode)
                fragment = node
            condition, inner = fragment.type_condition, fragment.selection_set
            if condition is None or self.supergraph.applies(condition.name.value, type_name):
                self.gather(type_name, inner, groups, seen)

    def field(self, key: str, nodes: list[FieldNode], kind: str) -> Field:
        first = nodes[0]
        parts = [print_ast(argument) for argument in first.arguments or ()]
        arguments = f"({', '.join(parts)})" if parts else ""
        kept = [directive for directive in first.directives or () if directive.name.value not in CONDITIONS]
        arguments += "".join(" " + print_ast(directive) for directive in kept)
        variables = frozenset(variables_in([*(first.arguments or ()), *kept]))
        inner = [node.selection_set for node in nodes if node.selection_set]
        selection = Selection(self, kind.strip("[]!"), inner) if inner else None
        return Field(key, first.name.value, arguments, kind, variables, selection)

    def _is_wanted(self, directives: Iterable[DirectiveNode]) -> bool:
        for directive in directives:
            name = directive.name.value
            if name in CONDITIONS:
                value = (directive.arguments or ())[0].value
                if isinstance(value, VariableNode):
                    truth = self.truths[value.name.value]
                else:
                    truth = isinstance(value, BooleanValueNode) and value.value
                if truth is (name == "skip"):
                    return False
        return True


def variables_in(nodes: Iterable[Node]) -> set[str]:
    names: set[str] = set()

    class Finder(Visitor):
        def enter_variable(self, node: VariableNode, *_: Any) -> None:
            names.add(node.name.value)

    finder = Finder()
    for node in nodes:
        visit(node, finder)
    return names


def size_problem(document: DocumentNode) -> str | None:
    """Why a document is too large to be worked on. The work of planning grows with the fields that an operation asks for when
    its fragments are written out, the work of validation with the square of a field's occurrences side by side."""
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    known: dict[str, int] = {}

    def size(selection_set: SelectionSetNode | None) -> int:
        total, seen = 0, Counter[str]()
        for node in selection_set.selections if selection_set else ():
            if isinstance(node, FragmentSpreadNode):
                total += spread(node.name.value)
            elif isinstance(node, (FieldNode, InlineFragmentNode)):
                total += size(node.selection_set) + isinstance(node, FieldNode)
            if isinstance(node, FieldNode):
                seen[node.alias.value if node.alias else node.name.value] += 1
        return MAX_FIELDS + 1 if seen and max(seen.values()) > MAX_REPEATS else total

    def spread(name: str) -> int:
        if name not in known:
            # A fragment that spreads itself is found by validation.
            known[name] = 0
            known[name] = size(fragments[name].selection_set) if name in fragments else 0
        return known[name]

    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    if any(size(each.selection_set) > MAX_FIELDS for each in (*operations, *fragments.values())):
        return f"The operation asks for more than {MAX_FIELDS} fields, or for one of them more than {MAX_REPEATS} times."
    return None


def condition_variables(operation: OperationDefinitionNode, document: DocumentNode) -> tuple[str, ...]:
    """Variables that decide @skip or @include anywhere in the document, sorted: their values choose the plan."""
    names: set[str] = set()
    declared = {definition.variable.name.value for definition in operation.variable_definitions or ()}

    class Finder(Visitor):
        def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
            if node.name.value in CONDITIONS:
                names.update(variables_in(argument.value for argument in node.arguments or ()))

    visit(document, Finder())
    return tuple(sorted(names & declared))
