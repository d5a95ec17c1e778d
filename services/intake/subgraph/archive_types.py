"""The types of archives in the graph: values are masked but in the answer to a reveal, and opened only when they are asked for."""

from __future__ import annotations

from datetime import date, datetime

import strawberry

from services.intake.adapters.cipher import PersonKey
from services.intake.domain import archives as domain
from services.intake.domain import masks
from services.intake.domain.archive_changes import Change, Consent, Proposal, part_of
from services.intake.domain.archive_fields import FIELDS, shown
from services.intake.subgraph.archive_inputs import (
    ArchiveAction,
    ArchiveForm,
    ArchiveKind,
    ArchivePart,
    ArchiveProposalState,
    ArchivePurpose,
    ArchiveStep,
    ConsentForm,
)
from services.intake.subgraph.types import Division
from services.intake.usecases.archiving import note_name, reason_name, value_name


@strawberry.type(description="档案字段 · a field that archives may hold")
class ArchiveField:
    part: ArchivePart = strawberry.field(description="所属 · of whom or what it tells")
    code: str = strawberry.field(description="字段代码 · code")
    name: str = strawberry.field(description="中文名称 · name in Chinese")
    name_en: str = strawberry.field(description="英文名称 · name in English")
    form: ArchiveForm = strawberry.field(description="内容的形式 · form of its value")
    personal: bool = strawberry.field(description="个人信息：须有目的、同意和保存期限 · personal: needs purpose, consent and retention")
    sensitive: bool = strawberry.field(description="敏感信息：须书面同意 · sensitive: needs consent in writing")
    years: int = strawberry.field(description="最长保存年数 · the longest retention, in years")


@strawberry.type(description="本人同意 · consent of whom it is about")
class ArchiveConsent:
    how: ConsentForm = strawberry.field(description="方式 · how")
    on: date = strawberry.field(description="日期 · the day in China")


@strawberry.type(description="一项信息，默认脱敏 · one datum, masked")
class ArchiveDatum:
    field: str = strawberry.field(description="字段 · field, as archiveFields lists them")
    value: str = strawberry.field(description="脱敏内容 · value, masked")
    purpose: ArchivePurpose | None = strawberry.field(description="收集目的 · for what it is held")
    consent: ArchiveConsent | None = strawberry.field(description="本人同意 · consent")
    retain_until: date | None = strawberry.field(description="保存至（含当日） · the last day on which it is kept")
    since: datetime = strawberry.field(description="确认时间 · since when it holds")
    by: str = strawberry.field(description="提出人 · who proposed it")
    encounter: strawberry.ID | None = strawberry.field(description="所属走访 · the encounter in which it was found")
    set_by: strawberry.ID = strawberry.field(description="来自哪项变更 · the proposal that brought it")


@strawberry.type(description="住户成员 · a resident of a household")
class ArchiveResident:
    id: strawberry.ID = strawberry.field(description="标识 · id")
    data: list[ArchiveDatum] = strawberry.field(description="信息 · what is held")


@strawberry.type(description="拟变更的一项 · one change of a proposal")
class ArchiveChange:
    action: ArchiveAction = strawberry.field(description="变更 · what it does")
    resident: strawberry.ID | None = strawberry.field(description="成员 · which resident; none for the household or enterprise itself")
    field: str | None = strawberry.field(description="字段 · field")
    value: str | None = strawberry.field(
        description="拟改值，脱敏；处理、到期或撤回同意后为空 · the value proposed, masked; null once it is decided, over or erased"
    )
    current: str | None = strawberry.field(description="现值，脱敏 · what is there now, masked")
    stale: bool = strawberry.field(description="提出之后现值已变 · what is there has changed since: it can only be refused")
    purpose: ArchivePurpose | None = strawberry.field(description="收集目的 · for what it is held")
    consent: ArchiveConsent | None = strawberry.field(description="本人同意 · consent")
    retain_until: date | None = strawberry.field(description="保存至（含当日） · the last day on which it is kept")


@strawberry.type(description="档案变更 · changes that were proposed together")
class ArchiveProposal:
    id: strawberry.ID = strawberry.field(description="标识 · id")
    by: str = strawberry.field(description="提出人 · who proposed it")
    at: datetime = strawberry.field(description="提出时间 · when")
    encounter: strawberry.ID | None = strawberry.field(
        description="所属走访，处理后为空 · the encounter in which it was found; null once it is decided"
    )
    note: str | None = strawberry.field(description="说明，处理后为空 · the note; null once it is decided")
    state: ArchiveProposalState = strawberry.field(description="状态 · state")
    decided_by: str | None = strawberry.field(description="处理人 · who decided")
    decided_at: datetime | None = strawberry.field(description="处理时间 · when it was decided")
    reason: str | None = strawberry.field(description="理由 · why")
    changes: list[ArchiveChange] = strawberry.field(description="变更 · its changes")


