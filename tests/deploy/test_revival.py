from __future__ import annotations

from typing import Any, cast

import pytest

from deploy.local.revival import STEADY_SECONDS, Revival


class Dying:
    """A process as `Revival` sees it."""

    name = "intake-api"

    def __init__(self) -> None:
        self.alive = True
        self.returncode: int | None = None
        self.starts = 0

    def start(self) -> None:
        self.starts += 1
        self.alive = True

    def die(self, code: int) -> None:
        self.alive, self.returncode = False, code


class Time:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


def wait_until_revived(revival: Revival, process: Dying, time: Time) -> float:
    begin, starts = time.now, process.starts
    while process.starts == starts:
        revival.look([cast(Any, process)])
        time.now += 0.25
    return time.now - 0.25 - begin


def test_waits_longer_after_each_death_up_to_half_a_minute(time: Time) -> None:
    said: list[str] = []
    revival, process, waits = Revival(said.append, time), Dying(), []
    for _ in range(8):
        revival.look([cast(Any, process)])
        process.die(1)
        waits.append(wait_until_revived(revival, process, time))
    assert waits == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert said[0] == "intake-api ended (code 1); starting it again in 0.5 s"


def test_a_long_life_wipes_out_earlier_deaths(time: Time) -> None:
    revival, process = Revival(lambda _: None, time), Dying()
    for _ in range(3):
        process.die(1)
        wait_until_revived(revival, process, time)
    revival.look([cast(Any, process)])
    time.now += STEADY_SECONDS + 1
    revival.look([cast(Any, process)])
    process.die(1)
    assert wait_until_revived(revival, process, time) == 0.5


def test_an_orderly_end_is_answered_at_once(time: Time) -> None:
    revival, process = Revival(lambda _: None, time), Dying()
    process.die(-15)
    assert wait_until_revived(revival, process, time) == 0


def test_a_paused_process_is_left_alone(time: Time) -> None:
    revival, process = Revival(lambda _: None, time), Dying()
    with revival.paused(cast(Any, process)):
        process.die(0)
        revival.look([cast(Any, process)])
        assert process.starts == 0
    revival.look([cast(Any, process)])
    assert process.starts == 1
