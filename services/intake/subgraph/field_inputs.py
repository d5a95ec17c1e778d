"""The inputs of what officials write down in the field. What a batch brings is what is told over the network, with the item's id as the
request id."""

from __future__ import annotations

from datetime import date, datetime

import strawberry

from services.intake.subgraph.archive_inputs import ProposedChangesInput
from services.intake.subgraph.encounters import EncounterKind
from services.intake.subgraph.inputs import PhotoInput, RegisterGrievanceInput, ToldGrievanceInput
from services.intake.subgraph.types import REQUEST

BASE = "所依据的版本，即看到的 heads 或 notes 的 id · the versions that were looked at"
AT = "时间，带时区；缺省为现在 · when, with a time zone; now when left out"


@strawberry.input(description="走访的内容；有内容和地点即可 · what is written of an encounter; text and place are enough")
class EncounterNotesInput:
    text: str = strawberry.field(description="内容 · what is written; empty only where a household or enterprise is named")
    place: str | None = strawberry.field(default=None, description="地点，加密保存 · where; kept encrypted")
    attendance: int | None = strawberry.field(default=None, description="见到的人数 · how many people were met")
    participants: list[strawberry.ID] = strawberry.field(default_factory=list, description="同行成员 · members of the team who went along")
    messages: list[str] = strawberry.field(default_factory=list, description="发放的宣传材料 · codes of what was handed out")
    household: strawberry.ID | None = strawberry.field(default=None, description="走访的住户 · the household that was visited")
    enterprise: strawberry.ID | None = strawberry.field(default=None, description="走访的企业、商户 · the enterprise or shop")
    photos: list[PhotoInput] = strawberry.field(default_factory=list, description="照片 · photos, of which the bytes may follow")


@strawberry.input(description="一次走访、座谈、接待等 · an encounter")
class EncounterInput(EncounterNotesInput):
    kind: EncounterKind = strawberry.field(description="类型 · kind")
    division: str | None = strawberry.field(default=None, description="村（社区）代码；缺省由地点确定 · found by the place when left out")
    at: datetime | None = strawberry.field(default=None, description=AT)
    campaign: str | None = strawberry.field(default=None, description="所属活动 · campaign")
    reception: str | None = strawberry.field(default=None, description="所属接待 · code of the reception series")


@strawberry.input(description="修改走访：整体重述 · an encounter told anew, as a whole")
class AmendedEncounterInput(EncounterNotesInput):
    encounter: strawberry.ID = strawberry.field(description="走访的标识，或本人手机所编的 · its id, or the client-made one of its author")
    base: list[strawberry.ID] = strawberry.field(description=BASE)
    at: datetime | None = strawberry.field(default=None, description=AT)


@strawberry.input(description="民情日记 · a diary")
class DiaryInput:
    text: str = strawberry.field(description="内容 · what is written")
    encounters: list[strawberry.ID] = strawberry.field(default_factory=list, description="所写的走访 · the encounters that it tells of")
    at: datetime | None = strawberry.field(default=None, description=AT)


@strawberry.input(description="修改日记：整体重述 · a diary told anew, as a whole")
class AmendedDiaryInput(DiaryInput):
    diary: strawberry.ID = strawberry.field(description="日记的标识，或本人手机所编的 · its id, or the client-made one")
    base: list[strawberry.ID] = strawberry.field(description=BASE)


@strawberry.input(description="记录走访，并可同时登记所听到的诉求 · an encounter, with the grievances that were told there")
class RecordEncounterInput(EncounterInput):
    request_id: strawberry.ID = strawberry.field(description=REQUEST)
    grievances: list[RegisterGrievanceInput] = strawberry.field(
        default_factory=list,
        description="听到的诉求，可附当场答复，至多50件 · what was told, 50 at most, with its answer where it was given",
    )


@strawberry.input(description="修改走访 · an encounter told anew")
class AmendEncounterInput(AmendedEncounterInput):
    request_id: strawberry.ID = strawberry.field(description=REQUEST)


@strawberry.input(description="写日记 · a diary")
class WriteDiaryInput(DiaryInput):
    request_id: strawberry.ID = strawberry.field(description=REQUEST)


@strawberry.input(description="修改日记 · a diary told anew")
class AmendDiaryInput(AmendedDiaryInput):
    request_id: strawberry.ID = strawberry.field(description=REQUEST)


@strawberry.input(description="录入宣传材料 · a policy message as a whole")
class RecordPolicyMessageInput:
    request_id: strawberry.ID = strawberry.field(description=REQUEST)
    code: str = strawberry.field(description="编号，以 M- 开头 · code, begins with M-")
    title: str = strawberry.field(description="中文标题 · title in Chinese")
    title_en: str = strawberry.field(description="英文标题 · title in English")
    text: str = strawberry.field(description="内容 · what it says")
    division: str = strawberry.field(description="发放范围 · where it is handed out")
    since: date | None = strawberry.field(default=None, description="起始日，缺省为今天 · the first day, today when left out")
    until: date | None = strawberry.field(default=None, description="截止日 · the first day no more")


@strawberry.input(description="离线记录的一项，恰有一种内容 · one item that was written down without a network; exactly one of its parts")
class FieldItemInput:
    id: strawberry.ID = strawberry.field(description="手机所编的标识（UUIDv7，小写）· client-made id, a UUIDv7 in lower case")
    encounter: EncounterInput | None = strawberry.field(default=None, description="走访 · an encounter")
    amend_encounter: AmendedEncounterInput | None = strawberry.field(default=None, description="修改走访 · an encounter told anew")
    diary: DiaryInput | None = strawberry.field(default=None, description="日记 · a diary")
    amend_diary: AmendedDiaryInput | None = strawberry.field(default=None, description="修改日记 · a diary told anew")
    grievance: ToldGrievanceInput | None = strawberry.field(default=None, description="诉求 · a grievance")
    archive_change: ProposedChangesInput | None = strawberry.field(default=None, description="档案变更 · proposed changes of an archive")


@strawberry.input(description="一批离线记录 · what a phone collected without a network")
class SyncFieldBatchInput:
    sent_at: datetime = strawberry.field(description="手机此刻的时间，带时区 · what the phone's clock shows now, with a time zone")
    items: list[FieldItemInput] = strawberry.field(description="各项，至多50，次序不限 · the items, 50 at most, in any order")
