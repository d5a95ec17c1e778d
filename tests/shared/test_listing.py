"""Lists by slices: every document that the viewer may find, once, newest first, page by page; compared with looking at each of them."""

from __future__ import annotations

import base64
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from shared.identity.access import Access, Visible
from shared.identity.errors import Refusal
from shared.identity.scopes import Level, from_code
from shared.listing import LIST_INDEXES, SLOT_INDEXES, SLOTS, ListedRecords, cursor_of, listed, listed_behind
from shared.mongo import Client, Database, connect, database
from shared.record import stub
from shared.records import Document
from shared.settings import CommonSettings

START = datetime(2020, 3, 28, tzinfo=UTC)
DIVISIONS = ["370881001901", "370881001002", "370881002001", "370883001001", "370881001901-01", "370881001901-011"]
DEPARTMENTS = ["D-1", "D-2", "D-3"]
STATUSES = ["DISPATCHED", "HANDLING", "CLOSED", "CLOSED", "CLOSED"]


@dataclass(frozen=True)
class Place:
    """What decides who finds a document."""

    division: str = DIVISIONS[0]
    petitioner_ref: str | None = "ref-1"
    team: str | None = "T-1"
    departments: tuple[str, ...] = ()
    accused: tuple[str, ...] = ()
    access: Access = field(init=False)

    def __post_init__(self) -> None:
        departments, accused = frozenset(self.departments), frozenset(self.accused)
        made = Access(self.division, self.petitioner_ref, self.team, departments, accused_departments=accused)
        object.__setattr__(self, "access", made)


def document(id: str, place: Place, at: datetime, status: str = "CLOSED") -> Document:
    fields: Document = {"status": status, "division": place.division, "petitioner_ref": place.petitioner_ref, "team": place.team}
    fields |= {"departments": list(place.departments), "accused_departments": list(place.accused)}
    return {**stub(id), "version": 1, "registered": True, **fields, "listed": listed(place, at, status)}


def draw(number: int) -> tuple[Document, Place]:
    """One of four hundred: over ten weeks, with days that have many and weeks that have none, and times that are equal."""
    dice = random.Random(number)
    place = Place(
        division=dice.choice(DIVISIONS),
        petitioner_ref=dice.choice([None, "ref-1", "ref-2", "ref-3"]),
        team=dice.choice([None, "T-1", "T-2"]),
        departments=tuple(dice.sample(DEPARTMENTS, dice.choice([0, 1, 1, 2]))),
        accused=("D-1",) if dice.random() < 0.1 else (),
    )
    day = dice.choice([0, 1, 1, 1, 2, 5, 30, 31, 33, 34, 36, 37, 60, 64, 66, 67, 68, 69])
    at = START + timedelta(days=day, minutes=dice.choice([0, 959, 960, 961, 1200, dice.randrange(1440)]))
    return document(f"g{number:03d}", place, at, dice.choice(STATUSES)), place


DRAWN = [draw(number) for number in range(400)]


def scopes(*codes: tuple[str, Level]) -> dict[str, Any]:
    made = [from_code(code, level) for code, level in codes]
    return {"ranges": tuple(scope.range() for scope in made), "prefixes": frozenset(scope.prefix for scope in made)}


CITY = scopes(("370800000000", Level.CITY))
VIEWERS = {
    "nobody": Visible(),
    "a city": Visible(**CITY),
    "a county": Visible(**scopes(("370881000000", Level.COUNTY))),
    "a town": Visible(**scopes(("370881001000", Level.TOWN))),
    "a village with its compounds": Visible(**scopes(("370881001901", Level.VILLAGE))),
    "a compound, and not its neighbour": Visible(**scopes(("370881001901-01", Level.COMPOUND))),
    "a county and a village of another": Visible(**scopes(("370881000000", Level.COUNTY), ("370883001001", Level.VILLAGE))),
    "a resident": Visible(refs=frozenset({"ref-1", "ref-2"})),
    "a team": Visible(team="T-2"),
    "a department": Visible(departments=frozenset({"D-2"}), not_accused="D-2"),
    "an accused department": Visible(departments=frozenset({"D-1"}), not_accused="D-1"),
    "an official of an accused department": Visible(**CITY, not_accused="D-1"),
    "everything at once": Visible(
        refs=frozenset({"ref-3"}),
        team="T-1",
        departments=frozenset({"D-1"}),
        **scopes(("370883000000", Level.COUNTY), ("370881002000", Level.TOWN)),
        not_accused="D-1",
    ),
}


def looked_through(visible: Visible, status: str | None, department: str | None) -> list[str]:
    """What a list must show: each document judged by the rule of access itself."""
    found = [
        row
        for row, place in DRAWN
        if visible.admits(place.access) and status in (None, row["status"]) and (department is None or department in place.departments)
    ]
    return [row["_id"] for row in sorted(found, key=lambda row: (row["listed"]["at"], row["_id"]), reverse=True)]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def drawn(parts: Any) -> AsyncIterator[ListedRecords]:
    settings = CommonSettings(prefix="listing", mongodb_url=parts.mongodb_url, mongodb_retry_writes=parts.retry_writes)
    client: Client = connect(settings)
    used = database(client, settings, "drawn")
    await client.drop_database(used.name)
    records = await prepared(used)
    for row, _ in DRAWN:
        assert await records.insert(dict(row))
    yield records
    await client.drop_database(used.name)
    client.close()


