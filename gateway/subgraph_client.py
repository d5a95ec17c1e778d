"""HTTP to the subgraphs: kept connections, a timeout per request, failures told apart."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.engine.errors import FetchFailed
from gateway.engine.response_headers import NO_HEADERS, ResponseHeaders, parse_cache_control
from gateway.engine.transport import Reply, RequestContext
from gateway.http_client import ConnectionLost, HttpAnswer, NotHttp, Origin, TooLarge

HEADERS = {"content-type": "application/json", "accept": "application/graphql-response+json, application/json"}
GRAPHQL_TYPES = (b"application/json", b"application/graphql")
READY_SECONDS = 2.0


class SubgraphClient:
    """Made inside the event loop and closed at its end. `urls`: subgraph name → URL of its GraphQL endpoint."""

    def __init__(self, urls: Mapping[str, str], *, timeout: float, connections: int, max_bytes: int) -> None:
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._origins = {name: Origin(url, connections=connections, max_bytes=max_bytes) for name, url in urls.items()}

    async def send(self, service: str, body: bytes, context: RequestContext) -> Reply:
        """Raises FetchFailed; `lost` when the connection broke before the answer was whole."""
        return await self._send(service, body, context, self._timeout)

    async def _send(self, service: str, body: bytes, context: RequestContext, timeout: float) -> Reply:
        try:
            answer = await self._origins[service].post({**HEADERS, **context.headers}, body, timeout)
        except TimeoutError as error:
            raise FetchFailed(f"subgraph {service} did not answer in {timeout:g} s", "SUBGRAPH_TIMEOUT") from error
        except ConnectionLost as error:
            raise FetchFailed(f"subgraph {service} cannot be reached", lost=True) from error
        except TooLarge as error:
            message = f"subgraph {service} answered with more than {self._max_bytes} bytes"
            raise FetchFailed(message, "SUBGRAPH_ANSWER_TOO_LARGE") from error
        except NotHttp as error:
            raise FetchFailed(f"subgraph {service} gave no valid HTTP answer", "SUBGRAPH_MALFORMED") from error
        # A GraphQL error may come with any status; what is no JSON at all is the server's or a proxy's page.
        if answer.status >= 300 and not answer.header(b"content-type").startswith(GRAPHQL_TYPES):
            raise FetchFailed(f"subgraph {service} answered with HTTP status {answer.status}", "SUBGRAPH_HTTP_ERROR")
        return Reply(answer.body, _for_the_client(answer))

    async def page(self, service: str, method: str, path: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """A page that the service has beside its graph. Raises FetchFailed."""
        try:
            return await self._origins[service].request(method, path, headers, body, self._timeout)
        except (TimeoutError, ConnectionLost, TooLarge, NotHttp) as error:
            raise FetchFailed(f"{service} gave no page", "PAGE_UNAVAILABLE") from error

    async def answers(self, service: str) -> bool:
        """Whether the subgraph executes `{ __typename }`."""
        try:
            answer = await self._send(service, b'{"query":"{ __typename }"}', RequestContext(), READY_SECONDS)
        except FetchFailed:
            return False
        return b'"__typename"' in answer.body and b'"errors"' not in answer.body

    async def close(self) -> None:
        for origin in self._origins.values():
            origin.close()


def _for_the_client(answer: HttpAnswer) -> ResponseHeaders:
    cookies: list[bytes] = []
    cache: list[str] = []
    for name, value in answer.headers:
        if name == b"set-cookie":
            cookies.append(value)
        elif name == b"cache-control":
            cache.append(value.decode("latin-1"))
    if not cookies and not cache:
        return NO_HEADERS
    return ResponseHeaders(tuple(cookies), parse_cache_control(",".join(cache)) if cache else None)
