"""ProposeArchiveChange 提出档案变更 (S34, S41): what was found at a household or an enterprise of the own team. Nothing holds before
somebody else has confirmed it (decide_archive_change.py).

The proposal's id follows from viewer and request id: an item from an offline device may come again, late and in any order.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain.archive_changes import MOST_CHANGES, Action, Change, Consent, Kind, Proposal, Purpose, part_of
from services.intake.domain.archive_fields import clean, field_of
from services.intake.domain.archives import Archive, until_of
from services.intake.domain.territory import DivisionLevel
from services.intake.domain.texts import Line
from services.intake.usecases.archiving import PROPOSERS, Archiving, may_propose, note_name, value_name
from services.intake.usecases.recording import require_known
from services.intake.usecases.writing import enterprise_id, not_here, own_or_known
from shared import ids
from shared.commands import request_of
from shared.identity.errors import Forbidden, Refusal
from shared.identity.viewer import Viewer
from shared.writer import Decision

NEW = "+"
_UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class GivenConsent(BaseModel):
    model_config = ConfigDict(frozen=True)

    how: Literal["ORAL", "WRITTEN"]
    on: date


class ArchiveChange(BaseModel):
    """`resident`: an id that the archive tells, one that the client made for a new resident, or `+1`, `+2`… for new ones of this proposal.
    `seen`: what the client saw there (`setBy`, empty for nothing); what is there on arrival, when left out, and for a whole resident.
    Both lie in clear, hence nothing but UUIDs in lower case."""

    model_config = ConfigDict(frozen=True)

    action: Action = "SET"
    resident: str | None = Field(None, pattern=rf"^(\+[1-9][0-9]?|{_UUID})$")
    field: str | None = Field(None, max_length=40)
    value: str | None = Field(None, max_length=1_000)
    purpose: Purpose | None = None
    consent: GivenConsent | None = None
    retain_until: date | None = None
    seen: str | None = Field(None, pattern=f"^({_UUID})?$")


class NewEnterprise(BaseModel):
    """An enterprise that has no archive yet; `village` is the 12-digit code. Its name is among the changes (`title`)."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["SHOP", "ENTERPRISE"]
    village: str


class ProposeArchiveChange(BaseModel):
    """Of the archive with this id (a household's is the household's), or of an `enterprise` that is new."""

    model_config = ConfigDict(frozen=True)

    request_id: str = Field(min_length=1, max_length=100)
    archive_id: str | None = Field(None, min_length=1, max_length=100)
    enterprise: NewEnterprise | None = None
    encounter: str | None = Field(None, min_length=1, max_length=100)
    note: Line | None = Field(None, max_length=500)
    changes: list[ArchiveChange] = Field(min_length=1, max_length=MOST_CHANGES)


async def propose_archive_change(parts: Archiving, viewer: Viewer, command: ProposeArchiveChange, origin: str) -> str:
    """Propose, and return the archive's id. An archive of another team is, to the viewer, not there. Raises Refusal."""
    viewer.require(*PROPOSERS)
    request = request_of(parts.reference_key, viewer, command.request_id, "ProposeArchiveChange", command.model_dump(mode="json"), origin)
    begun = await _begun(parts, viewer, command)
    if await parts.writer.earlier(begun.id, request) is not None:
        # A repeat may come days later, when other dates would be allowed.
        return begun.id
    id, today = ids.document_id(viewer.sub, command.request_id), parts.day
    # In clear only here; refused before anything is sealed.
    changes = [_cleaned(begun.kind, id, change, today, f"changes.{number}") for number, change in enumerate(command.changes)]

    def decide(held: Archive | None) -> Decision:
        archive = held if held is not None else begun
        key = parts.cipher.unwrap(archive.person, archive.key)

        def sealed(change: Change) -> Change:
            if change.value is None:
                return change
            return change.model_copy(update={"value": key.encrypt(value_name(change.resident, change.field or ""), change.value)})

        proposal = Proposal(
            id=id,
            by=viewer.sub,
            at=parts.now(),
            encounter=own_or_known(viewer, "encounter", command.encounter) if command.encounter else None,
            note=key.encrypt(note_name(id), command.note) if command.note else None,
            changes=[sealed(change) for change in changes],
            until=until_of(changes, today),
        )
        return Decision(archive.proposed(proposal, today), [], {"id": archive.id, "proposal": id})

    await parts.writer.record(begun.id, request, decide)
    return begun.id