async def prepared(used: Database) -> ListedRecords:
    await used["cases"].create_indexes(LIST_INDEXES)
    await used[SLOTS].create_indexes(SLOT_INDEXES)
    return ListedRecords(used, "cases")


async def walk(records: ListedRecords, visible: Visible, first: int, status: str | None = None, department: str | None = None) -> list[str]:
    """All pages, one after the other by their cursors."""
    shown: list[str] = []
    after = None
    while True:
        page = await records.page(visible, first, after, status, department)
        shown += [row["_id"] for row in page.documents]
        if not page.more:
            return shown
        assert len(page.documents) == first
        after = cursor_of(page.documents[-1])


@pytest.mark.parametrize("first", [7, 100])
@pytest.mark.parametrize("viewer", VIEWERS)
async def test_all_that_the_viewer_may_find_once_and_newest_first(drawn: ListedRecords, viewer: str, first: int) -> None:
    assert await walk(drawn, VIEWERS[viewer], first) == looked_through(VIEWERS[viewer], None, None)


@pytest.mark.parametrize(("status", "department"), [("HANDLING", None), (None, "D-2"), ("DISPATCHED", "D-3"), (None, "D-9")])
@pytest.mark.parametrize("viewer", VIEWERS)
async def test_narrowed_by_status_and_department(drawn: ListedRecords, viewer: str, status: str | None, department: str | None) -> None:
    assert await walk(drawn, VIEWERS[viewer], 9, status, department) == looked_through(VIEWERS[viewer], status, department)


async def test_a_document_moves_with_its_department_and_status(mongo: Database) -> None:
    records = await prepared(mongo)
    mine = Visible(departments=frozenset({"D-1"}))
    await records.insert(document("g", Place(), START, "ACCEPTED"))
    assert await walk(records, mine, 5) == []
    given = document("g", Place(departments=("D-1",)), START, "DISPATCHED")
    assert await records.update("g", 1, {name: given[name] for name in ("status", "departments", "listed")}, {}, [])
    assert await walk(records, mine, 5) == ["g"]
    assert await walk(records, mine, 5, "DISPATCHED") == ["g"]
    assert await walk(records, mine, 5, "ACCEPTED") == []


async def test_another_process_finds_what_this_one_wrote_and_a_lost_write_leaves_an_empty_day(mongo: Database) -> None:
    """The claim of the day comes first: whoever dies after it leaves nothing to be seen, and the next writer needs no claim of it."""
    records = await prepared(mongo)
    await records._claim(document("lost", Place(), START)["listed"])
    other = ListedRecords(mongo, "cases")
    assert await walk(other, VIEWERS["a city"], 5) == []
    await other.insert(document("g", Place(), START))
    assert await walk(records, VIEWERS["a city"], 5) == ["g"]


async def test_stubs_are_in_no_list(mongo: Database) -> None:
    records = await prepared(mongo)
    await records.insert({**stub("early"), "version": 1})
    await records.insert(document("g", Place(), START))
    assert await walk(records, VIEWERS["a city"], 5) == ["g"]


def test_a_document_is_found_by_scope_team_petitioner_and_department_on_its_day_in_china() -> None:
    late = datetime(2020, 6, 4, 16, 0, tzinfo=UTC)
    entry = listed(Place(division="370881001901", departments=("D-2", "D-1")), late, "HANDLING")
    keys = [f"division:{prefix}" for prefix in ("37", "3708", "370881", "370881001", "370881001901")]
    keys += ["petitioner:ref-1", "team:T-1", "department:D-1", "department:D-2"]
    assert entry["slots"] == [f"{key}|2020-06-05" for key in keys] + [f"{key}|2020-06-05|HANDLING" for key in keys]
    assert listed(Place(petitioner_ref=None, team=None), late)["slots"][-1] == "division:370881001901|2020-06-05"


@pytest.mark.parametrize("text", ["", "x", "%%%", "中", base64.urlsafe_b64encode(b"2020|only two").decode(), "gA=="])
def test_refuses_a_cursor_that_is_none_of_ours(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        listed_behind(text)
    assert (refused.value.code, refused.value.field) == ("BAD_CURSOR", "after")
    assert "游标" in refused.value.zh
    assert "cursor" in refused.value.en


async def test_a_page_refuses_it_too_whoever_asks(drawn: ListedRecords) -> None:
    for viewer in (VIEWERS["nobody"], VIEWERS["a city"]):
        with pytest.raises(Refusal, match="BAD_CURSOR"):
            await drawn.page(viewer, 5, "nonsense")
