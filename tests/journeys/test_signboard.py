"""The sign-board case over real processes, and what the same requests do when they come twice."""

from __future__ import annotations

import hashlib
from urllib.parse import urlsplit

import aiohttp
import pytest

from tests.journeys.system import ACCEPT, ANSWER, LUCHENG, REPORT, System


@pytest.fixture
def system(journey: System) -> System:
    return journey


@pytest.mark.row("S45")
@pytest.mark.row("S52")
@pytest.mark.row("S54")
@pytest.mark.row("S55")
async def test_a_remark_during_a_visit_ends_closed_once(system: System) -> None:
    registered = await system.register("visit-1")
    id = registered["grievance"]["id"]
    await system.until_status(id, "DISPATCHED")

    accepted = await system.do("routing", "handler", ACCEPT, requestId="a", grievanceId=id)
    assert accepted["status"] == "HANDLING"
    reported = await system.do("routing", "handler", REPORT, requestId="r", grievanceId=id, text="指示牌已更换。", evidence=[])
    assert reported["status"] == "RESOLVED"

    await system.until_asked(id)
    answered = await system.do("feedback", "resident", ANSWER, requestId="s", grievanceId=id, resolved=True, satisfied="VERY_SATISFIED")
    assert answered["survey"] == {"resolved": True, "satisfied": "VERY_SATISFIED"}
    await system.until_status(id, "CLOSED")

    again = [
        await system.register("visit-1"),
        await system.do("routing", "handler", ACCEPT, requestId="a", grievanceId=id),
        await system.do("routing", "handler", REPORT, requestId="r", grievanceId=id, text="指示牌已更换。", evidence=[]),
        await system.do("feedback", "resident", ANSWER, requestId="s", grievanceId=id, resolved=True, satisfied="VERY_SATISFIED"),
    ]
    assert again[0]["grievance"] == registered["grievance"]
    assert [answer["__typename"] for answer in again] == ["Registered", "Case", "Case", "SurveyAnswered"]
    history = (await system.entity("routing", "handler", id, "case { history { status } }"))["case"]["history"]
    statuses = [step["status"] for step in history]
    assert statuses == ["APPRAISING", "ACCEPTED", "DISPATCHED", "HANDLING", "RESOLVED", "FED_BACK", "SURVEYED", "CLOSED"]


UPLOAD = """mutation($input: CreateUploadInput!) { createUpload(input: $input) {
  __typename ... on Upload { attachmentId url } ... on UploadRefused { code field message messageZh } } }"""
ASK_VERIFICATION = """mutation($input: AskVerificationInput!) { askVerification(input: $input) {
  __typename ... on Case { id status } ... on AskVerificationRefused { code field message messageZh } } }"""
JUDGE = """mutation($input: JudgeGrievanceInput!) { judgeGrievance(input: $input) {
  __typename ... on Case { id status } ... on JudgeRefused { code field message messageZh } } }"""
VERIFY = """mutation($input: VerifyOnSiteInput!) { verifyOnSite(input: $input) {
  __typename ... on Case { id status workOrder { evidence } } ... on VerifyRefused { code field message messageZh } } }"""
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffdb") + bytes(80) + bytes.fromhex("ffd9")


