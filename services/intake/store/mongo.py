"""Intake's grievance documents and their indexes: the only place that knows them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from services.intake.domain.delivery import Delivery, Outcome
from services.intake.domain.grievance import Grievance
from services.intake.domain.sending import next_timer
from services.intake.domain.shares import day_of, facts, heard_key, team_month_key
from services.intake.store import access_log, look_ups, persons
from services.intake.store.registry import any_of
from shared.erasure import ERASED
from shared.identity.access import Access, Visible
from shared.identity.scopes import prefixes
from shared.listing import LIST_INDEXES, SLOT_INDEXES, SLOTS, ListedRecords, Page, listed
from shared.mongo import ASCENDING, Database, IndexModel
from shared.records import Document, OwnTags, create_indexes, store_errors, tag_documents
from shared.tags import DIRTY, SCRUB, TAGS
from shared.timers import TIMER, TIMER_INDEX
from shared.writer import ModelCodec

# Real time from which a sender may take it: at once, or when the claim of another expires; absent where there is nothing to send.
DELIVERY_DUE = "delivery_due"
AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)
DELIVERY_INDEXES = [IndexModel([(DELIVERY_DUE, ASCENDING)], name=DELIVERY_DUE, sparse=True), TIMER_INDEX]
OF_BEFORE_TAGS = ("heard", "team_month", "encounter", "account", "person", "reveals_pending", "erasure_open")
ERASING = "erasing"
"""The tag of those whose petitioner is to be erased and whose words are still here."""
NOTICE_INDEXES = [IndexModel([("at", ASCENDING)], name="at")]


def derived(grievance: Grievance) -> Document:
    """What the store computes for its queries: who finds it, whether a delivery is open, what it counts for."""
    return {
        **_sending(grievance.deliveries),
        "facts": facts(grievance),
        "listed": listed(grievance, grievance.registered_at),
        TAGS: tags(grievance),
    }


def tags(grievance: Grievance) -> list[str]:
    """By which it is found: whose it is, who heard it when and where, where somebody waits for a second person's word to reveal it, and
    what is to be erased."""
    day = day_of(grievance)
    found = [DIRTY, _tag("person", grievance.person), _tag("heard", heard_key(grievance.owner.staffId, day))]
    if grievance.signed_in:
        found.append(_tag("account", grievance.petitioner_ref))
    if grievance.team:
        found.append(_tag("team", team_month_key(grievance.team, day[:7])))
    if grievance.encounter:
        found.append(_tag("encounter", grievance.encounter))
    if any(held.state == "PENDING" for held in grievance.reveals):
        found += [_tag("reveal", prefix) for prefix in prefixes(grievance.division)]
    if grievance.erasure and grievance.erased_at is None:
        found.append(ERASING)
    return [*found, SCRUB] if grievance.erased_at is not None else found


def _tag(kind: str, value: str) -> str:
    return f"{kind}:{value}"


def _tagged(kind: str, values: Iterable[str]) -> Document:
    return {TAGS: any_of([_tag(kind, value) for value in values])}


def _sending(deliveries: list[Delivery]) -> Document:
    """When a sender has to look, and when the clock."""
    found: Document = {}
    due = [AT_ONCE if held.state == "PENDING" else held.claimed_until for held in deliveries if held.state in ("PENDING", "CLAIMED")]
    if due:
        found[DELIVERY_DUE] = min(at or AT_ONCE for at in due)
    if (at := next_timer(deliveries)) is not None:
        found[TIMER] = at
    return found


CODEC = ModelCodec(Grievance, derived)


@dataclass(frozen=True)
class Waiting:
    """A delivery that waits, of the grievance of that number."""

    number: str
    delivery: Delivery


class Grievances(ListedRecords):
    """The collection `grievances`."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, "grievances")

    async def find_many(self, ids: list[str]) -> dict[str, Grievance]:
        """Registered grievances by id; what is not there is left out."""
        query: Document = {"_id": {"$in": ids}} if len(ids) > 1 else {"_id": ids[0]}
        with store_errors():
            rows = await self.collection.find(query).to_list(None)
        return {row["_id"]: CODEC.load(row) for row in rows if row["registered"]}

    async def heard_by(self, staff: str, day: str) -> dict[str, Grievance]:
        """By id, what this person registered as its owner on a China day, ISO; theirs too that somebody else told and that fell to them."""
        return await self._where(_tagged("heard", [heard_key(staff, day)]))

    async def of_team(self, team: str, period: str) -> dict[str, Grievance]:
        """By id, what this team heard in a month, `2020-06`, or a year, `2020`."""
        months = [period] if len(period) == 7 else [f"{period}-{month:02}" for month in range(1, 13)]
        return await self._where(_tagged("team", [team_month_key(team, month) for month in months]))

    async def of_encounters(self, ids: list[str]) -> dict[str, Grievance]:
        """By id, what was registered as heard in one of these encounters."""
        return await self._where(_tagged("encounter", ids)) if ids else {}

    async def of_people(self, people: list[str]) -> dict[str, Grievance]:
        """By id, what these persons told."""
        return await self._where(_tagged("person", people)) if people else {}

    async def of_accounts(self, refs: list[str]) -> dict[str, Grievance]:
        """By id, what was told by these accounts, signed in, whatever name and phone was typed."""
        return await self._where(_tagged("account", refs)) if refs else {}

    async def with_pending_reveals(self, scopes: list[str], not_accused: str | None) -> dict[str, Grievance]:
        """By id, those of these scope prefixes where somebody waits for a second person's word; none that accuses `not_accused`."""
        query = _tagged("reveal", scopes)
        if not_accused is not None:
            query["accused_departments"] = {"$ne": not_accused}
        return await self._where(query) if scopes else {}

    async def accusing(self, department: str, ids: list[str]) -> frozenset[str]:
        """Which of these accuse this department."""
        if not ids:
            return frozenset()
        with store_errors():
            rows = await self.collection.find({"_id": any_of(ids), "accused_departments": department}, {"_id": 1}).to_list(None)
        return frozenset(row["_id"] for row in rows)

    async def _where(self, query: Document) -> dict[str, Grievance]:
        """Of an indexed query, oldest first."""
        with store_errors():
            rows = await self.collection.find(query, {"outbox": 0, "requests": 0, "waiting": 0}).to_list(None)
        found = sorted(rows, key=lambda row: (row["registered_at"], row["_id"]))
        return {row["_id"]: CODEC.load(row) for row in found if row["registered"]}

    async def with_open_erasure(self, limit: int) -> dict[str, Grievance]:
        """By id, those whose petitioner is to be erased and whose words are still here."""
        with store_errors():
            rows = await self.collection.find({TAGS: ERASING}, {"outbox": 0, "requests": 0, "waiting": 0}).limit(limit).to_list(limit)
        return {row["_id"]: CODEC.load(row) for row in rows}

    async def list_page(self, visible: Visible, first: int, after: str | None) -> Page:
        return await self.page(visible, first, after)

    async def to_send(self, real_now: datetime, limit: int) -> list[tuple[str, str]]:
        """Ids with a delivery that a sender may take now, each with whose it is."""
        with store_errors():
            rows = await self.collection.find({DELIVERY_DUE: {"$lt": real_now}}, {"person": 1}).limit(limit).to_list(limit)
        return [(row["_id"], row["person"]) for row in rows]

    async def waiting(self, limit: int) -> list[Waiting]:
        """Deliveries that wait, the next to go first."""
        with store_errors():
            query = {TIMER: {"$gt": AT_ONCE}}
            rows = await self.collection.find(query, {"number": 1, "deliveries": 1}).sort(TIMER, ASCENDING).limit(limit).to_list(limit)
        held = [(row["number"], Delivery.model_validate(delivery)) for row in rows for delivery in row["deliveries"]]
        return [Waiting(number, delivery) for number, delivery in held if delivery.state == "WAITING"]


