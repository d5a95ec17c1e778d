"""The lists of callbacks: each is what looking at every grievance by itself would find, page by page, over lives by chance."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any, get_args

import pytest

from services.feedback.domain.callbacks import Attempt, Callback, CallbackReason
from services.feedback.domain.followup import FollowUp, erase_petitioner
from services.feedback.store.callbacks import Apart, CallbackLists
from services.feedback.store.mongo import CODEC, migrate
from services.feedback.store.waiting import WaitingLists
from services.feedback.usecases.look_at_callbacks import access_to_call, at_desk, may_find, of_overseer
from services.feedback.usecases.record_callback import may_call
from shared.china_time import day_in_china
from shared.contracts.routing import Status
from shared.identity.errors import Forbidden, Refusal
from shared.identity.roles import Role
from shared.identity.viewer import Viewer
from shared.mongo import Database
from shared.record import stub
from shared.tags import TAGS
from tests.services.builders import AT, REF
from tests.services.feedback.builders import asked, open_one, replied
from tests.services.feedback.test_callbacks import MOVED, failed
from tests.services.feedback.test_rates import count
from tests.services.routing.test_desks import CITY, COUNTY, TOWN, person

MANY = 240
TODAY = day_in_china(AT)
MONTHS = ("2020-05", "2020-06")
OFFICES = ["D-1", "D-2", "D-3"]
PLACES = ["370881001901", "370881001901-01", "370881001002", "370881002001", "370883001001"]
REASONS = get_args(CallbackReason)
STATES: list[Status] = ["CLOSED", "CLOSED", "CLOSED", "REWORK"]
VIEWERS = {
    "a city's caller": person(Role.CALLER, CITY),
    "a county's caller of an office": person(Role.CALLER, COUNTY, department="D-1"),
    "a town's caller who has handled some": replace(person(Role.CALLER, TOWN, department="D-3"), sub="handler-2"),
    "a caller with two places": person(Role.CALLER, COUNTY, TOWN, department="D-2"),
    "a caller who is a petitioner too": replace(
        person(Role.CALLER, CITY), roles=frozenset({Role.CALLER, Role.RESIDENT}), refs=frozenset({REF})
    ),
    "a caller without a place": person(Role.CALLER),
    "a county's supervisor": person(Role.SUPERVISOR, COUNTY),
    "a supervisor of an office": person(Role.SUPERVISOR, CITY, department="D-2"),
}


def drawn(number: int) -> FollowUp:
    """By chance: whose, where, by which offices, what was to be called for, and what came of it."""
    dice = Random(number)
    now, before = dice.choice(OFFICES), dice.choice(OFFICES)
    at = AT + timedelta(hours=dice.randrange(200))
    month = dice.choice(MONTHS)
    reason = dice.choice(REASONS)
    attempt = Attempt(at=at, by="CALLER D-9", result="BUSY")
    latest = Callback(round=2, reason=reason, opened_at=at, attempts=[attempt], ended=dice.choice([None, None, None, "DONE", "GIVEN_UP"]))
    if reason == "DRAWN":
        confirmed = dice.choice([False, False, True]) if latest.ended == "DONE" else None
        latest = latest.model_copy(update={"month": month, "confirmed": confirmed})
    before_it = Callback(
        round=1, reason="DRAWN", opened_at=at - timedelta(days=9), ended="DONE", confirmed=False, month=dice.choice(MONTHS)
    )
    made = failed(replied(round=2)) if reason == "NOT_REACHED" else asked(channel="VISIT")
    access = MOVED.progress.access.model_copy(
        update={"departments": [before], "handlers": ["handler-2"], "accusedDepartments": ["D-1"] if dice.random() < 0.2 else []}
    )
    for departments in ([before], [now]):
        access = access.model_copy(update={"departments": departments})
        made = made.progressed(MOVED.progress.model_copy(update={"status": dice.choice(STATES), "access": access}))
    assert made.reply is not None
    made = made.with_(
        division=dice.choice(PLACES),
        petitioner_ref=dice.choice([REF, "somebody", "somebody else"]),
        own_ref=f"own-{number}",
        handlers=dice.choice([["handler-1"], ["handler-2"], []]),
        reply=made.reply.model_copy(update={"round": 2}),
        survey=made.survey.with_(round=dice.choice([1, 2, 2])) if made.survey else None,
        callback=dice.choice([latest, latest, latest, None]),
    )
    made = made.with_(earlier_callbacks=[before_it] if made.callback and dice.random() < 0.3 else [])
    return erase_petitioner(made, f"erased:{number}") if dice.random() < 0.1 else made


@pytest.fixture
def population() -> dict[str, FollowUp]:
    return {f"g{number:03}": drawn(number) for number in range(MANY)} | {"nothing": open_one()}


async def kept(mongo: Database, population: dict[str, FollowUp]) -> CallbackLists:
    """Counted too: what waits is looked for on the days that have something."""
    await migrate(mongo)
    rows = [{**stub(id), "version": 1, "registered": True, **CODEC.dump(followup)} for id, followup in population.items()]
    await mongo["followups"].insert_many(rows)
    await count(mongo)
    return CallbackLists(mongo["followups"])


def divisions_of(viewer: Viewer) -> Iterator[str | None]:
    """All of the territory, and parts of it."""
    yield None
    yield from (code for code in ("370881000000", "370881001000", "370881001901") if viewer.covers(code))


async def pages(ask: Callable[[int, str | None], Awaitable[tuple[list[Any], bool]]], size: int) -> list[Any]:
    """All rows, in the order of the pages."""
    found: list[Any] = []
    after: str | None = None
    while True:
        page, more = await ask(size, after)
        assert len(page) == size or not more
        found += page
        if not more:
            return found
        after = page[-1][2]


@pytest.mark.row("S55")
@pytest.mark.parametrize("name", VIEWERS)
async def test_a_list_is_what_looking_at_each_would_find(mongo: Database, population: dict[str, FollowUp], name: str) -> None:
    lists, viewer, seen = await kept(mongo, population), VIEWERS[name], 0
    mine = {id: each for id, each in population.items() if may_find(viewer, access_to_call(each))}
    for division in divisions_of(viewer):
        here = {id: each for id, each in mine.items() if division is None or each.division.startswith(division.rstrip("0"))}
        for reason in (None, *REASONS):
            desk = at_desk(viewer, division, reason)
            to_call = [
                (each.callback.opened_at, id)
                for id, each in here.items()
                if each.callback and each.state_of(each.callback) == "OPEN" and reason in (None, each.callback.reason)
            ]
            found = await pages(partial(WaitingLists(mongo).page, desk, "CALLBACK", TODAY), 7)
            assert [(since, id) for id, since, _ in found] == sorted(to_call)
            if viewer.has(Role.CALLER):
                assert all(may_call(viewer, access_to_call(population[id])) for id, _, _ in found)
            seen += len(found)
        if viewer.has(Role.SUPERVISOR):
            for month in MONTHS:
                denied = [
                    (held.opened_at, id, held.round)
                    for id, each in here.items()
                    for held in each.callbacks()
                    if held.month == month and held.confirmed is False
                ]
                over = of_overseer(viewer, division)
                found = await pages(partial(lists.unconfirmed, over, month), 3)
                assert [(id, callback.round) for id, callback, _ in found] == [(id, round) for _, id, round in sorted(denied, reverse=True)]
                assert found
    assert (seen > 0) == bool(viewer.scopes)


async def test_as_many_were_drawn_as_there_are(mongo: Database, population: dict[str, FollowUp]) -> None:
    lists = await kept(mongo, population)
    for month in MONTHS:
        expected = [id for id, each in population.items() if any(held.month == month for held in each.callbacks())]
        assert await lists.drawn(month) == len(expected) > 0


async def test_a_list_is_read_by_its_tag(mongo: Database, population: dict[str, FollowUp]) -> None:
    await kept(mongo, population)
    plan = await mongo["followups"].find({TAGS: "unconfirmed:370881|2020-06"}).explain()
    assert "IXSCAN" in str(plan)


async def test_nobody_is_listed_for_who_has_no_place_or_asks_for_another(mongo: Database) -> None:
    lists = WaitingLists(mongo)
    assert await lists.page(at_desk(VIEWERS["a caller without a place"], None), "CALLBACK", TODAY, 10, None) == ([], False)
    nowhere = Apart((), None, None, "somebody", frozenset())
    assert await CallbackLists(mongo["followups"]).unconfirmed(nowhere, "2020-06", 10, None) == ([], False)
    with pytest.raises(Forbidden):
        at_desk(VIEWERS["a county's supervisor"], "370883000000")
    with pytest.raises(Forbidden):
        of_overseer(VIEWERS["a city's caller"], None)
    with pytest.raises(Refusal) as refused:
        await lists.page(at_desk(VIEWERS["a city's caller"], None), "CALLBACK", TODAY, 10, "nonsense")
    assert refused.value.code == "BAD_CURSOR"
