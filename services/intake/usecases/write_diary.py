"""WriteDiary and AmendDiary 民情日记 (S40): what a secretary writes down of a day. Writing it does the duty of that name (S39)."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from services.intake.adapters.cipher import FieldCipher
from services.intake.domain.diaries import Diary, Page
from services.intake.domain.versions import BaseNotHere, TooManyVersions, Version
from services.intake.store.encounters import Diaries
from services.intake.usecases.tell_members import Telling, tell_diary
from services.intake.usecases.writing import ROLES, Writing, Written, not_here, own_or_known, refuse_late, refused_version, sealed
from shared import ids
from shared.commands import request_of
from shared.identity.errors import Refusal
from shared.identity.viewer import Viewer
from shared.writer import Decision, Writer


class DiaryPage(BaseModel):
    """`encounters`: those that it tells of, by id, or by the client-made id of the same author."""

    model_config = ConfigDict(frozen=True)

    text: str = Field(max_length=20_000)
    encounters: list[str] = Field([], max_length=100)


class WriteDiary(Written, DiaryPage): ...


class AmendDiary(Written, DiaryPage):
    """The whole of it as it is to be. `base`: the versions that were looked at; `diary`: its id, or the client-made one."""

    diary: str = Field(min_length=1, max_length=100)
    base: list[str] = Field(min_length=1, max_length=20)


@dataclass(frozen=True)
class WritingDiaries:
    writing: Writing
    diaries: Writer
    held: Diaries
    telling: Telling
    cipher: FieldCipher
    reference_key: bytes


async def write_diary(parts: WritingDiaries, viewer: Viewer, command: WriteDiary, origin: str) -> str:
    """Keep it, and return its id; a repeat returns the same. Raises Refusal with the field at fault."""
    viewer.require(*ROLES)
    id = ids.document_id(viewer.sub, command.request_id)
    request = request_of(parts.reference_key, viewer, command.request_id, "WriteDiary", command.model_dump(mode="json"), origin)
    if await parts.diaries.earlier(id, request) is None:
        team = await parts.writing.team(viewer)
        when = parts.writing.when(command)
        key, wrapped = parts.cipher.new_person_key(id)
        page = _page(viewer, command, sealed(key, "text", _text(command)))
        first = Version[Page](id=command.request_id, base=[], by=viewer.sub, at=when.at, content=page)
        diary = Diary(
            id=id, team=team.code, member=viewer.sub, at=when.at, on=when.on, clock=when.clock, person=id, key=wrapped, versions=[first]
        )
        await parts.diaries.create(id, request, lambda: Decision(diary, [], {"id": id}))
    await tell_diary(parts.telling, id)
    return id


async def amend_diary(parts: WritingDiaries, viewer: Viewer, command: AmendDiary, origin: str) -> str:
    """One more version, by its author alone; returns the id. Raises Refusal; NOT_YET where the diary or the base has not arrived."""
    viewer.require(*ROLES)
    id = own_or_known(viewer, command.diary)
    request = request_of(parts.reference_key, viewer, command.request_id, "AmendDiary", command.model_dump(mode="json"), origin)
    diary = await parts.held.find(id)
    if diary is None or diary.member != viewer.sub:
        raise not_here(command.diary, "diary")
    if await parts.diaries.earlier(id, request) is None:
        when = parts.writing.when(command)
        refuse_late(diary.on, parts.writing.now(), "diary")
        page = _page(viewer, command, sealed(parts.cipher.unwrap(diary.person, diary.key), "text", _text(command)))
        version = Version[Page](id=command.request_id, base=sorted(set(command.base)), by=viewer.sub, at=when.at, content=page)
        try:
            await parts.diaries.command(id, request, lambda state: Decision(state.amended(version), [], {"id": id}))
        except (BaseNotHere, TooManyVersions) as fault:
            raise refused_version(fault) from None
    return id


def _text(command: DiaryPage) -> str:
    if not command.text.strip():
        raise Refusal("TEXT_EMPTY", "请填写内容。", "The text is empty.", "text")
    return command.text


def _page(viewer: Viewer, command: DiaryPage, text: tuple[str, str]) -> Page:
    return Page(text=text[0], original=text[1], encounters=sorted({own_or_known(viewer, id) for id in command.encounters}))
