"""The ledgers: what each entry makes of a deadline, how it is told in words, and that a replay comes to the same."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.routing.domain.case import Case
from services.routing.domain.deadlines import Deadline, EntryKind, started
from services.routing.domain.limits import Term
from services.routing.domain.reckoning import Reckoning
from services.routing.domain.workdays import Workday
from services.routing.store.mongo import CODEC
from services.routing.subgraph.deadlines import said
from tests.services.builders import AT, LUCHENG
from tests.services.routing.builders import CALENDAR, HANDLER, RECKONING, SUPERVISOR, ZJJ, handled, limit

WEEK, DAY = Term(5, None), Term(None, 24)


def begun(term: Term = WEEK, at: datetime = AT, reckoning: Reckoning = RECKONING) -> Deadline:
    return Deadline().begun(started(term, at, HANDLER, LUCHENG, "ordinary", 1), reckoning)


def hours(number: float) -> datetime:
    return AT + timedelta(hours=number)


def kinds(deadline: Deadline) -> list[EntryKind]:
    return [entry.kind for entry in deadline.entries]


@pytest.mark.row("S52")
def test_each_entry_and_what_is_due_after_it() -> None:
    one = begun()
    assert one.due_at == limit(AT, 5).at
    passed = one.passed_on(ZJJ, HANDLER, hours(1))
    assert (passed.due_at, passed.entries[-1].department) == (one.due_at, ZJJ)
    # With whom it is already it is passed on to nobody.
    assert passed.passed_on(ZJJ, HANDLER, hours(2)) == passed
    extended = passed.extended(3, SUPERVISOR, hours(3), RECKONING)
    assert extended.due_at == limit(limit(AT, 5).at, 3).at
    still = extended.stopped(HANDLER, hours(4))
    assert (still.due_at, still.paused, still.nodes) == (None, True, [])
    on = still.gone_on(HANDLER, hours(4 + 24 * 3), RECKONING)
    # From Friday to Monday: one working day.
    assert (on.due_at, on.entries[-1].days) == (limit(limit(limit(AT, 5).at, 3).at, 1).at, 1)
    done = on.ended(HANDLER, hours(24 * 5))
    assert (done.due_at, done.met, kinds(done)) == (None, True, ["START", "HOP", "EXTEND", "PAUSE", "RESUME", "END"])
    assert done.ended(HANDLER, hours(24 * 6)) == done
    assert on.ended(HANDLER, hours(24 * 60)).met is False
    assert done.begun(started(WEEK, hours(24 * 7), HANDLER, ZJJ, "ordinary", 1, round=2), RECKONING).entries[-1].round == 2


def test_what_runs_or_stands_still_does_not_begin_anew() -> None:
    for deadline in (begun(), begun().stopped(HANDLER, hours(1))):
        with pytest.raises(ValueError, match="does not begin anew"):
            deadline.begun(started(WEEK, hours(2), HANDLER, LUCHENG, "ordinary", 1), RECKONING)


def test_round_the_clock_it_stands_still_to_the_minute() -> None:
    still = begun(DAY).stopped(HANDLER, hours(10))
    assert still.left(hours(99)) == timedelta(hours=14)
    on = still.gone_on(HANDLER, hours(12.5), RECKONING)
    assert (on.due_at, on.entries[-1].minutes) == (hours(26.5), 150)


def test_what_is_left() -> None:
    one = begun()
    assert one.days_left(AT, RECKONING) == 5
    assert one.days_left(AT + timedelta(days=3), RECKONING) == 4
    assert one.days_left(AT + timedelta(days=60), RECKONING) == 0
    assert one.left(limit(AT, 5).at + timedelta(minutes=1)) == -timedelta(minutes=1)
    assert one.stopped(HANDLER, AT + timedelta(days=3)).days_left(AT + timedelta(days=99), RECKONING) == 4
    assert (Deadline().left(AT), Deadline().days_left(AT, RECKONING)) == (None, None)


class KnownUntil:
    """The calendar of a package that ends with a year, after which people work on weekdays."""

    def __init__(self, last: int) -> None:
        self.last = last

    def is_workday(self, day: date) -> Workday:
        return CALENDAR.is_workday(day) if day.year <= self.last else Workday(day.weekday() < 5, known=False)

    def known_until(self) -> int:
        return self.last


def knowing(last: int) -> Reckoning:
    return replace(RECKONING, timetable=replace(CALENDAR, calendar=KnownUntil(last)))


@pytest.mark.row("S57")
def test_past_the_calendar_it_is_provisional_and_fixed_once_when_the_calendar_is_known() -> None:
    at = datetime(2020, 12, 28, 2, tzinfo=UTC)
    guessed = begun(Term(10, None), at, knowing(2020))
    assert guessed.provisional
    # 1 January was a day off on a Friday: by weekdays it counted.
    assert guessed.due_at == limit(at, 9).at
    assert guessed.fixed(HANDLER, at, knowing(2020)) == guessed
    fixed = guessed.fixed(HANDLER, at + timedelta(days=1), RECKONING)
    assert (fixed.due_at, fixed.provisional, kinds(fixed)) == (limit(at, 10).at, False, ["START", "FIX"])
    assert fixed.nodes == begun(Term(10, None), at).nodes
    assert fixed.fixed(HANDLER, at + timedelta(days=2), RECKONING) == fixed


def test_the_fix_reckons_all_entries_again() -> None:
    at = datetime(2020, 12, 28, 2, tzinfo=UTC)

    def lived(reckoning: Reckoning) -> Deadline:
        one = begun(WEEK, at, reckoning).extended(4, SUPERVISOR, at + timedelta(days=1), reckoning)
        return one.stopped(HANDLER, at + timedelta(days=2)).gone_on(HANDLER, at + timedelta(days=9), reckoning)

    guessed = lived(knowing(2020))
    assert guessed.provisional
    fixed = guessed.fixed(HANDLER, at + timedelta(days=10), RECKONING)
    # Days that stood still were counted as they were known then.
    assert fixed.due_at is not None
    assert guessed.due_at is not None
    assert fixed.due_at > guessed.due_at


def test_what_ended_or_stands_still_is_not_fixed() -> None:
    guessed = begun(Term(10, None), datetime(2020, 12, 28, 2, tzinfo=UTC), knowing(2020))
    for deadline in (guessed.stopped(HANDLER, AT), guessed.ended(HANDLER, AT)):
        assert deadline.fixed(HANDLER, AT, RECKONING) == deadline


def test_in_words() -> None:
    case = handled()
    zh = [said(entry)[1] for entry in case.deadlines.result.entries]
    assert zh == ["自2020-06-05 10:00起5个工作日（时限规则 ordinary 第1版），至2020-06-12 17:30"]
    one = begun(DAY).stopped(HANDLER, hours(1)).gone_on(HANDLER, hours(2.5), RECKONING).ended(HANDLER, hours(3))
    assert [said(entry) for entry in one.entries[1:]] == [
        ("it stands still", "暂停计时"),
        ("it runs again, later by 1 h 30 min: due 2020-06-06 11:30", "恢复计时，顺延1小时30分钟，至2020-06-06 11:30"),
        ("ended", "结束"),
    ]
    late = begun(Term(10, None), datetime(2020, 12, 28, 2, tzinfo=UTC), knowing(2020))
    assert said(late.entries[0])[1].endswith("（日历未发布，暂按周一至周五）")


def test_a_case_that_was_kept_before_there_were_ledgers_has_its_day() -> None:
    document = CODEC.dump(handled())
    del document["deadlines"]
    kept: Case = CODEC.load(document | {"due_at": limit(AT, 5).at, "due_provisional": True})
    assert (kept.due_at, kept.due_provisional, kinds(kept.deadlines.result)) == (limit(AT, 5).at, True, ["START"])
    assert kept.deadlines.response.entries == []
    assert (
        kept.deadlines.result.stopped(HANDLER, AT).gone_on(HANDLER, AT + timedelta(days=4), RECKONING).due_at
        == limit(limit(AT, 5).at, 2).at
    )
    assert CODEC.load(document | {"due_at": None}).due_at is None


@pytest.mark.parametrize("seed", range(200))
def test_no_sequence_makes_it_later_but_a_pause_an_extension_and_the_fix(seed: int) -> None:
    """By chances that are the same each time; and the replay of the whole ledger comes to what stands in it."""
    chance = random.Random(seed)
    at = datetime(2020, chance.randrange(1, 13), chance.randrange(1, 28), chance.randrange(24), chance.randrange(60), tzinfo=UTC)
    one = begun(chance.choice([WEEK, DAY, Term(1, None), Term(15, None)]), at)
    for _ in range(chance.randrange(1, 12)):
        at += timedelta(minutes=chance.randrange(0, 60 * 24 * 3))
        due = one.due_at
        match chance.choice(["HOP", "PAUSE", "RESUME", "EXTEND", "FIX", "AGAIN"]):
            case "HOP":
                one = one.passed_on(chance.choice([LUCHENG, ZJJ]), HANDLER, at)
                assert one.due_at == due
            case "PAUSE" if due is not None:
                one = one.stopped(HANDLER, at)
            case "RESUME":
                stood = one.entries[-2].due_at if one.paused else due
                one = one.gone_on(HANDLER, at, RECKONING)
                # Never earlier by having stood still; what ran is as it was.
                assert one.due_at is not None
                assert stood is not None
                assert one.due_at >= stood if due is None else one.due_at == stood
            case "EXTEND" if due is not None:
                one = one.extended(chance.randrange(1, 11), SUPERVISOR, at, RECKONING)
                assert one.due_at is not None
                assert one.due_at > due
            case "FIX":
                assert one.fixed(HANDLER, at, RECKONING) == one
            case _:
                pass
    if one.due_at is not None:
        again = one.model_copy(update={"entries": [*one.entries[:-1], one.entries[-1].model_copy(update={"provisional": True})]})
        assert again.fixed(HANDLER, at, RECKONING).due_at == one.due_at
