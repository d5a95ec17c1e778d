"""The words of archives in the graph, and the inputs of their mutations."""

from __future__ import annotations

from datetime import date
from enum import Enum

import strawberry

from services.intake.subgraph.inputs import told
from services.intake.subgraph.types import REQUEST
from services.intake.usecases.decide_archive_change import DecideArchiveChange
from services.intake.usecases.propose_archive_change import ProposeArchiveChange


@strawberry.enum(description="字段所属：成员、住户、商户或企业 · of whom or what a field tells")
class ArchivePart(Enum):
    RESIDENT = "RESIDENT"
    HOUSEHOLD = "HOUSEHOLD"
    ENTERPRISE = "ENTERPRISE"


@strawberry.enum(description="内容的形式 · form of a value")
class ArchiveForm(Enum):
    LINE = "LINE"
    TEXT = "TEXT"
    PHONE = "PHONE"
    ID_NUMBER = "ID_NUMBER"
    YEAR = "YEAR"
    NUMBER = "NUMBER"


@strawberry.enum(description="档案类型 · kind of archive")
class ArchiveKind(Enum):
    HOUSEHOLD = "HOUSEHOLD"
    SHOP = "SHOP"
    ENTERPRISE = "ENTERPRISE"


@strawberry.enum(description="新档案的类型：商户、企业 · kind of a new archive")
class EnterpriseKind(Enum):
    SHOP = "SHOP"
    ENTERPRISE = "ENTERPRISE"


@strawberry.enum(
    description="变更：填写、删除、删除成员、撤回同意（不留原值；不填字段即整个成员） · what it does; REMOVE leaves what there was to "
    "the history; ERASE, for a consent withdrawn, leaves it nowhere; without a field it erases a whole resident"
)
class ArchiveAction(Enum):
    SET = "SET"
    REMOVE = "REMOVE"
    REMOVE_RESIDENT = "REMOVE_RESIDENT"
    ERASE = "ERASE"


@strawberry.enum(description="历史：填写、删除、删除成员、撤回同意、到期 · what happened to a datum")
class ArchiveStep(Enum):
    SET = "SET"
    REMOVE = "REMOVE"
    REMOVE_RESIDENT = "REMOVE_RESIDENT"
    ERASED = "ERASED"
    EXPIRED = "EXPIRED"


@strawberry.enum(description="收集目的：联系走访、便民服务、困难帮扶、安全、助企 · for what a datum is held")
class ArchivePurpose(Enum):
    CONTACT = "CONTACT"
    SERVICE = "SERVICE"
    RELIEF = "RELIEF"
    SAFETY = "SAFETY"
    ENTERPRISE_SUPPORT = "ENTERPRISE_SUPPORT"


@strawberry.enum(description="同意方式：口头、书面 · how consent was given")
class ConsentForm(Enum):
    ORAL = "ORAL"
    WRITTEN = "WRITTEN"


@strawberry.enum(description="变更状态：待确认、已确认、已退回 · state of a proposal")
class ArchiveProposalState(Enum):
    PROPOSED = "PROPOSED"
    CONFIRMED = "CONFIRMED"
    REFUSED = "REFUSED"


@strawberry.input(description="本人同意 · consent of whom it is about")
class ArchiveConsentInput:
    how: ConsentForm = strawberry.field(description="方式；敏感信息须书面 · how; in writing for sensitive data")
    on: date = strawberry.field(description="日期 · the day in China")


@strawberry.input(description="一项变更 · one change; personal data need purpose, consent and retainUntil")
class ArchiveChangeInput:
    action: ArchiveAction = strawberry.field(default=ArchiveAction.SET, description="变更 · what it does")
    resident: str | None = strawberry.field(
        default=None,
        description="成员标识；新成员用客户端生成的标识（UUID，小写），或 +1、+2…；住户、企业本身不填 · a resident's id; for a new one a "
        "UUID made by the client, in lower case, or +1, +2…; none for the household or enterprise itself",
    )
    field: str | None = strawberry.field(default=None, description="字段，见 archiveFields · field, as archiveFields lists them")
    value: str | None = strawberry.field(default=None, description="内容，加密保存 · value; kept encrypted")
    purpose: ArchivePurpose | None = strawberry.field(default=None, description="收集目的 · for what it is held")
    consent: ArchiveConsentInput | None = strawberry.field(default=None, description="本人同意 · consent")
    retain_until: date | None = strawberry.field(default=None, description="保存至（含当日） · the last day on which it is kept")
    seen: str | None = strawberry.field(
        default=None,
        description="填写时所见内容的 setBy，空串为当时没有；不填以到达时为准 · setBy of what the proposer saw there, empty for nothing; "
        "what is there on arrival, when left out",
    )


@strawberry.input(description="尚无档案的商户、企业 · an enterprise that has no archive yet")
class NewEnterpriseInput:
    kind: EnterpriseKind = strawberry.field(description="类型 · kind")
    village: str = strawberry.field(description="村（社区）代码 · code of the village")


@strawberry.input(description="档案变更 · what was found, to be confirmed by somebody else")
class ProposedChangesInput:
    archive_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="档案；住户档案的标识即住户标识；离线时可填新建该企业档案那一项的标识 · which archive; a household has its own; "
        "in a batch also the id of the item that opened it",
    )
    enterprise: NewEnterpriseInput | None = strawberry.field(default=None, description="新的商户、企业 · a new enterprise")
    encounter: strawberry.ID | None = strawberry.field(default=None, description="所属走访 · the encounter in which it was found")
    note: str | None = strawberry.field(default=None, description="说明，加密保存 · a note; kept encrypted")
    changes: list[ArchiveChangeInput] = strawberry.field(description="变更 · the changes, confirmed together or not at all")


@strawberry.input(description="提出档案变更 · what was found, to be confirmed by somebody else")
class ProposeArchiveChangeInput(ProposedChangesInput):
    request_id: strawberry.ID = strawberry.field(description=REQUEST)

    def command(self) -> ProposeArchiveChange:
        """Raises pydantic's ValidationError, which names the field."""
        return ProposeArchiveChange(**told(self))


@strawberry.input(description="确认或退回档案变更 · confirm or refuse what somebody else proposed")
class DecideArchiveChangeInput:
    request_id: strawberry.ID = strawberry.field(description=REQUEST)
    archive_id: strawberry.ID = strawberry.field(description="档案 · which archive")
    proposal_id: strawberry.ID = strawberry.field(description="变更 · which proposal")
    confirmed: bool = strawberry.field(description="确认，或退回 · confirm, or refuse")
    reason: str | None = strawberry.field(default=None, description="理由，退回时必填，加密保存 · why; required to refuse; kept encrypted")

    def command(self) -> DecideArchiveChange:
        """Raises pydantic's ValidationError, which names the field."""
        return DecideArchiveChange(
            request_id=str(self.request_id),
            archive_id=str(self.archive_id),
            proposal_id=str(self.proposal_id),
            confirmed=self.confirmed,
            reason=self.reason,
        )
