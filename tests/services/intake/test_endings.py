"""How a grievance ends otherwise than closed, in all three services: not accepted (不予受理), or withdrawn (撤诉)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from services.intake.usecases.erase_petitioner import erase_round
from services.routing.usecases.adjudicate_return import adjudicate
from services.routing.usecases.decline_grievance import decline_grievance
from services.routing.usecases.return_work_order import send_back
from services.routing.usecases.withdraw_grievance import withdraw_grievance
from shared.identity.errors import Refusal
from shared.identity.roles import Role
from shared.settings import CommonSettings
from tests.services.builders import viewer
from tests.services.intake.test_erasure_everywhere import handler_of, heard
from tests.services.town import Town, town_of

DISPATCHER = viewer(Role.DISPATCHER)
REASON, ROUTE = "属于法院已经受理的诉讼，联系人13812345678。", "请向曲阜市人民法院提起。"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def town(intake_store_settings: CommonSettings, keys_dir: Path) -> AsyncIterator[Town]:
    async with town_of(intake_store_settings, keys_dir) as made:
        yield made


@pytest.mark.row("S47")
@pytest.mark.parametrize("returned", [False, True], ids=["as it came", "as it was returned"])
async def test_what_is_not_accepted_is_told_with_its_proper_route_and_nobody_is_asked(town: Town, returned: bool) -> None:
    id = await heard(town, f"declined-{returned}")
    await town.settle(id)
    handling = town.routing.handling()
    if returned:
        await send_back(handling, await handler_of(town, id), "r", id, "已经在法院。", "test")
    await decline_grievance(handling, DISPATCHER, "d", id, REASON, ROUTE, "test")
    await town.settle(id)

    case = (await town.routing.cases.find_many([id]))[id]
    assert (case.status, case.due_at, case.owner.role) == ("NOT_ACCEPTED", None, "DISPATCHER")
    followup = (await town.feedback.followups.find_many([id]))[id]
    told = "不予受理 (not accepted)：属于法院已经受理的诉讼，联系人〔电话〕。\n正确途径 (where to turn)：请向曲阜市人民法院提起。"
    assert followup.reply is not None
    assert (followup.reply.text, followup.reply.delivery, followup.survey) == (told, "SENT", None)
    assert "不予受理，并告知正确途径" in [entry.what_zh for entry in followup.timeline]
    held = (await town.intake.grievances.find_many([id]))[id]
    assert held.progress is not None
    assert (held.progress.status, held.progress.publicReply) == ("NOT_ACCEPTED", told)
    with pytest.raises(Refusal, match="ILLEGAL_MOVE"):
        await adjudicate(handling, DISPATCHER, "a", id, False, None, "不同意。", "test")


@pytest.mark.parametrize(("reason", "route", "field"), [("", ROUTE, "reason"), (REASON, " ", "route")])
async def test_neither_the_reason_nor_the_route_may_be_missing(town: Town, reason: str, route: str, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        await decline_grievance(town.routing.handling(), DISPATCHER, "d", "any", reason, route, "test")
    assert (refused.value.code, refused.value.field) == ("TEXT_EMPTY", field)


async def test_of_somebody_erased_no_words_are_left_in_what_they_were_told(town: Town) -> None:
    id = await heard(town, "declined-and-erased")
    await town.settle(id)
    await decline_grievance(town.routing.handling(), DISPATCHER, "d", id, "凤凰说明", "找凤凰法院", "test")
    await town.settle(id)
    assert (await town.found(["凤凰说明"]))["feedback"] == ["凤凰说明"]
    await town.erase(id)
    await erase_round(town.intake.erasing)
    await town.settle(id)
    await town.scrub()
    assert await town.found(["凤凰说明", "找凤凰法院"]) == {"intake": [], "routing": [], "feedback": []}


async def test_a_withdrawn_one_has_ended_for_all_and_nothing_is_delivered(town: Town) -> None:
    id = await heard(town, "withdrawn")
    await town.settle(id)
    case = (await town.routing.cases.find_many([id]))[id]
    petitioner = viewer(Role.RESIDENT, refs=frozenset({case.petitioner_ref}))
    await withdraw_grievance(town.routing.handling(), petitioner, "w", id, "已经好了。", "test")
    await town.settle(id)
    held = (await town.intake.grievances.find_many([id]))[id]
    followup = (await town.feedback.followups.find_many([id]))[id]
    assert held.progress is not None
    assert (held.progress.status, held.deliveries, followup.reply, followup.survey) == ("WITHDRAWN", [], None, None)
    assert followup.timeline[-1].what_zh == "诉求人撤诉"
