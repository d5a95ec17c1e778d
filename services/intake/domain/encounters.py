"""Encounters (S31–S36, S38): officials meet people, at home, in a meeting, in the street, at work; and what they hand out (S11). Pure.

A casual remark is enough: text and place; who was there, which household it was and what was handed out may follow, as a new version.
Texts are kept redacted, and as they were written sealed under a key of the encounter's own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict

from services.intake.domain.clocks import ClockState
from services.intake.domain.households import periods
from services.intake.domain.versions import Version, added, current
from shared.contracts.intake import Channel
from shared.erasure import blanked
from shared.identity.scopes import holds, prefixes
from shared.redaction import redact

EncounterKind = Literal[
    "HOUSEHOLD_TALK",  # S31 入户恳谈
    "SYMPOSIUM",  # S32 座谈交流
    "STREET_TALK",  # S33 商户店里、街头巷尾
    "ENTERPRISE_VISIT",  # S34 企业走访
    "RECEPTION",  # S35 半天接待
    "COMMUNITY_EVENT",  # S36 居民说事、拉呱说事
    "ON_SITE_WORK",  # S38 现场办公、接诉即办
]

CHANNEL_OF: dict[EncounterKind, Channel] = {
    "HOUSEHOLD_TALK": "VISIT",
    "SYMPOSIUM": "SYMPOSIUM",
    "STREET_TALK": "STREET_TALK",
    "ENTERPRISE_VISIT": "ENTERPRISE_VISIT",
    "RECEPTION": "WALK_IN",
    "COMMUNITY_EVENT": "COMMUNITY_EVENT",
    "ON_SITE_WORK": "VISIT",
}
"""Through which door comes what is told there."""


class Notes(BaseModel):
    """What is written of an encounter. Sealed: `original`, `place`. By id: participants, household, enterprise; `messages` by code.

    `attendance`: how many people were met. `original` is None where somebody who told something there was erased,
    or its retention is over.
    """

    model_config = ConfigDict(frozen=True)

    text: str
    original: str | None
    place: str | None = None
    attendance: int | None = None
    participants: list[str] = []
    messages: list[str] = []
    household: str | None = None
    enterprise: str | None = None


class Encounter(BaseModel):
    """The document. `on` is the day in China; `division` at most village level: what is below is the place and sealed.

    `tellings`: whom else the encounter has to tell of itself, `outing:<member>` and `visit:<household>`, and whether that is done.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    kind: EncounterKind
    division: str
    team: str
    member: str
    at: datetime
    on: str
    clock: ClockState | None = None
    """What was noticed of the phone's clock; None where it was recorded over the network."""
    campaign: str | None = None
    reception: str | None = None
    person: str
    key: str
    """The wrapped data key of the encounter's own."""
    versions: list[Version[Notes]]
    tellings: dict[str, bool] = {}

    @property
    def notes(self) -> Notes:
        """The version that counts."""
        return current(self.versions).content

    def amended(self, version: Version[Notes]) -> Self:
        """With one more version. Raises BaseNotHere, TooManyVersions."""
        return self.model_copy(update={"versions": added(self.versions, version)}).owing()

    def without(self, names: Collection[str]) -> Self:
        """Without these names in what is in clear: one may have been told after it was written."""
        return self._rewritten(lambda notes: {"text": redact(notes.text, names).text})

    def without_words(self) -> Self:
        """What was counted stays: when, where, with how many; nothing that was said there, nor the place below the village."""
        return self._rewritten(lambda notes: {"text": blanked(notes.text or None) or "", "original": None, "place": None})

    def _rewritten(self, change: Callable[[Notes], dict[str, Any]]) -> Self:
        versions = [
            version.model_copy(update={"content": version.content.model_copy(update=change(version.content))}) for version in self.versions
        ]
        return self.model_copy(update={"versions": versions})

    def owing(self) -> Self:
        """With what it has to tell by its current version. What was told by an older one stays there until it is taken back."""
        owed = dict.fromkeys(self.wanted(), False)
        return self.model_copy(update={"tellings": {**owed, **self.tellings}})

    def wanted(self) -> list[str]:
        notes = self.notes
        homes = [f"visit:{notes.household}"] if notes.household else []
        return [f"outing:{member}" for member in dict.fromkeys([self.member, *notes.participants])] + homes

    def untold(self) -> dict[str, bool]:
        """What is to be done: to be told (True); to be taken back (False), also where a crash may have come before it was noted."""
        wanted = set(self.wanted())
        return {key: key in wanted for key, done in self.tellings.items() if not (done and key in wanted)}

    def told(self, key: str, *, done: bool) -> Self:
        """It was told, or taken back. One that was told although it is not owed any more is kept in mind, to be taken back."""
        tellings = {held: state for held, state in self.tellings.items() if held != key}
        if done or key in self.wanted():
            tellings[key] = done
        return self.model_copy(update={"tellings": tellings})

    def facts(self) -> dict[str, Any]:
        """What the projector counts for each territory and the team, per month and year: encounters, people met, messages handed out."""
        numbers: dict[str, int] = {}
        notes = self.notes
        for period in periods(self.on):
            numbers[f"{self.kind}:{period}"] = 1
            if notes.attendance:
                numbers[f"people:{period}"] = notes.attendance
            numbers |= {f"message:{code}:{period}": 1 for code in notes.messages}
        return {"at": [*prefixes(self.division)[1:], f"team:{self.team}"], "n": numbers}


@dataclass(frozen=True)
class Totals:
    """What was done in a period. `people`: how many were met; `messages`: in how many encounters each was handed out, by code."""

    encounters: dict[EncounterKind, int]
    people: int
    messages: dict[str, int]


def totals(numbers: Mapping[str, int], period: str) -> Totals:
    """From what the projector has counted (`facts`)."""
    kinds: dict[EncounterKind, int] = {kind: numbers.get(f"{kind}:{period}", 0) for kind in CHANNEL_OF}
    handed = {}
    for key, number in sorted(numbers.items()):
        what, _, code_and_period = key.partition(":")
        code, _, of = code_and_period.rpartition(":")
        if what == "message" and of == period and number:
            handed[code] = number
    return Totals(kinds, numbers.get(f"people:{period}", 0), handed)


class PolicyMessage(BaseModel):
    """What is handed out on visits (S11 传递党和政府声音). `since`, `until`: first day, and first day no more (ISO)."""

    model_config = ConfigDict(frozen=True)

    code: str
    title: str
    title_en: str
    text: str
    division: str
    since: str
    until: str | None = None

    def handed_out_at(self, division: str, day: str) -> bool:
        """Whether it may be handed out there on that day."""
        return holds(self.division, division) and self.since <= day and (self.until is None or day < self.until)
