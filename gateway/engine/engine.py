"""The engine as a whole: a request in, the answer's bytes out."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, product
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    execute_sync,
    parse,
    validate,
)
from graphql.execution import get_variable_values

from gateway.engine.admission import Admission, Everything, Verdict
from gateway.engine.authorization import NOTHING, Denied
from gateway.engine.errors import MESSAGES_ZH, Refused
from gateway.engine.executor import CompiledPlan, Execution
from gateway.engine.operation import Collector, Selection, condition_variables, size_problem
from gateway.engine.plan import Plan
from gateway.engine.planner import make_plan
from gateway.engine.projection import META, Complete, Trail, compile_projection
from gateway.engine.response_headers import NO_HEADERS, ResponseHeaders, merge_headers
from gateway.engine.supergraph import Supergraph
from gateway.engine.transport import Dispatcher, RequestContext, Transport

MAX_TOKENS = 5_000
_VALUES = re.compile(r",? found: .*|(represent [^:]*): .*|(?<=Value )'[^']*' |(?<=value )'[^']*' ", re.DOTALL)
_PLACE = re.compile(r"^Variable '\$\w+' has invalid value at \.?([\w.\[\]]+):")
# A list of a thousand rows needs no thousand errors to say so.
MAX_DENIALS = 100
INVALID_VALUE = {"code": "INVALID_SUBGRAPH_VALUE", "messageZh": MESSAGES_ZH["INVALID_SUBGRAPH_VALUE"]}
# Plans of one operation, by the truth values of its @skip/@include variables.
MAX_VARIANTS = 64


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is the response as JSON. `accepted` is false when the request was refused before anything was fetched, with `code`.
    `whole`: there are no errors in it."""

    body: bytes
    accepted: bool = True
    headers: ResponseHeaders = NO_HEADERS
    code: str = ""
    whole: bool = False


@dataclass(slots=True)
class Prepared:
    """A plan ready to run. `introspection` is the part that the gateway answers itself."""

    plan: CompiledPlan
    project: Complete
    introspection: DocumentNode | None


class Operation:
    """One operation of a document, with its plans."""

    def __init__(self, node: OperationDefinitionNode, conditions: tuple[str, ...], verdict: Callable[[Mapping[str, Any]], Verdict]) -> None:
        self.node = node
        self.conditions = conditions
        self.verdict = verdict
        self.prepared: OrderedDict[tuple[tuple[bool, ...], Denied], Prepared] = OrderedDict()
        self._roots: tuple[str, ...] | None = None

    def root_fields(self, fragments: Mapping[str, FragmentDefinitionNode]) -> tuple[str, ...]:
        """Each name as often as it is asked for, skipped ones too."""
        if self._roots is None:
            self._roots = tuple(_root_fields(self.node.selection_set, fragments))
        return self._roots


class Document:
    """A parsed and validated document, or why it was refused."""

    def __init__(self, supergraph: Supergraph, text: str, admission: Admission, *, suggestions: bool) -> None:
        self.operations: dict[str, Operation] = {}
        self.fragments: dict[str, FragmentDefinitionNode] = {}
        self.errors: list[GraphQLError] = []
        try:
            node = parse(text, max_tokens=MAX_TOKENS)
        except GraphQLError as error:
            self.errors = [error]
            return
        self.errors = admission.document(node)
        if self.errors:
            return
        problem = size_problem(node)
        if problem:
            self.errors = [GraphQLError(problem)]
            return
        self.errors = validate(supergraph.public, node, hide_suggestions=not suggestions)
        if self.errors:
            return
        for definition in node.definitions:
            if isinstance(definition, FragmentDefinitionNode):
                self.fragments[definition.name.value] = definition
            elif isinstance(definition, OperationDefinitionNode):
                name = definition.name.value if definition.name else ""
                self.operations[name] = Operation(definition, condition_variables(definition, node), admission.operation(node, definition))


