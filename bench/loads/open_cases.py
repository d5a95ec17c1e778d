"""50,000 open cases on four desks: first, tenth and last page, and the numbers; and on boards. A page takes as long as with a tenth of
them, and reads no more documents than it shows and two slices, that in which the last page ended and its own last; numbers and boards
read no case at all.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import random
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from deploy.local.parts import Parts, ensure_parts
from services.routing.domain.boards import Asked, Row, rows_of, whole_of
from services.routing.domain.case import Case
from services.routing.domain.catalogue import Grade
from services.routing.domain.desks import TIES, Wanted, counted
from services.routing.domain.work_order import Transition, WorkOrder
from services.routing.store.boards import BoardCounts
from services.routing.store.desks import DAYS, FEW, DeskCounts, DeskPage, day_rows, desk_cursor
from services.routing.store.mongo import CODEC, Cases, migrate
from services.routing.usecases import look_at_board
from services.routing.usecases.look_at_desk import Narrowing, narrowed, of_department, of_dispatcher, of_secretary, of_watcher
from shared.contracts.intake import Owner
from shared.contracts.routing import Status
from shared.identity.roles import Role
from shared.identity.scopes import Level, from_code
from shared.identity.viewer import Viewer
from shared.mongo import Client, Collection, Database
from shared.projector import difference
from shared.record import stub
from shared.records import Document
from shared.tags import TAGS

OPEN = 50_000
SIZE = f"{OPEN:,} open cases, four desks, boards"
FLAT = 2.0
"""The most that a page may take longer than with a tenth of the cases."""
LEAST = 0.05
"""Seconds below which two times are alike: a page has its fixed costs, for each day that has something, and the machine its noise."""
LEAST_OF_BOARDS = 0.5
"""Likewise: a board reads a bucket for each of its rows and days, of which there are more where more is open, up to all."""
FIRST, ROUNDS = 20, 15
AGAIN = 4
AT_ONCE = 100
"""Documents in one insert, which the embedded store makes one transaction: 1,000 of 35 slots each never end once its cache is full."""
COUNTIES, TOWNS, VILLAGES, TEAMS, STAFF = 12, 12, 5, 640, 20
DEPARTMENTS = [f"D-3708-{number}" for number in range(6)]
CATEGORIES = ["城乡建设", "交通运输", "劳动和社会保障", "教育文体", "商贸旅游", "环境保护"]
STATUSES: list[Status] = ["HANDLING", "DISPATCHED", "RETURN_PENDING", "APPRAISING", "RESOLVED", "SUSPENDED"]
GRADES: list[Grade] = ["ORDINARY", "COMPLEX", "CONSULTATION", "URGENT"]
TODAY = datetime.fromisoformat("2026-06-05T17:30:00+08:00")
CITY = (from_code("370800000000", Level.CITY),)


def viewer(role: Role, **changes: Any) -> Viewer:
    return Viewer(sub="load", roles=frozenset({role}), **changes)


def _owner(department: str, number: int) -> Owner:
    return Owner(staffId=f"{department}-{number}", role="HANDLER", unit=department)


DESKS: dict[str, Wanted] = {
    "dispatcher": of_dispatcher(viewer(Role.DISPATCHER, scopes=CITY), None),
    "department": of_department(viewer(Role.HANDLER, department=DEPARTMENTS[1])),
    "secretary": of_secretary(viewer(Role.SECRETARY, team="T-3")),
    "watch": of_watcher(viewer(Role.CITY_ADMIN, scopes=CITY, department=DEPARTMENTS[0]), None),
    "watch, a county": of_watcher(viewer(Role.COUNTY_ADMIN, scopes=CITY), "370805000000"),
}


BOARDS: dict[str, Asked] = {
    "a city's counties": look_at_board.of_watcher(viewer(Role.CITY_ADMIN, scopes=CITY, department=DEPARTMENTS[0]), None, "DIVISION"),
    "a county's towns": look_at_board.of_watcher(viewer(Role.CITY_ADMIN, scopes=CITY), "370805000000", "DIVISION"),
    "a city's departments": look_at_board.of_watcher(viewer(Role.CITY_ADMIN, scopes=CITY), None, "DEPARTMENT"),
    "a county's departments": look_at_board.of_watcher(viewer(Role.CITY_ADMIN, scopes=CITY), "370805000000", "DEPARTMENT"),
    "a county's owners": look_at_board.of_watcher(viewer(Role.CITY_ADMIN, scopes=CITY), "370805000000", "OWNER"),
    "a department's owners": look_at_board.of_department(viewer(Role.HANDLER, department=DEPARTMENTS[1])),
}

WHICH_ONES: dict[str, Wanted] = {
    "a city's department's late": narrowed(DESKS["watch"], Narrowing(department=DEPARTMENTS[2], overdue=True), frozenset(), TODAY),
    "a county's owner's": narrowed(DESKS["watch, a county"], Narrowing(owner=_owner(DEPARTMENTS[2], 3)), frozenset(), TODAY),
}


def main(scale: float) -> bool:
    with tempfile.TemporaryDirectory() as temporary, ensure_parts(Path(temporary) / "parts", fresh=True) as parts:
        return asyncio.run(_load(parts, scale))


async def _load(parts: Parts, scale: float) -> bool:
    small, large = round(OPEN * scale / 10), round(OPEN * scale)
    async with _filled(parts, small) as few, _filled(parts, large) as many:
        well = True
        for name, wanted in DESKS.items():
            for what, question in (await _questions(few, many, wanted)).items():
                well &= await _compare(f"{name}: {what}", question, few, many, FIRST + 1 + 2 * _slice(many, wanted))
        for name, asked in BOARDS.items():
            rows = len(await _board(many, asked))
            well &= await _compare(f"board of {name}, {rows} rows", partial(_board, asked=asked), few, many, 0, LEAST_OF_BOARDS)
        for name, wanted in WHICH_ONES.items():
            # The store looks through all that is open there: how long that takes is told and not judged.
            ones = partial(_first_page, wanted=wanted)
            well &= await _compare(f"which ones, {name}", ones, few, many, FIRST + 1 + 2 * _slice(many, wanted), math.inf)
        return well


@dataclass
class Filled:
    """A database with so many open cases, and what is read of it."""

    database: Database
    spy: Spy
    days: Counter[tuple[str, str]]


class Spy(CommandListener):
    """Counts the documents that the store hands out."""

    def __init__(self) -> None:
        self.read: Counter[str] = Counter()

    def started(self, event: CommandStartedEvent) -> None:
        pass

    def succeeded(self, event: CommandSucceededEvent) -> None:
        cursor = event.reply.get("cursor")
        if cursor:
            batch = cursor.get("firstBatch", cursor.get("nextBatch", []))
            self.read[cursor["ns"].partition(".")[2]] += len(batch)

    def failed(self, event: CommandFailedEvent) -> None:
        pass


@asynccontextmanager
async def _filled(parts: Parts, count: int) -> AsyncIterator[Filled]:
    spy = Spy()
    client: Client = Client(parts.mongodb_url, retryWrites=parts.retry_writes, tz_aware=True, event_listeners=[spy])
    database = client[f"load_{count}_routing"]
    await migrate(database)
    begun = time.monotonic()
    days: Counter[tuple[str, str]] = Counter()
    buckets: dict[str, Counter[str]] = {}
    for chunk in chunks(cases(count), AT_ONCE):
        rows = [{**stub(f"g{number}"), "version": 1, "registered": True, **CODEC.dump(case)} for number, case in chunk]
        for row in rows:
            # As the projector leaves it: what it does is tested elsewhere, and takes the longest by far.
            row |= {TAGS: [], "counted": {"1": row["facts"]}}
            for key, measure, more in difference(None, row["facts"]):
                buckets.setdefault(key, Counter())[measure] += more
            days.update((each["key"], each["has"]) for each in day_rows(row["desk"], TODAY))
        await database["cases"].insert_many(rows, ordered=False)
    await _insert(database[DAYS], [{"_id": f"{key}|{day}", "key": key, "has": day, "at": TODAY} for key, day in days])
    kept = [{"_id": f"1|{key}", "key": f"1|{key}", "n": dict(numbers)} for key, numbers in buckets.items()]
    await _insert(database["cases_buckets"], kept)
    print(f"{count:,} open cases put in {time.monotonic() - begun:.1f} s, with {len(kept):,} buckets", flush=True)
    yield Filled(database, spy, days)
    await client.drop_database(database.name)
    client.close()


async def _insert(collection: Collection, rows: list[Document]) -> None:
    for start in range(0, len(rows), AT_ONCE):
        await collection.insert_many(rows[start : start + AT_ONCE], ordered=False)


def chunks(found: Iterator[tuple[int, Case]], size: int) -> Iterator[list[tuple[int, Case]]]:
    while chunk := list(itertools.islice(found, size)):
        yield chunk


def cases(count: int) -> Iterator[tuple[int, Case]]:
    """Due from thirty days ago to fifteen from now, at the close of work; the urgent ones at any hour; one in ten has nothing due."""
    draw = random.Random(5)
    for number in range(count):
        county, town, village = draw.randrange(COUNTIES), draw.randrange(1, TOWNS + 1), draw.randrange(1, VILLAGES + 1)
        status = draw.choices(STATUSES, [55, 20, 5, 5, 10, 5])[0]
        grade = draw.choices(GRADES, [70, 15, 11, 4])[0]
        due = TODAY + timedelta(days=draw.choices(range(-30, 16), [1] * 30 + [8] * 16)[0])
        due += timedelta(minutes=draw.randrange(-600, 300)) if grade == "URGENT" else timedelta(0)
        department = draw.choice(DEPARTMENTS)
        owner = _owner(department, draw.randrange(STAFF))
        registered = TODAY - timedelta(days=draw.randrange(1, 40), minutes=draw.randrange(600))
        taken = registered + timedelta(minutes=2 ** draw.uniform(0, 12))
        yield (
            number,
            Case(
                number=f"load-{number}",
                status=status,
                kind="HELP",
                subject="路灯不亮",
                division=f"3708{county + 1:02}{town:03}{village:03}",
                petitioner_ref=f"p{number}",
                team=f"T-{number % TEAMS if number % 2 else 3 if number % 64 == 0 else number % TEAMS}",
                accused_departments=[DEPARTMENTS[0]] if number % 50 == 2 else [],
                confidential=False,
                departments=[department],
                handlers=[],
                category=f"{draw.choice(CATEGORIES)}/其他",
                category_by="RULE",
                grade=grade,
                owner=owner,
                registered_at=registered,
                history=[Transition(at=taken, action="ACCEPT_WORK_ORDER", status="HANDLING", by=owner)],
                due_at=None if status in ("APPRAISING", "RESOLVED") else due,
                work_order=WorkOrder(department=department, rule="r", rule_version=1, round=1, dispatched_at=TODAY),
            ),
        )


Question = Callable[[Filled], Awaitable[Any]]


async def _questions(few: Filled, many: Filled, wanted: Wanted) -> dict[str, Question]:
    """The pages of a desk, by the cursors that lead to them in either database, and its numbers."""
    tenth, last = {}, {}
    for filled in (few, many):
        pages = await _cursors(filled, wanted)
        tenth[filled.database.name], last[filled.database.name] = pages[min(9, len(pages) - 1)], pages[-1]

    async def numbers(filled: Filled) -> Any:
        return counted(await DeskCounts(filled.database).under(wanted.keys), wanted.statuses, wanted.not_accused, "2026-06-05")

    def page(after: Callable[[Filled], str | None]) -> Question:
        return lambda filled: Cases(filled.database).desk_page(wanted, FIRST, after(filled))

    return {
        "first page": page(lambda _filled: None),
        "10th page": page(lambda filled: tenth[filled.database.name]),
        "last page": page(lambda filled: last[filled.database.name]),
        "numbers": numbers,
    }


async def _board(filled: Filled, asked: Asked) -> list[Row]:
    counts = await BoardCounts(filled.database).of(asked, "2026-05")
    assert whole_of(asked, counts, TODAY.date(), TODAY.date()).load.open > 0
    return rows_of(asked, counts, TODAY.date(), TODAY.date() + timedelta(days=3))


async def _first_page(filled: Filled, wanted: Wanted) -> DeskPage:
    return await Cases(filled.database).desk_page(wanted, FIRST, None)


async def _cursors(filled: Filled, wanted: Wanted) -> list[str | None]:
    """The cursors of all pages; what they show together must be what the numbers say."""
    found: list[str | None] = [None]
    shown = 0
    cases = Cases(filled.database)
    while True:
        page = await cases.desk_page(wanted, 100 if len(found) > 10 else FIRST, found[-1])
        shown += len(page.documents)
        if not page.more:
            break
        found.append(desk_cursor(page.documents[-1]))
    told = counted(await DeskCounts(filled.database).under(wanted.keys), wanted.statuses, wanted.not_accused, "2026-06-05")
    assert shown == sum(row.total for row in told), (shown, told)
    return found


def _slice(filled: Filled, wanted: Wanted) -> int:
    """How many documents the largest slice of this desk has, about: a day that has few, or a part of one that has many."""
    by_day: Counter[str] = Counter()
    for (key, day), number in filled.days.items():
        by_day[day] += number if key in wanted.headings() else 0
    most = max(by_day.values())
    return most if most <= FEW else max(FEW, 2 * most // TIES)


async def _compare(what: str, question: Question, few: Filled, many: Filled, most: int, least: float = LEAST) -> bool:
    times: dict[str, list[float]] = {few.database.name: [], many.database.name: []}
    read = {}
    for filled in (few, many):
        filled.spy.read.clear()
        answer = await question(filled)
        read[filled.database.name] = dict(filled.spy.read)
    small = large = 0.0
    flat = False
    # A busy neighbour may slow down all the rounds of one side; what has grown stays slow however often it is asked.
    for _ in range(AGAIN):
        for _ in range(ROUNDS):
            for filled in (few, many):
                begun = time.perf_counter()
                await question(filled)
                times[filled.database.name].append(time.perf_counter() - begun)
        small, large = (min(times[filled.database.name]) for filled in (few, many))
        flat = large <= max(FLAT * small, least)
        if flat:
            break
    documents = read[many.database.name].get("cases", 0)
    within = documents == 0 if not isinstance(answer, DeskPage) else documents <= most
    fault = "" if flat and within else ": FAILED"
    looked = f"read {read[few.database.name]} → {read[many.database.name]}"
    print(f"{what}{fault}: {small * 1000:.1f} → {large * 1000:.1f} ms, {looked}", flush=True)
    return flat and within
