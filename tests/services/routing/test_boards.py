"""Boards: each number is that of the desk with a filter, over cases in all states that accuse departments and go from hand to hand."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from services.routing.domain import course, returns
from services.routing.domain.boards import Asked, Counts, Load, Row, owner_in, rows_of, whole_of
from services.routing.domain.case import Case
from services.routing.domain.desks import ENDED, IN_HAND
from services.routing.domain.lifecycle import STATUSES
from services.routing.domain.part import Part
from services.routing.domain.work_order import WorkOrder
from services.routing.store.boards import BoardCounts
from services.routing.store.desks import desk_projector
from services.routing.store.mongo import CODEC, Cases, derived, migrate, put_on_desks
from services.routing.usecases import look_at_desk
from services.routing.usecases.look_at_board import month_asked, of_department, of_watcher, soon_until
from services.routing.usecases.look_at_desk import Narrowing, narrowed
from shared.china_time import CHINA
from shared.contracts.intake import DepartmentRow, Owner
from shared.identity.errors import Forbidden, Refusal
from shared.identity.roles import Role
from shared.identity.scopes import Level
from shared.mongo import Client, Database, connect, database
from shared.settings import CommonSettings
from tests.services.builders import AT, LUCHENG
from tests.services.builders import COUNTY as HOME
from tests.services.routing.builders import DISPATCHER, HANDLER, RECKONING, dispatched
from tests.services.routing.test_desks import CITY, COUNTY, DUE, NOW, TOWN, case_of, count, document, person

TODAY, SOON = date(2026, 6, 5), date(2026, 6, 8)
MONTH = "2026-06"
OFFICES = ["D-1", "D-2", "D-3"]
PLACES = ["370881001901", "370881001901-01", "370881001002", "370881002001", "370883001001", "370881000000", "370800000000"]
OWNERS = [
    Owner(staffId=staff, role=role, unit=unit)
    for staff, role, unit in (
        ("li", "HANDLER", "D-1"),
        ("li", "DEPARTMENT_HEAD", "D-1"),
        ("wang", "HANDLER", "D-2"),
        ("a/b|c", "SECRETARY", "T/1"),
        ("d", "DISPATCHER", "370881000000"),
    )
]


def drawn(number: int) -> Case:
    dice = random.Random(number)
    parts = [Part(department=dice.choice(OFFICES), task=None, asked_at=NOW, asked_by=OWNERS[0])] if dice.random() < 0.2 else []
    department = dice.choice(OFFICES)
    return case_of(
        number,
        status=dice.choice([*STATUSES, *IN_HAND, *IN_HAND]),
        division=dice.choice(PLACES),
        work_order=WorkOrder(department=department, rule="r", rule_version=1, round=1, dispatched_at=NOW, parts=parts),
        departments=[department],
        due_at=dice.choice([None, *(DUE + timedelta(days=days, minutes=dice.randrange(-700, 300)) for days in (-20, -1, 0, 1, 3, 3, 4))]),
        owner=dice.choice(OWNERS),
        accused_departments=["D-1"] if dice.random() < 0.15 else [],
    )


DRAWN = {f"g{number:03}": drawn(number) for number in range(250)}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def kept(parts: Any) -> AsyncIterator[Database]:
    settings = CommonSettings(prefix="boards", mongodb_url=parts.mongodb_url, mongodb_retry_writes=parts.retry_writes)
    client: Client = connect(settings)
    used = database(client, settings, "drawn")
    await client.drop_database(used.name)
    await migrate(used)
    cases = Cases(used)
    for id, case in DRAWN.items():
        assert await cases.insert(document(id, case))
    await count(used)
    yield used
    await client.drop_database(used.name)
    client.close()


async def board(used: Database, asked: Asked, month: str = MONTH) -> tuple[Row, dict[str, Row]]:
    """The whole, and the rows by name."""
    counts = await BoardCounts(used).of(asked, month)
    rows = rows_of(asked, counts, TODAY, SOON)
    assert rows == sorted(rows, key=lambda row: (-row.load.late, -row.load.open, row.name))
    return whole_of(asked, counts, TODAY, SOON), {row.name: row for row in rows}


def midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), CHINA)


BETWEEN: dict[str, Narrowing] = {
    "open": Narrowing(),
    "late": Narrowing(due_before=midnight(TODAY)),
    "due_today": Narrowing(due_from=midnight(TODAY), due_before=midnight(TODAY + timedelta(days=1))),
    "soon_late": Narrowing(due_from=midnight(TODAY + timedelta(days=1)), due_before=midnight(SOON + timedelta(days=1))),
}
"""How a desk is asked which ones they are."""


async def listed(used: Database, desk: Any, **by: Any) -> Load:
    """What the lists hold that answer “which ones?”."""
    found = {}
    for name, between in BETWEEN.items():
        wanted = narrowed(desk, Narrowing(due_from=between.due_from, due_before=between.due_before, **by), frozenset(), NOW)
        found[name] = len((await Cases(used).desk_page(wanted, 1_000, None)).documents)
    return Load(**found)


WATCHERS = {
    "a leader": person(Role.CITY_ADMIN, CITY),
    "a leader of an accused department": person(Role.CITY_ADMIN, CITY, department="D-1"),
}
CITY_CODE, COUNTY_CODE = "370800000000", "370881000000"


@pytest.mark.row("S53")
@pytest.mark.parametrize("code", [CITY_CODE, COUNTY_CODE, "370881001000", "370881001901"])
@pytest.mark.parametrize("name", WATCHERS)
async def test_each_division_one_level_below_has_what_its_own_desk_has(kept: Database, name: str, code: str) -> None:
    viewer = WATCHERS[name]
    asked = of_watcher(viewer, code, "DIVISION")
    whole, rows = await board(kept, asked)
    assert whole.load == await listed(kept, look_at_desk.of_watcher(viewer, code))
    prefix = asked.key.partition(":")[2]
    below = {case.division for case in DRAWN.values() if case.division.startswith(prefix) and case.status not in ENDED}
    parts = {part for division in below for part in _one_below(prefix, division)}
    loads = {part: await listed(kept, look_at_desk.of_watcher(viewer, part.ljust(12, "0"))) for part in parts}
    assert {part: row.load for part, row in rows.items()} == {part: load for part, load in loads.items() if load.open}
    assert rows


def _one_below(prefix: str, division: str) -> list[str]:
    length = {4: 6, 6: 9, 9: 12, 12: 15}[len(prefix)]
    part = division[:length]
    return [part] if len(part) == length and part[len(prefix) :].strip("0") else []


@pytest.mark.parametrize("code", [CITY_CODE, COUNTY_CODE])
@pytest.mark.parametrize("name", WATCHERS)
async def test_a_department_has_what_it_has_in_hand_as_the_lead(kept: Database, name: str, code: str) -> None:
    viewer = WATCHERS[name]
    _, rows = await board(kept, of_watcher(viewer, code, "DEPARTMENT"))
    desk = look_at_desk.of_watcher(viewer, code)
    assert {office: row.load for office, row in rows.items()} == {office: await listed(kept, desk, department=office) for office in OFFICES}
    in_hand = [case for case in DRAWN.values() if case.status in IN_HAND and case.work_order and case.work_order.department == "D-2"]
    if name == "a leader" and code == CITY_CODE:
        assert rows["D-2"].load.open == len(in_hand)


@pytest.mark.parametrize("name", WATCHERS)
async def test_an_owner_has_what_they_own_in_the_county(kept: Database, name: str) -> None:
    viewer = WATCHERS[name]
    whole, rows = await board(kept, of_watcher(viewer, COUNTY_CODE, "OWNER"))
    desk = look_at_desk.of_watcher(viewer, COUNTY_CODE)
    assert {row: found.load for row, found in rows.items()} == {row: await listed(kept, desk, owner=owner_in(row)) for row in rows}
    assert {owner_in(row).model_dump_json() for row in rows} == {owner.model_dump_json() for owner in OWNERS}
    assert sum(row.load.open for row in rows.values()) == whole.load.open


@pytest.mark.parametrize("office", OFFICES)
async def test_a_department_sees_whose_its_own_desk_is(kept: Database, office: str) -> None:
    viewer = person(Role.DEPARTMENT_HEAD, department=office)
    whole, rows = await board(kept, of_department(viewer))
    desk = look_at_desk.of_department(viewer)
    assert whole.load == await listed(kept, desk)
    assert {row: found.load for row, found in rows.items()} == {row: await listed(kept, desk, owner=owner_in(row)) for row in rows}
    assert sum(row.load.late for row in rows.values()) == whole.load.late > 0


def taken(number: int, minutes: int, **changes: Any) -> Case:
    """By 鲁城街道, so long after the registration."""
    case = dispatched(number=f"n-{number}", **changes)
    return course.accept_work_order(case, HANDLER, AT + timedelta(minutes=minutes))[0]


async def put(used: Database, cases: dict[str, Case]) -> None:
    for id, case in cases.items():
        held = await used["cases"].find_one({"_id": id}, {"version": 1})
        if held is None:
            assert await Cases(used).insert(document(id, case))
        else:
            gone = {} if "desk" in derived(case) else {"desk": ""}
            changed = {name: value for name, value in CODEC.dump(case).items() if name not in ("_id", "version")}
            assert await Cases(used).update(id, held["version"], changed, gone, [])
    await count(used)


async def recount(used: Database) -> None:
    projector = desk_projector(used, "test", lambda: NOW)
    await projector.rebuild()
    while (await used["projections"].find_one({"_id": "cases"}))["building"]:
        await projector.round()


ZJJ = DepartmentRow(code="D-3708-ZJJ", name="住建局", division=CITY_CODE, head="head-zjj", receiver="r")
BY_DIVISION, BY_DEPARTMENT = (of_watcher(person(Role.SUPERVISOR, COUNTY), None, by) for by in ("DIVISION", "DEPARTMENT"))


async def test_the_times_of_a_month_stay_whatever_becomes_of_the_cases_and_a_recount_finds_the_same(mongo: Database) -> None:
    await migrate(mongo)
    cases = {f"g{number}": taken(number, minutes) for number, minutes in enumerate((10, 100, 100, 100, 1_000, 5_000))}
    await put(mongo, cases)
    before = await board(mongo, BY_DIVISION, "2020-06"), await board(mongo, BY_DEPARTMENT, "2020-06")
    for whole, rows in before:
        (row,) = rows.values()
        for told in (whole, row):
            assert told.response is not None
            assert told.result is not None
            assert (told.response.number, told.result.number) == (6, 0)
            # 100 and 5,000 minutes, each within a bin.
            assert told.response.median in range(91, 110)
            assert told.response.p90 in range(4_580, 5_460)
    # One is reassigned, one is resolved in the month after, one is withdrawn.
    later = AT + timedelta(days=40)
    await put(
        mongo,
        {
            "g0": returns.reassign(cases["g0"], ZJJ, "归住建局。", DISPATCHER, RECKONING, AT + timedelta(days=2))[0],
            "g1": course.report_resolution(cases["g1"], "已更换。", [], HANDLER, later)[0],
            "g2": course.withdraw(cases["g2"], None, later)[0],
        },
    )
    for _ in range(2):
        whole, rows = await board(mongo, BY_DEPARTMENT, "2020-06")
        assert (whole.response, rows[LUCHENG].response) == (before[1][0].response, before[1][1][LUCHENG].response)
        assert {name: row.load.open for name, row in rows.items()} == {LUCHENG: 3, "D-3708-ZJJ": 1}
        _, rows = await board(mongo, BY_DEPARTMENT, "2020-07")
        found = rows[LUCHENG].result
        assert found is not None
        assert (found.number, found.median) == (1, None)
        assert (rows["D-3708-ZJJ"].response, rows["D-3708-ZJJ"].result) == (before[1][0].result, before[1][0].result)
        await recount(mongo)


async def test_what_accuses_a_department_is_in_no_number_of_its_people(mongo: Database) -> None:
    await migrate(mongo)
    await put(mongo, {f"g{number}": taken(number, 100, accused=["D-3708-SJJ"] if number % 2 else []) for number in range(6)})
    for by in ("DIVISION", "DEPARTMENT", "OWNER"):
        seen = {}
        for department in (None, "D-3708-SJJ", "D-3708-ZJJ"):
            asked = of_watcher(person(Role.SUPERVISOR, COUNTY, department=department), None, by)
            whole, rows = await board(mongo, asked, "2020-06")
            seen[department] = [(row.load.open, row.response.number if row.response else None) for row in (whole, *rows.values())]
        times = None if by == "OWNER" else 6
        assert seen[None] == seen["D-3708-ZJJ"] == [(6, 6), (6, times)]
        assert seen["D-3708-SJJ"] == [(3, 3), (3, times and 3)]


async def test_who_hands_over_takes_the_number_along(mongo: Database) -> None:
    await migrate(mongo)
    mine = taken(1, 10)
    await put(mongo, {"g": mine})
    other = HANDLER.model_copy(update={"staffId": "handler-2"})
    await put(mongo, {"g": mine.with_(owner=other)})
    _, rows = await board(mongo, of_department(person(Role.HANDLER, department=LUCHENG)))
    assert {owner_in(name).staffId: row.load.open for name, row in rows.items()} == {"handler-2": 1}
    keys = [row["key"] for row in await mongo["cases_buckets"].find({}).to_list(None)]
    assert not [key for key in keys if HANDLER.staffId in key]


async def test_cases_of_before_there_were_boards_are_counted_anew_once(mongo: Database) -> None:
    """One that has ended too: its times count."""
    await migrate(mongo)
    cases = {"open": taken(1, 10), "ended": course.withdraw(taken(2, 10), None, AT + timedelta(days=1))[0]}
    for id, case in cases.items():
        old = document(id, case)
        day = "2020-06-15"
        old["facts"] = {"at": [f"division:370881|{day}"], "n": {"open": 1, "HANDLING|": 1}} if id == "open" else {"at": [], "n": {}}
        await mongo["cases"].insert_one(old)
    await count(mongo)
    assert [row["key"] for row in await mongo["cases_buckets"].find({}).to_list(None)] == ["1|division:370881|2020-06-15"]
    await put_on_desks(mongo)
    await count(mongo)
    whole, _ = await board(mongo, BY_DIVISION, "2020-06")
    assert whole.response is not None
    assert (whole.load.open, whole.response.number) == (1, 2)
    assert await mongo["cases_buckets"].find_one({"_id": "1|division:370881|2020-06-15"}) is None
    held = await Cases(mongo).load("open")
    await put_on_desks(mongo)
    assert await Cases(mongo).load("open") == held


def test_soon_is_up_to_and_with_the_next_working_day() -> None:
    # A Friday; and the day before National Day and Mid-Autumn.
    assert soon_until(NOW, RECKONING) == SOON
    assert soon_until(datetime.fromisoformat("2020-09-30T12:00:00+08:00"), RECKONING) == date(2020, 10, 9)


def test_of_nothing_a_board_has_no_rows() -> None:
    nothing = Counts(rows={}, times={}, whole={}, whole_times={})
    assert rows_of(BY_DIVISION, nothing, TODAY, SOON) == []
    assert whole_of(BY_DIVISION, nothing, TODAY, SOON).load == Load()


def test_the_month_is_the_one_that_it_is_in_china_where_none_is_named() -> None:
    assert month_asked(None, datetime.fromisoformat("2026-06-30T16:30:00+00:00")) == "2026-07"
    assert month_asked("2025-12", NOW) == "2025-12"


TWO = (TOWN, ("370883001001", Level.VILLAGE))
REFUSALS: dict[str, tuple[Callable[[], Any], str, str | None]] = {
    "a department's handler": (lambda: of_watcher(person(Role.HANDLER, department="D-1"), None, "DIVISION"), "ROLE_MISSING", None),
    "a leader's department": (lambda: of_department(person(Role.CITY_ADMIN, CITY, department="D-1")), "ROLE_MISSING", None),
    "of no department": (lambda: of_department(person(Role.HANDLER)), "NO_DEPARTMENT", None),
    "a division elsewhere": (lambda: of_watcher(person(Role.SUPERVISOR, TOWN), HOME, "DIVISION"), "OUT_OF_SCOPE", "division"),
    "no division": (lambda: of_watcher(person(Role.SUPERVISOR, CITY), "37x", "DIVISION"), "DIVISION_UNKNOWN", "division"),
    "two territories": (lambda: of_watcher(person(Role.SUPERVISOR, *TWO), None, "DIVISION"), "DIVISION_MISSING", "division"),
    "a town's departments": (lambda: of_watcher(person(Role.SUPERVISOR, TOWN), None, "DEPARTMENT"), "NO_CITY_OR_COUNTY", "division"),
    "a city's owners": (lambda: of_watcher(person(Role.CITY_ADMIN, CITY), None, "OWNER"), "NO_COUNTY", "division"),
    "no month": (lambda: month_asked("2026-13", NOW), "BAD_MONTH", "month"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_refuses_and_names_the_input(name: str) -> None:
    ask, code, field = REFUSALS[name]
    with pytest.raises((Refusal, Forbidden)) as refused:
        ask()
    assert (refused.value.code, refused.value.field) == (code, field)