class Engine:
    """Answers operations on a supergraph. `documents` bounds the number of documents whose plans are kept; `admission` may refuse more
    than the schema does; `introspection` and `suggestions` (“did you mean”) tell of the schema to whoever asks."""

    def __init__(
        self,
        supergraph: Supergraph,
        transport: Transport,
        *,
        documents: int = 1000,
        introspection: bool = True,
        suggestions: bool = True,
        admission: Admission | None = None,
    ) -> None:
        self.supergraph = supergraph
        self._dispatcher = Dispatcher(transport)
        self._documents: OrderedDict[str, Document] = OrderedDict()
        self._max_documents = documents
        self._introspection = introspection
        self._suggestions = suggestions
        self._admission = admission or Everything()

    async def execute(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        operation_name: str | None = None,
        context: RequestContext | None = None,
        *,
        allow_mutations: bool = True,
        explain: bool = False,
    ) -> Answer:
        """Answer a request. Never raises for what a client or a subgraph did: that is in the answer's errors.

        `explain` puts the plan's text into `extensions.minyi.plan`: for developers' eyes, it names subgraphs and their fields.
        """
        variables = variables or {}
        try:
            operation = self._operation(query, operation_name)
            if not allow_mutations and operation.node.operation.value != "query":
                raise GraphQLError("Only queries may be sent with GET.", extensions={"code": "METHOD_NOT_ALLOWED"})
            values = self._coerced(operation, variables)
            if refused := operation.verdict(values):
                raise _Rejected(refused)
            context = context or RequestContext()
            denied = self.supergraph.demands.denied(authenticated=context.authenticated, scopes=context.scopes)
            prepared = self._prepared(query, operation, _truths(operation, values), denied)
        except _Rejected as rejected:
            return _refusal(rejected.errors)
        except GraphQLError as error:
            return _refusal([error])
        except RecursionError:
            return _refusal([GraphQLError("The document is nested too deeply.")])
        except Refused as error:
            return _refusal([GraphQLError(str(error), extensions={"code": "OPERATION_REFUSED"})])
        execution = Execution(prepared.plan, self._dispatcher, variables, context)
        if prepared.introspection:
            result = execute_sync(self.supergraph.public, prepared.introspection, variable_values=dict(variables))
            execution.data.update(result.data or {})
            execution.errors += [dict(error.formatted) for error in result.errors or ()]
        await execution.run()
        trail = Trail()
        data = prepared.project(execution.data, trail)
        errors = execution.errors
        if trail.denials:
            errors = errors + _denials(trail, context)
        if trail.faults:
            errors = errors + _faults(trail, errors)
        answer = {"data": data, "errors": errors} if errors else {"data": data}
        extensions = execution.extensions
        if explain:
            extensions = {**extensions, "minyi": {**(extensions.get("minyi") or {}), "plan": prepared.plan.plan.text()}}
        if extensions:
            answer["extensions"] = extensions
        # An answer that is not whole allows nobody to keep it.
        headers = merge_headers(execution.headers, NO_HEADERS) if errors else execution.headers
        return Answer(orjson.dumps(answer), headers=headers or NO_HEADERS, whole=not errors)

    def plan(self, query: str, operation_name: str | None = None, variables: Mapping[str, Any] | None = None) -> Plan:
        """The plan for an operation. Raises GraphQLError or Refused."""
        try:
            operation = self._operation(query, operation_name)
            values = self._coerced(operation, variables or {})
        except _Rejected as rejected:
            raise rejected.errors[0] from None
        return self._prepared(query, operation, _truths(operation, values)).plan.plan

    def warm(self, documents: Iterable[str]) -> list[str]:
        """Plan these documents before the first request asks for them; returns what is wrong with them.

        An operation with @skip or @include on variables gets the plans of all their values, or of those of two variables' worth.
        """
        problems = []
        for text in documents:
            try:
                document = self._document(text)
            except _Rejected as rejected:
                problems += [str(error) for error in rejected.errors]
                continue
            problems += [str(error) for error in document.errors]
            for name, operation in document.operations.items():
                for truths in islice(product((True, False), repeat=len(operation.conditions)), 4):
                    try:
                        self._prepared(text, operation, truths)
                    except (GraphQLError, Refused, RecursionError) as error:
                        problems.append(f"{name or 'operation without a name'}: {error}")
        return problems

    def root_fields(self, query: str, operation_name: str | None = None) -> tuple[str, ...]:
        """The names of the root fields that an operation asks for; none for what will be refused."""
        try:
            operation = self._operation(query, operation_name)
        except (_Rejected, GraphQLError, RecursionError):
            return ()
        return operation.root_fields(self._document(query).fragments)

    def _operation(self, text: str, name: str | None) -> Operation:
        document = self._document(text)
        if document.errors:
            raise _Rejected(document.errors)
        if name:
            if name not in document.operations:
                raise GraphQLError(f"The document has no operation {name!r}.")
            return document.operations[name]
        if len(document.operations) != 1:
            raise GraphQLError(f"The document has {len(document.operations)} operations: operationName must say which.")
        return next(iter(document.operations.values()))

    def _document(self, text: str) -> Document:
        known = self._documents.get(text)
        if known is None:
            # What is refused for its text alone is not kept: it may be large, and there may be many.
            if refused := self._admission.text(text):
                raise _Rejected(refused)
            known = self._documents[text] = Document(self.supergraph, text, self._admission, suggestions=self._suggestions)
            if len(self._documents) > self._max_documents:
                self._documents.popitem(last=False)
        else:
            self._documents.move_to_end(text)
        return known

    def _coerced(self, operation: Operation, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        definitions = operation.node.variable_definitions
        if not definitions:
            return {}
        values = get_variable_values(self.supergraph.public, definitions, dict(variables), hide_suggestions=not self._suggestions)
        if isinstance(values, list):
            raise _Rejected(
                [GraphQLError(without_values(error.message), nodes=error.nodes, extensions=_field_of(error)) for error in values]
            )
        return values.coerced

    def _prepared(self, text: str, operation: Operation, truths: tuple[bool, ...], denied: Denied = NOTHING) -> Prepared:
        known = operation.prepared.get((truths, denied))
        if known is None:
            fragments = self._document(text).fragments
            known = self._prepare(operation, fragments, dict(zip(operation.conditions, truths, strict=True)), denied)
            operation.prepared[truths, denied] = known
            if len(operation.prepared) > MAX_VARIANTS:
                operation.prepared.popitem(last=False)
        return known

    def _prepare(
        self, operation: Operation, fragments: Mapping[str, FragmentDefinitionNode], truths: Mapping[str, bool], denied: Denied
    ) -> Prepared:
        node = operation.node
        root = self.supergraph.schema.get_root_type(node.operation)
        if root is None or node.operation.value == "subscription":
            raise Refused(f"this gateway has no {node.operation.value}s")
        collector = Collector(self.supergraph, fragments, truths, denied)
        selection = Selection(collector, root.name, [node.selection_set])
        # The answer has a null where something is denied; what is fetched knows nothing of it.
        asked = Selection(Collector(self.supergraph, fragments, truths), root.name, [node.selection_set]) if denied.fields else selection
        introspection = self._introspection_part(collector, node, root.name)
        fetched = {key: wanted for key, wanted in selection.on(root.name).items() if wanted.name not in META}
        plan = make_plan(self.supergraph, node, selection.split_off({root.name: fetched}))
        return Prepared(CompiledPlan(plan), compile_projection(self.supergraph.public, asked, plan.root, denied), introspection)

    def _introspection_part(self, collector: Collector, node: OperationDefinitionNode, root: str) -> DocumentNode | None:
        groups: dict[str, list[FieldNode]] = {}
        collector.gather(root, node.selection_set, groups, set())
        nodes = tuple(each for nodes in groups.values() for each in nodes if each.name.value in META)
        if not nodes:
            return None
        if not self._introspection:
            raise GraphQLError("Introspection is switched off.", extensions={"code": "INTROSPECTION_DISABLED"})
        own = OperationDefinitionNode(
            operation=node.operation, variable_definitions=node.variable_definitions, selection_set=SelectionSetNode(selections=nodes)
        )
        return DocumentNode(definitions=(own, *collector.fragments.values()))


def without_values(message: str) -> str:
    """What is wrong with a variable, without what it held: an error text may be kept where a phone number must not."""
    return _VALUES.sub(r"\1", message)


def _field_of(error: GraphQLError) -> dict[str, Any]:
    """The input at fault, `person.phone` say, for forms to show."""
    place = _PLACE.search(error.message)
    return {"field": place[1]} if place else {}


def _denials(trail: Trail, context: RequestContext) -> list[dict[str, Any]]:
    """A null and its error wherever something was asked for that this reader may not have."""
    code, message = ("FORBIDDEN", "You may not ask for this.") if context.authenticated else ("UNAUTHENTICATED", "Please sign in first.")
    extensions = {"code": code, "messageZh": MESSAGES_ZH[code]}
    return [{"message": message, "path": path, "extensions": extensions} for path in trail.denials[:MAX_DENIALS]]


def _root_fields(selection_set: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]) -> Iterator[str]:
    for node in selection_set.selections:
        if isinstance(node, FieldNode):
            yield node.name.value
        elif isinstance(node, FragmentSpreadNode):
            yield from _root_fields(fragments[node.name.value].selection_set, fragments)
        elif isinstance(node, InlineFragmentNode):
            yield from _root_fields(node.selection_set, fragments)


