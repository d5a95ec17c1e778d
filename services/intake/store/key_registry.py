"""Which keys the data was made with, collection `keys`: nothing starts without them, or with others under their names.

| field | meaning |
| --- | --- |
| _id | `reference`, `master/<id>` |
| fingerprint | by which the key is known again; it opens nothing |
| since | real time from which new data keys are wrapped with it |
| retired_at | real time from which it wraps nothing and may be gone; None before |

A master key that is in no row is not used yet: it may lie on one machine and not on the others. `turn` makes it current for all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shared import telemetry
from shared.identity.keys import KeyMissing, MasterKeys, fingerprint
from shared.mongo import Database, DuplicateKeyError
from shared.records import Document, store_errors

REFERENCE = "reference"
MASTER = "master/"
LOOK_SECONDS = 60.0
"""So long a process may go on with what was current before."""


@dataclass(frozen=True)
class Turned:
    """The current master key, since when it is, and the older ones that are not retired."""

    id: str
    since: datetime
    older: list[str]


class KeyRegistry:
    def __init__(self, database: Database, master: MasterKeys, reference_key: bytes, real_now: Callable[[], datetime]) -> None:
        self._keys = database["keys"]
        self._master = master
        self._reference = fingerprint(reference_key)
        self._real_now = real_now

    async def check(self) -> None:
        """Whether the keys of the data are here; wraps with the current one from here on. The first of all notes what it finds.

        Raises KeyMissing, StoreTrouble.
        """
        found = self._master.look()
        rows = await self._rows()
        if REFERENCE not in rows:
            # In this order: whoever is killed between them has not been the first.
            await self._note({f"{MASTER}{id}": print for id, print in found.items()} | {REFERENCE: self._reference})
            rows = await self._rows()
        if rows[REFERENCE]["fingerprint"] != self._reference:
            raise KeyMissing(
                "reference.key is another than the one that stored data was made with, nobody would be found again: put that one back from "
                "its backup, into MINYI_KEYS_DIR · reference.key 与已存数据所用的密钥不符，将无法找到任何人：请从备份恢复到 MINYI_KEYS_DIR"
            )
        for id, row in _in_use(rows).items():
            if id not in found:
                raise self._master.missing(id)
            if found[id] != row["fingerprint"]:
                raise self._master.another(id)
        self._master.turn_to(max(_in_use(rows)))

    async def watch(self) -> None:
        """As a running process looks: it turns to what is current now. A key that is gone from its place is told, and serves on."""
        try:
            await self.check()
        except KeyMissing as error:
            telemetry.log().error("keys are not as they ought to be", trouble=str(error))

    async def turn(self) -> Turned:
        """The newest key by name that is here is current from now on, for every process. Raises KeyMissing, StoreTrouble."""
        await self.check()
        found = self._master.look()
        newest = max(found)
        await self._note({f"{MASTER}{newest}": found[newest]})
        await self.check()
        in_use, current = _in_use(await self._rows()), self._master.current()[0]
        return Turned(current, in_use[current]["since"], sorted(id for id in in_use if id != current))

    async def retire(self, ids: list[str]) -> None:
        with store_errors():
            for id in ids:
                await self._keys.update_one({"_id": f"{MASTER}{id}", "retired_at": None}, {"$set": {"retired_at": self._real_now()}})

    async def _note(self, fingerprints: dict[str, str]) -> None:
        """What is there already stays."""
        for id, print in fingerprints.items():
            row = {"_id": id, "fingerprint": print, "since": self._real_now(), "retired_at": None}
            with store_errors():
                try:
                    await self._keys.insert_one(row)
                except DuplicateKeyError:
                    continue

    async def _rows(self) -> dict[str, Document]:
        with store_errors():
            return {row["_id"]: row for row in await self._keys.find({}).to_list(None)}


def _in_use(rows: dict[str, Document]) -> dict[str, Document]:
    """The rows of master keys that wrap something, by the key's id."""
    return {id.removeprefix(MASTER): row for id, row in rows.items() if id.startswith(MASTER) and row["retired_at"] is None}