@strawberry.type(description="历史的一步 · one step of the history")
class ArchiveReplaced:
    at: datetime = strawberry.field(description="时间 · when")
    by: str | None = strawberry.field(description="确认人，到期则无 · who confirmed it; nobody where the retention was over")
    proposal: strawberry.ID | None = strawberry.field(description="变更 · by which proposal")
    action: ArchiveStep = strawberry.field(description="发生了什么 · what happened")
    resident: strawberry.ID | None = strawberry.field(description="成员 · which resident")
    field: str = strawberry.field(description="字段 · field")
    was: str | None = strawberry.field(
        description="原值，脱敏；到期或撤回同意后为空 · what was there, masked; null once its retention is over, or it is erased"
    )


@strawberry.type(description="居民、商户或企业档案 · the archive of a household, shop or enterprise")
class Archive:
    id: strawberry.ID = strawberry.field(description="标识；住户档案即住户标识 · id; a household's has the household's id")
    kind: ArchiveKind = strawberry.field(description="类型 · kind")
    village: Division | None = strawberry.field(description="村（社区） · village")
    team: str | None = strawberry.field(description="包联团队 · the team that it is with")
    held: strawberry.Private[domain.Archive]
    key: strawberry.Private[PersonKey]
    in_clear: strawberry.Private[bool]

    @strawberry.field(description="住户成员 · residents")
    def residents(self) -> list[ArchiveResident]:
        return [
            ArchiveResident(id=strawberry.ID(each.id), data=[self._datum(each.id, field, datum) for field, datum in each.data.items()])
            for each in self.held.residents
        ]

    @strawberry.field(description="居住、生产或经营状况 · living, production or business conditions")
    def conditions(self) -> list[ArchiveDatum]:
        return [self._datum(None, field, datum) for field, datum in self.held.conditions.items()]

    @strawberry.field(
        description="提出的变更，新的在前；已处理的留最近100项，到期即删 · proposals, the newest first; of those decided the last 100, "
        "until the last retention day of what they were about"
    )
    def proposals(self) -> list[ArchiveProposal]:
        return [self._proposal(each) for each in reversed(self.held.proposals)]

    @strawberry.field(description="历史，新的在前，最近1000步 · what there was, the newest first, 1,000 steps at most")
    def history(self) -> list[ArchiveReplaced]:
        return [
            ArchiveReplaced(
                at=each.at,
                by=each.by,
                proposal=_id(each.proposal),
                action=ArchiveStep(each.action),
                resident=_id(each.resident),
                field=each.field,
                was=self._shown(each.resident, each.field, each.was.value if each.was else None),
            )
            for each in reversed(self.held.history)
        ]

    def _shown(self, resident: str | None, field: str | None, value: str | None) -> str | None:
        if value is None or field is None:
            return None
        if self.in_clear:
            return self.key.decrypt(value_name(resident, field), value)
        known = FIELDS.get((part_of(self.held.kind, resident), field))
        # A field that the table no longer has: nobody says any more how it may be shown.
        return shown(known, self.key.decrypt(value_name(resident, field), value)) if known else masks.HIDDEN

    def _datum(self, resident: str | None, field: str, datum: domain.Datum) -> ArchiveDatum:
        return ArchiveDatum(
            field=field,
            value=self._shown(resident, field, datum.value) or masks.HIDDEN,
            purpose=ArchivePurpose(datum.purpose) if datum.purpose else None,
            consent=_consent(datum.consent),
            retain_until=_day(datum.retain_until),
            since=datum.since,
            by=datum.by,
            encounter=_id(datum.encounter),
            set_by=strawberry.ID(datum.set_by),
        )

    def _proposal(self, each: Proposal) -> ArchiveProposal:
        return ArchiveProposal(
            id=strawberry.ID(each.id),
            by=each.by,
            at=each.at,
            encounter=_id(each.encounter),
            note=self.key.decrypt(note_name(each.id), each.note) if each.note else None,
            state=ArchiveProposalState(each.state),
            decided_by=each.decided_by,
            decided_at=each.decided_at,
            reason=self.key.decrypt(reason_name(each.id), each.reason) if each.reason else None,
            changes=[self.change(change, open=each.state == "PROPOSED") for change in each.changes],
        )

    def change(self, each: Change, *, open: bool) -> ArchiveChange:
        there = self.held.datum(*each.target)
        return ArchiveChange(
            action=ArchiveAction(each.action),
            resident=_id(each.resident),
            field=each.field,
            value=self._shown(each.resident, each.field, each.value),
            current=self._shown(each.resident, each.field, there.value if there else None),
            stale=open and self.held.is_stale(each),
            purpose=ArchivePurpose(each.purpose) if each.purpose else None,
            consent=_consent(each.consent),
            retain_until=_day(each.retain_until),
        )


TABLE = [
    ArchiveField(
        part=ArchivePart(field.of.value),
        code=field.code,
        name=field.zh,
        name_en=field.en,
        form=ArchiveForm(field.form.value),
        personal=field.personal,
        sensitive=field.sensitive,
        years=field.years,
    )
    for field in FIELDS.values()
]


def _id(text: str | None) -> strawberry.ID | None:
    return strawberry.ID(text) if text is not None else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text is not None else None


def _consent(consent: Consent | None) -> ArchiveConsent | None:
    return ArchiveConsent(how=ConsentForm(consent.how), on=date.fromisoformat(consent.on)) if consent else None
