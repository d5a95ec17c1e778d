"""/graphql over HTTP, as the GraphQL-over-HTTP specification says. A plain ASGI application: it is on every request's way."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

import orjson
from prometheus_client import Counter, Histogram
from starlette.types import Receive, Scope, Send

from gateway.engine.engine import Answer, Engine
from gateway.engine.transport import RequestContext
from shared import telemetry
from shared.identity.errors import Refusal, Unauthenticated
from shared.identity.tokens import IssuerUnavailable
from shared.read_your_writes import HEADER, read_after

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
REQUESTS = Counter("minyi_gateway_requests_total", "Requests to /graphql by HTTP status", ["status"])
SECONDS = Histogram(
    "minyi_gateway_request_seconds", "From a request's body to its answer", buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
)

GRAPHQL_JSON = b"application/graphql-response+json"
JSON = b"application/json"
HTML = b"text/html"
AFTER = HEADER.encode()
# Verifies an Authorization header. Raises Unauthenticated.
Verify = Callable[[str | None], Awaitable[object]]


class BadRequest(Exception):
    """Refused for its HTTP form."""

    def __init__(self, status: int, code: str, message: str, message_zh: str, headers: list[tuple[bytes, bytes]] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or []
        self.body = orjson.dumps({"errors": [{"message": message, "extensions": {"code": code, "messageZh": message_zh}}]})


class GraphQLEndpoint:
    """`verify` is None when the gateway runs without authentication; `page` is the HTML for browsers, None outside development."""

    def __init__(self, engine: Engine, verify: Verify | None, page: bytes | None, max_bytes: int) -> None:
        self._engine = engine
        self._verify = verify
        self._page = page
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        headers: dict[bytes, bytes] = dict(scope["headers"])
        extra: list[tuple[bytes, bytes]] = []
        content_type = GRAPHQL_JSON if GRAPHQL_JSON in headers.get(b"accept", b"") else JSON
        status = 200
        try:
            if scope["method"] == "GET" and self._page and HTML in headers.get(b"accept", b"") and b"query=" not in scope["query_string"]:
                content_type, body = HTML, self._page
                extra = [(b"content-security-policy", b"default-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'")]
            else:
                answer = await self._answer(scope, receive, headers)
                body = answer.body
                if not answer.accepted and content_type is GRAPHQL_JSON:
                    status = 400
        except BadRequest as refused:
            status, body, extra = refused.status, refused.body, refused.headers
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [
                    (b"content-type", content_type + b"; charset=utf-8"),
                    (b"content-length", b"%d" % len(body)),
                    (b"cache-control", b"no-store"),
                    *extra,
                ],
            }
        )
        await send({"type": "http.response.body", "body": body})
        REQUESTS.labels(str(status)).inc()
        SECONDS.observe(time.perf_counter() - began)

    async def _answer(self, scope: Scope, receive: Receive, headers: dict[bytes, bytes]) -> Answer:
        context = await self._context(headers, b",".join(value for name, value in scope["headers"] if name == AFTER))
        is_get = scope["method"] == "GET"
        request = _from_url(scope["query_string"]) if is_get else _from_body(headers, await self._body(receive))
        query, variables, operation = request.get("query"), request.get("variables"), request.get("operationName")
        if not isinstance(query, str):
            raise BadRequest(400, "BAD_REQUEST", "The request has no query.", "请求缺少 query。")
        if not isinstance(variables, dict | None) or not isinstance(operation, str | None):
            raise BadRequest(
                400,
                "BAD_REQUEST",
                "variables must be an object and operationName a string.",
                "variables 须为对象，operationName 须为字符串。",
            )
        return await self._engine.execute(query, variables, operation, context, allow_mutations=not is_get)

    async def _context(self, headers: dict[bytes, bytes], after: bytes) -> RequestContext:
        """What is forwarded. The reader is the token itself, which stands for the viewer and their scopes, and what must have been
        seen: subgraphs see no more."""
        authorization = headers.get(b"authorization", b"").decode("latin-1")
        if self._verify is not None:
            try:
                await self._verify(authorization or None)
            except IssuerUnavailable as error:
                raise BadRequest(503, error.code, error.en, error.zh, [(b"retry-after", b"5")]) from error
            except Unauthenticated as error:
                challenge = [(b"www-authenticate", b'Bearer error="invalid_token"')]
                raise BadRequest(401, error.kind, error.en, error.zh, challenge) from error
        forwarded = {"traceparent": telemetry.continue_trace(headers.get(b"traceparent", b"").decode("latin-1"))}
        if authorization:
            forwarded["authorization"] = authorization
        if not after:
            return RequestContext(forwarded, reader=authorization)
        forwarded[HEADER] = after.decode("latin-1")
        try:
            read_after(forwarded[HEADER])
        except Refusal as refusal:
            raise BadRequest(400, refusal.code, refusal.en, refusal.zh) from refusal
        return RequestContext(forwarded, reader=f"{authorization}\n{forwarded[HEADER]}")

    async def _body(self, receive: Receive) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise BadRequest(400, "CLIENT_GONE", "The client has gone.", "客户端已断开。")
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > self._max_bytes:
                raise BadRequest(413, "REQUEST_TOO_LARGE", f"The request has more than {self._max_bytes} bytes.", "请求过大。")
            chunks.append(chunk)
            if not message.get("more_body"):
                return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _from_body(headers: dict[bytes, bytes], body: bytes) -> dict[str, Any]:
    # A form or text/plain can be posted by any page without asking; application/json makes the browser ask first.
    if headers.get(b"content-type", b"").partition(b";")[0].strip().lower() != JSON:
        raise BadRequest(415, "UNSUPPORTED_MEDIA_TYPE", "Send Content-Type: application/json.", "请使用 Content-Type: application/json。")
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadRequest(400, "BAD_REQUEST", "The request is not JSON.", "请求不是 JSON。") from None
    if not isinstance(request, dict):
        raise BadRequest(400, "BAD_REQUEST", "The request must be one JSON object.", "请求须为单个 JSON 对象。")
    return request


def _from_url(query_string: bytes) -> dict[str, Any]:
    request: dict[str, Any] = dict(parse_qsl(query_string.decode("latin-1")))
    if "variables" in request:
        try:
            request["variables"] = orjson.loads(request["variables"])
        except orjson.JSONDecodeError:
            raise BadRequest(400, "BAD_REQUEST", "variables is not JSON.", "variables 不是 JSON。") from None
    return request
