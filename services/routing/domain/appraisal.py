"""研判 by people: what waits for it, and what is kept of it: who was asked (征求意见) and said what, the verdict, the answer. Pure data."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, Self, get_args

from pydantic import BaseModel, ConfigDict

from services.routing.domain.catalogue import Grade
from shared.contracts.intake import Kind, Owner
from shared.erasure import ERASED, blanked
from shared.identity.scopes import Scope, prefixes

# What a dispatcher judges before anybody handles it (S46, S47). Everything else is appraised by rule.
APPRAISED_BY_PEOPLE: frozenset[Kind] = frozenset({"REPORT"})
# Working days in which somebody who was asked says what they think.
OPINION_DAYS = 1

Body = Literal["COMMUNITY", "COMPOUND"]
"""Who is consulted (S46): the community (village) party organisation, or the party secretary of the compound (小区)."""
BODIES: tuple[Body, ...] = get_args(Body)
VILLAGE_DIGITS = 12
Finding = Literal["YES", "NO", "UNCLEAR"]


def waits_for_people(kind: Kind, grade: Grade, answered: bool) -> bool:
    """Never what is urgent, nor what was answered on the spot (S49)."""
    return kind in APPRAISED_BY_PEOPLE and grade != "URGENT" and not answered


class Consultation(BaseModel):
    """征求意见: what one body was asked, and what it said; `answered_at` is None while it has said nothing."""

    model_config = ConfigDict(frozen=True)

    of: Body
    compound: str | None = None
    """Of COMPOUND: which one. Where in the village it was is told to routing by nobody else (0005)."""
    asked_at: datetime
    asked_by: Owner
    question: str
    due_at: datetime
    answered_at: datetime | None = None
    answered_by: Owner | None = None
    reasonable: Finding | None = None
    truthful: Finding | None = None
    opinion: str | None = None

    def overdue(self, at: datetime) -> bool:
        return self.answered_at is None and at > self.due_at

    def without_words(self) -> Self:
        return self.model_copy(update={"question": ERASED, "opinion": blanked(self.opinion)})


class Verdict(BaseModel):
    """What a dispatcher found: reasonable? truthful? and what kind of matter it is."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    by: Owner
    reasonable: Finding
    truthful: Finding
    kind: Kind
    grade: Grade
    category: str | None
    reason: str


class Recall(BaseModel):
    """收回研判: from which department it was taken back, by which rule it had come there, and why."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    by: Owner
    department: str
    rule: str
    rule_version: int
    reason: str


class Answered(BaseModel):
    """What a dispatcher told the petitioner instead of sending it to a department."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    by: Owner
    text: str


class Appraisal(BaseModel):
    """All of it, oldest first. `verdict` is the last one."""

    model_config = ConfigDict(frozen=True)

    consultations: list[Consultation] = []
    verdict: Verdict | None = None
    recalls: list[Recall] = []
    answered: Answered | None = None

    def with_(self, **changes: object) -> Self:
        return self.model_copy(update=changes)

    def waiting(self) -> dict[Body, Consultation]:
        """What was asked and not answered; one of each body at most."""
        return {each.of: each for each in self.consultations if each.answered_at is None}

    def without_words(self) -> Self:
        return self.with_(
            consultations=[each.without_words() for each in self.consultations],
            verdict=self.verdict.model_copy(update={"reason": ERASED}) if self.verdict else None,
            recalls=[each.model_copy(update={"reason": ERASED}) for each in self.recalls],
            answered=self.answered.model_copy(update={"text": ERASED}) if self.answered else None,
        )


def village_of(division: str) -> str | None:
    """The community or village in which it happened; None where the code names none."""
    return next((code for code in prefixes(division) if len(code) == VILLAGE_DIGITS), None)


def is_compound_of(compound: str, village: str | None) -> bool:
    found = prefixes(compound)
    return bool(found) and village is not None and found[-2:] == (village, compound)


def spoken_for(scopes: Iterable[Scope], village: str | None, asked: dict[Body, Consultation]) -> frozenset[Body]:
    """For which of those that were asked somebody with these scopes speaks: of exactly that place, nobody above it or below."""
    own = {scope.prefix for scope in scopes}
    places = {body: village if body == "COMMUNITY" else each.compound for body, each in asked.items()}
    return frozenset(body for body, place in places.items() if place in own)
