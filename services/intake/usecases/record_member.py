"""RecordMember (S16–S20): an official with kinds, rank and mandates, by name and phone that stay here, encrypted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from services.intake.adapters.cipher import FieldCipher
from services.intake.domain.people import Mandate, Member, MemberKind, Programme, Rank, refuse_assignment
from services.intake.domain.texts import Line, LineOrNothing
from services.intake.domain.transfers import Outcome
from services.intake.store.organisation import Teams
from services.intake.store.places import Atlas
from services.intake.usecases.recording import ROLES, Recording, require_known, require_place
from shared import ids
from shared.audit import digest
from shared.identity.errors import Forbidden, Refusal
from shared.identity.viewer import Viewer


class RecordMember(BaseModel):
    model_config = ConfigDict(frozen=True)

    request_id: str = Field(min_length=1, max_length=100)
    id: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.@-]+$")
    name: Line = Field(max_length=50)
    phone: LineOrNothing | None = Field(None, max_length=30)
    team: str | None = Field(None, max_length=40)
    kinds: list[MemberKind] = Field(min_length=1, max_length=8)
    rank: Rank = "NONE"
    mandates: list[Mandate] = []
    unit: str
    assigned: list[str] = Field([], max_length=50)
    department: str | None = Field(None, max_length=40)
    programmes: list[Programme] = []


@dataclass(frozen=True)
class RecordingMembers:
    recording: Recording
    atlas: Atlas
    teams: Teams
    cipher: FieldCipher
    today: Callable[[], str]


async def record_member(parts: RecordingMembers, viewer: Viewer, command: RecordMember, origin: str) -> Outcome:
    """Record, and tell what became of the row. Raises Refusal with the rule that stands against it."""
    viewer.require(*ROLES)
    territory = await parts.atlas.current()
    require_place(viewer, territory, command.unit, "unit")
    team = await parts.teams.find(command.team) if command.team else None
    if team is not None and not any(map(viewer.covers, team.places)):
        raise Forbidden("TEAM_ELSEWHERE", "该团队不在您的辖区。", "That team is not in your territory.", "team")
    for place in command.assigned:
        require_known(territory, place, "assigned")
    member = sealed(parts, command, None)
    refusal = refuse_assignment(member)
    if refusal is None and not member.may_lead and (led := await parts.teams.led_by(command.id)):
        refusal = Refusal(
            "STILL_LEADS",
            f"该成员正带队 {led[0].code}，调整后不再符合带队条件；请先更换带队人。",
            f"This member leads {led[0].code} and would no longer qualify; name another leader first.",
            "rank",
        )
    if refusal is not None:
        raise refusal

    def decide(held: Member | None) -> Member:
        if held is not None:
            viewer.require_cover(held.unit)
        return sealed(parts, command, held)

    payload = command.model_dump(mode="json")
    return await parts.recording.keep(viewer, command.request_id, "RecordMember", command.id, payload, origin, decide)


def sealed(parts: RecordingMembers, command: RecordMember, held: Member | None) -> Member:
    """The member with name and phone under their own key; `held` as it is where nothing has changed."""
    row: dict[str, Any] = command.model_dump(exclude={"request_id"})
    fingerprint = digest(parts.recording.reference_key, row)
    if held is not None and held.digest == fingerprint:
        return held
    person = held.person if held else ids.document_id("member", command.id)
    if held is None:
        key, wrapped = parts.cipher.new_person_key(person)
    else:
        key, wrapped = parts.cipher.unwrap(person, held.key), held.key
    row["name"] = key.encrypt("name", command.name)
    row["phone"] = key.encrypt("phone", command.phone) if command.phone else None
    history = held.history() if held else {"since": parts.today()}
    return Member(**row, **history, person=person, key=wrapped, digest=fingerprint)
