"""Writes out what the planner decided: fetches of one step to one subgraph are joined, each gets its document."""

from __future__ import annotations

from collections.abc import Iterable

from graphql import OperationDefinitionNode, VariableDefinitionNode, print_ast

from gateway.engine.plan import Branch, Fetch, FetchDraft, Location, Lookup, Plan

Definitions = dict[str, VariableDefinitionNode]


def finish(kind: str, root: Location, drafts: list[FetchDraft], operation: OperationDefinitionNode) -> Plan:
    """The plan of these drafts, in the order in which they can run."""
    _wait_for_company(drafts)
    definitions = {each.variable.name.value: each for each in operation.variable_definitions or ()}
    groups: dict[tuple[int, str, int], list[FetchDraft]] = {}
    for draft in sorted(drafts, key=lambda each: (each.depth, each.number)):
        groups.setdefault((draft.depth, draft.service, draft.number if draft.root else 0), []).append(draft)
    numbers = {draft: number for number, group in enumerate(groups.values(), 1) for draft in group}
    fetches = tuple(_fetch(kind, group, numbers, definitions) for group in groups.values())
    return Plan(kind, fetches, root, max((draft.depth for draft in drafts), default=0))


def _wait_for_company(drafts: list[FetchDraft]) -> None:
    """Put off entity fetches that can wait for a later one to the same subgraph, so that the two become one. Nothing gets more
    steps by that: what is put off is needed by nobody in between."""
    last = max((draft.depth for draft in drafts), default=0)
    groups: dict[tuple[str, int], list[FetchDraft]] = {}
    dependents: dict[FetchDraft, list[FetchDraft]] = {}
    for draft in drafts:
        for need in draft.needs:
            dependents.setdefault(need, []).append(draft)
        if not draft.root:
            groups.setdefault((draft.service, draft.depth), []).append(draft)
    for service, depth in sorted(groups, key=lambda each: -each[1]):
        group = groups[service, depth]
        latest = min((other.depth - 1 for draft in group for other in dependents.get(draft, ())), default=last)
        target = next((each for each in range(depth + 1, latest + 1) if (service, each) in groups), None)
        if target is not None:
            groups[service, target] += groups.pop((service, depth))
            for draft in group:
                draft.depth = target


def _fetch(kind: str, group: list[FetchDraft], numbers: dict[FetchDraft, int], definitions: Definitions) -> Fetch:
    first = group[0]
    nodes = [draft.root for draft in group if draft.root] + [branch.node for draft in group for branch in draft.branches.values()]
    used = set().union(*(node.variables() for node in nodes))
    variables = tuple(name for name in definitions if name in used)
    declared = [_declare(definitions[name]) for name in variables]
    lookups: list[Lookup] = []
    if first.root:
        kind = kind if first.location.parent is None else "query"
        body = first.root.text(outer=False)
    else:
        kind = "query"
        parts = [part for draft in group for part in _separable(draft)]
        lookups = [_lookup(draft, branches, number, len(parts), definitions) for number, (draft, branches) in enumerate(parts)]
        declared = [f"${each.variable}: [_Any!]!" for each in lookups] + declared
        body = "{ " + " ".join(_lookup_text(each) for each in lookups) + " }"
    needs = _without_implied(set().union(*(draft.needs for draft in group)))
    return Fetch(
        number=numbers[first],
        service=first.service,
        kind=kind,
        path=first.location.path,
        location=first.location,
        document=f"{kind}{'(' + ', '.join(declared) + ')' if declared else ''} {body}",
        variables=variables,
        lookups=tuple(lookups),
        needs=tuple(sorted({numbers[need] for need in needs})),
        deep=bool(first.root) and _overlaps(first.location, first.root.data_keys() if first.root else ()),
        client_keys=tuple(dict.fromkeys(first.root.client_keys())) if first.root else (),
    )


def _separable(draft: FetchDraft) -> list[tuple[FetchDraft, dict[str, Branch]]]:
    """A draft's branches, apart where the subgraph knows several types as one (an interface object) but is asked different things
    of them: one selection set cannot tell them apart."""
    sets: list[dict[str, Branch]] = []
    for type_name, branch in draft.branches.items():
        for each in sets:
            if all(other.local != branch.local or other.text() == branch.text() for other in each.values()):
                each[type_name] = branch
                break
        else:
            sets.append({type_name: branch})
    return [(draft, each) for each in sets]


def _lookup(draft: FetchDraft, branches: dict[str, Branch], number: int, count: int, definitions: Definitions) -> Lookup:
    location = draft.location
    variable = "representations" if count == 1 else f"representations{number}"
    while variable in definitions:
        variable += "_"
    nodes = [branch.node for branch in branches.values()]
    return Lookup(
        alias="_entities" if count == 1 else f"_{number}",
        variable=variable,
        path=location.path,
        location=location,
        branches=branches,
        typed=location.needs_typename,
        deep=_overlaps(location, [key for node in nodes for key in node.data_keys()]),
        client_keys=tuple(dict.fromkeys(key for node in nodes for key in node.client_keys())),
    )


def _lookup_text(lookup: Lookup) -> str:
    alias = "" if lookup.alias == "_entities" else f"{lookup.alias}: "
    asked = " ".join(dict.fromkeys(branch.text() for branch in lookup.branches.values()))
    return f"{alias}_entities(representations: ${lookup.variable}) {{ {asked} }}"


def _overlaps(location: Location, keys: Iterable[str]) -> bool:
    """Whether another fetch brings objects under one of these keys too."""
    return any(len(location.sources.get(key, ())) > 1 and key in location.children for key in keys)


def _declare(definition: VariableDefinitionNode) -> str:
    default = f" = {print_ast(definition.default_value)}" if definition.default_value else ""
    return f"${definition.variable.name.value}: {print_ast(definition.type)}{default}"


def _without_implied(needs: set[FetchDraft]) -> set[FetchDraft]:
    """Leave out fetches that another needed one waits for anyway."""
    implied: set[FetchDraft] = set()
    stack = [other for need in needs for other in need.needs]
    while stack:
        each = stack.pop()
        if each not in implied:
            implied.add(each)
            stack.extend(each.needs)
    return needs - implied
