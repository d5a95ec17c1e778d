"""研判 by people: what waits, who is asked, what a verdict changes, and what is taken back; no move gives time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.routing.domain.appraisal import Appraisal, Body, Verdict
from services.routing.domain.case import Case, erase_petitioner
from services.routing.domain.catalogue import Catalogue, DispatchRule
from services.routing.domain.judging import Judgement
from services.routing.domain.targets import HOTLINE
from services.routing.store.mongo import CODEC, access_of
from services.routing.subgraph.replies import submitted
from services.routing.usecases.answer_grievance import answer_directly
from services.routing.usecases.consult import ask_for_opinion, say_opinion
from services.routing.usecases.decline_grievance import decline_grievance
from services.routing.usecases.judge_grievance import judge
from services.routing.usecases.reassign_work_order import send_elsewhere
from services.routing.usecases.recall_for_appraisal import take_back
from shared.china_time import day_in_china
from shared.contracts.routing import GrievanceAppraisedV1, GrievanceDeclinedV1
from shared.erasure import ERASED
from shared.identity.access import may_see
from shared.identity.roles import Role
from shared.identity.scopes import Level, from_code
from shared.writer import NoSuchRecord
from tests.services.builders import AT, COUNTY, ID, LUCHENG, VILLAGE, Desk, event, viewer
from tests.services.routing.builders import (
    ELSEWHERE,
    HANDLER,
    OFFICE,
    SECRETARY,
    ZJJ,
    appraising,
    code_of,
    desk,
    dispatched,
    handled,
    handling,
    limit,
    office,
    registered,
    returned,
    told,
    with_opinion_asked,
)

DISPATCHER, COMMUNITY = viewer(Role.DISPATCHER), viewer(Role.COMMUNITY_SECRETARY)
COMPOUND = viewer(Role.COMMUNITY_SECRETARY, sub="compound-1", scopes=(from_code(f"{VILLAGE}-01", Level.COMPOUND),))
QUESTION, OPINION, WHY = "是否属实？请联系13812345678。", "属实，见13912345678。", "经核实属实，联系人13712345678。"
AS_IT_IS = Judgement("YES", "UNCLEAR", None, None, None, WHY)


async def opened(**changes: Any) -> Desk:
    made = desk()
    await made.receive(event(registered(**changes), 1))
    return made


@pytest.mark.row("S7")
@pytest.mark.row("S47")
async def test_a_report_waits_for_people_with_whoever_took_it_down_and_no_department_knows_of_it() -> None:
    made = await opened(kind="REPORT", accused=[LUCHENG])
    case: Case = made.state()
    assert (case.status, case.owner, case.departments, case.work_order, case.due_at) == ("APPRAISING", SECRETARY, [], None, None)
    assert made.said() == ["routing.grievance.moved.v1"]
    for department in (LUCHENG, ZJJ):
        assert not may_see(viewer(Role.HANDLER, department=department), access_of(case))


@pytest.mark.row("S49")
@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"kind": "REPORT", "urgent": True}, "DISPATCHED"),
        ({"kind": "REPORT", "onSpotAnswer": "已当场解释。"}, "ANSWERED_ON_SPOT"),
        ({"kind": "REPORT", "onSpotAnswer": "已当场解释。", "urgent": True}, "ANSWERED_ON_SPOT"),
        *(({"kind": kind}, "DISPATCHED") for kind in ("CONSULTATION", "HELP", "COMPLAINT", "SUGGESTION")),
    ],
)
async def test_what_is_urgent_or_answered_or_of_another_kind_does_not_wait(changes: dict[str, Any], status: str) -> None:
    assert (await opened(**changes)).state().status == status


async def test_what_accuses_whomever_the_rules_lead_to_waits_for_people_and_is_never_stuck() -> None:
    made = desk(catalogue=Catalogue(1, (DispatchRule("all", None, "", LUCHENG),)))
    await made.receive(event(registered(kind="REPORT", urgent=True, accused=[LUCHENG]), 1))
    assert (made.state().status, made.state().owner, made.state().departments) == ("APPRAISING", SECRETARY, [])
    assert made.said() == ["routing.grievance.moved.v1"]


@pytest.mark.row("S46")
async def test_the_community_is_asked_and_answers_within_a_working_day() -> None:
    made = office(appraising())
    await ask_for_opinion(handling(made), DISPATCHER, "a", ID, "COMMUNITY", None, QUESTION, "")
    asked: Case = made.state()
    [waits] = asked.appraisal.consultations
    assert (waits.question, waits.answered_at, day_in_china(waits.due_at).isoformat()) == ("是否属实？请联系〔电话〕。", None, "2020-06-08")
    assert (waits.asked_by.role, waits.asked_by.unit, asked.owner) == ("DISPATCHER", COUNTY, SECRETARY)
    assert told(made, DISPATCHER, "ASK_OPINION") is None
    assert await code_of(ask_for_opinion(handling(made), DISPATCHER, "b", ID, "COMMUNITY", None, QUESTION, "")) == ("OPINION_PENDING", "of")

    later = AT + timedelta(hours=2)
    parts = handling(made, lambda: later)
    for _ in range(2):
        await say_opinion(parts, COMMUNITY, "o", ID, "COMMUNITY", "YES", "UNCLEAR", OPINION, "")
    after: Case = made.state()
    [said] = after.appraisal.consultations
    assert (said.reasonable, said.truthful, said.opinion, said.answered_at) == ("YES", "UNCLEAR", "属实，见〔电话〕。", later)
    assert said.answered_by is not None
    assert (said.answered_by.staffId, said.answered_by.unit) == (COMMUNITY.sub, VILLAGE)
    assert [step.action for step in after.history[-2:]] == ["ASK_OPINION", "GIVE_OPINION"]
    assert await code_of(say_opinion(parts, COMMUNITY, "p", ID, "COMMUNITY", "NO", "NO", OPINION, "")) == ("NO_OPINION_ASKED", None)
    # What was answered may be asked again.
    await ask_for_opinion(parts, DISPATCHER, "c", ID, "COMMUNITY", None, QUESTION, "")
    assert len(made.state().appraisal.consultations) == 2


@pytest.mark.row("S46")
async def test_only_who_was_asked_answers_and_a_compound_sees_it_while_it_is_asked() -> None:
    made = office(appraising())
    assert not may_see(COMPOUND, access_of(made.state()))
    await ask_for_opinion(handling(made), DISPATCHER, "a", ID, "COMPOUND", f"{VILLAGE}-01", QUESTION, "")
    assert may_see(COMPOUND, access_of(made.state()))
    town = viewer(Role.COMMUNITY_SECRETARY, scopes=(from_code("370881001000", Level.TOWN),))
    for other in (COMMUNITY, town):
        assert told(made, other, "GIVE_OPINION") == "NOT_ASKED"
        refused = say_opinion(handling(made), other, "o", ID, "COMPOUND", "YES", "YES", OPINION, "")
        assert (await code_of(refused))[0] == "NOT_ASKED"
    for code, level in ((f"{VILLAGE}-01-03", Level.BUILDING), (f"{VILLAGE}-02", Level.COMPOUND)):
        other = viewer(Role.COMMUNITY_SECRETARY, scopes=(from_code(code, level),))
        with pytest.raises(NoSuchRecord):
            await say_opinion(handling(made), other, "o", ID, "COMPOUND", "YES", "YES", OPINION, "")
    again = ask_for_opinion(handling(made), DISPATCHER, "b", ID, "COMPOUND", f"{VILLAGE}-02", QUESTION, "")
    assert await code_of(again) == ("OPINION_PENDING", "of")
    both = viewer(Role.COMMUNITY_SECRETARY, scopes=(*COMMUNITY.scopes, *COMPOUND.scopes))
    refused = say_opinion(handling(made), both, "o", ID, "COMMUNITY", "YES", "YES", OPINION, "")
    assert await code_of(refused) == ("NO_OPINION_ASKED", "of")
    assert told(made, COMPOUND, "GIVE_OPINION") is None
    assert told(made, DISPATCHER, "ASK_OPINION") is None
    await say_opinion(handling(made), COMPOUND, "o", ID, "COMPOUND", "YES", "YES", OPINION, "")
    [said] = made.state().appraisal.consultations
    assert (said.answered_by.staffId, said.answered_by.unit) == (COMPOUND.sub, f"{VILLAGE}-01")
    await judge(handling(made), DISPATCHER, "j", ID, AS_IT_IS, None, "")
    assert not may_see(COMPOUND, access_of(made.state()))


@pytest.mark.parametrize(
    ("of", "compound", "refusal"),
    [
        ("COMPOUND", None, ("NO_SUCH_BODY", "compound")),
        ("COMPOUND", VILLAGE, ("NO_SUCH_BODY", "compound")),
        ("COMPOUND", f"{VILLAGE}-01-03", ("NO_SUCH_BODY", "compound")),
        ("COMPOUND", "370881001902-01", ("NO_SUCH_BODY", "compound")),
        ("COMPOUND", "后作街小区", ("NO_SUCH_BODY", "compound")),
        ("COMMUNITY", f"{VILLAGE}-01", ("COMPOUND_UNASKED", "compound")),
    ],
)
async def test_the_compound_is_one_of_the_community_in_which_it_happened(of: Body, compound: str | None, refusal: tuple[str, str]) -> None:
    made = office(appraising())
    assert await code_of(ask_for_opinion(handling(made), DISPATCHER, "a", ID, of, compound, QUESTION, "")) == refusal


async def test_where_no_community_is_named_nobody_is_asked() -> None:
    assert told(office(appraising(division="370881001000")), DISPATCHER, "ASK_OPINION") == "NO_SUCH_BODY"


async def test_an_opinion_is_overdue_while_it_is_waited_for_and_never_before() -> None:
    [waits] = with_opinion_asked(appraising()).appraisal.consultations
    assert [waits.overdue(at) for at in (AT, waits.due_at, waits.due_at + timedelta(seconds=1))] == [False, False, True]
    said = waits.model_copy(update={"answered_at": waits.due_at + timedelta(days=1)})
    assert not said.overdue(waits.due_at + timedelta(days=2))


@pytest.mark.row("S48")
async def test_a_verdict_sends_it_where_the_catalogue_says_and_its_time_counts_from_there() -> None:
    made, later = office(appraising(accused=[LUCHENG])), AT + timedelta(days=1)
    said = replace(AS_IT_IS, kind="COMPLAINT", grade="COMPLEX", category="城乡建设/安全生产/事故处理")
    for _ in range(2):
        await judge(handling(made, lambda: later), DISPATCHER, "j", ID, said, None, "")
    case: Case = made.state()
    assert (case.status, case.kind, case.grade, case.category) == ("DISPATCHED", "COMPLAINT", "COMPLEX", "城乡建设/安全生产/事故处理")
    assert (case.departments, case.owner.staffId, case.due_at) == ([ZJJ], f"head-{ZJJ}", limit(later, 15).at)
    assert case.work_order is not None
    assert (case.work_order.rule, case.work_order.round, case.category_by) == ("construction", 1, "DISPATCHER")
    verdict = case.appraisal.verdict
    assert verdict is not None
    assert (verdict.reasonable, verdict.truthful, verdict.reason) == ("YES", "UNCLEAR", "经核实属实，联系人〔电话〕。")
    assert (verdict.kind, verdict.grade, verdict.category, verdict.by.role) == (case.kind, case.grade, case.category, "DISPATCHER")
    assert made.said() == ["routing.grievance.appraised.v1", "routing.grievance.dispatched.v1"]
    appraised = GrievanceAppraisedV1.read(made.events()[0].data())
    assert (appraised.kind, appraised.grade, appraised.rule, appraised.by.role) == ("COMPLAINT", "COMPLEX", "by-hand", "DISPATCHER")


async def test_what_a_verdict_leaves_out_stays_as_it_was() -> None:
    made = office(appraising())
    before: Case = made.state()
    await judge(handling(made), DISPATCHER, "j", ID, AS_IT_IS, None, "")
    after: Case = made.state()
    assert (after.kind, after.grade, after.category, after.category_by) == (before.kind, before.grade, before.category, before.category_by)
    assert (after.departments, after.due_at) == ([LUCHENG], limit(AT, 5).at)


async def test_a_dispatcher_may_name_the_department_and_never_an_accused_one() -> None:
    made = office(appraising(accused=[LUCHENG]))
    for department, code in ((LUCHENG, "DEPARTMENT_ACCUSED"), (ELSEWHERE, "DEPARTMENT_ELSEWHERE"), ("D-NO", "DEPARTMENT_UNKNOWN")):
        assert await code_of(judge(handling(made), DISPATCHER, "j", ID, AS_IT_IS, department, "")) == (code, "department")
    await judge(handling(made), DISPATCHER, "j", ID, AS_IT_IS, ZJJ, "")
    case: Case = made.state()
    assert (case.status, case.departments, case.owner.staffId) == ("DISPATCHED", [ZJJ], f"head-{ZJJ}")
    assert case.work_order is not None
    assert (case.work_order.rule, case.work_order.reason) == ("by-hand", "经核实属实，联系人〔电话〕。")
    assert (case.due_at, case.history[-1].by.role) == (limit(AT, 5).at, "DISPATCHER")
    assert made.said() == ["routing.grievance.appraised.v1", "routing.grievance.dispatched.v1"]


@pytest.mark.parametrize("category", ["没有的类别", "其他", ""])
async def test_a_category_has_to_be_one_of_the_tree(category: str) -> None:
    made = office(appraising())
    refused = judge(handling(made), DISPATCHER, "j", ID, replace(AS_IT_IS, category=category), None, "")
    assert await code_of(refused) == ("CATEGORY_UNKNOWN", "category")


async def test_where_no_rule_fits_the_dispatcher_has_to_name_a_department() -> None:
    made = office(appraising(accused=[LUCHENG]))

    async def catalogue() -> Catalogue:
        return Catalogue(1, (DispatchRule("lucheng", None, "370881001", LUCHENG),))

    parts = replace(handling(made), catalogue=catalogue)
    assert await code_of(judge(parts, DISPATCHER, "j", ID, AS_IT_IS, None, "")) == ("NO_RULE_FITS", "department")
    await judge(parts, DISPATCHER, "j", ID, AS_IT_IS, ZJJ, "")
    assert made.state().departments == [ZJJ]


async def test_a_recalled_case_leaves_its_department_keeps_its_day_and_is_the_dispatchers() -> None:
    made = office(dispatched())
    before: Case = made.state()
    for _ in range(2):
        await take_back(handling(made), DISPATCHER, "t", ID, WHY, "")
    case: Case = made.state()
    assert (case.status, case.departments, case.handlers, case.work_order) == ("APPRAISING", [], [], None)
    assert (case.owner.staffId, case.owner.role, case.due_at) == (DISPATCHER.sub, "DISPATCHER", before.due_at)
    assert not may_see(viewer(Role.HANDLER), access_of(case))
    [taken] = case.appraisal.recalls
    assert (taken.department, taken.rule, taken.reason) == (LUCHENG, "lucheng", "经核实属实，联系人〔电话〕。")
    for department in (None, ZJJ):
        made.put(case)
        later = AT + timedelta(days=2)
        await judge(handling(made, lambda at=later: at), DISPATCHER, "j", ID, replace(AS_IT_IS, grade="COMPLEX"), department, "")
        assert (made.state().status, made.state().due_at) == ("DISPATCHED", before.due_at)


@pytest.mark.parametrize("case", [handled(), returned()], ids=lambda case: case.status)
async def test_what_a_department_has_accepted_or_returned_is_not_recalled(case: Case) -> None:
    made = office(case)
    assert await code_of(take_back(handling(made), DISPATCHER, "t", ID, WHY, "")) == ("ILLEGAL_MOVE", None)


async def test_after_a_rework_the_replies_are_told_apart_although_no_department_has_it() -> None:
    """Feedback and intake know a delivery by its round: the same again would never be sent."""
    case = handled()
    assert case.work_order is not None
    reworked = case.with_(work_order=case.work_order.model_copy(update={"round": 2}), reworks=1)
    made = office(reworked)
    await send_elsewhere(handling(made), DISPATCHER, "s", ID, ZJJ, "转住建。", "")
    await take_back(handling(made), DISPATCHER, "t", ID, WHY, "")
    recalled: Case = made.state()
    await answer_directly(handling(made), DISPATCHER, "a", ID, "已在整改。", "")
    assert GrievanceAppraisedV1.read(made.events()[-1].data()).round == 2
    made.put(recalled)
    await decline_grievance(handling(made), DISPATCHER, "d", ID, "属于诉讼事项。", "请向人民法院提起。", "")
    assert GrievanceDeclinedV1.read(made.events()[-1].data()).round == 2
    for department in (None, LUCHENG):
        made.put(recalled)
        await judge(handling(made), DISPATCHER, "j", ID, AS_IT_IS, department, "")
        assert made.state().work_order.round == 2


async def test_a_direct_answer_is_the_dispatchers_reply_and_nothing_is_due() -> None:
    made = office(dispatched())
    await take_back(handling(made), DISPATCHER, "t", ID, WHY, "")
    await answer_directly(handling(made), DISPATCHER, "a", ID, "已在整改，咨询13812345678。", "")
    case: Case = made.state()
    assert (case.status, case.due_at, case.owner.staffId) == ("ANSWERED_ON_SPOT", None, DISPATCHER.sub)
    assert case.public_reply() == "已在整改，咨询〔电话〕。"
    event = GrievanceAppraisedV1.read(made.events()[-1].data())
    assert (event.verdict, event.onSpotAnswer, event.progress.publicReply) == ("ANSWERED_ON_SPOT", *["已在整改，咨询〔电话〕。"] * 2)


@pytest.mark.row("S54")
async def test_a_direct_answer_sends_nobody_away() -> None:
    made = office(appraising())
    before: Case = made.state()
    away = "这事不归我们管，爱找谁找谁，请自行解决。"
    assert await code_of(answer_directly(handling(made), DISPATCHER, "a", ID, away, "")) == ("REPLY_SENDS_AWAY", "text")
    assert made.state() == before
    # The rest is advice, which officials read beside it.
    await answer_directly(handling(made), DISPATCHER, "a", ID, "正在研究。", "")
    assert submitted(made.state()) == "正在研究。"


@pytest.mark.parametrize("words", ["", " ", "长" * 2_001])
async def test_nothing_is_said_without_words_nor_with_too_many(words: str) -> None:
    made = office(with_opinion_asked(appraising()))
    code = "TEXT_TOO_LONG" if words.strip() else "TEXT_EMPTY"
    parts, before = handling(made), made.state()
    assert [
        await code_of(ask_for_opinion(parts, DISPATCHER, "1", ID, "COMMUNITY", None, words, "")),
        await code_of(say_opinion(parts, COMMUNITY, "2", ID, "COMMUNITY", "YES", "YES", words, "")),
        await code_of(judge(parts, DISPATCHER, "3", ID, replace(AS_IT_IS, reason=words), None, "")),
        await code_of(answer_directly(parts, DISPATCHER, "4", ID, words, "")),
        await code_of(take_back(parts, DISPATCHER, "5", ID, words, "")),
    ] == [(code, "question"), (code, "opinion"), (code, "reason"), (code, "text"), (code, "reason")]
    assert made.state() == before


async def test_of_somebody_erased_no_words_are_left_and_none_are_taken_up() -> None:
    made = office(dispatched())
    await take_back(handling(made), DISPATCHER, "t", ID, "凤凰说明", "")
    await ask_for_opinion(handling(made), DISPATCHER, "q", ID, "COMMUNITY", None, "凤凰问题", "")
    await say_opinion(handling(made), COMMUNITY, "o", ID, "COMMUNITY", "YES", "NO", "凤凰意见", "")
    verdict = Verdict(at=AT, by=HANDLER, reasonable="YES", truthful="NO", kind="REPORT", grade="ORDINARY", category=None, reason="凤凰理由")
    await answer_directly(handling(made), DISPATCHER, "a", ID, "凤凰答复", "")
    whole: Case = made.state().with_(appraisal=made.state().appraisal.with_(verdict=verdict))
    erased = erase_petitioner(whole, "erased:1")
    assert "凤凰" in repr(CODEC.dump(whole))
    assert "凤凰" not in repr(CODEC.dump(erased))
    [said] = erased.appraisal.consultations
    assert (said.question, said.opinion, said.truthful, erased.public_reply()) == (ERASED, ERASED, "NO", ERASED)
    made.put(erase_petitioner(with_opinion_asked(appraising()), "erased:1"))
    await say_opinion(handling(made), COMMUNITY, "o", ID, "COMMUNITY", "YES", "YES", "凤凰意见", "")
    await judge(handling(made), DISPATCHER, "j", ID, replace(AS_IT_IS, reason="凤凰理由"), None, "")
    assert "凤凰" not in repr(made.document())


async def test_a_case_of_before_loads() -> None:
    dumped = CODEC.dump(dispatched())
    del dumped["appraisal"]
    assert CODEC.load(dumped).appraisal == Appraisal()


async def test_judged_and_sent_to_12345_its_deadline_is_the_office_s_from_the_beginning() -> None:
    made = office(appraising())
    await judge(handling(made), DISPATCHER, "j", ID, AS_IT_IS, HOTLINE, "")
    case: Case = made.state()
    assert case.departments == [OFFICE]
    assert [(entry.kind, entry.department) for entry in case.deadlines.result.entries] == [("START", OFFICE)]


async def test_what_is_found_to_be_urgent_is_due_earlier_and_what_is_found_to_be_complex_no_later() -> None:
    for grade, due in (("URGENT", AT + timedelta(hours=26)), ("COMPLEX", limit(AT, 5).at)):
        made, later = office(dispatched()), lambda: AT + timedelta(hours=2)
        await take_back(handling(made, later), DISPATCHER, "t", ID, "级别有误。", "")
        await judge(handling(made, later), DISPATCHER, "j", ID, replace(AS_IT_IS, grade=grade), None, "")
        case: Case = made.state()
        assert case.due_at == due
        assert [entry.kind for entry in case.deadlines.result.entries] == (["START", "START"] if grade == "URGENT" else ["START"])
