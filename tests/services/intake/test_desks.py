"""The desks through the graph: a secretary's day, a team's month, a county's board; by page, by filter, by who asks."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from services.intake.service import Service
from services.intake.usecases.record_duty import RecordDutyDone, record_duty_done
from services.intake.usecases.record_member import RecordMember, record_member
from services.intake.usecases.record_reception import RecordReception, record_reception
from services.intake.usecases.record_team import RecordTeam, record_team
from services.intake.usecases.record_visit import RecordVisit, record_visit
from shared.identity.development import DevelopmentIssuer
from shared.identity.roles import Role
from shared.identity.scopes import Level, from_code
from shared.identity.viewer import Viewer
from tests.services.intake.builders import project
from tests.services.intake.test_coverage import home, keep
from tests.services.intake.viewers import CITY_ADMIN, COUNTY_ADMIN, NOBODY, OTHER_SECRETARY, RESIDENT, VILLAGE

QUFU = "370881000000"
HOMES = 7
TEAM = "T-DESK"
SECRETARY = Viewer(sub="desk-secretary", roles=frozenset({Role.SECRETARY}), scopes=(from_code(VILLAGE, Level.VILLAGE),), team=TEAM)


@dataclass
class Desk:
    """The graph of one intake, asked by one of the six."""

    service: Service
    http: httpx.AsyncClient
    issuer: DevelopmentIssuer

    async def ask(self, viewer: Viewer, query: str, **variables: Any) -> dict[str, Any]:
        claims = {"sub": viewer.sub, "roles": [role.value for role in viewer.roles], "team": viewer.team}
        claims["scopes"] = [{"level": scope.level.value, "code": scope.prefix.ljust(12, "0")} for scope in viewer.scopes]
        headers = {} if viewer.anonymous else {"authorization": f"Bearer {self.issuer.mint(claims).token}"}
        response = await self.http.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
        assert response.status_code == 200, response.text
        return dict(response.json())

    async def see(self, viewer: Viewer, query: str, **variables: Any) -> Any:
        answer = await self.ask(viewer, query, **variables)
        assert "errors" not in answer, answer
        return next(iter(answer["data"].values()))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(intake_service: Service, issuer: DevelopmentIssuer) -> AsyncIterator[Desk]:
    parts = intake_service.fieldwork
    row: dict[str, Any] = {"name": "孔凡莹", "kinds": ["GRID_WORKER"], "rank": "SECTION", "unit": QUFU, "team": TEAM}
    for sub in (SECRETARY.sub, "desk-secretary-2"):
        await record_member(parts.record_members, CITY_ADMIN, RecordMember(request_id=f"desk-{sub}", id=sub, **row), "")
    team = RecordTeam(request_id="desk", code=TEAM, name="一组", division=QUFU, leader=SECRETARY.sub, contact_units=[VILLAGE])
    await record_team(parts.record_teams, CITY_ADMIN, team, "")
    for number in range(HOMES):
        household = home(intake_service, f"desk-{number}", team=TEAM)
        await keep(intake_service, household.model_copy(update={"contract": SECRETARY.sub if number < 2 else None}))
    await record_visit(parts.record_visits, SECRETARY, RecordVisit(request_id="desk", household_id="desk-6"), "")
    await record_duty_done(parts.record_duties, SECRETARY, RecordDutyDone(request_id="desk", duty="MEET"), "")
    reception: dict[str, Any] = {"name": "鼓楼接待", "division": VILLAGE, "team": TEAM, "rule": "FREQ=DAILY"}
    at = intake_service.runtime.world.now()
    await record_reception(
        parts.record_receptions, COUNTY_ADMIN, RecordReception(request_id="desk", code="R-DESK", first=at, **reception), ""
    )
    await project(intake_service)
    http = httpx.AsyncClient(transport=httpx.ASGITransport(intake_service.api()), base_url="http://intake")
    yield Desk(intake_service, http, issuer)
    await http.aclose()


DAY = """{ myDay { on visited toVisit duties { duty { code nameEn } done behind dueBy period }
  appointments { kind day startsAt title }
  householdsDue(first: 3) { edges { cursor node { id displayName } } pageInfo { hasNextPage endCursor } } } }"""


@pytest.mark.row("S16")
async def test_a_secretarys_day_tells_households_due_duties_and_appointments(desk: Desk) -> None:
    day = await desk.see(SECRETARY, DAY)
    today = desk.service.fieldwork.today()
    assert day["on"] == today
    assert (day["visited"], day["toVisit"]) == (1, HOMES - 1)
    assert {each["duty"]["code"] for each in day["duties"] if each["done"]} == {"MEET"}
    assert len(day["duties"]) >= 5
    receptions = [each for each in day["appointments"] if each["kind"] == "RECEPTION"]
    assert [each["day"] for each in receptions] == [(date.fromisoformat(today) + timedelta(days=n)).isoformat() for n in range(7)]
    assert all(each["startsAt"].endswith("+08:00") for each in receptions)
    assert len(day["householdsDue"]["edges"]) == 3
    assert day["householdsDue"]["pageInfo"]["hasNextPage"]


@pytest.mark.row("S5")
async def test_pages_of_households_hold_each_once_the_longest_unvisited_first(desk: Desk) -> None:
    query = """query($after: String) { households(first: 2, after: $after) {
      edges { node { id lastVisit } } pageInfo { hasNextPage endCursor } } }"""
    found, after = [], None
    while True:
        page = await desk.see(SECRETARY, query, after=after)
        found += [edge["node"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    ids = [each["id"] for each in found]
    assert len(ids) == len(set(ids))
    assert {f"desk-{number}" for number in range(HOMES)} == set(ids)
    assert [each["lastVisit"] or "" for each in found] == sorted(each["lastVisit"] or "" for each in found)


@pytest.mark.row("S30")
async def test_filters_of_households(desk: Desk) -> None:
    async def ids(arguments: str) -> set[str]:
        page = await desk.see(SECRETARY, f"{{ households(first: 100 {arguments}) {{ edges {{ node {{ id }} }} }} }}")
        return {edge["node"]["id"] for edge in page["edges"]}

    assert await ids("mine: true") == {"desk-0", "desk-1"}
    assert await ids("due: true") == {f"desk-{number}" for number in range(6)}
    assert await ids('due: true, period: "2019-01"') == {f"desk-{number}" for number in range(HOMES)}
    assert await ids(f'place: "{VILLAGE}"') == {f"desk-{number}" for number in range(HOMES)}
    assert await ids('place: "370881001901-01"') == set()


@pytest.mark.row("S4")
async def test_a_teams_month_tells_its_members_the_furthest_behind_first(desk: Desk) -> None:
    query = f"""{{ teamMonth(team: "{TEAM}") {{ month covered {{ visited }} team {{ leader {{ displayName }} }}
      appointments {{ kind day }} members {{ member {{ id displayName }} visits lastOut duties {{ duty {{ code }} done behind }} }} }} }}"""
    month = await desk.see(COUNTY_ADMIN, query)
    assert month["month"] == desk.service.fieldwork.today()[:7]
    assert month["covered"]["visited"] == 1
    assert month["team"]["leader"]["displayName"] == "孔*莹"
    members = {each["member"]["id"]: each for each in month["members"]}
    assert (members[SECRETARY.sub]["visits"], members["desk-secretary-2"]["visits"]) == (1, 0)
    assert {each["day"][:7] for each in month["appointments"]} == {month["month"]}
    assert {each["kind"] for each in month["appointments"]} == {"ACTIVITY_DAY", "MONTHLY_ROUND", "RECEPTION"}


@pytest.mark.row("S8")
@pytest.mark.row("S13")
async def test_a_countys_board_tells_coverage_participation_duties_and_who_is_behind(desk: Desk) -> None:
    query = f"""{{ countyBoard(division: "{QUFU}") {{ period
      coverage {{ division {{ code level }} covered {{ households visited behind }} }}
      participation {{ rank members wentOut }} duties {{ duty {{ code }} members done period }} appointments {{ kind }}
      teams(first: 1) {{ edges {{ node {{ team {{ code }} covered {{ behind }} }} }} pageInfo {{ hasNextPage }} }} }} }}"""
    board = await desk.see(COUNTY_ADMIN, query)
    county, *towns = board["coverage"]
    assert (county["division"]["level"], {town["division"]["level"] for town in towns}) == ("COUNTY", {"TOWN"})
    assert county["covered"]["households"] == sum(town["covered"]["households"] for town in towns) >= HOMES
    section = next(row for row in board["participation"] if row["rank"] == "SECTION")
    assert 1 <= section["wentOut"] <= section["members"]
    meet = next(row for row in board["duties"] if row["duty"]["code"] == "MEET")
    assert 1 <= meet["done"] < meet["members"]
    assert board["teams"]["edges"][0]["node"]["team"]["code"]


async def test_receptions_of_a_place_are_for_everybody(desk: Desk) -> None:
    query = '{ receptions(division: "%s", days: 10) { kind day team title titleEn startsAt endsAt } }'
    rows = await desk.see(NOBODY, query % VILLAGE)
    receptions = [row for row in rows if row["kind"] == "RECEPTION" and row["team"] == TEAM]
    assert len(receptions) == 10
    assert await desk.see(NOBODY, query % "370829000000") == []


SEEN = {
    "campaigns { code }": (True, True, True, True, True, True),
    f'receptions(division: "{VILLAGE}") {{ day }}': (True, True, True, True, True, True),
    f'duties(division: "{QUFU}") {{ code }}': (False, False, True, True, True, True),
    "calendarFeed": (False, False, False, True, False, False),
    "myDay { on }": (False, False, False, True, False, False),
    f'teamMonth(team: "{TEAM}") {{ month }}': (False, False, False, True, True, True),
    f'countyBoard(division: "{QUFU}") {{ period }}': (False, False, False, False, True, True),
    f'coverage(division: "{QUFU}") {{ covered {{ visited }} }}': (False, False, False, False, True, True),
    f'coverage(division: "{VILLAGE}", tiers: 0) {{ covered {{ visited }} }}': (False, False, False, True, True, True),
    f'teamCoverage(division: "{QUFU}") {{ edges {{ cursor }} }}': (False, False, False, False, True, True),
    f'participation(division: "{QUFU}") {{ rank }}': (False, False, False, False, True, True),
    f'households(village: "{VILLAGE}") {{ edges {{ cursor }} }}': (False, False, False, True, True, True),
    f'team(code: "{TEAM}") {{ code }}': (False, False, False, True, True, True),
    f'teams(division: "{QUFU}") {{ edges {{ cursor }} }}': (False, False, False, False, True, True),
    f'departmentRecords(division: "{QUFU}") {{ code }}': (False, False, False, False, True, True),
    f'posts(division: "{VILLAGE}") {{ id }}': (False, False, False, True, True, True),
    f'accountable(division: "{VILLAGE}") {{ staffId }}': (False, False, False, True, True, True),
    "transfers { id }": (False, False, False, False, True, True),
    "sheetTemplates { kind }": (True, True, True, True, True, True),
    f'receptionSites(division: "{QUFU}") {{ code }}': (True, True, True, True, True, True),
    'locate(text: "曲阜市鲁城街道鼓楼社区") { rest }': (True, True, True, True, True, True),
}


@pytest.mark.parametrize("query", SEEN)
async def test_each_query_is_answered_to_those_of_the_six_who_may(desk: Desk, query: str) -> None:
    six = (NOBODY, RESIDENT, OTHER_SECRETARY, SECRETARY, COUNTY_ADMIN, CITY_ADMIN)
    answers = [await desk.ask(viewer, f"{{ {query} }}") for viewer in six]
    assert tuple(next(iter(answer["data"].values())) is not None for answer in answers) == SEEN[query]
    # A denial says why; a team that is not to be seen is as none.
    assert all("errors" in answer for answer, seen in zip(answers, SEEN[query], strict=True) if not seen and "team" not in query)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (f'teamMonth(team: "{TEAM}", month: "2020") {{ month }}', "BAD_MONTH"),
        (f'teamMonth(team: "{TEAM}", month: "June") {{ month }}', "BAD_PERIOD"),
        (f'teamMonth(team: "{TEAM}", month: "9999-12") {{ month }}', "BAD_PERIOD"),
        (f'coverage(division: "{VILLAGE}-01", tiers: 0) {{ covered {{ visited }} }}', "TOO_NARROW"),
        (f'receptions(division: "{VILLAGE}", since: "2099-12-01") {{ day }}', "BAD_DAY"),
        (f'countyBoard(division: "{QUFU}", period: "x") {{ period }}', "BAD_PERIOD"),
        ('receptions(division: "370899000000") { day }', "DIVISION_UNKNOWN"),
        (f'receptions(division: "{VILLAGE}", days: 63) {{ day }}', "BAD_DAYS"),
        (f'receptions(division: "{VILLAGE}", since: "0001-01-01") {{ day }}', "BAD_DAY"),
        (f'coverage(division: "{QUFU}", tiers: 9) {{ covered {{ visited }} }}', "BAD_TIERS"),
    ],
)
async def test_what_cannot_be_asked_is_refused_in_both_languages(desk: Desk, query: str, code: str) -> None:
    answer = await desk.ask(CITY_ADMIN, f"{{ {query} }}")
    [error] = answer["errors"]
    assert error["extensions"]["reason"] == code
    assert not error["extensions"]["messageZh"].isascii()


async def test_odd_texts_are_answered_and_break_nothing(desk: Desk) -> None:
    odd = ["十十号楼", "\\u0000", "\\n", "🏠" * 300, "x" * 5_000]
    for text in odd:
        assert "errors" not in await desk.ask(NOBODY, f'{{ locate(text: "{text}") {{ rest }} }}')
        answer = await desk.ask(CITY_ADMIN, f'{{ team(code: "{text}") {{ code }} }}')
        assert answer["data"] == {"team": None}
    # Half of a pair is no text: the document is refused as such.
    written = '{ team(code: "\\ud800") { code } }', {}
    sent = "query($code: String!) { team(code: $code) { code } }", {"code": "\ud800"}
    for query, variables in (written, sent):
        headers = {"authorization": f"Bearer {desk.issuer.mint({'sub': 'a', 'roles': ['CITY_ADMIN']}).token}"}
        response = await desk.http.post("/graphql", content=json.dumps({"query": query, "variables": variables}), headers=headers)
        assert "INTERNAL" not in response.text
        assert response.status_code == 400 or "errors" in response.json()


async def test_a_place_is_not_the_one_whose_number_begins_alike(desk: Desk) -> None:
    village = "370881001002"
    for number, place in enumerate((f"{village}-01", f"{village}-011")):
        key, wrapped = desk.service.cipher.new_person_key(f"alike-{number}")
        made = home(desk.service, f"alike-{number}", village, "T-ALIKE")
        sealed = {"key": wrapped, "place": key.encrypt("place", place), "number": key.encrypt("number", "1")}
        await keep(desk.service, made.model_copy(update=sealed))
    query = f'{{ households(village: "{village}", place: "{village}-01", first: 100) {{ edges {{ node {{ id }} }} }} }}'
    assert [edge["node"]["id"] for edge in (await desk.see(COUNTY_ADMIN, query))["edges"]] == ["alike-0"]
