"""What is proposed to be changed in an archive (S41), and whether it may be held at all: purpose, consent, retention. Pure."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer

from services.intake.domain.archive_fields import Field, Of, field_of
from shared.identity.errors import Refusal

Action = Literal["SET", "REMOVE", "REMOVE_RESIDENT", "ERASE"]
"""REMOVE leaves what there was to the history; ERASE (consent withdrawn, 撤回同意) leaves it nowhere: a field, or a whole resident."""
Kind = Literal["HOUSEHOLD", "SHOP", "ENTERPRISE"]
Purpose = Literal["CONTACT", "SERVICE", "RELIEF", "SAFETY", "ENTERPRISE_SUPPORT"]
"""For what a datum is held. A list and no text: it is told where values are masked, so nothing personal can stand in it."""
State = Literal["PROPOSED", "CONFIRMED", "REFUSED"]
MOST_CHANGES = 60


class Consent(BaseModel):
    """`on`: the day, ISO."""

    model_config = ConfigDict(frozen=True)

    how: Literal["ORAL", "WRITTEN"]
    on: str


class Change(BaseModel):
    """`value` is sealed, and gone when its retention is over, it is erased or the proposal decided. `retain_until`: the last day, ISO.
    `base`: what was there when it was proposed, as Archive.base_of tells it; empty for nothing."""

    model_config = ConfigDict(frozen=True)

    action: Action
    resident: str | None = None
    field: str | None = None
    value: str | None = None
    purpose: Purpose | None = None
    consent: Consent | None = None
    retain_until: str | None = None
    base: str | None = None

    @property
    def target(self) -> tuple[str | None, str | None]:
        return self.resident, self.field

    @property
    def whole(self) -> bool:
        """Whether it is about everything of a resident."""
        return self.action == "REMOVE_RESIDENT" or (self.action == "ERASE" and self.resident is not None and self.field is None)

    def about(self, resident: str | None, field: str | None) -> bool:
        """Whether it is about this datum."""
        return self.resident == resident and (self.whole or self.field == field)

    @model_serializer(mode="wrap")
    def _what_is_there(self, dump: SerializerFunctionWrapHandler) -> dict[str, object]:
        # Of what is decided little is left; an archive keeps many of them.
        return {name: value for name, value in dump(self).items() if value is not None}


class Proposal(BaseModel):
    """`by`: who proposed it. `note` and `reason` are sealed. Once it is decided it tells who, when, why and which fields: the values stand
    in the archive, or nowhere. `until`: the last day of what it is about; after it the note is gone, and the whole where it is decided."""

    model_config = ConfigDict(frozen=True)

    id: str
    by: str
    at: datetime
    encounter: str | None
    note: str | None
    changes: list[Change]
    until: str
    state: State = "PROPOSED"
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str | None = None

    @property
    def is_open(self) -> bool:
        return self.state == "PROPOSED"

    def closed(self, confirmed: bool, by: str, at: datetime, reason: str | None) -> Proposal:
        """As it stays once it is decided: without note, encounter and values."""
        return Proposal(
            id=self.id,
            by=self.by,
            at=self.at,
            encounter=None,
            note=None,
            changes=[Change(action=each.action, resident=each.resident, field=each.field) for each in self.changes],
            until=self.until,
            state="CONFIRMED" if confirmed else "REFUSED",
            decided_by=by,
            decided_at=at,
            reason=reason,
        )

    def without(self, erased: Change) -> Proposal:
        """Without the values that are erased; where it was about them, without its texts too, which may tell them."""
        if not any(erased.about(*each.target) for each in self.changes):
            return self
        changes = [each.model_copy(update={"value": None}) if erased.about(*each.target) else each for each in self.changes]
        return self.model_copy(update={"changes": changes, "note": None, "reason": None})

    def on(self, today: str) -> Proposal:
        """Without what is past its retention."""
        changes = [each.model_copy(update={"value": None}) if past(each.retain_until, today) else each for each in self.changes]
        return self.model_copy(update={"changes": changes, "note": None if past(self.until, today) else self.note})

    @property
    def days(self) -> list[str]:
        """The last days of what it still holds."""
        whole = [self.until] if self.note or not self.is_open else []
        return whole + [each.retain_until for each in self.changes if each.value is not None and each.retain_until is not None]


def past(last_day: str | None, today: str) -> bool:
    """Whether a datum with this last day has to be gone."""
    return last_day is not None and last_day < today


def plus_years(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def part_of(kind: Kind, resident: str | None) -> Of:
    """Which part of the table of fields a change is about."""
    if resident is not None and kind == "HOUSEHOLD":
        return Of.RESIDENT
    return Of.HOUSEHOLD if kind == "HOUSEHOLD" else Of.ENTERPRISE


def require_lawful(kind: Kind, changes: list[Change], today: date) -> None:
    """Every change is one that may be proposed. Raises Refusal, which names the input at fault as `changes.2.retainUntil`."""
    if not 1 <= len(changes) <= MOST_CHANGES:
        raise Refusal("BAD_CHANGES", f"一次可提出1至{MOST_CHANGES}项变更。", f"Propose 1 to {MOST_CHANGES} changes.", "changes")
    for number, change in enumerate(changes):
        at = f"changes.{number}"
        if change.resident is not None and kind != "HOUSEHOLD":
            raise Refusal("NO_RESIDENTS", "商户、企业档案没有住户成员。", "An enterprise has no residents.", f"{at}.resident")
        if change.resident is None and change.action == "REMOVE_RESIDENT":
            raise Refusal("RESIDENT_MISSING", "请指明成员。", "Name the resident.", f"{at}.resident")
        earlier = changes[:number]
        if any(each.about(*change.target) or change.about(*each.target) for each in earlier):
            raise Refusal("TWICE", "同一项在本次变更中重复。", "The same thing is changed twice.", at)
        if change.whole:
            continue
        field = field_of(part_of(kind, change.resident), change.field or "", f"{at}.field")
        if change.action == "SET":
            _require_ground(field, change, today, at)


def _require_ground(field: Field, change: Change, today: date, at: str) -> None:
    """The rules of one datum that is to be held."""

    def refuse(code: str, zh: str, en: str, input: str) -> Refusal:
        return Refusal(code, f"“{field.zh}”：{zh}", f"{field.code}: {en}", f"{at}.{input}")

    if change.value is None:
        raise refuse("VALUE_MISSING", "请填写内容。", "give a value.", "value")
    if field.personal and change.purpose is None:
        raise refuse("PURPOSE_MISSING", "请填写收集目的。", "say for what it is held.", "purpose")
    if field.personal and change.consent is None:
        raise refuse("CONSENT_MISSING", "请填写本人同意的方式和日期。", "say how and when they consented.", "consent")
    if field.sensitive and (change.consent is None or change.consent.how != "WRITTEN"):
        raise refuse("CONSENT_NOT_WRITTEN", "敏感信息须有书面同意。", "sensitive data need a consent in writing.", "consent")
    if change.consent is not None and change.consent.on > today.isoformat():
        raise refuse("CONSENT_IN_THE_FUTURE", "同意日期不能晚于今天。", "the consent lies in the future.", "consent")
    if field.personal and change.retain_until is None:
        raise refuse("RETENTION_MISSING", "请填写保存期限。", "say until when it is kept.", "retainUntil")
    if past(change.retain_until, today.isoformat()):
        raise refuse("RETENTION_PAST", "保存期限已过。", "that retention is over already.", "retainUntil")
    if change.retain_until is not None and change.retain_until > plus_years(today, field.years).isoformat():
        raise refuse("RETENTION_TOO_LONG", f"最多保存{field.years}年。", f"kept for {field.years} years at most.", "retainUntil")
