"""Visits and coverage over the real store: counted as the records say, told to members once, seen by those who may."""

import random
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import pytest_asyncio

from services.intake.domain.coverage import covered, down, expected, participation
from services.intake.domain.households import Household, is_period, periods
from services.intake.service import Service
from services.intake.store.households import Households
from services.intake.usecases.record_member import RecordMember, record_member
from services.intake.usecases.record_visit import RecordVisit, mark_outings, record_visit
from shared.identity.errors import Refusal
from shared.identity.scopes import prefixes
from shared.identity.viewer import Viewer
from shared.record import stub
from tests.services.intake.builders import project
from tests.services.intake.failing import Failing
from tests.services.intake.viewers import CITY_ADMIN, COUNTY_ADMIN, NOBODY, OTHER_SECRETARY, RESIDENT, SECRETARY, TEAM, VILLAGE

TIERS = ["3708", "370881", "370881001", VILLAGE, "370811", f"team:{TEAM}"]


def home(service: Service, id: str, village: str = VILLAGE, team: str | None = TEAM, persons: int = 3) -> Household:
    key, wrapped = service.cipher.new_person_key(id)
    sealed: dict[str, Any] = {"person": id, "key": wrapped, "head": None, "phone": None, "address": None, "digest": ""}
    where = {"place": key.encrypt("place", village), "number": key.encrypt("number", id)}
    return Household(id=id, village=village, team=team, contract=None, persons=persons, **where, **sealed)


async def keep(service: Service, household: Household) -> None:
    households: Households = service.fieldwork.households
    dumped = households.codec.dump(household)
    assert await households.insert({**stub(household.id), "version": 1, "registered": True, **dumped})


async def visit(service: Service, household: str, request: str, viewer: Viewer = SECRETARY, on: date | None = None) -> str:
    return await record_visit(service.fieldwork.record_visits, viewer, RecordVisit(request_id=request, household_id=household, on=on), "")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(intake_service: Service) -> Service:
    row: dict[str, Any] = {"name": "孔某", "kinds": ["GRID_WORKER"], "rank": "SECTION", "unit": VILLAGE, "team": TEAM}
    elsewhere = {"unit": "370811011000", "team": OTHER_SECRETARY.team, "rank": "NONE"}
    for sub, place in ((SECRETARY.sub, {}), (OTHER_SECRETARY.sub, elsewhere)):
        command = RecordMember(request_id=f"secretary-{sub}", id=sub, **(row | place))
        await record_member(intake_service.fieldwork.record_members, CITY_ADMIN, command, "")
    return intake_service


@pytest.mark.row("S5")
@pytest.mark.row("S8")
async def test_coverage_is_what_the_records_say_down_all_tiers_after_any_day(service: Service) -> None:
    await project(service)
    draw, this_month = random.Random(7), service.fieldwork.today()[:7]
    for number in range(12):
        village, team = draw.choice([(VILLAGE, TEAM), ("370881001002", TEAM), ("370811011001", "T-370811-009")])
        await keep(service, home(service, f"cover-{number}", village, team))
    for step in range(40):
        asker = draw.choice([SECRETARY, OTHER_SECRETARY])
        day = date.fromisoformat(service.fieldwork.today()) - timedelta(days=draw.randrange(60))
        id = f"cover-{draw.randrange(12)}"
        household = await service.fieldwork.households.find(id)
        if household is not None and household.team == asker.team:
            await visit(service, id, f"cover-{step}", asker, day)
        else:
            with pytest.raises(Refusal, match="NOT_FOUND"):
                await visit(service, id, f"cover-{step}", asker, day)
        if step % 10 == 0:
            await project(service)
    await project(service)
    records = await service.fieldwork.households.where({"village": {"$in": [VILLAGE, "370881001002", "370811011001"]}})
    found = await service.fieldwork.coverage.read(TIERS)
    for key in TIERS:
        own = [row for row in records if key in prefixes(row.village) or key == f"team:{row.team}"]
        told = covered(found[key], this_month, date.fromisoformat(service.fieldwork.today()))
        assert told.households == len(own)
        assert told.visited == sum(row.visited_in(this_month) for row in own)
        days = [{(each.member, each.on) for each in row.visits if each.on.startswith(this_month)} for row in own]
        assert told.visits == sum(map(len, days))
        assert told.to_visit == told.households - told.visited


async def test_a_repeated_visit_counts_once_and_the_member_is_told_once(service: Service) -> None:
    await keep(service, home(service, "once"))
    for _ in range(3):
        await visit(service, "once", "once")
    household = await service.fieldwork.households.find("once")
    member = await service.fieldwork.members.find(SECRETARY.sub)
    assert household is not None
    assert member is not None
    assert [each.marked for each in household.visits] == [True]
    assert household.visits[0].id in member.outings


@pytest.mark.row("S13")
async def test_a_crash_between_visit_and_member_is_made_good_and_participation_counts_members_once(service: Service) -> None:
    await keep(service, home(service, "crash"))
    parts = replace(service.fieldwork.record_visits, members=Failing(service.fieldwork.record_visits.members))
    with pytest.raises(ConnectionError):
        await record_visit(parts, SECRETARY, RecordVisit(request_id="crash", household_id="crash"), "")
    assert "crash" in await service.fieldwork.households.unmarked(100)
    await service.fieldwork.mark_outings()
    assert "crash" not in await service.fieldwork.households.unmarked(100)
    assert await mark_outings(service.fieldwork.record_visits, "crash") == 0
    await project(service)
    month = service.fieldwork.today()[:7]
    rows = participation((await service.fieldwork.participation.read([f"team:{TEAM}"]))[f"team:{TEAM}"], month)
    assert [(row.rank, row.members, row.went_out) for row in rows] == [("SECTION", 1, 1)]


