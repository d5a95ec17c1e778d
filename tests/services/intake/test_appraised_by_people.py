"""研判 by people in all three services: a report waits, bodies on the spot are heard, and a dispatcher judges, answers or declines it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from services.feedback.domain.followup import FollowUp
from services.feedback.store.mongo import access_of as followup_access
from services.feedback.usecases.answer_survey import Said
from services.feedback.usecases.answer_survey import answer as answer_survey
from services.intake.domain.grievance import Grievance
from services.intake.store.mongo import access_of as grievance_access
from services.intake.usecases.erase_petitioner import erase_round
from services.routing.domain.case import Case
from services.routing.domain.judging import Judgement
from services.routing.store.mongo import access_of as case_access
from services.routing.usecases.accept_work_order import accept
from services.routing.usecases.answer_grievance import answer_directly
from services.routing.usecases.consult import ask_for_opinion, say_opinion
from services.routing.usecases.decline_grievance import decline_grievance
from services.routing.usecases.judge_grievance import judge
from services.routing.usecases.recall_for_appraisal import take_back
from services.routing.usecases.withdraw_grievance import withdraw_grievance
from shared.contracts.intake import DepartmentRow
from shared.identity.access import may_see
from shared.identity.development import DevelopmentIssuer
from shared.identity.roles import Role
from shared.identity.scopes import Level, from_code
from shared.settings import CommonSettings
from tests.services.builders import LUCHENG, VILLAGE, viewer
from tests.services.intake.test_erasure_everywhere import handler_of, heard
from tests.services.town import Town, town_of

DISPATCHER, COMMUNITY = viewer(Role.DISPATCHER), viewer(Role.COMMUNITY_SECRETARY)
ACCUSED = viewer(Role.HANDLER, department=LUCHENG)
ZJJ = DepartmentRow(code="D-3708-ZJJ", name="住建局", division="370800000000", head="head-zjj", receiver="receiver")
FOUND = Judgement("YES", "YES", "COMPLAINT", None, "劳动和社会保障", "经核实属实，联系人13812345678。")
CONSULTED = """query($r: [_Any!]!) { _entities(representations: $r) { ... on Case {
  status owner { staffId } verdict { reasonable kind grade category reason }
  consultations { of overdue reasonable truthful opinion } } } }"""
LISTS = "{ cases(first: 5) { edges { node { id } } } secretaryDesk { cases(first: 5) { edges { node { id } } } } }"
COMPOUND = viewer(Role.COMMUNITY_SECRETARY, sub="party-houzuojie", scopes=(from_code(f"{VILLAGE}-01", Level.COMPOUND),))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def town(intake_store_settings: CommonSettings, keys_dir: Path) -> AsyncIterator[Town]:
    async with town_of(intake_store_settings, keys_dir) as made:
        await made.routing.departments.apply("code", 1, [ZJJ.model_dump()])
        yield made


async def report(town: Town, request: str, **changes: Any) -> str:
    """Somebody reports 鲁城街道党工委."""
    id = await heard(town, request, kind="REPORT", accused_departments=[LUCHENG], **changes)
    await town.settle(id)
    return id


async def everywhere(town: Town, id: str) -> tuple[Grievance, Case, FollowUp]:
    return (
        (await town.intake.grievances.find_many([id]))[id],
        (await town.routing.cases.find_many([id]))[id],
        (await town.feedback.followups.find_many([id]))[id],
    )


async def seen_by(town: Town, id: str, who: Any) -> list[bool]:
    """In each service."""
    grievance, case, followup = await everywhere(town, id)
    return [may_see(who, access) for access in (grievance_access(grievance), case_access(case), followup_access(followup))]


def steps(followup: FollowUp) -> list[str]:
    return [entry.what_zh for entry in followup.timeline if entry.service == "routing"]


@pytest.mark.row("S7")
@pytest.mark.row("S47")
@pytest.mark.row("S48")
async def test_a_report_waits_is_judged_and_goes_to_a_department_that_it_does_not_accuse(town: Town) -> None:
    id, handling = await report(town, "judged"), town.routing.handling()
    grievance, case, followup = await everywhere(town, id)
    assert grievance.progress is not None
    assert (case.status, grievance.progress.status, steps(followup)) == ("APPRAISING", "APPRAISING", ["待人工研判"])
    assert case.owner == grievance.owner
    assert (case.departments, followup.reply) == ([], None)
    assert await seen_by(town, id, DISPATCHER) == [True] * 3

    await judge(handling, DISPATCHER, "j", id, FOUND, None, "test")
    await town.settle(id)
    grievance, case, followup = await everywhere(town, id)
    assert (case.status, case.category, case.departments) == ("DISPATCHED", "劳动和社会保障", ["D-3708-RSJ"])
    assert steps(followup) == ["待人工研判", "研判：受理", "转办至 D-3708-RSJ"]
    assert grievance.progress is not None
    assert (grievance.progress.status, grievance.progress.dueAt) == ("DISPATCHED", case.due_at)
    assert await seen_by(town, id, await handler_of(town, id)) == [True] * 3
    await accept(handling, await handler_of(town, id), "a", id, "test")
    await town.settle(id)
    assert await seen_by(town, id, ACCUSED) == [False] * 3


@pytest.mark.row("S46")
async def test_the_community_is_heard_and_who_is_late_is_shown(town: Town, issuer: DevelopmentIssuer) -> None:
    id, handling = await report(town, "consulted"), town.routing.handling()
    before = replace(handling, now=lambda: town.routing.runtime.world.now() - timedelta(days=30))
    await ask_for_opinion(before, DISPATCHER, "q1", id, "COMMUNITY", None, "是否属实？", "test")
    await say_opinion(handling, COMMUNITY, "o", id, "COMMUNITY", "YES", "UNCLEAR", "见过，电话13812345678。", "test")
    await ask_for_opinion(before, DISPATCHER, "q3", id, "COMMUNITY", None, "有无新情况？", "test")
    await town.settle(id)

    async def shown() -> Any:
        claims = {"sub": "d", "roles": ["DISPATCHER"], "scopes": [{"level": "COUNTY", "code": "370881000000"}]}
        headers = {"authorization": f"Bearer {issuer.mint(claims).token}"}
        variables = {"r": [{"__typename": "Case", "id": id}]}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(town.routing.api()), base_url="http://routing") as client:
            answer = (await client.post("/graphql", json={"query": CONSULTED, "variables": variables}, headers=headers)).json()
        assert "errors" not in answer, answer
        return answer["data"]["_entities"][0]

    late = {"of": "COMMUNITY", "overdue": True, "reasonable": None, "truthful": None, "opinion": None}
    said = {"of": "COMMUNITY", "overdue": False, "reasonable": "YES", "truthful": "UNCLEAR", "opinion": "见过，电话〔电话〕。"}
    found = await shown()
    assert (found["status"], found["verdict"], found["consultations"]) == ("APPRAISING", None, [said, late])
    _grievance, _case, followup = await everywhere(town, id)
    assert steps(followup) == ["待人工研判", "征求社区或小区党组织意见", "社区或小区党组织答复意见", "征求社区或小区党组织意见"]
    assert "见过" not in repr(followup)

    # A dispatcher does not wait for ever, and then nobody is late any more.
    await judge(handling, DISPATCHER, "j", id, FOUND, ZJJ.code, "test")
    found = await shown()
    assert (found["status"], found["owner"], found["consultations"][1]["overdue"]) == ("DISPATCHED", {"staffId": "head-zjj"}, False)
    assert found["verdict"] == {
        "reasonable": "YES",
        "kind": "COMPLAINT",
        "grade": "ORDINARY",
        "category": "劳动和社会保障",
        "reason": "经核实属实，联系人〔电话〕。",
    }


@pytest.mark.row("S46")
async def test_a_compounds_secretary_finds_what_they_are_asked_about_and_nothing_else(town: Town, issuer: DevelopmentIssuer) -> None:
    """The division travels at village level (0005): of which compound it is, the dispatcher says, who asks."""
    id, handling = await report(town, "compound"), town.routing.handling()

    async def finds() -> tuple[list[str], list[str]]:
        claims = {"sub": "party-houzuojie", "roles": ["COMMUNITY_SECRETARY"], "scopes": [{"level": "COMPOUND", "code": f"{VILLAGE}-01"}]}
        headers = {"authorization": f"Bearer {issuer.mint(claims).token}"}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(town.routing.api()), base_url="http://routing") as client:
            answer = (await client.post("/graphql", json={"query": LISTS}, headers=headers)).json()
        assert "errors" not in answer, answer
        listed, desk = answer["data"]["cases"], answer["data"]["secretaryDesk"]["cases"]
        found = [[edge["node"]["id"] for edge in each["edges"]] for each in (listed, desk)]
        return found[0], found[1]

    assert await finds() == ([], [])
    await ask_for_opinion(handling, DISPATCHER, "q", id, "COMPOUND", f"{VILLAGE}-01", "是否属实？", "test")
    assert await finds() == ([id], [id])
    await say_opinion(handling, COMPOUND, "o", id, "COMPOUND", "YES", "YES", "属实。", "test")
    await judge(handling, DISPATCHER, "j", id, FOUND, ZJJ.code, "test")
    assert await finds() == ([], [])


@pytest.mark.row("S49")
async def test_a_direct_answer_reaches_the_petitioner_who_is_asked_and_it_closes(town: Town) -> None:
    id = await report(town, "answered")
    await answer_directly(town.routing.handling(), DISPATCHER, "a", id, "该项目手续齐全，详询13812345678。", "test")
    await town.settle(id)
    grievance, case, followup = await everywhere(town, id)
    assert grievance.progress is not None
    assert (case.status, case.owner.role, case.due_at) == ("FED_BACK", "DISPATCHER", None)
    text = "该项目手续齐全，详询〔电话〕。"
    assert followup.reply is not None
    assert (followup.reply.text, followup.reply.delivery, followup.reply.by.role) == (text, "SENT", "DISPATCHER")
    assert (grievance.progress.publicReply, [held.text for held in grievance.deliveries if held.purpose == "REPLY"]) == (text, [text])
    assert followup.survey is not None
    await answer_survey(town.feedback.surveying(), viewer(Role.CALLER), "s", id, Said(True, "SATISFIED"), "test")
    await town.settle(id)
    assert (await everywhere(town, id))[1].status == "CLOSED"


@pytest.mark.row("S47")
async def test_what_is_declined_while_it_waits_is_told_with_its_route(town: Town) -> None:
    id = await report(town, "declined")
    await decline_grievance(town.routing.handling(), DISPATCHER, "d", id, "属于诉讼事项。", "请向人民法院提起。", "test")
    await town.settle(id)
    grievance, case, followup = await everywhere(town, id)
    assert grievance.progress is not None
    assert (case.status, grievance.progress.status, followup.survey) == ("NOT_ACCEPTED", "NOT_ACCEPTED", None)
    assert followup.reply is not None
    assert followup.reply.delivery == "SENT"
    assert "属于诉讼事项。" in followup.reply.text
    assert "请向人民法院提起。" in followup.reply.text
    assert await seen_by(town, id, ACCUSED) == [False] * 3


async def test_it_is_withdrawn_while_it_waits(town: Town) -> None:
    id = await report(town, "withdrawn")
    petitioner = viewer(Role.RESIDENT, refs=frozenset({(await everywhere(town, id))[1].petitioner_ref}))
    await withdraw_grievance(town.routing.handling(), petitioner, "w", id, "已经好了。", "test")
    await town.settle(id)
    grievance, case, followup = await everywhere(town, id)
    assert grievance.progress is not None
    assert (case.status, grievance.progress.status, followup.reply) == ("WITHDRAWN", "WITHDRAWN", None)


@pytest.mark.row("S47")
@pytest.mark.row("S49")
async def test_an_urgent_report_does_not_wait_nor_one_that_was_answered_on_the_spot(town: Town) -> None:
    urgent, answered = await report(town, "urgent", urgent=True), await report(town, "on-spot", on_spot_answer="已当场解释。")
    case = (await everywhere(town, urgent))[1]
    assert (case.status, case.grade, LUCHENG in case.departments) == ("DISPATCHED", "URGENT", False)
    assert (await everywhere(town, answered))[1].status == "FED_BACK"


async def test_what_is_recalled_is_no_departments_until_it_is_judged_again(town: Town) -> None:
    id, handling = await heard(town, "recalled"), town.routing.handling()
    await town.settle(id)
    handler, due = await handler_of(town, id), (await everywhere(town, id))[1].due_at
    assert await seen_by(town, id, handler) == [True] * 3
    await take_back(handling, DISPATCHER, "t", id, "涉及举报，须先研判。", "test")
    await town.settle(id)
    assert await seen_by(town, id, handler) == [False] * 3
    grievance, case, followup = await everywhere(town, id)
    assert grievance.progress is not None
    assert (case.status, case.owner.role, grievance.progress.owner) == ("APPRAISING", "DISPATCHER", case.owner)
    assert steps(followup)[-1] == "收回研判"
    await judge(handling, DISPATCHER, "j", id, replace(FOUND, kind="REPORT", grade="COMPLEX"), ZJJ.code, "test")
    await town.settle(id)
    _grievance, case, _followup = await everywhere(town, id)
    assert (case.status, case.departments, case.due_at, case.kind) == ("DISPATCHED", [ZJJ.code], due, "REPORT")


async def test_of_somebody_erased_no_words_of_the_appraisal_are_left(town: Town) -> None:
    id, handling = await report(town, "appraised-and-erased"), town.routing.handling()
    planted = ["凤凰问题", "凤凰意见", "凤凰理由", "凤凰收回", "凤凰答复"]
    await ask_for_opinion(handling, DISPATCHER, "q", id, "COMMUNITY", None, planted[0], "test")
    await say_opinion(handling, COMMUNITY, "o", id, "COMMUNITY", "YES", "YES", planted[1], "test")
    await judge(handling, DISPATCHER, "j", id, replace(FOUND, reason=planted[2]), ZJJ.code, "test")
    await take_back(handling, DISPATCHER, "t", id, planted[3], "test")
    await answer_directly(handling, DISPATCHER, "a", id, planted[4], "test")
    await town.settle(id)
    assert (await town.found(planted))["routing"] == planted
    await town.erase(id)
    await erase_round(town.intake.erasing)
    await town.settle(id)
    await town.scrub()
    assert await town.found(planted) == {"intake": [], "routing": [], "feedback": []}
