"""When an older master key is retired: by the clock, and by what the walks find."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from services.intake.store.key_registry import Turned
from services.intake.store.wrapped_keys import COLLECTIONS, Walk
from services.intake.usecases.rotate_keys import SETTLES, Rotating, rotate_keys

START = datetime(2026, 6, 5, 2, 0, tzinfo=UTC)


@dataclass
class Store:
    """Registry, keys and clock: `finds` is how many outdated keys each walk meets, in order; a walk takes a second."""

    finds: list[int]
    older: list[str] = field(default_factory=lambda: ["0001"])
    since: datetime = START
    now: datetime = START
    walks: list[timedelta] = field(default_factory=list)
    retired: list[str] = field(default_factory=list)

    async def turn(self) -> Turned:
        return Turned("0002", self.since, self.older)

    async def retire(self, ids: list[str]) -> None:
        self.retired += ids

    async def rewrap(self, collection: str) -> Walk:
        if collection != COLLECTIONS[0]:
            return Walk()
        self.walks.append(self.now - START)
        self.now += timedelta(seconds=1)
        found = self.finds[len(self.walks) - 1]
        return Walk(outdated=found, rewrapped=found)

    async def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


async def rotate(store: Store) -> list[timedelta]:
    """When the walks began."""
    parts = Rotating(cast(Any, store), cast(Any, store), lambda: store.now, str, lambda _line: None, store.sleep)
    await rotate_keys(parts)
    return store.walks


SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("finds", "walks"),
    [
        # Nothing yet: a process that has not turned may be about to write.
        ([0, 0], [timedelta(0), SETTLES]),
        ([5, 0], [timedelta(0), SETTLES]),
        # Somebody was slow: what came behind the walk is found by another.
        ([5, 1, 0], [timedelta(0), SETTLES, SETTLES + SECOND]),
    ],
)
async def test_after_a_walk_that_found_nothing_and_began_when_all_had_turned(finds: list[int], walks: list[timedelta]) -> None:
    store = Store(finds)
    assert await rotate(store) == walks
    assert store.retired == ["0001"]


async def test_a_walk_that_began_too_early_is_not_the_last_however_long_it_took() -> None:
    store = Store([0, 0], since=START - SETTLES + SECOND / 2)
    assert len(await rotate(store)) == 2


async def test_at_once_where_all_turned_long_ago_or_nothing_older_is_there() -> None:
    assert await rotate(Store([0], since=START - SETTLES)) == [timedelta(0)]
    assert await rotate(Store([0], older=[])) == [timedelta(0)]
