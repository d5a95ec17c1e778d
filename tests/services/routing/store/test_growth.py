"""Every query that a user or an operator can cause in routing: by which index, reading how much, and growing how."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from deploy.local.parts import Parts
from services.routing.domain.boards import Asked
from services.routing.domain.case import SYSTEM, Case
from services.routing.domain.deadlines import as_kept
from services.routing.domain.desks import Wanted
from services.routing.service import Service
from services.routing.settings import RoutingSettings
from services.routing.store.boards import BoardCounts
from services.routing.store.desks import DAYS, DeskCounts, day_rows
from services.routing.store.mongo import CODEC, Cases, migrate
from services.routing.store.supervision import SupervisionLists
from shared.identity.access import Visible
from shared.listing import SLOTS, claims, cursor_of
from shared.mongo import Database
from shared.projector import difference
from shared.record import stub
from shared.records import Document, MongoRecords
from shared.reference import ReferenceRows
from shared.tags import DIRTY, TAGS, UNSENT, with_blocked
from tests.services.builders import AT, LUCHENG, REF
from tests.services.growth import MOST, TIMEOUT, Ask, Pair, insert, pair_of
from tests.services.routing.builders import handled, with_card, with_order_issued

PER_DAY = 50
SUPERVISED = range(0, 300, 10)
TOWNS = [f"3708{county:02d}{town:03d}" for county in range(81, 85) for town in range(1, 6)]
DEPARTMENTS = [f"D-3708-{number}" for number in range(6)]
LAST = datetime.fromisoformat("2026-06-05T09:00:00+08:00")


pytestmark = pytest.mark.timeout(TIMEOUT)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def pair(parts: Parts, keys_dir: Path) -> AsyncIterator[Pair]:
    async with pair_of(parts, keys_dir, lambda settings: Service(RoutingSettings(**settings)), fill, 1_000) as made:
        yield made


async def fill(database: Database, count: int) -> None:
    """`count` cases, fifty a day back from one last day, in four counties of five towns of five villages."""
    base, draw = handled(), random.Random(5)
    days, buckets = dict[str, Document](), dict[str, Counter[str]]()
    rows, slots, events, audit = list[Document](), dict[str, Document](), list[Document](), list[Document]()
    for number in range(count):
        id = f"g{number}"
        state = base.with_(**_varied(number, draw))
        if number in SUPERVISED:
            state = with_card(with_order_issued(state), department=DEPARTMENTS[number // 10 % 2])
        # The newest days are in work, older ones mostly closed; one in five hundred is in rework.
        own = {**stub(id), "version": 1, "registered": True, "seen": {"intake": 1}, "sequence": 2}
        unsent = number in (3, 4)
        own |= {"blocked": {"source": "intake", "sequence": 2} if number in (5, 6) else None}
        own["outbox"] = [{"id": f"e{number}", "kind": "event", "at": AT}] if unsent else []
        rows.append(own | CODEC.dump(state))
        counted = [tag for tag in rows[-1][TAGS] if tag != DIRTY]
        rows[-1][TAGS] = with_blocked([*counted, *([UNSENT] if unsent else [])], rows[-1])
        slots |= {row["_id"]: row for row in claims(rows[-1]["listed"])}
        days |= {row["_id"]: row for row in day_rows(rows[-1]["desk"], AT)} if "desk" in rows[-1] else {}
        for key, measure, more in difference(None, rows[-1]["facts"]):
            buckets.setdefault(f"1|{key}", Counter())[measure] += more
        events.append({"_id": f"{id}:1", "subject": id, "sequence": 1, "at": AT, "type": "t"})
        audit.append({"_id": f"{id}:1", "subject": id, "request_id": f"r{number}", "payload_digest": "x", "result": {"id": id}})
    await insert(database, "cases", rows)
    await insert(database, SLOTS, list(slots.values()))
    await insert(database, DAYS, list(days.values()))
    await insert(database, "cases_buckets", [{"_id": id, "key": id, "n": dict(numbers)} for id, numbers in buckets.items()])
    await insert(database, "events", events)
    await insert(database, "audit", audit)
    await ReferenceRows(database, "departments").apply("code", 1, [{"code": code, "name": code} for code in DEPARTMENTS])


def _varied(number: int, draw: random.Random) -> dict[str, Any]:
    age = number // PER_DAY
    department = draw.choice(DEPARTMENTS)
    status = "REWORK" if number % 500 == 7 else "HANDLING" if number % 10 == 0 else "CLOSED"
    return {
        "status": status,
        "division": draw.choice(TOWNS) + f"{draw.randrange(1, 6):03d}",
        "petitioner_ref": REF if number % 25 == 1 else f"p{number % 25}",
        "team": f"T-{number % 20}",
        "departments": [department],
        "accused_departments": [DEPARTMENTS[0]] if number % 50 == 2 else [],
        "registered_at": LAST - timedelta(days=age, seconds=number % PER_DAY),
        "deadlines": as_kept(LAST + timedelta(days=number % 19, minutes=510), False, LAST, SYSTEM, 1),
        "number": f"number-{number}",
    }


def scope(prefix: str) -> Visible:
    return Visible(ranges=((prefix, prefix[:-1] + chr(ord(prefix[-1]) + 1)),), prefixes=frozenset({prefix}))


CITY, COUNTY, TOWN, VILLAGE = scope("3708"), scope("370881"), scope("370881001"), scope("370881001002")
TWO_COUNTIES = Visible(ranges=CITY.ranges, prefixes=frozenset({"370881", "370883"}))
RESIDENT = Visible(refs=frozenset({REF, "ff" * 32}))
DEPARTMENT = Visible(departments=frozenset({DEPARTMENTS[1]}), not_accused=DEPARTMENTS[1])
OFFICIAL = Visible(ranges=COUNTY.ranges, prefixes=COUNTY.prefixes, not_accused=DEPARTMENTS[0])


def listing(visible: Visible, first: int = 10, status: str | None = None, department: str | None = None) -> Ask:
    async def ask(database: Database) -> list[Any]:
        return (await Cases(database).list_page(visible, first, None, status, department)).documents

    return ask


@dataclass(frozen=True)
class Query:
    """A question, and how many cases the indexes may hand out for it."""

    ask: Ask
    most: int


LISTS = {
    "a city": Query(listing(CITY), PER_DAY),
    "a county": Query(listing(COUNTY), 2 * PER_DAY),
    "a town": Query(listing(TOWN, first=5), PER_DAY),
    "a village": Query(listing(VILLAGE, first=3), 20),
    "two counties": Query(listing(TWO_COUNTIES), PER_DAY),
    "a team": Query(listing(Visible(team="T-3")), 40),
    "a resident with account and phone": Query(listing(RESIDENT, first=5), 20),
    "a department": Query(listing(DEPARTMENT), 40),
    "an official whose department may be accused": Query(listing(OFFICIAL), 2 * PER_DAY),
    "a city, one status": Query(listing(CITY, status="HANDLING"), 20),
    "a county, one status": Query(listing(COUNTY, first=5, status="HANDLING"), 20),
    "a department's work": Query(listing(DEPARTMENT, first=5, status="HANDLING"), 20),
    "a city, one department": Query(listing(CITY, department=DEPARTMENTS[2]), 40),
    "a county, one department": Query(listing(COUNTY, first=5, department=DEPARTMENTS[2]), 80),
    "a town, one department": Query(listing(TOWN, first=2, department=DEPARTMENTS[2]), 60),
    "a county, one department, one status": Query(listing(COUNTY, first=2, status="CLOSED", department=DEPARTMENTS[2]), 40),
}


@pytest.mark.parametrize("name", LISTS)
async def test_a_list_reads_its_slices_and_no_more_however_many_there_are(pair: Pair, name: str) -> None:
    query = LISTS[name]
    small, large = await query.ask(pair.small), await query.ask(pair.large)
    assert small
    assert len(small) == len(large)
    growth = await pair.ask(query.ask)
    assert growth.indexes == {"cases.slots", f"{SLOTS}.key"}
    assert max(growth.examined("cases")) <= query.most
    assert growth.ratio <= MOST


async def test_a_later_page_costs_what_the_first_costs(pair: Pair) -> None:
    async def ask(database: Database) -> object:
        cases = Cases(database)
        return await cases.list_page(COUNTY, 10, cursor, None, None)

    all_of_ten_days = await Cases(pair.small).list_page(COUNTY, 100, None, None, None)
    cursor = cursor_of(all_of_ten_days.documents[60])
    growth = await pair.ask(ask)
    assert growth.indexes == {"cases.slots", f"{SLOTS}.key"}
    assert max(growth.examined("cases")) <= 2 * PER_DAY
    assert growth.ratio <= MOST


async def test_a_rare_status_is_looked_for_over_many_days_at_once(pair: Pair) -> None:
    """Nothing but the matching cases is read; the days without one cost a share of a read each, more shared the longer it takes."""
    growth = await pair.ask(listing(CITY, status="REWORK"))
    assert growth.indexes == {"cases.slots", f"{SLOTS}.key"}
    assert growth.examined("cases")[1] <= 20
    assert len(growth.large) <= 40


async def test_nothing_is_found_where_nothing_may_be(pair: Pair) -> None:
    assert await listing(Visible())(pair.small) == []
    assert await listing(CITY, department="D-nowhere")(pair.small) == []
    assert await listing(DEPARTMENT, department=DEPARTMENTS[2])(pair.small) == []


SUPERVISION: dict[str, tuple[Callable[[SupervisionLists], Awaitable[Any]], int]] = {
    "what waits in a city": (lambda lists: lists.waiting(("division:3708",), ("REPLY", "ORDER"), None, 5, None), 35),
    "what waits for a department": (lambda lists: lists.waiting((f"department:{LUCHENG}",), ("REPLY",), LUCHENG, 5, None), 35),
    "the cards of a city": (lambda lists: lists.cards(("division:3708",), "2020-06", None, None, 5, None), 30),
    "the cards of a department": (lambda lists: lists.cards((f"department:{DEPARTMENTS[1]}",), "2020-06", None, None, 5, None), 15),
}


@pytest.mark.parametrize("name", SUPERVISION)
async def test_supervision_reads_what_waits_and_no_more_however_many_cases_there_are(pair: Pair, name: str) -> None:
    asked, most = SUPERVISION[name]

    async def ask(database: Database) -> Any:
        return await asked(SupervisionLists(database["cases"]))

    found, more = await ask(pair.large)
    assert len(found) == 5
    assert more
    growth = await pair.ask(ask)
    assert growth.indexes - {"cases._id_"} == {"cases.tags"}
    assert max(growth.examined("cases")) <= most
    assert growth.ratio <= MOST


DESKS: dict[str, Wanted] = {
    "a city": Wanted(("division:3708",), not_accused=DEPARTMENTS[0]),
    "a city, one state": Wanted(("division:3708",), statuses=("REWORK",)),
    "a county, before a day": Wanted(("division:370881",), before=LAST + timedelta(days=5)),
    "a town": Wanted(("division:370881001",)),
    "a department": Wanted((f"department:{LUCHENG}",), not_accused=LUCHENG),
    "a team": Wanted(("team:T-0",)),
}


@pytest.mark.parametrize("name", DESKS)
async def test_a_desk_reads_its_slices_by_their_index(pair: Pair, name: str) -> None:
    async def ask(database: Database) -> list[Document]:
        return (await Cases(database).desk_page(DESKS[name], 5, None)).documents

    assert await ask(pair.large)
    growth = await pair.ask(ask)
    assert growth.indexes == {"cases.desk", f"{DAYS}.key", "projections._id_", "cases_buckets.key"}
    assert growth.ratio <= MOST


async def test_the_numbers_of_a_desk_read_no_case(pair: Pair) -> None:
    growth = await pair.ask(lambda database: DeskCounts(database).under(("division:3708",)))
    assert growth.indexes == {"projections._id_", "cases_buckets.key"}
    assert growth.examined("cases_buckets")[1] <= 19
    assert growth.ratio <= MOST


BOARDS: dict[str, Asked] = {
    "a county, by town": Asked("division:370881", "DIVISION", DEPARTMENTS[0]),
    "a city, by department": Asked("division:3708", "DEPARTMENT", None),
    "a county, by owner": Asked("division:370881", "OWNER", None),
}


@pytest.mark.parametrize("name", BOARDS)
async def test_a_board_reads_no_case(pair: Pair, name: str) -> None:
    assert (await BoardCounts(pair.large).of(BOARDS[name], "2020-06")).rows
    growth = await pair.ask(lambda database: BoardCounts(database).of(BOARDS[name], "2020-06"))
    assert growth.indexes <= {"projections._id_", "cases_buckets.key", "cases_buckets._id_"}
    assert growth.ratio <= MOST


async def test_what_is_dirty_is_found_by_its_flag(pair: Pair) -> None:
    growth = await pair.ask(lambda database: database["cases"].find({TAGS: DIRTY}, {"_id": 1}).to_list(None))
    assert growth.indexes == {"cases.tags"}
    assert growth.examined("cases") == (0, 0)


BY_ID: dict[str, Ask] = {
    "entities by id": lambda database: Cases(database).find_many(["g5", "g17", "nobody"]),
    "one entity by id": lambda database: Cases(database).find_many(["g5"]),
    "a command's read": lambda database: Cases(database).load("g5"),
    "a command's guarded write that lost": lambda database: Cases(database).update("g5", 99, {"x": 1}, {}, []),
    "the relay's read of an outbox": lambda database: Cases(database).outbox("g3"),
    "the relay's settling": lambda database: Cases(database).settle("g5", ["nothing"]),
}


@pytest.mark.parametrize("name", BY_ID)
async def test_one_document_is_found_by_its_id(pair: Pair, name: str) -> None:
    growth = await pair.ask(BY_ID[name])
    assert growth.indexes == {"cases._id_"}
    assert growth.ratio <= MOST


def _records(database: Database) -> MongoRecords:
    return MongoRecords(database, "cases")


SIDES: dict[str, tuple[Ask, str, int]] = {
    "the sweeper's unsent": (lambda database: _records(database).unsent(LAST, 200), "cases.tags", 2),
    "the operator's blocked": (lambda database: _records(database).blocked(["intake", "feedback"], 10_000), "cases.tags", 2),
    "what is sent again": (lambda database: database["events"].find({"subject": "g5"}).to_list(None), "events.subject_sequence", 1),
    "an old request in the audit": (lambda database: _records(database).remembered_request("g5", "r5"), "audit.subject_request", 1),
}


@pytest.mark.parametrize(("staff", "owned"), [("handler-1", True), ("nobody", False)])
async def test_who_has_owned_one_is_known_at_once_however_many_they_had(pair: Pair, staff: str, owned: bool) -> None:
    """In these databases one handler has had every case: the months tell."""

    async def ask(database: Database) -> bool:
        return await Cases(database).has_owned(LUCHENG, staff)

    assert await ask(pair.small) == await ask(pair.large) == owned
    growth = await pair.ask(ask)
    assert growth.indexes == {f"{SLOTS}.key"}
    assert growth.ratio <= MOST


@pytest.mark.parametrize("name", SIDES)
async def test_what_is_rare_is_found_by_an_index_of_its_own(pair: Pair, name: str) -> None:
    ask, index, found = SIDES[name]
    for database in (pair.small, pair.large):
        answer = await ask(database)
        assert answer
        assert not isinstance(answer, list) or len(answer) == found
    growth = await pair.ask(ask)
    assert growth.indexes == {index}
    assert growth.examined(index.split(".")[0]) == (found, found)
    assert growth.ratio <= MOST


async def test_reference_rows_are_read_whole_because_there_are_few(pair: Pair) -> None:
    growth = await pair.ask(lambda database: ReferenceRows(database, "departments").rows())
    assert growth.examined("departments") == (len(DEPARTMENTS), len(DEPARTMENTS))
    assert growth.ratio <= MOST


async def test_migrating_again_changes_nothing(pair: Pair) -> None:
    before = await pair.small["cases"].index_information()
    await migrate(pair.small)
    assert await pair.small["cases"].index_information() == before


def test_a_case_says_where_it_is_found() -> None:
    case: Case = handled()
    assert CODEC.dump(case)["listed"]["slots"][-1] == "department:D-370881001-DGW|2020-06-05|HANDLING"
