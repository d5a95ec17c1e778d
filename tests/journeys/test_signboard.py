"""The sign-board case over real processes, and what the same requests do when they come twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.parts import Parts
from shared.identity.development import DevelopmentIssuer
from tests.journeys.system import ACCEPT, ANSWER, REPORT, System, running


@pytest.fixture(scope="module")
def system(parts: Parts, issuer: DevelopmentIssuer, keys_dir: Path) -> Iterator[System]:
    with running(parts, "signboard", issuer, keys_dir) as started:
        started.start_all()
        yield started


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


async def test_the_same_request_id_with_other_content_is_refused(system: System) -> None:
    await system.register("reused")
    refused = await system.register("reused", text="另外一件事。")
    assert (refused["__typename"], refused["code"], refused["field"]) == ("RegisterRefused", "REQUEST_ID_REUSED", "requestId")
