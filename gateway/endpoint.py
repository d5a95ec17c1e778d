"""/graphql over HTTP. A plain ASGI application: it is on every request's way."""

from __future__ import annotations

import asyncio
import functools
import time
import traceback
from dataclasses import dataclass, replace

from prometheus_client import Counter, Gauge, Histogram
from starlette.types import Receive, Scope, Send

from gateway.attendance import WhileAttended
from gateway.engine.engine import Answer, Engine
from gateway.engine.response_headers import ResponseHeaders, cache_control
from gateway.engine.transport import RequestContext
from gateway.guard import Guard, Visitor
from gateway.http_form import (
    GRAPHQL_JSON,
    JSON,
    BadRequest,
    ClientGone,
    GraphQLRequest,
    HeaderList,
    from_body,
    from_url,
    media_type,
    read_body,
)
from shared import telemetry
from shared.identity.errors import Refusal
from shared.read_your_writes import HEADER, read_after
from shared.subgraph import ORIGIN

REQUESTS = Counter("minyi_gateway_requests_total", "Requests to /graphql by HTTP status; 499: the client had gone", ["status"])
IN_HAND = Gauge("minyi_gateway_requests_in_hand", "Requests being answered")
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
SECONDS = Histogram("minyi_gateway_request_seconds", "From a request's body to its answer", buckets=BUCKETS)

HTML = b"text/html"
PLAN_HEADER = b"minyi-plan"
AFTER = HEADER.encode()
NO_STORE = (b"cache-control", b"no-store")
PAGE_POLICY = (b"content-security-policy", b"default-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'")
# What is the same for everybody changes with a release or an import: some minutes of age harm nobody.
PUBLIC = ResponseHeaders(cache={"public": "", "max-age": "300"})
RETRY_SECONDS = b"1"
CLIENT_GONE = 499


@dataclass(frozen=True)
class Capacity:
    """`requests` in hand at one time: what comes beyond that is told at once to come again, so that what was taken is answered.
    After `seconds` a request is given up, whatever it waits for."""

    requests: int
    request_bytes: int
    seconds: float = 30.0


class GraphQLEndpoint:
    """`page` is the HTML for browsers, None outside development."""

    def __init__(self, engine: Engine, guard: Guard, page: bytes | None, capacity: Capacity) -> None:
        self._engine = engine
        self._guard = guard
        self._page = page
        self._capacity = capacity
        self._in_hand = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        headers: dict[bytes, bytes] = dict(scope["headers"])
        content_type = JSON
        try:
            if self._wants_page(scope, headers):
                status, content_type, extra, body = 200, HTML, [NO_STORE, PAGE_POLICY], self._page or b""
            else:
                content_type = media_type(headers.get(b"accept", b""))
                answer = await self._answer(scope, receive, headers)
                status, extra, body = _status(answer, content_type), _headers(answer), answer.body
        except BadRequest as refused:
            status, extra, body = refused.status, [NO_STORE, *refused.headers], refused.body
        except ClientGone:
            _counted(CLIENT_GONE).inc()
            return
        except Exception as error:
            status, extra, body = 500, [NO_STORE], _defect(error).body
        head = [(b"content-type", content_type + b"; charset=utf-8"), (b"content-length", b"%d" % len(body)), *extra]
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": body})
        _counted(status).inc()
        SECONDS.observe(time.perf_counter() - began)

    def _wants_page(self, scope: Scope, headers: dict[bytes, bytes]) -> bool:
        return (
            self._page is not None
            and scope["method"] == "GET"
            and HTML in headers.get(b"accept", b"")
            and b"query=" not in scope["query_string"]
        )

    async def _answer(self, scope: Scope, receive: Receive, headers: dict[bytes, bytes]) -> Answer:
        method = scope["method"]
        if method == "POST":
            request = from_body(headers.get(b"content-type", b""), await read_body(receive, self._capacity.request_bytes))
        elif method == "GET":
            await read_body(receive, self._capacity.request_bytes)
            request = from_url(scope["query_string"])
        else:
            raise BadRequest(
                405, "METHOD_NOT_ALLOWED", "Use POST, or GET for queries.", "请使用 POST，查询也可用 GET。", [(b"allow", b"GET, POST")]
            )
        if self._in_hand >= self._capacity.requests:
            raise BadRequest(
                503,
                "OVERLOADED",
                "There are more requests than can be answered; try again shortly.",
                "当前请求过多，请稍后再试。",
                [(b"retry-after", RETRY_SECONDS)],
            )
        self._in_hand += 1
        IN_HAND.inc()
        try:
            async with WhileAttended(receive), asyncio.timeout(self._capacity.seconds):
                return await self._guarded(scope, headers, request)
        except TimeoutError as error:
            seconds = f"{self._capacity.seconds:g}"
            raise BadRequest(504, "TIME_OVER", f"There was no answer within {seconds} s.", f"{seconds} 秒内未能完成。") from error
        finally:
            self._in_hand -= 1
            IN_HAND.dec()

    async def _guarded(self, scope: Scope, headers: dict[bytes, bytes], request: GraphQLRequest) -> Answer:
        visitor = await self._guard.visitor(headers, scope["client"][0] if scope.get("client") else "")
        query = await self._guard.query_of(request, visitor)
        roots = self._engine.root_fields(query, request.operation)
        await self._guard.count_fields(roots, visitor)
        after = b",".join(value for name, value in scope["headers"] if name == AFTER)
        context = _context(headers, visitor, after)
        by_get = scope["method"] == "GET"
        # Plans name subgraphs and hidden fields: they are for development only, where there is a page.
        explain = self._page is not None and PLAN_HEADER in headers
        answer = await self._engine.execute(
            query, request.variables, request.operation, context, allow_mutations=not by_get, explain=explain
        )
        if by_get and answer.whole and self._guard.may_be_kept(request, roots):
            return replace(answer, headers=PUBLIC)
        return answer


