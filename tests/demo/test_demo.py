"""The demo's own parts: photos, activity days, the seeded draw, and an account that notices what is missing."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path

import pytest
from PIL import Image

from deploy.demo.accounting import Account, missing
from deploy.demo.batch import messages
from deploy.demo.calendar import FIRST_DAY, begin, by_day, next_activity_day
from deploy.demo.photos import sign_board
from shared.china_time import CHINA
from shared.clock import ShiftedClock


def test_photos_are_pngs_that_differ() -> None:
    before, after = sign_board(broken=True), sign_board(broken=False)
    assert before != after
    assert Image.open(io.BytesIO(before)).format == Image.open(io.BytesIO(after)).format == "PNG"


@pytest.mark.row("S1")
@pytest.mark.parametrize(
    ("now", "expected"),
    [((6, 5, 8), (6, 5)), ((6, 5, 9), (6, 15)), ((6, 8, 5), (6, 15)), ((6, 25, 10), (7, 5)), ((12, 25, 12), (1, 5))],
)
def test_the_next_activity_day_is_a_5th_15th_or_25th(now: tuple[int, int, int], expected: tuple[int, int]) -> None:
    found = next_activity_day(datetime(2020, *now, tzinfo=CHINA))
    assert (found.month, found.day, found.hour) == (*expected, 9)


def test_a_fresh_clock_begins_on_5_june_2020_and_moves_only_forward(tmp_path: Path) -> None:
    clock = begin(tmp_path / "clock")
    assert clock.now().astimezone(CHINA).date() == FIRST_DAY.date()
    with pytest.raises(ValueError, match="only forward"):
        clock.move_to(FIRST_DAY)
    assert begin(tmp_path / "clock").now().astimezone(CHINA).day == 15


@pytest.mark.parametrize(
    ("hour", "moved", "then"), [((5, 9), False, (5, 9)), ((5, 17), False, (5, 17)), ((5, 18), True, (6, 9)), ((6, 2), True, (6, 9))]
)
def test_the_evening_and_the_night_are_passed_over(tmp_path: Path, hour: tuple[int, int], moved: bool, then: tuple[int, int]) -> None:
    clock = ShiftedClock(tmp_path / "clock")
    clock.move_to(datetime(2020, 6, *hour, tzinfo=CHINA))
    assert by_day(clock) is moved
    there = clock.now().astimezone(CHINA)
    assert (there.day, there.hour) == then


def test_the_draw_is_the_same_each_time() -> None:
    villages = ["370881001001", "370811001001"]
    first = messages(villages, Path("no such file"))
    assert first == messages(villages, Path("no such file"))
    assert (len(first), {message.division for message in first}) == (50, set(villages))


def test_the_account_names_what_is_missing_and_where() -> None:
    found = {
        "a": {"case": {}, "timeline": [{}]},
        "b": {"case": None, "timeline": []},
        "c": None,
    }
    lost = missing(found, {"a", "b"})
    assert lost == {"intake": ["c"], "routing": ["b", "c"], "feedback": ["b", "c"], "events.log": ["c"]}
    assert not Account(3, lost).complete
    assert Account(1, missing({"a": found["a"]}, {"a"})).complete