@pytest.mark.parametrize(
    ("viewer", "code"),
    [
        (NOBODY, "UNAUTHENTICATED"),
        (RESIDENT, "ROLE_MISSING"),
        (OTHER_SECRETARY, "NOT_FOUND"),
        (COUNTY_ADMIN, "ROLE_MISSING"),
        (CITY_ADMIN, "ROLE_MISSING"),
    ],
)
async def test_only_the_households_own_team_records_a_visit(service: Service, viewer: Viewer, code: str) -> None:
    if await service.fieldwork.households.find("guarded") is None:
        await keep(service, home(service, "guarded"))
    with pytest.raises(Refusal) as refused:
        await visit(service, "guarded", "guarded", viewer)
    assert refused.value.code == code


async def test_refuses_a_visit_of_tomorrow(service: Service) -> None:
    tomorrow = date.fromisoformat(service.fieldwork.today()) + timedelta(days=1)
    with pytest.raises(Refusal, match="IN_THE_FUTURE"):
        await visit(service, "once", "tomorrow", on=tomorrow)


@pytest.mark.row("S6")
@pytest.mark.parametrize(
    ("period", "today", "due"),
    [
        ("2020-06", "2020-05-31", 0),
        ("2020-06", "2020-06-01", 10),
        ("2020-06", "2020-06-15", 150),
        ("2020-06", "2020-07-01", 300),
        ("2020", "2020-12-31", 300),
        ("2020", "2020-07-01", 150),
    ],
)
def test_who_is_behind_and_by_how_much_follows_the_days_gone_by(period: str, today: str, due: int) -> None:
    assert expected(300, period, date.fromisoformat(today)) == due
    told = covered({"households": 300, f"visited:{period}": 20}, period, date.fromisoformat(today))
    assert told.behind == max(0, due - 20)


def test_leaders_stand_first_in_participation() -> None:
    numbers = {"members:NONE": 5, "members:CITY": 1, "members:SECTION": 2, "out:2020-06:CITY": 1}
    assert [row.rank for row in participation(numbers, "2020-06")] == ["CITY", "SECTION", "NONE"]


@pytest.mark.parametrize(
    ("text", "holds"), [("2020-06", True), ("2020", True), ("2020-13", False), ("20", False), ("2020-6", False), ("x", False)]
)
def test_a_period_is_a_year_or_a_month(text: str, holds: bool) -> None:
    assert is_period(text) == holds
    assert periods("2020-06-05") == ("2020-06", "2020")


async def test_three_tiers_down_from_a_county(service: Service) -> None:
    territory = await service.fieldwork.atlas.current()
    levels = {territory.get(code).level.value for code in down(territory, "370881000000", 3)}
    assert levels == {"COUNTY", "TOWN", "VILLAGE"}
    assert down(territory, VILLAGE, 2) == [VILLAGE]


@pytest.mark.parametrize(("days", "code"), [(401, "TOO_LONG_AGO"), (-1, "IN_THE_FUTURE")])
async def test_refuses_a_visit_of_a_day_that_can_only_be_a_slip(service: Service, days: int, code: str) -> None:
    day = date.fromisoformat(service.fieldwork.today()) - timedelta(days=days)
    with pytest.raises(Refusal) as refused:
        await visit(service, "once", f"slip-{days}", on=day)
    assert (refused.value.code, refused.value.field) == (code, "on")


async def test_the_same_household_on_the_same_day_is_one_visit_and_one_request_id_may_be_of_two_households(service: Service) -> None:
    for id in ("day-1", "day-2"):
        await keep(service, home(service, id))
        for request in ("same", "other"):
            await visit(service, id, request)
    households = await service.fieldwork.households.find_many(["day-1", "day-2"])
    assert [len(each.visits) for each in households.values()] == [1, 1]
    assert len({each.visits[0].id for each in households.values()}) == 2


async def test_who_is_no_recorded_member_records_no_visit(service: Service) -> None:
    stranger = replace(SECRETARY, sub="nobody-recorded")
    with pytest.raises(Refusal) as refused:
        await visit(service, "once", "stranger", stranger)
    assert refused.value.code == "NOT_A_MEMBER"


async def test_a_household_that_moves_to_another_team_is_counted_there(service: Service) -> None:
    await keep(service, home(service, "moves", team="T-FROM"))
    await project(service)
    before = await service.fieldwork.coverage.read(["team:T-FROM", "team:T-TO", VILLAGE])
    moved = home(service, "moves", team="T-TO", persons=5)
    dumped = service.fieldwork.households.codec.dump(moved)
    await service.runtime.database["households"].update_one({"_id": "moves"}, {"$set": dumped, "$inc": {"version": 1}})
    await project(service)
    after = await service.fieldwork.coverage.read(["team:T-FROM", "team:T-TO", VILLAGE])
    assert (before["team:T-FROM"]["households"], after["team:T-FROM"]["households"], after["team:T-TO"]["households"]) == (1, 0, 1)
    assert after[VILLAGE]["persons"] == before[VILLAGE]["persons"] + 2


async def test_counting_anew_by_command_ends_at_the_same_numbers(service: Service) -> None:
    await project(service)
    before = await service.fieldwork.coverage.read(TIERS)
    assert "households: generation" in await service.recount()
    # The process that began it may be lost: whoever projects next goes on.
    await project(service)
    assert await service.fieldwork.coverage.read(TIERS) == before
