"""The rights of a person over their data, in the graph: all that is kept of them as one answer, and correction."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import Annotated

import strawberry

from services.intake.domain.retention import Datum
from services.intake.subgraph.access_log import Purpose
from services.intake.subgraph.archive_inputs import ArchivePurpose, ConsentForm
from services.intake.subgraph.reveals import PetitionerInClear
from services.intake.subgraph.types import REQUEST, Ctx, Grievance
from services.intake.usecases.correct_petitioner import CorrectPetitioner, correct_petitioner
from services.intake.usecases.export_personal_data import ExportPersonalData, export_personal_data
from shared.subgraph import RefusedFields, refused_as


@strawberry.type(description="一次查看，告知本人：不含人员编号 · one look, as the person is told of it: by which role, not by whom")
class PersonalLook:
    at: datetime = strawberry.field(description="时间 · when")
    role: str = strawberry.field(description="角色 · their roles then")
    what: str = strawberry.field(description="操作 · what was done, e.g. RevealPetitioner")
    purpose: Purpose = strawberry.field(description="目的 · purpose")
    reason: str | None = strawberry.field(description="理由，个人信息已隐去 · why, redacted")


@strawberry.type(description="本人的一件诉求：所留信息与谁看过 · one grievance of theirs: what is kept in clear, and who looked at it")
class PersonalRecord:
    grievance: Grievance = strawberry.field(
        description="诉求；办理、答复、回访由此查询 · the grievance; its handling, reply and survey are asked through it"
    )
    petitioner: PetitionerInClear = strawberry.field(description="所留明文信息 · what is kept, in clear")
    looks: list[PersonalLook] = strawberry.field(description="查看记录 · who looked at it, when and why")


@strawberry.enum(description="所留信息：姓名、电话、微信标识、所述内容、具体地点、送达的答复、走访记录 · what is kept")
class PersonalWhat(Enum):
    NAME = "NAME"
    PHONE = "PHONE"
    OPENID = "OPENID"
    WORDS = "WORDS"
    PLACE = "PLACE"
    NOTICE = "NOTICE"
    NOTES = "NOTES"


@strawberry.enum(description="依据：本人同意、法定职责 · on which basis it is kept")
class PersonalBasis(Enum):
    CONSENT = "CONSENT"
    STATUTORY_DUTY = "STATUTORY_DUTY"


@strawberry.type(description="一项信息为何留存、留到何时 · for what and until when one datum is kept")
class PersonalDatum:
    what: PersonalWhat = strawberry.field(description="信息 · which datum")
    purpose: ArchivePurpose = strawberry.field(description="目的 · for what")
    basis: PersonalBasis = strawberry.field(description="依据 · on which basis")
    consent: ConsentForm | None = strawberry.field(
        description="登记之日的同意方式；依法定职责留存的为空 · how consent was given on that day, where it is the basis"
    )
    recorded_on: date = strawberry.field(description="登记日期 · since which day, in China")
    retain_until: date = strawberry.field(
        description="保存至（含当日）；在办诉求使其顺延 · the last day on which it is kept; an open grievance moves it on"
    )

    @classmethod
    def of(cls, datum: Datum) -> PersonalDatum:
        return cls(
            what=PersonalWhat(datum.what),
            purpose=ArchivePurpose(datum.purpose),
            basis=PersonalBasis(datum.basis),
            consent=ConsentForm(datum.consent.how) if datum.consent else None,
            recorded_on=date.fromisoformat(datum.recorded_on),
            retain_until=date.fromisoformat(datum.retain_until),
        )


@strawberry.type(description="一人的全部信息 · all that is kept of a person")
class PersonalDataExported:
    data: list[PersonalDatum] = strawberry.field(description="各项信息的目的、依据与期限 · purpose, basis and retention of each datum")
    records: list[PersonalRecord] = strawberry.field(description="各件诉求，早的在前 · grievance by grievance, oldest first")


@strawberry.type(description="未导出 · not exported")
class ExportRefused(RefusedFields): ...


@strawberry.type(description="已更正 · corrected")
class PetitionerCorrected:
    grievance: Grievance = strawberry.field(description="诉求 · the grievance now")


@strawberry.type(description="未更正 · refused; nothing was changed")
class CorrectionRefused(RefusedFields): ...


@strawberry.input(description="导出个人信息 · to export what is kept of a person")
class ExportPersonalDataInput:
    request_id: strawberry.ID = strawberry.field(description=REQUEST)
    grievance_id: strawberry.ID = strawberry.field(description="其任一诉求 · any one grievance of theirs")


@strawberry.input(description="更正诉求人信息；不填则不变 · to correct a petitioner's data; what is left out stays")
class CorrectPetitionerInput:
    request_id: strawberry.ID = strawberry.field(description=REQUEST)
    grievance_id: strawberry.ID = strawberry.field(description="诉求 · which grievance")
    name: str | None = strawberry.field(default=None, description="姓名 · name")
    phone: str | None = strawberry.field(default=None, description="电话 · phone")
    openid: str | None = strawberry.field(
        default=None, description="微信标识；居民不能自行填写 · openid, by which WeChat knows them; residents do not type theirs"
    )
    place: str | None = strawberry.field(default=None, description="具体地点 · the exact place")
    reason: str = strawberry.field(description="理由 · why")


ExportResult = Annotated[
    PersonalDataExported | ExportRefused, strawberry.union("ExportPersonalDataResult", description="导出结果 · exported, or why not")
]
CorrectionResult = Annotated[
    PetitionerCorrected | CorrectionRefused, strawberry.union("CorrectPetitionerResult", description="更正结果 · corrected, or why not")
]


@strawberry.type
class PersonalDataMutation:
    @strawberry.mutation(description="导出本人或辖区内一人的全部信息 · all that is kept of a person; it is recorded")
    async def export_personal_data(self, info: Ctx, input: ExportPersonalDataInput) -> ExportResult:
        context = info.context

        async def work() -> PersonalDataExported:
            command = ExportPersonalData(request_id=str(input.request_id), grievance_id=str(input.grievance_id))
            export = await export_personal_data(context.intake.privacy.exporting, context.viewer, command, context.origin)
            return PersonalDataExported(
                data=[PersonalDatum.of(datum) for datum in export.data],
                records=[
                    PersonalRecord(
                        grievance=Grievance.of(each.id, each.grievance),
                        petitioner=PetitionerInClear.of(each.clear),
                        looks=[
                            PersonalLook(
                                at=entry.when, role=entry.role, what=entry.what, purpose=Purpose(entry.purpose), reason=entry.reason
                            )
                            for entry in each.looks
                        ],
                    )
                    for each in export.told
                ],
            )

        return await refused_as(ExportRefused, work)

    @strawberry.mutation(description="更正诉求人信息 · correct what was taken down wrongly of a petitioner")
    async def correct_petitioner(self, info: Ctx, input: CorrectPetitionerInput) -> CorrectionResult:
        context = info.context

        async def work() -> PetitionerCorrected:
            command = CorrectPetitioner(
                request_id=str(input.request_id),
                grievance_id=str(input.grievance_id),
                name=input.name,
                phone=input.phone,
                openid=input.openid,
                place=input.place,
                reason=input.reason,
            )
            id = await correct_petitioner(context.intake.privacy.access, context.viewer, command, context.origin)
            return PetitionerCorrected(grievance=Grievance.of(id, (await context.intake.grievances.find_many([id]))[id]))

        return await refused_as(CorrectionRefused, work)
