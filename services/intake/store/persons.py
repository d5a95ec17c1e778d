"""Petitioners: name, phone and openid sealed under a key per person, the key wrapped by a master key. Erasure destroys the key.

| field | meaning |
| --- | --- |
| key, name, phone, openid, phone_index | what is kept, sealed; the blind index of the phone |
| consent, recorded_on, data | whether they agreed to be kept, since which day, and until when each datum is (retention.py) |
| due | the last day of what may be over first, in China; later where grievances are open: the retention job looks then |
| look_at | real time from which a round looks at the row: whether a grievance names it, or whether all of an erased one is gone |
| erased_at, erasure | all that is left of an erased person, beside the id; nobody is ever kept under that id again |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.intake.adapters.cipher import FieldCipher, PersonKey
from services.intake.domain.contact import Contact
from services.intake.domain.erasure import Erasure
from services.intake.domain.retention import Datum, Retention, What, due, kept_of
from shared import ids
from shared.mongo import ASCENDING, Database, DuplicateKeyError, IndexModel
from shared.records import Document, StoreTrouble, store_errors

INDEXES = [
    IndexModel([("phone_index", ASCENDING)], name="phone_index"),
    IndexModel([("due", ASCENDING)], name="due"),
    IndexModel([("look_at", ASCENDING)], name="look_at"),
]
UNNAMED_FOR = timedelta(days=1)
"""So long a row may be there before a grievance names it: a registration keeps it first."""
SETTLES = timedelta(hours=1)
"""After an erasure: what was being written meanwhile under the old key, or sent, is found and goes too."""
TRIES = 20


@dataclass(frozen=True)
class Kept:
    """One row of which a round takes care, without what is sealed in it. `due` and `look_at` guard what is done next."""

    id: str
    named: bool
    reachable: bool
    openid: bool
    recorded_on: str | None
    due: str | None
    look_at: datetime | None
    erased_at: datetime | None
    erasure: Erasure | None


class MongoPersons:
    """The collection `persons` (port Persons)."""

    def __init__(
        self,
        database: Database,
        cipher: FieldCipher,
        retention: Retention,
        today: Callable[[], str],
        real_now: Callable[[], datetime],
    ) -> None:
        self._persons = database["persons"]
        self._cipher = cipher
        self._retention = retention
        self._today = today
        self._real_now = real_now

    async def keep(self, person: str, contact: Contact, *, consent: bool = True) -> tuple[str, PersonKey]:
        name, own = contact.name, False
        for _ in range(TRIES):
            held = await self._find(person)
            if held is None:
                key, row = self._new(person, contact, consent)
                if await self._insert(row):
                    return person, key
                # Another replica was first: its key is the person's key.
            elif "key" not in held:
                person, own = await self._after_erasure(person, name, own)
            elif name and not own and self._contact(held).name != name:
                # Families, shops and hotlines share phones: nobody is shown under another's name.
                person, own = self._cipher.namesake(person, name), True
            else:
                key = self._cipher.unwrap(person, held["key"])
                if await self._told_more(held, key, contact.openid, consent):
                    return person, key
        raise StoreTrouble("too many conflicting writes")

    async def key(self, person: str) -> PersonKey:
        held = await self._find(person)
        if held is None or "key" not in held:
            raise LookupError("there is no such person, or they were erased")
        return self._cipher.unwrap(person, held["key"])

    async def contacts(self, persons: list[str]) -> list[Contact]:
        query: Document = {"_id": {"$in": persons}} if len(persons) > 1 else {"_id": persons[0]}
        with store_errors():
            rows = {row["_id"]: row for row in await self._persons.find(query).to_list(None)}
        return [self._contact(rows.get(person)) for person in persons]

    async def answering(self, phone_index: str) -> list[str]:
        """The ids of those who answer the phone of this blind index: several, where people share one."""
        with store_errors():
            rows = await self._persons.find({"phone_index": phone_index}, {"_id": 1}).to_list(None)
        return sorted(row["_id"] for row in rows)

    async def look_again(self, person: str) -> None:
        """A grievance may be about to name another person in place of this one: looked at in a day, whatever comes of it."""
        with store_errors():
            await self._persons.update_one({"_id": person}, {"$set": {"look_at": self._real_now() + UNNAMED_FOR}})

    async def erase(self, person: str, erasure: Erasure, *, while_due: str | None = None) -> bool:
        """Destroy the key and all that is sealed beside it: what it sealed opens nowhere any more. False where there is nothing to be
        destroyed, or `while_due` no longer is the row's `due`: something was told meanwhile."""
        for _ in range(TRIES):
            held = await self._find(person)
            if held is None or "key" not in held or while_due not in (None, held.get("due")):
                return False
            now = self._real_now()
            gone = dict.fromkeys(("key", "name", "phone", "openid", "phone_index", "consent", "recorded_on", "data", "due"), "")
            left = {"erased_at": now, "look_at": now, "erasure": erasure.model_dump()}
            if await self._change(held, {"$set": left, "$unset": gone}):
                return True
        raise StoreTrouble("too many conflicting writes")

    async def drop_contact(self, kept: Kept, data: list[Datum]) -> bool:
        """Without name, phone and openid; the words stay sealed. False where something was told meanwhile."""
        gone = {"name": None, "phone": None, "openid": None, **_terms_of(data)}
        with store_errors():
            change = {"$set": gone, "$unset": {"phone_index": ""}}
            result = await self._persons.update_one({"_id": kept.id, "due": kept.due}, change)
        return bool(result.matched_count)

    async def moved(self, kept: Kept, data: list[Datum], consent: bool) -> None:
        """With the last days as they are now; nothing where something was told meanwhile."""
        with store_errors():
            await self._persons.update_one({"_id": kept.id, "due": kept.due}, {"$set": {**_terms_of(data), "consent": consent}})

    async def looked_at(self, kept: Kept, again: datetime | None) -> None:
        """A round has looked: `again` says when it has to next; None for never. Nothing where something was told meanwhile."""
        change: Document = {"$unset": {"look_at": ""}} if again is None else {"$set": {"look_at": again}}
        with store_errors():
            await self._persons.update_one({"_id": kept.id, "look_at": kept.look_at}, change)

    async def discard(self, kept: Kept) -> bool:
        """A row that no grievance names. False where something was told meanwhile."""
        with store_errors():
            result = await self._persons.delete_one({"_id": kept.id, "look_at": kept.look_at})
        return bool(result.deleted_count)

    async def over(self, today: str, limit: int) -> list[Kept]:
        """Those of whom something may be over."""
        return await self._kept({"due": {"$lt": today}}, limit)

    async def to_look_at(self, limit: int) -> list[Kept]:
        # The store of development walks over all rows that have none, where the range has no lower end.
        return await self._kept({"look_at": {"$gt": datetime.min.replace(year=1970, tzinfo=UTC), "$lte": self._real_now()}}, limit)

    async def find(self, person: str) -> Kept | None:
        return next(iter(await self._kept({"_id": person}, 1)), None)

    async def terms(self, persons: list[str]) -> dict[str, list[Datum]]:
        """Purpose, basis, consent and last day of each datum; a person of before, or erased, is left out."""
        query: Document = {"_id": {"$in": persons}} if len(persons) > 1 else {"_id": persons[0]}
        with store_errors():
            rows = await self._persons.find(query, {"data": 1}).to_list(None)
        return {row["_id"]: [Datum(**datum) for datum in row["data"]] for row in rows if "data" in row}

    async def _kept(self, query: Document, limit: int) -> list[Kept]:
        with store_errors():
            rows = await self._persons.find(query).limit(limit).to_list(limit)
        return [_kept(row) for row in rows]

    def _new(self, person: str, contact: Contact, consent: bool) -> tuple[PersonKey, Document]:
        name, phone, openid = contact.name, contact.phone, contact.openid
        key, wrapped = self._cipher.new_person_key(person)
        row = {
            "_id": person,
            "key": wrapped,
            "name": key.encrypt("name", name) if name else None,
            "phone": key.encrypt("phone", phone) if phone else None,
            "openid": key.encrypt("openid", openid) if openid else None,
            "phone_index": self._cipher.blind_index(phone) if phone else None,
        }
        return key, row | self._terms(kept_of(bool(name), bool(phone), bool(openid)), consent, self._today())

    def _terms(self, whats: list[What], consent: bool, recorded_on: str) -> Document:
        data = self._retention.data(whats, consent, recorded_on, date.fromisoformat(self._today()))
        look_at = self._real_now() + UNNAMED_FOR
        return {"consent": consent, "recorded_on": recorded_on, "look_at": look_at, **_terms_of(data)}

    async def _told_more(self, held: Document, key: PersonKey, openid: str | None, consent: bool) -> bool:
        """An openid that is told now is theirs. Their last days move on, and nobody takes the row for one that is over or that no grievance
        names. Who once did not agree is not taken to agree later by saying nothing. False where the row has changed."""
        agreed = consent and held.get("consent", True)
        whats = kept_of(bool(held["name"]), bool(held["phone"]), bool(openid or held.get("openid")))
        told = {"openid": key.encrypt("openid", openid)} if openid else {}
        return await self._change(held, {"$set": told | self._terms(whats, agreed, held.get("recorded_on") or self._today())})

    async def _after_erasure(self, person: str, name: str | None, own: bool) -> tuple[str, bool]:
        """Where whoever has the id of an erased person is kept now, and whether that is theirs by name: a namesake's own data stays
        theirs; everybody else is somebody new."""
        if name and not own:
            namesake = self._cipher.namesake(person, name)
            held = await self._find(namesake)
            if held is not None and "key" in held:
                return namesake, True
        return ids.document_id("person after an erasure", person), own

    async def _insert(self, row: Document) -> bool:
        with store_errors():
            try:
                await self._persons.insert_one(row)
            except DuplicateKeyError:
                return False
        return True

    async def _change(self, held: Document, change: Document) -> bool:
        """Only while the row is as it was read: `look_at` moves whenever something is told."""
        with store_errors():
            guard = {"_id": held["_id"], "key": held["key"], "look_at": held.get("look_at")}
            result = await self._persons.update_one(guard, change)
        return bool(result.matched_count)

    async def _find(self, person: str) -> Document | None:
        with store_errors():
            return await self._persons.find_one({"_id": person})

    def _contact(self, row: Document | None) -> Contact:
        if row is None or "key" not in row:
            return Contact()
        key = self._cipher.unwrap(row["_id"], row["key"])
        return Contact(**{field: key.decrypt(field, row[field]) for field in ("name", "phone", "openid") if row.get(field)})


async def migrate_rows(database: Database, today: str, now: datetime) -> None:
    """Rows of before: the next rounds look at them. Repeating it changes nothing."""
    with store_errors():
        rows = {"key": {"$exists": True}, "due": {"$exists": False}}
        await database["persons"].update_many(rows, {"$set": {"due": today, "look_at": now}})


def _terms_of(data: list[Datum]) -> dict[str, Any]:
    return {"data": [datum.model_dump() for datum in data], "due": due(data)}


def _kept(row: Document) -> Kept:
    return Kept(
        id=row["_id"],
        named=bool(row.get("name")),
        reachable=bool(row.get("phone")),
        openid=bool(row.get("openid")),
        recorded_on=row.get("recorded_on"),
        due=row.get("due"),
        look_at=row.get("look_at"),
        erased_at=row.get("erased_at"),
        erasure=Erasure(**row["erasure"]) if "erasure" in row else None,
    )
