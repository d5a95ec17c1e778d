"""What feedback lets be done and seen by each of the six people of the demo, by callers, and by a department without a part in the matter:
each query, each field of a grievance, each mutation. The demo's handler is of the department that handles it."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.dev_issuer import PEOPLE
from services.feedback.domain.survey import Survey
from shared.identity.refs import subject_ref
from tests.access.conftest import World
from tests.access.documents import keep_followup
from tests.access.people import HANDLING, OTHER_UNIT
from tests.access.states import FAR
from tests.services.builders import AT

COUNTY = [{"level": "COUNTY", "code": "370881000000"}]
WHO: dict[str, dict[str, Any]] = {name: person.claims for name, person in PEOPLE.items()} | {
    "head": {"sub": "head", "roles": ["DEPARTMENT_HEAD"], "department": HANDLING},
    "other-handler": {"sub": "other", "roles": ["HANDLER"], "department": OTHER_UNIT},
    "caller": {"sub": "caller", "roles": ["CALLER"], "department": OTHER_UNIT, "scopes": COUNTY},
    "own-caller": {"sub": "own-caller", "roles": ["CALLER"], "department": HANDLING, "scopes": COUNTY},
}
OVERSEERS = {"supervisor", "county-admin", "city-admin"}
OF_DEPARTMENTS = {"handler", "head", "other-handler"}
CALLERS = {"caller", "own-caller"}
EVERYBODY = set(WHO)
MONTH = "2026-06"
RATED = f'filter: {{ month: "{MONTH}", rate: RESPONSE, which: DECIDED }}'

QUERIES: dict[str, tuple[str, set[str]]] = {
    "satisfactionGrades": ("satisfactionGrades { grade }", EVERYBODY),
    "rates": (f'rates(by: DIVISION, division: "370881000000", month: "{MONTH}") {{ month }}', OVERSEERS),
    "ratedGrievances": (f'ratedGrievances(division: "370881000000", {RATED}) {{ edges {{ cursor }} }}', OVERSEERS),
    "departmentRates": (f'departmentRates(month: "{MONTH}") {{ month }}', OF_DEPARTMENTS),
    "departmentRatedGrievances": (f"departmentRatedGrievances({RATED}) {{ edges {{ cursor }} }}", OF_DEPARTMENTS),
    "callbackDesk": ("callbackDesk { edges { cursor } }", {"supervisor", *CALLERS}),
    "unconfirmedCallbacks": (f'unconfirmedCallbacks(month: "{MONTH}") {{ edges {{ cursor }} }}', OVERSEERS),
    "callbackDraw": ("callbackDraw { month }", {*OVERSEERS, *CALLERS}),
    "followUpDesk": ("followUpDesk(what: DELIVERY) { edges { cursor } }", {"secretary", *OVERSEERS, *OF_DEPARTMENTS}),
    "followUpNumbers": ("followUpNumbers { what }", {"secretary", *OVERSEERS, *OF_DEPARTMENTS}),
}
"""Who gets an answer; all others are refused."""
SEES = EVERYBODY - {"other-handler"}
FIELDS: dict[str, tuple[str, set[str]]] = {
    "reply": ("reply { round }", SEES),
    "survey": ("survey { round }", SEES),
    "timeline": ("timeline { kind }", SEES),
    "callback": ("callback { round }", {"caller", *OVERSEERS}),
}
"""Who reads it of the grievance; for all others it is empty."""


async def test_each_query_of_feedback_has_its_row(world: World) -> None:
    answer = await world.ask("feedback", "CITY_ADMIN", "{ __schema { queryType { fields { name } } mutationType { fields { name } } } }")
    names = {field["name"] for field in answer["data"]["__schema"]["queryType"]["fields"]}
    assert names - {"_entities", "_service"} == set(QUERIES)
    assert {field["name"] for field in answer["data"]["__schema"]["mutationType"]["fields"]} == {"answerSurvey", "recordCallback"}


@pytest.mark.parametrize("name", WHO)
async def test_each_query_answers_those_for_whom_it_is(world: World, name: str) -> None:
    for query, (text, allowed) in QUERIES.items():
        answer = await world.ask("feedback", WHO[name], f"{{ {text} }}")
        codes = {error["extensions"]["code"] for error in answer.get("errors", [])}
        assert codes == (set() if name in allowed else {"FORBIDDEN"}), query
        assert (answer["data"][query] is not None) == (name in allowed), query


async def kept(world: World, id: str) -> str:
    """Told by the demo's resident, handled by the department of the demo's handler; its survey is open, and it is to be called."""
    survey = Survey(round=2, opened_at=AT, expires_at=FAR)
    own = subject_ref(world.reference_key, PEOPLE["resident"].claims["sub"])
    await keep_followup(world, world.describe("S", id, petitioner_ref=own, survey=survey))
    return id


@pytest.mark.parametrize("name", WHO)
async def test_each_reads_of_a_grievance_what_is_theirs(world: World, name: str) -> None:
    id = await kept(world, f"demo-read-{name}")
    for field, (text, allowed) in FIELDS.items():
        query = f"query($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on Grievance {{ {text} }} }} }}"
        answer = await world.ask("feedback", WHO[name], query, {"r": [{"__typename": "Grievance", "id": id}]})
        found = (answer["data"]["_entities"][0] or {}).get(field)
        assert bool(found) == (name in allowed), (field, answer)


REFUSALS = {"handler": "ROLE_MISSING", "head": "ROLE_MISSING", "other-handler": "ROLE_MISSING", "own-caller": "HANDLER_MAY_NOT_SURVEY"}
ANSWER = "... on SurveyAnswered { survey { channel answeredBy } } ... on SurveyRefused { code }"
CALL = "... on CallbackRecorded { callback { state } } ... on CallbackRefused { code }"


@pytest.mark.row("S55")
@pytest.mark.parametrize("name", WHO)
async def test_nobody_answers_for_the_petitioner_but_a_caller_who_has_no_part_in_it(world: World, name: str) -> None:
    said = {"requestId": "one", "resolved": True, "satisfied": "SATISFIED"}
    result = await world.do("feedback", WHO[name], "answerSurvey", ANSWER, grievanceId=await kept(world, f"demo-answer-{name}"), **said)
    answered = {
        "resident": {"channel": "ACCOUNT", "answeredBy": "PETITIONER"},
        "caller": {"channel": "PHONE", "answeredBy": f"CALLER {OTHER_UNIT}"},
    }
    assert result.get("survey") == answered.get(name)
    assert result.get("code") == (None if name in answered else REFUSALS.get(name, "ROLE_MISSING"))


@pytest.mark.row("S55")
@pytest.mark.parametrize("name", WHO)
async def test_nobody_records_a_call_but_a_caller_who_has_no_part_in_it(world: World, name: str) -> None:
    id = await kept(world, f"demo-call-{name}")
    result = await world.do("feedback", WHO[name], "recordCallback", CALL, requestId="one", grievanceId=id, result="BUSY")
    assert result.get("code") == (None if name == "caller" else REFUSALS.get(name, "ROLE_MISSING"))
