"""A world that runs by hand: every touch of store and broker stops at a point from which somebody chooses what happens next.

The code under test runs unchanged in a real event loop. Whoever steps the world picks one of a city's `quiet()` and `faults()`: let one
waiting operation go on, let it fail, deliver a message, crash a process, break its connection. A crashed process never runs again, not
even its `finally`; another of the same name takes its place.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

EPOCH = datetime(2020, 6, 5, tzinfo=UTC)


class Violation(BaseException):
    """A law of the protocol was broken; `law` names it. Not an Exception: what the code does about defects must not hide it."""

    def __init__(self, law: str, detail: str) -> None:
        super().__init__(f"{law}: {detail}")
        self.law = law


@dataclass(eq=False)
class Process:
    """One process of a service. `alive` is false after a crash."""

    service: str
    name: str
    alive: bool = True
    parts: Any = None


@dataclass(eq=False)
class Point:
    """One operation that waits to go on. `trouble` is what it raises when it is let fail."""

    process: Process
    what: str
    trouble: type[Exception] | None
    future: asyncio.Future[None]


class Action(NamedTuple):
    """Something that can happen now. A fault costs one of its kind's budget."""

    name: str
    do: Callable[[], None]
    fault: str = ""


@dataclass
class Budget:
    """How many faults of each kind may happen in one run."""

    crash: int = 0
    trouble: int = 0
    copy: int = 0
    reconnect: int = 0
    sweep: int = 0
    again: int = 0
    """A client sends a request that it has sent before."""


@dataclass
class World:
    loop: asyncio.AbstractEventLoop
    budget: Budget
    points: list[Point] = field(default_factory=list)
    lost: list[Point] = field(default_factory=list)
    """Where crashed processes stood; kept, so that their tasks are not collected in the middle of a run."""
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    over: bool = False
    steps: int = 0
    ids: int = 0
    trace: list[str] = field(default_factory=list)

    # --- what the code under test needs ---

    def now(self) -> datetime:
        """Runs on by a millisecond each time, so that what was made earlier is older."""
        self.ids += 1
        return EPOCH + timedelta(milliseconds=self.ids)

    real_now = now

    def event_id(self) -> str:
        self.ids += 1
        return f"e{self.ids}"

    async def point(self, process: Process, what: str, trouble: type[Exception] | None = None) -> None:
        """Stop here until the chooser lets this process go on."""
        if self.over or not process.alive:
            raise asyncio.CancelledError
        future: asyncio.Future[None] = self.loop.create_future()
        self.points.append(Point(process, what, trouble, future))
        await future

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = self.loop.create_task(work)
        self.tasks.add(task)
        return task

    # --- what the chooser does ---

    def going(self) -> list[Action]:
        return [Action(f"{p.process.name} {p.what}", lambda p=p: self._go(p)) for p in self.points]

    def failing(self) -> list[Action]:
        if not self.budget.trouble:
            return []
        return [
            Action(f"trouble: {p.process.name} {p.what}", lambda p=p: self._fail(p), "trouble")
            for p in self.points
            if p.trouble is not None
        ]

    def take(self, action: Action) -> None:
        """Do it, then run until everybody waits again."""
        if action.fault:
            setattr(self.budget, action.fault, getattr(self.budget, action.fault) - 1)
        self.steps += 1
        self.trace.append(action.name)
        action.do()
        self.settle()

    def crash(self, process: Process) -> None:
        process.alive = False
        self.lost += [point for point in self.points if point.process is process]
        self.points = [point for point in self.points if point.process is not process]

    def settle(self) -> None:
        """Run the loop until nothing more is ready: all tasks wait at points, for locks, or have ended."""
        ready = self.loop._ready
        while ready:
            self.loop.call_soon(self.loop.stop)
            self.loop.run_forever()
        for task in [task for task in self.tasks if task.done()]:
            self.tasks.discard(task)
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error

    def end(self) -> None:
        """Let go of every task, those of crashed processes too."""
        self.over = True
        for point in (*self.points, *self.lost):
            point.future.cancel()
        self.points.clear()
        left = asyncio.all_tasks(self.loop)
        while left:
            for task in left:
                task.cancel()
            self.loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            left = asyncio.all_tasks(self.loop)

    def _go(self, point: Point) -> None:
        self.points.remove(point)
        point.future.set_result(None)

    def _fail(self, point: Point) -> None:
        assert point.trouble is not None
        self.points.remove(point)
        point.future.set_exception(point.trouble("let fail"))
