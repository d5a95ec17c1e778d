"""民情日记 (S40): what a secretary writes down of a day. Kept redacted, and as it was written sealed under a key of its own. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict

from services.intake.domain.clocks import ClockState
from services.intake.domain.versions import Version, added, current
from shared.erasure import ERASED

DUTY = "DIARY"
"""Writing it does this duty of “七个一”, where there is one of that code (S39)."""


class Page(BaseModel):
    """`original` is sealed; None where its retention is over. `encounters`: those that it tells of, by id."""

    model_config = ConfigDict(frozen=True)

    text: str
    original: str | None
    encounters: list[str] = []


class Diary(BaseModel):
    """The document. `on` is the day in China; `told`: the duty is done, or there is none."""

    model_config = ConfigDict(frozen=True)

    id: str
    team: str
    member: str
    at: datetime
    on: str
    clock: ClockState | None = None
    person: str
    key: str
    versions: list[Version[Page]]
    told: bool = False

    @property
    def page(self) -> Page:
        """The version that counts."""
        return current(self.versions).content

    def amended(self, version: Version[Page]) -> Self:
        """With one more version. Raises BaseNotHere, TooManyVersions."""
        return self.model_copy(update={"versions": added(self.versions, version)})

    def without_words(self) -> Self:
        """That it was written stays."""
        gone = {"text": ERASED, "original": None}
        versions = [version.model_copy(update={"content": version.content.model_copy(update=gone)}) for version in self.versions]
        return self.model_copy(update={"versions": versions})