async def _begun(parts: Archiving, viewer: Viewer, command: ProposeArchiveChange) -> Archive:
    """The archive as it is, or as it begins. Raises Refusal for one that is not the viewer's team's."""
    if (command.archive_id is None) == (command.enterprise is None):
        raise Refusal(
            "ONE_OF_TWO", "请指明档案，或填写新的商户、企业。", "Name an archive, or a new enterprise: one of the two.", "archiveId"
        )
    if command.enterprise is not None:
        return await _new_enterprise(parts, viewer, command, command.enterprise)
    id = enterprise_id(viewer, command.archive_id or "")
    household, held = await parts.households.find(id), await parts.archives.find(id)
    team = household.team if household is not None else held.team if held is not None else None
    if not may_propose(viewer, team):
        raise not_here(command.archive_id or "", "archiveId")
    if held is not None:
        return held
    assert household is not None
    return _empty(parts, id, "HOUSEHOLD", household.village, None)


async def _new_enterprise(parts: Archiving, viewer: Viewer, command: ProposeArchiveChange, new: NewEnterprise) -> Archive:
    territory = await parts.atlas.current()
    require_known(territory, new.village, "enterprise.village")
    if not viewer.covers(new.village):
        raise Forbidden("OUT_OF_SCOPE", "该地区不在您的管辖范围内。", "This division is outside your scope.", "enterprise.village")
    if territory.get(new.village).level is not DivisionLevel.VILLAGE:
        raise Refusal("NOT_A_VILLAGE", "请填写村（社区）代码。", "Give the code of a village.", "enterprise.village")
    if not viewer.team:
        raise Refusal("NO_TEAM", "您不属于任何团队。", "You are in no team.")
    if not any(change.action == "SET" and change.field == "title" for change in command.changes):
        raise Refusal("TITLE_MISSING", "新的商户、企业须填名称。", "A new enterprise needs its name (title).", "changes")
    id = ids.document_id("enterprise", f"{viewer.sub}\n{command.request_id}")
    return _empty(parts, id, new.kind, new.village, viewer.team)


def _empty(parts: Archiving, id: str, kind: Kind, village: str, team: str | None) -> Archive:
    person = ids.document_id("archive person", id)
    _key, wrapped = parts.cipher.new_person_key(person)
    return Archive(id=id, kind=kind, village=village, team=team, person=person, key=wrapped)


def _cleaned(kind: Kind, proposal: str, given: ArchiveChange, today: date, at: str) -> Change:
    """The change with its value in its form and its resident's id. Raises Refusal."""
    resident = given.resident
    if resident is not None and resident.startswith(NEW):
        resident = ids.document_id(proposal, resident)
    value = given.value
    if given.action == "SET" and value is not None:
        value = clean(field_of(part_of(kind, resident), given.field or "", f"{at}.field"), value, today, f"{at}.value")
    holds = given.action == "SET"
    return Change(
        action=given.action,
        resident=resident,
        field=given.field if given.action != "REMOVE_RESIDENT" else None,
        value=value if holds else None,
        purpose=given.purpose if holds else None,
        consent=Consent(how=given.consent.how, on=given.consent.on.isoformat()) if holds and given.consent else None,
        retain_until=given.retain_until.isoformat() if holds and given.retain_until else None,
        base=given.seen if given.action != "REMOVE_RESIDENT" else None,
    )
