"""What a denial keeps to itself: neither that a grievance is there, nor how many, nor why it is hidden."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.feedback.store.mongo import CODEC as FOLLOWUPS
from services.intake.store.mongo import CODEC as GRIEVANCES
from services.routing.domain.case import SYSTEM
from services.routing.domain.deadlines import as_kept
from services.routing.store.mongo import CODEC as CASES
from shared.identity.refs import subject_ref
from tests.access.conftest import World
from tests.access.documents import AT, keep
from tests.access.people import COLUMNS, ELSEWHERE_UNIT, HANDLING, OTHER_UNIT, claims

SEEING = ("RESIDENT", "SECRETARY", "HANDLER", "SUPERVISOR", "CITY_ADMIN")
ASKED = {
    "intake": "... on Grievance { id number text petitioner { displayName } attachments { url } }",
    "routing": "... on Case { id number } ... on Grievance { status case { number } }",
    "feedback": "... on Grievance { reply { text } survey { reason } timeline { what } }",
}


async def asked_for(world: World, service: str, who: str | dict[str, Any], id: str, kind: str = "Grievance") -> str:
    """The answer's text about one grievance, its id taken out."""
    query = f"query($r: [_Any!]!) {{ _entities(representations: $r) {{ __typename {ASKED[service]} }} }}"
    response = await world.post(service, f"Bearer {world.token(who)}", query, {"r": [{"__typename": kind, "id": id}]})
    return response.text.replace(id, "ID")


@pytest.mark.parametrize("who", SEEING)
@pytest.mark.parametrize("service", ASKED)
async def test_an_accusation_is_denied_in_the_same_words_as_what_is_out_of_scope(world: World, service: str, who: str) -> None:
    assert await asked_for(world, service, who, world.read["A"].id) == await asked_for(world, service, who, world.read["X"].id)


@pytest.mark.parametrize(("service", "kind"), [("intake", "Grievance"), ("routing", "Case")])
@pytest.mark.parametrize("relation", ["A", "X"])
async def test_an_object_that_is_hidden_reads_as_one_that_is_not_there(world: World, service: str, kind: str, relation: str) -> None:
    hidden = await asked_for(world, service, "SUPERVISOR", world.read[relation].id, kind)
    assert hidden == await asked_for(world, service, "SUPERVISOR", "none-such", kind)
    assert "errors" not in hidden


async def test_a_number_opens_no_more_than_an_id(world: World) -> None:
    query = "query($n: String, $id: ID) { grievance(number: $n, id: $id) { text } }"
    hidden, seen = world.read["X"], world.read["S"]
    for variables in ({"n": hidden.number}, {"id": hidden.id}, {"n": seen.number, "id": hidden.id}, {"n": "none-such"}, {}):
        assert await world.ask("intake", "SUPERVISOR", query, variables) == {"data": {"grievance": None}}
    assert (await world.ask("intake", "SUPERVISOR", query, {"n": seen.number}))["data"]["grievance"]


async def test_a_hidden_entity_leaves_its_neighbours_and_the_places_of_all(world: World) -> None:
    query = "query($r: [_Any!]!) { _entities(representations: $r) { ... on Grievance { id status } } }"
    ids = [world.read[relation].id for relation in "SXC"]
    answer = await world.ask("routing", "SUPERVISOR", query, {"r": [{"__typename": "Grievance", "id": id} for id in ids]})
    statuses = ["HANDLING", None, "HANDLING"]
    assert answer["data"]["_entities"] == [{"id": id, "status": status} for id, status in zip(ids, statuses, strict=True)]
    assert [error["path"] for error in answer["errors"]] == [["_entities", 1, "status"]]

    query = "query($r: [_Any!]!) { _entities(representations: $r) { ... on Grievance { id } } }"
    answer = await world.ask("intake", "SUPERVISOR", query, {"r": [{"__typename": "Grievance", "id": id} for id in ids]})
    assert answer == {"data": {"_entities": [{"id": ids[0]}, None, {"id": ids[2]}]}}


