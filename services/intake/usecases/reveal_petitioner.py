"""RevealPetitioner 查看诉求人信息: name, phone and words in clear, for a stated purpose; every time it is opened leaves an audit entry."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain import reveals
from services.intake.domain.grievance import Grievance
from services.intake.domain.looks import Purpose
from services.intake.domain.reveals import Reveal
from services.intake.domain.texts import Line
from services.intake.usecases.personal_access import (
    InClear,
    PersonalAccess,
    admit,
    by,
    not_erased,
    open_petitioner,
    trace,
    visible,
    without_names,
)
from shared import ids
from shared.commands import request_of
from shared.identity.roles import Role
from shared.identity.viewer import Viewer
from shared.writer import Decision

# Who deals with the matter or with the person. Offices that only look at numbers, and operators, have no need of a name.
ROLES = (
    Role.SECRETARY,
    Role.TEAM_LEADER,
    Role.COMMUNITY_SECRETARY,
    Role.DISPATCHER,
    Role.HANDLER,
    Role.DEPARTMENT_HEAD,
    Role.CALLER,
    Role.SUPERVISOR,
    Role.DATA_OFFICER,
)
REASON_LENGTH = 200


class RevealPetitioner(BaseModel):
    model_config = ConfigDict(frozen=True)

    request_id: str = Field(min_length=1, max_length=100)
    grievance_id: str = Field(min_length=1, max_length=100)
    purpose: Purpose
    reason: Line = Field(max_length=REASON_LENGTH)


@dataclass(frozen=True)
class Revealed:
    """`clear` is None while the second person has not said yes."""

    grievance: Grievance
    reveal: Reveal
    clear: InClear | None


async def reveal_petitioner(parts: PersonalAccess, viewer: Viewer, command: RevealPetitioner, origin: str) -> Revealed:
    """Ask, or look: the same request again tells how it stands, and opens what was granted meanwhile. Raises Refusal."""
    viewer.require(*ROLES)
    id = command.grievance_id
    held = await visible(parts, viewer, id)
    reason = await without_names(parts.persons, held, command.reason)
    reveal_id = ids.document_id(viewer.sub, f"reveal:{command.request_id}")
    request = request_of(parts.reference_key, viewer, command.request_id, "RevealPetitioner", command.model_dump(mode="json"), origin)

    def ask(grievance: Grievance) -> Decision:
        not_erased(grievance)
        new = Reveal(id=reveal_id, by=by(viewer, ROLES), purpose=command.purpose, reason=reason, at=parts.now(), state="PENDING")
        kept = reveals.asked(grievance.reveals, new, second=grievance.needs_second, real_now=parts.real_now())
        looked = {"id": id, "look": trace(parts, grievance, command.purpose, reason)}
        return Decision(grievance.model_copy(update={"reveals": kept}), [], looked)

    await parts.writer.command(id, request, ask, lambda grievance: admit(viewer, id, grievance))
    held = await visible(parts, viewer, id)
    reveal = reveals.find(held.reveals, reveal_id)
    if reveal is not None and reveal.state == "GRANTED":
        held = await _open(parts, viewer, id, reveal, origin)
        reveal = reveals.find(held.reveals, reveal_id)
    if reveal is None or (reveal.state == "OPEN" and not reveal.readable(parts.real_now())):
        raise reveals.expired()
    if reveal.state == "REFUSED":
        raise reveals.refused()
    return Revealed(held, reveal, await open_petitioner(parts.persons, held) if reveal.state == "OPEN" else None)


async def _open(parts: PersonalAccess, viewer: Viewer, id: str, reveal: Reveal, origin: str) -> Grievance:
    """What was granted is looked at for the first time: that is an entry of its own."""
    request = request_of(parts.reference_key, viewer, f"open:{reveal.id}", "OpenReveal", {"revealId": reveal.id}, origin)

    def begin(grievance: Grievance) -> Decision:
        not_erased(grievance)
        kept = reveals.opened(grievance.reveals, reveal.id, parts.real_now())
        looked = {"id": id, "look": trace(parts, grievance, reveal.purpose, reveal.reason)}
        return Decision(grievance.model_copy(update={"reveals": kept}), [], looked)

    await parts.writer.command(id, request, begin, lambda grievance: admit(viewer, id, grievance))
    return await visible(parts, viewer, id)
