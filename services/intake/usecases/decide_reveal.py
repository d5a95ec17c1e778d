"""DecideReveal 审批查看申请: a second person grants or refuses that somebody reads who a confidential petitioner is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain import reveals
from services.intake.domain.grievance import Grievance
from services.intake.domain.texts import Line
from services.intake.usecases.personal_access import PersonalAccess, admit, by, trace, visible, without_names
from shared.commands import request_of
from shared.identity.errors import Refusal
from shared.identity.roles import Role
from shared.identity.viewer import Viewer
from shared.writer import Decision

ROLES = (Role.DATA_OFFICER, Role.SUPERVISOR)


class DecideReveal(BaseModel):
    model_config = ConfigDict(frozen=True)

    request_id: str = Field(min_length=1, max_length=100)
    grievance_id: str = Field(min_length=1, max_length=100)
    reveal_id: str = Field(min_length=1, max_length=100)
    granted: bool
    reason: Line = Field(max_length=200)


async def decide_reveal(parts: PersonalAccess, viewer: Viewer, command: DecideReveal, origin: str) -> tuple[Grievance, reveals.Reveal]:
    """Raises Refusal: never one's own, never twice."""
    viewer.require(*ROLES)
    id = command.grievance_id
    held = await visible(parts, viewer, id)
    if not viewer.covers(held.division):
        # A second person of the place: not a team mate who answers for another one.
        raise Refusal("NOT_YOURS", "只有辖区内的数据保护专员、督查专员可审批。", "Only an officer of the territory.", "grievanceId")
    reason = await without_names(parts.persons, held, command.reason)
    request = request_of(parts.reference_key, viewer, command.request_id, "DecideReveal", command.model_dump(mode="json"), origin)

    def decide(grievance: Grievance) -> Decision:
        kept = reveals.decided(
            grievance.reveals,
            command.reveal_id,
            by(viewer, ROLES),
            granted=command.granted,
            at=parts.now(),
            real_now=parts.real_now(),
        )
        purpose = next(reveal.purpose for reveal in kept if reveal.id == command.reveal_id)
        said = {"id": id, "granted": command.granted, "look": trace(parts, grievance, purpose, reason)}
        return Decision(grievance.model_copy(update={"reveals": kept}), [], said)

    await parts.writer.command(id, request, decide, lambda grievance: admit(viewer, id, grievance))
    held = await visible(parts, viewer, id)
    reveal = reveals.find(held.reveals, command.reveal_id)
    if reveal is None:
        raise reveals.expired()
    return held, reveal
