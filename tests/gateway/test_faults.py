"""What the gateway does when subgraphs fail, when clients go, and when there is too much: over real HTTP, in a process of its own."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import psutil
import pytest

from deploy.local.service import Service
from tests.gateway.stand_in import Behaviour, StandIn, Subgraphs, closing, gateway_before, http, never, saying, three_subgraphs, well
from tests.waiting import until

TIMEOUT = 1.0
ANSWER_BYTES = 2_000_000
ONE = """query($id: ID!) { grievance(id: $id) { subject progress: status case { dueAt } reply { text } survey { resolved } } }"""
LIST = "{ grievances(first: 20) { edges { node { id status } } } }"
ACCEPT = """mutation($input: AcceptWorkOrderInput!) { acceptWorkOrder(input: $input) { __typename ... on Case { id } } }"""
ONE_ID = {"id": "0b7e6a34-5d6f-5a41-8c1d-2f0a9f3c1e55"}


@dataclass
class Front:
    """A gateway, as a client sees it."""

    service: Service
    session: aiohttp.ClientSession

    async def ask(self, query: str, variables: Mapping[str, Any] | None = None, **headers: str) -> dict[str, Any]:
        async with self.post(query, variables, **headers) as response:
            assert response.status == 200, await response.text()
            return dict(await response.json(content_type=None))

    def post(self, query: str, variables: Mapping[str, Any] | None = None, **headers: str) -> Any:
        return self.session.post(f"{self.service.url}/graphql", json={"query": query, "variables": variables}, headers=headers)

    async def live(self) -> bool:
        try:
            async with self.session.get(f"{self.service.url}/livez") as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False

    async def in_hand(self) -> int:
        async with self.session.get(f"{self.service.url}/metrics") as response:
            found = re.search(r"^minyi_gateway_requests_in_hand (\S+)$", await response.text(), re.MULTILINE)
        assert found is not None
        return int(float(found[1]))


@pytest.fixture(scope="module")
async def subgraphs() -> AsyncIterator[Subgraphs]:
    async with three_subgraphs() as started:
        yield started


@pytest.fixture(autouse=True)
def _well_again(subgraphs: Subgraphs) -> None:
    subgraphs.forget()


@pytest.fixture(scope="module")
async def front(subgraphs: Subgraphs, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Front]:
    async with _front(subgraphs, tmp_path_factory.mktemp("gateway")) as started:
        yield started


@asynccontextmanager
async def _front(subgraphs: Subgraphs, logs: Path, **settings: object) -> AsyncIterator[Front]:
    settings = {"subgraph_timeout_seconds": TIMEOUT, "max_answer_bytes": ANSWER_BYTES, **settings}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        with gateway_before(subgraphs, logs, **settings) as service:
            front = Front(service, session)
            await until(front.live, within=60, what="the gateway")
            yield front


def without_routing(answer: dict[str, Any], code: str) -> None:
    """Nothing is missing but routing's part, and the error says so: where, why, and whose fault."""
    grievance = answer["data"]["grievance"]
    assert (grievance["progress"], grievance["case"]) == (None, None)
    assert grievance["subject"]
    assert grievance["reply"]["text"]
    errors = {tuple(error["path"]): error["extensions"] for error in answer["errors"]}
    assert set(errors) == {("grievance", "progress"), ("grievance", "case")}
    for extensions in errors.values():
        assert (extensions["code"], extensions["service"]) == (code, "routing")
        assert re.search("[一-鿿]", extensions["messageZh"])


# --- one subgraph fails ---------------------------------------------------------------------------------------------


async def test_a_subgraph_that_is_down_takes_only_its_own_part_and_is_found_again(front: Front, subgraphs: Subgraphs) -> None:
    await subgraphs["routing"].stop()
    begun = time.monotonic()
    for _ in range(20):
        without_routing(await front.ask(ONE, ONE_ID), "SUBGRAPH_UNAVAILABLE")
    assert time.monotonic() - begun < 20 * TIMEOUT, "nobody waits for what refuses connections"
    await subgraphs["routing"].start()

    async def whole() -> bool:
        return "errors" not in await front.ask(ONE, ONE_ID)

    await until(whole, within=5, what="the subgraph that is back")


