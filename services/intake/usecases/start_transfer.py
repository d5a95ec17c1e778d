"""StartImport and StartExport: a job is written down; a worker does it (run_import.py, run_export.py)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain.transfers import CSV, XLSX, Asker, Kind, Transfer
from services.intake.domain.uploads import IMPORT
from services.intake.store.places import Atlas
from services.intake.store.uploads import UploadState, UploadStore
from services.intake.usecases.recording import ROLES, require_place
from shared import ids
from shared.commands import request_of
from shared.identity.errors import Refusal
from shared.identity.viewer import Viewer
from shared.writer import Decision, Writer


class StartImport(BaseModel):
    """`division`: the territory that the file is about; its rows must lie in what the asker may record."""

    model_config = ConfigDict(frozen=True)

    request_id: str = Field(min_length=1, max_length=100)
    kind: Kind
    attachment_id: str = Field(max_length=100)
    division: str


class StartExport(BaseModel):
    model_config = ConfigDict(frozen=True)

    request_id: str = Field(min_length=1, max_length=100)
    kind: Kind
    format: Literal["CSV", "XLSX"] = "CSV"
    division: str


@dataclass(frozen=True)
class StartingTransfers:
    writer: Writer
    reference_key: bytes
    atlas: Atlas
    uploads: UploadStore
    now: Callable[[], datetime]


async def start_import(parts: StartingTransfers, viewer: Viewer, command: StartImport, origin: str) -> str:
    """The job's id. The file must have been sent by the same person, with the purpose `import`."""
    viewer.require(*ROLES)
    require_place(viewer, await parts.atlas.current(), command.division, "division")
    upload = await parts.uploads.find(command.attachment_id)
    usable = upload is not None and upload.state is UploadState.STORED and upload.ticket.purpose == IMPORT
    if upload is None or not usable or upload.ticket.uploader != viewer.sub:
        raise Refusal(
            "ATTACHMENT_UNKNOWN",
            "没有这个导入文件，或尚未上传完成，或不是您上传的。",
            "There is no such file to import, or it is not uploaded yet, or not yours.",
            "attachmentId",
        )
    made = Transfer(
        id=ids.document_id(viewer.sub, f"import:{command.request_id}"),
        direction="IMPORT",
        kind=command.kind,
        division=command.division,
        content_type=upload.ticket.content_type,
        sha256=upload.ticket.sha256,
        asker=Asker.of(viewer),
        asked_at=parts.now(),
    )
    return await _start(parts, viewer, command.request_id, "StartImport", command, made, origin)


async def start_export(parts: StartingTransfers, viewer: Viewer, command: StartExport, origin: str) -> str:
    """The job's id."""
    viewer.require(*ROLES)
    require_place(viewer, await parts.atlas.current(), command.division, "division")
    made = Transfer(
        id=ids.document_id(viewer.sub, f"export:{command.request_id}"),
        direction="EXPORT",
        kind=command.kind,
        division=command.division,
        content_type=XLSX if command.format == "XLSX" else CSV,
        asker=Asker.of(viewer),
        asked_at=parts.now(),
    )
    return await _start(parts, viewer, command.request_id, "StartExport", command, made, origin)


async def _start(
    parts: StartingTransfers, viewer: Viewer, request_id: str, what: str, command: BaseModel, made: Transfer, origin: str
) -> str:
    request = request_of(parts.reference_key, viewer, request_id, what, command.model_dump(mode="json"), origin)
    await parts.writer.create(made.id, request, lambda: Decision(made, [], {"id": made.id}))
    return made.id
