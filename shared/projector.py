"""Numbers across documents, by counting what each document says of itself.

The one write of a document states its flat `facts` and raises the tag `dirty`. One leased projector per collection takes at most 500 dirty
documents: in one transaction, bucket += facts now − what was counted, and the projection says for which facts of which documents; after
it, each document is told so (`counted`), its `version` left alone. So a bucket is always the sum of what its documents say they have been
counted for, or are about to be told, whatever crashed and whoever else projected. No transaction touches a document: a worker that is lost
within one leaves locks for a minute, and nobody's grievance may wait for that.

`facts` is a group, {"at": [bucket keys], "n": {measure: number}}: every number counts in every bucket. Or it is {name: group}: the numbers
of a group count in its own buckets alone. A document may go over from the one form to the other: what it was counted for is kept as it was
said. A rebuild counts into a new generation beside the one that is served, and then switches: readers see the old one until the new one is
whole.

| document | fields |
| --- | --- |
| of the collection | `facts`, `tags`; `counted {generation: facts}` and `countedBy`, that fence: the projector's own |
| `<name>_buckets` | `_id` and `key`: `<generation>|<key>`, `n {measure: number}` |
| `projections` | `_id` name, `serving`, `building`; `told {…}` till all are; `holder`, `until`, `fence` of the lease |
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from shared.mongo import ASCENDING, Collection, Database, DeleteOne, DuplicateKeyError, IndexModel, PyMongoError, UpdateOne
from shared.records import Document, store_errors
from shared.tags import DIRTY, RECOUNT, TAGS

DIRTY_AT_ONCE = 500
"""Their facts, some kilobytes each, stand in one document until all are told."""
READ_AT_ONCE = 50
"""The embedded store holds every document that it has found against all the ids: of 500, 1.1 ms each, of 50, 0.2."""
LEASE = timedelta(seconds=30)
READ = {"version": 1, TAGS: 1, "facts": 1, "counted": 1}

# The embedded store serves a range by an index of its own, and never by `_id`.
BUCKET_INDEXES = [IndexModel([("key", ASCENDING)], name="key")]

Numbers = dict[str, int]
Steps = Callable[[str], Awaitable[None]]


async def _nothing(_where: str) -> None:
    return None


class Overtaken(Exception):
    """Another projector was faster: nothing was counted; the next round sees what there is."""


class Buckets:
    """What is served: the numbers of one projection. Reads are by `_id`."""

    def __init__(self, database: Database, name: str) -> None:
        self._projections = database["projections"]
        self._buckets = database[f"{name}_buckets"]
        self._name = name

    async def read(self, keys: Iterable[str]) -> dict[str, Numbers]:
        """The numbers of these buckets; one that counts nothing yet is empty. Two reads, whatever the number of documents counted."""
        wanted = sorted(set(keys))
        generation = await self._generation()
        found = await self._found({"_id": {"$in": [f"{generation}|{key}" for key in wanted]}})
        return {key: found.get(key, {}) for key in wanted}

    async def under(self, prefix: str) -> dict[str, Numbers]:
        """All buckets whose key begins so, in one range of an index: for hundreds of keys a tenth of the time that naming each takes."""
        start = f"{await self._generation()}|{prefix}"
        return await self._found({"key": {"$gte": start, "$lt": start + "\U0010ffff"}})

    async def _generation(self) -> int:
        with store_errors():
            state = await self._projections.find_one({"_id": self._name}, {"serving": 1})
        return state["serving"] if state else 1

    async def _found(self, query: Document) -> dict[str, Numbers]:
        with store_errors():
            rows = await self._buckets.find(query).to_list(None)
        return {row["_id"].partition("|")[2]: row["n"] for row in rows}


class Projector:
    """The counting of one collection by one process. `holder` is its own id; `reached` is called between the steps: a test stops there.

    `whole`: a measure that every document adds to in its buckets, or in those of some groups, which no other group shares; a bucket in
    which it has come to nothing is taken away.
    """

    def __init__(
        self,
        database: Database,
        name: str,
        holder: str,
        real_now: Callable[[], datetime],
        reached: Steps = _nothing,
        *,
        whole: str | None = None,
    ) -> None:
        self._client = database.client
        self._documents: Collection = database[name]
        self._buckets: Collection = database[f"{name}_buckets"]
        self._projections: Collection = database["projections"]
        self._name = name
        self._holder = holder
        self._real_now = real_now
        self._reached = reached
        self._whole = whole

    async def round(self) -> int:
        """Count what is dirty now, as long as the lease is ours; returns how many documents were counted."""
        if await self._idle():
            return 0
        state = await self._lease()
        if state is None:
            return 0
        await self._reached("leased")
        if state["building"] and not state["marked"]:
            # Whoever began the rebuild was lost before all was marked.
            await self._mark(state["building"])
            state["marked"] = True
        if state.get("told"):
            # Whoever counted them was lost before each document knew.
            await self._tell(state["told"])
        ids = await self._dirty(state)
        counted = 0
        for start in range(0, len(ids), DIRTY_AT_ONCE):
            if start and (state := await self._lease()) is None:
                return counted
            try:
                counted += await self._project(state, ids[start : start + DIRTY_AT_ONCE])
            except Overtaken:
                return counted
        await self._switch(state)
        return counted

    async def _idle(self) -> bool:
        """Whether nothing is to be counted, now or into a generation that is being built: two reads, and no write for the lease."""
        with store_errors():
            if await self._documents.find_one({TAGS: DIRTY}, {"_id": 1}) is not None:
                return False
            state = await self._projections.find_one({"_id": self._name}, {"building": 1})
        return state is None or not state["building"]

    async def _dirty(self, state: Document) -> list[str]:
        """The ids of all documents to count, read once a round: the embedded store reads a whole slice of an index for every `limit`,
        and some hundred of 200,000 would cost as much as all of them, a thousand times."""
        with store_errors():
            return [row["_id"] for row in await self._documents.find(_to_count(state), {"_id": 1}).to_list(None)]

    async def rebuild(self) -> int:
        """Begin to count everything anew, beside what is served; the rounds go on with it and switch. Returns the new generation.

        Begun again while one is being built, it goes on with that one. In-flight rounds of before fail by the fence.
        """
        await self._state()
        with store_errors():
            state = await self._projections.find_one({"_id": self._name})
            assert state is not None
            building = state["building"] or state["serving"] + 1
            if not state["building"]:
                # Not at the switch: a reader may have been told of the old generation just before.
                await self._buckets.delete_many({"_id": {"$regex": f"^{state['serving'] - 1}\\|"}})
            change = {"$set": {"building": building, "marked": False}, "$inc": {"fence": 1}}
            await self._projections.update_one({"_id": self._name, "serving": state["serving"]}, change)
        await self._mark(building)
        return int(building)

    async def _mark(self, building: int) -> None:
        """Every document that the new generation has not counted says so; then, and only then, the rounds may switch."""
        await self._reached("building")
        with store_errors():
            await self._documents.update_many({"facts": {"$exists": True}}, {"$addToSet": {TAGS: RECOUNT}})
            await self._projections.update_one({"_id": self._name, "building": building}, {"$set": {"marked": True}})

    async def _state(self) -> None:
        fresh = {"_id": self._name, "serving": 1, "building": None, "marked": False, "holder": None, "until": None, "fence": 0}
        with store_errors():
            try:
                await self._projections.insert_one(fresh)
            except DuplicateKeyError:
                return

    async def _lease(self) -> Document | None:
        """The projection's state with the lease ours; None while another holds it."""
        now = self._real_now()
        with store_errors():
            state = await self._projections.find_one({"_id": self._name})
            if state is None:
                await self._state()
                state = await self._projections.find_one({"_id": self._name})
                if state is None:
                    return None
            if state["holder"] not in (None, self._holder) and state["until"] > now:
                return None
            lease = {"holder": self._holder, "until": now + LEASE, "fence": state["fence"] + 1}
            taken = await self._projections.update_one({"_id": self._name, "fence": state["fence"]}, {"$set": lease})
        return state | lease if taken.matched_count else None

    async def _project(self, state: Document, ids: list[str]) -> int:
        """One transaction, and then each document is told; raises Overtaken, and StoreTrouble when the store is in trouble."""
        generations = [str(each) for each in (state["serving"], state["building"]) if each]
        with store_errors():
            async with await self._client.start_session() as session:
                found = [row for row in await self._read(ids) if DIRTY in row[TAGS] or RECOUNT in row[TAGS]]
                if not found:
                    return 0
                await self._reached("read")
                try:
                    async with session.start_transaction():
                        await self._write(session, state, generations, found)
                        await self._reached("written")
                except PyMongoError as error:
                    if _is_conflict(error):
                        raise Overtaken from error
                    raise
        await self._reached("committed")
        await self._tell(state["told"])
        return len(found)

    async def _read(self, ids: list[str]) -> list[Document]:
        rows: list[Document] = []
        for start in range(0, len(ids), READ_AT_ONCE):
            rows += await self._documents.find({"_id": {"$in": ids[start : start + READ_AT_ONCE]}}, READ).to_list(None)
        return rows

    async def _write(self, session: Any, state: Document, generations: list[str], found: list[Document]) -> None:
        # The fence is part of the transaction: who has lost the lease, or has not heard of a rebuild, counts nothing.
        fence = {"_id": self._name, "fence": state["fence"], "holder": self._holder}
        documents = [{"id": row["_id"], "version": row["version"], "facts": row["facts"]} for row in found]
        told = {"fence": state["fence"] + 1, "generations": generations, "building": bool(state["building"]), "documents": documents}
        held = await self._projections.update_one(fence, {"$inc": {"fence": 1}, "$set": {"told": told}}, session=session)
        if held.matched_count != 1:
            raise Overtaken
        state |= {"fence": told["fence"], "told": told}
        deltas: dict[str, Numbers] = defaultdict(lambda: defaultdict(int))
        for document in found:
            now, counted = document["facts"], document.get("counted", {})
            for generation in generations:
                for key, measure, number in difference(counted.get(generation), now):
                    deltas[f"{generation}|{key}"][measure] += number
        buckets = [
            UpdateOne(
                {"_id": id},
                {"$inc": {f"n.{measure}": number for measure, number in numbers.items() if number}, "$setOnInsert": {"key": id}},
                upsert=True,
            )
            for id, numbers in deltas.items()
            if any(numbers.values())
        ]
        if buckets:
            await self._buckets.bulk_write(buckets, ordered=False, session=session)
        fewer = [id for id, numbers in deltas.items() if self._whole is not None and numbers[self._whole] < 0]
        if fewer:
            emptied = [DeleteOne({"_id": id, f"n.{self._whole}": 0}) for id in fewer]
            await self._buckets.bulk_write(emptied, ordered=False, session=session)

    async def _tell(self, told: Document) -> None:
        """Each document learns for what it was counted. By whoever comes, once or again: what was counted later stays."""
        fence = told["fence"]
        # What a rebuild has marked since goes on waiting for it.
        done = {"$pull": {TAGS: {"$in": [DIRTY, RECOUNT] if told["building"] else [DIRTY]}}}
        earlier = {"countedBy": {"$not": {"$gte": fence}}}
        counted = [(each, {"counted": dict.fromkeys(told["generations"], each["facts"]), "countedBy": fence}) for each in told["documents"]]
        as_counted = [UpdateOne({"_id": each["id"], "version": each["version"], **earlier}, {"$set": now, **done}) for each, now in counted]
        with store_errors():
            knew = await self._documents.bulk_write(as_counted, ordered=False)
            await self._reached("told")
            if knew.matched_count != len(as_counted):
                # Written since, and to be counted again: from what it was counted for now.
                written = [UpdateOne({"_id": each["id"], **earlier}, {"$set": now}) for each, now in counted]
                await self._documents.bulk_write(written, ordered=False)
            await self._projections.update_one({"_id": self._name, "told.fence": fence}, {"$unset": {"told": ""}})

    async def _switch(self, state: Document) -> None:
        """Serve the new generation once nothing is left to count into it."""
        if not state["building"]:
            return
        with store_errors():
            current = await self._projections.find_one({"_id": self._name})
            if current is None or not current["marked"] or await self._documents.find_one(_to_count(current), {"_id": 1}) is not None:
                return
            await self._reached("whole")
            change = {"$set": {"serving": state["building"], "building": None, "marked": False}, "$inc": {"fence": 1}}
            guard = {"_id": self._name, "building": state["building"], "fence": current["fence"]}
            await self._projections.update_one(guard, change)


def _to_count(state: Document) -> Document:
    return {TAGS: {"$in": [DIRTY, RECOUNT]}} if state["building"] else {TAGS: DIRTY}


def difference(before: Document | None, now: Document) -> list[tuple[str, str, int]]:
    """(bucket, measure, number) to add, so that what counted `before` counts `now`."""
    deltas: dict[tuple[str, str], int] = defaultdict(int)
    for facts, sign in ((before, -1), (now, 1)):
        if facts is None:
            continue
        for group in _groups(facts):
            for key in group["at"]:
                for measure, number in group["n"].items():
                    deltas[key, measure] += sign * number
    return [(key, measure, number) for (key, measure), number in deltas.items() if number]


def _groups(facts: Document) -> Iterable[Document]:
    return (facts,) if "at" in facts else facts.values()


def _is_conflict(error: PyMongoError) -> bool:
    return error.has_error_label("TransientTransactionError")
