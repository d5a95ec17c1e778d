"""The door of 12345's reports without a broker: what is held, what is parked, and in which order reports on one order are taken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import orjson

from services.intake.hotline_door import HotlineDoor
from services.intake.usecases.take_hotline_report import TakingReports
from shared.broker import Names
from shared.records import StoreTrouble


class Parking:
    """In place of the broker."""

    names = Names("t")

    def __init__(self) -> None:
        self.parked: list[tuple[str, dict[str, Any], bytes, str, str]] = []

    async def park(self, _service: str, id: str, headers: dict[str, Any], body: bytes, reason: str, key: str) -> None:
        self.parked.append((id, headers, body, reason, key))


class Message:
    def __init__(self, body: bytes) -> None:
        self.body, self.headers, self.message_id, self.acked = body, {"minyi-type": "x"}, "m", False

    async def ack(self) -> None:
        self.acked = True


class Numbers:
    """Of no grievance; at first in the trouble that `fault` makes."""

    def __init__(self, fault: Callable[[], Exception], times: int) -> None:
        self._fault, self._times = fault, times
        self.asked: list[str] = []

    async def grievance_of(self, number: str) -> str | None:
        self.asked.append(number)
        if len(self.asked) <= self._times:
            raise self._fault()
        return None


def door(numbers: Numbers) -> tuple[HotlineDoor, Parking]:
    broker, nothing = Parking(), cast(Any, None)
    return HotlineDoor(cast(Any, broker), "intake", TakingReports(nothing, nothing, cast(Any, numbers), nothing), 10), broker


def said(n: int, order: str = "1/1") -> Message:
    id = f"1c9a6a4e-0000-4000-8000-{n:012}"
    return Message(orjson.dumps({"id": id, "orderId": order, "kind": "TAKEN", "at": "2020-06-08T09:00:00+08:00"}))


async def test_while_the_store_is_in_trouble_a_report_is_held_and_those_behind_it_on_the_same_order_wait() -> None:
    numbers = Numbers(lambda: StoreTrouble("gone"), 2)
    made, broker = door(numbers)
    first, second, other = said(1), said(2), said(3, "2/1")
    await asyncio.gather(*(made._work(cast(Any, message)) for message in (first, second, other)))
    assert sorted(numbers.asked) == ["1", "1", "1", "2", "2"]
    assert [id[-1] for id, *_ in broker.parked if id[-1] != "3"] == ["1", "2"]
    assert all(message.acked for message in (first, second, other))


async def test_a_defect_of_ours_parks_the_report_so_that_it_can_be_replayed() -> None:
    made, broker = door(Numbers(lambda: ZeroDivisionError("孔凡莹"), 1))
    message = said(1)
    await made._work(cast(Any, message))
    [(id, headers, body, reason, key)] = broker.parked
    assert (id[-1], headers, body, key, message.acked) == ("1", {}, message.body, "t.hotline.in", True)
    assert reason.startswith("ZeroDivisionError")
    assert "孔凡莹" not in reason
