"""CompleteGrievance 补录 (S45, S51): the team that heard it adds what was not told when it was taken down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain.completing import Added, Kept, Known, complete, refuse, subject_of
from services.intake.domain.contact import Contact
from services.intake.domain.erasure import erased
from services.intake.domain.grievance import Grievance, PetitionerKind, Sealed
from services.intake.store.mongo import Grievances
from services.intake.usecases.beside import Beside
from services.intake.usecases.check_day_summary import ROLES, author
from services.intake.usecases.ports import Persons, Uploads
from services.intake.usecases.register_grievance import SUBJECT_LENGTH, check_openid, nameless_person, require_all, who_answers
from services.intake.usecases.tell_petitioner import admit
from shared import ids
from shared.commands import request_of
from shared.identity.errors import Refusal
from shared.identity.refs import grievance_ref, phone_ref
from shared.identity.viewer import Viewer
from shared.redaction import redact
from shared.redaction.marks import name_marks
from shared.writer import Decision, NoSuchRecord, Writer


class NamedPetitioner(BaseModel):
    model_config = ConfigDict(frozen=True)

    kind: PetitionerKind | None = None
    name: str | None = Field(None, max_length=50)
    phone: str | None = Field(None, max_length=30)
    # What was asked before there was this field stays the same request.
    openid: str | None = Field(None, exclude_if=lambda openid: openid is None)


class CompleteGrievance(BaseModel):
    model_config = ConfigDict(frozen=True)

    request_id: str = Field(min_length=1, max_length=100)
    grievance_id: str = Field(min_length=1, max_length=100)
    petitioner: NamedPetitioner = NamedPetitioner()
    place: str | None = Field(None, max_length=200)
    subject: str | None = Field(None, max_length=SUBJECT_LENGTH)
    attachments: list[str] = Field([], max_length=20)


@dataclass(frozen=True)
class Completing:
    writer: Writer
    grievances: Grievances
    persons: Persons
    uploads: Uploads
    beside: Beside
    reference_key: bytes
    now: Callable[[], datetime]


async def complete_grievance(parts: Completing, viewer: Viewer, command: CompleteGrievance, origin: str) -> str:
    """Add what is new, and return the grievance's id. Raises Refusal with the field at fault."""
    viewer.require(*ROLES)
    id, added = command.grievance_id, _added(viewer, command)
    held = (await parts.grievances.find_many([id])).get(id)
    if held is None:
        raise NoSuchRecord(id)
    admit(viewer, id, held)
    request = request_of(parts.reference_key, viewer, command.request_id, "CompleteGrievance", command.model_dump(mode="json"), origin)
    if await parts.writer.earlier(id, request) is not None:
        return id

    # Whatever can be refused is refused before anything is kept: who is refused leaves nothing behind.
    own_ref = grievance_ref(parts.reference_key, id)
    known, said = await _known(parts, own_ref, held)
    _raise(refuse(held, known, added))
    require_all(await parts.uploads.unattachable(list(added.attachments), id, viewer.sub))
    kept = await _keep(parts, id, own_ref, held, known, said, added)
    names = [name for name in (added.name, known.name) if name]
    require_all(await parts.uploads.attach(list(added.attachments), id, viewer.sub, names))
    await parts.beside.hide(held, names)

    def decide(grievance: Grievance) -> Decision:
        if (grievance.person, grievance.original) != (held.person, held.original):
            raise Refusal("CHANGED_MEANWHILE", "刚刚有人补录过，请刷新后再试。", "Somebody added to it just now; look again.")
        _raise(refuse(grievance, known, added))
        state, events = complete(grievance, kept, added, author(viewer), parts.now())
        return Decision(state, events, {"id": id})

    await parts.writer.command(id, request, decide, lambda grievance: admit(viewer, id, grievance))
    return id


def _added(viewer: Viewer, command: CompleteGrievance) -> Added:
    """Blank is nothing told. Raises Refusal."""
    told = command.petitioner
    phone = (told.phone or "").strip() or None
    if phone is not None and phone_ref(b"", phone) is None:
        raise Refusal("PHONE_INVALID", "电话号码不完整。", "This is no phone number.", "petitioner")
    openid = (told.openid or "").strip() or None
    check_openid(viewer, openid, "petitioner.openid")
    return Added(
        name=(told.name or "").strip() or None,
        phone=phone,
        openid=openid,
        kind=told.kind,
        place=(command.place or "").strip() or None,
        subject=(command.subject or "").strip() or None,
        attachments=tuple(dict.fromkeys(command.attachments)),
    )


async def _known(parts: Completing, own_ref: str, held: Grievance) -> tuple[Known, Sealed]:
    """What is known, and what was said, in clear. Raises Refusal where the petitioner was erased."""
    sealed = held.original
    if sealed is None:
        raise erased()
    try:
        key = await parts.persons.key(held.person)
    except LookupError:
        raise erased() from None
    [contact] = await parts.persons.contacts([held.person])
    said = Sealed(
        subject=key.decrypt("subject", sealed.subject),
        text=key.decrypt("text", sealed.text),
        place=key.decrypt("place", sealed.place) if sealed.place else held.division,
    )
    # The place is the division's code, and behind it what was told (register_grievance.py).
    place = (said.place or "").partition(" ")[2] or None
    refs = {own_ref} | ({phone_ref(parts.reference_key, contact.phone)} if contact.phone else set())
    return Known(contact.name, contact.phone, contact.openid, place, named_by_sign_in=held.petitioner_ref not in refs), said


async def _keep(parts: Completing, id: str, own_ref: str, held: Grievance, known: Known, said: Sealed, added: Added) -> Kept:
    """Keep the petitioner under what is known of them now, and seal what was said anew under their key."""
    name, phone, openid = added.name or known.name, added.phone or known.phone, added.openid or known.openid
    ref = (phone_ref(parts.reference_key, added.phone) if added.phone else None) or held.petitioner_ref
    person = held.person
    if added.name or added.phone or added.openid:
        by_phone = phone_ref(parts.reference_key, phone) if phone else None
        if by_phone is None:
            person = ids.document_id("person", ref)
        else:
            person = who_answers(parts.reference_key, by_phone, openid) if name else nameless_person(own_ref, by_phone)
        person, sealer = await parts.persons.keep(person, Contact(name, phone, openid), consent=held.consent)
        if person != held.person:
            await parts.persons.look_again(held.person)
    else:
        sealer = await parts.persons.key(person)
    place = f"{said.place} {added.place}" if added.place else said.place
    names = (name,) if name else ()
    text = redact(held.text, names).text
    subject = subject_of(held, added.subject or held.subject, text, names)
    return Kept(
        person=person,
        petitioner_ref=ref,
        original=Sealed(
            subject=sealer.encrypt("subject", added.subject or said.subject),
            text=sealer.encrypt("text", said.text),
            place=sealer.encrypt("place", place) if place else None,
        ),
        subject=subject,
        text=text,
        name_marks=name_marks(parts.reference_key, id, name),
    )


def _raise(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise refusal
