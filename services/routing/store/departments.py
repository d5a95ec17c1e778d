"""The departments as they have arrived, by code."""

from __future__ import annotations

from services.routing.domain.targets import Departments
from shared.contracts.intake import DepartmentRow
from shared.mongo import Database
from shared.records import Document
from shared.reference import ReferenceRows


class KnownDepartments(ReferenceRows):
    def __init__(self, database: Database) -> None:
        super().__init__(database, "departments")
        self._of: dict[str, Document] | None = None
        self._typed: Departments = {}

    def known(self) -> Departments:
        """As last read, without asking the store: what a decision reads."""
        if self._of is not self._rows:
            self._of, self._typed = self._rows, {code: DepartmentRow(**row) for code, row in self._rows.items()}
        return self._typed

    async def newest(self) -> Departments:
        """At most two seconds old."""
        await self.rows()
        return self.known()
