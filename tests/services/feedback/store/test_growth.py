"""The queries of the rates, of the callers' desk and of what waits: by which index, reading how much, and growing how."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from deploy.local.parts import Parts
from services.feedback.domain.first_response import FirstResponse
from services.feedback.domain.shares import Asked
from services.feedback.domain.waiting import What, slots
from services.feedback.service import Service
from services.feedback.settings import FeedbackSettings
from services.feedback.store.callbacks import Apart
from services.feedback.store.mongo import CODEC
from services.feedback.store.rates import RateCounts, RateLists, Wanted, Which
from services.feedback.store.waiting import FEW, Desk, WaitingCounts, WaitingLists
from shared.mongo import Database
from shared.projector import difference
from shared.record import stub
from shared.records import Document
from shared.tags import TAGS
from tests.services.builders import AT, TEAM
from tests.services.feedback.builders import asked
from tests.services.growth import MOST, TIMEOUT, Pair, insert, pair_of

PER_DAY = 20
MONTH = "2020-05"
OFFICES = [f"D-{number}" for number in range(5)]
OPEN = 45
WAITED_DAYS = 20
pytestmark = pytest.mark.timeout(TIMEOUT)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def pair(parts: Parts, keys_dir: Path) -> AsyncIterator[Pair]:
    async with pair_of(parts, keys_dir, lambda settings: Service(FeedbackSettings(**settings)), fill, 200) as made:
        yield made


async def fill(database: Database, count: int) -> None:
    """`count` follow-ups, twenty a day back from the last of May; a tenth accuse an office. All wait to be surveyed, since one of twenty
    days, at any hour."""
    called = asked(channel="VISIT").callback
    base, rows, buckets = asked(), list[Document](), dict[str, Counter[str]]()
    assert base.survey is not None
    assert base.progress is not None
    base = base.with_(progress=base.progress.model_copy(update={"status": "FED_BACK"}))
    for number in range(count):
        at = AT.replace(month=5, day=31) - timedelta(days=number // PER_DAY)
        office = OFFICES[number % len(OFFICES)]
        followup = base.with_(
            registered_at=at,
            departments=[office],
            division=f"37088100{number % 3 + 1}001",
            first_response=FirstResponse(at=at, in_time=number % 7 > 0, department=office),
            accused_departments=[OFFICES[0]] if number % 10 == 3 else [],
            team=TEAM if number % 9 == 0 else None,
            reply=base.reply.model_copy(update={"department": office}) if base.reply else None,
            survey=base.survey.with_(opened_at=AT - timedelta(days=number % WAITED_DAYS, hours=number // WAITED_DAYS % 24)),
        )
        # As many are open in a large database as in a small one: callers get through them.
        followup = followup.with_(callback=called) if number < OPEN else followup
        rows.append({**stub(f"g{number}"), "version": 1, "registered": True, **CODEC.dump(followup), TAGS: slots(followup)})
        for key, measure, more in difference(None, rows[-1]["facts"]):
            buckets.setdefault(f"1|{key}", Counter())[measure] += more
    await insert(database, "followups", rows)
    await insert(database, "followups_buckets", [{"_id": id, "key": id, "n": dict(numbers)} for id, numbers in buckets.items()])


COUNTY, TOWN = Asked("division:370881", None), Asked("division:370881001", OFFICES[0])
OWN = Asked("department:D-1", OFFICES[1], judged=True)
LISTS: dict[str, tuple[Asked, Which, int]] = {
    "a county": (COUNTY, "MET", 2 * PER_DAY),
    "a county's rarer ones": (COUNTY, "NOT_MET", 8 * PER_DAY),
    "a county's department": (Asked("division:370881/department:D-2", None), "DECIDED", PER_DAY),
    "a town, of whoever is of an accused department": (TOWN, "DECIDED", PER_DAY),
    "a department's own": (OWN, "DECIDED", PER_DAY),
}


@pytest.mark.parametrize("name", LISTS)
async def test_a_list_reads_the_days_that_it_shows_and_no_more_however_many_there_are(pair: Pair, name: str) -> None:
    whose, which, most = LISTS[name]

    async def ask(database: Database) -> list[Any]:
        found, more = await RateLists(database).page(Wanted(whose, MONTH, "RESPONSE", which), 10, None)
        assert (len(found), more) == (10, True)
        return found

    growth = await pair.ask(ask)
    assert growth.indexes == {"followups.rated"}
    assert max(growth.examined("followups")) <= most
    assert growth.ratio <= MOST


async def test_the_numbers_read_their_buckets_and_no_follow_up(pair: Pair) -> None:
    async def ask(database: Database) -> None:
        counts = RateCounts(database)
        assert await counts.whole(COUNTY, MONTH)
        assert len(await counts.parts(COUNTY, "DIVISION", MONTH)) == 3
        assert len(await counts.parts(COUNTY, "DEPARTMENT", MONTH)) == len(OFFICES)

    growth = await pair.ask(ask)
    assert growth.indexes == {"followups_buckets.key", "followups_buckets._id_", "projections._id_"}
    assert max(growth.examined("followups_buckets")) <= 1 + 3 + len(OFFICES)
    assert growth.ratio <= MOST


APART = Apart(("370881",), OFFICES[1], None, "p", frozenset({"p"}))
DESKS: dict[str, tuple[Desk, What]] = {
    "a county": (Desk(("division:370881",), ("SURVEY",), None), "SURVEY"),
    "a town, of whoever is of an accused department": (Desk(("division:370881001",), ("SURVEY",), OFFICES[0]), "SURVEY"),
    "a department": (Desk(("department:D-1",), ("SURVEY",), OFFICES[1]), "SURVEY"),
    "a team": (Desk((f"team:{TEAM}",), ("SURVEY",), OFFICES[0]), "SURVEY"),
    "callbacks": (Desk(("division:370881",), ("CALLBACK",), None, APART), "CALLBACK"),
    "callbacks for one reason": (Desk(("division:370881",), ("CALLBACK",), None, APART, "IN_PERSON"), "CALLBACK"),
}


@pytest.mark.parametrize("name", DESKS)
async def test_a_desk_of_what_waits_reads_few_more_than_it_shows_however_many_wait(pair: Pair, name: str) -> None:
    desk, what = DESKS[name]

    async def ask(database: Database) -> None:
        page, more = await WaitingLists(database).page(desk, what, AT.date(), 10, None)
        assert (len(page), more) == (10, True)

    growth = await pair.ask(ask)
    assert growth.indexes == {"followups.tags", "followups_buckets.key", "projections._id_"}
    assert max(growth.examined("followups")) <= 10 + FEW
    assert max(growth.examined("followups_buckets")) <= WAITED_DAYS + 1
    assert growth.ratio <= MOST


async def test_the_numbers_of_what_waits_read_their_buckets_and_no_follow_up(pair: Pair) -> None:
    async def ask(database: Database) -> None:
        assert await WaitingCounts(database).under(("division:370881",))

    growth = await pair.ask(ask)
    assert growth.indexes == {"followups_buckets.key", "projections._id_"}
    assert max(growth.examined("followups_buckets")) <= WAITED_DAYS + 1
    assert growth.ratio <= MOST
