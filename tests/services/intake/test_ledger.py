"""The ledger of a team: what it heard, answered or open, by pages; who reads it, and what an accused department is not shown."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from services.intake.service import Service
from shared.identity.development import DevelopmentIssuer
from shared.identity.roles import Role
from shared.identity.viewer import Viewer
from tests.services.intake.builders import project
from tests.services.intake.field import SECRETARY, TEAM, found_team
from tests.services.intake.graph import Graph, graph_of
from tests.services.intake.viewers import CITY_ADMIN, COUNTY_ADMIN, NOBODY, OTHER_SECRETARY, RESIDENT, VILLAGE

LEDGER = f"""query($after: String, $first: Int!, $period: String) {{
  teamLedger(team: "{TEAM}", first: $first, after: $after, period: $period) {{
    heard onSpot open done totals {{ encounters {{ kind number }} }}
    edges {{ cursor node {{ subject state onSpotAnswer owner {{ staffId }} grievance {{ encounter {{ kind }} }} }} }}
    pageInfo {{ hasNextPage }} }} }}"""
RECORDED = "... on EncounterRecorded { encounter { id } grievances { __typename } } ... on EncounterRefused { code }"
ACCUSED = "D-3708-SJJ"


@pytest_asyncio.fixture(loop_scope="session")
async def graph(intake_service: Service, issuer: DevelopmentIssuer) -> AsyncIterator[Graph]:
    await found_team(intake_service)
    async with graph_of(intake_service, issuer) as made:
        yield made


def events(ledger: dict[str, Any]) -> int:
    return sum(each["number"] for each in ledger["totals"]["encounters"] if each["kind"] == "COMMUNITY_EVENT")


@pytest.mark.row("S36")
@pytest.mark.row("S42")
@pytest.mark.row("S49")
async def test_one_event_with_many_grievances_is_in_the_teams_ledger_row_by_row(graph: Graph) -> None:
    before = await graph.see(COUNTY_ADMIN, LEDGER, first=100)
    told = [
        {"requestId": "ledger-1", "text": "账本：路灯不亮"},
        {"requestId": "ledger-2", "text": "账本：医保怎么报", "kind": "CONSULTATION", "onSpotAnswer": "手机上备案。"},
        {"requestId": "ledger-3", "text": "账本：监管不力", "kind": "REPORT", "accusedDepartments": [ACCUSED]},
    ]
    input = {"requestId": "ledger", "kind": "COMMUNITY_EVENT", "text": "拉呱说事", "division": VILLAGE, "attendance": 30}
    recorded = await graph.do(SECRETARY, "recordEncounter", RECORDED, **input, grievances=told)
    assert [each["__typename"] for each in recorded["grievances"]] == ["Registered"] * 3
    await project(graph.service)
    after = await graph.see(COUNTY_ADMIN, LEDGER, first=100)
    grown = {name: after[name] - before[name] for name in ("heard", "onSpot", "open", "done")}
    assert grown == {"heard": 3, "onSpot": 1, "open": 3, "done": 0}
    rows = {edge["node"]["subject"]: edge["node"] for edge in after["edges"]}
    assert rows["账本：医保怎么报"]["onSpotAnswer"] == "手机上备案。"
    assert rows["账本：路灯不亮"]["owner"] == {"staffId": SECRETARY.sub}
    assert rows["账本：路灯不亮"]["grievance"]["encounter"] == {"kind": "COMMUNITY_EVENT"}
    assert events(after) - events(before) == 1

    accused = replace(COUNTY_ADMIN, roles=frozenset({Role.COUNTY_ADMIN, Role.HANDLER}), department=ACCUSED)
    shown = await graph.see(accused, LEDGER, first=100)
    assert shown["heard"] == after["heard"] - 1
    assert "账本：监管不力" not in {edge["node"]["subject"] for edge in shown["edges"]}

    paged, cursor = [], None
    while True:
        page = await graph.see(SECRETARY, LEDGER, first=2, after=cursor, period=graph.service.fieldwork.today()[:4])
        paged += [edge["node"]["subject"] for edge in page["edges"]]
        cursor = page["edges"][-1]["cursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    whole = await graph.see(SECRETARY, LEDGER, first=100, period=graph.service.fieldwork.today()[:4])
    assert paged == [edge["node"]["subject"] for edge in whole["edges"]]


@pytest.mark.parametrize("viewer", [NOBODY, RESIDENT, OTHER_SECRETARY, SECRETARY, COUNTY_ADMIN, CITY_ADMIN])
async def test_the_team_and_who_is_above_it_read_its_ledger(graph: Graph, viewer: Viewer) -> None:
    answer = await graph.ask(viewer, LEDGER, {"first": 5})
    reads = viewer in (SECRETARY, COUNTY_ADMIN, CITY_ADMIN)
    assert (answer["data"] is not None and answer["data"]["teamLedger"] is not None) == reads
    assert ("errors" in answer) != reads
