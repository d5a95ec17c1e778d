"""What a rebuild of the histories has gathered so far, in a collection of its own that lives as long as the rebuild: per grievance and
service the entries of each event, by its number; of an event that tells nothing, none. A grievance that is done says so, and a rebuild that
was broken off goes on where it was. Those that work beside each other have a row each, in which they go on counting."""

from __future__ import annotations

from services.feedback.domain.timeline import Entry
from services.feedback.store.mongo import FollowUps
from shared.envelope import Event
from shared.mongo import Collection, Database
from shared.records import Document, store_errors
from shared.writer import event_of

Told = dict[int, list[Entry]]
"""Of one service: sequence → what that event tells."""


class Rebuilding:
    def __init__(self, database: Database) -> None:
        self._gathered: Collection = database["timelines_rebuilding"]
        self._followups = FollowUps(database)

    async def all(self) -> set[str]:
        """The grievances that have a history."""
        with store_errors():
            return {row["_id"] async for row in self._followups.collection.find({"registered": True}, {"_id": 1})}

    async def all_done(self) -> set[str]:
        """Those whose history is made anew, by whichever rebuild."""
        with store_errors():
            return {row["_id"] async for row in self._gathered.find({"done": True}, {"_id": 1})}

    async def gather(self, grievance: str, told: dict[str, Told]) -> None:
        """Add what these events tell, by service; what was there is written over with the same."""
        rows = {
            f"told.{service}.{sequence}": [entry.model_dump() for entry in entries]
            for service, events in told.items()
            for sequence, entries in events.items()
        }
        with store_errors():
            await self._gathered.update_one({"_id": grievance}, {"$set": rows}, upsert=True)

    async def gathered(self, grievance: str) -> dict[str, Told]:
        with store_errors():
            row = await self._gathered.find_one({"_id": grievance})
        held: dict[str, dict[str, list[Document]]] = row.get("told", {}) if row else {}
        return {
            service: {int(sequence): [Entry.model_validate(each) for each in entries] for sequence, entries in events.items()}
            for service, events in held.items()
        }

    async def own_events(self, document: Document) -> list[Event]:
        """Feedback's own of this follow-up: those that are kept, and those that are still on their way there."""
        with store_errors():
            kept = await self._followups.events.find({"subject": document["_id"]}).to_list(None)
        waiting = [entry["row"] for entry in document["outbox"] if entry["kind"] == "event"]
        return [event_of(row) for row in [*kept, *waiting]]

    async def load(self, grievance: str) -> Document | None:
        return await self._followups.load(grievance)

    async def replace(self, document: Document, timeline: list[Entry]) -> bool:
        """The new history in place of the one in this version of the follow-up; False when that has moved on."""
        to_set = {"timeline": [entry.model_dump() for entry in timeline]}
        return await self._followups.update(document["_id"], document["version"], to_set, {}, [])

    async def done(self, grievance: str) -> None:
        with store_errors():
            await self._gathered.update_one({"_id": grievance}, {"$set": {"done": True}, "$unset": {"told": ""}}, upsert=True)

    async def beat(self, rebuild: str) -> None:
        """It is at work."""
        with store_errors():
            await self._gathered.update_one({"_id": rebuild}, {"$inc": {"beats": 1}}, upsert=True)

    async def beats(self) -> dict[str, int]:
        """How often each rebuild has said so that has not left; one that was killed says so no more."""
        with store_errors():
            return {row["_id"]: row["beats"] async for row in self._gathered.find({"beats": {"$gt": 0}})}

    async def leave(self, rebuild: str) -> None:
        with store_errors():
            await self._gathered.delete_one({"_id": rebuild})

    async def end(self) -> None:
        with store_errors():
            await self._gathered.drop()
