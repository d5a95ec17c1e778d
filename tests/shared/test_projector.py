"""Buckets are always the sum of what the documents say: after any history of writes, crashes and rebuilds, with two projectors."""

from __future__ import annotations

import asyncio
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.mongo import Database, connect, database
from shared.projector import LEASE, Buckets, Projector, difference
from shared.records import TAGS_INDEX
from shared.settings import CommonSettings
from shared.tags import DIRTY, TAGS

KEYS = ("3708", "370881", "370811", "team:T-1")
MEASURES = ("households", "visited:2026-06")
STEPS = ("leased", "read", "written", "committed", "told", "building", "whole")
AT = datetime(2026, 6, 5, tzinfo=UTC)

GROUP = st.fixed_dictionaries(
    {"at": st.lists(st.sampled_from(KEYS), unique=True, max_size=3), "n": st.dictionaries(st.sampled_from(MEASURES), st.integers(0, 3))}
)
FACTS = st.one_of(GROUP, st.dictionaries(st.sampled_from(["open", "times"]), GROUP))
CUTS = st.one_of(st.none(), st.sampled_from(STEPS))
ACTS = st.one_of(
    st.tuples(st.just("write"), st.integers(0, 5), FACTS),
    st.tuples(st.just("round"), st.integers(0, 1), CUTS),
    st.tuples(st.just("together"), CUTS, CUTS),
    st.tuples(st.just("rebuild"), st.integers(0, 1), CUTS),
)


class PowerCut(Exception):
    pass


class Stage:
    """Two projectors over one database; time is moved on so that a dead one's lease ends."""

    def __init__(self, used: Database) -> None:
        self.used = used
        self.at = AT
        self.cuts: list[str | None] = [None, None]
        self.projectors = [Projector(used, "homes", f"p{n}", lambda: self.at, self._reached(n)) for n in (0, 1)]
        self.buckets = Buckets(used, "homes")

    def _reached(self, number: int) -> Any:
        async def reached(where: str) -> None:
            if self.cuts[number] == where:
                self.cuts[number] = None
                raise PowerCut

        return reached

    async def write(self, document: int, facts: dict[str, Any]) -> None:
        """As the one write does it."""
        change = {"$set": {"facts": facts}, "$addToSet": {TAGS: DIRTY}, "$inc": {"version": 1}}
        await self.used["homes"].update_one({"_id": f"d{document}"}, change, upsert=True)

    async def run(self, number: int, cut: str | None, work: str = "round") -> None:
        self.cuts[number] = cut
        try:
            await getattr(self.projectors[number], work)()
        except PowerCut:
            pass
        finally:
            self.cuts[number] = None
        self.at += LEASE / 3

    async def settle(self) -> None:
        """As if nothing failed any more."""
        for number in (0, 1, 0):
            self.at += 2 * LEASE
            await self.run(number, None)

    async def counted(self) -> dict[str, dict[str, int]]:
        found = await self.buckets.read(KEYS)
        return {key: {measure: number for measure, number in numbers.items() if number} for key, numbers in found.items()}

    async def said(self) -> dict[str, dict[str, int]]:
        wanted: dict[str, dict[str, int]] = {key: {} for key in KEYS}
        async for document in self.used["homes"].find({}):
            for key, measure, number in difference(None, document["facts"]):
                wanted[key][measure] = wanted[key].get(measure, 0) + number
        return wanted


async def play(common: CommonSettings, acts: list[Any]) -> None:
    client = connect(common)
    used = database(client, common.model_copy(update={"prefix": f"p{secrets.token_hex(4)}"}), "projector")
    try:
        await used["homes"].create_indexes([TAGS_INDEX])
        stage = Stage(used)
        for name, first, second in acts:
            if name == "write":
                await stage.write(first, second)
            elif name == "together":
                await asyncio.gather(stage.run(0, first), stage.run(1, second))
            else:
                await stage.run(first, second, name)
        await stage.settle()
        assert await stage.counted() == await stage.said()
    finally:
        await client.drop_database(used.name)
        client.close()


@pytest.mark.row("S5")
@pytest.mark.slow
def test_after_any_history_the_buckets_are_the_sum_of_the_documents(settings: CommonSettings) -> None:
    @given(st.lists(ACTS, max_size=14))
    @CALM
    def any_history(acts: list[Any]) -> None:
        asyncio.run(play(settings, acts))

    any_history()


CALM = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], derandomize=True)


@pytest.fixture
async def stage(mongo: Database) -> Stage:
    await mongo["homes"].create_indexes([TAGS_INDEX])
    return Stage(mongo)


async def test_the_version_is_left_alone_and_a_clean_document_is_not_looked_at(stage: Stage) -> None:
    await stage.write(1, {"at": ["3708"], "n": {"households": 1}})
    assert await stage.projectors[0].round() == 1
    assert await stage.projectors[0].round() == 0
    document = await stage.used["homes"].find_one({"_id": "d1"})
    assert document is not None
    assert (document["version"], document["tags"]) == (1, [])


async def test_a_document_that_moves_takes_its_numbers_along(stage: Stage) -> None:
    await stage.write(1, {"at": ["370811"], "n": {"households": 1}})
    await stage.projectors[0].round()
    await stage.write(1, {"at": ["370881"], "n": {"households": 1}})
    await stage.projectors[0].round()
    assert await stage.counted() == {"3708": {}, "370811": {}, "370881": {"households": 1}, "team:T-1": {}}


