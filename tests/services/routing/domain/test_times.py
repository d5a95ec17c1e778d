"""How long people wait: percentiles from bins against those of the very times, and what counts as a response and a result."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from services.routing.domain import course, returns
from services.routing.domain.case import Case
from services.routing.domain.handoff import report_handoff, take_handoff
from services.routing.domain.times import BINS_PER_DOUBLING, ENOUGH, Kind, bin_of, percentile, reached, time_of
from shared.contracts.intake import DepartmentRow, Owner
from tests.services.builders import AT, LUCHENG
from tests.services.routing.builders import (
    DISPATCHER,
    HANDLER,
    RECKONING,
    answered_on_the_spot,
    case_in,
    dispatched,
    fed_back,
    opened,
    resolved,
    survey_answer,
    with_the_platform,
)

WIDTH = 2 ** (1 / BINS_PER_DOUBLING)
ZJJ = DepartmentRow(code="D-3708-ZJJ", name="住建局", division="370800000000", head="head-zjj", receiver="r")

DRAWN: dict[str, Callable[[random.Random], float]] = {
    "minutes to months, evenly by doublings": lambda dice: 2 ** dice.uniform(0, 17),
    "working days": lambda dice: dice.choice([1, 3, 5, 7, 15]) * 1440 + dice.uniform(-300, 300),
    "nearly all alike": lambda dice: 4320 + dice.random(),
    "few waits of a year": lambda dice: 525_600 if dice.random() < 0.11 else dice.uniform(30, 40),
}


@pytest.mark.parametrize("count", [ENOUGH, 6, 99, 5_000])
@pytest.mark.parametrize("name", DRAWN)
def test_a_percentile_from_bins_is_within_a_bin_of_that_of_the_times(name: str, count: int) -> None:
    dice = random.Random(f"{name} {count}")
    minutes = sorted(DRAWN[name](dice) for _ in range(count))
    bins = Counter(bin_of(timedelta(minutes=each)) for each in minutes)
    for percent in (1, 50, 90, 100):
        true = minutes[-(-count * percent // 100) - 1]
        assert true / WIDTH <= percentile(bins, percent) <= true * WIDTH
    told = time_of(bins)
    assert told.number == count
    assert told.median == round(percentile(bins, 50))
    assert told.p90 == round(percentile(bins, 90))


def test_bins_go_up_with_the_time_and_what_takes_no_minute_is_in_the_first() -> None:
    taken = [timedelta(seconds=seconds) for seconds in (-90, 0, 59, 60, 65, 120, 86_400)]
    bins = [bin_of(each) for each in taken]
    assert bins == sorted(bins)
    assert bins[:4] == [0, 0, 0, 1]
    assert bins[5] == 1 + BINS_PER_DOUBLING
    assert time_of({0: ENOUGH}).median == 0


def test_of_few_cases_the_number_is_told_and_no_time() -> None:
    told = time_of({40: ENOUGH - 1})
    assert (told.number, told.median, told.p90) == (ENOUGH - 1, None, None)


def times(case: Case) -> dict[Kind, tuple[str | None, timedelta] | None]:
    kinds: tuple[Kind, Kind] = ("response", "result")
    return {kind: (found.department, found.taken) if (found := reached(case, kind)) else None for kind in kinds}


HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FROM_LUCHENG = (LUCHENG, timedelta(0))


@pytest.mark.row("S57")
def test_who_takes_it_responds_and_who_reports_it_has_a_result() -> None:
    taken = course.accept_work_order(dispatched(), HANDLER, AT + HOUR)[0]
    assert times(taken) == {"response": (LUCHENG, HOUR), "result": None}
    done = course.report_resolution(taken, "已更换。", [], HANDLER, AT + DAY)[0]
    assert times(done) == {"response": (LUCHENG, HOUR), "result": (LUCHENG, DAY)}


def test_a_department_that_has_it_later_moves_neither() -> None:
    taken = course.accept_work_order(dispatched(), HANDLER, AT + HOUR)[0]
    moved = returns.reassign(taken, ZJJ, "归住建局。", DISPATCHER, RECKONING, AT + 2 * HOUR)[0]
    by = Owner(staffId="z", role="HANDLER", unit="D-3708-ZJJ")
    done = course.report_resolution(course.accept_work_order(moved, by, AT + DAY)[0], "已更换。", [], by, AT + 2 * DAY)[0]
    assert times(done) == {"response": (LUCHENG, HOUR), "result": ("D-3708-ZJJ", 2 * DAY)}


def test_a_rework_counts_no_second_time() -> None:
    again = course.surveyed(fed_back(), survey_answer(happy=False, at=AT + DAY), RECKONING)[0]
    assert again.status == "HANDLING"
    done = course.report_resolution(again, "再次更换。", [], HANDLER, AT + 5 * DAY)[0]
    assert times(done) == times(resolved()) == {"response": FROM_LUCHENG, "result": FROM_LUCHENG}


def test_what_is_answered_on_the_spot_has_both_from_no_department() -> None:
    assert times(answered_on_the_spot()) == {"response": (None, timedelta(0)), "result": (None, timedelta(0))}


def test_what_is_withdrawn_has_neither_and_what_is_declined_had_a_response() -> None:
    assert times(course.withdraw(dispatched(), None, AT + HOUR)[0]) == {"response": None, "result": None}
    declined = course.decline(dispatched(), "不属受理范围。", "请向法院起诉。", DISPATCHER, AT + HOUR)[0]
    assert times(declined) == {"response": (None, HOUR), "result": None}


def test_what_12345_does_is_of_the_office_that_answers_for_it() -> None:
    sent = with_the_platform()
    taken = take_handoff(sent, "", RECKONING, AT + HOUR)[0]
    done = report_handoff(taken, "已办。", RECKONING, AT + DAY)[0]
    assert times(done) == {"response": (sent.owner.unit, HOUR), "result": (sent.owner.unit, DAY)}


def test_a_report_that_somebody_else_lets_go_is_of_the_department_that_made_it() -> None:
    waiting = case_in("HANDLING")
    released = waiting.moved("RELEASE_RESOLUTION", AT + DAY, DISPATCHER)
    assert times(released)["result"] == (LUCHENG, DAY)


def test_the_month_is_that_in_which_it_came_in_china() -> None:
    midnight = datetime.fromisoformat("2020-07-01T00:30:00+08:00")
    found = reached(course.accept_work_order(dispatched(), HANDLER, midnight)[0], "response")
    assert found is not None
    assert found.month == "2020-07"
    assert reached(opened(), "response") is None
