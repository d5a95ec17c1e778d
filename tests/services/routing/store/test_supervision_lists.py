"""What supervision has before it, over a real store: compared with looking at each case; pages; the numbers of cards after corrections."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from services.routing.domain.cards import appeal, correct
from services.routing.domain.case import Case
from services.routing.domain.supervised import Card
from services.routing.domain.supervision_desk import APPEALED, TAKEN_BACK, Wait, told_to, waits
from services.routing.store.desks import DeskCounts, desk_projector
from services.routing.store.mongo import CODEC, migrate
from services.routing.store.supervision import SupervisionLists
from services.routing.usecases.look_at_supervision import bucket_prefixes
from shared.identity.errors import Refusal
from shared.identity.scopes import prefixes
from shared.mongo import Client, Database, connect, database
from shared.record import stub
from shared.settings import CommonSettings
from tests.services.builders import AT
from tests.services.routing.builders import HEAD, SUPERVISOR, case_in, with_card, with_order_issued, with_order_replied

PLACES = ["370881001901", "370881002001", "370883001001"]
OFFICES = ["D-1", "D-2", "D-3"]
MONTHS = ["2026-05", "2026-06"]


def drawn(number: int) -> Case:
    """One of a hundred and twenty: a third wait for something, most have cards, a tenth accuse an office."""
    dice = random.Random(number)
    case = case_in(dice.choice(["HANDLING", "CLOSED", "RESOLVED"])).with_(number=f"n-{number:03}", division=dice.choice(PLACES))
    case = case.with_(accused_departments=[dice.choice(OFFICES)] if dice.random() < 0.1 else [])
    made = dice.choice(["none", "issued", "replied", "closed"])
    if made == "issued" and case.status != "RESOLVED":
        case = with_order_issued(case, due_at=AT + timedelta(days=dice.randrange(30)))
    elif made == "replied":
        case = with_order_replied(case)
    elif made == "closed":
        case = case.with_(needs_supervision=case.status == "CLOSED", closed_at=AT + timedelta(hours=number))
    for _ in range(dice.randrange(3)):
        at = AT + timedelta(minutes=dice.randrange(10_000))
        case = with_card(case, department=dice.choice(OFFICES), month=dice.choice(MONTHS), given=dice.choice(["YELLOW", "RED"]), at=at)
    for card in case.cards:
        if dice.random() < 0.3:
            case = appeal(case, card, "等待批复。", HEAD, AT)[0]
        if dice.random() < 0.3:
            case = correct(case, next(each for each in case.cards if each.ordinal == card.ordinal), None, "有误。", SUPERVISOR, AT)[0]
    return case


CASES = {f"g-{number:03}": drawn(number) for number in range(120)}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def filled(parts: Any) -> AsyncIterator[Database]:
    settings = CommonSettings(prefix="supervision", mongodb_url=parts.mongodb_url, mongodb_retry_writes=parts.retry_writes)
    client: Client = connect(settings)
    base = database(client, settings, "drawn")
    await client.drop_database(base.name)
    await migrate(base)
    for id, case in CASES.items():
        await base["cases"].insert_one({**stub(id), "version": 1, "registered": True, **CODEC.dump(case)})
    await desk_projector(base, "test", lambda: datetime.now(UTC)).round()
    yield base
    await client.drop_database(base.name)
    client.close()


def near(case: Case, place: str) -> bool:
    return place in prefixes(case.division)


async def all_pages(lists: SupervisionLists, key: str, waits: tuple[Wait, ...], not_accused: str | None) -> list[str]:
    found: list[str] = []
    after = None
    while True:
        page, more = await lists.waiting((key,), waits, not_accused, 7, after)
        found += [row["_id"] for row, _ in page]
        if not more:
            return found
        assert len(page) == 7
        after = page[-1][1]


@pytest.mark.parametrize("place", ["3708", "370881", "370881001", "370883001001"])
@pytest.mark.parametrize("wanted", [("REPLY",), ("DECISION",), ("APPEAL",), ("ORDER",), ("REPLY", "DECISION", "APPEAL", "ORDER")])
async def test_what_waits_is_found_once_the_longest_first(filled: Database, place: str, wanted: tuple[Wait, ...]) -> None:
    found = await all_pages(SupervisionLists(filled["cases"]), f"division:{place}", wanted, None)
    expected = [id for id, case in CASES.items() if near(case, place) and waits(case).keys() & set(wanted)]
    assert found == sorted(expected, key=lambda id: (min(waits(CASES[id]).values()), CASES[id].number))
    assert found or place == "370883001001"


async def test_a_department_finds_what_it_has_to_reply_to_and_nothing_that_accuses_it(filled: Database) -> None:
    lists = SupervisionLists(filled["cases"])
    lucheng = next(case for case in CASES.values() if case.orders).orders[0].department
    found = await all_pages(lists, f"department:{lucheng}", ("REPLY", "DECISION", "APPEAL", "ORDER"), lucheng)
    assert set(found) == {id for id, case in CASES.items() if "REPLY" in waits(case)}
    accused = await all_pages(lists, "division:3708", ("APPEAL", "REPLY", "DECISION", "ORDER"), "D-1")
    assert {id for id in accused if "D-1" in CASES[id].accused_departments} == set()


def cards_of(place: str, month: str, hidden_from: str | None = None) -> list[tuple[Case, Card]]:
    return [
        (case, card)
        for case in CASES.values()
        if near(case, place) and hidden_from not in case.accused_departments
        for card in case.cards
        if card.month == month
    ]


@pytest.mark.parametrize("month", MONTHS)
@pytest.mark.parametrize("hidden_from", [None, "D-1"])
@pytest.mark.parametrize("place", ["3708", "370881"])
async def test_every_number_of_cards_is_that_of_the_cards_in_the_list(
    filled: Database, place: str, month: str, hidden_from: str | None
) -> None:
    keys = (f"division:{place}",)
    held = cards_of(place, month, hidden_from)
    buckets = {}
    for prefix in bucket_prefixes(keys, month):
        buckets |= await DeskCounts(filled).starting(prefix)
    told = told_to(hidden_from, buckets)
    for department in OFFICES:
        mine = [card for _, card in held if card.department == department]
        expected = Counter(card.colour or TAKEN_BACK for card in mine) + Counter({APPEALED: sum(card.appealed for card in mine)})
        assert {name: number for name, number in told.get(department, {}).items() if number} == dict(expected)
        page, more = await SupervisionLists(filled["cases"]).cards(keys, month, department, hidden_from, 100, None)
        assert not more
        assert [(each.number, each.card) for each, _ in page] == sorted(
            ((case.number, card) for case, card in held if card.department == department),
            key=lambda each: (each[1].at, each[0], each[1].ordinal),
            reverse=True,
        )


async def test_the_cards_of_a_department_are_found_by_pages(filled: Database) -> None:
    lists, found, after = SupervisionLists(filled["cases"]), [], None
    while True:
        page, more = await lists.cards(("department:D-2",), "2026-06", None, "D-2", 3, after)
        found += [(each.number, each.card.ordinal) for each, _ in page]
        if not more:
            break
        after = page[-1][1]
    expected = [(case, card) for case, card in cards_of("3708", "2026-06", "D-2") if card.department == "D-2"]
    assert len(found) == len(set(found)) == len(expected) > 6
    told = told_to("D-2", await DeskCounts(filled).starting(bucket_prefixes(("department:D-2",), "2026-06")[0]))
    assert sum(told["D-2"].get(each, 0) for each in ("YELLOW", "RED", TAKEN_BACK)) == len(expected)


async def test_a_cursor_that_is_none_of_ours_is_refused(filled: Database) -> None:
    with pytest.raises(Refusal) as refused:
        await SupervisionLists(filled["cases"]).waiting(("division:3708",), ("REPLY",), None, 5, "nonsense")
    assert refused.value.code == "BAD_CURSOR"
