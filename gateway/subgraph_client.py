"""HTTP to the subgraphs: one keep-alive pool, a timeout per request, failures told apart."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import aiohttp

from gateway.engine.errors import FetchFailed
from gateway.engine.transport import RequestContext

HEADERS = {"content-type": "application/json", "accept": "application/graphql-response+json, application/json"}
# An answer larger than this is a fault of the subgraph's or of the query's: it must not take the gateway's memory.
MAX_ANSWER_BYTES = 32 * 1024 * 1024


class SubgraphClient:
    """Made inside the event loop and closed at its end. `urls`: subgraph name → URL of its GraphQL endpoint."""

    def __init__(self, urls: Mapping[str, str], *, timeout: float, connections: int) -> None:
        self._urls = urls
        self._timeout = timeout
        connector = aiohttp.TCPConnector(limit=0, limit_per_host=connections, ttl_dns_cache=60, keepalive_timeout=30)
        # Every subgraph sees the client's own headers only: no cookies kept, no content encodings to undo.
        self._session = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), headers=HEADERS, skip_auto_headers=("User-Agent", "Accept-Encoding")
        )

    async def send(self, service: str, body: bytes, context: RequestContext) -> bytes:
        """Raises FetchFailed; `lost` when the connection broke before an answer began."""
        try:
            async with asyncio.timeout(self._timeout):
                async with self._session.post(self._urls[service], data=body, headers=context.headers, timeout=None) as response:
                    return self._checked(service, response, await self._body(service, response))
        except TimeoutError as error:
            raise FetchFailed(f"subgraph {service} did not answer in {self._timeout:g} s", "SUBGRAPH_TIMEOUT") from error
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, OSError) as error:
            raise FetchFailed(f"subgraph {service} cannot be reached", lost=True) from error
        except aiohttp.ClientError as error:
            raise FetchFailed(f"subgraph {service} gave no valid HTTP answer", "SUBGRAPH_MALFORMED") from error

    async def _body(self, service: str, response: aiohttp.ClientResponse) -> bytes:
        length = response.content_length
        if length is not None and length <= MAX_ANSWER_BYTES:
            return await response.read()
        chunks, size = [], length or 0
        if length is None:
            async for chunk in response.content.iter_any():
                chunks.append(chunk)
                size += len(chunk)
                if size > MAX_ANSWER_BYTES:
                    break
        if size > MAX_ANSWER_BYTES:
            response.close()
            raise FetchFailed(f"subgraph {service} answered with more than {MAX_ANSWER_BYTES} bytes", "SUBGRAPH_ANSWER_TOO_LARGE")
        return b"".join(chunks)

    def _checked(self, service: str, response: aiohttp.ClientResponse, answer: bytes) -> bytes:
        # A GraphQL error may come with any status; what is no JSON at all is the server's or a proxy's page.
        if response.status >= 400 and not response.headers.get("content-type", "").startswith(("application/json", "application/graphql")):
            raise FetchFailed(f"subgraph {service} answered with HTTP status {response.status}", "SUBGRAPH_HTTP_ERROR")
        return answer

    async def answers(self, service: str) -> bool:
        """Whether the subgraph executes `{ __typename }`."""
        try:
            async with asyncio.timeout(2):
                answer = await self.send(service, b'{"query":"{ __typename }"}', RequestContext())
        except (FetchFailed, TimeoutError):
            return False
        return b'"__typename"' in answer and b'"errors"' not in answer

    async def close(self) -> None:
        await self._session.close()
