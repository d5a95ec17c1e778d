"""What the gateway does when subgraphs and connections fail: over real HTTP, in a process of its own."""

from __future__ import annotations

import asyncio
import time

import orjson
import psutil
import pytest

from tests.gateway.front import ACCEPT, ANSWER_BYTES, ONE, ONE_ID, TIMEOUT, Front, without_routing
from tests.gateway.stand_in import Behaviour, StandIn, Subgraphs, closing, http, never, saying, well
from tests.waiting import until


@pytest.fixture(autouse=True)
async def whole_before(front: Front, subgraphs: Subgraphs) -> None:
    """Each test begins with a gateway that misses nobody: what the one before has left it thinking of a subgraph is not its matter."""

    async def whole() -> bool:
        return "errors" not in await front.ask(ONE, ONE_ID)

    await until(whole, within=5, what="a whole answer")
    subgraphs.forget()


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
@pytest.mark.slow
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
