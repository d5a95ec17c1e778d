"""Who asked to be anonymous to the departments that handle it: by no field of any service do they learn what was answered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.feedback.domain.followup import answer_survey
from services.feedback.domain.survey import Answer, Survey, SurveyRules
from services.feedback.domain.timeline import Entry
from tests.access.conftest import World
from tests.access.documents import AT, keep_case, keep_followup, replied_by
from tests.access.people import HANDLING, THIRD_UNIT, claims
from tests.access.states import FAR
from tests.services.feedback.builders import tells

SURVEY = """survey { round state openedAt expiresAt remindedAt anonymousToHandlers answeredAt channel answeredBy resolved satisfied reason
  changes changeableUntil }"""
EVERYTHING = {
    "feedback": f"reply {{ text by department delivery }} {SURVEY} timeline {{ at what whatZh by status service }}",
    "routing": "status case { status closedAt reworks needsSupervision history { at action status } warnings { of } urges { words } }",
}
SAID_AT = AT + timedelta(hours=3, minutes=7, seconds=11)
RULES = SurveyRules(open_for=timedelta(days=7), remind_after=timedelta(days=3), change_for=timedelta(days=1))
HANDLERS = (claims("HANDLER"), claims("DEPARTMENT_HEAD"), claims("HANDLER", "SUPERVISOR"), claims("HANDLER", "CALLER"))


def said(satisfied: Any, reason: str | None, resolved: bool = True) -> Answer:
    return Answer(at=SAID_AT, channel="LINK", by="PETITIONER", resolved=resolved, satisfied=satisfied, reason=reason)


async def kept(world: World, id: str, *answers: Answer, anonymous: bool = True, relation: str = "S", **changes: Any) -> str:
    """As after these answers, with the handling department."""
    unanswered = Survey(round=2, opened_at=AT, expires_at=FAR)
    followup = world.describe(relation, id, survey=unanswered, timeline=[]).followup()
    told: list[Entry] = []
    for answer in answers:
        followup, events = answer_survey(followup, answer, anonymous, RULES)
        told += tells(*events)
    after = {"survey": followup.survey, "timeline": told, "departments": [HANDLING], **changes}
    await keep_followup(world, world.describe(relation, id, **after))
    await keep_case(world, world.describe(relation, id, status="CLOSED", departments=[HANDLING]))
    return id


async def told(world: World, who: Any, id: str) -> dict[str, Any]:
    """Everything that this viewer reads of it, in both services."""
    found: dict[str, Any] = {}
    for service, fields in EVERYTHING.items():
        query = f"query($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on Grievance {{ {fields} }} }} }}"
        answer = await world.ask(service, who, query, {"r": [{"__typename": "Grievance", "id": id}]})
        assert "errors" not in answer, answer
        found |= answer["data"]["_entities"][0]
    return found


@pytest.mark.row("S55")
@pytest.mark.parametrize("who", HANDLERS, ids=lambda who: "+".join(who["roles"]))
async def test_who_handles_it_learns_that_there_was_an_answer_and_no_more(world: World, who: dict[str, Any]) -> None:
    satisfied = await kept(world, f"hidden-{'-'.join(who['roles'])}-1", said("VERY_SATISFIED", "办得不错。"))
    neutral = await kept(world, f"hidden-{'-'.join(who['roles'])}-2", said("NEUTRAL", None), said("SATISFIED", "想了想。"))
    one, other = [await told(world, who, id) for id in (satisfied, neutral)]
    assert one["survey"] == other["survey"]
    empty = ("answeredAt", "channel", "answeredBy", "resolved", "satisfied", "reason", "changes", "changeableUntil")
    assert {one["survey"][name] for name in empty} == {None}
    assert (one["survey"]["state"], one["survey"]["anonymousToHandlers"]) == ("ANSWERED", True)
    for hidden in ("SATISFIED", "NEUTRAL", "满意", "办得不错", "想了想", "LINK"):
        assert hidden not in str(one) + str(other)
    assert [entry["what"] for entry in one["timeline"]] == ["survey answered"]


@pytest.mark.row("S55")
async def test_who_handles_it_again_reads_why_and_still_no_grade(world: World) -> None:
    answers = said("VERY_DISSATISFIED", "字还是看不清。", resolved=False), said("SATISFIED", "又看了看，可以。")
    closed = await kept(world, "hidden-closed", *answers)
    assert (await told(world, claims("HANDLER"), closed))["survey"]["reason"] is None
    followup = world.describe("S", "hidden-rework").followup()
    assert followup.progress is not None
    changed = await kept(world, "hidden-rework", *answers, progress=followup.progress.model_copy(update={"status": "HANDLING"}))
    theirs = await told(world, claims("HANDLER"), changed)
    assert theirs["survey"]["reason"] == "字还是看不清。"
    assert (theirs["survey"]["satisfied"], theirs["survey"]["resolved"]) == (None, None)
    assert "SATISFIED" not in str(theirs)
    assert "又看了看" not in str(theirs)


@pytest.mark.parametrize(
    ("who", "changes"),
    [
        (claims("SUPERVISOR", department=HANDLING), {"departments": [THIRD_UNIT], "involved": [HANDLING]}),
        (claims("DISPATCHER", sub="answered"), {"reply": replied_by("answered")}),
        (claims("SECRETARY"), {}),
    ],
    ids=["of a department of before", "who answered it", "of the team that heard it"],
)
async def test_who_had_a_part_in_it_learns_no_more(world: World, who: dict[str, Any], changes: dict[str, Any]) -> None:
    id = await kept(world, f"part-{who['roles'][0]}", said("NEUTRAL", None), said("VERY_DISSATISFIED", "敷衍了事。"), **changes)
    read = await told(world, who, id)
    assert (read["survey"]["state"], read["survey"]["satisfied"], read["survey"]["reason"]) == ("ANSWERED", None, None)
    assert [entry["what"] for entry in read["timeline"]] == ["survey answered"]


async def test_everybody_else_who_sees_it_reads_the_answer_and_so_does_its_author(world: World) -> None:
    id = await kept(world, "hidden-not", said("VERY_SATISFIED", "办得不错。"))
    own = await kept(world, "hidden-own", said("VERY_SATISFIED", "办得不错。"), relation="O")
    # The last works for the department, and the answer is their own.
    readers = [("SUPERVISOR", id), ("CALLER", id), ("AUDITOR", id), ("DISPATCHER", id), ("RESIDENT", own)]
    for who, read in [*readers, (claims("RESIDENT", "HANDLER"), own)]:
        survey = (await told(world, who, read))["survey"]
        assert (survey["satisfied"], survey["reason"], survey["channel"]) == ("VERY_SATISFIED", "办得不错。", "LINK")


async def test_who_did_not_ask_for_it_is_read_by_all_who_see_it(world: World) -> None:
    id = await kept(world, "not-anonymous", said("NEUTRAL", None), anonymous=False)
    assert (await told(world, claims("HANDLER"), id))["survey"]["satisfied"] == "NEUTRAL"


async def test_who_told_it_reads_no_warning_of_what_is_among_officials(world: World) -> None:
    of = ("RESULT", "COMMUNITY_OPINION", "COMPOUND_OPINION", "SUPERVISION_ORDER")
    query = "query($r: [_Any!]!) { _entities(representations: $r) { ... on Grievance { case { warnings { of } } } } }"
    for who, relation, expected in (("RESIDENT", "O", of[:1]), ("SUPERVISOR", "S", of)):
        id = f"hidden-warnings-{relation}"
        [given] = world.describe(relation, id).case().warnings
        warnings = [given.model_copy(update={"of": each}) for each in of]
        await keep_case(world, world.describe(relation, id, warnings=warnings))
        answer = await world.ask("routing", who, query, {"r": [{"__typename": "Grievance", "id": id}]})
        assert [each["of"] for each in answer["data"]["_entities"][0]["case"]["warnings"]] == list(expected), who
