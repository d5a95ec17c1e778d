"""现场核实: where a dispatcher asks for it, a report waits until the community's secretary, or a dispatcher, has looked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.routing.domain.case import Case, erase_petitioner
from services.routing.domain.verification import asked, waiting
from services.routing.usecases.answer_report import reject_resolution, release_resolution, verify_on_site
from services.routing.usecases.ask_verification import ask_for_verification
from services.routing.usecases.reassign_work_order import send_elsewhere
from services.routing.usecases.report_resolution import report
from services.routing.usecases.withdraw_grievance import withdraw_grievance
from shared.erasure import ERASED
from shared.identity.roles import Role
from shared.identity.scopes import Level, from_code
from shared.writer import NoSuchRecord
from tests.services.builders import AT, ID, LUCHENG, VILLAGE, Desk, viewer
from tests.services.routing.builders import ZJJ, code_of, handled, handling, office, told, with_report_waiting, with_verification

HANDLER, DISPATCHER, COMMUNITY = viewer(Role.HANDLER), viewer(Role.DISPATCHER), viewer(Role.COMMUNITY_SECRETARY)
BEFORE, AFTER = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"
LATER = AT + timedelta(days=1)


async def reported(made: Desk, text: str = "指示牌已更换。", request: str = "r") -> Case:
    await report(handling(made), HANDLER, request, ID, text, [BEFORE], "")
    case: Case = made.state()
    return case


@pytest.mark.row("S21")
async def test_what_is_to_be_verified_waits_and_the_secretary_lets_it_go() -> None:
    made = office(handled())
    before: Case = made.state()
    await ask_for_verification(handling(made), DISPATCHER, "a", ID, "看看新牌，联系人13812345678。", "")
    assert [told(made, HANDLER, move) for move in ("SUBMIT_RESOLUTION", "REPORT_RESOLUTION")] == [None, "VERIFICATION_FIRST"]
    held = await reported(made)
    assert (held.status, held.due_at, held.owner, held.public_reply()) == ("HANDLING", before.due_at, before.owner, None)
    [verification] = held.verifications
    assert (verification.what, waiting(held), verification.reports[0].text) == (
        "看看新牌，联系人〔电话〕。",
        verification.reports[0],
        "指示牌已更换。",
    )
    assert made.said()[-1] == "routing.grievance.moved.v1"
    assert "指示牌已更换" not in str(made.events()[-1].data())

    await verify_on_site(handling(made, lambda: LATER), COMMUNITY, "v", ID, True, None, [AFTER], "")
    after: Case = made.state()
    order = after.work_order
    assert order is not None
    assert (after.status, after.due_at, order.resolution, order.evidence) == ("RESOLVED", None, "指示牌已更换。", [BEFORE, AFTER])
    # It was done when it was reported, however long that waited.
    assert (order.resolved_at, after.history[-1].at, after.owner) == (AT, LATER, before.owner)
    told_ = made.events()[-1].data()
    assert (made.said()[-1], told_["by"]["role"], told_["releasedBy"]) == (
        "routing.grievance.resolved.v1",
        "HANDLER",
        {"staffId": COMMUNITY.sub, "role": "COMMUNITY_SECRETARY", "unit": VILLAGE},
    )


async def test_what_is_not_as_reported_goes_back_and_the_next_report_waits_too() -> None:
    made = office(with_verification(handled()))
    await reported(made)
    assert await code_of(verify_on_site(handling(made), COMMUNITY, "v", ID, False, None, [], "")) == ("TEXT_EMPTY", "remark")
    await verify_on_site(handling(made), COMMUNITY, "v", ID, False, "还是旧牌，问13812345678。", [AFTER], "")
    denied: Case = made.state()
    [first] = denied.verifications[-1].reports
    assert (denied.status, waiting(denied), denied.public_reply()) == ("HANDLING", None, None)
    assert (first.released, first.remark, first.photos) == (False, "还是旧牌，问〔电话〕。", [AFTER])
    assert told(made, COMMUNITY, "CONFIRM_ON_SITE") == told(made, DISPATCHER, "RELEASE_RESOLUTION") == "NO_REPORT_WAITING"
    await reported(made, "这次换好了。", "r2")
    await verify_on_site(handling(made), COMMUNITY, "v2", ID, True, "已看过。", [], "")
    after: Case = made.state()
    assert (after.status, after.public_reply(), [each.released for each in after.verifications[-1].reports]) == (
        "RESOLVED",
        "这次换好了。",
        [False, True],
    )


async def test_a_dispatcher_rejects_or_lets_go_without_the_secretary() -> None:
    made = office(with_verification(handled()))
    await reported(made)
    assert told(made, HANDLER, "SUBMIT_RESOLUTION") == "REPORT_WAITING"
    assert await code_of(reject_resolution(handling(made), DISPATCHER, "j", ID, " ", "")) == ("TEXT_EMPTY", "reason")
    await reject_resolution(handling(made), DISPATCHER, "j", ID, "没有照片。", "")
    assert made.state().status == "HANDLING"
    await reported(made, "附上照片。", "r2")
    await release_resolution(handling(made), DISPATCHER, "l", ID, "书记休假。", "")
    after: Case = made.state()
    assert (after.status, after.public_reply()) == ("RESOLVED", "附上照片。")
    assert [each.remark for each in after.verifications[-1].reports] == ["没有照片。", "书记休假。"]


async def test_it_is_asked_once_in_a_round_and_a_rework_is_another_round() -> None:
    made = office(with_verification(handled()))
    assert told(made, DISPATCHER, "ASK_VERIFICATION") == "VERIFICATION_ASKED"
    again: Case = made.state()
    assert again.work_order is not None
    made.put(again.with_(work_order=again.work_order.model_copy(update={"round": 2})))
    assert told(made, DISPATCHER, "ASK_VERIFICATION") is None
    assert [told(made, HANDLER, move) for move in ("SUBMIT_RESOLUTION", "REPORT_RESOLUTION")] == ["NO_VERIFICATION_ASKED", None]


async def test_it_holds_for_whichever_department_reports_and_what_waits_is_answered_first() -> None:
    made = office(with_report_waiting(handled()))
    assert told(made, DISPATCHER, "REASSIGN") == told(made, DISPATCHER, "ADD_CO_HANDLER") == "REPORT_WAITING"
    await reject_resolution(handling(made), DISPATCHER, "j", ID, "不是该部门的事。", "")
    await send_elsewhere(handling(made), DISPATCHER, "d", ID, ZJJ, "转住建。", "")
    after: Case = made.state()
    assert (after.work_order and after.work_order.department, asked(after)) == (ZJJ, after.verifications[0])


async def test_nobody_looks_at_their_own_report() -> None:
    many = frozenset({Role.HANDLER, Role.COMMUNITY_SECRETARY, Role.DISPATCHER})
    both = viewer(Role.HANDLER, roles=many, scopes=(from_code(VILLAGE, Level.VILLAGE),))
    made = office(with_verification(handled()))
    await report(handling(made), both, "r", ID, "已更换。", [], "")
    for command in (
        verify_on_site(handling(made), both, "v", ID, True, None, [], ""),
        verify_on_site(handling(made), both, "v", ID, False, "不符。", [], ""),
        reject_resolution(handling(made), both, "j", ID, "不行。", ""),
        release_resolution(handling(made), both, "l", ID, "可以。", ""),
    ):
        assert await code_of(command) == ("OWN_REPORT", None)


async def test_only_the_secretary_of_the_place_looks_and_photos_are_ids() -> None:
    made = office(with_report_waiting(handled()))
    elsewhere = viewer(Role.COMMUNITY_SECRETARY, scopes=(from_code("370881001902", Level.VILLAGE),))
    with pytest.raises(NoSuchRecord):
        await verify_on_site(handling(made), elsewhere, "v", ID, True, None, [], "")
    sees = viewer(Role.COMMUNITY_SECRETARY, roles=frozenset({Role.COMMUNITY_SECRETARY, Role.HANDLER}), scopes=(), department=LUCHENG)
    assert await code_of(verify_on_site(handling(made), sees, "v", ID, True, None, [], "")) == ("NOT_YOUR_TERRITORY", None)
    for photos in (["孔凡莹"], [AFTER] * 21):
        assert (await code_of(verify_on_site(handling(made), COMMUNITY, "v", ID, True, None, photos, "")))[1] == "evidence"


async def test_withdrawn_nothing_waits_any_more_and_erased_no_words_are_left() -> None:
    made = office(with_report_waiting(handled()))
    erased = erase_petitioner(made.state(), "cd" * 32)
    made.put(erased)
    [held] = erased.verifications
    assert (held.what, held.reports[0].text) == (ERASED, ERASED)
    await release_resolution(handling(made), DISPATCHER, "l", ID, "书记休假。", "")
    assert (made.state().public_reply(), made.state().verifications[0].reports[0].remark) == (ERASED, ERASED)
    assert made.events()[-1].data()["text"] == ERASED
    made.put(with_report_waiting(handled()))
    await withdraw_grievance(handling(made), viewer(Role.RESIDENT), "w", ID, None, "")
    assert waiting(made.state()) is None


async def test_the_same_request_again_does_nothing_again() -> None:
    made = office(with_report_waiting(handled()))
    for _ in range(2):
        await verify_on_site(handling(made), COMMUNITY, "v", ID, True, None, [], "")
    assert made.said() == ["routing.grievance.resolved.v1"]
