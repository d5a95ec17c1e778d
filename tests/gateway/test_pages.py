"""Pages that a service has beside its graph, passed through a gateway process: what is passed on, what is kept back, what is refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.ports import Ports
from gateway.guard import Doorkeeper, Rules
from gateway.http_client import HttpAnswer
from gateway.pages import PLACES, Pages
from gateway.rates import rates_of
from gateway.settings import GatewaySettings
from shared.identity.viewer import ANONYMOUS, Viewer
from tests.gateway.front import Front, front_before
from tests.gateway.stand_in import Subgraphs

TOKEN = "s3cr3t_" + "x" * 36
OPEN311, NUMBER = "/open311/v2/requests/", "370881-20200605-4820171"
PORTS = Ports()
ANSWER = (
    b"HTTP/1.1 303 See Other\r\ncontent-type: text/html; charset=utf-8\r\nlocation: ?lang=zh\r\nset-cookie: a=b\r\nserver: uvicorn\r\n"
    b"cache-control: no-store\r\nreferrer-policy: no-referrer\r\ncontent-length: 2\r\n\r\nok"
)


@dataclass
class Service:
    """Answers every request alike, and keeps what came."""

    requests: list[tuple[str, bytes]] = field(default_factory=list)
    port: int = field(default_factory=PORTS.any)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/inside/graphql"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
                self.requests.append((head.decode("latin-1"), await reader.readexactly(length)))
                writer.write(ANSWER)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def service() -> AsyncIterator[Service]:
    made = Service()
    server = await asyncio.start_server(made.serve, "127.0.0.1", made.port)
    try:
        yield made
    finally:
        server.close()


@pytest.fixture(scope="module")
async def pages(stand_ins: Subgraphs, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Front, Service, Path]]:
    folder = tmp_path_factory.mktemp("pages")
    async with service() as feedback:
        # One for both that have pages.
        subgraphs: Any = {**stand_ins, "feedback": feedback, "intake": feedback}
        async with front_before(subgraphs, folder) as front:
            yield front, feedback, folder


async def test_a_page_is_passed_through_with_what_it_needs_to_know_alone(pages: tuple[Front, Service, Path]) -> None:
    front, feedback, folder = pages
    secrets = {"authorization": "Bearer secret", "cookie": "session=secret", "x-api-key": "secret", "x-forwarded-for": "6.6.6.6"}
    told = {"accept-language": "en", "sec-fetch-site": "same-origin"}
    async with front.session.post(
        f"{front.service.url}/s/{TOKEN}?lang=en", data={"resolved": "yes"}, headers={**secrets, **told}, allow_redirects=False
    ) as response:
        assert (response.status, await response.read(), response.headers["location"]) == (303, b"ok", "?lang=zh")
        assert response.headers["referrer-policy"] == "no-referrer"
        assert response.headers["cache-control"] == "no-store"
        assert "set-cookie" not in response.headers
    head, body = feedback.requests[-1]
    assert head.startswith(f"POST /inside/s/{TOKEN}?lang=en HTTP/1.1\r\n")
    assert body == b"resolved=yes"
    names = {line.partition(":")[0] for line in head.split("\r\n")[1:] if line}
    assert names == {"host", "accept-language", "content-type", "sec-fetch-site", "minyi-origin", "content-length"}
    assert "secret" not in head.replace(TOKEN, "")
    async with front.session.get(f"{front.service.url}/s/{TOKEN}", allow_redirects=False) as response:
        assert response.status == 303
    assert feedback.requests[-1][0].startswith(f"GET /inside/s/{TOKEN} HTTP/1.1\r\n")

    async with front.session.get(f"{front.service.url}/metrics") as response:
        metrics = await response.text()
    assert 'minyi_gateway_pages_total{status="303"}' in metrics
    log = "".join([file.read_text() for file in folder.rglob("*.log")])
    assert TOKEN not in metrics + log


async def test_open311_is_passed_through_too(pages: tuple[Front, Service, Path]) -> None:
    front, intake, folder = pages
    headers = {"authorization": "Bearer secret"}
    async with front.session.get(
        f"{front.service.url}{OPEN311}{NUMBER}.json?jurisdiction_id=a", headers=headers, allow_redirects=False
    ) as response:
        assert (response.status, response.headers["cache-control"]) == (303, "no-store")
    head, _body = intake.requests[-1]
    assert head.startswith(f"GET /inside{OPEN311}{NUMBER}.json?jurisdiction_id=a HTTP/1.1\r\n")
    assert "secret" not in head
    assert NUMBER not in "".join([file.read_text() for file in folder.rglob("*.log")])


@pytest.mark.parametrize(
    ("method", "path", "size", "status"),
    [
        ("GET", "/s/", 0, 404),
        ("GET", "/s/a/b", 0, 404),
        ("GET", "/s/..%2Fmetrics", 0, 404),
        ("GET", "/s/%E6%B0%91", 0, 404),
        ("GET", f"/s/{'x' * 101}", 0, 404),
        ("PUT", f"/s/{TOKEN}", 0, 405),
        ("HEAD", f"/s/{TOKEN}", 0, 405),
        ("POST", f"/s/{TOKEN}", 40_000, 413),
        ("GET", OPEN311, 0, 404),
        ("GET", f"{OPEN311}a/b.json", 0, 404),
        ("GET", f"{OPEN311}{NUMBER}.html", 0, 404),
        ("GET", f"{OPEN311}..%2Fmetrics.json", 0, 404),
        ("POST", f"{OPEN311}{NUMBER}.json", 0, 405),
    ],
)
async def test_what_is_no_page_never_reaches_the_service(
    pages: tuple[Front, Service, Path], method: str, path: str, size: int, status: int
) -> None:
    front, feedback, _ = pages
    before = len(feedback.requests)
    async with front.session.request(method, front.service.url + path, data=b"x" * size or None) as response:
        assert response.status == status
        assert response.headers["cache-control"] == "no-store"
    assert len(feedback.requests) == before


async def test_a_service_that_is_down_is_told_in_both_languages_and_asked_again(front: Front, subgraphs: Subgraphs) -> None:
    await subgraphs["feedback"].stop()
    async with front.session.get(f"{front.service.url}/s/{TOKEN}") as response:
        assert response.status == 503
        assert response.headers["content-type"].startswith("text/plain")
        words = await response.text()
    await subgraphs["feedback"].start()
    assert "暂时无法打开" in words
    assert "try again" in words


class Client:
    """Has every page."""

    async def page(self, service: str, method: str, path: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        return HttpAnswer(200, [(b"content-type", b"text/html")], headers["minyi-origin"].encode())


async def nobody(authorization: str | None) -> Viewer:
    assert authorization is None
    return ANONYMOUS


async def test_each_address_asks_for_so_many_pages_and_no_more() -> None:
    settings = GatewaySettings(rate_of_pages="3/minute")
    unused: Any = None
    door = Doorkeeper(nobody, unused, unused, rates_of(settings), Rules(forwarded_by=1))
    client: Any = Client()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(Pages(client, PLACES[0], door)), base_url="http://front") as browser:

        async def ask(address: str) -> httpx.Response:
            headers = {"x-forwarded-for": address, "authorization": "Bearer not-looked-at"}
            return await browser.get(f"/s/{TOKEN}", headers=headers)

        answers = [await ask("10.0.0.1") for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
        assert answers[0].text == "10.0.0.1"
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert "请求过于频繁" in answers[-1].text
        assert "Too many requests" in answers[-1].text
        assert (await ask("10.0.0.2")).status_code == 200
