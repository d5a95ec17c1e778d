"""RegisterGrievance 登记 (S45): whatever the door, one grievance with a number, an owner and the petitioner's identity kept apart."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain import clocks
from services.intake.domain.completing import BEGINNING
from services.intake.domain.contact import Contact
from services.intake.domain.encounters import CHANNEL_OF, Encounter
from services.intake.domain.grievance import Grievance, PetitionerKind, Sealed
from services.intake.domain.organisation import accountable_for
from services.intake.store.calendar import Campaigns
from services.intake.store.encounters import Encounters
from services.intake.usecases.beside import Beside
from services.intake.usecases.expect_photos import ExpectPhotos, Photo
from services.intake.usecases.ports import Numbers, Persons, Posts, Uploads
from services.intake.usecases.writing import not_here, own_or_known
from shared import ids
from shared.commands import request_of
from shared.contracts.intake import Channel, Kind, Owner
from shared.identity.errors import Refusal
from shared.identity.refs import grievance_ref, openid_ref, phone_digits, phone_ref, subject_ref
from shared.identity.roles import Role
from shared.identity.scopes import holds
from shared.identity.viewer import Viewer
from shared.redaction import redact
from shared.redaction.marks import name_marks
from shared.writer import Decision, Writer

ROLES = (
    Role.RESIDENT,
    Role.SECRETARY,
    Role.TEAM_LEADER,
    Role.COMMUNITY_SECRETARY,
    Role.CALLER,
    Role.DISPATCHER,
    Role.MACHINE_CLIENT,
)
ANSWERING = tuple(role for role in ROLES if role is not Role.RESIDENT)
SUBJECT_LENGTH = 200
TEXT_LENGTH = 10_000
MAX_ATTACHMENTS = 20
MAX_ACCUSED = 20
DEPARTMENT_CODE = re.compile(r"D-[A-Za-z0-9-]{1,40}")
OCCURRED_YEARS = range(1950, 2100)


class PetitionerInput(BaseModel):
    model_config = ConfigDict(frozen=True)

    kind: PetitionerKind = "RESIDENT"
    name: str | None = Field(None, max_length=50)
    phone: str | None = Field(None, max_length=30)
    # What was asked before there was this field stays the same request.
    openid: str | None = Field(None, exclude_if=lambda openid: openid is None)
    anonymous: bool = False
    confidential: bool = False
    consent: bool = True


class RegisterGrievance(BaseModel):
    """The command as it comes from any door. Lengths in characters; `occurred_at` aware, defaults to now.

    Text and place are enough: without a division the place names it, without a subject the text begins it, and without a channel it was
    told on a visit to whoever goes out, and else on the web.
    """

    model_config = ConfigDict(frozen=True)

    request_id: str = Field(min_length=1, max_length=100)
    kind: Kind = "HELP"
    channel: Channel | None = None
    subject: str | None = None
    text: str
    division: str | None = None
    place: str | None = Field(None, max_length=200)
    petitioner: PetitionerInput = PetitionerInput()
    category: str | None = Field(None, max_length=100)
    urgent: bool = False
    occurred_at: datetime | None = None
    accused_departments: list[str] = []
    attachments: list[str] = []
    on_spot_answer: str | None = Field(None, max_length=TEXT_LENGTH)
    encounter: str | None = Field(None, max_length=100)
    campaign: str | None = Field(None, max_length=100)
    photos: list[Photo] = []
    """Photos of which the bytes follow (expect_photos.py)."""
    off: timedelta | None = Field(None, exclude=True)
    """By how much the phone's clock was wrong that said `occurred_at`; no part of what was asked (writing.py)."""


@dataclass(frozen=True)
class Registration:
    """What intake needs to register: the one writer, the places, and the people."""

    writer: Writer
    located: Callable[[Viewer, str | None, str | None], Awaitable[str]]
    """(who asks, division, place) → the code of a division that we know; raises Refusal."""
    numbers: Numbers
    persons: Persons
    posts: Posts
    uploads: Uploads
    photos: ExpectPhotos
    encounters: Encounters
    campaigns: Campaigns
    beside: Beside
    reference_key: bytes
    now: Callable[[], datetime]


