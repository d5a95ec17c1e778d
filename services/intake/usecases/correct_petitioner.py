"""CorrectPetitioner 更正诉求人信息: a name, phone, openid or place that was taken down wrongly."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain.completing import Kept, subject_of
from services.intake.domain.contact import Contact
from services.intake.domain.correcting import correct, refuse
from services.intake.domain.erasure import erased
from services.intake.domain.grievance import Grievance, Sealed
from services.intake.domain.texts import Line
from services.intake.store.mongo import access_of
from services.intake.usecases.personal_access import InClear, PersonalAccess, admit, by, open_petitioner, visible, without_names
from services.intake.usecases.ports import Sealer
from services.intake.usecases.register_grievance import check_openid, nameless_person, who_answers
from services.intake.usecases.tell_petitioner import of_the_team
from shared import ids
from shared.commands import request_of
from shared.identity.access import Access, may_see
from shared.identity.errors import Refusal
from shared.identity.refs import grievance_ref, phone_ref
from shared.identity.roles import Role
from shared.identity.viewer import Viewer
from shared.redaction import redact
from shared.redaction.marks import name_marks
from shared.writer import Decision

ROLES = (Role.SECRETARY, Role.TEAM_LEADER, Role.DATA_OFFICER, Role.RESIDENT)


class CorrectPetitioner(BaseModel):
    """What is left out stays."""

    model_config = ConfigDict(frozen=True)

    request_id: str = Field(min_length=1, max_length=100)
    grievance_id: str = Field(min_length=1, max_length=100)
    name: Line | None = Field(None, max_length=50)
    phone: Line | None = Field(None, max_length=30)
    # What was asked before there was this field stays the same request.
    openid: str | None = Field(None, exclude_if=lambda openid: openid is None)
    place: Line | None = Field(None, max_length=200)
    reason: Line = Field(max_length=200)


def may_correct(viewer: Viewer, access: Access) -> bool:
    """The team that heard it, a data officer of the territory, and themselves where they signed in: a number and PIN prove less."""
    return may_see(viewer, access) and (of_the_team(viewer, access) or _not_by_the_team(viewer, access))


def _not_by_the_team(viewer: Viewer, access: Access) -> bool:
    officer = viewer.has(Role.DATA_OFFICER) and viewer.covers(access.division)
    return officer or (viewer.has(Role.RESIDENT) and access.petitioner_ref in viewer.refs)


async def correct_petitioner(parts: PersonalAccess, viewer: Viewer, command: CorrectPetitioner, origin: str) -> str:
    """Put it right, and return the grievance's id. Raises Refusal with the field at fault."""
    viewer.require(*ROLES)
    id = command.grievance_id
    held = await visible(parts, viewer, id)
    if not may_correct(viewer, access_of(held)):
        raise Refusal("NOT_YOURS", "只有本人、受理团队或数据保护专员可更正。", "Only they themselves, their team, or a data officer.")
    if command.phone is not None and phone_ref(b"", command.phone) is None:
        raise Refusal("PHONE_INVALID", "电话号码不完整。", "This is no phone number.", "phone")
    check_openid(viewer, command.openid, "openid")
    request = request_of(parts.reference_key, viewer, command.request_id, "CorrectPetitioner", command.model_dump(mode="json"), origin)
    if await parts.writer.earlier(id, request) is not None:
        return id

    by_their_team = not _not_by_the_team(viewer, access_of(held))
    given = {name: getattr(command, name) is not None for name in ("name", "phone", "openid", "place")}
    _raise(refuse(held, **given, by_their_team=by_their_team))
    reason = redact(await without_names(parts.persons, held, command.reason), [command.name] if command.name else []).text
    clear = await open_petitioner(parts.persons, held)
    kept = await _keep(parts, id, held, clear, command)
    await parts.beside.hide(held, [command.name] if command.name else [])

    def decide(grievance: Grievance) -> Decision:
        if (grievance.person, grievance.original) != (held.person, held.original):
            raise Refusal("CHANGED_MEANWHILE", "刚刚有人更改过，请刷新后再试。", "Somebody changed it just now; look again.")
        _raise(refuse(grievance, **given, by_their_team=by_their_team))
        state, events = correct(grievance, kept, command.name, by(viewer, ROLES), parts.now())
        return Decision(state, events, {"id": id, "reason": reason})

    await parts.writer.command(id, request, decide, lambda grievance: admit(viewer, id, grievance))
    return id


async def _keep(parts: PersonalAccess, id: str, held: Grievance, clear: InClear, command: CorrectPetitioner) -> Kept:
    """Keep the petitioner under what is right, and seal what was said anew under their key."""
    name, phone, openid = command.name or clear.name, command.phone or clear.phone, command.openid or clear.openid
    sealer: Sealer
    if command.name is None and command.phone is None and command.openid is None:
        ref, person = held.petitioner_ref, held.person
        try:
            sealer = await parts.persons.key(person)
        except LookupError:
            raise erased() from None
    else:
        ref, person = _identity(parts.reference_key, id, held, clear.phone, Contact(name, phone, openid))
        person, sealer = await parts.persons.keep(person, Contact(name, phone, openid), consent=held.consent)
        if person != held.person:
            await parts.persons.look_again(held.person)
    names = (name,) if name else ()
    place = command.place or clear.place
    original = Sealed(
        subject=sealer.encrypt("subject", clear.subject),
        text=sealer.encrypt("text", clear.text),
        place=sealer.encrypt("place", f"{held.division} {place or ''}".strip()),
    )
    text = redact(held.text, names).text
    subject, marks = subject_of(held, held.subject, text, names), name_marks(parts.reference_key, id, name)
    return Kept(person, ref, original, subject, text, marks)


def _identity(key: bytes, id: str, held: Grievance, known: str | None, now: Contact) -> tuple[str, str]:
    """(petitionerRef, person id), by the rules of the registration; `known` is the phone until now."""
    own_ref, by_phone = grievance_ref(key, id), phone_ref(key, now.phone) if now.phone else None
    signed_in = held.petitioner_ref not in {own_ref, phone_ref(key, known) if known else None}
    if by_phone is None:
        return held.petitioner_ref, ids.document_id("person", held.petitioner_ref)
    # Whoever signed in stays known by it, and the phone that they typed makes a person of its own.
    if signed_in:
        return held.petitioner_ref, ids.document_id("person", f"{held.petitioner_ref}:{by_phone}")
    return by_phone, who_answers(key, by_phone, now.openid) if now.name else nameless_person(own_ref, by_phone)


def _raise(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise refusal
