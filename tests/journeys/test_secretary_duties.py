"""The sign-board case by the secretary's four duties, over real processes: entered, summarised, handed up, decided, fed back in person."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from deploy.local.parts import Parts
from examples.field.field_client import FieldClient, post
from shared.china_time import CHINA
from shared.identity.development import DevelopmentIssuer
from tests.journeys.system import ACCEPT, GULOU, PEOPLE, REPORT, System, running
from tests.waiting import until

ITEMS = "items { grievanceId mark state toTell to { name } decision { status publicReply owner { unit } } grievance { number } }"
KEPT = f"... on DaySummaryKept {{ summary {{ {ITEMS} }} }}"
CHECK = f"mutation($input: CheckDaySummaryInput!) {{ checkDaySummary(input: $input) {{ {KEPT} }} }}"
HAND_UP = f"mutation($input: HandUpDaySummaryInput!) {{ handUpDaySummary(input: $input) {{ {KEPT} }} }}"
HANDED = f'{{ handedUp(division: "370881001000") {{ edges {{ node {{ by {{ staffId }} {ITEMS} }} }} }} }}'
DAY = f"{{ daySummary {{ {ITEMS} }} }}"
COMPLETE = """mutation($input: CompleteGrievanceInput!) { completeGrievance(input: $input) {
  __typename ... on CompleteRefused { code } } }"""
TELL = """mutation($input: TellPetitionerInput!) { tellPetitioner(input: $input) {
  ... on PetitionerTold { grievance { toldInPerson { words delivered } } } ... on TellRefused { code } } }"""


@pytest.fixture(scope="module")
def system(parts: Parts, issuer: DevelopmentIssuer, keys_dir: Path) -> Iterator[System]:
    # No sender comes round: the secretary is first to reach the petitioner.
    with running(parts, "duties", issuer, keys_dir, {"MINYI_DELIVER_SECONDS": "3600"}) as started:
        started.start_all()
        yield started


@pytest.mark.row("S10")
@pytest.mark.row("S23")
@pytest.mark.row("S51")
@pytest.mark.row("S54")
@pytest.mark.row("S57")
async def test_a_casual_remark_goes_up_to_the_committee_and_comes_back_to_the_petitioner_in_person(system: System) -> None:
    today = datetime.now(CHINA).date().isoformat()
    id = (await system.register("remark", petitioner={"kind": "RESIDENT"}))["grievance"]["id"]
    petitioner = {"name": "孔凡莹", "phone": "13800000001"}
    completed = await system.do("intake", "secretary", COMPLETE, requestId="c", grievanceId=id, petitioner=petitioner)
    assert completed == {"__typename": "GrievanceCompleted"}
    await system.do("intake", "secretary", CHECK, requestId="k", day=today, items=[{"grievanceId": id, "remark": "沿街都旧了。"}])
    handed = await system.do("intake", "secretary", HAND_UP, requestId="u", day=today)
    assert [item["to"]["name"] for item in handed["summary"]["items"]] == ["鲁城街道"]

    await system.until_status(id, "DISPATCHED")
    await system.do("routing", "handler", ACCEPT, requestId="a", grievanceId=id)
    await system.do("routing", "handler", REPORT, requestId="r", grievanceId=id, text="指示牌已更换。", evidence=[])

    async def decided() -> Any:
        [edge] = (await system.ask("intake", "handler", HANDED))["data"]["handedUp"]["edges"]
        decision = edge["node"]["items"][0]["decision"]
        return decision if decision and decision["status"] == "RESOLVED" else None

    decision = await until(decided, within=15, what="the committee's decision")
    assert (decision["publicReply"], decision["owner"]["unit"]) == ("指示牌已更换。", "D-370881001-DGW")

    async def asked_for() -> Any:
        """Feedback's request to deliver has come: before that, telling is only noted."""
        held = await system.entity("feedback", "city-admin", id, "reply { delivery }")
        arrived = (await system.ask("intake", "secretary", DAY))["data"]["daySummary"]["items"][0]["toTell"]
        return (held["reply"] and arrived) or None

    await until(asked_for, within=15, what="something to tell")

    async def told() -> Any:
        """The request to deliver and the telling may cross: told again, it arrives."""
        words = {"grievanceId": id, "words": "孔凡莹，指示牌换好了。"}
        done = await system.do("intake", "secretary", TELL, requestId=f"t-{len(tries)}", **words)
        tries.append(done)
        last = done["grievance"]["toldInPerson"][-1]
        assert last["words"] == "〔姓名〕，指示牌换好了。"
        return last["delivered"] or None

    tries: list[Any] = []
    await until(told, within=15, what="the reply told in person")
    await system.until_asked(id)
    await system.until_status(id, "FED_BACK")

    async def read() -> Any:
        """The petitioner, known only since the remark was completed, reads all of it."""
        timeline = (await system.entity("feedback", "resident", id, "timeline { what }"))["timeline"]
        missing = {
            *("what was missing was added", "the petitioner was told in person", "the reply was delivered"),
            "reported up to the party working committee of 370881001000",
        } - {entry["what"] for entry in timeline}
        return not missing or None

    await until(read, within=15, what="the history of all that was done")
    assert (await system.entity("routing", "resident", id, "case { number }"))["case"]

    share = '{ grievanceShare(division: "370881001901") { foundByVisit byPetition share done } }'

    async def counted() -> Any:
        found = (await system.ask("intake", "county-admin", share))["data"]["grievanceShare"]
        return found if found["done"] else None

    assert await until(counted, within=15, what="the count") == {"foundByVisit": 1, "byPetition": 0, "share": 1.0, "done": 1}


