"""What officials write down in the field, over the network and in batches."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Annotated, Any

import strawberry

from services.intake.domain.encounters import Encounter as Held
from services.intake.subgraph.archive_types import Archive
from services.intake.subgraph.archives import archives_of
from services.intake.subgraph.context import IntakeContext
from services.intake.subgraph.encounters import (
    Diary,
    Encounter,
    PhoneClock,
    PolicyMessage,
    clock_of,
    diary_of,
    encounter_of,
    policy_message_of,
)
from services.intake.subgraph.field_inputs import (
    AmendDiaryInput,
    AmendEncounterInput,
    RecordEncounterInput,
    RecordPolicyMessageInput,
    SyncFieldBatchInput,
    WriteDiaryInput,
)
from services.intake.subgraph.inputs import RegisterGrievanceInput, told
from services.intake.subgraph.organisation import OrganisationRefused
from services.intake.subgraph.registering import as_registered, registered, uploads_of
from services.intake.subgraph.types import Ctx, PhotoUpload, Registered, RegisterRefused, RegisterResult
from services.intake.usecases import sync_field_batch as syncs
from services.intake.usecases.expect_photos import Photo
from services.intake.usecases.record_encounter import AmendEncounter, RecordEncounter, amend_encounter, record_encounter
from services.intake.usecases.record_policy_message import RecordPolicyMessage, record_policy_message
from services.intake.usecases.register_grievance import RegisterGrievance
from services.intake.usecases.sync_field_batch import FieldBatch, FieldItem, sync_field_batch
from services.intake.usecases.write_diary import AmendDiary, WriteDiary, amend_diary, write_diary
from shared.identity.errors import Refusal
from shared.subgraph import RefusedFields, refused_as

MOST_GRIEVANCES = 50
RECORD_OF: dict[syncs.Kind, str] = {
    "encounter": "encounter",
    "amend_encounter": "encounter",
    "diary": "diary",
    "amend_diary": "diary",
    "grievance": "grievance",
    "archive_change": "archive",
}


@strawberry.enum(description="一项的结果 · what became of an item")
class ItemOutcome(Enum):
    DONE = strawberry.enum_value("DONE", description="已保存（或早已保存）· kept, or kept before")
    CONFLICT = strawberry.enum_value(
        "CONFLICT", description="已保存，与他人的版本并存，须合并 · kept beside another version; the two wait to be made one"
    )
    WAITING = strawberry.enum_value(
        "WAITING", description="未轮到，请再发 · not its turn yet: what it builds on is not here, or the batch took long; send it again"
    )
    REFUSED = strawberry.enum_value("REFUSED", description="未保存，须改正 · not kept, and sending it again does not help")
    FAILED = strawberry.enum_value("FAILED", description="未保存，请再发 · not kept, by a fault of ours: send it again")


@strawberry.type(description="已记录走访；各件诉求分别答复 · recorded; each grievance is answered for itself")
class EncounterRecorded:
    encounter: Encounter = strawberry.field(description="走访 · the encounter")
    grievances: list[RegisterResult] = strawberry.field(description="诉求的登记结果，依次 · the grievances, in their order")
    uploads: list[PhotoUpload] = strawberry.field(description="照片的上传情况 · its photos, and where their bytes go")


@strawberry.type(description="走访未记录 · refused; nothing was stored")
class EncounterRefused(RefusedFields): ...


@strawberry.type(description="日记已保存 · kept")
class DiaryWritten:
    diary: Diary = strawberry.field(description="日记 · the diary")


@strawberry.type(description="日记未保存 · refused; nothing was stored")
class DiaryRefused(RefusedFields): ...


@strawberry.type(description="宣传材料已录入 · recorded")
class PolicyMessageRecorded:
    policy_message: PolicyMessage = strawberry.field(description="宣传材料 · the message")


@strawberry.type(description="一项的答复 · the answer to one item")
class ItemAnswer:
    id: strawberry.ID = strawberry.field(description="手机所编的标识 · its client-made id")
    outcome: ItemOutcome = strawberry.field(description="结果 · what became of it")
    clock: PhoneClock | None = strawberry.field(description="对时间的判断 · what was noticed of its time")
    record_id: strawberry.ID | None = strawberry.field(description="所成记录的标识 · id of the record that it made or changed")
    archive: Archive | None = strawberry.field(description="档案，含待确认的变更 · the archive with the proposed change")
    encounter: Encounter | None = strawberry.field(description="走访 · the encounter; its heads are all versions that stand side by side")
    diary: Diary | None = strawberry.field(description="日记 · the diary; its heads likewise")
    registered: Registered | None = strawberry.field(description="诉求 · the grievance with its PIN")
    uploads: list[PhotoUpload] = strawberry.field(description="照片的上传情况 · its photos, and where their bytes go")
    refusal: ItemRefused | None = strawberry.field(description="未保存的原因 · why it is not kept, or not yet")


@strawberry.type(description="一项未保存 · why an item is not kept")
class ItemRefused(RefusedFields): ...


@strawberry.type(description="已收到一批 · taken up, item by item")
class FieldBatchSynced:
    clock_off_by: int = strawberry.field(
        description="手机时钟偏差（秒），正数为偏慢；5分钟内计为0 · seconds to add to the phone's clock; 0 within 5 minutes"
    )
    answers: list[ItemAnswer] = strawberry.field(description="逐项答复，依次 · an answer per item, in their order")


@strawberry.type(description="整批未收 · the batch as a whole is refused; nothing was stored")
class FieldBatchRefused(RefusedFields): ...


WHY_NOT = "结果 · what was done, or why not"
EncounterResult = Annotated[EncounterRecorded | EncounterRefused, strawberry.union("EncounterResult", description=WHY_NOT)]
DiaryResult = Annotated[DiaryWritten | DiaryRefused, strawberry.union("DiaryResult", description=WHY_NOT)]
MessageResult = Annotated[PolicyMessageRecorded | OrganisationRefused, strawberry.union("PolicyMessageResult", description=WHY_NOT)]
SyncResult = Annotated[FieldBatchSynced | FieldBatchRefused, strawberry.union("SyncFieldBatchResult", description=WHY_NOT)]


@strawberry.type
class FieldMutation:
    @strawberry.mutation(
        description="记录走访、座谈、接待等，并登记所听到的诉求 · record an encounter and what was told there, answered on the spot or not"
    )
    async def record_encounter(self, info: Ctx, input: RecordEncounterInput) -> EncounterResult:
        context = info.context

        async def work() -> EncounterRecorded:
            if len(input.grievances) > MOST_GRIEVANCES:
                zh, en = f"诉求不能超过{MOST_GRIEVANCES}件。", f"More than {MOST_GRIEVANCES} grievances."
                raise Refusal("TOO_MANY_GRIEVANCES", zh, en, "grievances")
            names = [each.petitioner.name for each in input.grievances if each.petitioner and each.petitioner.name]
            command = RecordEncounter(**{name: value for name, value in told(input).items() if name != "grievances"}, names=names)
            id = await record_encounter(context.intake.fieldwork.record_encounters, context.viewer, command, context.origin)
            held = (await context.intake.fieldwork.encounters.find_many([id]))[id]
            heard = [await _hear(context, held, each) for each in input.grievances]
            uploads = await uploads_of(context, id, command.photos)
            return EncounterRecorded(encounter=encounter_of(context, held), grievances=heard, uploads=uploads)

        return await refused_as(EncounterRefused, work)

    @strawberry.mutation(
        description="修改或补充走访；与他人的修改冲突时两者并存 · amend an encounter; what crosses another's amendment stands beside it"
    )
    async def amend_encounter(self, info: Ctx, input: AmendEncounterInput) -> EncounterResult:
        context = info.context

        async def work() -> EncounterRecorded:
            command = AmendEncounter(**told(input))
            id = await amend_encounter(context.intake.fieldwork.record_encounters, context.viewer, command, context.origin)
            held = (await context.intake.fieldwork.encounters.find_many([id]))[id]
            uploads = await uploads_of(context, id, command.photos)
            return EncounterRecorded(encounter=encounter_of(context, held), grievances=[], uploads=uploads)

        return await refused_as(EncounterRefused, work)

    @strawberry.mutation(description="写民情日记 · write a diary")
    async def write_diary(self, info: Ctx, input: WriteDiaryInput) -> DiaryResult:
        context = info.context

        async def write() -> str:
            return await write_diary(context.intake.fieldwork.write_diaries, context.viewer, WriteDiary(**told(input)), context.origin)

        return await _diary(context, write)

    @strawberry.mutation(description="修改民情日记 · amend a diary")
    async def amend_diary(self, info: Ctx, input: AmendDiaryInput) -> DiaryResult:
        context = info.context

        async def write() -> str:
            return await amend_diary(context.intake.fieldwork.write_diaries, context.viewer, AmendDiary(**told(input)), context.origin)

        return await _diary(context, write)

    @strawberry.mutation(description="录入宣传材料 · record what is handed out on visits")
    async def record_policy_message(self, info: Ctx, input: RecordPolicyMessageInput) -> MessageResult:
        context = info.context

        async def work() -> PolicyMessageRecorded:
            command = RecordPolicyMessage(**told(input))
            await record_policy_message(context.intake.fieldwork.record_messages, context.viewer, command, context.origin)
            row = (await context.intake.fieldwork.messages.find_many([command.code]))[command.code]
            return PolicyMessageRecorded(policy_message=policy_message_of(context, row))

        return await refused_as(OrganisationRefused, work)

    @strawberry.mutation(
        description="同步离线记录：逐项答复，重发无妨，次序不限 · take up what was written down without a network, in any order, as "
        "often as need be: an answer per item"
    )
    async def sync_field_batch(self, info: Ctx, input: SyncFieldBatchInput) -> SyncResult:
        context = info.context

        async def work() -> FieldBatchSynced:
            items = [FieldItem.of(str(item.id), _parts(item)) for item in input.items]
            batch = FieldBatch(sent_at=input.sent_at, items=items)
            off, answers = await sync_field_batch(context.intake.syncing, context.viewer, batch, context.origin)
            return FieldBatchSynced(clock_off_by=round(off.total_seconds()), answers=await _shown(context, items, answers))

        return await refused_as(FieldBatchRefused, work)


async def _diary(context: IntakeContext, write: Callable[[], Awaitable[str]]) -> DiaryResult:
    async def work() -> DiaryWritten:
        id = await write()
        return DiaryWritten(diary=diary_of(context, (await context.intake.fieldwork.diaries.find_many([id]))[id]))

    return await refused_as(DiaryRefused, work)


async def _hear(context: IntakeContext, encounter: Held, input: RegisterGrievanceInput) -> Registered | RegisterRefused:
    """A grievance that was told in an encounter."""

    async def work() -> Registered:
        return await registered(context, RegisterGrievance(**(told(input) | {"encounter": encounter.id})))

    return await refused_as(RegisterRefused, work)


def _parts(item: Any) -> dict[syncs.Kind, Any]:
    return {kind: told(part) if (part := getattr(item, kind)) is not None else None for kind in syncs.ORDER}


async def _shown(context: IntakeContext, items: list[FieldItem], answers: list[syncs.Answer]) -> list[ItemAnswer]:
    """With the records that the items made: of each kind in one read."""
    records: dict[str, set[str]] = {kind: set() for kind in RECORD_OF.values()}
    for answer in answers:
        if answer.kind is not None and answer.record is not None:
            records[RECORD_OF[answer.kind]].add(answer.record)
    grievances = await context.intake.grievances.find_many(sorted(records["grievance"])) if records["grievance"] else {}
    encounters = await context.intake.fieldwork.encounters.find_many(records["encounter"])
    diaries = await context.intake.fieldwork.diaries.find_many(records["diary"])
    archives = await archives_of(context, sorted(records["archive"]))
    shown = []
    for item, answer in zip(items, answers, strict=True):
        record = answer.record or ""
        photos = [Photo(**photo) for photo in item.fields.get("photos", ())] if record else []
        shown.append(
            ItemAnswer(
                id=strawberry.ID(item.id),
                outcome=ItemOutcome(answer.outcome),
                clock=clock_of(answer.clock),
                record_id=strawberry.ID(record) if record else None,
                encounter=encounter_of(context, encounters[record]) if record in encounters else None,
                archive=archives.get(record),
                diary=diary_of(context, diaries[record]) if record in diaries else None,
                registered=await as_registered(context, record, grievances[record], photos) if record in grievances else None,
                uploads=await uploads_of(context, record, photos) if photos and answer.kind != "grievance" else [],
                refusal=_refused(answer.refusal) if answer.refusal else None,
            )
        )
    return shown


def _refused(refusal: Refusal) -> ItemRefused:
    return ItemRefused(code=refusal.code, message=refusal.en, message_zh=refusal.zh, field=refusal.field)
