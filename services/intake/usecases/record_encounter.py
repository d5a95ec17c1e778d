"""RecordEncounter and AmendEncounter (S31–S36, S38, S11): officials met people. Text and place are enough; the rest may follow.

One write of the encounter; who was there and which household it was is told to their records by `tell_encounters`, at once, and by a worker
where a crash came between.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from services.intake.adapters.cipher import FieldCipher, PersonKey
from services.intake.domain import clocks
from services.intake.domain.encounters import Encounter, EncounterKind, Notes
from services.intake.domain.households import Household
from services.intake.domain.versions import Version
from services.intake.store.archives import Archives
from services.intake.store.calendar import Campaigns, Receptions
from services.intake.store.encounters import Encounters, PolicyMessages
from services.intake.store.households import Households
from services.intake.usecases.expect_photos import ExpectPhotos, Photo
from services.intake.usecases.tell_members import Telling, tell_encounters
from services.intake.usecases.writing import (
    ROLES,
    Amending,
    Writing,
    Written,
    enterprise_id,
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

TEXT_LENGTH = 10_000


class EncounterNotes(BaseModel):
    """What an encounter and each later version of it says. `household`, `enterprise`: whom it was with, by id; `messages`: what was handed
    out, by code; `participants`: who else of the team went, by id; `attendance`: how many people were met."""

    model_config = ConfigDict(frozen=True)

    text: str = Field(max_length=TEXT_LENGTH)
    place: str | None = Field(None, max_length=200)
    attendance: int | None = Field(None, ge=0, le=100_000)
    participants: list[str] = Field([], max_length=50)
    messages: list[str] = Field([], max_length=20)
    household: str | None = Field(None, max_length=100)
    enterprise: str | None = Field(None, max_length=100)
    photos: list[Photo] = []


class RecordEncounter(Written, EncounterNotes):
    kind: EncounterKind
    division: str | None = None
    campaign: str | None = Field(None, max_length=64)
    reception: str | None = Field(None, max_length=64)


class AmendEncounter(Amending, EncounterNotes):
    """The whole of it as it is to be. `encounter`: its id, or its author's client-made one."""

    encounter: str = Field(min_length=1, max_length=100)


@dataclass(frozen=True)
class RecordingEncounters:
    writing: Writing
    encounters: Writer
    held: Encounters
    households: Households
    messages: PolicyMessages
    campaigns: Campaigns
    receptions: Receptions
    archives: Archives
    photos: ExpectPhotos
    telling: Telling
    cipher: FieldCipher
    reference_key: bytes
    names_told: Callable[[str], Awaitable[list[str]]]
    """Encounter's id → what those are called who told something there."""


async def record_encounter(parts: RecordingEncounters, viewer: Viewer, command: RecordEncounter, origin: str) -> str:
    """Record, and return the encounter's id; a repeat returns the same. Raises Refusal with the field at fault."""
    viewer.require(*ROLES)
    id = record_id(viewer, "encounter", command.request_id)
    payload = command.model_dump(mode="json")
    request = request_of(parts.reference_key, viewer, command.request_id, "RecordEncounter", payload, origin)
    home = await _home(parts, command)
    names = [*command.names, *_head(parts, home)]
    if await parts.encounters.earlier(id, request) is None:
        team = await parts.writing.team(viewer)
        when = parts.writing.when(command)
        division = await parts.writing.village(viewer, team, command.division, command.place)
        await _check_series(parts, command)
        await _check(parts, viewer, command, home, (), division, when.on)
        parts.photos.tickets(viewer, id, command.photos)
        key, wrapped = parts.cipher.new_person_key(id)
        notes = _notes(viewer, command, key, names)
        encounter = Encounter(
            id=id,
            kind=command.kind,
            division=division,
            team=team.code,
            member=viewer.sub,
            at=when.at,
            on=when.on,
            clock=when.clock,
            campaign=command.campaign,
            reception=command.reception,
            person=id,
            key=wrapped,
            versions=[version_of(Version[Notes], viewer, command, when, notes)],
        ).owing()
        await parts.encounters.create(id, request, lambda: Decision(encounter, [], {"id": id}))
    return await _told(parts, viewer, id, command, names)


