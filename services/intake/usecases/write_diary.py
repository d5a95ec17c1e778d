"""WriteDiary and AmendDiary 民情日记 (S40): what a secretary writes down of a day. Writing it does the duty of that name (S39)."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from services.intake.adapters.cipher import FieldCipher, PersonKey
from services.intake.domain.clocks import is_client_id
from services.intake.domain.diaries import Diary, Page
from services.intake.domain.texts import Line
from services.intake.domain.versions import Version
from services.intake.store.encounters import Diaries, Encounters
from services.intake.usecases.tell_members import Telling, tell_diary
from services.intake.usecases.writing import (
    ROLES,
    Amending,
    Writing,
    Written,
    keep_version,
    not_here,
    own_or_known,
    record_id,
    refuse_late,
    sealed,
    version_of,
)
from shared.commands import request_of
from shared.identity.errors import Refusal
from shared.identity.viewer import Viewer
from shared.writer import Decision, Writer


class DiaryPage(BaseModel):
    """`encounters`: those that it tells of, by id, or by the client-made id of the same author."""

    model_config = ConfigDict(frozen=True)

    text: str = Field(max_length=20_000)
    encounters: list[Line] = Field([], max_length=100)


class WriteDiary(Written, DiaryPage): ...


class AmendDiary(Amending, DiaryPage):
    """The whole of it as it is to be. `diary`: its id, or the client-made one."""

    diary: str = Field(min_length=1, max_length=100)


@dataclass(frozen=True)
class WritingDiaries:
    writing: Writing
    diaries: Writer
    held: Diaries
    encounters: Encounters
    telling: Telling
    cipher: FieldCipher
    reference_key: bytes


async def write_diary(parts: WritingDiaries, viewer: Viewer, command: WriteDiary, origin: str) -> str:
    """Keep it, and return its id; a repeat returns the same. Raises Refusal with the field at fault."""
    viewer.require(*ROLES)
    id = record_id(viewer, "diary", command.request_id)
    request = request_of(parts.reference_key, viewer, command.request_id, "WriteDiary", command.model_dump(mode="json"), origin)
    if await parts.diaries.earlier(id, request) is None:
        team = await parts.writing.team(viewer)
        when = parts.writing.when(command)
        key, wrapped = parts.cipher.new_person_key(id)
        page = await _page(parts, viewer, command, key)
        diary = Diary(
            id=id,
            team=team.code,
            member=viewer.sub,
            at=when.at,
            on=when.on,
            clock=when.clock,
            person=id,
            key=wrapped,
            versions=[version_of(Version[Page], viewer, command, when, page)],
        )
        await parts.diaries.create(id, request, lambda: Decision(diary, [], {"id": id}))
    if command.off is None:
        # A batch leaves it to a worker.
        await tell_diary(parts.telling, id)
    return id


async def amend_diary(parts: WritingDiaries, viewer: Viewer, command: AmendDiary, origin: str) -> str:
    """One more version, by its author alone; returns the id. Raises Refusal; NOT_YET where the diary or the base has not arrived."""
    viewer.require(*ROLES)
    id = own_or_known(viewer, "diary", command.diary)
    request = request_of(parts.reference_key, viewer, command.request_id, "AmendDiary", command.model_dump(mode="json"), origin)
    diary = await parts.held.find(id)
    if diary is None or diary.member != viewer.sub:
        raise not_here(command.diary, "diary")
    if await parts.diaries.earlier(id, request) is None:
        when = parts.writing.when(command)
        if command.off is None:
            refuse_late(diary.on, parts.writing.now(), "diary")
        page = await _page(parts, viewer, command, parts.cipher.unwrap(diary.person, diary.key))
        await keep_version(parts.diaries, id, request, version_of(Version[Page], viewer, command, when, page))
    return id


async def _page(parts: WritingDiaries, viewer: Viewer, command: WriteDiary | AmendDiary, key: PersonKey) -> Page:
    if not command.text.strip():
        raise Refusal("TEXT_EMPTY", "请填写内容。", "The text is empty.", "text")
    text, original = sealed(key, "text", command.text, command.names)
    named = {own_or_known(viewer, "encounter", id) for id in command.encounters}
    known = await parts.encounters.find_many(id for id in command.encounters if not is_client_id(id))
    if any(not is_client_id(id) and id not in known for id in command.encounters):
        raise Refusal("ENCOUNTER_UNKNOWN", "没有这次走访。", "There is no such encounter.", "encounters")
    return Page(text=text, original=original, encounters=sorted(named))
