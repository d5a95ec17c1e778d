"""The three rates: each number is exactly as many as the grievances that it leads to, over lives by chance and for several viewers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from random import Random
from typing import Any, get_args

import pytest

from services.feedback.domain.first_response import FirstResponse
from services.feedback.domain.followup import FollowUp, Reply, erase_petitioner, open_followup
from services.feedback.domain.rates import EXCLUSIONS, RATES, SURVEYED, Rate, facts
from services.feedback.domain.shares import Asked, By, RateOf, Row, row_of, rows_of, wilson
from services.feedback.domain.survey import Survey
from services.feedback.events.on_grievance_warned import on_grievance_warned
from services.feedback.events.on_progressed import on_progressed
from services.feedback.store.mongo import CODEC, FollowUps, access_of, count_for_rates, migrate, projector
from services.feedback.store.rates import Among, RateCounts, RateLists, Wanted, Which
from services.feedback.usecases import look_at_rates
from shared.contracts.feedback import Satisfaction
from shared.contracts.routing import GrievanceWarnedV1, Status, WorkOrderAcceptedV1
from shared.identity.access import may_see
from shared.identity.errors import Forbidden, Refusal
from shared.identity.roles import Role
from shared.identity.scopes import Level
from shared.identity.viewer import Viewer
from shared.mongo import Database
from shared.record import stub
from tests.services.builders import AT
from tests.services.feedback.builders import happy, tells, unhappy
from tests.services.routing.builders import HANDLER, registered
from tests.services.routing.test_desks import CITY, COUNTY, TOWN, person
from tests.shared.contracts.examples import EXAMPLES, PROGRESS

MONTH, BEFORE = "2020-06", "2020-05"
OFFICES = ["D-1", "D-2", "D-3"]
PLACES = ["370881001901", "370881001901-01", "370881001002", "370881002001", "370883001001", "370800000000"]
STATES: list[Status] = ["REGISTERED", "HANDLING", "FED_BACK", "CLOSED", "CLOSED", "REWORK", "WITHDRAWN", "NOT_ACCEPTED", "MERGED"]
MANY, ASKED = 90, 60
WHICH, AMONG = get_args(Which), get_args(Among)


def drawn(number: int) -> FollowUp:
    """A life by chance: some accuse an office, some are reworked by another, some changed what they said."""
    dice = Random(number)
    at = AT + timedelta(hours=dice.choice([-30 * 24, -20 * 24, -125, 0, 1, 200, 24 * 25]))
    office, later = dice.choice(OFFICES), dice.choice(OFFICES)
    followup = open_followup(registered(registeredAt=at, division=dice.choice(PLACES), accused=["D-1"] if dice.random() < 0.2 else []))
    access = PROGRESS.access.model_copy(
        update={"departments": dice.choice([[office], [later], [office, later]]), "accusedDepartments": followup.accused_departments}
    )
    # What was kept of a first response stays as it was drawn.
    first = FirstResponse(at=at, in_time=dice.random() < 0.7, department=dice.choice([office, None])) if dice.random() < 0.8 else None
    followup = followup.progressed(PROGRESS.model_copy(update={"status": dice.choice(STATES), "access": access})).with_(
        first_response=first
    )
    rounds = dice.choice([0, 1, 1, 1, 2])
    replies = [
        Reply(round=each + 1, text="t", at=at, by=HANDLER, department=dice.choice([office, later]), delivery_id=str(each))
        for each in range(rounds)
    ]
    surveys = [asked(dice, each + 1, at + timedelta(days=10 * each + 2)) for each in range(rounds)]
    if not rounds:
        return followup
    return followup.with_(reply=replies[-1], earlier_replies=replies[:-1], survey=surveys[-1], earlier_surveys=surveys[:-1])


def asked(dice: Random, round: int, at: datetime) -> Survey:
    answers = [
        dice.choice([happy(at, satisfied=dice.choice(get_args(Satisfaction))), unhappy(at)]) for _ in range(dice.choice([0, 1, 1, 2]))
    ]
    hidden = bool(answers) and dice.random() < 0.3
    return Survey(round=round, opened_at=at, expires_at=at + timedelta(days=7), answers=answers, anonymous_to_handlers=hidden)


async def put(used: Database, followups: dict[str, FollowUp]) -> None:
    store = FollowUps(used)
    for id, followup in followups.items():
        held = await store.load(id)
        if held is None:
            assert await store.insert({**stub(id), "version": 1, "registered": True, **CODEC.dump(followup)})
        else:
            assert await store.update(id, held["version"], CODEC.dump(followup), {}, [])
    await count(used)


async def count(used: Database) -> None:
    """Rounds, as a worker makes them."""
    counting = projector(used, "test", lambda: datetime.now(UTC))
    while await used["followups"].find_one({"tags": "dirty"}, {"_id": 1}) is not None:
        await counting.round()


VIEWERS: dict[str, tuple[Viewer, Callable[[Viewer], Asked]]] = {
    "a city's leader": (person(Role.CITY_ADMIN, CITY), lambda viewer: look_at_rates.of_watcher(viewer, None)),
    "a county's supervisor": (person(Role.SUPERVISOR, COUNTY), lambda viewer: look_at_rates.of_watcher(viewer, None)),
    "a town's dispatcher": (person(Role.DISPATCHER, TOWN), lambda viewer: look_at_rates.of_watcher(viewer, None)),
    "a leader of an office": (person(Role.CITY_ADMIN, CITY, department="D-1"), lambda viewer: look_at_rates.of_watcher(viewer, None)),
    "a handler": (person(Role.HANDLER, department="D-1"), look_at_rates.of_department),
    "a head": (person(Role.DEPARTMENT_HEAD, department="D-2"), look_at_rates.of_department),
}


def told(found: RateOf, which: Which, among: Among) -> int | None:
    """What the numbers say; None where they say nothing of it."""
    if which in ("UNANSWERED", "HIDDEN"):
        number = found.unanswered if which == "UNANSWERED" else found.hidden
        return number if among == "ALL" else None
    if among not in ("ALL", "ADJUSTED"):
        return found.excluded[among] if which == "DECIDED" else None
    share = found.raw if among == "ALL" else found.adjusted
    if which == "DECIDED":
        return share.of
    if share.met is None:
        return None
    return share.met if which == "MET" else share.of - share.met


async def lists_of(used: Database, wanted: Wanted, first: int = 7) -> list[str]:
    """By its pages."""
    found: list[str] = []
    after = None
    while True:
        page, more = await RateLists(used).page(wanted, first, after)
        found += [id for id, _ in page]
        if not more:
            return found
        after = page[-1][1]


async def held_together(used: Database, population: dict[str, FollowUp]) -> int:
    """A number of a row is as many as its list has, which the viewer may all see; of thousands so many are drawn, most of
    them of something. Returns how many grievances that were."""
    found_in_all, counts, dice = 0, RateCounts(used), Random(len(population))
    numbers: list[tuple[Viewer, Wanted, int]] = []
    for (viewer, whose), month in product(VIEWERS.values(), (MONTH, BEFORE)):
        asked = whose(viewer)
        rows: list[tuple[Asked, Row]] = [(asked, row_of("", await counts.whole(asked, month), asked))]
        for by in () if asked.judged else ("DIVISION", "DEPARTMENT"):
            try:
                parts: By = look_at_rates.parts_of(asked, by)
            except Refusal:
                continue
            for row in rows_of(await counts.parts(asked, parts, month), asked, parts):
                key = replace(asked, key=f"division:{row.name}") if parts == "DIVISION" else look_at_rates.at_department(asked, row.name)
                rows.append((key, row))
        for (key, row), rate, which, among in product(rows, RATES, WHICH, AMONG):
            number = told(row.rates[rate], which, among)
            if number is not None and (number or dice.random() < 0.1):
                numbers.append((viewer, Wanted(key, month, rate, which, among), number))
    for viewer, wanted, number in dice.sample(numbers, ASKED):
        found = await lists_of(used, wanted, 50)
        assert len(found) == len(set(found)) == number, wanted
        for id in found:
            access = access_of(population[id])
            assert may_see(viewer, access)
            assert look_at_rates.may_list(viewer, access)
        found_in_all += number
    return found_in_all


@pytest.mark.row("S55")
@pytest.mark.row("S56")
async def test_each_number_is_as_many_as_its_list_has_whatever_changes(mongo: Database) -> None:
    await migrate(mongo)
    population = {f"g{number:03}": drawn(number) for number in range(MANY)}
    await put(mongo, population)
    assert await held_together(mongo, population) > ASKED
    # An answer is changed, a case is reworked by another office, one is withdrawn, one is erased, one comes to accuse an office.
    changed: dict[str, FollowUp] = {}
    for number, (id, followup) in enumerate(population.items()):
        progress = followup.progress
        assert progress is not None
        if number % 5 == 0 and followup.survey:
            changed[id] = followup.with_(survey=asked(Random(-number), followup.survey.round, followup.survey.opened_at))
        elif number % 5 == 1:
            access = progress.access.model_copy(update={"departments": ["D-3"], "accusedDepartments": ["D-2"]})
            changed[id] = followup.progressed(progress.model_copy(update={"status": "REWORK", "access": access}))
        elif number % 5 == 2:
            changed[id] = followup.progressed(progress.model_copy(update={"status": "WITHDRAWN"}))
        elif number % 5 == 3:
            changed[id] = erase_petitioner(followup, f"erased:{id}")
    await put(mongo, changed)
    assert await held_together(mongo, population | changed) > ASKED
    before = {row["_id"].partition("|")[2]: row["n"] for row in await mongo["followups_buckets"].find({}).to_list(None)}
    counting = projector(mongo, "test", lambda: datetime.now(UTC))
    await counting.rebuild()
    while (await mongo["projections"].find_one({"_id": "followups"}))["building"]:
        await counting.round()
    after = {key: (await RateCounts(mongo)._buckets.read([key]))[key] for key in before}
    assert {key: {name: number for name, number in numbers.items() if number} for key, numbers in before.items()} == after
    pages = Wanted(look_at_rates.of_watcher(VIEWERS["a city's leader"][0], None), MONTH, "RESPONSE", "DECIDED")
    assert await lists_of(mongo, pages, 7) == await lists_of(mongo, pages, 50)


def kept(**changes: Any) -> FollowUp:
    return open_followup(registered()).progressed(PROGRESS).with_(**changes)


def rates(followups: list[FollowUp], viewer: Asked) -> dict[Rate, RateOf]:
    """Counted without a store."""
    numbers: dict[str, int] = {}
    for followup in followups:
        for group in facts(followup).values():
            if any(bucket.endswith(f"|{viewer.whole}") for bucket in group["at"]):
                for name, number in group["n"].items():
                    numbers[name] = numbers.get(name, 0) + number
    return dict(row_of("", numbers, viewer).rates)


COUNTY_LEADER = Asked("division:370881", None)


def answered(*answers: Any, round: int = 1, hidden: bool = False) -> Survey:
    return Survey(round=round, opened_at=AT, expires_at=AT, answers=list(answers), anonymous_to_handlers=hidden)


def replied(department: str, round: int = 1) -> Reply:
    return Reply(round=round, text="t", at=AT, by=HANDLER, department=department, delivery_id="d")


@pytest.mark.row("S55")
def test_the_last_answer_counts_and_stands_while_it_is_handled_again() -> None:
    unsatisfied = kept(survey=answered(happy(AT), unhappy(AT)), reply=replied("D-1"))
    again = unsatisfied.with_(
        survey=answered(round=2), earlier_surveys=[unsatisfied.survey], reply=replied("D-2", 2), earlier_replies=[unsatisfied.reply]
    )
    better = again.with_(survey=answered(happy(AT), round=2))
    for followup, met in ((unsatisfied, 0), (again, 0), (better, 1)):
        found = rates([followup], COUNTY_LEADER)
        assert (found["RESOLUTION"].raw.of, found["RESOLUTION"].raw.met, found["SATISFACTION"].raw.met) == (1, met, met)
        department = rates([followup], Asked(f"division:370881/department:{'D-2' if met else 'D-1'}", None))
        assert department["RESOLUTION"].raw.of == 1


def test_who_has_not_answered_is_in_neither_rate_and_neutral_is_not_satisfied() -> None:
    found = rates([kept(survey=answered()), kept(survey=answered(happy(AT, satisfied="NEUTRAL")))], COUNTY_LEADER)
    assert (found["SATISFACTION"].unanswered, found["SATISFACTION"].raw.of, found["SATISFACTION"].raw.met) == (1, 1, 0)
    assert found["RESOLUTION"].raw.met == 1


def test_what_is_left_out_is_counted_by_its_reason() -> None:
    def ended(status: Status) -> FollowUp:
        return kept(survey=answered(unhappy(AT))).progressed(PROGRESS.model_copy(update={"status": status}))

    found = rates([ended("CLOSED"), *(ended(reason) for reason in EXCLUSIONS)], COUNTY_LEADER)["RESOLUTION"]
    assert (found.raw.of, found.adjusted.of, dict(found.excluded)) == (4, 1, dict.fromkeys(EXCLUSIONS, 1))
    assert all(zh and en for zh, en in EXCLUSIONS.values())


def example(contract: type[Any], **changes: Any) -> Any:
    return next(each for each in EXAMPLES if isinstance(each, contract)).model_copy(update=changes)


@pytest.mark.row("S9")
@pytest.mark.parametrize("late", [False, True])
def test_a_response_is_in_time_unless_the_red_warning_came_first_and_what_follows_changes_nothing(late: bool) -> None:
    waiting = PROGRESS.model_copy(update={"status": "DISPATCHED"})
    taken = example(WorkOrderAcceptedV1, progress=PROGRESS.model_copy(update={"status": "HANDLING", "owner": HANDLER}))
    red = example(GrievanceWarnedV1, of="RESPONSE", step="RED", progress=waiting if late else taken.progress)
    yellow = example(GrievanceWarnedV1, of="RESPONSE", step="YELLOW", progress=waiting)
    followup = on_grievance_warned("g", open_followup(registered()), yellow)[0]
    assert rates([followup], COUNTY_LEADER)["RESPONSE"].unanswered == 1
    for on, event in ((on_grievance_warned, red), (on_progressed, taken))[:: 1 if late else -1]:
        followup = on("g", followup, event)[0]
    found = rates([followup], COUNTY_LEADER)["RESPONSE"]
    assert (found.raw.of, found.raw.met, found.unanswered) == (1, 0 if late else 1, 0)


def test_a_department_learns_of_no_answer_that_is_hidden_from_it_and_of_few_it_reads_no_rate() -> None:
    own = PROGRESS.access.departments[0]
    open_ones = [kept(survey=answered(happy(AT)), reply=replied(own)) for _ in range(4)]
    hidden = [kept(survey=answered(unhappy(AT), hidden=True), reply=replied(own)) for _ in range(9)]
    asked = look_at_rates.of_department(person(Role.HANDLER, department=own))
    few = rates([*open_ones, *hidden], asked)["SATISFACTION"]
    assert (few.raw.of, few.raw.met, few.raw.rate, few.raw.interval, few.hidden) == (4, None, None, None, 9)
    enough = rates([*open_ones, open_ones[0], *hidden], asked)["SATISFACTION"]
    assert (enough.raw.of, enough.raw.met, enough.hidden) == (5, 5, 9)
    # A leader who is of no department reads them all.
    all_of_them = rates([*open_ones, *hidden], COUNTY_LEADER)["SATISFACTION"]
    assert (all_of_them.raw.of, all_of_them.raw.met, all_of_them.hidden) == (13, 4, 0)


@pytest.mark.parametrize("rate", sorted(SURVEYED))
@pytest.mark.parametrize("which", ["MET", "NOT_MET"])
def test_refuses_a_department_the_list_of_who_said_what(rate: Rate, which: Which) -> None:
    asked = look_at_rates.of_department(person(Role.DEPARTMENT_HEAD, department="D-1"))
    with pytest.raises(Refusal) as refused:
        look_at_rates.listed(Wanted(asked, MONTH, rate, which))
    assert (refused.value.code, refused.value.field) == ("GRADES_NOT_HERE", "which")
    for allowed in ("DECIDED", "UNANSWERED"):
        assert look_at_rates.listed(Wanted(asked, MONTH, rate, allowed))


@pytest.mark.parametrize(("met", "of", "low", "high"), [(81, 263, 0.2553, 0.3662), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0)])
def test_the_interval_is_wilsons(met: int, of: int, low: float, high: float) -> None:
    """81 of 263: the example of Newcombe, Statistics in Medicine 17, 1998, 857-872."""
    assert list(wilson(met, of)) == pytest.approx([low, high], abs=5e-5)


def test_ranks_who_is_not_few_by_the_adjusted_rate_and_equals_share_a_rank() -> None:
    def numbers(met: int, of: int, excluded: int = 0) -> dict[str, int]:
        return {"RESPONSE:MET::": met, "RESPONSE:NOT_MET::": of - met, "RESPONSE:NOT_MET:WITHDRAWN:": excluded}

    asked = Asked("division:3708", None)
    buckets = {"A": numbers(30, 30, 70), "B": numbers(29, 29), "C": numbers(60, 60), "D": numbers(20, 40), "E": {}}
    rows = rows_of({f"division:3708/department:{name}": each for name, each in buckets.items()}, asked, "DEPARTMENT")
    assert [(row.name, row.rates["RESPONSE"].rank) for row in rows] == [("A", 1), ("B", None), ("C", 1), ("D", 3)]
    few = rows[1].rates["RESPONSE"].adjusted
    assert few.few
    assert few.interval is not None


async def test_follow_ups_of_before_are_counted_once_by_what_their_history_tells(mongo: Database) -> None:
    await migrate(mongo)
    waiting = PROGRESS.model_copy(update={"status": "DISPATCHED"})
    taken = example(WorkOrderAcceptedV1, progress=PROGRESS.model_copy(update={"status": "HANDLING"}))
    red = example(GrievanceWarnedV1, of="RESPONSE", step="RED", progress=waiting)
    opened = open_followup(registered())
    in_time = on_progressed("g", opened, taken)[0].noted(tells(taken))
    late = on_progressed("g", on_grievance_warned("g", opened, red)[0], taken)[0].noted(tells(red, taken))
    for id, followup in {"in time": in_time, "late": late, "waiting": open_followup(registered())}.items():
        old = {**stub(id), "version": 1, "registered": True, **CODEC.dump(followup)}
        for name in ("first_response", "facts", "rated"):
            old.pop(name, None)
        await mongo["followups"].insert_one(old)
    for _ in range(2):
        await count_for_rates(mongo)
        await count(mongo)
        found = row_of("", await RateCounts(mongo).whole(COUNTY_LEADER, MONTH), COUNTY_LEADER).rates["RESPONSE"]
        assert (found.raw.of, found.raw.met, found.unanswered) == (2, 1, 1)
        assert {row["version"] for row in await mongo["followups"].find({}).to_list(None)} == {2}


TWO = (TOWN, ("370883001001", Level.VILLAGE))
REFUSALS: dict[str, tuple[Callable[[], Any], str, str | None]] = {
    "a department's handler": (lambda: look_at_rates.of_watcher(person(Role.HANDLER, department="D-1"), None), "ROLE_MISSING", None),
    "a leader's department": (lambda: look_at_rates.of_department(person(Role.CITY_ADMIN, CITY, department="D-1")), "ROLE_MISSING", None),
    "of no department": (lambda: look_at_rates.of_department(person(Role.HANDLER)), "NO_DEPARTMENT", None),
    "elsewhere": (lambda: look_at_rates.of_watcher(person(Role.SUPERVISOR, TOWN), COUNTY[0]), "OUT_OF_SCOPE", "division"),
    "no division": (lambda: look_at_rates.of_watcher(person(Role.SUPERVISOR, CITY), "37x"), "DIVISION_UNKNOWN", "division"),
    "two territories": (lambda: look_at_rates.of_watcher(person(Role.SUPERVISOR, *TWO), None), "DIVISION_MISSING", "division"),
    "a town's departments": (
        lambda: look_at_rates.at_department(Asked("division:370881001", None), "D-1"),
        "NO_CITY_OR_COUNTY",
        "division",
    ),
    "no month": (lambda: look_at_rates.month_asked("2026-13", AT), "BAD_MONTH", "month"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_refuses_and_names_the_input(name: str) -> None:
    ask, code, field = REFUSALS[name]
    with pytest.raises((Refusal, Forbidden)) as refused:
        ask()
    assert (refused.value.code, refused.value.field) == (code, field)
