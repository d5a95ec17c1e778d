"""A query that is refused names the argument at fault as its client wrote it, whichever service refuses."""

from __future__ import annotations

from typing import Any

import pytest

from shared.cursors import cursor_at
from tests.access.conftest import World
from tests.access.people import TEAM, claims

NO_PLACE, NO_CARD = cursor_at("zzz", "x"), cursor_at("zzz", "x", "001")
PAGE = "{ edges { cursor } }"
FAR = "370811000000"
COUNTY = claims("SUPERVISOR", scopes=[{"level": "COUNTY", "code": "370881000000"}])
ADMIN = claims("COUNTY_ADMIN", scopes=[{"level": "COUNTY", "code": "370881000000"}])
ANY_RATED = "filter: {rate: RESPONSE, which: DECIDED}"
RATED = 'filter: {rate: RESPONSE, which: DECIDED, month: "2026-13"}'

REFUSED: list[tuple[str, str | dict[str, Any], str, str, str]] = [
    ("feedback", COUNTY, 'rates(by: DIVISION, month: "2026-13") { month }', "BAD_MONTH", "month"),
    ("feedback", COUNTY, f"ratedGrievances({RATED}) {PAGE}", "BAD_MONTH", "month"),
    ("feedback", COUNTY, 'callbackDraw(month: "") { month }', "BAD_MONTH", "month"),
    ("feedback", COUNTY, f'rates(by: DIVISION, division: "{FAR}") {{ month }}', "OUT_OF_SCOPE", "division"),
    ("feedback", COUNTY, 'followUpNumbers(division: "37x") { what }', "DIVISION_UNKNOWN", "division"),
    ("feedback", COUNTY, f"followUpDesk(what: REPLY, first: 101) {PAGE}", "BAD_PAGE_SIZE", "first"),
    ("feedback", COUNTY, f'followUpDesk(what: REPLY, after: "x") {PAGE}', "BAD_CURSOR", "after"),
    *(
        ("feedback", who, f'{query}after: "{after}") {PAGE}', "BAD_CURSOR", "after")
        for after in (NO_PLACE, cursor_at("", ""))
        for who, query in (
            (COUNTY, f"ratedGrievances({ANY_RATED}, "),
            ("HANDLER", f"departmentRatedGrievances({ANY_RATED}, "),
            (COUNTY, "unconfirmedCallbacks("),
            (COUNTY, "followUpDesk(what: REPLY, "),
        )
    ),
    ("feedback", "HANDLER", f"followUpDesk(what: CALLBACK) {PAGE}", "CALLBACKS_NOT_HERE", "what"),
    ("routing", COUNTY, 'board(by: DIVISION, month: "2026-13") { month }', "BAD_MONTH", "month"),
    ("routing", COUNTY, f'board(by: DIVISION, division: "{FAR}") {{ month }}', "OUT_OF_SCOPE", "division"),
    ("routing", COUNTY, 'supervisionDesk { cardCounts(month: "x") { red } }', "MONTH_MALFORMED", "month"),
    ("routing", COUNTY, f'watchDesk {{ cases(filter: {{dueBefore: "2020-06-05T00:00:00"}}) {PAGE} }}', "TIME_WITHOUT_ZONE", "dueBefore"),
    ("routing", COUNTY, f"watchDesk {{ cases(first: 0) {PAGE} }}", "BAD_PAGE_SIZE", "first"),
    ("routing", COUNTY, f'watchDesk {{ cases(after: "x") {PAGE} }}', "BAD_CURSOR", "after"),
    ("routing", COUNTY, f'supervisionDesk {{ cases(after: "{NO_PLACE}") {PAGE} }}', "BAD_CURSOR", "after"),
    ("routing", COUNTY, f'supervisionDesk {{ cards(after: "{NO_CARD}") {PAGE} }}', "BAD_CURSOR", "after"),
    ("intake", COUNTY, f"grievances(first: 101) {PAGE}", "BAD_PAGE_SIZE", "first"),
    ("intake", COUNTY, f'grievances(after: "x") {PAGE}', "BAD_CURSOR", "after"),
    ("intake", "SECRETARY", f'teamMonth(team: "{TEAM}", month: "June") {{ month }}', "BAD_PERIOD", "month"),
    ("intake", "SECRETARY", f'encounters(month: "June") {PAGE}', "BAD_PERIOD", "month"),
    ("intake", "SECRETARY", f'diaries(month: "2020") {PAGE}', "BAD_MONTH", "month"),
    ("intake", ADMIN, 'participation(division: "370881000000", period: "June") { members }', "BAD_PERIOD", "period"),
    ("intake", ADMIN, f'households(village: "{FAR}") {PAGE}', "OUT_OF_SCOPE", "village"),
    ("intake", ADMIN, f'archives(village: "37x") {PAGE}', "DIVISION_UNKNOWN", "village"),
    ("intake", ADMIN, f'coverage(division: "{FAR}") {{ covered {{ visited }} }}', "OUT_OF_SCOPE", "division"),
    ("intake", "anonymous", 'divisions(under: "37x") { code }', "DIVISION_UNKNOWN", "under"),
]


@pytest.mark.parametrize(("service", "who", "query", "reason", "field"), REFUSED, ids=[f"{row[0]}-{row[2]}" for row in REFUSED])
async def test_a_refused_query_names_its_argument(
    world: World, service: str, who: str | dict[str, Any], query: str, reason: str, field: str
) -> None:
    answer = await world.ask(service, who, f"{{ {query} }}")
    [error] = answer["errors"]
    told = error["extensions"]
    assert (told["reason"], told.get("field")) == (reason, field)
    assert told["code"] in ("REFUSED", "FORBIDDEN")
    assert error["message"].isascii()
    assert not told["messageZh"].isascii()


async def test_a_refusal_that_is_of_no_argument_names_none(world: World) -> None:
    answer = await world.ask("feedback", "HANDLER", "{ rates(by: DIVISION) { month } }")
    assert set(answer["errors"][0]["extensions"]) == {"code", "reason", "messageZh"}