async def register_grievance(parts: Registration, viewer: Viewer, command: RegisterGrievance, origin: str) -> str:
    """Register and return the grievance's id; a repeat returns the same id. Raises Refusal with the field at fault."""
    viewer.require(*ROLES)
    id = ids.document_id(viewer.sub, command.request_id)
    request = request_of(parts.reference_key, viewer, command.request_id, "RegisterGrievance", command.model_dump(mode="json"), origin)

    petitioner = command.petitioner
    names = (petitioner.name,) if petitioner.name else ()
    # A repeat is answered whatever has become of places and teams since.
    if await parts.writer.earlier(id, request) is not None:
        await parts.photos.expect(viewer, id, command.photos, names)
        return id

    # Whatever can be refused is refused before anything is kept: who is refused leaves nothing behind.
    encounter = await _told_in(parts, viewer, command.encounter) if command.encounter is not None else None
    given = command.division or (encounter.division if encounter is not None else None)
    division = await parts.located(viewer, given, command.place)
    _check(viewer, command, division, encounter)
    campaign = command.campaign or (encounter.campaign if encounter is not None else None)
    if campaign is not None and await parts.campaigns.find(campaign) is None:
        raise Refusal("CAMPAIGN_UNKNOWN", "没有这项活动。", "There is no such campaign.", "campaign")
    owner = await _owner(parts, viewer, division)
    require_all(await parts.uploads.unattachable(command.attachments, id, viewer.sub))
    photos = [ticket.id for ticket in parts.photos.tickets(viewer, id, command.photos)]

    ref, person = _identity(parts.reference_key, viewer, petitioner, id)
    name = None if petitioner.anonymous else petitioner.name
    # Who wants to stay unnamed has not told us by what WeChat knows them.
    openid = petitioner.openid or (None if petitioner.anonymous else viewer.openid)
    person, sealer = await parts.persons.keep(person, Contact(name, petitioner.phone, openid), consent=petitioner.consent)
    original = Sealed(
        subject=sealer.encrypt("subject", command.subject or command.text[:BEGINNING]),
        text=sealer.encrypt("text", command.text),
        place=sealer.encrypt("place", f"{division} {command.place or ''}".strip()),
    )
    # Who signed in may have told a name before.
    known = name or (await parts.persons.contacts([person]))[0].name
    now = parts.now()
    number = await parts.numbers.claim(division, now, id)
    heard = None if command.off is None else clocks.happened(clocks.made_at(command.request_id), command.off, now)
    text = redact(command.text, names).text

    grievance = Grievance(
        number=number,
        kind=command.kind,
        channel=command.channel or (CHANNEL_OF[encounter.kind] if encounter else "VISIT" if goes_out(viewer) else "WEB"),
        # Cut what is redacted: half a phone number is no phone number to the redaction.
        subject=redact(command.subject, names).text if command.subject else text[:BEGINNING],
        text=text,
        original=original,
        category=command.category,
        division=division[:12],
        urgent=command.urgent,
        anonymous=petitioner.anonymous,
        confidential=petitioner.confidential,
        person=person,
        consent=petitioner.consent,
        petitioner_kind="ANONYMOUS" if petitioner.anonymous else petitioner.kind,
        petitioner_ref=ref,
        own_ref=grievance_ref(parts.reference_key, id),
        signed_in=viewer.has(Role.RESIDENT),
        team=viewer.team if goes_out(viewer) else None,
        accused_departments=command.accused_departments,
        occurred_at=command.occurred_at or (encounter.at if encounter else heard or now),
        registered_at=now,
        heard_at=heard,
        campaign=campaign,
        encounter=encounter.id if encounter else None,
        owner=owner,
        attachments=[*command.attachments, *photos],
        on_spot_answer=redact(command.on_spot_answer, names).text if command.on_spot_answer else None,
    )
    await parts.beside.hide_in_encounter(encounter, names)
    # Last before the write, and asked again: somebody may have tied one of them in between.
    require_all(await parts.uploads.attach(command.attachments, id, viewer.sub, names))
    marks = name_marks(parts.reference_key, id, known)
    await parts.writer.create(id, request, lambda: Decision(grievance, [grievance.registered(marks)], {"id": id}))
    await parts.photos.expect(viewer, id, command.photos, names)
    return id


