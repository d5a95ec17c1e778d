"""A grievance that is held up, in all three services: suspended (挂起), or reported and not yet approved (审批) or looked at (现场核实)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from services.intake.usecases.erase_petitioner import erase_round
from services.routing.domain.case import Case
from services.routing.usecases.accept_work_order import accept
from services.routing.usecases.answer_report import reject_resolution, release_resolution, verify_on_site
from services.routing.usecases.approve_reply import approve_reply, refuse_reply
from services.routing.usecases.ask_verification import ask_for_verification
from services.routing.usecases.report_resolution import report
from services.routing.usecases.supervise_department import demand_reply
from services.routing.usecases.suspend_work_order import resume_work_order, suspend_work_order
from services.routing.usecases.withdraw_grievance import withdraw_grievance
from shared.china_time import day_in_china
from shared.contracts.feedback import DeliveryRequestedV1
from shared.identity.roles import Role
from shared.identity.viewer import Viewer
from shared.settings import CommonSettings
from tests.services.builders import viewer
from tests.services.intake.test_erasure_everywhere import handler_of, heard
from tests.services.town import Town, town_of

DISPATCHER, COMMUNITY, SUPERVISOR = viewer(Role.DISPATCHER), viewer(Role.COMMUNITY_SECRETARY), viewer(Role.SUPERVISOR)
BEFORE, AFTER = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def town(intake_store_settings: CommonSettings, keys_dir: Path) -> AsyncIterator[Town]:
    async with town_of(intake_store_settings, keys_dir) as made:
        yield made


async def case_of(town: Town, id: str) -> Case:
    return (await town.routing.cases.find_many([id]))[id]


async def to_be_verified(town: Town, request: str, words: str = "") -> str:
    """Accepted, reported, and waiting for somebody to look."""
    id = await heard(town, request)
    await town.settle(id)
    handling, handler = town.routing.handling(), await handler_of(town, id)
    await accept(handling, handler, "a", id, "test")
    await ask_for_verification(handling, DISPATCHER, "q", id, f"看看是否更换。{words}", "test")
    await report(handling, handler, "r", id, f"指示牌已更换。{words}", [BEFORE], "test")
    await town.settle(id)
    return id


async def to_be_approved(town: Town, request: str, words: str = "") -> str:
    """Accepted, under a supervision order, drafted, and waiting for the head of the department."""
    id = await heard(town, request)
    await town.settle(id)
    handling, handler = town.routing.handling(), await handler_of(town, id)
    await accept(handling, handler, "a", id, "test")
    await demand_reply(handling, SUPERVISOR, "o", id, "请说明进展。", day_in_china(handling.now() + timedelta(days=4)), "test")
    await report(handling, handler, "r", id, f"指示牌已更换。{words}", [BEFORE], "test")
    await town.settle(id)
    return id


async def head_of(town: Town, id: str) -> Viewer:
    order = (await case_of(town, id)).work_order
    assert order is not None
    return viewer(Role.DEPARTMENT_HEAD, department=order.department)


async def told(town: Town, id: str) -> tuple[str | None, list[str]]:
    """What the petitioner is told, by feedback, and what for intake was asked to send something."""
    followup = (await town.feedback.followups.find_many([id]))[id]
    held = (await town.intake.grievances.find_many([id]))[id]
    assert held.progress is not None
    assert held.progress.publicReply == (followup.reply.text if followup.reply else None)
    return held.progress.publicReply, [
        str(event.data()["purpose"]) for event in town.published if event.subject == id and event.type == DeliveryRequestedV1.type
    ]


@pytest.mark.row("S21")
@pytest.mark.row("S54")
@pytest.mark.parametrize("by", ["secretary", "dispatcher"])
async def test_the_petitioner_hears_nothing_before_it_was_looked_at_and_once_after(town: Town, by: str) -> None:
    id = await to_be_verified(town, f"verified-{by}")
    assert await told(town, id) == (None, [])
    handling, handler = town.routing.handling(), await handler_of(town, id)
    if by == "secretary":
        await verify_on_site(handling, COMMUNITY, "v", id, False, "还是旧牌。", [], "test")
    else:
        await reject_resolution(handling, DISPATCHER, "v", id, "没有照片。", "test")
    await town.settle(id)
    assert await told(town, id) == (None, [])
    await report(handling, handler, "r2", id, "这次换好了。", [BEFORE], "test")
    await town.settle(id)
    assert await told(town, id) == (None, [])
    for _ in range(2):
        if by == "secretary":
            await verify_on_site(handling, COMMUNITY, "v2", id, True, "看过了。", [AFTER], "test")
        else:
            await release_resolution(handling, DISPATCHER, "v2", id, "书记休假。", "test")
        await town.settle(id)
    reply, deliveries = await told(town, id)
    assert (reply, deliveries) == ("这次换好了。", ["REPLY"])
    followup = (await town.feedback.followups.find_many([id]))[id]
    assert followup.reply is not None
    assert (followup.reply.by.role, followup.reply.delivery, followup.earlier_replies) == ("HANDLER", "SENT", [])
    said = [entry.what_zh for entry in followup.timeline]
    looked = ["社区（村）书记现场核实属实", "上报办结，附佐证 2 份"] if by == "secretary" else ["准予办结", "上报办结，附佐证 1 份"]
    back = "现场核实不符，继续办理" if by == "secretary" else "办结被驳回，继续办理"
    at = said.index("要求现场核实")
    assert said[at : at + 6] == ["要求现场核实", "办结待核实", back, "办结待核实", *looked]
    assert (await case_of(town, id)).status == "FED_BACK"


@pytest.mark.row("S54")
async def test_the_petitioner_hears_nothing_before_it_was_approved_and_once_after(town: Town) -> None:
    id = await to_be_approved(town, "approved")
    handling, handler, head = town.routing.handling(), await handler_of(town, id), await head_of(town, id)
    await refuse_reply(handling, head, "f", id, "请写明日期。", "test")
    await report(handling, handler, "r2", id, "已于6月8日更换。", [BEFORE], "test")
    await town.settle(id)
    assert await told(town, id) == (None, [])
    for _ in range(2):
        await approve_reply(handling, head, "p", id, "test")
        await town.settle(id)
    assert await told(town, id) == ("已于6月8日更换。", ["REPLY"])
    followup = (await town.feedback.followups.find_many([id]))[id]
    assert followup.reply is not None
    assert followup.reply.by.role == "HANDLER"
    said = [entry.what_zh for entry in followup.timeline]
    at = said.index("答复待审批")
    assert said[at : at + 5] == ["答复待审批", "答复退回修改，继续办理", "答复待审批", "部门主要负责人批准", "上报办结，附佐证 1 份"]


async def test_of_somebody_erased_no_words_are_left_while_a_reply_waits_nor_after(town: Town) -> None:
    id = await to_be_approved(town, "approved-and-erased", "凤凰草拟")
    assert await town.found(["凤凰草拟"]) == {"intake": [], "routing": ["凤凰草拟"], "feedback": []}
    await town.erase(id)
    await erase_round(town.intake.erasing)
    await town.settle(id)
    await refuse_reply(town.routing.handling(), await head_of(town, id), "f", id, "凤凰不行。", "test")
    await town.settle(id)
    await town.scrub()
    assert await town.found(["凤凰草拟", "凤凰不行"]) == {"intake": [], "routing": [], "feedback": []}


async def test_of_somebody_erased_no_words_are_left_while_a_report_waits_nor_after(town: Town) -> None:
    id = await to_be_verified(town, "verified-and-erased", "凤凰说明")
    assert await town.found(["凤凰说明"]) == {"intake": [], "routing": ["凤凰说明"], "feedback": []}
    await town.erase(id)
    await erase_round(town.intake.erasing)
    await town.settle(id)
    await verify_on_site(town.routing.handling(), COMMUNITY, "v", id, True, "凤凰看过了。", [AFTER], "test")
    await town.settle(id)
    await town.scrub()
    assert (await case_of(town, id)).status != "HANDLING"
    assert await town.found(["凤凰说明", "凤凰看过了"]) == {"intake": [], "routing": [], "feedback": []}


@pytest.mark.row("S52")
async def test_while_it_is_suspended_nothing_is_due_anywhere_and_it_may_be_withdrawn(town: Town) -> None:
    id = await heard(town, "suspended")
    await town.settle(id)
    handling, handler = town.routing.handling(), await handler_of(town, id)
    await accept(handling, handler, "a", id, "test")
    due = (await case_of(town, id)).due_at

    async def copies() -> set[tuple[str, object]]:
        await town.settle(id)
        held = [(await town.intake.grievances.find_many([id]))[id].progress, (await town.feedback.followups.find_many([id]))[id].progress]
        return {(each.status, each.dueAt) for each in held if each is not None}

    today = day_in_china(town.routing.runtime.world.now())
    await suspend_work_order(handling, handler, "s", id, "等待供货。", today, "test")
    assert await copies() == {("SUSPENDED", None)}
    await resume_work_order(handling, handler, "g", id, "test")
    resumed = (await case_of(town, id)).due_at
    assert due is not None
    assert resumed is not None
    assert resumed >= due
    assert await copies() == {("HANDLING", resumed)}
    await suspend_work_order(handling, handler, "s2", id, "又缺货。", today, "test")
    petitioner = viewer(Role.RESIDENT, refs=frozenset({(await case_of(town, id)).petitioner_ref}))
    await withdraw_grievance(handling, petitioner, "w", id, None, "test")
    assert await copies() == {("WITHDRAWN", None)}
    followup = (await town.feedback.followups.find_many([id]))[id]
    assert [entry.what_zh for entry in followup.timeline][-4:] == ["承办部门挂起", "恢复办理", "承办部门挂起", "诉求人撤诉"]
