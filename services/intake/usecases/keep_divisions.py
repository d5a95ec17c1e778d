"""Divisions of an imported file, a chunk at a time: the tree is read again once behind it, and a place may lie below one of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from services.intake.domain.sheets import Column
from services.intake.domain.transfers import Transfer
from services.intake.usecases.keep_rows import Kept, Line, RowFault, faults_of, require_inside, values_of
from services.intake.usecases.record_division import RecordDivision, RecordingDivisions, keep_division
from services.intake.usecases.recording import IMPORT_ORIGIN
from shared.identity.errors import Refusal
from shared.writer import RequestReused


@dataclass(frozen=True)
class KeepDivisions:
    recording: RecordingDivisions

    async def keep(self, job: Transfer, columns: Sequence[Column | None], lines: Sequence[Line]) -> list[Kept]:
        viewer, territory = job.asker.viewer(), await self.recording.atlas.current()
        fresh: set[str] = set()
        kept: list[Kept] = []
        for line in lines:
            try:
                values = values_of(job.kind, columns, line)
                require_inside(job, values["code"], "code")
                if values["code"] in fresh:
                    raise RowFault("code", "TWICE", "This row stands twice in the file.", "该行在文件中重复。")
                command = RecordDivision(request_id=f"{job.id}:{line.number}", **values)
                outcome = await keep_division(self.recording, viewer, command, f"{IMPORT_ORIGIN}{job.id}", territory, fresh)
                fresh.add(command.code)
                kept.append((outcome, []))
            except (RowFault, Refusal, ValidationError, RequestReused) as fault:
                kept.append(("refused", faults_of(job.kind, line, fault)))
        if fresh:
            await self.recording.atlas.moved()
        return kept