async def test_a_slow_subgraph_is_not_waited_for_beyond_its_time(front: Front, subgraphs: Subgraphs) -> None:
    subgraphs["routing"].behaviour = never
    begun = time.monotonic()
    without_routing(await front.ask(ONE, ONE_ID), "SUBGRAPH_TIMEOUT")
    assert TIMEOUT <= time.monotonic() - begun < 3 * TIMEOUT

    async def given_up() -> bool:
        return subgraphs["routing"].given_up == 1

    await until(given_up, what="the connection of the request that took too long being closed")
    assert len(subgraphs["routing"].requests) == 1, "a slow answer is no reason to ask twice"


async def test_after_some_who_waited_in_vain_nobody_waits_any_more(front: Front, subgraphs: Subgraphs) -> None:
    subgraphs["routing"].behaviour = never
    for each in await asyncio.gather(*(front.ask(ONE, ONE_ID, authorization=f"Bearer viewer-{viewer}") for viewer in range(5))):
        without_routing(each, "SUBGRAPH_TIMEOUT")
    begun = time.monotonic()
    without_routing(await front.ask(ONE, ONE_ID), "SUBGRAPH_UNAVAILABLE")
    assert time.monotonic() - begun < TIMEOUT / 2
    subgraphs["routing"].behaviour = well

    async def whole() -> bool:
        return "errors" not in await front.ask(ONE, ONE_ID)

    await until(whole, within=5, what="the subgraph that answers again")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (http(b'{"data": {"_entities": [{"status": "HAND'), "SUBGRAPH_MALFORMED"),
        (http(b"\xff\xfe"), "SUBGRAPH_MALFORMED"),
        (http(b""), "SUBGRAPH_MALFORMED"),
        (http(b"[]"), "SUBGRAPH_MALFORMED"),
        (http(b"{}"), "SUBGRAPH_MALFORMED"),
        (http(b'{"data": 5}'), "SUBGRAPH_MALFORMED"),
        (http(b'{"data": null}'), "SUBGRAPH_MALFORMED"),
        (http(b'{"data": {"_entities": {}}}'), "SUBGRAPH_MALFORMED"),
        (http(b'{"data": {"_entities": []}}'), "SUBGRAPH_MALFORMED"),
        (http(b"<h1>Bad Gateway</h1>", status="502 Bad Gateway", content_type="text/html"), "SUBGRAPH_HTTP_ERROR"),
        (http(b"", "location: http://127.0.0.1:1/", status="302 Found", content_type="text/html"), "SUBGRAPH_HTTP_ERROR"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "SUBGRAPH_MALFORMED"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}", "SUBGRAPH_MALFORMED"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", "SUBGRAPH_MALFORMED"),
    ],
)
async def test_what_is_no_answer_is_said_to_be_none(front: Front, subgraphs: Subgraphs, answer: bytes, code: str) -> None:
    subgraphs["routing"].behaviour = saying(answer)
    without_routing(await front.ask(ONE, ONE_ID), code)
    subgraphs.forget()
    assert "errors" not in await front.ask(ONE, ONE_ID), "the connection of a broken answer serves no other request"


@pytest.mark.parametrize("entity", [5, "text", [], {"status": 5, "case": 5}, {"status": "NO_SUCH_STATUS", "case": [None]}])
async def test_a_value_of_the_wrong_shape_is_null_and_named(front: Front, subgraphs: Subgraphs, entity: object) -> None:
    subgraphs["routing"].behaviour = saying(http(orjson.dumps({"data": {"_entities": [entity]}})))
    answer = await front.ask(ONE, ONE_ID)
    assert answer["data"]["grievance"]["subject"]
    assert (answer["data"]["grievance"]["progress"], answer["data"]["grievance"]["case"]) == (None, None)


