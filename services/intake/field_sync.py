"""Which command each kind of item of a field batch is (usecases/sync_field_batch.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from services.intake.domain.diaries import Diary
from services.intake.domain.encounters import Encounter
from services.intake.domain.versions import Version, heads
from services.intake.fieldwork import Fieldwork
from services.intake.usecases.propose_archive_change import ProposeArchiveChange, propose_archive_change
from services.intake.usecases.record_encounter import AmendEncounter, RecordEncounter, amend_encounter, record_encounter
from services.intake.usecases.register_grievance import RegisterGrievance, Registration, register_grievance
from services.intake.usecases.sync_field_batch import Do, Done, Kind, Syncing
from services.intake.usecases.write_diary import AmendDiary, WriteDiary, amend_diary, write_diary
from shared.identity.viewer import Viewer

Fields = dict[str, Any]


def syncing(parts: Fieldwork, registration: Registration) -> Syncing:
    return Syncing(
        begin=lambda: _commands(parts, registration),
        undated=frozenset({"archive_change"}),
        now=parts.runtime.world.now,
        real_now=parts.runtime.world.real_now,
    )


def _commands(parts: Fieldwork, registration: Registration) -> Mapping[Kind, Do]:
    writing = parts.writing.of_batch()
    encounters, diaries = replace(parts.record_encounters, writing=writing), replace(parts.write_diaries, writing=writing)

    async def encounter(viewer: Viewer, fields: Fields, origin: str) -> Done:
        return Done(await record_encounter(encounters, viewer, RecordEncounter(**fields), origin))

    async def amended_encounter(viewer: Viewer, fields: Fields, origin: str) -> Done:
        id = await amend_encounter(encounters, viewer, AmendEncounter(**fields), origin)
        return _done(id, await parts.encounters.find(id))

    async def diary(viewer: Viewer, fields: Fields, origin: str) -> Done:
        return Done(await write_diary(diaries, viewer, WriteDiary(**fields), origin))

    async def amended_diary(viewer: Viewer, fields: Fields, origin: str) -> Done:
        id = await amend_diary(diaries, viewer, AmendDiary(**fields), origin)
        return _done(id, await parts.diaries.find(id))

    async def grievance(viewer: Viewer, fields: Fields, origin: str) -> Done:
        return Done(await register_grievance(registration, viewer, RegisterGrievance(**fields), origin))

    async def archive_change(viewer: Viewer, fields: Fields, origin: str) -> Done:
        return Done(await propose_archive_change(parts.archiving, viewer, ProposeArchiveChange(**fields), origin))

    return {
        "encounter": encounter,
        "amend_encounter": amended_encounter,
        "diary": diary,
        "amend_diary": amended_diary,
        "grievance": grievance,
        "archive_change": archive_change,
    }


def _done(id: str, held: Encounter | Diary | None) -> Done:
    versions: Sequence[Version[Any]] = held.versions if held is not None else ()
    return Done(id, conflicting=len(versions) > 1 and len(heads(versions)) > 1)
