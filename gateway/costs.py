"""What a document costs to answer: the committed map of costs (costs.toml), field by field, times the rows that a page or a list brings.

The map names every field of the public schema exactly once; a field without a cost, or a cost without a field, is not served.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)

from gateway.engine.admission import Verdict
from gateway.limits import Limits, check_document, check_text, refusal

MAX_PAGE = 100
"""Rows on one page, as the services have it."""
FILE = Path(__file__).resolve().parent / "costs.toml"

Variables = Mapping[str, Any]
Count = Callable[[Variables], int]


class Uncosted(Exception):
    """The map and the schema do not agree; the message names every difference."""


@dataclass(frozen=True, slots=True)
class FieldCost:
    """`cost` of the field itself. What is below counts `length` times, or as often as the argument `page` says. `public`, of a root
    field: everybody gets the same answer."""

    cost: int
    length: int = 1
    page: str | None = None
    public: bool = False


class CostMap:
    """Costs by type and field."""

    def __init__(self, costs: Mapping[tuple[str, str], FieldCost], schema: GraphQLSchema) -> None:
        """Raises Uncosted."""
        known = {
            (kind.name, name)
            for kind in schema.type_map.values()
            if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) and not kind.name.startswith("__")
            for name in kind.fields
        }
        faults = [f"{owner}.{name} has no cost" for owner, name in sorted(known - set(costs))]
        faults += [f"the cost of {owner}.{name} has no field" for owner, name in sorted(set(costs) - known)]
        if faults:
            raise Uncosted("; ".join(faults))
        self._costs = dict(costs)
        self._schema = schema

    @property
    def public(self) -> frozenset[str]:
        """The root fields whose answer is the same for everybody."""
        root = self._schema.query_type
        return frozenset(name for (owner, name), cost in self._costs.items() if root and owner == root.name and cost.public)

    def operation(self, document: DocumentNode, operation: OperationDefinitionNode) -> Count:
        """The operation's cost as a function of its variables; its document has been validated."""
        fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
        defaults = {
            node.variable.name.value: int(node.default_value.value)
            for node in operation.variable_definitions or ()
            if isinstance(node.default_value, IntValueNode)
        }
        root = self._schema.get_root_type(operation.operation)
        if root is None:
            return lambda _variables: 0
        return self._selection(operation.selection_set, root.name, fragments, defaults)

    def _selection(
        self, selection_set: SelectionSetNode, owner: str, fragments: Mapping[str, FragmentDefinitionNode], defaults: Mapping[str, int]
    ) -> Count:
        counts: list[Count] = []
        for node in selection_set.selections:
            if isinstance(node, FieldNode):
                if not node.name.value.startswith("__"):
                    counts.append(self._field(node, owner, fragments, defaults))
                continue
            fragment: FragmentDefinitionNode | InlineFragmentNode
            if isinstance(node, FragmentSpreadNode):
                fragment = fragments[node.name.value]
            else:
                assert isinstance(node, InlineFragmentNode)
                fragment = node
            condition = fragment.type_condition
            # Parts for different types of the same value are added up: an upper bound, and simple.
            counts.append(self._selection(fragment.selection_set, condition.name.value if condition else owner, fragments, defaults))
        return lambda variables: sum(count(variables) for count in counts)

    def _field(self, node: FieldNode, owner: str, fragments: Mapping[str, FragmentDefinitionNode], defaults: Mapping[str, int]) -> Count:
        known = self._costs[owner, node.name.value]
        if node.selection_set is None:
            return lambda _variables: known.cost
        parent = self._schema.type_map[owner]
        assert isinstance(parent, GraphQLObjectType | GraphQLInterfaceType)
        field = parent.fields[node.name.value]
        below = self._selection(node.selection_set, get_named_type(field.type).name, fragments, defaults)
        if known.page is None:
            return lambda variables: known.cost + known.length * below(variables)
        rows = _rows(node, known.page, _default_of(field.args[known.page]), defaults)
        return lambda variables: known.cost + rows(variables) * below(variables)


def _default_of(argument: GraphQLArgument) -> int:
    """What the schema says for an argument that is not given; one where it says nothing."""
    node = argument.ast_node.default_value if argument.ast_node else None
    return int(node.value) if isinstance(node, IntValueNode) else 1


def _rows(node: FieldNode, argument: str, default: int, defaults: Mapping[str, int]) -> Count:
    """How many rows are asked for. Raises GraphQLError, a refusal, for more than a page may have."""
    given = next((each.value for each in node.arguments or () if each.name.value == argument), None)

    def checked(rows: Any) -> int:
        # What is no number is the services' to refuse, by the argument's name.
        if not isinstance(rows, int) or rows < 0:
            return 1
        if rows > MAX_PAGE:
            raise refusal("page", MAX_PAGE, rows)
        return rows

    if isinstance(given, VariableNode):
        name = given.name.value
        return lambda variables: checked(variables.get(name, defaults.get(name, default)))
    fixed = int(given.value) if isinstance(given, IntValueNode) else default
    return lambda _variables: checked(fixed)


def read_costs(text: str) -> dict[tuple[str, str], FieldCost]:
    """The map from its TOML: `[Type]`, then `"names of fields" = cost` or `name = { cost, length, page }`. Raises Uncosted."""
    found: dict[tuple[str, str], FieldCost] = {}
    for owner, rows in tomllib.loads(text).items():
        for names, value in rows.items():
            for name in names.split():
                if (owner, name) in found:
                    raise Uncosted(f"{owner}.{name} has two costs")
                found[owner, name] = FieldCost(**value) if isinstance(value, dict) else FieldCost(value)
    return found


def check_cost(limits: Limits, count: Count, variables: Variables) -> Verdict:
    """The refusal of an operation that costs too much, or asks for too long a page."""
    try:
        cost = count(variables)
    except GraphQLError as over:
        return [over]
    return [] if cost <= limits.cost else [refusal("cost", limits.cost, cost)]


class MeasuredAdmission:
    """Lets pass what is within the limits and can be paid for."""

    def __init__(self, limits: Limits, costs: CostMap) -> None:
        self._limits = limits
        self._costs = costs

    def text(self, text: str) -> Verdict:
        return check_text(self._limits, text)

    def document(self, document: DocumentNode) -> Verdict:
        return check_document(self._limits, document)

    def operation(self, document: DocumentNode, operation: OperationDefinitionNode) -> Callable[[Variables], Verdict]:
        count = self._costs.operation(document, operation)
        return lambda variables: check_cost(self._limits, count, variables)