@pytest.fixture(scope="module")
async def five(world: World) -> dict[str, Any]:
    """The claims of a resident who works in an accused department, and has told five things: the first, third and fifth accuse it."""
    ref = subject_ref(world.reference_key, "lists-alone")
    for place in range(5):
        described = world.describe("O", f"list-{place}")
        changes = {
            "petitioner_ref": ref,
            "accused_departments": [OTHER_UNIT] if place % 2 == 0 else [],
            "registered_at": AT + timedelta(hours=6 * place),
        }
        grievance, case = described.grievance("person-O"), described.case()
        await keep(world.services["intake"].grievances, described.id, GRIEVANCES.dump(grievance.model_copy(update=changes)))
        await keep(world.services["routing"].cases, described.id, CASES.dump(case.with_(**changes)))
    return claims("RESIDENT", sub="lists-alone")


LISTS = [
    ("intake", "grievances", ""),
    ("routing", "cases", ""),
    ("routing", "cases", ", status: HANDLING"),
    ("routing", "cases", f', department: "{ELSEWHERE_UNIT}"'),
]


PAGE = "{ edges { node { id } } pageInfo { hasNextPage endCursor } }"


@pytest.mark.parametrize(("service", "name", "narrowed"), LISTS)
async def test_a_list_neither_shows_nor_counts_nor_pages_over_what_is_hidden(
    world: World, five: dict[str, Any], service: str, name: str, narrowed: str
) -> None:
    async def page(first: int, after: str | None = None) -> tuple[list[str], bool, str | None]:
        query = f"query($f: Int!, $a: String) {{ {name}(first: $f, after: $a{narrowed}) {PAGE} }}"
        answer = await world.ask(service, five, query, {"f": first, "a": after})
        assert "errors" not in answer
        found = answer["data"][name]
        return [edge["node"]["id"] for edge in found["edges"]], found["pageInfo"]["hasNextPage"], found["pageInfo"]["endCursor"]

    newest, more, cursor = await page(1)
    assert (newest, more) == (["list-3"], True)
    oldest, more, end = await page(1, cursor)
    assert (oldest, more) == (["list-1"], False)
    assert await page(1, end) == ([], False, None)
    assert (await page(2))[:2] == (["list-3", "list-1"], False)
    assert (await page(100))[:2] == (["list-3", "list-1"], False)


async def test_narrowing_a_list_does_not_widen_it(world: World) -> None:
    for narrowed in (f'department: "{world.read["X"].department}"', f'department: "{HANDLING}", status: DISPATCHED', "status: HANDLING"):
        answer = await world.ask("routing", claims("HANDLER", department="D-3708-RSJ"), f"{{ cases({narrowed}) {PAGE} }}")
        assert answer == {"data": {"cases": {"edges": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}}}


async def test_a_cursor_of_somebody_else_opens_nothing(world: World) -> None:
    others = await world.ask("routing", "SUPERVISOR", "{ cases(first: 1) { pageInfo { endCursor } } }")
    cursor = others["data"]["cases"]["pageInfo"]["endCursor"]
    answer = await world.ask("routing", claims("OPERATOR"), f'{{ cases(after: "{cursor}") {PAGE} }}')
    assert answer["data"]["cases"]["edges"] == []


async def test_who_has_no_role_that_we_know_sees_nothing_and_commands_nothing(world: World) -> None:
    nobody = claims("ARCHITECT")
    assert (await world.ask("intake", nobody, f"{{ grievances {PAGE} me {{ roles }} }}"))["data"] == {
        "grievances": {"edges": [], "pageInfo": {"hasNextPage": False, "endCursor": None}},
        "me": {"roles": []},
    }
    for service in ASKED:
        assert await asked_for(world, service, nobody, world.read["S"].id) == await asked_for(
            world, service, "OPERATOR", world.read["S"].id
        )
    refused = await world.do("routing", nobody, "acceptWorkOrder", REFUSED["routing"], requestId="nobody", grievanceId=world.read["S"].id)
    assert refused["code"] == "ROLE_MISSING"


REFUSED = {"routing": "... on AcceptRefused { code message messageZh field }"}


async def test_two_roles_add_up_and_a_department_that_is_accused_takes_all_away(world: World) -> None:
    query = "query($id: ID) { grievance(id: $id) { text petitioner { displayName } } }"

    async def sees(who: dict[str, Any], relation: str) -> Any:
        return (await world.ask("intake", who, query, {"id": world.read[relation].id}))["data"]["grievance"]

    both = claims("RESIDENT", "SUPERVISOR")
    assert await sees(both, "O")
    assert await sees(both, "S")
    assert not await sees(both, "X")
    # A supervisor who is not of the team does not know a confidential petitioner; a secretary of the team does.
    assert (await sees(both, "C"))["petitioner"] is None
    assert (await sees(claims("SUPERVISOR", "SECRETARY"), "C"))["petitioner"]
    assert not await sees(claims(*[name for name in COLUMNS if name != "anonymous"]), "A")
    assert await sees(claims(*[name for name in COLUMNS if name != "anonymous"], department="D-3708-RSJ"), "A")


