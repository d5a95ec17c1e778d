"""How a subgraph is served: caches on, orjson answers, defects masked, refusals of access as coded errors. No GraphQL types here."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import orjson
import strawberry
from fastapi import Request, Response
from graphql import GraphQLError
from strawberry.extensions import DisableIntrospection, ParserCache, SchemaExtension, ValidationCache
from strawberry.fastapi import GraphQLRouter
from strawberry.federation import Schema
from strawberry.http import GraphQLHTTPResponse
from strawberry.types import ExecutionContext
from strawberry.types.unset import UNSET

from shared import telemetry
from shared.identity.errors import Refusal
from shared.policy import Policy
from shared.read_your_writes import HEADER, Freshness, noting_writes, read_after
from shared.records import StoreTrouble

FEDERATION: Literal["2.9"] = "2.9"
CACHED_DOCUMENTS = 1_000


class MinyiSchema(Schema):
    """A subgraph's schema that is held to its policy; its errors carry a code and both languages, and never a defect's text."""

    def __init__(self, policy: Policy, **parts: Any) -> None:
        super().__init__(**parts)
        policy.hold(self._schema)

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        for error in errors:
            original = error.original_error
            if original is None or isinstance(original, (Refusal, GraphQLError)):
                continue
            telemetry.log().error("resolver failed", path=str(error.path), error=type(original).__name__, detail=_safe(original))


def _safe(error: Exception) -> str:
    # Driver and validation texts may hold values; the type and place are enough to find a defect.
    return str(error)[:200] if isinstance(error, (StoreTrouble, TypeError, AttributeError)) else ""


def extensions(*, production: bool) -> list[type[SchemaExtension] | Callable[[], SchemaExtension]]:
    """Factories, never instances: an instance is shared by concurrent requests."""
    chosen: list[type[SchemaExtension] | Callable[[], SchemaExtension]] = [
        lambda: ParserCache(maxsize=CACHED_DOCUMENTS),
        lambda: ValidationCache(maxsize=CACHED_DOCUMENTS),
    ]
    if production:
        chosen.append(DisableIntrospection)
    return chosen


_VARIABLE = re.compile(r"Variable '\$\w+' has invalid value(?: at [\w.\[\]]+)?")


def format_error(error: GraphQLError) -> dict[str, Any]:
    """The error as the client sees it."""
    original = error.original_error
    formatted: dict[str, Any] = dict(error.formatted)
    if isinstance(original, Refusal):
        formatted |= refused(original)
    elif isinstance(original, StoreTrouble):
        formatted["message"] = "The store does not answer; try again shortly."
        formatted["extensions"] = {"code": "UNAVAILABLE", "messageZh": "存储暂时没有响应，请稍后再试。"}
    elif original is not None and not isinstance(original, GraphQLError):
        formatted["message"] = "Something went wrong on our side; it was recorded."
        formatted["extensions"] = {"code": "INTERNAL", "messageZh": "系统内部出错，已记录。"}
    else:
        # GraphQL's own word on the document or its variables: for whoever wrote the request, in the specification's language; of a variable
        # only where it is wrong, because what it holds may be a person's.
        if variable := _VARIABLE.match(error.message):
            formatted["message"] = f"{variable[0]}."
        formatted["extensions"] = {"code": "BAD_REQUEST", "messageZh": "请求的文档或变量无效。", **formatted.get("extensions", {})}
    return formatted


def refused(refusal: Refusal) -> dict[str, Any]:
    """A refusal as an error's message and extensions: `field` names the argument at fault, as the client wrote it, where there is one."""
    told = {"code": refusal.kind, "reason": refusal.code, "messageZh": refusal.zh}
    return {"message": refusal.en, "extensions": told if refusal.field is None else {**told, "field": refusal.field}}


class GraphRouter(GraphQLRouter[Any, None]):
    """POST /graphql of one subgraph, for clients that read their own writes (shared/read_your_writes.py)."""

    def __init__(self, schema: MinyiSchema, freshness: Freshness, **parts: Any) -> None:
        super().__init__(schema, **parts)
        self._freshness = freshness

    async def run(self, request: Any, context: Any = UNSET, root_value: Any = UNSET) -> Any:
        try:
            after = read_after(",".join(request.headers.getlist(HEADER)))
        except Refusal as refusal:
            return Response(self.encode_json({"errors": [refused(refusal)]}), status_code=400, media_type="application/json")
        try:
            request.state.fresh = await self._freshness.reached(after)
        except StoreTrouble:
            # Nothing can be said of what has been seen; the fields tell of the trouble themselves.
            request.state.fresh = False
        with noting_writes() as request.state.written:
            return await super().run(request, context, root_value)

    async def process_result(self, request: Request, result: Any) -> GraphQLHTTPResponse:
        data: GraphQLHTTPResponse = {"data": result.data}
        if result.errors:
            data["errors"] = [format_error(error) for error in result.errors]
        told = self._freshness.extensions(request.state.written, fresh=request.state.fresh)
        if result.extensions or told:
            data["extensions"] = {**(result.extensions or {}), **told}
        return data

    def encode_json(self, data: object) -> bytes:
        return orjson.dumps(data)

    def decode_json(self, data: str | bytes) -> object:
        # The standard library's own raises UnicodeDecodeError for bytes that are no UTF-8, which nobody takes for a client's fault.
        return orjson.loads(data)


def graph_router(schema: MinyiSchema, context: Callable[[Request], Awaitable[Any]], freshness: Freshness) -> GraphRouter:
    """`context` is called once per request: loaders live no longer than that."""

    async def context_getter(request: Request) -> Any:
        return await context(request)

    return GraphRouter(schema, freshness, path="/graphql", context_getter=context_getter, graphql_ide=None, subscription_protocols=[])


def sdl(schema: strawberry.Schema) -> str:
    """The subgraph's SDL as committed."""
    return schema.as_str().rstrip() + "\n"
