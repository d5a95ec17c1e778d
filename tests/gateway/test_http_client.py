"""The HTTP client against a server that says exactly what a test wants, byte by byte."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from gateway import http_client
from gateway.http_client import MAX_HEAD_BYTES, ConnectionLost, HttpAnswer, NotHttp, Origin, TooLarge

MAX_BYTES = 100_000
Serve = Callable[["Peer"], Coroutine[Any, Any, None]]


class Peer:
    """The server's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def request(self) -> bytes:
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
        return head + await self._reader.readexactly(length)

    async def say(self, *parts: bytes) -> None:
        """Each part in a packet of its own, as far as that can be had."""
        for part in parts:
            self._writer.write(part)
            await self._writer.drain()
            await asyncio.sleep(0)

    async def gone(self) -> None:
        await self._reader.read()


@asynccontextmanager
async def served(serve: Serve, *, connections: int = 10, max_bytes: int = MAX_BYTES) -> AsyncIterator[tuple[Origin, list[Peer]]]:
    peers: list[Peer] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peers.append(Peer(reader, writer))
        try:
            await serve(peers[-1])
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    origin = Origin(f"http://127.0.0.1:{port}/graphql?x=1", connections=connections, max_bytes=max_bytes)
    try:
        yield origin, peers
    finally:
        origin.close()
        server.close()


def always(*answer: bytes) -> Serve:
    async def serve(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.say(*answer)

    return serve


async def post(origin: Origin, body: bytes = b"{}", timeout: float = 5.0, **headers: str) -> HttpAnswer:
    return await origin.post(headers, body, timeout)


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: 1\r\nx-a: 2\r\n\r\nhello"


async def test_sends_what_it_is_given_and_keeps_the_connection() -> None:
    seen: list[bytes] = []

    async def serve(peer: Peer) -> None:
        while True:
            seen.append(await peer.request())
            await peer.say(OK)

    async with served(serve) as (origin, peers):
        for _ in range(3):
            answer = await post(origin, b'{"a":1}', authorization="Bearer x")
            assert answer == (200, [(b"content-length", b"5"), (b"x-a", b"1"), (b"x-a", b"2")], b"hello")
        assert len(peers) == 1
    head, _, body = seen[0].partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /graphql?x=1 HTTP/1.1"
    assert lines[1].startswith(b"host: 127.0.0.1:")
    assert lines[2:] == [b"authorization: Bearer x", b"content-length: 7"]
    assert body == b'{"a":1}'


@pytest.mark.parametrize(
    "parts",
    [
        (OK,),
        tuple(OK[at : at + 1] for at in range(len(OK))),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhe\r\n", b"3\r\nl", b"lo\r\n0\r\nx-trailer: 1\r\n\r\n"),
        (b"HTTP/1.1 100 Continue\r\nx-interim: 1\r\n\r\n", OK),
        (b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" + OK,),
    ],
)
async def test_reads_every_framing_and_keeps_the_connection(parts: tuple[bytes, ...]) -> None:
    async with served(always(*parts)) as (origin, peers):
        for _ in range(3):
            answer = await post(origin)
            assert (answer.status, answer.body) == (200, b"hello")
            assert answer.header(b"x-interim") == b""
        assert len(peers) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n\r\nhello",
        b"HTTP/1.0 200 OK\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello",
        b"HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nhello",
    ],
)
async def test_a_connection_that_is_closed_after_the_answer_is_not_kept(answer: bytes) -> None:
    async def serve(peer: Peer) -> None:
        await peer.request()
        await peer.say(answer)

    async with served(serve) as (origin, peers):
        for count in (1, 2, 3):
            assert (await post(origin)).body == b"hello"
            assert len(peers) == count


async def test_an_answer_without_a_body_is_whole() -> None:
    async with served(always(b"HTTP/1.1 204 No Content\r\n\r\n")) as (origin, peers):
        assert [(await post(origin)).body for _ in range(2)] == [b"", b""]
        assert len(peers) == 1


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", ConnectionLost),
        (b"HTTP/1.1 200 OK\r\ncont", ConnectionLost),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nhello", ConnectionLost),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n", ConnectionLost),
        (b"hello\r\n", NotHttp),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", NotHttp),
        (b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n", NotHttp),
        (b"HTTP/1.1 200 OK\r\nx-long: " + b"x" * (MAX_HEAD_BYTES + 1), NotHttp),
        (b"HTTP/1.1 200 OK\r\n" + b"x-many: 1\r\n" * (MAX_HEAD_BYTES // 10), NotHttp),
        (b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (MAX_BYTES + 1), TooLarge),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (MAX_BYTES + 1), TooLarge),
    ],
)
async def test_what_is_no_whole_answer_is_told_apart(answer: bytes, error: type[Exception]) -> None:
    async def serve(peer: Peer) -> None:
        await peer.request()
        await peer.say(answer)

    async with served(serve) as (origin, _):
        with pytest.raises(error):
            await post(origin)


async def test_an_answer_of_the_largest_size_is_taken() -> None:
    async with served(always(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % MAX_BYTES, b"x" * MAX_BYTES)) as (origin, _):
        assert len((await post(origin)).body) == MAX_BYTES


