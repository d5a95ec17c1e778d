"""What a provider's answers mean, over real HTTP: the stand-in with each of its faults, and servers that are worse."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvicorn

from deploy.providers.app import WORDS, Conduct, app_of
from deploy.providers.faults import Fault, Faults
from deploy.providers.ledger import Ledger, entries
from services.intake.adapters.provider import NO_PROVIDER, NoProvider, Provider
from services.intake.domain.delivery import Outcome
from tests.waiting import until

PHONE, OPENID, TEXT = "13800004001", "oProvider-demo-0000000000001", "新牌已安装到位。"
SECONDS = 0.4


@asynccontextmanager
async def stand_in(
    file: Path, fault: Fault | None = None, *, channel: str = "SMS", lookup: bool = True, dedupes: bool = False
) -> AsyncIterator[Provider]:
    """One that makes this fault with every message, as this channel."""
    ledger = Ledger(file)
    conduct = Conduct(frozenset({channel} if lookup else ()), frozenset({channel} if dedupes else ()))
    app = app_of(ledger, Faults({fault: 1.0} if fault else {}, seed=1), conduct)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="off", timeout_graceful_shutdown=0))
    serving = asyncio.create_task(server.serve())

    async def started() -> bool:
        return server.started

    await until(started, within=10, what="the stand-in")
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Provider(f"http://127.0.0.1:{port}", channel, SECONDS, knows_references=lookup)
    finally:
        server.should_exit = True
        await serving
        ledger.close()


@pytest.mark.parametrize(
    ("fault", "result", "reason", "told"),
    [
        (None, "sent", None, 1),
        ("silent", "unknown", "no_answer", 1),
        ("lost", "unknown", "no_answer", 0),
        ("busy", "busy", "rate_limit", 0),
        ("down", "trouble", "not_in_service", 0),
        ("broken", "unknown", "unclear_answer", 1),
        ("nonsense", "unknown", "unclear_answer", 1),
        ("nobody", "failed", "no_such_number", 0),
    ],
)
async def test_nothing_that_was_accepted_is_taken_for_refused(
    tmp_path: Path, fault: Fault | None, result: str, reason: str | None, told: int
) -> None:
    async with stand_in(tmp_path / "ledger", fault) as provider:
        outcome = await provider.send("d1", "g1", PHONE, TEXT)
        assert (outcome.result, outcome.reason) == (result, reason)
        assert outcome.after.total_seconds() == (1 if fault == "busy" else 0)
        assert len(entries(tmp_path / "ledger")) == told
        assert await provider.ask("d1") == (Outcome("sent") if told else Outcome("trouble", "not_accepted"))


async def test_who_does_not_follow_the_service_account_is_refused_for_good(tmp_path: Path) -> None:
    async with stand_in(tmp_path / "ledger", "nobody", channel="WECHAT") as provider:
        assert await provider.send("d1", "g1", OPENID, TEXT) == Outcome("failed", "not_subscribed")


async def test_a_message_that_is_too_long_is_refused_for_good(tmp_path: Path) -> None:
    async with stand_in(tmp_path / "ledger") as provider:
        assert await provider.send("d1", "g1", PHONE, "答" * (WORDS + 1)) == Outcome("failed", "malformed")
        assert await provider.ask("d1") == Outcome("trouble", "not_accepted")


async def test_a_provider_without_look_ups_leaves_it_unknown(tmp_path: Path) -> None:
    async with stand_in(tmp_path / "ledger", lookup=False) as provider:
        await provider.send("d1", "g1", PHONE, TEXT)
        assert (await provider.ask("d1")).result == "unknown"


@pytest.mark.parametrize(("dedupes", "told"), [(False, 2), (True, 1)])
async def test_the_stand_in_sends_a_reference_as_often_as_it_comes_unless_it_is_told_not_to(
    tmp_path: Path, dedupes: bool, told: int
) -> None:
    async with stand_in(tmp_path / "ledger", dedupes=dedupes) as provider:
        for _ in range(2):
            assert (await provider.send("d1", "g1", PHONE, TEXT)).result == "sent"
        assert len(entries(tmp_path / "ledger")) == told


@pytest.mark.parametrize(("channel", "address"), [("SMS", PHONE), ("WECHAT", OPENID)])
async def test_neither_address_nor_words_are_in_the_ledger(tmp_path: Path, channel: str, address: str) -> None:
    async with stand_in(tmp_path / "ledger", channel=channel) as provider:
        await provider.send("d1", "g1", address, TEXT)
        await provider.send("d2", "g1", address, TEXT)
    held = bytes_in(tmp_path)
    assert b"d1" in held
    assert address.encode() not in held
    assert TEXT.encode() not in held
    assert len({entry.recipient for entry in entries(tmp_path / "ledger")}) == 1


def bytes_in(directory: Path) -> bytes:
    return b"".join(file.read_bytes() for file in directory.iterdir())


async def test_where_nobody_listens_nothing_was_sent() -> None:
    async with answering(lambda: b"") as url:
        pass
    provider = Provider(url, "SMS", SECONDS, knows_references=True)
    assert await provider.send("d1", "g1", PHONE, TEXT) == Outcome("trouble", "no_connection")
    assert await provider.ask("d1") == Outcome("unknown", "no_answer")


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (b"", Outcome("unknown", "no_answer")),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{", Outcome("unknown", "no_answer")),
        (b"SMTP 220 hello\r\n\r\n", Outcome("unknown", "no_answer")),
        (b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n", Outcome("unknown", "unclear_answer")),
        (b"HTTP/1.1 504 Gone\r\ncontent-length: 0\r\n\r\n", Outcome("unknown", "unclear_answer")),
        (b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", Outcome("unknown", "unclear_answer")),
        (b"HTTP/1.1 413 No\r\ncontent-length: 0\r\n\r\n", Outcome("failed", "too_long")),
        (b'HTTP/1.1 500 No\r\ncontent-length: 20\r\n\r\n{"code":"malformed"}', Outcome("unknown", "unclear_answer")),
        (b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n", Outcome("trouble", "we_are_refused")),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n[{}]", Outcome("unknown", "unclear_answer")),
    ],
)
async def test_an_answer_that_makes_no_sense_says_nothing_of_the_message(answer: bytes, outcome: Outcome) -> None:
    async with answering(lambda: answer) as url:
        assert await Provider(url, "SMS", SECONDS, knows_references=True).send("d1", "g1", PHONE, TEXT) == outcome


async def test_a_providers_own_words_go_no_further() -> None:
    body = json.dumps({"code": f"blocked {PHONE}"}).encode()
    said = b"HTTP/1.1 422 No\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
    async with answering(lambda: said) as url:
        outcome = await Provider(url, "SMS", SECONDS, knows_references=True).send("d1", "g1", PHONE, TEXT)
    assert PHONE not in repr(outcome)


async def test_without_a_provider_it_waits() -> None:
    outcome = await NoProvider().send("d1", "g1", PHONE, TEXT)
    assert (outcome.result, outcome.reason) == ("busy", NO_PROVIDER)
    assert outcome.after.total_seconds() > 0


@asynccontextmanager
async def answering(answer: Callable[[], bytes]) -> AsyncIterator[str]:
    """A server that reads a request and says this."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