async def _told_in(parts: Registration, viewer: Viewer, named: str) -> Encounter:
    """The encounter of the viewer's team in which it was told. Raises Refusal; NOT_YET where it has not arrived."""
    if not goes_out(viewer):
        raise Refusal("ENCOUNTER_NOT_YOURS", "只有走访人员可关联走访。", "Only who goes out tells of an encounter.", "encounter")
    encounter = await parts.encounters.find(own_or_known(viewer, "encounter", named))
    if encounter is None or encounter.team != viewer.team:
        raise not_here(named, "encounter")
    return encounter


def require_all(missing: list[str]) -> None:
    if missing:
        raise Refusal(
            "ATTACHMENT_UNKNOWN",
            f"附件 {missing[0]} 不存在、尚未上传完成，或不是您上传的。",
            f"The attachment {missing[0]} is not there, not uploaded yet, or not yours.",
            "attachments",
        )


def may_register_at(viewer: Viewer, division: str) -> bool:
    """A resident anywhere, everybody else in their own territory."""
    return viewer.has(Role.RESIDENT) or viewer.covers(division)


def goes_out(viewer: Viewer) -> bool:
    """Whether the viewer is one of those who go out to the people."""
    return viewer.has(Role.SECRETARY, Role.TEAM_LEADER)


def _check(viewer: Viewer, command: RegisterGrievance, division: str, encounter: Encounter | None) -> None:
    if command.subject is not None and not command.subject.strip():
        raise Refusal("SUBJECT_EMPTY", "请填写诉求标题。", "The subject is empty.", "subject")
    if command.subject is None and not command.text.strip():
        raise Refusal("TEXT_EMPTY", "请填写诉求内容。", "The text is empty.", "text")
    if len(command.subject or "") > SUBJECT_LENGTH:
        raise Refusal(
            "SUBJECT_TOO_LONG", f"标题不能超过{SUBJECT_LENGTH}字。", f"The subject is longer than {SUBJECT_LENGTH} characters.", "subject"
        )
    if len(command.text) > TEXT_LENGTH:
        raise Refusal("TEXT_TOO_LONG", f"内容不能超过{TEXT_LENGTH}字。", f"The text is longer than {TEXT_LENGTH} characters.", "text")
    if not division[4:6].strip("0"):
        field = "division" if command.division else "place"
        raise Refusal("DIVISION_TOO_WIDE", "请至少写明县（市、区）。", "Name at least the county.", field)
    if command.occurred_at is not None and command.occurred_at.tzinfo is None:
        raise Refusal("TIME_WITHOUT_ZONE", "发生时间必须带时区。", "occurredAt must carry a time zone.", "occurredAt")
    if command.occurred_at is not None and command.occurred_at.year not in OCCURRED_YEARS:
        raise Refusal("TIME_OUT_OF_RANGE", "发生时间不在合理范围内。", "occurredAt is out of range.", "occurredAt")
    check_openid(viewer, command.petitioner.openid, "petitioner.openid")
    # They travel in events: codes of departments, and nothing that somebody types about a person.
    if len(command.accused_departments) > MAX_ACCUSED or not all(map(DEPARTMENT_CODE.fullmatch, command.accused_departments)):
        raise Refusal(
            "DEPARTMENT_UNKNOWN",
            f"被反映的部门须为部门代码，至多{MAX_ACCUSED}个。",
            f"accusedDepartments are codes of departments, {MAX_ACCUSED} at most.",
            "accusedDepartments",
        )
    if len(command.attachments) > MAX_ATTACHMENTS:
        raise Refusal(
            "TOO_MANY_ATTACHMENTS", f"附件不能超过{MAX_ATTACHMENTS}个。", f"More than {MAX_ATTACHMENTS} attachments.", "attachments"
        )
    if command.on_spot_answer is not None:
        if not viewer.has(*ANSWERING):
            raise Refusal("ANSWER_NOT_YOURS", "只有工作人员可当场答复。", "Only officials answer on the spot.", "onSpotAnswer")
        if not command.on_spot_answer.strip():
            raise Refusal("ANSWER_EMPTY", "请填写答复内容。", "The answer is empty.", "onSpotAnswer")
    # Where a team may meet people it may also take down what they say.
    if encounter is not None and holds(encounter.division, division):
        return
    if not may_register_at(viewer, division):
        viewer.require_cover(division)