async def amend_encounter(parts: RecordingEncounters, viewer: Viewer, command: AmendEncounter, origin: str) -> str:
    """One more version, by its author or a member of the same team; returns the id. A version that somebody else has gone on from is kept
    beside theirs: look at `heads`. Raises Refusal; NOT_YET where the encounter or the base has not arrived."""
    viewer.require(*ROLES)
    id = own_or_known(viewer, "encounter", command.encounter)
    request = request_of(parts.reference_key, viewer, command.request_id, "AmendEncounter", command.model_dump(mode="json"), origin)
    encounter = await parts.held.find(id)
    home = await _home(parts, command)
    names = [*command.names, *await parts.names_told(id), *_head(parts, home)]
    # A repeat is answered whatever has become of the team since.
    if encounter is None or await parts.encounters.earlier(id, request) is None:
        if encounter is None or encounter.team != viewer.team:
            raise not_here(command.encounter, "encounter")
        await parts.writing.team(viewer)
        when = parts.writing.when(command)
        if command.off is None:
            # What was written without a network was written in time.
            refuse_late(encounter.on, parts.writing.now(), "encounter")
        await _check(parts, viewer, command, home, encounter.versions, encounter.division, encounter.on)
        parts.photos.tickets(viewer, id, command.photos)
        notes = _notes(viewer, command, parts.cipher.unwrap(encounter.person, encounter.key), names)
        await keep_version(parts.encounters, id, request, version_of(Version[Notes], viewer, command, when, notes))
    return await _told(parts, viewer, id, command, names)


async def _told(
    parts: RecordingEncounters, viewer: Viewer, id: str, command: RecordEncounter | AmendEncounter, names: Sequence[str]
) -> str:
    await parts.photos.expect(viewer, id, command.photos, names)
    if command.off is None:
        # A batch leaves it to a worker, which tells many at once.
        await tell_encounters(parts.telling, [id])
    return id


async def _home(parts: RecordingEncounters, command: RecordEncounter | AmendEncounter) -> Household | None:
    return await parts.households.find(command.household) if command.household is not None else None


def _head(parts: RecordingEncounters, home: Household | None) -> list[str]:
    """What the head of the household is called that was met."""
    return [parts.cipher.unwrap(home.person, home.key).decrypt("head", home.head)] if home is not None and home.head else []


def _notes(viewer: Viewer, command: RecordEncounter | AmendEncounter, key: PersonKey, names: Sequence[str]) -> Notes:
    text, original = sealed(key, "text", command.text, names)
    return Notes(
        text=text,
        original=original,
        place=key.encrypt("place", command.place) if command.place else None,
        attendance=command.attendance,
        participants=sorted(set(command.participants)),
        messages=sorted(set(command.messages)),
        household=command.household,
        enterprise=enterprise_id(viewer, command.enterprise) if command.enterprise else None,
    )


async def _check_series(parts: RecordingEncounters, command: RecordEncounter) -> None:
    if command.campaign is not None and await parts.campaigns.find(command.campaign) is None:
        raise Refusal("CAMPAIGN_UNKNOWN", "没有这项活动。", "There is no such campaign.", "campaign")
    if command.reception is not None and await parts.receptions.find(command.reception) is None:
        raise Refusal("RECEPTION_UNKNOWN", "没有这项接待安排。", "There is no such reception series.", "reception")


async def _check(
    parts: RecordingEncounters,
    viewer: Viewer,
    notes: RecordEncounter | AmendEncounter,
    household: Household | None,
    before: Sequence[Version[Notes]],
    division: str,
    on: str,
) -> None:
    """Raises Refusal for what it names and is not there, or not the team's. What an earlier version (`before`) names already was right
    then. Without a network nobody could know what had ended: there it is enough that it exists."""
    if not (notes.text.strip() or notes.household or notes.enterprise):
        raise Refusal("TEXT_EMPTY", "请填写内容。", "The text is empty.", "text")
    offline = notes.off is not None
    went = {id for version in before for id in version.content.participants}
    with_ = await parts.writing.people.find_many(notes.participants)
    for id in notes.participants:
        member = with_.get(id)
        if member is None or not (offline or id in went or member.team == viewer.team):
            raise Refusal("PARTICIPANT_UNKNOWN", "同行人员须为本团队成员。", "Participants are members of the same team.", "participants")
    handed = {code for version in before for code in version.content.messages}
    known = await parts.messages.find_many(notes.messages)
    for code in notes.messages:
        message = known.get(code)
        if message is None or not (offline or code in handed or message.handed_out_at(division, on)):
            zh, en = "没有这份宣传材料，或当日当地不发放。", "There is no such policy message there on that day."
            raise Refusal("MESSAGE_UNKNOWN", zh, en, "messages")
    if notes.enterprise is not None and not clocks.is_client_id(notes.enterprise):
        archive = await parts.archives.find(notes.enterprise)
        if archive is None or archive.kind == "HOUSEHOLD" or archive.team != viewer.team:
            zh, en = "没有这家企业、商户，或不属于您的团队。", "There is no such enterprise with your team."
            raise Refusal("ENTERPRISE_UNKNOWN", zh, en, "enterprise")
    if notes.household is None:
        return
    named = any(version.content.household == notes.household for version in before)
    if household is None or not (named or household.team == viewer.team):
        raise Refusal("HOUSEHOLD_UNKNOWN", "没有这户，或不属于您的团队。", "There is no such household with your team.", "household")
