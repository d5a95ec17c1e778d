"""挂起: a department that cannot go on loses no time by it and gains none; somebody sees how long it lasts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.routing.domain.case import Case, erase_petitioner
from services.routing.domain.suspension import overdue, resume, suspend
from services.routing.domain.workdays import Workday
from services.routing.usecases.extend_work_order import ask_for_days
from services.routing.usecases.reassign_work_order import send_elsewhere
from services.routing.usecases.suspend_work_order import end_suspension_of, resume_work_order, suspend_work_order
from services.routing.usecases.withdraw_grievance import withdraw_grievance
from shared.china_time import day_in_china
from shared.erasure import ERASED
from shared.identity.roles import Role
from tests.services.builders import AT, ID, Desk, viewer
from tests.services.routing.builders import (
    CALENDAR,
    CODEC,
    RECKONING,
    ZJJ,
    case_in,
    code_of,
    handled,
    handling,
    limit,
    office,
    told,
    with_extension_asked,
    with_report_waiting,
)
from tests.services.routing.builders import HANDLER as HANDLER_OWNER

HANDLER, SUPERVISOR, DISPATCHER = viewer(Role.HANDLER), viewer(Role.SUPERVISOR), viewer(Role.DISPATCHER)
WHY = "等待供货，联系人13812345678。"
UNTIL = date(2020, 6, 15)
DUE = limit(AT, 5).at
"""Friday, 12 June 2020: five working days after AT."""


def china(day: int, hour: int, minute: int = 0) -> datetime:
    """In June 2020, by the clock in China."""
    return datetime(2020, 6, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


async def suspended(made: Desk, at: datetime, until: date = UNTIL, request: str = "s") -> None:
    await suspend_work_order(handling(made, lambda: at), HANDLER, request, ID, WHY, until, "")


async def resumed(made: Desk, at: datetime, request: str = "g") -> Case:
    await resume_work_order(handling(made, lambda: at), HANDLER, request, ID, "")
    case: Case = made.state()
    return case


@pytest.mark.row("S52")
async def test_nothing_is_due_while_it_lasts_and_then_as_many_working_days_later_as_it_lasted() -> None:
    made = office(handled())
    before: Case = made.state()
    assert before.due_at == DUE
    await suspended(made, china(8, 9))
    held: Case = made.state()
    assert (held.status, held.due_at, held.owner) == ("SUSPENDED", None, before.owner)
    assert (held.suspensions[-1].reason, held.suspensions[-1].due) == ("等待供货，联系人〔电话〕。", DUE)
    assert [told(made, HANDLER, move) for move in ("ASK_EXTENSION", "REPORT_RESOLUTION")] == ["ILLEGAL_MOVE"] * 2
    # From Monday to Wednesday: Tuesday and Wednesday.
    after = await resumed(made, china(10, 16))
    assert (after.status, after.due_at, after.due_provisional) == ("HANDLING", limit(DUE, 2).at, False)
    assert (after.suspensions[-1].ended_at, after.suspensions[-1].ended_by) == (china(10, 16), after.history[-1].by)
    assert [each.data()["progress"]["dueAt"] for each in made.events()[-2:]] == [None, "2020-06-16T09:30:00Z"]


@pytest.mark.parametrize(
    ("from_", "to", "days"),
    [
        (china(8, 9), china(8, 17), 0),
        (china(8, 23, 59), china(9, 0, 1), 1),
        (china(11, 9), china(14, 9), 1),
        # 25 and 26 June were holidays, Sunday the 28th was worked.
        (china(12, 9), china(29, 9), 10),
    ],
    ids=["within a day", "over a midnight", "over a weekend", "over a holiday with a make-up day"],
)
async def test_days_count_as_in_every_limit(from_: datetime, to: datetime, days: int) -> None:
    made = office(handled())
    await suspended(made, from_, date(2020, 6, 20))
    after = await resumed(made, to)
    assert after.due_at == (limit(DUE, days).at if days else DUE)


def working_days(after: datetime, to: datetime) -> int:
    """After the day of the one, up to the day of the other."""
    first = day_in_china(after)
    days = [first + timedelta(days=each) for each in range(1, (day_in_china(to) - first).days + 1)]
    return sum(CALENDAR.is_workday(day).workday for day in days)


@pytest.mark.parametrize("day", range(5, 13))
def test_what_was_left_is_left_on_whichever_days_it_stops_and_goes_on(day: int) -> None:
    case, _ = suspend(handled(), "等待。", UNTIL, HANDLER_OWNER, china(day, 9))
    for days in range(41):
        at = china(day, 9) + timedelta(days=days)
        after, _ = resume(case, HANDLER_OWNER, RECKONING, at)
        assert after.due_at is not None
        left = working_days(at, after.due_at)
        # On a day off after its last day: until the next day of work.
        last = day == 12 and not CALENDAR.is_workday(day_in_china(at)).workday
        assert left == (1 if last else working_days(china(day, 9), DUE))


@pytest.mark.parametrize("to", [china(13, 9), china(12, 18), china(17, 20)], ids=["on a Saturday", "after work", "days later after work"])
async def test_nobody_is_overdue_by_going_on(to: datetime) -> None:
    made = office(handled())
    await suspended(made, china(12, 10))
    after = await resumed(made, to)
    assert after.due_at == limit(to, 1).at


async def test_what_is_urgent_stands_still_to_the_minute() -> None:
    made = office(handled(urgent=True))
    await suspended(made, AT + timedelta(hours=23))
    after = await resumed(made, AT + timedelta(hours=28, minutes=10))
    assert after.due_at == AT + timedelta(hours=24) + timedelta(hours=5, minutes=10)


async def test_a_day_that_the_calendar_does_not_know_makes_it_provisional() -> None:
    made = office(handled())
    await suspended(made, china(8, 9))

    class Unknown:
        def is_workday(self, day: date) -> Workday:
            return Workday(CALENDAR.is_workday(day).workday, known=False)

        def known_until(self) -> int:
            return 2003

    reckoning = replace(RECKONING, timetable=replace(CALENDAR, calendar=Unknown()))
    await resume_work_order(replace(handling(made, lambda: china(9, 9)), reckoning=lambda: reckoning), HANDLER, "g", ID, "")
    assert made.state().due_provisional


async def test_it_is_not_suspended_late_too_often_too_long_nor_while_something_waits() -> None:
    made = office(handled())
    assert told(made, HANDLER, "SUSPEND", DUE) is None
    assert told(made, HANDLER, "SUSPEND", DUE + timedelta(seconds=1)) == "SUSPEND_TOO_LATE"
    for day in (date(2020, 6, 4), date(2020, 7, 6)):
        assert await code_of(suspended(made, AT, day)) == ("UNTIL_OUT_OF_RANGE", "until")
    assert await code_of(suspend_work_order(handling(made), HANDLER, "s", ID, " ", UNTIL, "")) == ("TEXT_EMPTY", "reason")
    for day, request in ((date(2020, 6, 5), "1"), (date(2020, 7, 5), "2")):
        await suspended(made, AT, day, request)
        await resumed(made, AT, f"g{request}")
    assert told(made, HANDLER, "SUSPEND") == "SUSPENDED_TOO_OFTEN"
    again: Case = made.state()
    assert again.work_order is not None
    made.put(again.with_(work_order=again.work_order.model_copy(update={"round": 2})))
    assert told(made, HANDLER, "SUSPEND") is None
    made.put(with_extension_asked(handled()))
    assert told(made, HANDLER, "SUSPEND") == "EXTENSION_PENDING"
    made.put(with_report_waiting(handled()))
    assert told(made, HANDLER, "SUSPEND") == "REPORT_WAITING"


async def test_a_supervisor_ends_what_has_no_ground_and_the_time_is_the_same() -> None:
    made = office(handled())
    await suspended(made, china(8, 9))
    await end_suspension_of(handling(made, lambda: china(10, 9)), SUPERVISOR, "e", ID, "材料早已到位，见13812345678。", "")
    after: Case = made.state()
    assert (after.status, after.due_at) == ("HANDLING", limit(DUE, 2).at)
    ended = after.suspensions[-1]
    assert (ended.answer, ended.ended_by and ended.ended_by.role) == ("材料早已到位，见〔电话〕。", "SUPERVISOR")
    assert [told(made, who, move) for who, move in ((HANDLER, "RESUME"), (SUPERVISOR, "END_SUSPENSION"))] == ["ILLEGAL_MOVE"] * 2
    # An extension is asked from there.
    await ask_for_days(handling(made, lambda: china(10, 9)), HANDLER, "x", ID, 3, WHY, "")
    assert made.state().extensions[-1].due == after.due_at


async def test_sent_elsewhere_it_goes_on_there() -> None:
    made = office(handled())
    await suspended(made, china(8, 9))
    await send_elsewhere(handling(made, lambda: china(10, 9)), DISPATCHER, "d", ID, ZJJ, "转住建。", "")
    after: Case = made.state()
    assert (after.status, after.due_at) == ("DISPATCHED", limit(DUE, 2).at)
    assert after.suspensions[-1].ended_at == china(10, 9)
    assert made.events()[-1].data()["progress"]["dueAt"] == "2020-06-16T09:30:00Z"


async def test_withdrawn_it_has_ended() -> None:
    made = office(case_in("SUSPENDED"))
    await withdraw_grievance(handling(made), viewer(Role.RESIDENT), "w", ID, None, "")
    after: Case = made.state()
    assert (after.status, after.due_at, after.suspensions[-1].ended_at) == ("WITHDRAWN", None, AT)


def test_one_that_lasts_longer_than_was_said_is_seen() -> None:
    [held] = case_in("SUSPENDED").suspensions
    assert [overdue(held, at) for at in (AT, china(15, 23, 59), china(16, 0))] == [False, False, True]
    assert not overdue(held.ended(held.by, AT), china(16, 0))


def test_erased_its_words_are_gone_and_older_documents_have_none() -> None:
    case = case_in("SUSPENDED")
    case = case.with_(suspensions=[case.suspensions[0].ended(case.owner, AT, "材料已到。")])
    [held] = erase_petitioner(case, "cd" * 32).suspensions
    assert (held.reason, held.answer, held.until) == (ERASED, ERASED, "2020-06-15")
    dumped = CODEC.dump(handled())
    del dumped["suspensions"], dumped["verifications"], dumped["drafts"]
    assert CODEC.load(dumped) == handled()


async def test_the_same_request_again_does_nothing_again() -> None:
    made = office(handled())
    await suspended(made, AT)
    once = made.state()
    await suspended(made, AT + timedelta(days=40))
    assert made.state() == once