def _identity(key: bytes, viewer: Viewer, petitioner: PetitionerInput, id: str) -> tuple[str, str]:
    """(petitionerRef, person id). Who signs in is known by it, else by phone; else the grievance stands for itself."""
    by_phone = phone_ref(key, petitioner.phone) if petitioner.phone and len(phone_digits(petitioner.phone)) >= 5 else None
    ref = subject_ref(key, viewer.sub) if viewer.has(Role.RESIDENT) else by_phone or grievance_ref(key, id)
    # A person is who answers that phone, or whoever wrote this grievance. A resident may type any phone: one that is not verified as
    # theirs makes a person of its own, or they would be shown, masked, what its true owner is called. So does one without a name.
    if by_phone is not None and viewer.has(Role.RESIDENT) and by_phone not in viewer.refs:
        return ref, ids.document_id("person", f"{ref}:{by_phone}")
    if by_phone is not None and not viewer.has(Role.RESIDENT) and (petitioner.anonymous or not petitioner.name):
        return ref, nameless_person(grievance_ref(key, id), by_phone)
    if by_phone is not None and not viewer.has(Role.RESIDENT):
        return ref, who_answers(key, by_phone, petitioner.openid)
    return ref, ids.document_id("person", by_phone or ref)


def check_openid(viewer: Viewer, openid: str | None, field: str) -> None:
    """An openid that is told by an official or a machine client. Raises Refusal."""
    if openid is None:
        return
    if viewer.has(Role.RESIDENT):
        zh, en = "微信标识随登录带入，不能自行填写。", "A resident's openid comes with the sign-in and is not typed."
        raise Refusal("OPENID_BY_SIGN_IN", zh, en, field)
    if openid_ref(b"", openid) is None:
        zh, en = "微信标识须为20至64个字母、数字、下划线或连字符。", "An openid has 20 to 64 letters, digits, underscores and hyphens."
        raise Refusal("OPENID_INVALID", zh, en, field)


def who_answers(key: bytes, by_phone: str, openid: str | None) -> str:
    """Who answers this phone, as somebody else told it. With an openid it is a person of its own: nobody has verified that the two belong
    together, and what is meant for whoever has the phone would go to whoever has the openid."""
    return ids.document_id("person", f"{by_phone}:{openid_ref(key, openid)}" if openid else by_phone)


def nameless_person(own_ref: str, by_phone: str) -> str:
    """Who answers this phone and told no name: of this grievance alone, as whoever has the phone may be called something."""
    return ids.document_id("person", f"{own_ref}:{by_phone}")


async def _owner(parts: Registration, viewer: Viewer, division: str) -> Owner:
    """Exactly one accountable person from registration on (S7): the secretary who heard it, else who answers for the place."""
    if viewer.has(Role.SECRETARY, Role.TEAM_LEADER, Role.COMMUNITY_SECRETARY) and viewer.covers(division):
        role = next(role for role in (Role.SECRETARY, Role.TEAM_LEADER, Role.COMMUNITY_SECRETARY) if viewer.has(role))
        return Owner(staffId=viewer.sub, role=role, unit=viewer.team or division)
    owner = accountable_for(division, await parts.posts.of_place(division))
    if owner is None:
        raise Refusal(
            "NOBODY_ACCOUNTABLE", "该地区还没有设置受理岗位。", "No accountable post is set up for this division yet.", "division"
        )
    return owner
