"""Feedback's documents and indexes: the only place that knows them. Collection: followups."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from services.feedback.domain.first_response import told_by
from services.feedback.domain.followup import FollowUp, next_timer
from services.feedback.domain.waiting import WAITING, slots
from services.feedback.store import callbacks, rates, waiting
from shared.identity.access import Access
from shared.mongo import Database
from shared.projector import Projector
from shared.records import Document, MongoRecords, create_indexes, store_errors
from shared.tags import DIRTY, SCRUB, TAGS, TAKEN_BACK, with_blocked
from shared.timers import TIMER, TIMER_INDEX
from shared.writer import ModelCodec


def derived(followup: FollowUp) -> Document:
    """What the store computes for its queries: what it counts for, what it waits for, when the clock looks, whom to call, and whether kept
    events may hold words of somebody erased."""
    rated, waits = rates.derived(followup), waiting.derived(followup)
    found = rated | waits | {"facts": rated["facts"] | waits["facts"]}
    if (at := next_timer(followup)) is not None:
        found[TIMER] = at
    return found | {TAGS: [*callbacks.tags(followup), *slots(followup), DIRTY, *([SCRUB] if followup.erased else [])]}


CODEC = ModelCodec(FollowUp, derived)


class FollowUps(MongoRecords):
    """The collection `followups`."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, "followups")

    async def find_many(self, ids: list[str]) -> dict[str, FollowUp]:
        """Follow-ups by grievance id; what is not there is left out."""
        query: Document = {"_id": {"$in": ids}} if len(ids) > 1 else {"_id": ids[0]}
        with store_errors():
            rows = await self.collection.find(query).to_list(None)
        return {row["_id"]: CODEC.load(row) for row in rows if row["registered"]}


def access_of(followup: FollowUp) -> Access:
    """Who may see it, by feedback's copy."""
    return Access(
        division=followup.division,
        petitioner_ref=followup.petitioner_ref,
        own_ref=followup.own_ref,
        team=followup.team,
        departments=frozenset(followup.departments),
        handlers=frozenset(followup.handlers),
        accused_departments=frozenset(followup.accused_departments),
        confidential=followup.confidential,
    )


def projector(database: Database, holder: str, real_now: Callable[[], datetime]) -> Projector:
    """What keeps the numbers of rates and of what waits; an emptied day's bucket is taken away."""
    return Projector(database, "followups", holder, real_now, whole=WAITING)


async def migrate(database: Database) -> None:
    """Create the indexes. Repeating it changes nothing."""
    await create_indexes(database, ["followups"])
    with store_errors():
        await database["followups"].create_indexes([TIMER_INDEX])
    await rates.migrate_rates(database)


async def end_open_surveys(database: Database) -> None:
    """Follow-ups of before surveys expired: theirs get an end."""
    followups = FollowUps(database)
    without_end = {"survey.opened_at": {"$exists": True}, "survey.expires_at": {"$exists": False}}
    with store_errors():
        rows = await followups.collection.find(without_end, {"_id": 1}).to_list(None)
    for row in rows:
        document = await followups.load(row["_id"])
        if document is not None and document["survey"] is not None and "expires_at" not in document["survey"]:
            found = CODEC.dump(CODEC.load(document))
            to_set: Document = {name: found[name] for name in ("survey", TIMER) if name in found}
            await followups.update(row["_id"], document["version"], to_set, {}, [])


async def count_for_rates(database: Database) -> None:
    """Follow-ups of before there were rates count too; the first response is what their history tells."""
    followups = FollowUps(database)
    with store_errors():
        rows = await followups.collection.find({"registered": True, "rated": {"$exists": False}}, {"_id": 1}).to_list(None)
    for row in rows:
        document = await followups.load(row["_id"])
        if document is not None and "rated" not in document:
            followup = CODEC.load(document)
            found = CODEC.dump(followup.with_(first_response=followup.first_response or told_by(followup.timeline)))
            to_set: Document = {name: found[name] for name in ("first_response", "facts", "rated")}
            await followups.update(row["_id"], document["version"], to_set, {}, [], [DIRTY])


async def put_on_desks(database: Database) -> None:
    """Follow-ups of before it was kept what they wait for."""
    followups = FollowUps(database)
    with store_errors():
        rows = await followups.collection.find({"registered": True, "waits": {"$exists": False}}, {"_id": 1}).to_list(None)
    for row in rows:
        document = await followups.load(row["_id"])
        if document is not None and "waits" not in document:
            found = CODEC.dump(CODEC.load(document))
            to_set: Document = {name: found[name] for name in ("facts", "waits")}
            # All that may be up; who comes for what is not finds nothing to do.
            to_set[TAGS] = with_blocked([*found[TAGS], *(tag for tag in document.get(TAGS, []) if tag in TAKEN_BACK)], document)
            await followups.update(row["_id"], document["version"], to_set, {}, [])
