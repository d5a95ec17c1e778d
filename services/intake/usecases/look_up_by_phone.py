"""LookUpByPhone 按电话查询: what whoever answers this phone has told, by the keyed blind index; counted per viewer and day."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain import reveals
from services.intake.domain.grievance import Grievance
from services.intake.domain.looks import Purpose, look
from services.intake.domain.lookups import LookUps
from services.intake.domain.texts import Line
from services.intake.store.look_ups import look_ups_id
from services.intake.store.mongo import access_of
from services.intake.usecases.personal_access import PersonalAccess
from shared.commands import request_of
from shared.contracts.base import instant
from shared.identity.access import may_know_petitioner
from shared.identity.errors import Refusal
from shared.identity.refs import phone_ref
from shared.identity.roles import Role
from shared.identity.scopes import prefixes
from shared.identity.viewer import Viewer
from shared.redaction import redact
from shared.writer import Decision, Writer

# Who has somebody on the phone or before them, and who answers for the data.
ROLES = (Role.SECRETARY, Role.TEAM_LEADER, Role.COMMUNITY_SECRETARY, Role.DISPATCHER, Role.CALLER, Role.DATA_OFFICER)
MOST_FOUND = 100
"""The latest; who has told more is found by a list."""


class LookUpByPhone(BaseModel):
    model_config = ConfigDict(frozen=True)

    request_id: str = Field(min_length=1, max_length=100)
    phone: Line = Field(max_length=30)
    purpose: Purpose
    reason: Line = Field(max_length=200)


@dataclass(frozen=True)
class LookingUp:
    access: PersonalAccess
    writer: Writer
    """Of the look-ups' own documents, one a viewer and day."""
    limit: int


async def look_up_by_phone(parts: LookingUp, viewer: Viewer, command: LookUpByPhone, origin: str) -> list[tuple[str, Grievance]]:
    """(id, grievance), newest first: those whose petitioner the viewer may know of. Raises Refusal, also where the day's are spent."""
    viewer.require(*ROLES)
    access = parts.access
    ref = phone_ref(access.reference_key, command.phone)
    if ref is None:
        raise Refusal("PHONE_INVALID", "电话号码不完整。", "This is no phone number.", "phone")
    today, until = access.today(), instant(access.real_now() + reveals.OPEN_FOR)
    request = request_of(access.reference_key, viewer, command.request_id, "LookUpByPhone", command.model_dump(mode="json"), origin)
    people = await access.persons.answering(ref)
    found = await access.grievances.of_people(people)
    known = [(id, held) for id, held in found.items() if held.erasure is None and _may_know(viewer, held)]
    # Found by who answers for the viewer's territory, and for the places of what was found.
    places = [*(scope.code for scope in viewer.scopes), *(held.division for _id, held in known)]
    under = sorted({prefix for place in places for prefix in prefixes(place)})
    names = [each.name for each in await access.persons.contacts(people) if each.name] if people else []
    looked = look(today, under, ref, command.purpose, redact(command.reason, names).text)

    def count(before: LookUps | None) -> Decision:
        spent = (before or LookUps(viewer=viewer.sub, day=today)).one_more(parts.limit)
        return Decision(spent, [], {"look": looked, "until": until})

    answer, _new = await parts.writer.record(look_ups_id(viewer.sub, today), request, count)
    # A repeat is no new entry: after some minutes it is no look either.
    if answer["until"] < instant(access.real_now()):
        raise reveals.expired()
    return known[::-1][:MOST_FOUND]


def _may_know(viewer: Viewer, held: Grievance) -> bool:
    """A phone that leads to what was told without a name says who told it: only the team that heard it finds it, as a confidential one."""
    return may_know_petitioner(viewer, replace(access_of(held), confidential=held.needs_second))
