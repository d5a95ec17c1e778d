"""Encounters and diaries without what was written in them, once it is past its retention (data/retention.csv, NOTES): the service's own
step, safe to run anywhere, any time. What was counted stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from services.intake.adapters.files import FileStore
from services.intake.domain.diaries import Diary
from services.intake.domain.encounters import Encounter
from services.intake.domain.retention import Retention
from services.intake.store.encounters import Diaries, Encounters
from services.intake.store.uploads import UploadStore
from services.intake.usecases.each_for_itself import each_for_itself
from services.intake.usecases.receive_upload import erase_upload
from shared.contracts.base import Contract
from shared.writer import Writer

AT_ONCE = 500


@dataclass(frozen=True)
class ExpiringNotes:
    encounters: Encounters
    diaries: Diaries
    encounter_writer: Writer
    diary_writer: Writer
    uploads: UploadStore
    files: FileStore
    retention: Retention
    today: Callable[[], str]
    real_now: Callable[[], datetime]


async def expire_notes(parts: ExpiringNotes) -> int:
    """How many were looked at. One that fails keeps no other from it: the failure is raised at the end."""
    before = parts.retention.notes_before(date.fromisoformat(parts.today())).isoformat()
    encounters = await parts.encounters.with_words_before(before, AT_ONCE)
    diaries = await parts.diaries.with_words_before(before, AT_ONCE)
    steps = {id: partial(_expire_encounter, parts, id) for id in encounters}
    await each_for_itself(steps | {id: partial(parts.diary_writer.act, id, _without_words) for id in diaries})
    return len(encounters) + len(diaries)


async def _expire_encounter(parts: ExpiringNotes, id: str) -> bool:
    """The photos first: by its words it is found again."""
    now = parts.real_now()
    done = [await erase_upload(parts.uploads, parts.files, row, now) for row in await parts.uploads.tied(id)]
    return all(done) and await parts.encounter_writer.act(id, _without_words)


def _without_words(row: Encounter | Diary) -> tuple[Encounter | Diary, list[Contract]] | None:
    after = row.without_words()
    return (after, []) if after != row else None
