"""Who calls, who reads what callers heard, and when a draw is told: nobody who has a part in the matter, and not before its time."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import pytest

from services.feedback.domain.draw import Recorded, commitment_of, seed_of
from tests.access.conftest import World
from tests.access.documents import AT, keep_followup, replied_by
from tests.access.people import HANDLING, HERE, OTHER_UNIT, SUB, THIRD_UNIT, claims

REFUSED = "code message messageZh field"
CALL = f"... on CallbackRecorded {{ callback {{ state confirmed attempts {{ by }} }} }} ... on CallbackRefused {{ {REFUSED} }}"
DENIED = {"result": "REACHED", "confirmed": False}


@pytest.mark.row("S55")
@pytest.mark.parametrize(
    ("who", "relation", "changes", "code"),
    [
        (claims("CALLER"), "S", {}, None),
        (claims("CALLER", department=HANDLING), "S", {}, "HANDLER_MAY_NOT_SURVEY"),
        (claims("CALLER", department=HANDLING), "S", {"departments": [THIRD_UNIT], "involved": [HANDLING]}, "HANDLER_MAY_NOT_SURVEY"),
        (claims("CALLER"), "S", {"handlers": [SUB]}, "HANDLER_MAY_NOT_SURVEY"),
        (claims("CALLER", "HANDLER"), "X", {"involved": [HANDLING]}, "NOT_FOUND"),
        (claims("CALLER", "RESIDENT"), "O", {"division": HERE}, "NOT_YOUR_CALLBACK"),
        (claims("RESIDENT"), "O", {}, "ROLE_MISSING"),
        (claims("CALLER", "SECRETARY"), "S", {}, "HANDLER_MAY_NOT_SURVEY"),
        (claims("CALLER", sub="answered"), "S", {"reply": replied_by("answered")}, "HANDLER_MAY_NOT_SURVEY"),
        (claims("CALLER"), "X", {}, "NOT_FOUND"),
        (claims("CALLER"), "A", {}, "NOT_FOUND"),
    ],
    ids=[
        "of another office",
        "of its office",
        "of one before",
        "who handled it",
        "no more theirs to see",
        "their own",
        "its petitioner",
        "of the team that heard it",
        "who answered it",
        "hidden",
        "accused",
    ],
)
async def test_who_calls_has_no_part_in_the_matter(
    world: World, who: dict[str, Any], relation: str, changes: dict[str, Any], code: str | None
) -> None:
    id = f"call-{code}-{relation}-{len(changes)}-{who['department']}-{len(who['roles'])}-{who['sub']}"
    await keep_followup(world, world.describe(relation, id, **changes))
    result = await world.do("feedback", who, "recordCallback", CALL, requestId="one", grievanceId=id, **DENIED)
    assert result.get("code") == code
    if code == "HANDLER_MAY_NOT_SURVEY":
        # No more by the other door.
        happy = {"resolved": True, "satisfied": "VERY_SATISFIED"}
        refused = await world.do(
            "feedback", who, "answerSurvey", f"... on SurveyRefused {{ {REFUSED} }}", requestId="two", grievanceId=id, **happy
        )
        assert refused["code"] == code
    if code is None:
        unit = {"by": f"CALLER {OTHER_UNIT}"}
        assert result["callback"] == {"state": "DONE", "confirmed": False, "attempts": [{"by": "caller mark7S7"}, unit]}


CALLED = "query($r: [_Any!]!) { _entities(representations: $r) { ... on Grievance { callback { confirmed } } } }"


async def test_what_was_said_to_a_caller_is_read_by_nobody_who_has_a_part_in_the_matter(world: World) -> None:
    """Whatever else they are: an office would learn of whom it was drawn, and who did not confirm."""
    for changes in ({}, {"departments": [THIRD_UNIT], "involved": [HANDLING]}):
        id = f"call-read-{len(changes)}"
        await keep_followup(world, world.describe("S", id, **changes))
        representations = {"r": [{"__typename": "Grievance", "id": id}]}
        for who, expected in (
            (claims("SUPERVISOR"), {"confirmed": None}),
            (claims("SUPERVISOR", "DEPARTMENT_HEAD"), None),
            (claims("CALLER", department=HANDLING), None),
            (claims("HANDLER"), None),
        ):
            answer = await world.ask("feedback", who, CALLED, representations)
            assert answer["data"]["_entities"][0]["callback"] == expected


DRAW = "query($month: String) { callbackDraw(month: $month) { month commitment seed perMille recordedAt drawn } }"


async def test_a_seed_is_told_when_its_month_is_over_and_is_what_was_committed_to(world: World) -> None:
    now = (await world.ask("feedback", "AUDITOR", DRAW))["data"]["callbackDraw"]
    following = max(world.services["feedback"].draws.held)
    assert following > now["month"]
    for month in (now["month"], following):
        held = (await world.ask("feedback", "CITY_ADMIN", DRAW, {"month": month}))["data"]["callbackDraw"]
        assert (held["seed"], held["drawn"], len(held["commitment"]), held["perMille"]) == (None, None, 64, 50)
    over = (await world.ask("feedback", "AUDITOR", DRAW, {"month": "2026-07"}))["data"]["callbackDraw"]
    assert hashlib.sha256(bytes.fromhex(over["seed"])).hexdigest() == over["commitment"] != now["commitment"]
    assert (over["drawn"], over["perMille"], datetime.fromisoformat(over["recordedAt"])) == (0, 50, AT)


@pytest.mark.parametrize(("month", "is_over"), [("2026-05", True), ("2099-01", False)])
async def test_of_a_month_of_which_nothing_is_recorded_nothing_is_told_as_if_it_were(world: World, month: str, is_over: bool) -> None:
    held = (await world.ask("feedback", "AUDITOR", DRAW, {"month": month}))["data"]["callbackDraw"]
    assert (held["commitment"], held["perMille"], held["recordedAt"]) == (None, None, None)
    assert (held["seed"] is not None, held["drawn"] is not None) == (is_over, is_over)


async def test_what_is_told_is_what_was_recorded_whatever_becomes_of_key_and_rules(world: World) -> None:
    recorded = Recorded("2026-04", commitment_of(seed_of(bytes(32), "2026-04")), 7, AT)
    await world.services["feedback"].draws.keep([recorded])
    held = (await world.ask("feedback", "AUDITOR", DRAW, {"month": "2026-04"}))["data"]["callbackDraw"]
    assert (held["commitment"], held["perMille"]) == (recorded.commitment, 7)
    assert hashlib.sha256(bytes.fromhex(held["seed"])).hexdigest() != held["commitment"]