async def test_a_huge_answer_takes_neither_memory_nor_time(front: Front, subgraphs: Subgraphs) -> None:
    async def endless(subgraph: StandIn, _body: bytes, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")
        chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        while True:
            writer.write(chunk)
            await writer.drain()

    await front.ask(ONE, ONE_ID)
    assert front.service.process.pid is not None
    memory = psutil.Process(front.service.process.pid).memory_info
    before = memory().rss
    declared = closing(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 10000000000\r\n\r\n ")
    for behaviour in (endless, declared):
        subgraphs["routing"].behaviour = behaviour
        for _ in range(20):
            without_routing(await front.ask(ONE, ONE_ID), "SUBGRAPH_ANSWER_TOO_LARGE")
    assert memory().rss - before < 4 * ANSWER_BYTES, "nothing of forty that were refused is kept"


# --- connections ----------------------------------------------------------------------------------------------------


async def test_a_connection_that_was_closed_while_nobody_used_it_is_not_used(front: Front, subgraphs: Subgraphs) -> None:
    for _ in range(10):
        # The answer is whole, but this connection was closed right behind it and no header said so.
        subgraphs["routing"].next = [_closing_well()]
        assert "errors" not in await front.ask(ONE, ONE_ID)
        assert "errors" not in await front.ask(ONE, ONE_ID)


def _closing_well() -> Behaviour:
    async def close(subgraph: StandIn, body: bytes, writer: asyncio.StreamWriter) -> bool:
        await well(subgraph, body, writer)
        return False

    return close


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\ncontent-le", http(b'{"data": {}}')[:-3]])
async def test_a_query_whose_connection_breaks_is_sent_once_more(front: Front, subgraphs: Subgraphs, said: bytes) -> None:
    subgraphs["routing"].next = [closing(said)]
    assert "errors" not in await front.ask(ONE, ONE_ID)
    assert len(subgraphs["routing"].requests) == 2
    subgraphs.forget()
    subgraphs["routing"].next = [closing(said), closing(said)]
    without_routing(await front.ask(ONE, ONE_ID), "SUBGRAPH_UNAVAILABLE")
    assert len(subgraphs["routing"].requests) == 2, "once, not for ever"


async def test_a_half_closed_connection_is_taken_as_closed(front: Front, subgraphs: Subgraphs) -> None:
    async def half(subgraph: StandIn, _body: bytes, writer: asyncio.StreamWriter) -> bool:
        writer.write_eof()
        await subgraph.other_side_closed(writer)
        return False

    subgraphs["routing"].next = [half]
    begun = time.monotonic()
    assert "errors" not in await front.ask(ONE, ONE_ID)
    assert time.monotonic() - begun < TIMEOUT
    assert subgraphs["routing"].given_up == 1


async def test_a_mutation_is_sent_once_whatever_happens(front: Front, subgraphs: Subgraphs) -> None:
    subgraphs["routing"].behaviour = closing()
    answer = await front.ask(ACCEPT, {"input": {"requestId": "r-1", "grievanceId": ONE_ID["id"]}})
    assert len(subgraphs["routing"].requests) == 1
    assert answer["errors"][0]["extensions"]["code"] == "SUBGRAPH_UNAVAILABLE"
    assert answer["errors"][0]["path"] == ["acceptWorkOrder"]


@pytest.mark.timeout(180)
async def test_a_subgraph_that_restarts_under_load_is_missed_only_while_it_is_away(front: Front, subgraphs: Subgraphs) -> None:
    running = True
    counted = {"whole": 0, "partial": 0}

    async def keep_asking(viewer: int) -> None:
        while running:
            answer = await front.ask(ONE, ONE_ID, authorization=f"Bearer viewer-{viewer}")
            if "errors" in answer:
                without_routing(answer, "SUBGRAPH_UNAVAILABLE")
            counted["partial" if "errors" in answer else "whole"] += 1

    async def more(kind: str, number: int) -> None:
        wanted = counted[kind] + number

        async def reached() -> bool:
            return counted[kind] >= wanted or any(client.done() for client in clients)

        await until(reached, within=60, what=f"{number} {kind} answers")

    clients = [asyncio.create_task(keep_asking(viewer)) for viewer in range(16)]
    try:
        for _ in range(5):
            await more("whole", 100)
            await subgraphs["routing"].stop()
            await more("partial", 30)
            await subgraphs["routing"].start()
        await more("whole", 100)
    finally:
        running = False
        await asyncio.gather(*clients)
    assert "errors" not in await front.ask(ONE, ONE_ID)


# --- too much, and clients that go ----------------------------------------------------------------------------------


@pytest.mark.timeout(180)
async def test_ten_times_what_it_can_take_is_refused_at_once_and_what_it_took_is_answered(subgraphs: Subgraphs, tmp_path: Path) -> None:
    most = 20
    release = asyncio.Event()

    async def when_released(subgraph: StandIn, body: bytes, writer: asyncio.StreamWriter) -> bool:
        await release.wait()
        return await well(subgraph, body, writer)

    async with _front(subgraphs, tmp_path, max_requests=most, subgraph_timeout_seconds=60) as front:
        subgraphs["intake"].behaviour = when_released
        refused: list[str] = []

        async def one(viewer: int) -> int:
            async with front.post(ONE, ONE_ID, authorization=f"Bearer viewer-{viewer}") as response:
                answer = await response.json(content_type=None)
                if response.status == 503:
                    assert response.headers["retry-after"] == "1"
                    assert answer["errors"][0]["extensions"]["code"] == "OVERLOADED"
                    refused.append(answer["errors"][0]["extensions"]["messageZh"])
                else:
                    assert "errors" not in answer
                return int(response.status)

        clients = [asyncio.create_task(one(viewer)) for viewer in range(10 * most)]

        async def all_refused() -> bool:
            return len(refused) == 9 * most

        await until(all_refused, what="the refusal of all that is too much, while the rest is still in hand")
        assert await front.in_hand() == most
        release.set()
        statuses = await asyncio.gather(*clients)
        assert (statuses.count(200), statuses.count(503)) == (most, 9 * most)
        assert await one(0) == 200, "afterwards it takes more"


async def test_the_work_for_a_client_that_has_gone_is_stopped(front: Front, subgraphs: Subgraphs) -> None:
    for each in ("routing", "feedback"):
        subgraphs[each].behaviour = never
    asked = asyncio.create_task(front.ask(ONE, ONE_ID))

    async def both_asked() -> bool:
        return all(subgraphs[each].requests for each in ("routing", "feedback"))

    await until(both_asked, what="the requests to the subgraphs")
    begun = time.monotonic()
    asked.cancel()

    async def stopped() -> bool:
        return all(subgraphs[each].given_up == 1 for each in ("routing", "feedback")) and await front.in_hand() == 0

    await until(stopped, within=TIMEOUT, what="the end of both")
    assert time.monotonic() - begun < TIMEOUT


async def test_who_shares_a_fetch_with_a_client_that_goes_is_answered_all_the_same(front: Front, subgraphs: Subgraphs) -> None:
    release = asyncio.Event()

    async def when_released(subgraph: StandIn, body: bytes, writer: asyncio.StreamWriter) -> bool:
        await release.wait()
        return await well(subgraph, body, writer)

    subgraphs["routing"].behaviour = when_released
    leaver = asyncio.create_task(front.ask(ONE, ONE_ID))

    async def asked(times: int) -> None:
        async def look() -> bool:
            return len(subgraphs["routing"].requests) == times

        await until(look, what=f"request {times} to routing")

    async def in_hand(count: int) -> None:
        async def look() -> bool:
            return await front.in_hand() == count

        await until(look, what=f"{count} requests in hand")

    await asked(1)
    stayer = asyncio.create_task(front.ask(ONE, ONE_ID))
    await in_hand(2)
    leaver.cancel()
    await in_hand(1)
    await asked(2)
    release.set()
    assert "errors" not in await stayer


async def test_a_gateway_that_is_told_to_stop_answers_what_it_has_in_hand(subgraphs: Subgraphs, tmp_path: Path) -> None:
    release = asyncio.Event()

    async def when_released(subgraph: StandIn, body: bytes, writer: asyncio.StreamWriter) -> bool:
        await release.wait()
        return await well(subgraph, body, writer)

    async with _front(subgraphs, tmp_path, subgraph_timeout_seconds=60) as front:
        subgraphs["routing"].behaviour = when_released
        asked = asyncio.create_task(front.ask(ONE, ONE_ID))

        async def in_hand() -> bool:
            return await front.in_hand() == 1

        await until(in_hand, what="the request")
        stopping = asyncio.create_task(asyncio.to_thread(front.service.stop))

        async def takes_no_more() -> bool:
            return not await front.live()

        await until(takes_no_more, what="the gateway to take no more")
        release.set()
        assert "errors" not in await asked
        await stopping


# --- what subgraphs say beside data ---------------------------------------------------------------------------------


async def test_a_subgraphs_errors_arrive_intact_in_the_clients_terms(front: Front, subgraphs: Subgraphs) -> None:
    said = {
        "message": "办件已撤销 · withdrawn",
        "path": ["_entities", 0, "progress"],
        "extensions": {"code": "FORBIDDEN", "reason": "ACCUSED_DEPARTMENT", "messageZh": "无权查看", "more": {"since": 3}},
    }
    asked: list[str] = []

    async def refuse(subgraph: StandIn, body: bytes, writer: asyncio.StreamWriter) -> bool:
        document = orjson.loads(body)["query"]
        asked.append(document)
        data = orjson.loads(subgraph.canned.answer(body))["data"]
        data["_entities"][0]["progress"] = None
        # As a strict subgraph would: an error with the status of an error.
        writer.write(http(orjson.dumps({"data": data, "errors": [said]}), status="403 Forbidden"))
        return True

    subgraphs["routing"].behaviour = refuse
    answer = await front.ask(ONE, ONE_ID)
    assert "progress: status" in asked[0]
    error = answer["errors"].pop()
    assert answer["errors"] == []
    assert (error["message"], error["path"]) == (said["message"], ["grievance", "progress"])
    assert error["extensions"] == {**said["extensions"], "service": "routing"}
    assert answer["data"]["grievance"]["case"]["dueAt"]


async def test_errors_in_a_list_name_the_rows_that_they_are_about(front: Front, subgraphs: Subgraphs) -> None:
    async def refuse(subgraph: StandIn, body: bytes, writer: asyncio.StreamWriter) -> bool:
        data = orjson.loads(subgraph.canned.answer(body))["data"]
        errors = [{"message": "no", "path": ["_entities", at, "status"], "extensions": {"code": "FORBIDDEN"}} for at in (3, 7)]
        for at in (3, 7):
            data["_entities"][at]["status"] = None
        writer.write(http(orjson.dumps({"data": data, "errors": errors})))
        return True

    subgraphs["routing"].behaviour = refuse
    answer = await front.ask(LIST)
    assert [error["path"] for error in answer["errors"]] == [["grievances", "edges", at, "node", "status"] for at in (3, 7)]
    assert answer["data"]["grievances"]["edges"][4]["node"]["status"]


async def test_a_cookie_is_given_to_one_client_only(front: Front, subgraphs: Subgraphs) -> None:
    given = iter(range(100))
    release = asyncio.Event()

    async def new_session(subgraph: StandIn, body: bytes, writer: asyncio.StreamWriter) -> bool:
        await release.wait()
        writer.write(http(subgraph.canned.answer(body), f"set-cookie: session={next(given)}"))
        return True

    subgraphs["routing"].behaviour = new_session

    async def cookie() -> str:
        async with front.post(ONE, ONE_ID) as response:
            assert "errors" not in await response.json()
            return str(response.headers["set-cookie"])

    clients = [asyncio.create_task(cookie()) for _ in range(5)]

    async def all_wait() -> bool:
        return await front.in_hand() == 5 and len(subgraphs["routing"].requests) == 1

    await until(all_wait, what="five that ask the same, of whom one was sent on")
    release.set()
    assert sorted(await asyncio.gather(*clients)) == [f"session={number}" for number in range(5)]


async def test_cookies_of_all_subgraphs_arrive_and_the_strictest_caching_holds(front: Front, subgraphs: Subgraphs) -> None:
    def adding(*headers: str) -> Behaviour:
        async def answer(subgraph: StandIn, body: bytes, writer: asyncio.StreamWriter) -> bool:
            writer.write(http(subgraph.canned.answer(body), *headers))
            return True

        return answer

    async def asked(intake: Behaviour, routing: Behaviour, feedback: Behaviour) -> Any:
        for name, behaviour in (("intake", intake), ("routing", routing), ("feedback", feedback)):
            subgraphs[name].behaviour = behaviour
        async with front.post(ONE, ONE_ID) as response:
            await response.read()
            return response.headers

    headers = await asked(adding("set-cookie: a=1; Path=/"), well, adding("Set-Cookie: b=2", "set-cookie: c=3", "x-secret: 1"))
    assert sorted(headers.getall("set-cookie")) == ["a=1; Path=/", "b=2", "c=3"]
    assert headers["cache-control"] == "no-store"
    assert "x-secret" not in headers
    an_hour, a_minute = adding("cache-control: private, max-age=3600"), adding("cache-control: max-age=60, must-revalidate, public")
    headers = await asked(an_hour, a_minute, an_hour)
    assert headers["cache-control"] == "private, max-age=60, must-revalidate"
    assert headers["vary"] == "accept, authorization, minyi-after"
    assert (await asked(an_hour, well, an_hour))["cache-control"] == "no-store", "who says nothing has allowed nothing"
    assert (await asked(an_hour, closing(), an_hour))["cache-control"] == "no-store", "a part is missing"
