"""The link that the petitioner is sent, through the gateway, over real processes: not satisfied, handled again, asked again, closed."""

from __future__ import annotations

import aiohttp
import pytest

from deploy.local.service import Service
from tests.journeys.links import reported
from tests.journeys.system import System

UNHAPPY = {"resolved": "no", "satisfied": "DISSATISFIED", "reason": "字还是看不清。", "anonymous": "yes", "seen": "0"}
HAPPY = {"resolved": "yes", "satisfied": "VERY_SATISFIED", "reason": "", "seen": "0"}
SURVEY = "survey { round state channel answeredBy answeredAt resolved satisfied reason anonymousToHandlers }"
NOTHING_OF_IT = {"channel": None, "answeredBy": None, "answeredAt": None, "resolved": None, "satisfied": None}


@pytest.mark.row("S54")
@pytest.mark.row("S55")
async def test_who_says_on_the_page_that_it_is_not_done_has_it_handled_again_and_is_asked_again(
    journey: System, journey_gateway: Service
) -> None:
    system, gateway = journey, journey_gateway
    id = (await system.register("link"))["grievance"]["id"]
    link = await reported(system, gateway, "link", id)
    async with aiohttp.ClientSession() as session:

        async def get(address: str) -> tuple[int, str]:
            async with session.get(address) as response:
                return response.status, await response.text()

        shown, page = await get(link)
        assert (shown, "指示牌已更换。" in page) == (200, True)
        # What is no link of anybody's says no more than one whose time is over.
        forged, _ = await get(f"{link[:-4]}AAAA")
        assert forged == 404
        async with session.post(link, data=UNHAPPY, allow_redirects=False) as response:
            assert response.status == 303
        thanked, page = await get(link)
        assert (thanked, "已收到您的评价" in page) == (200, True)

        await system.until_status(id, "HANDLING")
        own = (await system.entity("feedback", "resident", id, SURVEY))["survey"]
        assert (own["state"], own["channel"], own["satisfied"], own["reason"]) == ("ANSWERED", "LINK", "DISSATISFIED", "字还是看不清。")
        theirs = (await system.entity("feedback", "handler", id, SURVEY))["survey"]
        assert theirs == {"round": 1, "state": "ANSWERED", "reason": "字还是看不清。", "anonymousToHandlers": True, **NOTHING_OF_IT}

        again = await reported(system, gateway, "link", id, round=2)
        assert again != link
        # The message is there before feedback knows of it; until then the first answer may be changed.
        await system.until_asked(id)
        assert await get(link) == (404, (await get(f"{link[:-4]}AAAA"))[1])
        async with session.post(again, data=HAPPY, allow_redirects=False) as response:
            assert response.status == 303
        await system.until_status(id, "CLOSED")
        # Thought better of: handled a third time, while the answer may be changed.
        async with session.post(again, data={**UNHAPPY, "seen": "1"}, allow_redirects=False) as response:
            assert response.status == 303
        await system.until_status(id, "HANDLING")
    history = (await system.entity("routing", "handler", id, "case { reworks history { action } }"))["case"]
    assert (history["reworks"], [step["action"] for step in history["history"]].count("REOPEN")) == (2, 1)

    logs = {name: process.process.output() for name, process in system.processes.items()}
    assert not [name for name, log in logs.items() for sent in (link, again) if sent.rpartition("/")[2] in log]
