"""保存期限: for which purpose, on which basis and until when each datum of a petitioner is kept (个人信息保护法 art. 6, 13, 19). Pure.

The rules are data (data/retention.csv). Days count from the end of the last grievance of a person; while one is open, from today: the last
day moves on with each new grievance and with its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.intake.domain.archive_changes import Consent, Purpose, plus_years
from services.intake.domain.completing import ENDED
from services.intake.domain.grievance import Grievance
from shared.china_time import day_in_china

What = Literal["NAME", "PHONE", "OPENID", "WORDS", "PLACE", "NOTICE", "NOTES"]
"""NOTES: what officials write down of encounters, and in diaries."""
Basis = Literal["CONSENT", "STATUTORY_DUTY"]
CONTACT: tuple[What, ...] = ("NAME", "PHONE", "OPENID")
_KEPT = re.compile(r"P(?:(?P<years>\d+)Y|(?P<days>\d+)D)")


@dataclass(frozen=True)
class Span:
    """A whole number of years or of days."""

    years: int = 0
    days: int = 0

    def after(self, day: date) -> date:
        return plus_years(day, self.years) + timedelta(days=self.days)

    def before(self, day: date) -> date:
        return plus_years(day, -self.years) - timedelta(days=self.days)


def read_span(text: str) -> Span:
    """ISO 8601, in years or in days. Raises ValueError."""
    match = _KEPT.fullmatch(text)
    if match is None:
        raise ValueError(f"not P…Y or P…D: {text!r}")
    return Span(int(match["years"] or 0), int(match["days"] or 0))


@dataclass(frozen=True)
class Rule:
    """`consented`: for those who agreed that it is kept, or did not; None for both."""

    what: What
    consented: bool | None
    purpose: Purpose
    zh: str
    en: str
    basis: Basis
    law: str
    span: Span


class Datum(BaseModel):
    """One datum that is kept of a person, as archives tell theirs. Days are ISO, in China; `retain_until` is the last, if nothing more is
    told: a grievance that is open moves it on."""

    model_config = ConfigDict(frozen=True)

    what: What
    purpose: Purpose
    basis: Basis
    consent: Consent | None
    recorded_on: str
    retain_until: str


@dataclass(frozen=True)
class Retention:
    rules: tuple[Rule, ...]

    def rule(self, what: What, consented: bool) -> Rule:
        """Raises LookupError where the policy says nothing of it."""
        found = next((rule for rule in self.rules if rule.what == what and rule.consented in (None, consented)), None)
        if found is None:
            raise LookupError(f"retention.csv has no rule for {what}")
        return found

    def data(self, whats: Iterable[What], consented: bool, recorded_on: str, last: date) -> list[Datum]:
        """`last`: the day on which the last grievance ended; today, while one is open."""
        found = []
        for what in whats:
            rule = self.rule(what, consented)
            consent = Consent(how="ORAL", on=recorded_on) if rule.basis == "CONSENT" else None
            until = rule.span.after(last).isoformat()
            found.append(
                Datum(what=what, purpose=rule.purpose, basis=rule.basis, consent=consent, recorded_on=recorded_on, retain_until=until)
            )
        return found

    def notices_before(self, today: date) -> date:
        """Notices sent on an earlier day are over."""
        return self.rule("NOTICE", True).span.before(today)

    def notes_before(self, today: date) -> date:
        """Notes of an earlier day are over."""
        return self.rule("NOTES", True).span.before(today)


def kept_of(name: bool, phone: bool, openid: bool = False) -> list[What]:
    """What there is of a person: their words and where always."""
    contact = [what for what, there in zip(CONTACT, (name, phone, openid), strict=True) if there]
    return [*contact, "WORDS", "PLACE"]


def due(data: Iterable[Datum]) -> str:
    """The day on which something of it may be over first."""
    return min(datum.retain_until for datum in data)


def last_day(grievances: Iterable[Grievance], today: date) -> date:
    """From which day the retention of the person counts who told these."""
    return max((ended_on(grievance) or today for grievance in grievances), default=today)


def ended_on(grievance: Grievance) -> date | None:
    """The day in China; None while it is open."""
    progress = grievance.progress
    return day_in_china(progress.at) if progress is not None and progress.status in ENDED else None
