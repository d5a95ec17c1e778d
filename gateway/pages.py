"""What a service has beside its graph for people without an app, and for apps of others: passed through as it is, one request one answer.

What is in the path may be a secret of whoever was sent it: it is in no log, no metric and no trace of the gateway's.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Final

from prometheus_client import Counter
from starlette.types import Receive, Scope, Send

from gateway.engine.errors import FetchFailed
from gateway.guard import Guard, Visitor
from gateway.http_form import BadRequest, ClientGone, HeaderList, read_body
from gateway.rates import OPEN311, SURVEYS
from gateway.subgraph_client import SubgraphClient
from shared import telemetry
from shared.subgraph import ORIGIN

REQUESTS = Counter("minyi_gateway_pages_total", "Requests for pages that services have, by HTTP status", ["status"])
# A form of two questions and 2,000 characters, each three bytes of three signs.
MOST_BYTES = 32_768
MOST_AT_ONCE = 64
TOLD = (b"accept-language", b"content-type", b"sec-fetch-site")
"""What a page needs to know of the request. Neither cookies nor tokens: a page knows its reader by the link."""
KEPT = (
    b"content-type",
    b"cache-control",
    b"content-language",
    b"content-security-policy",
    b"location",
    b"referrer-policy",
    b"vary",
    b"x-content-type-options",
    b"x-robots-tag",
)
PLAIN: HeaderList = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store"), (b"referrer-policy", b"no-referrer")]


@dataclass(frozen=True)
class Place:
    """Pages of one service whose addresses begin alike; `rest` is how they may end."""

    prefix: str
    service: str
    rest: re.Pattern[str]
    methods: tuple[str, ...]


PLACES: Final = (
    Place(SURVEYS, "feedback", re.compile(r"[A-Za-z0-9_-]{1,100}"), ("GET", "POST")),
    Place(OPEN311, "intake", re.compile(r"[A-Za-z0-9-]{1,60}\.(?:json|xml)"), ("GET",)),
)


class Pages:
    """The pages of one place. A plain ASGI application."""

    def __init__(self, client: SubgraphClient, place: Place, guard: Guard) -> None:
        self._client = client
        self._place = place
        self._guard = guard
        self._room = asyncio.Semaphore(MOST_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            status, head, body = await self._answer(scope, receive)
        except BadRequest as refused:
            status, head, body = refused.status, [*PLAIN, *refused.headers], refused.words.encode()
        except ClientGone:
            return
        except Exception as error:
            # Its text may hold the path.
            telemetry.log().error("a page failed", error=type(error).__name__)
            status, head, body = 500, PLAIN, "系统内部出错，已记录。\nSomething went wrong on our side; it was recorded.\n".encode()
        await send({"type": "http.response.start", "status": status, "headers": [*head, (b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})
        REQUESTS.labels(str(status)).inc()

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, HeaderList, bytes]:
        if not self._place.rest.fullmatch(scope["path"], len(self._place.prefix)):
            raise BadRequest(404, "NOT_FOUND", "There is no such page.", "没有这个页面。")
        if scope["method"] not in self._place.methods:
            en, zh = " or ".join(self._place.methods), " 或 ".join(self._place.methods)
            allow = (b"allow", ", ".join(self._place.methods).encode())
            raise BadRequest(405, "METHOD_NOT_ALLOWED", f"Use {en}.", f"请使用 {zh}。", [allow])
        content = await read_body(receive, MOST_BYTES)
        headers: dict[bytes, bytes] = dict(scope["headers"])
        without_token = {name: value for name, value in headers.items() if name not in (b"authorization", b"x-api-key")}
        visitor = await self._guard.visitor(without_token, scope["client"][0] if scope.get("client") else "")
        await self._guard.count_fields([self._place.prefix], visitor)
        if self._room.locked():
            raise BadRequest(
                503, "OVERLOADED", "There are more requests than can be answered; try again shortly.", "当前请求过多，请稍后再试。"
            )
        async with self._room:
            return await self._passed(scope, headers, visitor, content)

    async def _passed(self, scope: Scope, headers: dict[bytes, bytes], visitor: Visitor, content: bytes) -> tuple[int, HeaderList, bytes]:
        told = {name.decode(): headers[name].decode("latin-1") for name in TOLD if name in headers} | {ORIGIN: visitor.address}
        query = scope["query_string"].decode("latin-1")
        path = scope["path"] + (f"?{query}" if query else "")
        try:
            answer = await self._client.page(self._place.service, scope["method"], path, told, content)
        except (FetchFailed, ValueError) as error:
            words = "The page cannot be reached; try again shortly.", "页面暂时无法打开，请稍后再试。"
            raise BadRequest(503, "UNAVAILABLE", *words) from error
        return answer.status, [(name, value) for name, value in answer.headers if name in KEPT], answer.body
