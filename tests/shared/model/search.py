"""Two ways through the possible runs: many at random, and every single departure from a quiet day."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass

import structlog

from tests.shared.model import laws
from tests.shared.model.city import City, Scenario, Variant
from tests.shared.model.world import Action, Budget, Violation, World

STEPS = 5_000
"""More than any run takes that comes to rest."""
FAULTY = 0.06
"""How often a random walk prefers a fault, while its budget lasts."""

Choose = Callable[[list[Action], Callable[[], list[Action]]], Action]
"""Of what can happen on a quiet day, which is never nothing, and of the faults, which are found only when they are asked for."""


@dataclass
class Found:
    """What a search saw; `violation` ends it."""

    runs: int = 0
    steps: int = 0
    violation: Violation | None = None
    trace: tuple[str, ...] = ()


@contextmanager
def stage() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop for many worlds, one after the other; the code under test logs nothing."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50), cache_logger_on_first_use=False)
    loop = asyncio.new_event_loop()
    try:
        yield loop
    finally:
        loop.close()
        structlog.configure(**before)


def run(
    loop: asyncio.AbstractEventLoop, choose: Choose, scenario: Scenario, budget: Budget, variant: Variant
) -> tuple[World, Violation | None]:
    """One run to its rest, the operators' healing and a republishing of everything included."""
    world = World(loop, copy(budget))
    city = City(world, scenario, variant)
    try:
        _to_rest(world, city, choose)
        while city.heal():
            _to_rest(world, city, choose)
        laws.check(city)
        # The service's memory, sent to everybody once more, changes nothing.
        city.republish()
        _to_rest(world, city, choose)
        laws.check(city)
    except Violation as violation:
        return world, violation
    finally:
        world.end()
    return world, None


def _to_rest(world: World, city: City, choose: Choose) -> None:
    while True:
        quiet = city.quiet()
        if not quiet:
            if not city.sweep_all():
                return
            continue
        if world.steps > STEPS:
            raise Violation("it comes to rest", f"not within {STEPS} steps")
        world.take(choose(quiet, city.faults))


def walks(count: int, scenario: Scenario, budget: Budget, variant: Variant | None = None, *, seed: int = 1) -> Found:
    """Random runs until one breaks a law."""
    found = Found()
    with stage() as loop:
        for number in range(count):
            dice = random.Random(seed * 1_000_003 + number)

            def choose(quiet: list[Action], faults: Callable[[], list[Action]], dice: random.Random = dice) -> Action:
                left = faults()
                return dice.choice(left if left and dice.random() < FAULTY else quiet)

            if _tell(found, *run(loop, choose, scenario, budget, variant or Variant())):
                break
    return found


def departures(scenario: Scenario, budget: Budget, variant: Variant | None = None) -> Found:
    """The quiet day, in which the first thing goes first; then for each of its moments each other thing that could have happened there,
    and after it again a quiet day."""
    found = Found()
    with stage() as loop:
        choices: list[int] = []

        def first(quiet: list[Action], faults: Callable[[], list[Action]]) -> Action:
            choices.append(len(quiet) + len(faults()))
            return quiet[0]

        if _tell(found, *run(loop, first, scenario, budget, variant or Variant())):
            return found
        for moment, count in enumerate(list(choices)):
            for other in range(1, count):
                if _tell(found, *run(loop, _depart(moment, other), scenario, budget, variant or Variant())):
                    return found
    return found


def _depart(moment: int, other: int) -> Choose:
    left = iter(range(moment))

    def choose(quiet: list[Action], faults: Callable[[], list[Action]]) -> Action:
        nonlocal other
        if next(left, None) is not None or other == 0:
            return quiet[0]
        chosen, other = (quiet + faults())[other], 0
        return chosen

    return choose


def _tell(found: Found, world: World, violation: Violation | None) -> bool:
    found.runs += 1
    found.steps += world.steps
    found.violation = violation
    if violation is not None:
        found.trace = tuple(world.trace)
    return violation is not None
