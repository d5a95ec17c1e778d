"""The desk of follow-ups: each list is what looking at every grievance by itself would find, and each number as many as its list has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest

from services.feedback.domain.followup import FollowUp
from services.feedback.domain.waiting import EVERYTHING, What, by_day, number_of, waits
from services.feedback.store.mongo import CODEC, FollowUps, access_of, migrate, projector, put_on_desks
from services.feedback.store.waiting import FEW, LATEST_DAYS, Desk, WaitingCounts, WaitingLists
from services.feedback.usecases.look_at_callbacks import access_to_call, is_apart
from services.feedback.usecases.look_at_rates import WATCHERS
from services.feedback.usecases.look_at_waiting import asked_of, desk_of, may_find
from shared.china_time import day_in_china
from shared.cursors import cursor_at
from shared.identity.access import may_see
from shared.identity.errors import Forbidden, Refusal, Unauthenticated
from shared.identity.roles import Role
from shared.identity.viewer import ANONYMOUS, Viewer
from shared.mongo import Database
from shared.record import stub
from shared.records import Document
from shared.tags import DIRTY, TAGS
from tests.services.builders import AT, REF
from tests.services.feedback.builders import asked, open_one, replied, unhappy
from tests.services.feedback.test_callbacks import failed
from tests.services.feedback.test_rates import count
from tests.services.routing.test_desks import CITY, COUNTY, TOWN, person
from tests.shared.contracts.examples import PROGRESS

MANY = 160
TODAY = day_in_china(AT)
OFFICES, TEAMS = ["D-1", "D-2", "D-3"], ["T-1", "T-2", None]
PLACES = ["370881001901", "370881001901-01", "370881001002", "370881002001", "370883001001"]
BOTH = replace(person(Role.SUPERVISOR, COUNTY), roles=frozenset({Role.SUPERVISOR, Role.RESIDENT}), refs=frozenset({REF}))
VIEWERS: dict[str, Viewer] = {
    "a city's leader": person(Role.CITY_ADMIN, CITY),
    "a county's dispatcher of an office": person(Role.DISPATCHER, COUNTY, department="D-1"),
    "a supervisor who has handled some": replace(person(Role.SUPERVISOR, CITY, department="D-3"), sub="handler-2"),
    "a supervisor who is a petitioner too": BOTH,
    "a county's admin of a town too": person(Role.COUNTY_ADMIN, COUNTY, TOWN, ("370883001000", TOWN[1]), department="D-2"),
    "a leader without a place": person(Role.CITY_ADMIN),
    "a handler": person(Role.HANDLER, CITY, department="D-1"),
    "a head": person(Role.DEPARTMENT_HEAD, department="D-2"),
    "a handler of nothing": person(Role.HANDLER),
    "a secretary": person(Role.SECRETARY, CITY, team="T-1", department="D-1"),
    "a team's leader": person(Role.TEAM_LEADER, team="T-2"),
}


def drawn(number: int) -> FollowUp:
    """By chance: whose, where, by which offices, and how far it has come."""
    dice = Random(number)
    at = AT - timedelta(hours=dice.choice([0, 1, 2, 30, 80, 100, 190, 200, 500, 900]), seconds=dice.randrange(3600))
    base = open_one().with_(registered_at=at)
    made = dice.choice([lambda: base, lambda: base, lambda: replied(base), lambda: failed(replied(base), at), lambda: asked(at)])()
    if dice.random() < 0.2:
        made = asked(at, channel="VISIT")
    if made.survey and dice.random() < 0.3:
        made = made.with_(survey=made.survey.with_(answers=[unhappy(at)]))
    status = dice.choice(["HANDLING", "DISPATCHED", "WITHDRAWN"]) if made is base else dice.choice(["FED_BACK", "FED_BACK", "REWORK"])
    before, now = dice.choice(OFFICES), dice.choice(OFFICES)
    for departments in ([before], dice.choice([[now], [now, before]])):
        access = PROGRESS.access.model_copy(
            update={
                "departments": departments,
                "accusedDepartments": ["D-1"] if dice.random() < 0.2 else [],
                "handlers": dice.choice([["handler-1"], ["handler-2"]]),
            }
        )
        made = made.progressed(PROGRESS.model_copy(update={"status": status, "access": access}))
    return made.with_(
        approval_since=at if status == "HANDLING" and dice.random() < 0.4 else None,
        division=dice.choice(PLACES),
        team=dice.choice(TEAMS),
        petitioner_ref=dice.choice([REF, "somebody", "somebody else"]),
        reply=made.reply.model_copy(update={"at": at}) if made.reply else None,
    )


def fed_back(followup: FollowUp) -> FollowUp:
    return followup.progressed(PROGRESS.model_copy(update={"status": "FED_BACK"}))


def row(id: str, followup: FollowUp) -> Document:
    return {**stub(id), "version": 1, "registered": True, **CODEC.dump(followup)}


async def kept(used: Database, population: dict[str, FollowUp]) -> None:
    await migrate(used)
    await used["followups"].insert_many([row(id, followup) for id, followup in population.items()])
    await count(used)


async def lists_of(used: Database, desk: Desk, what: What, first: int = 13) -> list[str]:
    """By its pages."""
    found: list[str] = []
    after = None
    while True:
        page, more = await WaitingLists(used).page(desk, what, TODAY, first, after)
        assert len(page) == first or not more
        found += [id for id, _, _ in page]
        if not more:
            return found
        after = page[-1][2]


def divisions_of(viewer: Viewer) -> Iterator[str | None]:
    """All of the territory, and parts of it."""
    yield None
    if viewer.has(*WATCHERS):
        yield from (code for code in ("370881001000", "370881001901") if viewer.covers(code))


def may_find_this(viewer: Viewer, followup: FollowUp, what: What) -> bool:
    if what == "CALLBACK":
        return viewer.has(*WATCHERS) and is_apart(viewer, access_to_call(followup))
    return may_find(viewer, access_of(followup))


def numbers(used: Any, what: What, desk: Desk, today: date = TODAY) -> Any:
    return number_of(what, by_day(used, what, desk.department), today)


POPULATION = {f"g{number:03}": drawn(number) for number in range(MANY)}


@pytest.mark.row("S53")
@pytest.mark.row("S55")
async def test_a_desk_is_what_looking_at_each_would_find_the_longest_waiting_first_and_its_number_says_how_many(mongo: Database) -> None:
    await kept(mongo, POPULATION)
    since = {id: waits(each) for id, each in POPULATION.items()}
    assert {what for each in since.values() for what in each} == set(EVERYTHING)
    for name, viewer in VIEWERS.items():
        seen = 0
        for division in divisions_of(viewer):
            desk = desk_of(viewer, division)
            buckets = await WaitingCounts(mongo).under(desk.keys)
            for what in desk.asked:
                expected = sorted(
                    (since[id][what], id)
                    for id, each in POPULATION.items()
                    if what in since[id]
                    and may_find_this(viewer, each, what)
                    and (division is None or each.division.startswith(division.rstrip("0")))
                )
                assert await lists_of(mongo, desk, what) == [id for _, id in expected], (name, what)
                assert all(may_see(viewer, access_of(POPULATION[id])) for _, id in expected)
                seen += len(expected)
                told = numbers(buckets, what, desk)
                # Who has handled one for another office, or is its petitioner, is not listed to be called and counted all the same.
                hidden = what == "CALLBACK" and (viewer.sub != "p" or viewer.refs)
                assert told.total == len(expected) or (hidden and told.total > len(expected)), (name, what)
                if not hidden:
                    ages = [(TODAY - day_in_china(at)).days for at, _ in expected]
                    parts = [[0], range(1, 4), range(4, 8), range(8, 1000)]
                    counted = [sum(age in part for age in ages) for part in parts]
                    assert [told.today, told.three_days, told.week, told.longer] == counted
        assert (seen > 0) == bool(desk_of(viewer, None).keys)


async def test_what_was_not_counted_yet_is_listed_all_the_same_where_it_is_new(mongo: Database) -> None:
    await migrate(mongo)
    desk = desk_of(VIEWERS["a city's leader"], None)
    days = {f"day {back}": AT - timedelta(days=back) for back in range(LATEST_DAYS)}
    await mongo["followups"].insert_many([row(id, open_one().with_(registered_at=at)) for id, at in days.items()])
    assert await lists_of(mongo, desk, "REPLY") == list(reversed(days))


async def test_what_no_longer_waits_is_gone_from_the_list_at_once_and_from_the_numbers_when_it_is_counted(mongo: Database) -> None:
    await kept(mongo, {"g": open_one().with_(registered_at=AT - timedelta(days=9))})
    desk, store = desk_of(VIEWERS["a city's leader"], None), FollowUps(mongo)
    assert [await lists_of(mongo, desk, what) for what in EVERYTHING] == [["g"], [], [], [], []]
    later = fed_back(replied())
    assert await store.update("g", 1, {**CODEC.dump(later), TAGS: CODEC.dump(later)[TAGS]}, {}, [])
    assert [await lists_of(mongo, desk, what) for what in EVERYTHING] == [[], [], ["g"], [], []]
    assert numbers(await WaitingCounts(mongo).under(desk.keys), "REPLY", desk).longer == 1
    await count(mongo)
    buckets = await WaitingCounts(mongo).under(desk.keys)
    assert (numbers(buckets, "REPLY", desk).total, numbers(buckets, "DELIVERY", desk).today) == (0, 1)
    # The bucket of the day that is over is taken away.
    assert {key.rpartition("|")[2] for key in buckets} == {TODAY.isoformat()}
    rebuilt = projector(mongo, "test", lambda: datetime.now(UTC))
    await rebuilt.rebuild()
    while (await mongo["projections"].find_one({"_id": "followups"}))["building"]:
        await rebuilt.round()
    assert await WaitingCounts(mongo).under(desk.keys) == buckets


async def test_a_day_of_many_is_read_hour_by_hour_in_their_order(mongo: Database) -> None:
    """Over midnight in China, from which days are counted, and with many in one second."""
    midnight = datetime(2020, 6, 4, 16, 0, tzinfo=UTC)
    many = {
        f"g{number:03}": open_one().with_(registered_at=midnight + timedelta(seconds=(number // 3 - 50) * 977)) for number in range(3 * FEW)
    }
    await kept(mongo, many)
    assert max(Counter(day_in_china(each.registered_at) for each in many.values()).values()) > FEW
    for name in ("a city's leader", "a county's admin of a town too"):
        expected = [id for _, id in sorted((each.registered_at, id) for id, each in many.items())]
        assert await lists_of(mongo, desk_of(VIEWERS[name], None), "REPLY", 10) == expected


async def test_follow_ups_of_before_stand_on_desks_once_and_keep_what_is_to_be_done_with_them(mongo: Database) -> None:
    await migrate(mongo)
    desk, tags = desk_of(VIEWERS["a city's leader"], None), ["unsent", "blocked:routing"]
    blocked = {"source": "routing", "sequence": 3, "reason": "r"}
    for id, followup in {"waits": open_one(), "asked": fed_back(asked(channel="VISIT")), "new": open_one()}.items():
        old = row(id, followup)
        if id != "new":
            del old["waits"], old["approval_since"]
            old |= {"facts": {name: group for name, group in old["facts"].items() if "waits" not in name}, TAGS: tags, "blocked": blocked}
        await mongo["followups"].insert_one(old)
    await count(mongo)
    for _ in range(2):
        await put_on_desks(mongo)
        await count(mongo)
        assert [await lists_of(mongo, desk, what) for what in EVERYTHING] == [["new", "waits"], [], [], ["asked"], ["asked"]]
        buckets = await WaitingCounts(mongo).under(desk.keys)
        assert [numbers(buckets, what, desk).today for what in EVERYTHING] == [2, 0, 0, 1, 1]
    held = {each["_id"]: each for each in await mongo["followups"].find({}).to_list(None)}
    assert {id: each["version"] for id, each in held.items()} == {"waits": 2, "asked": 2, "new": 1}
    assert set(tags) <= set(held["waits"][TAGS])
    assert DIRTY not in held["waits"][TAGS]


REFUSALS: dict[str, tuple[Any, str, str | None]] = {
    "nobody": (lambda: desk_of(ANONYMOUS, None), "UNAUTHENTICATED", None),
    "an auditor": (lambda: desk_of(person(Role.AUDITOR, CITY), None), "ROLE_MISSING", None),
    "a caller": (lambda: desk_of(person(Role.CALLER, CITY), None), "ROLE_MISSING", None),
    "elsewhere": (lambda: desk_of(person(Role.SUPERVISOR, TOWN), COUNTY[0]), "OUT_OF_SCOPE", "division"),
    "no division": (lambda: desk_of(person(Role.SUPERVISOR, CITY), "37x"), "DIVISION_UNKNOWN", "division"),
    "a department's division": (lambda: desk_of(VIEWERS["a handler"], COUNTY[0]), "NO_TERRITORY", "division"),
    "a team's division": (lambda: desk_of(VIEWERS["a secretary"], COUNTY[0]), "NO_TERRITORY", "division"),
    "a department's callbacks": (lambda: asked_of(desk_of(VIEWERS["a head"], None), "CALLBACK"), "CALLBACKS_NOT_HERE", "what"),
    "a team's callbacks": (lambda: asked_of(desk_of(VIEWERS["a secretary"], None), "CALLBACK"), "CALLBACKS_NOT_HERE", "what"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_refuses_and_names_the_input(name: str) -> None:
    ask, code, field = REFUSALS[name]
    with pytest.raises((Refusal, Forbidden, Unauthenticated)) as refused:
        ask()
    assert (refused.value.code, getattr(refused.value, "field", None)) == (code, field)


NO_CURSORS = [("2020-06-05",), ("no time", "g"), ("2020-06-05T02:00", "g"), ("0001-01-01T00:00+23:00", "g")]


@pytest.mark.parametrize("after", ["nonsense", *(cursor_at(*place) for place in NO_CURSORS)])
async def test_refuses_a_cursor_that_is_none_of_its_own(mongo: Database, after: str) -> None:
    with pytest.raises(Refusal) as refused:
        await WaitingLists(mongo).page(desk_of(VIEWERS["a handler"], None), "REPLY", TODAY, 10, after)
    assert (refused.value.code, refused.value.field) == ("BAD_CURSOR", "after")
