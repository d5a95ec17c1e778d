"""协办: what another department contributes to a work order. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict

from shared.contracts.intake import Owner
from shared.erasure import blanked


class Part(BaseModel):
    """One co-handler's part. `task` is None where the dispatch rule asked for it: then the grievance itself says what is to be done.

    A part that is released stays in the record, and its department has no more to do with it.
    """

    model_config = ConfigDict(frozen=True)

    department: str
    task: str | None
    asked_at: datetime
    asked_by: Owner
    reported_at: datetime | None = None
    reported_by: Owner | None = None
    report: str | None = None
    evidence: list[str] = []
    released_at: datetime | None = None
    released_by: Owner | None = None
    release_reason: str | None = None

    @property
    def open(self) -> bool:
        """Whether the lead waits for it."""
        return self.reported_at is None and self.released_at is None

    def reopened(self) -> Self:
        """As a rework asks for it: what was reported before did not help."""
        return self.model_copy(update={"reported_at": None, "reported_by": None, "report": None, "evidence": []})

    def without_words(self) -> Self:
        words = {"task": blanked(self.task), "report": blanked(self.report), "release_reason": blanked(self.release_reason)}
        return self.model_copy(update=words)


def contributing(parts: Iterable[Part]) -> list[str]:
    """The departments that have a part, reported or not: who sees it beside the lead."""
    return [part.department for part in parts if part.released_at is None]


def asked_by_rule(departments: Iterable[str], by: Owner, at: datetime) -> list[Part]:
    """What a dispatch rule asks of others than the lead."""
    return [Part(department=code, task=None, asked_at=at, asked_by=by) for code in departments]
