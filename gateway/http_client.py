"""A small HTTP/1.1 client for one purpose: send a body to one origin over kept connections, and get the whole answer or an error.

asyncio and httptools, no streams: an answer costs one future and one timer. Why not a library: docs/decisions/0012. What it does not do
is not needed between a gateway and its subgraphs: redirects, cookies, proxies, content encodings, pipelining, interim answers beyond
ignoring them.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httptools

MAX_HEAD_BYTES = 64 * 1024
# Below the 5 s after which uvicorn closes a connection that nobody uses: a request must not meet the closing on its way.
IDLE_SECONDS = 4.0
# A neighbour answers at once or is not there; a first packet that was lost is sent again after one second.
CONNECT_SECONDS = 2.0


class HttpAnswer(NamedTuple):
    status: int
    headers: list[tuple[bytes, bytes]]
    """Names in lower case, in their order."""
    body: bytes

    def header(self, name: bytes) -> bytes:
        """The first value, or nothing."""
        return next((value for known, value in self.headers if known == name), b"")


class ConnectionLost(Exception):
    """No connection could be made, or it broke before the answer was whole."""


class NotHttp(Exception):
    """What came is no HTTP answer, or its head is too long."""


class TooLarge(Exception):
    """The answer's body is longer than allowed."""


class Origin:
    """Connections to one URL. Made inside the event loop.

    At most `connections` are open, further requests wait for one. Answers beyond `max_bytes` are refused.
    """

    def __init__(self, url: str, *, connections: int, max_bytes: int) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is no http address")
        self._host = parts.hostname
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._port = parts.port or (443 if self._tls else 80)
        self._target = _field((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
        self._folder = self._target.partition("?")[0].rpartition("/")[0]
        self._where = f" HTTP/1.1\r\nhost: {_field(parts.netloc.rpartition('@')[2])}\r\n"
        self._max_bytes = max_bytes
        self._room = asyncio.Semaphore(connections)
        self._idle: deque[Connection] = deque()
        self._loop = asyncio.get_running_loop()

    async def post(self, headers: Mapping[str, str], body: bytes, timeout: float) -> HttpAnswer:
        """POST to the URL. Raises ConnectionLost, NotHttp, TooLarge, TimeoutError. A cancelled request closes its connection: the other
        side sees it."""
        return await self._ask(f"POST {self._target}", headers, body, timeout)

    async def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes, timeout: float) -> HttpAnswer:
        """Of what lies beside the URL: `/s/x` of `http://host/a/graphql` is `/a/s/x`. Raises the same; ValueError for what is no path."""
        return await self._ask(f"{_field(method)} {self._folder}{_field(path)}", headers, body, timeout)

    async def _ask(self, line: str, headers: Mapping[str, str], body: bytes, timeout: float) -> HttpAnswer:
        deadline = self._loop.time() + timeout
        lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
        head = "".join((line, self._where, *lines))
        # One place for every value that comes from outside: none may end its line.
        if not head.count("\r\n") == head.count("\r") == head.count("\n") == len(lines) + 2 or "\0" in head:
            raise ValueError("a header holds a line break")
        request = f"{head}content-length: {len(body)}\r\n\r\n".encode("latin-1") + body
        if self._room.locked():
            async with asyncio.timeout_at(deadline):
                await self._room.acquire()
        else:
            await self._room.acquire()
        try:
            connection = self._kept() or await self._connect(deadline)
            answer = await connection.ask(request, deadline)
            if connection.reusable:
                self._idle.append(connection)
            return answer
        except ConnectionLost:
            # It has probably started anew: what is kept is as dead, and a second try must not take it.
            self._drop_idle()
            raise
        finally:
            self._room.release()

    def close(self) -> None:
        self._drop_idle()

    def _kept(self) -> Connection | None:
        oldest = self._loop.time() - IDLE_SECONDS
        while self._idle and self._idle[0].since < oldest:
            self._idle.popleft().close()
        while self._idle:
            connection = self._idle.pop()
            if connection.reusable:
                return connection
        return None

    def _drop_idle(self) -> None:
        while self._idle:
            self._idle.pop().close()

    async def _connect(self, deadline: float) -> Connection:
        by = min(deadline, self._loop.time() + CONNECT_SECONDS)
        try:
            async with asyncio.timeout_at(by):
                _, connection = await self._loop.create_connection(
                    lambda: Connection(self._loop, self._max_bytes), self._host, self._port, ssl=self._tls
                )
        except OSError as error:
            if isinstance(error, TimeoutError) and by == deadline:
                raise
            raise ConnectionLost(str(error) or "no connection was made in time") from error
        return connection


class Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop, max_bytes: int) -> None:
        self._loop = loop
        self._max_bytes = max_bytes
        self._parser: Any = httptools.HttpResponseParser(self)
        self._transport: Any = None
        self._waiter: asyncio.Future[HttpAnswer] | None = None
        self._headers: list[tuple[bytes, bytes]] = []
        self._chunks: list[bytes] = []
        self._head_bytes = 0
        self._body_bytes = 0
        self._head_done = False
        self._until_close = False
        self.reusable = True
        self.since = 0.0
        """When its last answer ended, by the loop's clock."""

    async def ask(self, request: bytes, deadline: float) -> HttpAnswer:
        """Send a request and wait for its answer. Whatever else happens ends the connection."""
        waiter: asyncio.Future[HttpAnswer] = self._loop.create_future()
        self._waiter = waiter
        timer = self._loop.call_at(deadline, self._fail, TimeoutError())
        self._begin()
        self._transport.write(request)
        try:
            return await waiter
        except asyncio.CancelledError:
            self.close()
            raise
        finally:
            timer.cancel()
            self._waiter = None

    def close(self) -> None:
        self.reusable = False
        # It and its parser know each other and live until the collector comes: what has arrived shall not.
        self._chunks = []
        # Not `close()`, which waits until all is sent: nobody wants what is left.
        self._transport.abort()

    # --- asyncio.Protocol ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._waiter is None or self._waiter.done():
            # Nobody has asked: whatever this is, it must not become the answer to the next request.
            self.close()
            return
        if not self._head_done:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(NotHttp(str(error)))
        if not self._head_done and self._head_bytes > MAX_HEAD_BYTES:
            self._fail(NotHttp("the head is too long"))

    def eof_received(self) -> bool:
        # Half closed: it will say no more. Answering false closes our half too; connection_lost follows.
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self.reusable = False
        if self._until_close and error is None:
            self._complete()
        self._fail(ConnectionLost("the connection was closed before the answer was whole"))

    # --- httptools ---

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            return
        self._head_done = True
        framing = {name: value for name, value in self._headers if name in (b"content-length", b"transfer-encoding")}
        length = framing.get(b"content-length", b"")
        if length.isdigit() and int(length) > self._max_bytes:
            self._fail(TooLarge())
        # Neither a length nor chunks: the body ends where the connection does.
        self._until_close = not framing and status not in (204, 304)

    def on_body(self, chunk: bytes) -> None:
        self._body_bytes += len(chunk)
        if self._body_bytes <= self._max_bytes:
            self._chunks.append(chunk)
        else:
            self._fail(TooLarge())
            self._chunks = []

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() < 200:
            self._begin()
        elif not self._until_close:
            self.reusable = self.reusable and self._parser.should_keep_alive()
            self._complete()
            if not self.reusable:
                self._transport.close()

    def on_message_begin(self) -> None:
        if self._waiter is None or self._waiter.done():
            # A second answer to one request.
            self.close()

    def _begin(self) -> None:
        self._headers, self._chunks = [], []
        self._head_bytes = self._body_bytes = 0
        self._head_done = False

    def _complete(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self.since = self._loop.time()
            body = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
            self._chunks = []
            self._waiter.set_result(HttpAnswer(self._parser.get_status_code(), self._headers, body))

    def _fail(self, error: Exception) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)
            self.close()


def _field(text: str) -> str:
    """Part of a request's head that the configuration gives. Raises ValueError for what could end the line."""
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError(f"{text!r} cannot stand in a request's head")
    return text
