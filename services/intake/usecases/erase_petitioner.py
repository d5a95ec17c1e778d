"""ErasePetitioner 删除诉求人信息 (个人信息保护法 art. 47): the person with all that they told is erased; what is counted of it stays.

1. The command: one write on the grievance that was named, with its audit entry.
2. The person's key is destroyed: all sealed words of theirs are unreadable at once.
3. A round takes each grievance of that person: files, mailbox, summary, and last the grievance itself, which tells the other services.

A crash between any two is made good by the round, from 2 on: every step may be repeated, by anybody, at any time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from services.intake.adapters.files import FileStore
from services.intake.domain.erasing import ask, erase
from services.intake.domain.erasure import SERVICE, Erasure
from services.intake.domain.grievance import Grievance
from services.intake.domain.texts import Line
from services.intake.store.mongo import Grievances, Notices, access_of
from services.intake.store.persons import SETTLES, Kept, MongoPersons
from services.intake.store.uploads import Upload, UploadState, UploadStore
from services.intake.usecases.personal_access import PersonalAccess, admit, by, told_by_the_same, visible, without_names
from services.intake.usecases.receive_upload import erase_upload
from shared import ids
from shared.audit import digest
from shared.commands import request_of
from shared.contracts.intake import ErasureReason
from shared.identity.access import Access
from shared.identity.errors import Refusal
from shared.identity.refs import subject_ref
from shared.identity.roles import Role
from shared.identity.viewer import Viewer
from shared.writer import Decision, Request

ROLES = (Role.DATA_OFFICER,)
AT_ONCE = 100

Steps = Callable[[str], Awaitable[None]]


async def _nothing(_where: str) -> None:
    return None


class ErasePetitioner(BaseModel):
    """`note`: what it is based on, as a letter's number; redacted, for the audit alone."""

    model_config = ConfigDict(frozen=True)

    request_id: str = Field(min_length=1, max_length=100)
    grievance_id: str = Field(min_length=1, max_length=100)
    reason: ErasureReason
    note: Line = Field(max_length=200)


@dataclass(frozen=True)
class Erasing:
    """`reached` is called between the steps: a test stops there."""

    access: PersonalAccess
    grievances: Grievances
    persons: MongoPersons
    uploads: UploadStore
    files: FileStore
    notices: Notices
    reached: Steps = _nothing


def may_erase(viewer: Viewer, access: Access) -> bool:
    """A data officer whose territory holds it."""
    return viewer.has(*ROLES) and viewer.department not in access.accused_departments and viewer.covers(access.division)


async def erase_petitioner(parts: Erasing, viewer: Viewer, command: ErasePetitioner, origin: str) -> str:
    """Erase the person who told this grievance, with all that they told, and return its id. Raises Refusal."""
    viewer.require(*ROLES)
    access, id = parts.access, command.grievance_id
    held = await visible(access, viewer, id)
    if not may_erase(viewer, access_of(held)):
        raise Refusal("NOT_YOURS", "只有辖区内的数据保护专员可删除。", "Only a data officer of the territory.", "grievanceId")
    told = await told_by_the_same(parts.grievances, held)
    if not all(may_erase(viewer, access_of(each)) for each in told.values() if each.erased_at is None):
        # They go together, so nobody erases by one what they could not by another. Which, and why not, is not for this viewer.
        zh, en = (
            "该诉求人另有诉求不在您权限内，须由上级数据保护专员删除。",
            "They told more than you may erase; an officer above has to.",
        )
        raise Refusal("NOT_ALL_YOURS", zh, en, "grievanceId")
    request = request_of(access.reference_key, viewer, command.request_id, "ErasePetitioner", command.model_dump(mode="json"), origin)
    note = await without_names(parts.persons, held, command.note)
    erasure_id = ids.document_id(viewer.sub, f"erasure:{command.request_id}")
    asked: list[tuple[str, Erasure]] = []

    def decide(grievance: Grievance) -> Decision:
        erasure = Erasure(id=erasure_id, at=access.now(), by=by(viewer, ROLES), reason=command.reason)
        asked[:] = [(grievance.person, erasure)]
        return Decision(ask(grievance, erasure), [], {"id": id, "erasure": erasure_id, "reason": command.reason, "note": note})

    await access.writer.command(id, request, decide, lambda grievance: admit(viewer, id, grievance))
    await parts.reached("asked")
    for person, erasure in asked:
        for each in {person, *(other.person for other in told.values())}:
            await parts.persons.erase(each, erasure)
    return id