SECRETARIES, TEAM = 15, "T-370881-015"
MEMBER = "mutation($input: RecordMemberInput!) { recordMember(input: $input) { ... on MemberRecorded { member { id } } } }"
FORM = "mutation($input: RecordTeamInput!) { recordTeam(input: $input) { ... on TeamRecorded { team { code } } } }"
LEDGER = f"""{{ teamLedger(team: "{TEAM}", first: 100) {{ heard onSpot totals {{ encounters {{ kind number }} people }}
  edges {{ node {{ number subject state onSpotAnswer }} }} }} }}"""


def secretary(number: int) -> dict[str, Any]:
    return {**PEOPLE["secretary"], "sub": f"gulou-{number}", "team": TEAM}


@pytest.mark.row("L1")
@pytest.mark.row("S42")
@pytest.mark.row("S49")
async def test_fifteen_secretaries_bring_in_a_day_of_gulou_with_the_sign_board_among_it(system: System, tmp_path: Path) -> None:
    """5 June: 30 items and more, told on the way, sent in the evening over a network that loses every third answer."""
    for number in range(SECRETARIES):
        row = {"name": f"书记{number}", "kinds": ["COMMUNITY_OFFICIAL"], "rank": "SECTION", "unit": GULOU, "team": TEAM}
        await system.do("intake", "county-admin", MEMBER, requestId="m", id=f"gulou-{number}", **row)
    team = {"code": TEAM, "name": "鼓楼十五人", "division": "370881000000", "leader": "gulou-0", "contactUnits": [GULOU]}
    await system.do("intake", "county-admin", FORM, requestId="t", **team)

    requests = 0

    def lossy(method: str, url: str, body: bytes, headers: dict[str, str]) -> bytes:
        nonlocal requests
        requests += 1
        answer = post(method, url, body, headers)
        if requests % 3 == 0:
            raise ConnectionError("the answer was lost")
        return answer

    endpoint = f"{system.process('intake', 'api').url}/graphql"
    phones = [FieldClient(tmp_path / f"{n}.sqlite3", endpoint, system.token(secretary(n)), send=lossy) for n in range(SECRETARIES)]
    for number, phone in enumerate(phones):
        talk = phone.tell("encounter", kind="HOUSEHOLD_TALK", text=f"第{number}户", place="鼓楼社区", attendance=2)
        phone.tell("grievance", text=f"{number}号楼前路灯不亮", place="鼓楼社区后作街小区", encounter=talk)
        answer = {"onSpotAnswer": "手机上可以备案，已当面演示。"}
        phone.tell("grievance", text=f"医保怎么报销（{number}）", kind="CONSULTATION", place="鼓楼社区", encounter=talk, **answer)
    remark = phones[0].tell("grievance", text="小区指示牌看不清字", place="鼓楼社区后作街小区")

    def send(phone: FieldClient) -> None:
        while True:
            try:
                if not phone.sync():
                    return
            except OSError:
                continue

    for phone in phones:
        await asyncio.to_thread(send, phone)
    told = phones[0].answer(remark)
    assert told is not None

    async def arrived() -> Any:
        found = (await system.ask("intake", secretary(7), LEDGER))["data"]["teamLedger"]
        states = [edge["node"]["state"] for edge in found["edges"]]
        counted = {"kind": "HOUSEHOLD_TALK", "number": SECRETARIES} in found["totals"]["encounters"]
        return found if counted and not {"REGISTERED", "APPRAISING", "ACCEPTED"} & set(states) else None

    ledger = await until(arrived, within=30, what="a ledger of cases that routing has dispatched")
    assert (ledger["heard"], ledger["onSpot"], ledger["totals"]["people"]) == (31, SECRETARIES, 2 * SECRETARIES)
    states = Counter(edge["node"]["state"] for edge in ledger["edges"])
    assert states == {"ANSWERED_ON_SPOT": SECRETARIES, "DISPATCHED": SECRETARIES + 1}
    numbers = {edge["node"]["number"]: edge["node"]["subject"] for edge in ledger["edges"]}
    assert numbers[told["registered"]["grievance"]["number"]] == "小区指示牌看不清字"
    assert len(numbers) == 31