@pytest.mark.parametrize("framing", [b"", b"content-length: 11\r\n", b"transfer-encoding: chunked\r\n"])
async def test_one_byte_too_many_in_one_packet_is_too_many(framing: bytes) -> None:
    body = b"b\r\nhello world\r\n0\r\n\r\n" if b"chunked" in framing else b"hello world"

    async def serve(peer: Peer) -> None:
        await peer.request()
        await peer.say(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n" + body)

    async with served(serve, max_bytes=10) as (origin, _):
        with pytest.raises(TooLarge):
            await post(origin)
    async with served(serve, max_bytes=11) as (origin, _):
        assert (await post(origin)).body == b"hello world"


async def test_nobody_gets_what_was_said_unasked() -> None:
    answers = iter([OK + OK.replace(b"hello", b"other"), OK, OK])

    async def serve(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.say(next(answers))

    async with served(serve) as (origin, peers):
        assert (await post(origin)).body == b"hello"
        assert (await post(origin)).body == b"hello"
        assert len(peers) == 2, "a connection that said too much is not kept"


async def test_the_time_counts_for_everything_and_ends_the_connection() -> None:
    closed = asyncio.Event()

    async def serve(peer: Peer) -> None:
        await peer.request()
        await peer.say(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel")
        await peer.gone()
        closed.set()

    async with served(serve, connections=1) as (origin, _):
        first = asyncio.create_task(post(origin, timeout=0.3))
        await asyncio.sleep(0)
        with pytest.raises(TimeoutError):
            # It waits for a connection, in vain.
            await post(origin, timeout=0.05)
        with pytest.raises(TimeoutError):
            await first
        await asyncio.wait_for(closed.wait(), 5)


async def test_a_cancelled_request_closes_its_connection_and_frees_its_place() -> None:
    asked, closed = asyncio.Event(), asyncio.Event()

    async def serve(peer: Peer) -> None:
        await peer.request()
        if not asked.is_set():
            asked.set()
            await peer.gone()
            closed.set()
        await peer.say(OK)

    async with served(serve, connections=1) as (origin, _):
        first = asyncio.create_task(post(origin))
        await asked.wait()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        await asyncio.wait_for(closed.wait(), 5)
        assert (await post(origin)).body == b"hello"


async def test_opens_no_more_connections_than_allowed_and_serves_in_order() -> None:
    working, most = 0, 0

    async def serve(peer: Peer) -> None:
        nonlocal working, most
        while True:
            await peer.request()
            working += 1
            most = max(most, working)
            await asyncio.sleep(0)
            working -= 1
            await peer.say(OK)

    done: list[int] = []

    async def one(origin: Origin, number: int) -> None:
        await post(origin)
        done.append(number)

    async with served(serve, connections=3) as (origin, peers):
        await asyncio.gather(*(one(origin, number) for number in range(60)))
        assert len(peers) == 3
    assert most <= 3
    assert all(abs(number - place) <= 3 for place, number in enumerate(done))


async def test_a_connection_that_was_idle_for_long_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with served(always(OK)) as (origin, peers):
        await post(origin)
        monkeypatch.setattr(http_client, "IDLE_SECONDS", -1.0)
        await post(origin)
        assert len(peers) == 2


async def test_after_a_loss_what_was_kept_is_not_tried() -> None:
    life = 1

    async def serve(peer: Peer) -> None:
        born = life
        while True:
            await peer.request()
            if born != life:
                return
            await peer.say(OK)

    async with served(serve) as (origin, peers):
        await asyncio.gather(post(origin), post(origin), post(origin))
        assert len(peers) == 3
        life = 2
        with pytest.raises(ConnectionLost):
            await post(origin)
        assert (await post(origin)).body == b"hello"
        assert len(peers) == 4


async def test_a_port_where_nobody_listens_is_a_lost_connection() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ConnectionLost):
        await post(Origin(f"http://127.0.0.1:{port}/", connections=1, max_bytes=MAX_BYTES))


async def test_a_host_that_does_not_even_refuse_is_given_up_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "CONNECT_SECONDS", 0.2)
    with socket.socket() as full, socket.socket() as filling:
        # Nobody accepts, and the queue has room for one: the kernel lets further first packets fall.
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        filling.connect(full.getsockname())
        origin = Origin(f"http://127.0.0.1:{full.getsockname()[1]}/", connections=1, max_bytes=MAX_BYTES)
        with pytest.raises(ConnectionLost):
            await post(origin, timeout=5)
        with pytest.raises(TimeoutError):
            await post(origin, timeout=0.05)


@pytest.mark.parametrize("value", ["a\r\nx-evil: 1", "a\nb", "a\rb", "a\0b", "a\r\n\r\nPOST / HTTP/1.1", "民"])
async def test_a_value_cannot_become_a_header_of_its_own(value: str) -> None:
    async with served(always(OK)) as (origin, peers):
        with pytest.raises(ValueError, match=r"header|latin-1"):
            await post(origin, authorization=value)
        assert peers == []


@pytest.mark.parametrize("url", ["ftp://a/", "http:///x", "nonsense", "http://a/b c", "http://a/民"])
async def test_an_address_that_is_none_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ValueError, match=r"cannot stand|no http address"):
        Origin(url, connections=1, max_bytes=1)