BOARD = "board(by: DIVISION) { whole { open } rows { open } }"
WATCH = "query($f: Int!, $a: String) { " + BOARD + " watchDesk { counts { total } cases(first: $f, after: $a) " + PAGE + " } }"


async def test_a_desk_neither_shows_nor_counts_nor_pages_over_what_accuses_the_viewers_department(world: World) -> None:
    """Of five cases of a county the first, third and fifth accuse the department of its admin; to another admin all are there."""
    county = [{"level": "COUNTY", "code": "370826000000"}]
    accused = claims("COUNTY_ADMIN", scopes=county)
    for place in range(5):
        described = world.describe("O", f"watched-{place}")
        changes = {
            "division": "370826001001",
            "accused_departments": [OTHER_UNIT] if place % 2 == 0 else [],
            "deadlines": as_kept(AT + timedelta(hours=6 * place), False, AT, SYSTEM, 1),
        }
        await keep(world.services["routing"].cases, described.id, CASES.dump(described.case().with_(**changes)))
    await world.services["routing"].projector().round()

    async def page(who: dict[str, Any], first: int, after: str | None = None) -> tuple[int, list[str], bool, str | None]:
        answer = await world.ask("routing", who, WATCH, {"f": first, "a": after})
        assert "errors" not in answer
        desk, board = answer["data"]["watchDesk"], answer["data"]["board"]
        ids, info = [edge["node"]["id"] for edge in desk["cases"]["edges"]], desk["cases"]["pageInfo"]
        total = sum(row["total"] for row in desk["counts"])
        assert [board["whole"], *board["rows"]] == [{"open": total}] * 2
        return total, ids, info["hasNextPage"], info["endCursor"]

    total, ids, more, cursor = await page(accused, 1)
    assert (total, ids, more) == (2, ["watched-1"], True)
    total, ids, more, end = await page(accused, 1, cursor)
    assert (total, ids, more) == (2, ["watched-3"], False)
    assert await page(accused, 1, end) == (2, [], False, None)
    other = claims("COUNTY_ADMIN", scopes=county, department=ELSEWHERE_UNIT)
    assert (await page(other, 100))[:3] == (5, [f"watched-{place}" for place in range(5)], False)
    query = "query($r: [_Any!]!) { _entities(representations: $r) { ... on Case { number } } }"
    answer = await world.ask("routing", accused, query, {"r": [{"__typename": "Case", "id": "watched-0"}]})
    assert answer == {"data": {"_entities": [None]}}


RATES = """{ rates(by: DEPARTMENT, month: "2026-06") {
    whole { response { raw { met } } } rows { department response { raw { of met } } } }
  ratedGrievances(filter: {rate: RESPONSE, which: MET, month: "2026-06"}) { edges { node { id } } } }"""


async def test_no_rate_counts_and_no_list_of_one_has_what_accuses_the_viewers_department(world: World) -> None:
    """Of three grievances of a county the first and third accuse the department of its admin; to another admin all are there."""
    county = [{"level": "COUNTY", "code": "370827000000"}]
    for place in range(3):
        described = world.describe("O", f"rated-{place}")
        changes = {"division": "370827001001", "accused_departments": [OTHER_UNIT] if place % 2 == 0 else []}
        followup = described.followup().with_(**changes)
        await keep(world.services["feedback"].followups, described.id, FOLLOWUPS.dump(followup))
    await world.services["feedback"].projector().round()
    for department, expected in ((OTHER_UNIT, ["rated-1"]), (ELSEWHERE_UNIT, ["rated-0", "rated-1", "rated-2"])):
        who = claims("COUNTY_ADMIN", scopes=county, department=department)
        answer = await world.ask("feedback", who, RATES, {})
        assert "errors" not in answer
        found = answer["data"]
        number = len(expected)
        assert sorted(edge["node"]["id"] for edge in found["ratedGrievances"]["edges"]) == expected
        assert found["rates"]["whole"] == {"response": {"raw": {"met": number}}}
        handling = [row["response"] for row in found["rates"]["rows"] if row["department"] == ELSEWHERE_UNIT]
        assert handling == [{"raw": {"of": number, "met": number}}]
