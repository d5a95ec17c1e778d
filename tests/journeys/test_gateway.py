"""One request through the gateway over the three services; what is down is null, with an error that names it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest

from deploy.local.service import Service
from services.intake.domain.pins import pin_of
from shared.identity.keys import reference_key
from tests.journeys.system import ACCEPT, ANSWER, REPORT, System
from tests.services.intake.open311_client import Open311Client
from tests.waiting import until

WHOLE = """query($number: String!) { grievance(number: $number) { number status petitioner { displayName }
  case { department { name } dueAt } reply { text } survey { resolved satisfied } timeline { at what by } } }"""


@pytest.fixture
def system(journey: System) -> System:
    return journey


@pytest.fixture
def gateway(journey_gateway: Service) -> Service:
    return journey_gateway


async def ask(gateway: Service, token: str | None, number: str) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    body = {"query": WHOLE, "variables": {"number": number}}
    async with aiohttp.ClientSession() as session, session.post(f"{gateway.url}/graphql", json=body, headers=headers) as response:
        return dict(await response.json())


@pytest.mark.row("S9")
async def test_one_request_tells_the_whole_and_a_part_that_is_down_is_null_and_named(system: System, gateway: Service) -> None:
    registered = (await system.register("whole"))["grievance"]
    await system.until_status(registered["id"], "DISPATCHED")
    token = system.token("secretary")

    async def told() -> Any:
        answer = await ask(gateway, token, registered["number"])
        grievance = (answer.get("data") or {}).get("grievance")
        return answer if grievance and grievance["timeline"] and len(grievance["timeline"]) == 3 else None

    answer = await until(told, what="the whole story")
    assert "errors" not in answer
    grievance = answer["data"]["grievance"]
    assert grievance["petitioner"] == {"displayName": "孔*莹"}
    assert (grievance["status"], grievance["case"]["department"]["name"]) == ("DISPATCHED", "鲁城街道党工委")
    assert (grievance["reply"], grievance["survey"]) == (None, None)

    feedback = system.process("feedback", "api")
    feedback.kill()
    answer = await ask(gateway, token, registered["number"])
    feedback.start()
    feedback.wait_ready()
    assert answer["data"]["grievance"]["status"] == "DISPATCHED"
    assert answer["data"]["grievance"]["timeline"] is None
    assert {error["extensions"]["service"] for error in answer["errors"]} == {"feedback"}


async def test_strangers_see_nothing_and_are_told_so(system: System, gateway: Service) -> None:
    registered = (await system.register("strangers"))["grievance"]
    other = {"sub": "secretary-elsewhere", "roles": ["SECRETARY"], "team": "T-370811-009"}
    assert (await ask(gateway, system.token(other), registered["number"]))["data"] == {"grievance": None}
    anonymous = await ask(gateway, None, registered["number"])
    assert anonymous["data"] == {"grievance": None}
    assert anonymous["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert (await ask(gateway, "not-a-token", registered["number"]))["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


OPEN = """mutation($input: OpenByPinInput!) { openByPin(input: $input) {
  __typename ... on Opened { accessToken grievanceId } ... on OpenRefused { code field messageZh } } }"""
REGISTERED = (
    """mutation($input: RegisterGrievanceInput!) { registerGrievance(input: $input) { ... on Registered { pin grievance { number } } } }"""
)


@pytest.mark.row("S54")
async def test_number_and_pin_let_a_petitioner_without_an_account_read_and_answer_this_grievance_alone(
    system: System, gateway: Service
) -> None:
    """A secretary registers two grievances of one resident; the slip with the first one's number and PIN opens the first one."""
    first, second = [(await system.register(f"pin-{n}"))["grievance"] for n in (1, 2)]
    input = {
        "requestId": "pin-3",
        "kind": "HELP",
        "channel": "VISIT",
        "subject": "路灯不亮",
        "text": "路灯不亮。",
        "division": "370881001901",
    }
    pins = [(await system.do("intake", "secretary", REGISTERED, **input))["pin"] for _ in range(2)]
    assert pins[0] == pins[1], "a registration that is sent again tells the same PIN"

    pin = pin_of(reference_key(Path(system.environment["MINYI_KEYS_DIR"])), first["id"])
    opened = await system.do("intake", "anybody", OPEN, number=first["number"], pin=pin)
    assert opened["grievanceId"] == first["id"]
    token = opened["accessToken"]
    await system.until_status(first["id"], "DISPATCHED")
    answer = await ask(gateway, token, first["number"])
    assert answer["data"]["grievance"]["petitioner"] == {"displayName": "孔*莹"}
    assert answer["data"]["grievance"]["status"] == "DISPATCHED"
    assert "errors" not in answer
    # The same petitioner's other grievance is not what the PIN was given for.
    assert (await ask(gateway, token, second["number"]))["data"] == {"grievance": None}

    for mutation, more in ((ACCEPT, {}), (REPORT, {"text": "已更换。"})):
        await system.do("routing", "handler", mutation, requestId=f"pin-{len(more)}", grievanceId=first["id"], **more)
    await system.until_asked(first["id"])
    body = {"requestId": "pin-s", "grievanceId": first["id"], "resolved": True, "satisfied": "SATISFIED"}
    headers = {"authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{gateway.url}/graphql", json={"query": ANSWER, "variables": {"input": body}}, headers=headers) as response,
    ):
        assert (await response.json())["data"]["answerSurvey"]["__typename"] == "SurveyAnswered"
    await system.until_status(first["id"], "CLOSED")


@pytest.mark.row("S54")
async def test_who_told_it_by_open311_reads_the_reply_there(system: System, gateway: Service) -> None:
    told = (await system.register("open311", channel="OPEN311"))["grievance"]
    other = (await system.register("not-open311"))["grievance"]
    await system.until_status(told["id"], "DISPATCHED")
    await system.do("routing", "handler", ACCEPT, requestId="open311-accept", grievanceId=told["id"])
    await system.do("routing", "handler", REPORT, requestId="open311-report", grievanceId=told["id"], text="新牌已装好。", evidence=[])
    async with httpx.AsyncClient(base_url=gateway.url) as http:
        client = Open311Client(http)

        async def notes() -> str | None:
            return ((await client.request(told["number"])) or {})["status_notes"]

        assert await until(notes, what="the reply in the mailbox") == "新牌已装好。"
        assert await client.request(other["number"]) is None


@pytest.mark.parametrize(
    ("who", "query", "variables", "reason", "field"),
    [
        ("supervisor", "query($m: String) { rates(by: DIVISION, month: $m) { month } }", {"m": "2026-13"}, "BAD_MONTH", "month"),
        ("supervisor", 'query { board(by: DIVISION, division: "37x") { month } }', {}, "DIVISION_UNKNOWN", "division"),
        ("supervisor", "query($f: Int!) { grievances(first: $f) { edges { cursor } } }", {"f": 0}, "BAD_PAGE_SIZE", "first"),
    ],
)
async def test_a_refused_query_names_its_argument_through_the_gateway(
    system: System, gateway: Service, who: str, query: str, variables: dict[str, Any], reason: str, field: str
) -> None:
    headers = {"authorization": f"Bearer {system.token(who)}"}
    body = {"query": query, "variables": variables}
    async with aiohttp.ClientSession() as session, session.post(f"{gateway.url}/graphql", json=body, headers=headers) as response:
        [error] = (await response.json())["errors"]
    told = error["extensions"]
    assert (told["code"], told["reason"], told["field"]) == ("REFUSED", reason, field)
    assert error["path"]
    assert not told["messageZh"].isascii()
