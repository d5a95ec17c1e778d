"""What the gateway does when there is too much, when clients go, and when it is told to stop."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from tests.gateway.front import ONE, ONE_ID, TIMEOUT, Front, front_before
from tests.gateway.stand_in import StandIn, Subgraphs, never, well
from tests.waiting import until


@pytest.mark.timeout(180)
async def test_ten_times_what_it_can_take_is_refused_at_once_and_what_it_took_is_answered(subgraphs: Subgraphs, tmp_path: Path) -> None:
    most = 20
    release = asyncio.Event()

    async def when_released(subgraph: StandIn, body: bytes, writer: asyncio.StreamWriter) -> bool:
        await release.wait()
        return await well(subgraph, body, writer)

    async with front_before(subgraphs, tmp_path, max_requests=most, subgraph_timeout_seconds=60) as front:
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

    async with front_before(subgraphs, tmp_path, subgraph_timeout_seconds=60) as front:
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
