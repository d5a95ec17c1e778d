"""The form of a GraphQL request over HTTP, as the GraphQL-over-HTTP specification has it; no GraphQL is looked at here.

| request | status |
| --- | --- |
| another method than GET and POST; a mutation by GET | 405 |
| an Accept that leaves none of our types | 406 |
| a POST whose Content-Type is not application/json | 415 |
| no JSON, no object, no query, a part of the wrong kind | 400 |
| a document that cannot be run | 400 as application/graphql-response+json, 200 as application/json |
| whatever was run, also with errors | 200 |
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import orjson
from starlette.types import Message

GRAPHQL_JSON = b"application/graphql-response+json"
JSON = b"application/json"
HeaderList = list[tuple[bytes, bytes]]


class BadRequest(Exception):
    """Refused for its HTTP form, or because it cannot be taken now."""

    def __init__(self, status: int, code: str, message: str, message_zh: str, headers: HeaderList | None = None, **more: str | int) -> None:
        """`more` joins the error's extensions."""
        super().__init__(message)
        self.status = status
        self.words = f"{message_zh}\n{message}\n"
        self.headers = headers or []
        self.body = orjson.dumps({"errors": [{"message": message, "extensions": {"code": code, "messageZh": message_zh, **more}}]})


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


class GraphQLRequest(NamedTuple):
    """`query` may be missing where `hash` says which document is meant."""

    query: str | None
    variables: dict[str, Any] | None
    operation: str | None
    hash: str | None = None


def media_type(accept: bytes) -> bytes:
    """The type to answer in; the older one unless the newer is named. Raises BadRequest."""
    if GRAPHQL_JSON in accept:
        return GRAPHQL_JSON
    if not accept or JSON in accept or b"*/*" in accept or b"application/*" in accept:
        return JSON
    raise BadRequest(
        406,
        "NOT_ACCEPTABLE",
        "Accept application/graphql-response+json or application/json.",
        "请接受 application/graphql-response+json 或 application/json。",
    )


async def read_body(receive: Callable[[], Awaitable[Message]], max_bytes: int) -> bytes:
    """The whole body. Raises BadRequest, ClientGone."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > max_bytes:
            raise BadRequest(413, "REQUEST_TOO_LARGE", f"The request has more than {max_bytes} bytes.", f"请求超过 {max_bytes} 字节。")
        chunks.append(chunk)
        if not message.get("more_body"):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def from_body(content_type: bytes, body: bytes) -> GraphQLRequest:
    # A form or text/plain can be posted by any page without asking; application/json makes the browser ask first.
    if content_type.partition(b";")[0].strip().lower() != JSON:
        raise BadRequest(415, "UNSUPPORTED_MEDIA_TYPE", "Send Content-Type: application/json.", "请使用 Content-Type: application/json。")
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _bad("The request is not JSON.", "请求不是 JSON。") from None
    if isinstance(request, list):
        told = f"One operation a request; this one has {len(request)}."
        raise BadRequest(400, "LIMIT_EXCEEDED", told, f"每次请求一个操作，实际为 {len(request)} 个。", limit="batch", most=1)
    if not isinstance(request, dict):
        raise _bad("The request must be one JSON object.", "请求须为单个 JSON 对象。")
    return _checked(request)


def from_url(query_string: bytes) -> GraphQLRequest:
    request: dict[str, Any] = dict(parse_qsl(query_string.decode("latin-1")))
    for name in ("variables", "extensions"):
        if name in request:
            try:
                request[name] = orjson.loads(request[name])
            except orjson.JSONDecodeError:
                raise _bad(f"{name} is not JSON.", f"{name} 不是 JSON。") from None
    return _checked(request)


def _checked(request: dict[str, Any]) -> GraphQLRequest:
    query, variables, operation = request.get("query"), request.get("variables"), request.get("operationName")
    hash = hash_in(request)
    if not isinstance(query, str) and (query is not None or hash is None):
        raise _bad("The request has no query.", "请求缺少 query。")
    if not isinstance(variables, dict | None) or not isinstance(request.get("extensions"), dict | None):
        raise _bad("variables and extensions must be objects.", "variables 和 extensions 须为对象。")
    if not isinstance(operation, str | None):
        raise _bad("operationName must be a string.", "operationName 须为字符串。")
    return GraphQLRequest(query, variables, operation, hash)


def hash_in(request: Mapping[str, Any]) -> str | None:
    """The hash by which a request names its document; None where it names none.

    As `documentId` (appendix on persisted documents: `sha256:<hex>`), or as `extensions.persistedQuery.sha256Hash` (the hash form of
    automatic persisted queries).
    """
    document_id = request.get("documentId")
    if isinstance(document_id, str):
        return document_id.removeprefix("sha256:")
    extensions = request.get("extensions")
    persisted = extensions.get("persistedQuery") if isinstance(extensions, dict) else None
    found = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
    return found if isinstance(found, str) else None


def _bad(message: str, message_zh: str) -> BadRequest:
    return BadRequest(400, "BAD_REQUEST", message, message_zh)
