"""Imports and exports in the graph: types, inputs, queries, mutations."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from services.intake.domain.sheets import SHEETS, header
from services.intake.domain.transfers import CSV, FILES_FOR
from services.intake.domain.transfers import Transfer as Held
from services.intake.subgraph.context import IntakeContext
from services.intake.subgraph.types import REQUEST, Ctx
from services.intake.usecases.start_transfer import StartExport, StartImport, start_export, start_import
from shared.subgraph import RefusedFields, refused_as


@strawberry.enum(description="导入导出的内容 · what is imported or exported")
class SheetKind(Enum):
    DIVISIONS = "DIVISIONS"
    DEPARTMENTS = "DEPARTMENTS"
    MEMBERS = "MEMBERS"
    TEAMS = "TEAMS"
    POSTS = "POSTS"
    HOUSEHOLDS = "HOUSEHOLDS"


@strawberry.enum(description="文件格式 · file format")
class SheetFormat(Enum):
    CSV = "CSV"
    XLSX = "XLSX"


@strawberry.type(description="模板的一列 · a column of a template")
class SheetColumn:
    name: str = strawberry.field(description="列名 · name of the column")
    name_zh: str = strawberry.field(description="中文列名 · its name in Chinese")
    required: bool = strawberry.field(description="必填 · must be filled")
    many: bool = strawberry.field(description="可填多项，以、分隔 · a list, parted by 、")
    words: list[str] = strawberry.field(description="可填的词 · the words that it understands; empty where any text is allowed")


@strawberry.type(description="导入模板 · a template: its columns, and the header line as CSV")
class SheetTemplate:
    kind: SheetKind = strawberry.field(description="内容 · of what")
    header: str = strawberry.field(description="表头（CSV） · the header line as CSV")
    columns: list[SheetColumn] = strawberry.field(description="各列 · the columns")


@strawberry.type(description="未导入的一行及原因 · a row that was refused, and why")
class RowFault:
    line: int = strawberry.field(description="行号，表头为第 1 行 · line of the file, the header is 1")
    column: str = strawberry.field(description="列 · column")
    code: str = strawberry.field(description="代码 · stable code, for programs")
    reason: str = strawberry.field(description="英文原因 · why, in English")
    reason_zh: str = strawberry.field(description="中文原因 · why, in Chinese")


@strawberry.type(description="导入或导出任务 · an import or export and how far it is")
class Transfer:
    id: strawberry.ID = strawberry.field(description="标识 · id")
    direction: str = strawberry.field(description="方向：IMPORT、EXPORT · direction")
    kind: SheetKind = strawberry.field(description="内容 · of what")
    state: str = strawberry.field(description="状态 · state")
    line: int = strawberry.field(description="已处理到的行 · the last line done with")
    added: int = strawberry.field(description="新增行数 · rows that are new")
    changed: int = strawberry.field(description="更改行数 · rows that changed what was there")
    unchanged: int = strawberry.field(description="未变行数 · rows that were there already")
    refused: int = strawberry.field(description="未导入行数 · rows that were refused")
    faults: list[RowFault] = strawberry.field(description="前20处 · the first 20")
    failure: str | None = strawberry.field(description="英文失败原因 · why it failed as a whole, in English")
    failure_zh: str | None = strawberry.field(description="中文失败原因 · why it failed as a whole, in Chinese")
    asked_at: datetime = strawberry.field(description="申请时间 · when it was asked for")
    ended_at: datetime | None = strawberry.field(description="结束时间 · when it ended")
    file_url: str | None = strawberry.field(description="导出文件的临时地址，保留 7 天 · where the exported file is, for 7 days")
    report_url: str | None = strawberry.field(description="未导入行文件的地址，保留 7 天 · the file of the refused rows, for 7 days")


@strawberry.type(description="任务已建立 · the job is written down")
class TransferStarted:
    transfer: Transfer = strawberry.field(description="任务 · the job")


@strawberry.type(description="任务未建立 · refused; nothing was stored")
class TransferRefused(RefusedFields): ...


@strawberry.input(description="导入：先以用途 import 上传文件 · upload the file first, with the purpose import")
class StartImportInput:
    request_id: strawberry.ID = strawberry.field(description=REQUEST)
    kind: SheetKind = strawberry.field(description="内容 · of what")
    attachment_id: strawberry.ID = strawberry.field(description="已上传的文件 · the uploaded file")
    division: str = strawberry.field(description="区划：只导入其中的行 · rows outside of it are refused")


@strawberry.input(description="导出 · an export; people are masked")
class StartExportInput:
    request_id: strawberry.ID = strawberry.field(description=REQUEST)
    kind: SheetKind = strawberry.field(description="内容 · of what")
    division: str = strawberry.field(description="区划 · of which division and below")
    format: SheetFormat = strawberry.field(default=SheetFormat.CSV, description="格式 · format")


StartImportResult = Annotated[
    TransferStarted | TransferRefused, strawberry.union("StartImportResult", description="导入申请结果 · started, or why not")
]
StartExportResult = Annotated[
    TransferStarted | TransferRefused, strawberry.union("StartExportResult", description="导出申请结果 · started, or why not")
]


def transfer_of(context: IntakeContext, held: Held) -> Transfer:
    kept = held.ended_at is not None and held.ended_at > context.intake.world.now() - FILES_FOR
    exported = held.sha256 if held.direction == "EXPORT" and held.state == "DONE" and kept else None
    extension = "csv" if held.content_type == CSV else "xlsx"
    name = f"{held.kind.lower()}.{extension}"
    return Transfer(
        id=strawberry.ID(held.id),
        direction=held.direction,
        kind=SheetKind(held.kind),
        state=held.state,
        line=held.line,
        added=held.added,
        changed=held.changed,
        unchanged=held.unchanged,
        refused=held.refused,
        faults=[RowFault(**fault.model_dump()) for fault in held.faults],
        failure=held.failure,
        failure_zh=held.failure_zh,
        asked_at=held.asked_at,
        ended_at=held.ended_at,
        file_url=context.signed_url(exported, name) if exported else None,
        report_url=context.signed_url(held.report, f"{held.kind.lower()}-refused.csv") if held.report and kept else None,
    )


@strawberry.type
class TransferQuery:
    @strawberry.field(description="导入模板 · the templates of all imports")
    def sheet_templates(self) -> list[SheetTemplate] | None:
        return [
            SheetTemplate(
                kind=SheetKind(kind),
                header=",".join(header(kind)),
                columns=[
                    SheetColumn(name=each.name, name_zh=each.zh, required=each.required, many=each.many, words=list(each.words))
                    for each in columns
                ],
            )
            for kind, columns in SHEETS.items()
        ]

    @strawberry.field(description="本人的一项导入或导出 · one of the viewer's own imports or exports")
    async def transfer(self, info: Ctx, id: strawberry.ID) -> Transfer | None:
        held = await info.context.intake.fieldwork.transfers.find(str(id))
        return transfer_of(info.context, held) if held is not None and held.asker.sub == info.context.viewer.sub else None

    @strawberry.field(description="本人最近的导入和导出 · the viewer's own, the latest first, 50 at most")
    async def transfers(self, info: Ctx) -> list[Transfer] | None:
        found = await info.context.intake.fieldwork.transfers.where({"asker.sub": info.context.viewer.sub})
        latest = sorted(found, key=lambda held: held.asked_at, reverse=True)[:50]
        return [transfer_of(info.context, held) for held in latest]


@strawberry.type
class TransferMutation:
    @strawberry.mutation(description="导入 · take up the rows of an uploaded file")
    async def start_import(self, info: Ctx, input: StartImportInput) -> StartImportResult:
        context, fieldwork = info.context, info.context.intake.fieldwork

        async def work() -> TransferStarted:
            command = StartImport(
                request_id=str(input.request_id),
                kind=input.kind.value,
                attachment_id=str(input.attachment_id),
                division=input.division,
            )
            id = await start_import(fieldwork.start_transfers, context.viewer, command, context.origin)
            return TransferStarted(transfer=transfer_of(context, (await fieldwork.transfers.find_many([id]))[id]))

        return await refused_as(TransferRefused, work)

    @strawberry.mutation(description="导出 · write a file of what is recorded")
    async def start_export(self, info: Ctx, input: StartExportInput) -> StartExportResult:
        context, fieldwork = info.context, info.context.intake.fieldwork

        async def work() -> TransferStarted:
            command = StartExport(
                request_id=str(input.request_id), kind=input.kind.value, format=input.format.value, division=input.division
            )
            id = await start_export(fieldwork.start_transfers, context.viewer, command, context.origin)
            return TransferStarted(transfer=transfer_of(context, (await fieldwork.transfers.find_many([id]))[id]))

        return await refused_as(TransferRefused, work)
