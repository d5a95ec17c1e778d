"""Departments and posts as pages of at most 100 rows. A page is written in one write with its reference event, like a grievance."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shared.contracts.base import Contract
from shared.contracts.intake import DepartmentRow, DepartmentsRecordedV1, PostRow, PostsRecordedV1
from shared.envelope import Event, encode
from shared.records import MongoRecords, StoreTrouble
from shared.runtime import World
from shared.writer import event_entry

PAGE = 100


class ReferencePages:
    """The reference rows that other services need whole."""

    def __init__(self, records: MongoRecords, world: World) -> None:
        self._records = records
        self._world = world

    async def record_departments(self, rows: list[DepartmentRow]) -> list[str]:
        """Write the pages that changed; returns their ids."""
        return await self._record("departments", [row.model_dump() for row in rows])

    async def record_posts(self, rows: list[PostRow]) -> list[str]:
        return await self._record("posts", [row.model_dump() for row in rows])

    async def all(self) -> list[PostRow]:
        """Every post (port Posts)."""
        return [PostRow.model_validate(row) for row in await self._rows("posts")]

    async def departments(self) -> list[DepartmentRow]:
        return [DepartmentRow.model_validate(row) for row in await self._rows("departments")]

    async def _rows(self, kind: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        number = 1
        while (page := await self._records.load(f"{kind}:{number:04d}")) is not None:
            rows += page["rows"]
            number += 1
        return rows

    async def _record(self, kind: str, rows: list[dict[str, Any]]) -> list[str]:
        written = []
        for number, start in enumerate(range(0, len(rows), PAGE), start=1):
            id = f"{kind}:{number:04d}"
            if await self._write(id, kind, rows[start : start + PAGE]):
                written.append(id)
        return written

    async def _write(self, id: str, kind: str, rows: list[dict[str, Any]]) -> bool:
        for _ in range(5):
            held = await self._records.load(id)
            if held is not None and held["rows"] == rows:
                return False
            version = held["version"] if held else 0
            entry = self._entry(id, kind, version + 1, rows, self._world.now())
            if held is None:
                document = {"_id": id, "version": 1, "rows": rows, "outbox": [entry], "unsent": True}
                if await self._records.insert(document):
                    return True
            elif await self._records.update(id, version, {"rows": rows}, {}, [entry]):
                return True
        raise StoreTrouble("too many conflicting writes")

    def _entry(self, id: str, kind: str, revision: int, rows: list[dict[str, Any]], at: datetime) -> dict[str, Any]:
        contract: Contract
        if kind == "departments":
            contract = DepartmentsRecordedV1(revision=revision, rows=[DepartmentRow.model_validate(row) for row in rows])
        else:
            contract = PostsRecordedV1(revision=revision, rows=[PostRow.model_validate(row) for row in rows])
        event_id = self._world.event_id()
        body = encode(contract, id=event_id, source="intake", subject=id, sequence=revision, after={}, at=at, traceparent="")
        event = Event(event_id, contract.type, "intake", id, revision, {}, (contract.version(),), body)
        return event_entry(event, self._world.real_now())
