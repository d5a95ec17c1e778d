"""What is recorded of a month's draw, in a real store: once, before the month, whatever becomes of key and rules afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from services.feedback import service as composition
from services.feedback.domain.draw import Draw, DrawRate, commitment_of, seed_of
from services.feedback.events.on_grievance_moved import on_grievance_moved
from services.feedback.service import Service
from services.feedback.settings import FeedbackSettings
from services.feedback.store.draws import Draws
from shared.clock import ShiftedClock
from shared.mongo import Database
from shared.settings import CommonSettings
from tests.dropping import drop
from tests.services.builders import AT, CALLBACK_RULES, KEY
from tests.services.feedback.builders import asked
from tests.services.feedback.test_callbacks import MOVED
from tests.waiting import until

ALL, NONE = (DrawRate(since="2000-01", per_mille=1000),), (DrawRate(since="2000-01", per_mille=0),)


def drawing(mongo: Database, rates: tuple[DrawRate, ...], key: bytes = KEY) -> tuple[Draws, Draw]:
    """As a worker that has just been started has them."""
    draws = Draws(mongo)
    return draws, Draw(key, rates, draws.held)


def is_called(draw: Draw, at: datetime) -> bool:
    """Whether one that is closed then is to be called again."""
    closing = MOVED.model_copy(update={"progress": MOVED.progress.model_copy(update={"status": "CLOSED", "at": at})})
    callback = on_grievance_moved(draw, "g", asked(), closing)[0].callback
    return callback is not None and callback.reason == "DRAWN"


@pytest.mark.row("S55")
async def test_a_month_is_recorded_once_however_many_record_it_and_whatever_changes(mongo: Database) -> None:
    workers = [drawing(mongo, (DrawRate(since="2000-01", per_mille=rate),)) for rate in range(6)]
    await asyncio.gather(*(draws.keep(draw.to_record(AT)) for draws, draw in workers))
    rows = await mongo["draws"].find().sort("_id", 1).to_list(None)
    expected = [(month, commitment_of(seed_of(KEY, month)), AT) for month in ("2020-06", "2020-07")]
    assert [(row["_id"], row["commitment"], row["recorded_at"]) for row in rows] == expected
    # Whoever was first: all draw by that.
    rates = {row["_id"]: row["per_mille"] for row in rows}
    assert all({month: draw.per_mille(month) for month in rates} == rates for _, draw in workers)

    draws, draw = drawing(mongo, NONE, bytes(32))
    await draws.keep(draw.to_record(AT + timedelta(days=1)))
    assert await mongo["draws"].find().sort("_id", 1).to_list(None) == rows
    told = await draws.find("2020-06")
    assert told == draws.held["2020-06"] == workers[0][0].held["2020-06"]
    # The seed of the new key is not what was committed to.
    assert told is not None
    assert commitment_of(draw.seed("2020-06")) != told.commitment
    assert await draws.find("2020-05") is None


async def test_who_is_drawn_is_by_the_rate_that_was_recorded_and_by_the_rules_where_none_is(mongo: Database) -> None:
    before, draw = drawing(mongo, ALL)
    await before.keep(draw.to_record(AT))
    draws, edited = drawing(mongo, NONE)
    assert not is_called(edited, AT)
    # A month later, what was closed before comes late: each month has the rate that was its own.
    await draws.keep(edited.to_record(AT + timedelta(days=30)))
    assert [is_called(edited, AT + timedelta(days=days)) for days in (0, 30, 60)] == [True, True, False]
    assert [is_called(replace(edited, rates=ALL), AT + timedelta(days=days)) for days in (-30, 60, 90)] == [True, False, True]


@pytest.mark.parametrize(
    ("now", "months"),
    [
        ("2020-06-30T23:59:59+08:00", ["2020-06", "2020-07"]),
        ("2020-07-01T00:00:00+08:00", ["2020-07", "2020-08"]),
        ("2020-12-31T12:00:00+08:00", ["2020-12", "2021-01"]),
        ("2021-01-31T12:00:00+08:00", ["2021-01", "2021-02"]),
        ("2021-02-01T12:00:00+08:00", ["2021-02", "2021-03"]),
    ],
)
def test_this_month_and_the_next_are_recorded_as_they_are_in_china(now: str, months: list[str]) -> None:
    assert [each.month for each in Draw(KEY, ALL).to_record(datetime.fromisoformat(now))] == months


@pytest.fixture
async def clock(tmp_path: Path) -> ShiftedClock:
    moved = ShiftedClock(tmp_path / "clock")
    moved.move_to(AT)
    return moved


@pytest.fixture
async def feedback_settings(settings: CommonSettings, tmp_path: Path, clock: ShiftedClock) -> AsyncIterator[FeedbackSettings]:
    made = FeedbackSettings(**settings.model_dump() | {"clock_file": tmp_path / "clock"})
    yield made
    await drop(made, f"{made.prefix}_feedback")


async def test_migration_and_worker_record_the_worker_before_it_takes_anything(
    feedback_settings: FeedbackSettings, clock: ShiftedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = Service(feedback_settings)
    await operator.migrate()
    assert set(operator.draws.held) == {"2020-06", "2020-07"}
    operator.runtime.client.close()

    monkeypatch.setattr(composition, "load_callback_rules", lambda: CALLBACK_RULES.model_copy(update={"draw": ALL}))
    monkeypatch.setattr(composition, "RECORD_SECONDS", 1.0)
    clock.move_to(AT + timedelta(days=30))
    service = Service(feedback_settings)
    app = service.worker()
    async with app.router.lifespan_context(app):
        assert [service.draw.per_mille(month) for month in ("2020-06", "2020-07", "2020-08")] == [50, 50, 1000]
        clock.move_to(AT + timedelta(days=60))
        assert (await until(partial(service.draws.find, "2020-09"), what="the next month's draw")).per_mille == 1000