async def test_a_number_counts_in_the_buckets_of_its_own_group_alone(stage: Stage) -> None:
    both = {"open": {"at": ["3708", "370811"], "n": {"households": 1}}, "times": {"at": ["3708"], "n": {"visited:2026-06": 2}}}
    await stage.write(1, both)
    await stage.projectors[0].round()
    assert await stage.counted() == {
        "3708": {"households": 1, "visited:2026-06": 2},
        "370811": {"households": 1},
        "370881": {},
        "team:T-1": {},
    }


async def test_a_document_that_was_counted_as_one_group_and_now_has_several_counts_no_more_than_it_says(stage: Stage) -> None:
    await stage.write(1, {"at": ["3708", "370811"], "n": {"households": 1, "visited:2026-06": 1}})
    await stage.projectors[0].round()
    await stage.write(1, {"open": {"at": ["3708"], "n": {"households": 1}}, "ended": {"at": [], "n": {}}})
    await stage.projectors[0].round()
    assert await stage.counted() == {"3708": {"households": 1}, "370811": {}, "370881": {}, "team:T-1": {}}


async def test_a_bucket_goes_when_its_whole_measure_has_come_to_nothing_and_that_of_another_group_stays(stage: Stage) -> None:
    projector = Projector(stage.used, "homes", "p0", lambda: stage.at, whole="open")
    times = {"at": ["team:T-1"], "n": {"visited:2026-06": 1}}
    await stage.write(1, {"open": {"at": ["370811"], "n": {"open": 1, "households": 1}}, "times": times})
    await projector.round()
    await stage.write(1, {"open": {"at": ["370881"], "n": {"open": 1, "households": 1}}, "times": times})
    await projector.round()
    kept = {row["key"]: row["n"] for row in await stage.used["homes_buckets"].find({}).to_list(None)}
    assert kept == {"1|370881": {"open": 1, "households": 1}, "1|team:T-1": {"visited:2026-06": 1}}


async def test_one_counts_while_the_other_waits_until_the_lease_ends(stage: Stage) -> None:
    await stage.write(1, {"at": ["3708"], "n": {"households": 1}})
    await stage.run(0, "leased")
    assert await stage.projectors[1].round() == 0
    stage.at += LEASE + timedelta(seconds=1)
    assert await stage.projectors[1].round() == 1


async def test_a_rebuild_serves_the_old_numbers_until_the_new_ones_are_whole(stage: Stage) -> None:
    for number in range(600):
        await stage.write(number, {"at": ["3708"], "n": {"households": 1}})
    await stage.projectors[0].round()
    # What a defect might have left behind: served until the rebuild is whole.
    await stage.used["homes_buckets"].update_one({"_id": "1|3708"}, {"$inc": {"n.households": 7}})
    assert await stage.projectors[0].rebuild() == 2
    assert (await stage.counted())["3708"] == {"households": 607}
    await stage.write(0, {"at": ["3708"], "n": {"households": 2}})
    await stage.run(0, "committed")
    assert (await stage.counted())["3708"]["households"] in (607, 608)
    await stage.settle()
    assert (await stage.counted())["3708"] == {"households": 601}


async def test_a_document_that_is_written_all_the_time_holds_up_nobody_elses_numbers(stage: Stage) -> None:
    for number in range(9):
        await stage.write(number, {"at": ["3708"], "n": {"households": 1}})

    async def busy(where: str) -> None:
        if where == "read":
            await stage.write(4, {"at": ["3708"], "n": {"households": 1}})

    for _ in range(3):
        await Projector(stage.used, "homes", "p0", lambda: stage.at, busy).round()
        assert (await stage.counted())["3708"] == {"households": 9}
    assert await stage.projectors[0].round() == 1
    assert await stage.projectors[0].round() == 0


@pytest.mark.slow
@pytest.mark.parametrize("cut", ["written", "committed", "told"])
async def test_a_projector_that_is_lost_keeps_nobody_from_writing(stage: Stage, cut: str) -> None:
    """Its session stays open, as that of a killed process does for a minute."""
    held, lost = asyncio.Event(), asyncio.Event()

    async def hangs(where: str) -> None:
        if where == cut:
            lost.set()
            await held.wait()

    await stage.write(1, {"at": ["3708"], "n": {"households": 1}})
    hanging = asyncio.create_task(Projector(stage.used, "homes", "lost", lambda: stage.at, hangs).round())
    await lost.wait()
    async with asyncio.timeout(5):
        await stage.write(1, {"at": ["370811"], "n": {"households": 2}})
        await stage.write(2, {"at": ["370811"], "n": {"households": 1}})
        # Numbers are served as they were.
        assert set(await stage.counted()) == set(KEYS)
    hanging.cancel()
    await asyncio.gather(hanging, return_exceptions=True)
    await stage.settle()
    assert await stage.counted() == await stage.said()


async def test_who_comes_late_with_what_was_told_takes_nothing_back(stage: Stage) -> None:
    """Lost between counting and telling, it wakes up after another has told, counted on, and begun a rebuild."""
    held, lost = asyncio.Event(), asyncio.Event()

    async def hangs(where: str) -> None:
        if where == "committed":
            lost.set()
            await held.wait()

    await stage.write(1, {"at": ["3708"], "n": {"households": 1}})
    late = asyncio.create_task(Projector(stage.used, "homes", "late", lambda: stage.at, hangs).round())
    await lost.wait()
    stage.at += 2 * LEASE
    assert await stage.projectors[0].round() == 0
    await stage.projectors[0].rebuild()
    held.set()
    await asyncio.gather(late)
    await stage.settle()
    assert await stage.counted() == await stage.said()
    assert (await stage.used["projections"].find_one({"_id": "homes"}) or {})["serving"] == 2
