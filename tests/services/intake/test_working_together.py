"""主办 and 协办 over all three services: who sees what when, what the petitioner is told, and that nothing stays of somebody erased."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from services.feedback.store.mongo import access_of as followup_access
from services.intake.seed import DEPARTMENTS
from services.intake.store.mongo import access_of as grievance_access
from services.intake.usecases.erase_petitioner import erase_round
from services.routing.domain.case import Case
from services.routing.store.mongo import access_of as case_access
from services.routing.usecases.accept_work_order import accept
from services.routing.usecases.co_handle import ask_for_part, release, report_own_part
from services.routing.usecases.hand_over_work_order import give
from services.routing.usecases.report_resolution import report
from shared.identity.access import may_see
from shared.identity.errors import Refusal
from shared.identity.roles import Role
from shared.identity.viewer import Viewer
from shared.mongo import Client
from shared.settings import CommonSettings
from tests.services.builders import viewer
from tests.services.intake.test_erasure_everywhere import handler_of, heard
from tests.services.town import Town, town_of

DISPATCHER = viewer(Role.DISPATCHER)
SEEN_BY = {"intake": grievance_access, "routing": case_access, "feedback": followup_access}


# By `intake_client` the store answers: it may start more slowly than the driver waits.
@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def town(intake_store_settings: CommonSettings, intake_client: Client, keys_dir: Path) -> AsyncIterator[Town]:
    async with town_of(intake_store_settings, keys_dir) as made:
        # As intake tells of its departments, to a worker of routing.
        rows = [row.model_dump() for row in DEPARTMENTS]
        await made.routing.departments.apply("code", 1, rows)
        await made.routing.departments.rows()
        yield made


async def case_of(town: Town, id: str) -> Case:
    found: Case = (await town.routing.cases.find_many([id]))[id]
    return found


async def sees(town: Town, id: str, who: Viewer) -> set[str]:
    """The services in which this person may see the grievance."""
    held: dict[str, Any] = {name: (await town.records(name).find_many([id]))[id] for name in SEEN_BY}
    return {name for name, access_of in SEEN_BY.items() if may_see(who, access_of(held[name]))}


async def words_of_timeline(town: Town, id: str) -> list[str]:
    return [entry.what_zh for entry in (await town.feedback.followups.find_many([id]))[id].timeline]


@pytest.mark.row("S22")
@pytest.mark.row("S52")
async def test_a_life_with_a_lead_and_two_co_handlers(town: Town) -> None:
    id = await heard(town, "together")
    await town.settle(id)
    sent = await case_of(town, id)
    assert sent.work_order is not None
    lead = sent.work_order.department
    row = next(row for row in DEPARTMENTS if row.code == lead)
    assert (sent.owner.staffId, sent.work_order.receiver) == (row.head, row.receiver)
    others = [each.code for each in DEPARTMENTS if each.code.startswith("D-3708-") and each.code != lead][:2]
    first, second = (viewer(Role.HANDLER, sub=f"of-{code}", department=code) for code in others)
    handling, receiver = town.routing.handling(), viewer(Role.HANDLER, sub=row.receiver, department=lead)

    await accept(handling, receiver, "a", id, "test")
    for code in others:
        await ask_for_part(handling, receiver, f"p-{code}", id, code, "核实。", "test")
    await town.settle(id)
    assert await sees(town, id, first) == await sees(town, id, second) == set(SEEN_BY)

    await report_own_part(handling, first, "r1", id, "只给主办看。", [], "test")
    with pytest.raises(Refusal, match="PARTS_MISSING"):
        await report(handling, receiver, "early", id, "已更换。", [], "test")
    await release(handling, DISPATCHER, "x", id, others[1], "不需要了。", "test")
    await town.settle(id)
    assert (await sees(town, id, first), await sees(town, id, second)) == (set(SEEN_BY), set())

    await give(handling, receiver, "h", id, row.head, "由负责同志办。", "test")
    chief = viewer(Role.DEPARTMENT_HEAD, sub=row.head, department=lead)
    await report(handling, chief, "done", id, "已更换。", [], "test")
    await town.settle(id)
    held = (await town.intake.grievances.find_many([id]))[id]
    assert held.progress is not None
    assert (held.progress.owner.staffId, [delivery.text for delivery in held.deliveries][:1]) == (row.head, ["已更换。"])
    assert [each.owner.staffId for each in (await case_of(town, id)).owners][1:] == [row.head, row.receiver, row.head]
    told = await words_of_timeline(town, id)
    assert {"增加协办部门", "协办部门已上报", "免除协办部门", "部门内部移交"} <= set(told)
    assert await town.found(["只给主办看"]) == {"intake": [], "routing": ["只给主办看"], "feedback": []}


async def test_whoever_has_owned_a_case_for_a_department_is_known_there_and_nobody_else(town: Town) -> None:
    handling, cases = town.routing.handling(), town.routing.cases
    id, other = await heard(town, "known"), await heard(town, "known-too")
    for each in (id, other):
        await town.settle(each)
    handler = await handler_of(town, id)
    newcomer = viewer(Role.HANDLER, sub="newcomer", department=handler.department)
    await accept(handling, handler, "a", id, "test")
    with pytest.raises(Refusal, match="STAFF_UNKNOWN") as refused:
        await give(handling, handler, "h", id, "newcomer", "另有任务。", "test")
    assert refused.value.field == "staffId"
    assert handler.department is not None
    assert not await cases.has_owned(handler.department, "newcomer")
    await accept(handling, newcomer, "b", other, "test")
    assert await cases.has_owned(handler.department, "newcomer")
    assert not await cases.has_owned("D-3708-SJJ", "newcomer")
    await give(handling, handler, "h2", id, "newcomer", "另有任务。", "test")
    assert (await case_of(town, id)).owner.staffId == "newcomer"


async def test_of_somebody_erased_no_words_are_left_in_what_officials_told_each_other(town: Town) -> None:
    id = await heard(town, "together-and-erased")
    await town.settle(id)
    handling, handler = town.routing.handling(), await handler_of(town, id)
    builder = viewer(Role.HANDLER, sub="builder", department="D-3708-SJJ")
    await accept(handling, handler, "a", id, "test")
    await ask_for_part(handling, handler, "p", id, "D-3708-SJJ", "凤凰任务", "test")
    await report_own_part(handling, builder, "r", id, "凤凰报告", [], "test")
    await ask_for_part(handling, handler, "q", id, "D-3708-RSJ", "凤凰任务", "test")
    await release(handling, DISPATCHER, "x", id, "D-3708-RSJ", "凤凰免除", "test")
    head = next(row.head for row in DEPARTMENTS if row.code == handler.department)
    await give(handling, handler, "h", id, head, "凤凰移交", "test")
    await town.settle(id)
    words = ["凤凰任务", "凤凰报告", "凤凰免除", "凤凰移交"]
    assert await town.found(words) == {"intake": [], "routing": words, "feedback": []}
    await town.erase(id)
    await erase_round(town.intake.erasing)
    await town.settle(id)
    await town.scrub()
    assert await town.found(words) == {"intake": [], "routing": [], "feedback": []}
