"""A petitioner is erased in all three services: nothing of their words is anywhere, and nothing that is counted has changed."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from services.feedback.events import HANDLED
from services.feedback.service import participant
from services.feedback.store.mongo import CODEC as FOLLOWUPS
from services.feedback.usecases.answer_survey import Said, answer
from services.intake.domain.contact import Contact
from services.intake.usecases.check_day_summary import CheckDaySummary, ItemLook, check_day_summary
from services.intake.usecases.complete_grievance import CompleteGrievance, NamedPetitioner, complete_grievance
from services.intake.usecases.correct_petitioner import CorrectPetitioner, correct_petitioner
from services.intake.usecases.erase_petitioner import erase_round
from services.intake.usecases.hand_up_day_summary import HandUpDaySummary, hand_up_day_summary
from services.intake.usecases.register_grievance import PetitionerInput, RegisterGrievance, register_grievance
from services.intake.usecases.tell_petitioner import TellPetitioner, tell_petitioner
from services.routing.usecases.accept_work_order import accept
from services.routing.usecases.adjudicate_return import adjudicate
from services.routing.usecases.reassign_work_order import send_elsewhere
from services.routing.usecases.report_resolution import report
from services.routing.usecases.return_work_order import send_back
from shared.contracts.intake import DepartmentRow
from shared.envelope import decode
from shared.erasure import ERASED, Scrubber
from shared.identity.roles import Role
from shared.identity.viewer import Viewer
from shared.record import Outcome
from shared.redaction.marks import name_marks
from shared.settings import CommonSettings
from shared.writer import event_of
from tests.services.builders import Desk, viewer
from tests.services.intake.conftest import embedded_store
from tests.services.intake.viewers import SECRETARY, VILLAGE
from tests.services.restoring import Kept, kept_of, restore
from tests.services.town import Town, close, town_in, town_of

NAME, PHONE, PLACE, WORD = "孔凡莹", "13800008001", "后作街小区东门", "梧桐树下的指示牌"
PLANTED = [NAME, PHONE, PLACE, WORD, "凤凰牌自行车", "没有修到凤凰台", "您说的梧桐树", "凤凰说明", "当面说了梧桐"]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def migrated(intake_store_settings: CommonSettings, keys_dir: Path) -> AsyncIterator[tuple[Town, dict[str, Kept]]]:
    """A town in which nothing has happened, and what is in its databases."""
    async with town_of(intake_store_settings, keys_dir) as made:
        yield made, {name: await kept_of(service.runtime.database) for name, service in made.services.items()}


@pytest_asyncio.fixture(loop_scope="session")
async def town(migrated: tuple[Town, dict[str, Kept]], intake_store_settings: CommonSettings, keys_dir: Path) -> AsyncIterator[Town]:
    """Of processes of its own, over databases as they were when they were migrated."""
    first, kept = migrated
    for name, service in first.services.items():
        await restore(service.runtime.database, kept[name])
    made = town_in(intake_store_settings, keys_dir, first.intake.settings.prefix)
    yield made
    await close(made)


async def heard(town: Town, request: str = "told", **changes: Any) -> str:
    fields = {
        "subject": f"{WORD}坏了",
        "text": f"我叫{NAME}，电话{PHONE}，{WORD}看不清，撞坏了凤凰牌自行车。",
        "division": f"{VILLAGE}-01",
        "place": PLACE,
        "petitioner": PetitionerInput(name=NAME, phone=PHONE),
        "category": "城乡建设",
    }
    command = RegisterGrievance(request_id=request, channel="VISIT", **(fields | changes))
    return await register_grievance(town.intake.registration(), SECRETARY, command, "test")


async def closed(town: Town, request: str = "told", **changes: Any) -> str:
    """Heard, looked at, handed up, handled, told, answered with a reason, handled again, and closed."""
    id = await heard(town, request, **changes)
    await town.settle(id)
    summarising, today = town.intake.duties.summarising, town.intake.fieldwork.today()
    look = ItemLook(grievance_id=id, keep=True, remark=f"凤凰说明：{NAME}说的属实")
    day = datetime.fromisoformat(today).date()
    await check_day_summary(summarising, SECRETARY, CheckDaySummary(request_id=f"c-{request}", day=day, items=[look]), "test")
    await hand_up_day_summary(summarising, SECRETARY, HandUpDaySummary(request_id=f"h-{request}", day=day), "test")
    handling = town.routing.handling()
    surveying = town.feedback.surveying()
    caller = viewer(Role.CALLER)
    for round in (1, 2):
        handler = await handler_of(town, id)
        if round == 1:
            await accept(handling, handler, f"a-{request}", id, "test")
            await town.settle(id)
        await report(handling, handler, f"r-{request}-{round}", id, "您说的梧桐树已修剪，新牌装好了。", [], "test")
        await town.settle(id)
        reason = "没有修到凤凰台" if round == 1 else None
        await answer(surveying, caller, f"s-{request}-{round}", id, Said(round == 2, "SATISFIED", reason), "test")
        await town.settle(id)
    await tell_petitioner(
        town.intake.duties.telling, SECRETARY, TellPetitioner(request_id=f"t-{request}", grievance_id=id, words="当面说了梧桐。"), "test"
    )
    await town.settle(id)
    return id


async def handler_of(town: Town, id: str) -> Viewer:
    case = (await town.routing.cases.find_many([id]))[id]
    return viewer(Role.HANDLER, department=case.departments[0])


async def test_nothing_of_an_erased_petitioner_is_in_any_store_and_what_is_counted_stays(town: Town) -> None:
    id, other = await closed(town), await heard(town, "another")
    yan = PetitionerInput(name="颜子渊", phone="13800008009")
    apart = await heard(town, "apart", petitioner=yan, text="路灯不亮。", subject="路灯", place=None)
    for each in (other, apart):
        await town.settle(each)
    assert (await town.routing.cases.find_many([id]))[id].status == "CLOSED"
    assert (await town.found(PLANTED))["feedback"] == ["没有修到凤凰台", "您说的梧桐树"]
    assert WORD in (await town.found(PLANTED))["routing"]
    before = await town.counted()

    await town.erase(id, note=f"{NAME}的书面申请")
    await erase_round(town.intake.erasing)
    for each in (id, other):
        await town.settle(each)
    await town.scrub()
    assert await town.found(PLANTED) == {"intake": [], "routing": [], "feedback": []}
    assert await town.counted() == before

    for each in (id, other):
        held = (await town.intake.grievances.find_many([each]))[each]
        assert (held.subject, held.text, held.original, held.petitioner_ref, held.own_ref) == (ERASED, ERASED, None, f"erased:{each}", None)
        case = (await town.routing.cases.find_many([each]))[each]
        assert (case.subject, case.petitioner_ref, case.own_ref) == (ERASED, f"erased:{each}", None)
    left = (await town.intake.grievances.find_many([apart]))[apart]
    assert left.text == "路灯不亮。"
    assert await town.intake.persons.contacts([left.person]) == [Contact("颜子渊", "13800008009")]


async def test_who_is_sent_the_rewritten_events_arrives_at_the_same_state(town: Town) -> None:
    id = await closed(town)
    await town.erase(id)
    await erase_round(town.intake.erasing)
    await town.settle(id)
    await town.scrub()
    late = Desk(participant(town.feedback.rules, town.feedback.draw), FOLLOWUPS)
    rows = []
    for name in ("intake", "routing"):
        rows += await town.services[name].runtime.database["events"].find({"subject": id}).to_list(None)
    for row in sorted(rows, key=lambda row: (row["source"], row["sequence"])):
        assert await late.receive(event_of(row)) in (Outcome.APPLIED, Outcome.WAITING)
    live, rebuilt = (await town.feedback.followups.find_many([id]))[id], late.state(id)
    # What they answered themselves is feedback's own, and no event of the others.
    own = {"survey", "earlier_surveys", "timeline"}
    assert rebuilt.model_dump(exclude=own) == live.model_dump(exclude=own)
    assert {row["type"] for row in rows} <= HANDLED


async def test_an_event_that_is_not_relayed_yet_is_relayed_first(town: Town) -> None:
    id = await heard(town)
    town.down = True
    await town.erase(id)
    await erase_round(town.intake.erasing)
    await Scrubber(town.intake.grievances).round()
    assert "scrub" in (await town.intake.grievances.load(id) or {})["tags"]
    town.down = False
    await town.settle(id)
    sent = [decode(event.body)["data"] for event in town.published if event.type == "intake.grievance.registered.v1"]
    assert WORD in sent[0]["text"]
    await town.scrub()
    assert not any((await town.found(PLANTED)).values())
    assert "scrub" not in (await town.intake.grievances.load(id) or {})["tags"]


async def test_what_waits_in_a_document_is_scrubbed_and_what_comes_later_brings_no_words(town: Town) -> None:
    id = await closed(town)
    await town.erase(id)
    await erase_round(town.intake.erasing)
    erased = next(row for row in await town.intake.grievances.outbox(id) if "erased" in row["row"].get("type", ""))
    assert event_of(erased["row"]).type == "intake.grievance.personal_data_erased.v1"
    # Feedback heard of the erasure, and of a resolution that routing sent before it knew and that is early.
    await town.settle(id)
    resolved = next(event for event in town.published if event.type == "routing.grievance.resolved.v1")
    later = resolved.again(id="later", sequence=resolved.sequence + 50)
    assert await town.feedback.writer.receive(later, may_wait=True) is Outcome.WAITING
    assert "梧桐" in (await town.bytes_of_all())["feedback"]
    await town.scrub()
    await town.scrub()
    assert not any((await town.found(PLANTED)).values())


async def test_handling_goes_on_and_a_department_answers_to_nobody(town: Town) -> None:
    id = await heard(town)
    await town.settle(id)
    await town.erase(id)
    await erase_round(town.intake.erasing)
    await town.settle(id)
    handling = town.routing.handling()
    handler = await handler_of(town, id)
    await accept(handling, handler, "a", id, "test")
    await report(handling, handler, "r", id, "您说的梧桐树已修剪。", [], "test")
    await town.settle(id)
    await town.scrub()
    case = (await town.routing.cases.find_many([id]))[id]
    assert (case.status, case.work_order and case.work_order.resolution) == ("RESOLVED", ERASED)
    held = (await town.intake.grievances.find_many([id]))[id]
    assert [(delivery.state, delivery.text) for delivery in held.deliveries] == [("FAILED", ERASED)]
    attempted = [decode(event.body)["data"]["reason"] for event in town.published if "delivery_attempted" in event.type]
    assert attempted == ["petitioner_erased"]
    assert await town.intake.runtime.database["notices"].count_documents({}) == 0
    assert not any((await town.found(PLANTED)).values())


@pytest.mark.parametrize("told", ["registered", "completed"])
async def test_the_name_that_was_declared_is_nowhere_in_what_others_write_and_no_mark_of_it_outlives_the_erasure(
    town: Town, told: str
) -> None:
    named = PetitionerInput(name=NAME if told == "registered" else None, phone=PHONE)
    id, twin = await heard(town, text="看不清。", petitioner=named), await heard(town, "twin", petitioner=PetitionerInput(name=NAME))
    if told == "completed":
        command = CompleteGrievance(request_id="c", grievance_id=id, petitioner=NamedPetitioner(name=NAME))
        await complete_grievance(town.intake.duties.completing, SECRETARY, command, "test")
    for each in (id, twin):
        await town.settle(each)
    row = DepartmentRow(code="D-3708-ZJJ", name="住建局", division="370800000000", head="head", receiver="receiver")
    await town.routing.departments.apply("code", 1, [row.model_dump()])
    handling, handler, dispatcher = town.routing.handling(), await handler_of(town, id), viewer(Role.DISPATCHER)
    await send_back(handling, handler, "b", id, f"{NAME}说的路灯不归我局。", "test")
    await adjudicate(handling, dispatcher, "j", id, False, None, f"{NAME}住在你处。", "test")
    await send_elsewhere(handling, dispatcher, "e", id, row.code, f"应{NAME}要求改派。", "test")
    handler = await handler_of(town, id)
    await accept(handling, handler, "a", id, "test")
    surveying = town.feedback.surveying()
    for round, called in ((1, "孔 凡 莹"), (2, f"{NAME}（现名孔繁荧）")):
        await report(handling, handler, f"r-{round}", id, f"已当面告知{called}，牌子装好了。", [], "test")
        await town.settle(id)
        await answer(surveying, viewer(Role.CALLER), f"s-{round}", id, Said(False, "DISSATISFIED", f"{called}说没有装好"), "test")
        await town.settle(id)
        if round == 1:
            corrected = CorrectPetitioner(request_id="n", grievance_id=id, name="孔繁荧", reason="写错了")
            await correct_petitioner(town.intake.erasing.access, SECRETARY, corrected, "test")
            await town.settle(id)
    case, followup = (await town.routing.cases.find_many([id]))[id], (await town.feedback.followups.find_many([id]))[id]
    assert [case.returns[0].reason, case.returns[0].answer] == ["〔姓名〕说的路灯不归我局。", "〔姓名〕住在你处。"]
    assert case.work_order is not None
    assert case.work_order.reason == "应〔姓名〕要求改派。"
    assert followup.survey is not None
    assert followup.survey.answer is not None
    assert followup.survey.answer.reason == "〔姓名〕（现名〔姓名〕）说没有装好"
    assert not any((await town.found([NAME, "孔 凡 莹", "孔繁荧"])).values())

    marks = [mark for name in (NAME, "孔繁荧") for mark in name_marks(town.routing.reference_key, id, name)]
    assert case.name_marks == followup.name_marks == marks
    [of_twin] = (await town.routing.cases.find_many([twin]))[twin].name_marks
    assert await town.found([*marks, of_twin]) == {name: [*marks, of_twin] for name in town.services}
    await town.erase(id)
    await erase_round(town.intake.erasing)
    await town.settle(id)
    await town.scrub()
    assert await town.found([*marks, of_twin]) == {name: [of_twin] for name in town.services}


class Stopped(BaseException):
    """The process ends here, as by kill -9."""


@pytest.mark.parametrize("where", ["asked", "destroyed", "files", "beside", "words", "events"])
async def test_a_crash_at_any_step_is_made_good(town: Town, where: str) -> None:
    id = await closed(town)
    other = await heard(town, "another")
    await town.settle(other)
    left = [where] if where == "asked" else [where, where]

    async def stop(at: str) -> None:
        if left and at == left[-1]:
            left.pop()
            raise Stopped

    object.__setattr__(town.intake.erasing, "reached", stop)
    with contextlib.suppress(Stopped):
        await town.erase(id)
    for _ in range(4):
        with contextlib.suppress(Stopped):
            await erase_round(town.intake.erasing)
            await Scrubber(town.intake.grievances, stop).round()
        for each in (id, other):
            await town.settle(each)
    assert not left
    await town.scrub()
    assert not any((await town.found(PLANTED)).values())
    told = [event.subject for event in town.published if event.type == "intake.grievance.personal_data_erased.v1"]
    assert sorted(told) == sorted([id, other])
    await town.erase(id)
    assert await town.intake.persons.contacts([(await town.intake.grievances.find_many([id]))[id].person]) == [Contact()]


async def test_the_stores_own_files_never_had_a_name_in_clear(tmp_path: Path, keys_dir: Path) -> None:
    """Neither where documents lie, nor in its journal and oplog, which go on holding for a while what a document was. Words of before the
    erasure, redacted, may stand there: this store has nothing that compacts it (decision 0034)."""
    with embedded_store(tmp_path) as url:
        settings = CommonSettings(prefix="minyi_files", mongodb_url=url, mongodb_retry_writes=False)
        async with town_of(settings, keys_dir) as town:
            id = await closed(town)
            await town.erase(id, note=f"{NAME}的书面申请")
            await erase_round(town.intake.erasing)
            await town.settle(id)
            await town.scrub()
    files = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())
    assert ERASED.encode() in files
    assert [planted for planted in (NAME, PHONE, PLACE) if planted.encode() in files] == []
