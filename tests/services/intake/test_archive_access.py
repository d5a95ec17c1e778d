"""Whose archives are whose: who proposes, who decides, who reads and lists them."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from services.intake.service import Service
from shared.identity.development import DevelopmentIssuer
from shared.identity.errors import Refusal
from shared.identity.roles import Role
from shared.identity.scopes import Level, from_code
from shared.identity.viewer import Viewer
from tests.services.intake.archive_desk import (
    COMMUNITY,
    DECIDE,
    LEADER,
    LIST,
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
from tests.services.intake.test_coverage import home, keep
from tests.services.intake.test_desks import Desk
from tests.services.intake.viewers import CITY_ADMIN, COUNTY_ADMIN, NOBODY, OTHER_SECRETARY, RESIDENT, SECRETARY, TEAM, VILLAGE

FAR_COMMUNITY = replace(COMMUNITY, sub="community-9", scopes=(from_code("370811001001", Level.VILLAGE),))
OTHER_LEADER = replace(OTHER_SECRETARY, sub="leader-9", roles=frozenset({Role.TEAM_LEADER}))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(intake_service: Service, issuer: DevelopmentIssuer) -> AsyncIterator[Desk]:
    for id, team in (("arc-1", TEAM), ("arc-2", TEAM), ("arc-far", OTHER_SECRETARY.team)):
        await keep(intake_service, home(intake_service, id, team=team))
    async with archive_desk(intake_service, issuer) as made:
        yield made


@pytest.mark.parametrize(
    ("viewer", "code"),
    [
        (NOBODY, "UNAUTHENTICATED"),
        (RESIDENT, "ROLE_MISSING"),
        (OTHER_SECRETARY, "NOT_FOUND"),
        (replace(SECRETARY, team=None), "NOT_FOUND"),
        (COMMUNITY, "ROLE_MISSING"),
        (COUNTY_ADMIN, "ROLE_MISSING"),
        (CITY_ADMIN, "ROLE_MISSING"),
        (SECRETARY, None),
        (LEADER, None),
    ],
)
async def test_only_the_households_own_team_proposes(desk: Desk, viewer: Viewer, code: str | None) -> None:
    asked = {"requestId": f"who-{viewer.sub}", "archiveId": "arc-1", "changes": [{"action": "REMOVE", "field": "water"}]}
    told = await desk.see(viewer, PROPOSE, input=asked)
    assert told.get("code") == code
    nowhere = await desk.see(viewer, PROPOSE, input={**asked, "requestId": "none-such", "archiveId": "none-such"})
    assert nowhere["code"] == (code or "NOT_FOUND")
    if code == "NOT_FOUND":
        assert nowhere == told


@pytest.mark.row("S41")
@pytest.mark.parametrize(
    ("viewer", "code"),
    [
        (NOBODY, "UNAUTHENTICATED"),
        (RESIDENT, "ROLE_MISSING"),
        (SECRETARY, "ROLE_MISSING"),
        (OTHER_SECRETARY, "ROLE_MISSING"),
        (CITY_ADMIN, "ROLE_MISSING"),
        (OTHER_LEADER, "NOT_FOUND"),
        (FAR_COMMUNITY, "NOT_FOUND"),
        (replace(SECRETARY, roles=frozenset({Role.SECRETARY, Role.TEAM_LEADER})), "OWN_PROPOSAL"),
        (LEADER, None),
        (COMMUNITY, None),
        (COUNTY_ADMIN, None),
    ],
)
async def test_the_leader_or_an_office_of_the_place_decides_but_never_who_proposed(desk: Desk, viewer: Viewer, code: str | None) -> None:
    id = await household(desk)
    asked = {
        "requestId": "d",
        "archiveId": id,
        "proposalId": await propose(desk, id, "p", change(desk, "water", "井水")),
        "confirmed": True,
    }
    told = await desk.see(viewer, DECIDE, input=asked)
    assert told.get("code") == code
    assert [each.state for each in (await stored(desk, id)).proposals] == ["PROPOSED" if code else "CONFIRMED"]
    if code == "NOT_FOUND":
        assert await desk.see(viewer, DECIDE, input={**asked, "archiveId": "none-such"}) == told


@pytest.mark.parametrize(
    ("viewer", "near", "far"),
    [
        (NOBODY, "UNAUTHENTICATED", "UNAUTHENTICATED"),
        (RESIDENT, "FORBIDDEN", "FORBIDDEN"),
        (OTHER_SECRETARY, False, True),
        (SECRETARY, True, False),
        (LEADER, True, False),
        (FAR_COMMUNITY, False, False),
        (COMMUNITY, True, True),
        (COUNTY_ADMIN, True, True),
        (CITY_ADMIN, True, True),
        (replace(COUNTY_ADMIN, roles=frozenset({Role.DATA_OFFICER})), True, True),
        (replace(COUNTY_ADMIN, roles=frozenset({Role.DISPATCHER})), "FORBIDDEN", "FORBIDDEN"),
    ],
)
async def test_an_archive_is_there_for_its_team_and_the_offices_of_its_place(
    desk: Desk, viewer: Viewer, near: bool | str, far: bool | str
) -> None:
    """Both households lie in the same village; they are of two teams."""
    for id, asker in (("arc-2", SECRETARY), ("arc-far", OTHER_SECRETARY)):
        await propose(desk, id, "seen", change(desk, "water", "井水"), viewer=asker)
    for id, expected in (("arc-2", near), ("arc-far", far)):
        answer = await desk.ask(viewer, READ, id=id)
        if isinstance(expected, str):
            assert answer["errors"][0]["extensions"]["code"] == expected
            assert answer["data"]["archive"] is None
            assert "errors" in await desk.ask(viewer, LIST, proposed=False, first=5)
        else:
            assert "errors" not in answer
            assert (answer["data"]["archive"] is not None) == expected
            assert await desk.see(viewer, READ, id="none-such") is None


async def test_lists_hold_each_archive_once_by_team_by_village_and_by_what_is_open(desk: Desk) -> None:
    team = f"T-{uuid.uuid4()}"
    mine = replace(SECRETARY, team=team)
    homes = sorted([await household(desk, team) for _ in range(5)])
    open_, closed = homes[:2], homes[2:]
    for id in homes:
        proposal = await propose(desk, id, f"l-{id}", change(desk, "water", "井水"), viewer=mine)
        if id in closed:
            await decide(desk, id, proposal, COUNTY_ADMIN)
    assert await listed(desk, mine, first=2) == homes
    assert await listed(desk, mine, proposed=True) == open_
    assert await listed(desk, mine, village=VILLAGE) == homes
    assert await listed(desk, mine, village="370881001002") == []
    assert await listed(desk, COUNTY_ADMIN, team=team) == homes
    whole = await listed(desk, COUNTY_ADMIN, village=VILLAGE)
    assert len(whole) == len(set(whole))
    assert set(homes) <= set(whole)
    waiting = set(await listed(desk, COMMUNITY, village=VILLAGE, proposed=True))
    assert waiting & set(homes) == set(open_)
    assert await listed(desk, OTHER_SECRETARY, team=team) == []
    assert await listed(desk, FAR_COMMUNITY, team=team) == []
    for arguments, code in (({"village": VILLAGE}, "OUT_OF_SCOPE"), ({}, "NO_TEAM")):
        answer = await desk.ask(FAR_COMMUNITY, LIST, proposed=False, first=5, **arguments)
        assert answer["errors"][0]["extensions"]["reason"] == code


async def test_a_household_that_moves_to_another_team_takes_its_archive_along(desk: Desk) -> None:
    id = await household(desk)
    proposal = await propose(desk, id, "moves", change(desk, "water", "井水"))
    moved = desk.service.fieldwork.households.codec.dump(home(desk.service, id, team=OTHER_SECRETARY.team))
    await desk.service.runtime.database["households"].update_one({"_id": id}, {"$set": moved, "$inc": {"version": 1}})
    assert await desk.see(SECRETARY, READ, id=id) is None
    assert id not in await listed(desk, SECRETARY)
    assert (await desk.see(OTHER_SECRETARY, READ, id=id))["team"] == OTHER_SECRETARY.team
    assert id in await listed(desk, OTHER_SECRETARY)
    with pytest.raises(Refusal, match="NOT_FOUND"):
        await decide(desk, id, proposal, LEADER)
    await decide(desk, id, proposal, OTHER_LEADER)


async def test_the_table_of_fields_is_for_everybody(desk: Desk) -> None:
    table = await desk.see(NOBODY, "{ archiveFields { part code name nameEn form personal sensitive years } }")
    assert {each["code"] for each in table if each["sensitive"]} == {"idNumber", "health"}
    assert {each["part"] for each in table} == {"RESIDENT", "HOUSEHOLD", "ENTERPRISE"}