class _Rejected(Exception):
    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__()
        self.errors = errors


def _truths(operation: Operation, values: Mapping[str, Any]) -> tuple[bool, ...]:
    """The values of the variables that decide @skip and @include. A default allows a variable that may be null there; null is not."""
    for name in operation.conditions:
        if values.get(name) is None:
            raise GraphQLError(f"Variable '${name}' decides @skip or @include and must not be null.")
    return tuple(values[name] for name in operation.conditions)


def _refusal(errors: list[GraphQLError]) -> Answer:
    shown = []
    for error in errors:
        entry: dict[str, Any] = {**error.formatted}
        extensions = {"code": "GRAPHQL_VALIDATION_FAILED", **(entry.get("extensions") or {})}
        entry["extensions"] = {"messageZh": MESSAGES_ZH.get(extensions["code"], MESSAGES_ZH["GRAPHQL_VALIDATION_FAILED"]), **extensions}
        shown.append(entry)
    return Answer(orjson.dumps({"errors": shown}), accepted=False, code=shown[0]["extensions"]["code"])


def _faults(trail: Trail, errors: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Nulls that nothing has explained yet: an error of a subgraph at, above or below the place explains it."""
    known = [error["path"] for error in errors if "path" in error]
    found = []
    for path, message in trail.faults:
        if not any(each[: len(path)] == path[: len(each)] for each in known):
            found.append({"message": message, "path": path, "extensions": dict(INVALID_VALUE)})
    return found
