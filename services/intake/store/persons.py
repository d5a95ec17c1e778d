"""Petitioners: name and phone sealed under a key per person, the key wrapped by a master key. Erasure destroys the key."""

from __future__ import annotations

from services.intake.adapters.cipher import FieldCipher, PersonKey
from shared.mongo import ASCENDING, Database, DuplicateKeyError, IndexModel
from shared.records import Document, store_errors

INDEXES = [IndexModel([("phone_index", ASCENDING)], name="phone_index")]


class MongoPersons:
    """The collection `persons` (port Persons)."""

    def __init__(self, database: Database, cipher: FieldCipher) -> None:
        self._persons = database["persons"]
        self._cipher = cipher

    async def keep(self, person: str, name: str | None, phone: str | None) -> tuple[str, PersonKey]:
        held = await self._find(person)
        if held is not None:
            if name and self._contact(held)[0] != name:
                # Families, shops and hotlines share phones: nobody is shown under another's name.
                person = self._cipher.namesake(person, name)
                held = await self._find(person)
            if held is not None:
                return person, self._cipher.unwrap(person, held["key"])
        key, wrapped = self._cipher.new_person_key(person)
        row = {
            "_id": person,
            "key": wrapped,
            "name": key.encrypt("name", name) if name else None,
            "phone": key.encrypt("phone", phone) if phone else None,
            "phone_index": self._cipher.blind_index(phone) if phone else None,
        }
        with store_errors():
            try:
                await self._persons.insert_one(row)
            except DuplicateKeyError:
                # Another replica was first: its key is the person's key.
                held = await self._find(person)
                if held is None:
                    raise
                return person, self._cipher.unwrap(person, held["key"])
        return person, key

    async def key(self, person: str) -> PersonKey:
        held = await self._find(person)
        if held is None:
            raise LookupError("there is no such person, or they were erased")
        return self._cipher.unwrap(person, held["key"])

    async def contacts(self, persons: list[str]) -> list[tuple[str | None, str | None]]:
        query: Document = {"_id": {"$in": persons}} if len(persons) > 1 else {"_id": persons[0]}
        with store_errors():
            rows = {row["_id"]: row for row in await self._persons.find(query).to_list(None)}
        return [self._contact(rows.get(person)) for person in persons]

    async def answering(self, phone_index: str) -> list[str]:
        """The ids of those who answer the phone of this blind index: several, where people share one."""
        with store_errors():
            rows = await self._persons.find({"phone_index": phone_index}, {"_id": 1}).to_list(None)
        return sorted(row["_id"] for row in rows)

    async def _find(self, person: str) -> Document | None:
        with store_errors():
            return await self._persons.find_one({"_id": person})

    def _contact(self, row: Document | None) -> tuple[str | None, str | None]:
        if row is None:
            return None, None
        key = self._cipher.unwrap(row["_id"], row["key"])
        name = key.decrypt("name", row["name"]) if row["name"] else None
        phone = key.decrypt("phone", row["phone"]) if row["phone"] else None
        return name, phone
