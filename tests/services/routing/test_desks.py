"""Desks: what somebody has before them, what is due first, first; compared with looking at each case, and with the numbers."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from services.routing.domain.case import SYSTEM, Case
from services.routing.domain.deadlines import Deadlines, as_kept
from services.routing.domain.desks import (
    ENDED,
    FOR_DISPATCHERS,
    GRAINS,
    IN_HAND,
    Counted,
    Wanted,
    counted,
    entry,
    first_level,
    grain,
    tie_of,
)
from services.routing.domain.lifecycle import STATUSES
from services.routing.domain.work_order import WorkOrder
from services.routing.store.desks import DAYS, LEASE, DeskCounts, desk_cursor, desk_projector, place_of, read_place
from services.routing.store.mongo import CODEC, Cases, access_of, derived, migrate, put_on_desks
from services.routing.usecases.look_at_desk import (
    Narrowing,
    may_find,
    narrowed,
    of_department,
    of_dispatcher,
    of_secretary,
    of_watcher,
)
from shared.contracts.intake import Owner
from shared.identity.access import may_see
from shared.identity.errors import Forbidden, Refusal
from shared.identity.roles import Role
from shared.identity.scopes import Level, from_code
from shared.identity.viewer import Viewer
from shared.mongo import Client, Database, connect, database
from shared.record import stub
from shared.records import Document
from shared.settings import CommonSettings
from tests.services.routing.builders import handled

NOW = datetime.fromisoformat("2026-06-05T12:00:00+08:00").astimezone(UTC)
DUE = datetime.fromisoformat("2026-06-05T17:30:00+08:00").astimezone(UTC)
TODAY = "2026-06-05"
CATEGORIES = frozenset({"城乡建设", "交通运输"})
PLACES = ["370881001901", "370881001002", "370881002001", "370883001001"]
OFFICES = ["D-1", "D-2", "D-3"]
OWNERS = [
    Owner(staffId=id, role=role, unit=unit)
    for id, role, unit in (("a", "HANDLER", "D-1"), ("a", "DEPARTMENT_HEAD", "D-1"), ("b", "HANDLER", "D/2"))
]
CITY, COUNTY, VILLAGE = ("370800000000", Level.CITY), ("370881000000", Level.COUNTY), ("370881001901", Level.VILLAGE)
TOWN = ("370881001000", Level.TOWN)


def person(role: Role, *scopes: tuple[str, Level], **changes: Any) -> Viewer:
    return Viewer(sub="p", roles=frozenset({role}), scopes=tuple(from_code(*scope) for scope in scopes), **changes)


def case_of(number: int, **changes: Any) -> Case:
    department = changes.pop("department", "D-1")
    order = WorkOrder(department=department, rule="r", rule_version=1, round=1, dispatched_at=NOW)
    due = changes.pop("due_at", DUE)
    deadlines = as_kept(due, False, NOW, SYSTEM, 1) if due else Deadlines()
    fields: dict[str, Any] = {"number": f"n-{number}", "departments": [department], "work_order": order, "category": None}
    return handled().with_(**{**fields, "deadlines": deadlines, "registered_at": NOW, **changes})


def drawn(number: int) -> Case:
    """One of four hundred: many due at one instant, some at any hour, some at none; a tenth accuse an office."""
    dice = random.Random(number)
    due = DUE + timedelta(days=dice.choice([-20, -3, 0, 0, 0, 0, 1, 2, 10]))
    grade = dice.choice(["ORDINARY", "ORDINARY", "COMPLEX", "URGENT"])
    return case_of(
        number,
        status=dice.choice([*STATUSES, "HANDLING", "HANDLING", "RETURN_PENDING"]),
        division=dice.choice(PLACES),
        team=dice.choice([None, "T-1", "T-2"]),
        department=dice.choice(OFFICES),
        category=dice.choice([None, "城乡建设/安全生产/安全隐患", "交通运输/其他/其他"]),
        grade=grade,
        due_at=dice.choice([None, due, due, due + timedelta(minutes=dice.randrange(-700, 300))]),
        registered_at=NOW - timedelta(days=dice.randrange(9), minutes=dice.randrange(500)),
        accused_departments=["D-1"] if dice.random() < 0.1 else [],
        owner=dice.choice(OWNERS),
    )


DRAWN = {f"g{number:03}": drawn(number) for number in range(400)}
DESKS: dict[str, tuple[Viewer, Callable[[Viewer], Wanted], Callable[[Case], bool]]] = {
    "a dispatcher of a county": (
        person(Role.DISPATCHER, COUNTY),
        lambda viewer: of_dispatcher(viewer, None),
        lambda case: case.status in FOR_DISPATCHERS,
    ),
    "a dispatcher of a county, in a town": (
        person(Role.DISPATCHER, COUNTY),
        lambda viewer: of_dispatcher(viewer, "370881001000"),
        lambda case: case.status in FOR_DISPATCHERS and case.division.startswith("370881001"),
    ),
    "a department": (
        person(Role.HANDLER, department="D-2"),
        of_department,
        lambda case: case.status in IN_HAND and case.departments == ["D-2"],
    ),
    "an accused department": (
        person(Role.DEPARTMENT_HEAD, department="D-1"),
        of_department,
        lambda case: case.status in IN_HAND and case.departments == ["D-1"],
    ),
    "a secretary": (person(Role.SECRETARY, team="T-1"), of_secretary, lambda _case: True),
    "a secretary whose department is accused": (person(Role.SECRETARY, team="T-1", department="D-1"), of_secretary, lambda _case: True),
    "a community's secretary": (person(Role.COMMUNITY_SECRETARY, VILLAGE, team="T-1"), of_secretary, lambda _case: True),
    "a leader": (person(Role.CITY_ADMIN, CITY), lambda viewer: of_watcher(viewer, None), lambda _case: True),
    "a leader of an accused department": (
        person(Role.CITY_ADMIN, CITY, department="D-1"),
        lambda viewer: of_watcher(viewer, None),
        lambda _case: True,
    ),
    "a leader with a scope in a scope, and a village elsewhere": (
        person(Role.SUPERVISOR, COUNTY, TOWN, ("370883001001", Level.VILLAGE)),
        lambda viewer: of_watcher(viewer, None),
        lambda _case: True,
    ),
    "nobody's secretary": (person(Role.SECRETARY), of_secretary, lambda _case: False),
}
FILTERS: dict[str, tuple[Narrowing, Callable[[Case], bool]]] = {
    "all": (Narrowing(), lambda _case: True),
    "returned": (Narrowing(status="RETURN_PENDING"), lambda case: case.status == "RETURN_PENDING"),
    "of a category": (Narrowing(category="城乡建设"), lambda case: first_level(case.category) == "城乡建设"),
    "urgent": (Narrowing(grade="URGENT"), lambda case: case.grade == "URGENT"),
    "complex": (Narrowing(grade="COMPLEX"), lambda case: case.grade == "COMPLEX"),
    "overdue": (Narrowing(overdue=True), lambda case: case.due_at is not None and case.due_at < NOW),
    "of a town": (Narrowing(division="370881001000"), lambda case: case.division.startswith("370881001")),
    "due before": (
        Narrowing(due_before=DUE + timedelta(days=2)),
        lambda case: case.due_at is not None and case.due_at < DUE + timedelta(days=2),
    ),
    "due from": (Narrowing(due_from=DUE), lambda case: case.due_at is not None and case.due_at >= DUE),
    "with a department": (
        Narrowing(department="D-1"),
        lambda case: case.status in IN_HAND and case.departments == ["D-1"],
    ),
    "of an owner": (Narrowing(owner=OWNERS[1]), lambda case: case.owner == OWNERS[1]),
    "several": (
        Narrowing(category="交通运输", grade="ORDINARY", overdue=True),
        lambda case: (
            first_level(case.category) == "交通运输" and case.grade == "ORDINARY" and case.due_at is not None and case.due_at < NOW
        ),
    ),
}


def document(id: str, case: Case) -> Document:
    return {**stub(id), "version": 1, "registered": True, **CODEC.dump(case)}


def looked_through(viewer: Viewer, holds: Callable[[Case], bool]) -> list[str]:
    """What a desk must show: each case judged by the rule of access itself."""
    found = {
        id: case
        for id, case in DRAWN.items()
        if case.status not in ENDED and may_see(viewer, access_of(case)) and may_find(viewer, access_of(case)) and holds(case)
    }
    return sorted(found, key=lambda id: place_of(document(id, found[id])))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def kept(parts: Any) -> AsyncIterator[Cases]:
    settings = CommonSettings(prefix="desks", mongodb_url=parts.mongodb_url, mongodb_retry_writes=parts.retry_writes)
    client: Client = connect(settings)
    used = database(client, settings, "drawn")
    await client.drop_database(used.name)
    await migrate(used)
    cases = Cases(used)
    for id, case in DRAWN.items():
        assert await cases.insert(document(id, case))
    await count(used)
    yield cases
    await client.drop_database(used.name)
    client.close()


async def count(used: Database) -> None:
    """Rounds, as a worker makes them."""
    projector = desk_projector(used, "test", lambda: NOW)
    while await used["cases"].find_one({"tags": "dirty"}, {"_id": 1}) is not None:
        await projector.round()


async def walk(cases: Cases, wanted: Wanted, first: int, between: Callable[[], Any] | None = None) -> list[str]:
    """All pages, one after the other by their cursors."""
    shown: list[str] = []
    after = None
    while True:
        page = await cases.desk_page(wanted, first, after)
        shown += [row["_id"] for row in page.documents]
        if not page.more:
            return shown
        assert len(page.documents) == first
        after = desk_cursor(page.documents[-1])
        if between is not None:
            await between()


async def numbers(cases: Cases, wanted: Wanted) -> list[Counted]:
    return counted(await DeskCounts(cases.collection.database).under(wanted.keys), wanted.statuses, wanted.not_accused, TODAY)


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("desk", DESKS)
async def test_all_that_is_before_somebody_once_and_what_is_due_first_first(kept: Cases, desk: str, name: str) -> None:
    viewer, of, holds = DESKS[desk]
    narrowing, fits = FILTERS[name]
    wanted = narrowed(of(viewer), narrowing, CATEGORIES, NOW)
    expected = looked_through(viewer, lambda case: holds(case) and fits(case))
    assert await walk(kept, wanted, 100 if name == "all" else 7) == expected
    dues = [DRAWN[id].due_at or datetime.max.replace(tzinfo=UTC) for id in expected]
    assert dues == sorted(dues)


def day_of(case: Case) -> str:
    found = entry(case)
    assert found is not None
    return str(found["day"])


@pytest.mark.parametrize("desk", DESKS)
async def test_the_numbers_are_those_of_the_list_also_where_the_viewers_department_is_accused(kept: Cases, desk: str) -> None:
    viewer, of, holds = DESKS[desk]
    listed = [DRAWN[id] for id in looked_through(viewer, holds)]
    told = await numbers(kept, of(viewer))
    assert {(row.status, row.category): row.total for row in told} == {
        key: sum((case.status, first_level(case.category)) == key for case in listed)
        for key in {(case.status, first_level(case.category)) for case in listed}
    }
    assert sum(row.overdue for row in told) == sum(day_of(case) < TODAY for case in listed)
    assert sum(row.due_today for row in told) == sum(day_of(case) == TODAY for case in listed)


async def test_what_accuses_a_department_is_on_no_desk_of_its_people_and_in_no_number(mongo: Database) -> None:
    await migrate(mongo)
    cases = Cases(mongo)
    await cases.insert(document("report", case_of(1, kind="REPORT", team="T-1", division=PLACES[0], accused_departments=["D-1"])))
    await count(mongo)
    for accused, of in (
        (person(Role.HANDLER, department="D-1"), of_department),
        (person(Role.SECRETARY, team="T-1", department="D-1"), of_secretary),
        (person(Role.CITY_ADMIN, CITY, department="D-1"), lambda viewer: of_watcher(viewer, None)),
        (person(Role.DISPATCHER, CITY, department="D-1"), lambda viewer: of_watcher(viewer, None)),
    ):
        page = await cases.desk_page(of(accused), 1, None)
        assert (page.documents, page.more) == ([], False)
        assert await numbers(cases, of(accused)) == []
    other = of_watcher(person(Role.CITY_ADMIN, CITY, department="D-2"), None)
    assert await walk(cases, other, 1) == ["report"]
    assert [row.total for row in await numbers(cases, other)] == [1]


async def test_rows_that_move_between_pages_skip_none_and_show_none_of_the_others_twice(mongo: Database) -> None:
    """After each page some rows behind it are put off, some before it become due at once, and some are closed."""
    await migrate(mongo)
    cases = Cases(mongo)
    days = [DUE + timedelta(days=number % 4) for number in range(60)]
    for number, due in enumerate(days):
        await cases.insert(document(f"g{number}", case_of(number, due_at=due)))
    await count(mongo)
    dice = random.Random(7)
    moving = dice.sample(range(60), 30)
    staying = {f"g{number}" for number in range(60)} - {f"g{number}" for number in moving}

    async def move() -> None:
        for number in [moving.pop() for _ in range(min(4, len(moving)))]:
            due = DUE + timedelta(days=dice.choice([-9, 0, 1, 2, 9]))
            changed = derived(case_of(number, due_at=due, status=dice.choice(["HANDLING", "CLOSED"])))
            gone = {} if "desk" in changed else {"desk": ""}
            assert await cases.update(f"g{number}", 1, changed, gone, [])

    wanted = of_watcher(person(Role.CITY_ADMIN, CITY), None)
    shown = await walk(cases, wanted, 5, move)
    assert not moving
    assert sorted(id for id in shown if id in staying) == sorted(staying)


async def test_a_day_that_has_nothing_any_more_is_forgotten_when_no_write_can_be_under_way(mongo: Database) -> None:
    await migrate(mongo)
    clock = [NOW]
    cases = Cases(mongo, lambda: clock[0])
    wanted = of_department(person(Role.HANDLER, department="D-1"))
    await cases.insert(document("g", case_of(1)))
    await cases.update("g", 1, {}, {"desk": ""}, [])
    row = {"_id": f"department:D-1|{TODAY}"}
    assert await walk(cases, wanted, 5) == []
    assert await mongo[DAYS].find_one(row) is not None
    clock[0] += LEASE + timedelta(seconds=1)
    # Another viewer's filter that finds nothing says nothing of the day.
    await cases.insert(document("other", case_of(2)))
    clock[0] += LEASE + timedelta(seconds=1)
    assert await walk(cases, narrowed(wanted, Narrowing(grade="COMPLEX"), CATEGORIES, NOW), 5) == []
    assert await walk(cases, wanted, 5) == ["other"]
    await cases.update("other", 1, {}, {"desk": ""}, [])
    assert await walk(cases, wanted, 5) == []
    assert await mongo[DAYS].find_one(row) is None
    # It comes back with the next case of the day.
    await cases.insert(document("third", case_of(3)))
    assert await walk(cases, wanted, 5) == ["third"]


async def test_a_claim_is_renewed_by_whoever_still_writes_there(mongo: Database) -> None:
    await migrate(mongo)
    clock = [NOW]
    cases = Cases(mongo, lambda: clock[0])
    await cases.insert(document("g", case_of(1)))
    clock[0] += timedelta(hours=2)
    await cases.insert(document("h", case_of(2)))
    row = await mongo[DAYS].find_one({"_id": f"department:D-1|{TODAY}"})
    assert row is not None
    assert row["at"] == clock[0]


async def test_the_numbers_of_a_day_that_is_over_go_and_a_recount_finds_the_same(mongo: Database) -> None:
    await migrate(mongo)
    cases = Cases(mongo)
    wanted = of_department(person(Role.HANDLER, department="D-1"))
    await cases.insert(document("g", case_of(1)))
    await cases.insert(document("h", case_of(2, due_at=DUE + timedelta(days=1))))
    await count(mongo)
    closed = case_of(1, status="CLOSED")
    assert await cases.update("g", 1, derived(closed), {"desk": ""}, [])
    await count(mongo)
    buckets = await DeskCounts(mongo).under(wanted.keys)
    assert list(buckets) == ["department:D-1|2026-06-06"]
    projector = desk_projector(mongo, "test", lambda: NOW)
    await projector.rebuild()
    while (await mongo["projections"].find_one({"_id": "cases"}))["building"]:
        await projector.round()
    assert await DeskCounts(mongo).under(wanted.keys) == buckets


async def test_cases_of_before_there_were_desks_are_put_there_once(mongo: Database) -> None:
    await migrate(mongo)
    cases = Cases(mongo)
    old = document("old", case_of(1))
    for name in ("desk", "facts"):
        del old[name]
    await mongo["cases"].insert_one(old)
    await put_on_desks(mongo)
    assert await walk(cases, of_department(person(Role.HANDLER, department="D-1")), 5) == ["old"]
    held = await cases.load("old")
    await put_on_desks(mongo)
    assert await cases.load("old") == held


def test_the_parts_of_a_day_are_in_the_order_of_its_cases() -> None:
    places = sorted(
        (due.isoformat(), tie_of(f"n-{number}"), grain(due, tie_of(f"n-{number}")))
        for number in range(400)
        for due in [DUE + timedelta(minutes=random.Random(number).choice([-90, 0, 0, 0, 0, 15]))]
    )
    parts = [part for _at, _tie, part in places]
    assert parts == sorted(parts)
    assert set(parts) == set(GRAINS)


REFUSALS: dict[str, tuple[Callable[[], Any], str, str | None]] = {
    "another's role": (lambda: of_dispatcher(person(Role.HANDLER, department="D-1"), None), "ROLE_MISSING", None),
    "a resident": (lambda: of_watcher(person(Role.RESIDENT), None), "ROLE_MISSING", None),
    "a division elsewhere": (lambda: of_watcher(person(Role.SUPERVISOR, TOWN), "370881000000"), "OUT_OF_SCOPE", "division"),
    "no division": (lambda: of_dispatcher(person(Role.DISPATCHER, CITY), "37x"), "DIVISION_UNKNOWN", "division"),
    "no such state here": (
        lambda: narrowed(of_dispatcher(person(Role.DISPATCHER, CITY), None), Narrowing(status="HANDLING"), CATEGORIES, NOW),
        "STATUS_NOT_HERE",
        "status",
    ),
    "a state in which no department has it": (
        lambda: narrowed(Wanted(()), Narrowing(status="APPRAISING", department="D-1"), CATEGORIES, NOW),
        "STATUS_NOT_HERE",
        "status",
    ),
    "no category": (lambda: narrowed(Wanted(()), Narrowing(category="城乡建设/安全生产"), CATEGORIES, NOW), "CATEGORY_UNKNOWN", "category"),
    "no zone": (
        lambda: narrowed(Wanted(()), Narrowing(due_before=NOW.replace(tzinfo=None)), CATEGORIES, NOW),
        "TIME_WITHOUT_ZONE",
        "dueBefore",
    ),
    "no cursor": (lambda: read_place("nonsense"), "BAD_CURSOR", "after"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_refuses_and_names_the_input(name: str) -> None:
    ask, code, field = REFUSALS[name]
    with pytest.raises((Refusal, Forbidden)) as refused:
        ask()
    assert (refused.value.code, refused.value.field) == (code, field)
