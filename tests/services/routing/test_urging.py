"""催办: who may, how often, as what; that it is answered, and that it moves nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.routing.domain.case import Case, erase_petitioner
from services.routing.usecases.urge_grievance import answer_who_urges, urge_handling
from shared.erasure import ERASED
from shared.identity.roles import Role
from shared.identity.viewer import Viewer
from tests.services.builders import AT, COUNTY, ID, TEAM, Desk, viewer
from tests.services.routing.builders import appraising, code_of, handled, handling, office, told

RESIDENT, HANDLER = viewer(Role.RESIDENT), viewer(Role.HANDLER)
SECRETARY, LEADER = viewer(Role.SECRETARY), viewer(Role.TEAM_LEADER)
DISPATCHER, SUPERVISOR = viewer(Role.DISPATCHER), viewer(Role.SUPERVISOR)
DAY = timedelta(hours=24)


async def urged(made: Desk, who: Viewer, request: str = "u", words: str | None = "请尽快。", hours: float = 0) -> None:
    await urge_handling(handling(made, lambda: AT + timedelta(hours=hours)), who, request, ID, words, "")


@pytest.mark.row("S53")
@pytest.mark.parametrize(
    ("who", "role", "unit"),
    [
        (RESIDENT, "RESIDENT", ""),
        (SECRETARY, "SECRETARY", TEAM),
        (LEADER, "TEAM_LEADER", TEAM),
        (DISPATCHER, "DISPATCHER", COUNTY),
        (SUPERVISOR, "SUPERVISOR", COUNTY),
    ],
    ids=lambda each: next(iter(each.roles)).value if isinstance(each, Viewer) else str(each),
)
async def test_who_waits_or_watches_urges_and_it_moves_nothing(who: Viewer, role: str, unit: str) -> None:
    made = office(handled())
    before: Case = made.state()
    await urged(made, who, words="已经等了半个月，请打13812345678。")
    after: Case = made.state()
    [urge] = after.urges
    assert (urge.by.role, urge.by.unit, urge.words, urge.answered_at) == (role, unit, "已经等了半个月，请打〔电话〕。", None)
    assert (after.status, after.owner, after.due_at) == (before.status, before.owner, before.due_at)
    assert made.said() == ["routing.grievance.moved.v1"]


async def test_each_urges_once_in_24_hours() -> None:
    made = office(handled())
    await urged(made, RESIDENT)
    assert await code_of(urged(made, RESIDENT, "2", hours=23.9)) == ("URGED_TODAY", None)
    await urged(made, SECRETARY, "3", hours=1)
    assert told(made, RESIDENT, "URGE", AT + DAY - timedelta(seconds=1)) == "URGED_TODAY"
    assert told(made, RESIDENT, "URGE", AT + DAY) is None
    await urged(made, RESIDENT, "4", None, hours=24)
    assert [each.words for each in made.state().urges] == ["请尽快。", "请尽快。", None]


async def test_the_same_request_again_urges_once() -> None:
    made = office(handled())
    for _ in range(2):
        await urged(made, RESIDENT)
    assert len(made.state().urges) == 1


async def test_the_department_answers_all_who_wait() -> None:
    made = office(handled())
    assert told(made, HANDLER, "ANSWER_URGE") == "NOTHING_TO_ANSWER"
    await urged(made, RESIDENT)
    await urged(made, SUPERVISOR, "2")
    await answer_who_urges(handling(made), HANDLER, "a", ID, "明天完工，联系13812345678。", "")
    assert [(each.answer, each.answered_by and each.answered_by.role) for each in made.state().urges] == [
        ("明天完工，联系〔电话〕。", "HANDLER")
    ] * 2
    assert told(made, HANDLER, "ANSWER_URGE") == "NOTHING_TO_ANSWER"
    await urged(made, RESIDENT, "3", hours=30)
    assert [each.answered_at is None for each in made.state().urges] == [False, False, True]


@pytest.mark.parametrize(
    ("who", "code"),
    [
        # Sees it by territory, and is a secretary elsewhere.
        (
            viewer(Role.COMMUNITY_SECRETARY, roles=frozenset({Role.COMMUNITY_SECRETARY, Role.SECRETARY}), team="T-other"),
            "NOT_YOURS_TO_URGE",
        ),
        (viewer(Role.COMMUNITY_SECRETARY), "ROLE_MISSING"),
        (HANDLER, "ROLE_MISSING"),
    ],
    ids=["another team", "community", "who has it"],
)
async def test_nobody_else_urges(who: Viewer, code: str) -> None:
    made = office(handled())
    assert await code_of(urged(made, who)) == (code, None)


async def test_what_waits_for_people_is_urged_too_and_what_is_empty_is_refused() -> None:
    made = office(appraising())
    await urged(made, SECRETARY)
    assert len(made.state().urges) == 1
    assert await code_of(urged(made, SUPERVISOR, "2", " ")) == ("TEXT_EMPTY", "words")
    assert await code_of(answer_who_urges(handling(made), HANDLER, "a", ID, "", "")) == ("TEXT_EMPTY", "answer")


async def test_the_words_go_with_the_petitioner() -> None:
    made = office(handled())
    await urged(made, RESIDENT)
    await answer_who_urges(handling(made), HANDLER, "a", ID, "明天。", "")
    [urge] = erase_petitioner(made.state(), "gone").urges
    assert (urge.words, urge.answer, urge.answered_at) == (ERASED, ERASED, AT)
