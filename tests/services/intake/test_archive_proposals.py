"""Archives over the real store: proposed by the team, masked, decided by somebody else, late, stale and at once."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from services.intake.service import Service
from shared.identity.development import DevelopmentIssuer
from shared.identity.errors import Refusal
from shared.identity.viewer import Viewer
from shared.writer import RequestReused
from tests.services.intake.archive_desk import (
    COMMUNITY,
    DECIDE,
    ID_NUMBER,
    LEADER,
    PROPOSE,
    READ,
    archive_desk,
    change,
    decide,
    household,
    listed,
    propose,
    stored,
)
from tests.services.intake.test_desks import Desk
from tests.services.intake.viewers import COUNTY_ADMIN, SECRETARY, TEAM, VILLAGE


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(intake_service: Service, issuer: DevelopmentIssuer) -> AsyncIterator[Desk]:
    async with archive_desk(intake_service, issuer) as made:
        yield made


@pytest.mark.row("S41")
async def test_what_a_visit_found_is_proposed_and_holds_when_somebody_else_confirms_it(desk: Desk) -> None:
    id, resident = await household(desk), str(uuid.uuid4())
    today = desk.service.fieldwork.today()
    ground = {"purpose": "RELIEF", "consent": {"how": "WRITTEN", "on": today}, "retainUntil": today}
    changes = [
        {"field": "name", "value": "孔凡莹", "resident": resident, **ground},
        {"field": "idNumber", "value": ID_NUMBER, "resident": resident, **ground},
        {"field": "health", "value": "高血压", "resident": resident, **ground},
        {"field": "name", "value": "孔小莹", "resident": "+1", **ground},
        {"field": "birthYear", "value": "2001", "resident": "+1", **ground},
        {"field": "farmland", "value": "3.5", **ground},
    ]
    asked = {"requestId": "visit", "archiveId": id, "encounter": "e-1", "note": "入户所见", "changes": changes}
    told = await desk.see(SECRETARY, PROPOSE, input=asked)
    assert (told["archive"]["residents"], told["archive"]["conditions"], told["archive"]["history"]) == ([], [], [])
    assert [each["value"] for each in told["archive"]["proposals"][0]["changes"]] == [
        "孔*莹",
        "1****************X",
        "****",
        "孔*莹",
        "2001",
        "3.5",
    ]
    asked = {"requestId": "yes", "archiveId": id, "proposalId": told["proposalId"], "confirmed": True, "reason": "已核实"}
    archive = (await desk.see(COMMUNITY, DECIDE, input=asked))["archive"]
    first, second = archive["residents"]
    assert first["id"] == resident
    assert {each["field"]: each["value"] for each in first["data"]} == {"name": "孔*莹", "idNumber": "1****************X", "health": "****"}
    assert {each["field"]: each["value"] for each in second["data"]} == {"name": "孔*莹", "birthYear": "2001"}
    name = first["data"][0]
    assert (name["purpose"], name["consent"], name["retainUntil"]) == ("RELIEF", {"how": "WRITTEN", "on": today}, today)
    assert (name["by"], name["encounter"], name["setBy"]) == (SECRETARY.sub, "e-1", told["proposalId"])
    assert (archive["team"], archive["village"]["code"], archive["kind"]) == (TEAM, VILLAGE, "HOUSEHOLD")
    closed = archive["proposals"][0]
    assert (closed["state"], closed["note"], closed["reason"], closed["decidedBy"]) == ("CONFIRMED", None, "已核实", COMMUNITY.sub)
    assert await desk.see(SECRETARY, READ, id=id) == archive


@pytest.mark.row("S34")
async def test_a_shop_without_an_archive_is_opened_by_a_proposal(desk: Desk) -> None:
    today = desk.service.fieldwork.today()
    ground = {"purpose": "ENTERPRISE_SUPPORT", "consent": {"how": "ORAL", "on": today}, "retainUntil": today}
    changes = [{"field": "title", "value": "后作街超市"}, {"field": "contact", "value": "王长青", **ground}]
    asked = {"requestId": "shop", "enterprise": {"kind": "SHOP", "village": VILLAGE}, "changes": changes}
    told = await desk.see(SECRETARY, PROPOSE, input=asked)
    assert await desk.see(SECRETARY, PROPOSE, input=asked) == told
    shop = told["archive"]
    assert (shop["kind"], shop["team"], shop["conditions"]) == ("SHOP", TEAM, [])
    asked = {"requestId": "ok", "archiveId": shop["id"], "proposalId": told["proposalId"], "confirmed": True}
    shop = (await desk.see(LEADER, DECIDE, input=asked))["archive"]
    assert {each["field"]: each["value"] for each in shop["conditions"]} == {"title": "后作街超市", "contact": "王*青"}
    assert shop["id"] in await listed(desk, SECRETARY)
    assert shop["id"] in await listed(desk, COUNTY_ADMIN, village=VILLAGE)


@pytest.mark.parametrize(
    ("enterprise", "fields", "viewer", "code"),
    [
        ({"kind": "SHOP", "village": "370811002001"}, ["title"], SECRETARY, "OUT_OF_SCOPE"),
        ({"kind": "SHOP", "village": "999999999999"}, ["title"], SECRETARY, "DIVISION_UNKNOWN"),
        ({"kind": "SHOP", "village": "370881000000"}, ["title"], LEADER, "NOT_A_VILLAGE"),
        ({"kind": "SHOP", "village": VILLAGE}, ["title"], replace(SECRETARY, team=None), "NO_TEAM"),
        ({"kind": "SHOP", "village": VILLAGE}, ["industry"], SECRETARY, "TITLE_MISSING"),
        (None, ["title"], SECRETARY, "ONE_OF_TWO"),
    ],
)
async def test_refuses_an_enterprise_that_is_nowhere_nobodys_or_nameless(
    desk: Desk, enterprise: dict[str, str] | None, fields: list[str], viewer: Viewer, code: str
) -> None:
    changes = [{"field": field, "value": "某"} for field in fields]
    asked = {"requestId": f"no-shop-{code}", "enterprise": enterprise, "changes": changes}
    told = await desk.see(viewer, PROPOSE, input=asked)
    assert told["code"] == code
    assert told["field"] in (None, "changes", "archiveId", "enterprise.village")


async def test_the_same_item_many_times_and_at_once_is_one_proposal(desk: Desk) -> None:
    id, request = await household(desk), str(uuid.uuid4())
    one = change(desk, "water", "井水")
    await asyncio.gather(*(propose(desk, id, request, one) for _ in range(4)))
    proposal = await propose(desk, id, request, one)
    assert [each.id for each in (await stored(desk, id)).proposals] == [proposal]
    for _ in range(3):
        await decide(desk, id, proposal)
    assert len((await stored(desk, id)).history) == 1
    await propose(desk, id, request, one)
    assert [each.state for each in (await stored(desk, id)).proposals] == ["CONFIRMED"]
    with pytest.raises(RequestReused):
        await propose(desk, id, request, change(desk, "water", "自来水"))
    with pytest.raises(Refusal, match="ALREADY_DECIDED"):
        await decide(desk, id, proposal, COMMUNITY, request="another")


async def test_of_two_who_decide_at_once_one_has_decided(desk: Desk) -> None:
    id = await household(desk)
    proposal = await propose(desk, id, "race", change(desk, "water", "井水"))
    both = [decide(desk, id, proposal, LEADER), decide(desk, id, proposal, COMMUNITY, request="c", confirmed=False, reason="不属实")]
    ended = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(each.code if isinstance(each, Refusal) else str(each) for each in ended) == sorted([id, "ALREADY_DECIDED"])


async def test_items_that_come_late_and_in_any_order_end_alike(desk: Desk) -> None:
    resident = str(uuid.uuid4())
    ends = []
    for order in ((0, 1), (1, 0)):
        id = await household(desk)
        items = [change(desk, "name", "孔凡莹", resident), change(desk, "phone", "13800001234", resident)]
        proposals = {number: await propose(desk, id, f"item-{number}", items[number]) for number in order}
        with pytest.raises(Refusal, match="RESIDENT_UNKNOWN"):
            await decide(desk, id, proposals[1], request="too-early")
        for number in (0, 1):
            await decide(desk, id, proposals[number])
        told = await desk.see(SECRETARY, READ, id=id)
        ends.append([{each["field"]: each["value"] for each in person["data"]} for person in told["residents"]])
    assert ends[0] == ends[1] == [{"name": "孔*莹", "phone": "138****1234"}]


@pytest.mark.row("S41")
async def test_a_stale_change_is_refused_with_both_values_and_the_history_stays(desk: Desk) -> None:
    id = await household(desk)
    first = await propose(desk, id, "one", change(desk, "water", "井水"))
    second = await propose(desk, id, "two", change(desk, "water", "自来水"))
    await decide(desk, id, first)
    asked = {"requestId": "stale", "archiveId": id, "proposalId": second, "confirmed": True}
    told = await desk.see(LEADER, DECIDE, input=asked)
    assert (told["code"], told["field"], told["current"], told["proposed"]) == ("STALE", "changes.0", "井水", "自来水")
    assert (await desk.see(LEADER, READ, id=id))["proposals"][0]["changes"] == [
        {"field": "water", "value": "自来水", "current": "井水", "stale": True}
    ]
    no_reason = await desk.see(LEADER, DECIDE, input={**asked, "requestId": "no", "confirmed": False})
    assert (no_reason["code"], no_reason["field"]) == ("REASON_MISSING", "reason")
    await desk.see(LEADER, DECIDE, input={**asked, "requestId": "no", "confirmed": False, "reason": "以现值为准"})
    third = await propose(desk, id, "three", change(desk, "water", "自来水", seen=first))
    archive = (await desk.see(LEADER, DECIDE, input={**asked, "requestId": "yes", "proposalId": third}))["archive"]
    assert [each["value"] for each in archive["conditions"]] == ["自来水"]
    assert [(each["was"], each["proposal"]) for each in archive["history"]] == [("井水", third), (None, first)]
