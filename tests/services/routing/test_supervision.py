"""督办单 and 红黄牌: the chain of orders, what lapses, what is a card by rule, and what becomes of a card."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from services.routing.domain import returns, watch
from services.routing.domain.cards import APPEAL_DAYS
from services.routing.domain.case import Case, erase_petitioner
from services.routing.domain.lifecycle import BY_ACTION, Action
from services.routing.domain.supervision import state_of
from services.routing.usecases.act_on_many import Told, act_on_many
from services.routing.usecases.give_card import appeal_against, decide_on_card, give_card
from services.routing.usecases.report_resolution import report
from services.routing.usecases.supervise_department import decide_on_reply, demand_reply, reply_to_order
from services.routing.usecases.urge_grievance import urge_handling
from shared.contracts.intake import DepartmentRow
from shared.contracts.routing import Status
from shared.erasure import ERASED
from shared.identity.roles import Role
from shared.writer import NoSuchRecord
from tests.services.builders import AT, ID, LUCHENG, Desk, viewer
from tests.services.routing.builders import (
    DISPATCHER,
    KNOWN,
    OFFICE,
    RECKONING,
    ZJJ,
    answered_on_the_spot,
    case_in,
    code_of,
    fed_back,
    handled,
    handling,
    office,
    told,
    with_appeal,
    with_card,
    with_order_issued,
    with_the_platform,
)
from tests.services.routing.test_lifecycle import MEETING

SUPERVISOR, HANDLER, HEAD = viewer(Role.SUPERVISOR), viewer(Role.HANDLER), viewer(Role.DEPARTMENT_HEAD)
ANOTHER = viewer(Role.SUPERVISOR, sub="supervisor-2")
# The 5th of June 2020 was a Friday.
MONDAY = date(2020, 6, 8)
WORDS = "请说明进展，联系13812345678。"


async def demanded(made: Desk, request: str = "d", at: datetime = AT, until: date = MONDAY) -> None:
    await demand_reply(handling(made, lambda: at), SUPERVISOR, request, ID, WORDS, until, "")


async def replied(made: Desk, request: str = "r", at: datetime = AT) -> None:
    await reply_to_order(handling(made, lambda: at), HANDLER, request, ID, "三日内更换。", "")


async def decided(made: Desk, accepted: bool, request: str = "x", at: datetime = AT) -> None:
    await decide_on_reply(handling(made, lambda: at), SUPERVISOR, request, ID, accepted, "没有日期。", "")


def states(made: Desk) -> list[str]:
    case: Case = made.state()
    return [state_of(case, order) for order in case.orders]


def sent_to(case: Case, department: str) -> Case:
    row = DepartmentRow(code=department, name="住建局", division="370800000000", head="head-zjj", receiver="r")
    return returns.reassign(case, row, "转住建。", DISPATCHER, RECKONING, AT + timedelta(hours=1))[0]


@pytest.mark.row("S53")
async def test_an_order_is_addressed_to_the_head_replied_to_and_accepted() -> None:
    made = office(handled())
    before: Case = made.state()
    await demanded(made)
    [order] = made.state().orders
    assert (order.ordinal, order.follows, order.department, order.head, order.demand) == (
        1,
        None,
        LUCHENG,
        f"head-{LUCHENG}",
        "请说明进展，联系〔电话〕。",
    )
    # At the close of work in China.
    assert order.due_at == datetime.fromisoformat("2020-06-08T17:30:00+08:00")
    assert states(made) == ["OPEN"]
    await replied(made)
    assert states(made) == ["REPLIED"]
    await decided(made, True)
    assert states(made) == ["ACCEPTED"]
    after: Case = made.state()
    assert (after.status, after.owner, after.deadlines) == (before.status, before.owner, before.deadlines)
    assert made.said() == ["routing.grievance.moved.v1"] * 3


async def test_a_refused_reply_is_followed_by_the_next_order_in_the_chain() -> None:
    made = office(handled())
    await demanded(made)
    assert await code_of(demanded(made, "2")) == ("ORDER_OPEN", None)
    await replied(made)
    assert await code_of(demanded(made, "2")) == ("ORDER_REPLIED", None)
    await decided(made, False)
    await demanded(made, "2")
    assert [order.follows for order in made.state().orders] == [None, 1]
    assert states(made) == ["REFUSED", "OPEN"]
    await replied(made, "r2")
    await decided(made, True, "x2")
    await demanded(made, "3")
    # What was accepted has no successor: it is a matter of its own.
    assert [order.follows for order in made.state().orders] == [None, 1, None]


async def test_what_nobody_replies_to_in_time_may_be_followed() -> None:
    made = office(handled())
    await demanded(made)
    due = made.state().orders[0].due_at
    assert await code_of(demanded(made, "2", due)) == ("ORDER_OPEN", None)
    await demanded(made, "2", due + timedelta(seconds=1), date(2020, 6, 12))
    assert states(made) == ["UNANSWERED", "OPEN"]
    assert made.state().orders[1].follows == 1


async def test_who_reports_the_result_has_replied_by_it() -> None:
    made = office(with_order_issued(handled()))
    await report(handling(made), HEAD, "r", ID, "已更换。", [], "")
    assert states(made) == ["REPLIED"]
    assert made.state().orders[0].reply == "已更换。"
    await decided(made, False)
    assert states(made) == ["REFUSED"]


async def test_an_order_lapses_where_the_case_leaves_the_department() -> None:
    made = office(sent_to(with_order_issued(handled()), ZJJ))
    assert states(made) == ["LAPSED"]
    assert told(made, viewer(Role.HANDLER, department=ZJJ), "REPLY_SUPERVISION_ORDER") == "NO_ORDER_OPEN"
    await demanded(made, at=AT + timedelta(hours=2))
    assert [(order.department, order.follows) for order in made.state().orders] == [(LUCHENG, None), (ZJJ, None)]
    assert states(made) == ["LAPSED", "OPEN"]


@pytest.mark.parametrize(
    ("until", "refused"), [(AT.date(), True), (date(2020, 6, 6), False), (date(2020, 7, 5), False), (date(2020, 7, 6), True)]
)
async def test_a_reply_is_due_from_tomorrow_on_within_thirty_days(until: date, refused: bool) -> None:
    made = office(handled())
    if refused:
        assert await code_of(demanded(made, until=until)) == ("UNTIL_OUT_OF_RANGE", "until")
    else:
        await demanded(made, until=until)
        assert made.state().orders[0].due_at.date() == until


@pytest.mark.row("S55")
async def test_what_was_closed_and_satisfied_nobody_is_supervisions() -> None:
    """重办 at most twice, then supervision."""
    unhappy = case_in("CLOSED").with_(needs_supervision=True)
    made = office(unhappy)
    await demanded(made)
    await replied(made)
    await decided(made, True)
    after: Case = made.state()
    assert (after.status, after.needs_supervision) == ("CLOSED", False)
    assert await code_of(demanded(made, "2")) == ("NOTHING_TO_SUPERVISE", None)


@pytest.mark.row("S55")
async def test_for_what_12345_had_and_was_closed_its_office_answers_as_any_department() -> None:
    """Nothing can be reassigned there."""
    made = office(with_the_platform().with_(status="CLOSED", needs_supervision=True, deadlines=fed_back().deadlines))
    handler = viewer(Role.HANDLER, department=OFFICE)
    await demanded(made)
    assert [(order.department, order.head) for order in made.state().orders] == [(OFFICE, f"head-{OFFICE}")]
    late = fire(made.state(), AT + timedelta(days=30))
    assert [(card.department, card.given, card.ground) for card in late.cards] == [(OFFICE, "RED", "ORDER_OVERDUE")]
    await reply_to_order(handling(made), handler, "r", ID, "已与平台核实。", "")
    await decided(made, True)
    assert (states(made), made.state().status, made.state().needs_supervision) == (["ACCEPTED"], "CLOSED", False)
    assert await code_of(demanded(made, "2")) == ("NOTHING_TO_SUPERVISE", None)
    await carded(made)
    assert [card.department for card in made.state().cards] == [OFFICE]
    await appealed(made, viewer(Role.DEPARTMENT_HEAD, department=OFFICE))


@pytest.mark.parametrize("status", [status for status in BY_ACTION["GIVE_CARD"].origins if status != "CLOSED"])
def test_while_12345_has_it_its_office_gets_neither_order_nor_card(status: Status) -> None:
    made = office(with_the_platform().with_(status=status))
    actions: tuple[Action, ...] = ("ISSUE_SUPERVISION_ORDER", "GIVE_CARD")
    for action in actions:
        legal = status in BY_ACTION[action].origins
        assert told(made, SUPERVISOR, action) == ("WITH_PLATFORM" if legal else "ILLEGAL_MOVE")


@pytest.mark.parametrize(
    ("case", "code"),
    [
        (answered_on_the_spot().with_(status="CLOSED", needs_supervision=True), "NO_DEPARTMENT"),
        (with_the_platform(), "WITH_PLATFORM"),
    ],
    ids=["nobody had it", "12345"],
)
async def test_an_order_needs_a_department_that_can_answer(case: Case, code: str) -> None:
    assert await code_of(demanded(office(case))) == (code, None)
    assert told(office(case), SUPERVISOR, "GIVE_CARD") == code


async def test_the_same_request_again_issues_once() -> None:
    made = office(handled())
    for _ in range(2):
        await demanded(made)
    assert len(made.state().orders) == 1


def fire(case: Case, at: datetime) -> Case:
    fired = watch.fire(case, KNOWN, at)
    assert fired is not None
    return fired[0]


def given(case: Case, of: str) -> list[tuple[str, str, str | None]]:
    return [(each.step, each.to_role, each.to_staff) for each in case.warnings if each.of == of]


@pytest.mark.row("S52")
async def test_the_clock_warns_of_an_order_up_to_the_city_and_a_reply_stops_it() -> None:
    made = office(handled())
    await demanded(made, until=date(2020, 6, 12))
    case = fire(made.state(), AT + timedelta(days=30))
    head = "head-lucheng"
    assert given(case, "SUPERVISION_ORDER") == [
        *((step, "DEPARTMENT_HEAD", head) for step in ("REMIND", "YELLOW", "RED", "TO_HEAD")),
        ("TO_SUPERVISOR", "SUPERVISOR", None),
        ("TO_CITY", "CITY_ADMIN", None),
    ]
    await replied(made)
    assert given(fire(made.state(), AT + timedelta(days=30)), "SUPERVISION_ORDER") == []


async def test_of_a_closed_case_the_clock_warns_too() -> None:
    made = office(case_in("CLOSED").with_(needs_supervision=True, deadlines=fed_back().deadlines))
    assert watch.fire(made.state(), KNOWN, AT + timedelta(days=300)) is None
    await demanded(made)
    assert [each.of for each in fire(made.state(), AT + timedelta(days=30)).warnings] == ["SUPERVISION_ORDER"] * 5


@pytest.mark.row("S53")
async def test_what_is_overdue_is_a_card_of_the_department_by_rule() -> None:
    made = office(handled())
    await demanded(made, until=date(2020, 6, 12))
    case = fire(made.state(), AT + timedelta(days=30))
    assert [(card.department, card.given, card.ground, card.month, card.by.role) for card in case.cards] == [
        (LUCHENG, "YELLOW", "RESULT_OVERDUE", "2020-06", "SYSTEM"),
        (LUCHENG, "RED", "ORDER_OVERDUE", "2020-06", "SYSTEM"),
        (LUCHENG, "RED", "RESULT_TO_CITY", "2020-06", "SYSTEM"),
    ]
    # Once each: the clock looks again and finds nothing.
    assert watch.fire(case, KNOWN, AT + timedelta(days=60)) is None


def test_a_card_that_is_given_late_is_of_the_month_in_which_it_was_due() -> None:
    case = fire(handled(), datetime.fromisoformat("2020-09-01T00:00:00+08:00"))
    assert {card.month for card in case.cards} == {"2020-06"}
    assert {card.at.month for card in case.cards} == {9}


@pytest.mark.parametrize("case", [answered_on_the_spot(), with_the_platform()], ids=["no department", "12345"])
def test_nobody_is_given_a_card_where_no_department_has_it(case: Case) -> None:
    fired = watch.fire(case, KNOWN, AT + timedelta(days=30))
    assert (fired[0] if fired else case).cards == []


async def carded(made: Desk) -> None:
    await give_card(handling(made), SUPERVISOR, "g", ID, "RED", WORDS, "")


async def appealed(made: Desk, who: Any = HEAD, card: int = 1, at: datetime = AT, request: str = "a") -> None:
    await appeal_against(handling(made, lambda: at), who, request, ID, card, "等待批复，联系13812345678。", "")


async def answered(made: Desk, upheld: bool, colour: Any = None, who: Any = ANOTHER, card: int = 1, request: str = "c") -> None:
    await decide_on_card(handling(made), who, request, ID, card, upheld, colour, "确有批复。", "")


async def test_a_card_is_appealed_against_and_corrected_and_what_was_given_stays() -> None:
    made = office(handled())
    await carded(made)
    assert made.state().cards[0].reason == "请说明进展，联系〔电话〕。"
    await appealed(made)
    assert made.state().cards[0].appealed
    await answered(made, False, "YELLOW")
    [card] = made.state().cards
    assert (card.given, card.colour, card.appeal.granted, card.appeal.reason) == ("RED", "YELLOW", True, "等待批复，联系〔电话〕。")
    await answered(made, False, None, request="c2")
    [card] = made.state().cards
    assert (card.given, card.colour, [each.colour for each in card.corrections]) == ("RED", None, ["YELLOW", None])
    assert await code_of(answered(made, False, None, request="c3")) == ("NO_CARD_TO_CORRECT", None)


async def test_an_upheld_card_stays_and_is_not_appealed_against_again() -> None:
    made = office(with_appeal(handled()))
    await answered(made, True)
    [card] = made.state().cards
    assert (card.colour, card.appeal.granted, card.corrections) == ("YELLOW", False, [])
    assert await code_of(appealed(made)) == ("NO_CARD_TO_APPEAL", None)
    assert await code_of(answered(made, True, request="c2")) == ("NO_APPEAL_WAITS", None)


async def test_nobody_decides_on_a_card_that_they_gave_and_no_correction_is_harsher() -> None:
    made = office(handled())
    await carded(made)
    assert await code_of(answered(made, False, None, who=SUPERVISOR)) == ("OWN_CARD", "card")
    assert await code_of(answered(made, False, "RED")) == ("NOT_MILDER", "colour")
    assert await code_of(answered(made, False, None, card=2)) == ("CARD_UNKNOWN", "card")


async def test_an_appeal_is_made_within_five_working_days() -> None:
    last = RECKONING.days(AT, APPEAL_DAYS, LUCHENG).at
    await appealed(office(with_card(handled())), at=last)
    assert await code_of(appealed(office(with_card(handled())), at=last + timedelta(seconds=1))) == ("APPEAL_TOO_LATE", "card")


async def test_a_department_appeals_also_where_the_case_has_gone_elsewhere_and_only_against_its_own_cards() -> None:
    made = office(sent_to(with_card(with_card(handled()), department=ZJJ), ZJJ))
    assert await code_of(appealed(made, card=2)) == ("NOT_YOUR_CARD", "card")
    await appealed(made)
    assert made.state().cards[0].appeal.by.unit == LUCHENG
    with pytest.raises(NoSuchRecord):
        await appealed(made, viewer(Role.DEPARTMENT_HEAD, department="D-3708-SJJ"), request="b")


async def test_who_is_accused_hears_of_no_card() -> None:
    made = office(with_card(handled()).with_(accused_departments=[LUCHENG]))
    with pytest.raises(NoSuchRecord):
        await appealed(made)


def test_the_words_of_orders_and_cards_go_with_the_petitioner() -> None:
    case = with_appeal(with_order_issued(handled())).with_(
        orders=[with_order_issued(handled()).orders[0].replied("孔凡莹说可以。", DISPATCHER, AT)]
    )
    erased = erase_petitioner(case, "gone")
    assert (erased.orders[0].demand, erased.orders[0].reply, erased.orders[0].replied_at) == (ERASED, ERASED, AT)
    [card] = erased.cards
    assert card.appeal is not None
    assert (card.reason, card.appeal.reason, card.given) == (None, ERASED, "YELLOW")


@pytest.mark.row("S43")
async def test_a_meeting_urges_each_case_once_whoever_else_has() -> None:
    made = office(handled())
    await urge_handling(handling(made), SUPERVISOR, "u", ID, None, "")
    meeting = Told("请尽快。", meeting=MEETING)

    async def told_by(who: Any, request: str) -> str | None:
        [refusal] = (await act_on_many(handling(made), who, request, "URGE_BY_MEETING", [ID], meeting, "")).values()
        return refusal and refusal.code

    assert await told_by(SUPERVISOR, "m") is None
    assert await told_by(SUPERVISOR, "m") is None
    assert await told_by(viewer(Role.COMMUNITY_SECRETARY), "m2") == "URGED_BY_THIS_MEETING"
    assert [each.meeting for each in made.state().urges] == [None, MEETING]
    later = Told("请尽快。", meeting=MEETING.model_copy(update={"day": "2020-07-06"}))
    [refusal] = (await act_on_many(handling(made), SUPERVISOR, "m3", "URGE_BY_MEETING", [ID], later, "")).values()
    assert refusal is not None
    assert refusal.code == "MEETING_NOT_HELD"