def _context(headers: dict[bytes, bytes], visitor: Visitor, after: bytes) -> RequestContext:
    """What is forwarded. The reader is the token itself, which stands for the viewer and their scopes, and what must have been seen:
    subgraphs see no more."""
    forwarded = {"traceparent": telemetry.continue_trace(headers.get(b"traceparent", b"").decode("latin-1"))}
    if visitor.address:
        forwarded[ORIGIN] = visitor.address
    authorization, viewer = visitor.authorization, visitor.viewer
    if authorization:
        forwarded["authorization"] = authorization
    context = RequestContext(forwarded, authorization, authenticated=not viewer.anonymous, scopes=frozenset(viewer.roles))
    if not after:
        return context
    forwarded[HEADER] = after.decode("latin-1")
    try:
        read_after(forwarded[HEADER])
    except Refusal as refusal:
        raise BadRequest(400, refusal.code, refusal.en, refusal.zh) from refusal
    return replace(context, reader=f"{authorization}\n{forwarded[HEADER]}")


def _status(answer: Answer, content_type: bytes) -> int:
    if answer.accepted:
        return 200
    if answer.code == "METHOD_NOT_ALLOWED":
        return 405
    return 400 if content_type is GRAPHQL_JSON else 200


def _headers(answer: Answer) -> HeaderList:
    if answer.code == "METHOD_NOT_ALLOWED":
        return [NO_STORE, (b"allow", b"POST")]
    control = cache_control(answer.headers)
    if control == "no-store":
        return [NO_STORE, *((b"set-cookie", cookie) for cookie in answer.headers.cookies)]
    # What may be kept, may be kept for this viewer only, and in this form.
    return [(b"cache-control", control.encode("latin-1")), (b"vary", b"accept, authorization, " + AFTER)]


def _defect(error: Exception) -> BadRequest:
    """A fault of ours. Its text may hold what somebody wrote: its type and place are enough to find it."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    place = traceback.extract_tb(error.__traceback__)[-1]
    telemetry.log().error("request failed", error=type(error).__name__, at=f"{place.filename}:{place.lineno}")
    return BadRequest(500, "INTERNAL", "Something went wrong on our side; it was recorded.", "系统内部出错，已记录。")


@functools.cache
def _counted(status: int) -> Counter:
    return REQUESTS.labels(str(status))
