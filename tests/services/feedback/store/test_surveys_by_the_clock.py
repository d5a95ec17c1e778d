"""Surveys in a real store: several workers remind and end each once; those of before there was an end get one."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

from services.feedback.domain.followup import FollowUp, answer_survey, fire
from services.feedback.service import participant
from services.feedback.store.mongo import CODEC, FollowUps, end_open_surveys, migrate
from shared.mongo import Database
from shared.record import stub
from shared.timers import TIMER, Timers
from shared.writer import Writer, event_of
from tests.services.builders import AT, DRAW, KEY, SURVEY_RULES, StillWorld
from tests.services.feedback.builders import asked, happy

DAY = timedelta(days=1)


def kept(id: str, followup: FollowUp) -> dict[str, Any]:
    return {**stub(id), "version": 1, "registered": True, **CODEC.dump(followup)}


async def test_however_many_workers_each_is_reminded_once_and_ended_once(mongo: Database) -> None:
    await migrate(mongo)
    followups, world = FollowUps(mongo), StillWorld(AT)
    opened = {f"g{hours}": AT + timedelta(hours=hours) for hours in range(20)}
    await mongo["followups"].insert_many([kept(id, asked(at, id=id)) for id, at in opened.items()])
    answered, _ = answer_survey(asked(AT), happy(AT), False, SURVEY_RULES)
    await mongo["followups"].insert_many([kept("answered", answered), kept("visited", asked(AT, "VISIT"))])

    def worker() -> Timers:
        writer = Writer(followups, participant(SURVEY_RULES, DRAW), CODEC, world, lambda _id: None, KEY)
        return Timers("feedback", followups.collection, writer, fire, world.now)

    workers = [worker() for _ in range(3)]
    # One jump passes the reminders of some alone, the next the ends of some as well; the last is an outage.
    for at in (AT + 3 * DAY, AT + timedelta(hours=90), AT + timedelta(hours=100), AT + timedelta(hours=175), AT + 30 * DAY):
        world.at = at
        await asyncio.gather(*(each.round() for each in workers))

    told = {row["_id"]: [event_of(entry["row"]).type for entry in row["outbox"]] for row in await _rows(mongo)}
    once = ["feedback.grievance.delivery_requested.v1", "feedback.grievance.survey_expired.v1"]
    assert told == {**dict.fromkeys(opened, once), "answered": [], "visited": once[1:]}
    assert not [row for row in await _rows(mongo) if TIMER in row]


async def test_a_survey_of_before_there_was_an_end_gets_one_once_and_its_answer_stays(mongo: Database) -> None:
    await migrate(mongo)
    said = {"answered_at": AT, "resolved": False, "satisfied": "NEUTRAL", "reason": "还是看不清。"}
    await mongo["followups"].insert_many([of_before("open", asked()), of_before("answered", asked(), **said)])
    nobody = asked().with_(survey=None)
    await mongo["followups"].insert_one(kept("nobody", nobody))
    await end_open_surveys(mongo)

    rows = {row["_id"]: row for row in await _rows(mongo)}
    state = {id: CODEC.load(row) for id, row in rows.items()}
    assert (state["open"].survey.state, state["open"].survey.expires_at) == ("OPEN", AT + 7 * DAY)
    # It was asked without a link: there is nothing to send again.
    assert rows["open"][TIMER] == AT + 7 * DAY
    answer = state["answered"].survey.answer
    assert (answer.at, answer.resolved, answer.satisfied, answer.reason) == (AT, False, "NEUTRAL", "还是看不清。")
    assert not state["answered"].survey.takes_answers(AT)
    assert TIMER not in rows["answered"]
    assert state["nobody"].survey is None

    await end_open_surveys(mongo)
    assert {row["_id"]: row["version"] for row in await _rows(mongo)} == {id: row["version"] for id, row in rows.items()}


async def _rows(mongo: Database) -> list[dict[str, Any]]:
    return list(await mongo["followups"].find({}).to_list(None))


def of_before(id: str, followup: FollowUp, answered_at: datetime | None = None, **said: Any) -> dict[str, Any]:
    """As the version before kept it."""
    document = kept(id, followup)
    survey = {"round": 1, "opened_at": AT, "answered_at": answered_at, "resolved": None, "satisfied": None, "reason": None, **said}
    document.pop(TIMER)
    return document | {"survey": survey}
