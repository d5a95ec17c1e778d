"""A sender's round: all that is due, some at a time; at its end what is in hand is finished and nothing else is begun."""

from __future__ import annotations

import asyncio

import pytest

from services.intake.usecases.send_rounds import AT_ONCE, LOOKED_AT, send_round
from shared.records import StoreTrouble

DUE = [(f"g{number}", f"p{number}") for number in range(3 * AT_ONCE)]


async def due(limit: int) -> list[tuple[str, str]]:
    assert limit == LOOKED_AT
    return list(DUE)


async def test_each_that_is_due_is_delivered_once_and_some_at_a_time() -> None:
    done, at_once, most = [], 0, 0

    async def deliver(grievance: str, person: str) -> int:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0)
        done.append((grievance, person))
        at_once -= 1
        return 1

    assert await send_round(due, deliver) == len(DUE)
    assert (sorted(done), most) == (sorted(DUE), AT_ONCE)


async def test_trouble_with_one_holds_up_no_other() -> None:
    done = []

    async def deliver(grievance: str, _person: str) -> int:
        if grievance == "g3":
            raise StoreTrouble("the store is away")
        done.append(grievance)
        return 1

    with pytest.raises(StoreTrouble):
        await send_round(due, deliver)
    assert len(done) == len(DUE) - 1


async def test_at_the_end_what_is_with_a_provider_is_heard_out_and_nothing_more_is_sent() -> None:
    begun, ended, full, answers = [], [], asyncio.Event(), asyncio.Event()

    async def deliver(grievance: str, _person: str) -> int:
        begun.append(grievance)
        if len(begun) == AT_ONCE:
            full.set()
        await answers.wait()
        ended.append(grievance)
        return 1

    sending = asyncio.create_task(send_round(due, deliver))
    await full.wait()
    sending.cancel()
    await asyncio.sleep(0)
    answers.set()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert len(begun) == AT_ONCE
    assert begun == ended