def access_of(grievance: Grievance) -> Access:
    """Who may see it, by intake's copy."""
    return Access(
        division=grievance.division,
        petitioner_ref=grievance.petitioner_ref,
        own_ref=grievance.own_ref,
        team=grievance.team,
        departments=frozenset(grievance.departments),
        handlers=frozenset(grievance.progress.access.handlers if grievance.progress else ()),
        accused_departments=frozenset(grievance.accused_departments),
        confidential=grievance.confidential,
    )


class Notices:
    """The petitioner's mailbox in the app, and what Open311 shows: a notice is one document under its reference (port Channel)."""

    knows_references = True

    def __init__(self, database: Database, now: Any) -> None:
        self._notices = database["notices"]
        self._now = now

    async def send(self, reference: str, grievance: str, address: str | None, text: str) -> Outcome:
        at: datetime = self._now()
        with store_errors():
            await self._notices.update_one(
                {"_id": reference}, {"$setOnInsert": {"grievance": grievance, "text": text, "at": at}}, upsert=True
            )
        return Outcome("sent")

    async def ask(self, reference: str) -> Outcome:
        with store_errors():
            found = await self._notices.find_one({"_id": reference}, {"_id": 1})
        return Outcome("sent") if found else Outcome("trouble", "not_accepted")

    async def forget_before(self, at: datetime) -> None:
        """Without those sent earlier: their retention is over."""
        with store_errors():
            await self._notices.delete_many({"at": {"$lt": at}})

    async def scrub(self, references: list[str]) -> None:
        """Without their texts: whom they were for was erased."""
        with store_errors():
            for reference in references:
                await self._notices.update_one({"_id": reference}, {"$set": {"text": ERASED}})


async def migrate(database: Database) -> None:
    """Create the indexes. Repeating it changes nothing."""
    await create_indexes(database, ["grievances", "reference", look_ups.COLLECTION])
    with store_errors():
        await database["grievances"].create_indexes([*LIST_INDEXES, *DELIVERY_INDEXES])
        await database[SLOTS].create_indexes(SLOT_INDEXES)
        await database["persons"].create_indexes(persons.INDEXES)
        await database["notices"].create_indexes(NOTICE_INDEXES)
        await database["audit"].create_indexes(access_log.INDEXES)


async def tag_grievances(database: Database) -> None:
    """What is of before there were tags, in every collection."""
    own: dict[str, OwnTags] = {"grievances": lambda document: tags(CODEC.load(document))}
    await tag_documents(database, own, {"grievances": OF_BEFORE_TAGS})


async def send_what_was_open(database: Database) -> None:
    """Deliveries of before there was a time from which they may be sent. Repeating it changes nothing."""
    before = {"delivery_open": True, DELIVERY_DUE: {"$exists": False}, TIMER: {"$exists": False}}
    with store_errors():
        await database["grievances"].update_many(before, {"$set": {DELIVERY_DUE: AT_ONCE}})
