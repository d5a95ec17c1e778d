"""What subgraphs say beside their data: errors, cookies, caching."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from tests.gateway.front import LIST, ONE, ONE_ID, Front
from tests.gateway.stand_in import Behaviour, StandIn, Subgraphs, closing, http, well
from tests.waiting import until


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