async def photo(system: System, who: str, id: str, name: str) -> str:
    """Taken by them, and kept with the grievance."""
    content = JPEG + name.encode()
    told = {"name": f"{name}.jpg", "contentType": "image/jpeg", "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    upload = await system.do("intake", who, UPLOAD, requestId=name, grievanceId=id, purpose=name, **told)
    url = system.process("intake", "api").url + urlsplit(upload["url"])._replace(scheme="", netloc="").geturl()
    async with aiohttp.ClientSession() as session, session.put(url, data=content) as response:
        assert response.status == 201, await response.text()
    return str(upload["attachmentId"])


@pytest.mark.row("S21")
async def test_the_community_secretary_sees_the_new_board_before_the_petitioner_is_told(system: System) -> None:
    """王长青 on site, with photos before and after (L1)."""
    id = (await system.register("visit-2"))["grievance"]["id"]
    await system.until_status(id, "DISPATCHED")
    await system.do("routing", "handler", ACCEPT, requestId="a2", grievanceId=id)
    asked = await system.do("routing", "dispatcher", ASK_VERIFICATION, requestId="q", grievanceId=id, what="现场看新牌。")
    assert asked["status"] == "HANDLING"
    before = await photo(system, "handler", id, "before")
    reported = await system.do("routing", "handler", REPORT, requestId="r2", grievanceId=id, text="指示牌已更换。", evidence=[before])
    assert reported["status"] == "HANDLING"

    waits = "case { verifications { what reports { text released evidence } } } status"
    seen = await system.entity("routing", "community-secretary", id, waits)
    assert seen["case"]["verifications"] == [
        {"what": "现场看新牌。", "reports": [{"text": "指示牌已更换。", "released": None, "evidence": [before]}]}
    ]
    own = await system.entity("routing", "resident", id, waits)
    assert own == {"status": "HANDLING", "case": {"verifications": None}}
    assert (await system.entity("feedback", "resident", id, "reply { text } survey { round }")) == {"reply": None, "survey": None}

    after = await photo(system, "community-secretary", id, "after")
    verified = await system.do("routing", "community-secretary", VERIFY, requestId="v", grievanceId=id, confirmed=True, evidence=[after])
    assert (verified["status"], verified["workOrder"]["evidence"]) == ("RESOLVED", [before, after])
    await system.until_asked(id)
    # That it waited is among officials. The petitioner reads last: what is still coming into the timeline can only be theirs.
    seen = (await system.entity("feedback", "community-secretary", id, "timeline { kind }"))["timeline"]
    told = await system.entity("feedback", "resident", id, "reply { text delivery } timeline { kind whatZh }")
    assert told["reply"] == {"text": "指示牌已更换。", "delivery": "SENT"}
    said = [entry["whatZh"] for entry in told["timeline"]]
    assert said.index("社区（村）书记现场核实属实") < said.index("答复已送达")
    kinds = [entry["kind"] for entry in seen]
    assert set(kinds) - {entry["kind"] for entry in told["timeline"]} == {"ASK_VERIFICATION", "SUBMIT_RESOLUTION"}
    assert kinds.index("SUBMIT_RESOLUTION") < kinds.index("VERIFIED")
    moves = {
        who: {step["action"] for step in (await system.entity("routing", who, id, "case { history { action } }"))["case"]["history"]}
        for who in ("resident", "handler")
    }
    assert moves["handler"] - moves["resident"] == {"ASK_VERIFICATION", "SUBMIT_RESOLUTION"}


@pytest.mark.row("S49")
@pytest.mark.row("S55")
async def test_an_answer_on_the_spot_that_did_not_help_is_judged_and_goes_to_a_department(system: System) -> None:
    id = (await system.register("spot", onSpotAnswer="已当场解释，请等待更换。"))["grievance"]["id"]
    await system.until_asked(id)
    unhappy = {"resolved": False, "satisfied": "DISSATISFIED", "reason": "字还是看不清。"}
    await system.do("feedback", "resident", ANSWER, requestId="s1", grievanceId=id, **unhappy)
    await system.until_status(id, "APPRAISING")
    said = {"reasonable": "YES", "truthful": "YES", "reason": "应予更换。", "department": LUCHENG}
    judged = await system.do("routing", "dispatcher", JUDGE, requestId="j", grievanceId=id, **said)
    assert judged["status"] == "DISPATCHED"
    await system.do("routing", "handler", ACCEPT, requestId="a", grievanceId=id)
    await system.do("routing", "handler", REPORT, requestId="r", grievanceId=id, text="指示牌已更换。", evidence=[])
    assert (await system.until_asked(id))["round"] == 2
    await system.do("feedback", "resident", ANSWER, requestId="s2", grievanceId=id, resolved=True, satisfied="SATISFIED")
    await system.until_status(id, "CLOSED")
    told = await system.entity("feedback", "resident", id, "reply { text round }")
    assert told["reply"] == {"text": "指示牌已更换。", "round": 2}


async def test_the_same_request_id_with_other_content_is_refused(system: System) -> None:
    await system.register("reused")
    refused = await system.register("reused", text="另外一件事。")
    assert (refused["__typename"], refused["code"], refused["field"]) == ("RegisterRefused", "REQUEST_ID_REUSED", "requestId")