async def erase_round(parts: Erasing) -> int:
    """Carry on with what was asked; how many rows were looked at. One that fails keeps no other from it: it is raised at the end."""
    failed: Exception | None = None
    for id, grievance in (await parts.grievances.with_open_erasure(AT_ONCE)).items():
        assert grievance.erasure is not None
        try:
            for person in {each.person for each in (await told_by_the_same(parts.grievances, grievance)).values()}:
                await parts.persons.erase(person, grievance.erasure)
            await parts.reached("destroyed")
            await _erase_grievance(parts, id, grievance, grievance.erasure)
        except Exception as error:
            failed = error
    looked = await parts.persons.to_look_at(AT_ONCE)
    for kept in looked:
        try:
            await (_finish(parts, kept, kept.erasure) if kept.erasure is not None else _look_for_grievances(parts, kept))
        except Exception as error:
            failed = error
    if failed is not None:
        raise failed
    return len(looked)


async def _finish(parts: Erasing, kept: Kept, erasure: Erasure) -> None:
    """All grievances of an erased person; once more after a while, as something may have been on its way."""
    done = True
    for id, grievance in (await parts.grievances.of_people([kept.id])).items():
        done &= await _erase_grievance(parts, id, grievance, erasure)
    now = parts.access.real_now()
    settled = kept.erased_at is not None and kept.erased_at + SETTLES <= now
    await parts.persons.looked_at(kept, None if done and settled else now + SETTLES)


async def _look_for_grievances(parts: Erasing, kept: Kept) -> None:
    """A person whom no grievance names, because the registration was refused late or another person took their place, is not kept."""
    if await parts.grievances.of_people([kept.id]):
        await parts.persons.looked_at(kept, None)
    else:
        await parts.persons.discard(kept)


async def _erase_grievance(parts: Erasing, id: str, grievance: Grievance, erasure: Erasure) -> bool:
    """The grievance last: it says that all is done. False where a content may still be needed by somebody."""
    access = parts.access
    done = await _erase_files(parts, id, id, grievance)
    if grievance.encounter is not None:
        done &= await _erase_files(parts, grievance.encounter, id, grievance)
    await parts.reached("files")
    await parts.notices.scrub([delivery.id for delivery in grievance.deliveries])
    await access.beside.erase(id, grievance)
    await parts.reached("beside")
    if grievance.erased_at is None:
        # The service acts as itself, and each grievance has it in its chain.
        request = Request(
            id=f"erasure:{erasure.id}",
            digest=digest(access.reference_key, ["EraseWords", erasure.id]),
            actor=SERVICE.staffId,
            role=SERVICE.role,
            what="EraseWords",
            origin="worker",
        )

        def decide(held: Grievance) -> Decision:
            state, events = erase(held, id, erasure, access.now())
            return Decision(state, events, {"id": id, "erasure": erasure.id, "reason": erasure.reason})

        await access.writer.command(id, request, decide)
        await parts.reached("words")
    return done


async def _erase_files(parts: Erasing, record: str, id: str, grievance: Grievance) -> bool:
    """The petitioner's own: told with the grievance, or sent by themselves later, and what the encounter shows. What a department shows of
    its work stays."""
    now, done = parts.access.real_now(), True
    for row in await parts.uploads.tied(record):
        if row.state is UploadState.ERASED or _is_theirs(parts, id, grievance, row):
            done &= await erase_upload(parts.uploads, parts.files, row, now)
    return done


def _is_theirs(parts: Erasing, id: str, grievance: Grievance, row: Upload) -> bool:
    uploader, key = row.ticket.uploader, parts.access.reference_key
    if row.ticket.grievance == grievance.encounter or row.ticket.id in grievance.attachments:
        return True
    return uploader == f"grievance:{id}" or subject_ref(key, uploader) == grievance.petitioner_ref
