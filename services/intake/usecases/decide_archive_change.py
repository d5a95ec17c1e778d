"""DecideArchiveChange 确认或退回档案变更 (S41): somebody else than who proposed it confirms or refuses."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain.archives import Archive, Verdict
from services.intake.domain.texts import Line
from services.intake.usecases.archiving import DECIDERS, Archiving, may_decide, not_yours, reason_name
from shared.commands import request_of
from shared.identity.errors import Refusal
from shared.identity.viewer import Viewer
from shared.writer import Decision, NoSuchRecord


class DecideArchiveChange(BaseModel):
    """`reason` is required where it is refused."""

    model_config = ConfigDict(frozen=True)

    request_id: str = Field(min_length=1, max_length=100)
    archive_id: str = Field(min_length=1, max_length=100)
    proposal_id: str = Field(min_length=1, max_length=100)
    confirmed: bool
    reason: Line | None = Field(None, max_length=500)


async def decide_archive_change(parts: Archiving, viewer: Viewer, command: DecideArchiveChange, origin: str) -> str:
    """Decide, and return the archive's id. Raises Refusal."""
    viewer.require(*DECIDERS)
    if not command.confirmed and command.reason is None:
        raise Refusal("REASON_MISSING", "退回须说明理由。", "Say why it is refused.", "reason")
    household = await parts.households.find(command.archive_id)
    request = request_of(parts.reference_key, viewer, command.request_id, "DecideArchiveChange", command.model_dump(mode="json"), origin)

    def admit(archive: Archive) -> None:
        if not may_decide(viewer, household.team if household is not None else archive.team, archive.village):
            raise NoSuchRecord(archive.id)

    def decide(archive: Archive) -> Decision:
        reason = None
        if command.reason is not None:
            reason = parts.cipher.unwrap(archive.person, archive.key).encrypt(reason_name(command.proposal_id), command.reason)
        verdict = Verdict(proposal=command.proposal_id, confirmed=command.confirmed, by=viewer.sub, at=parts.now(), reason=reason)
        return Decision(archive.decided(verdict, parts.day), [], {"id": archive.id})

    try:
        await parts.writer.command(command.archive_id, request, decide, admit)
    except NoSuchRecord:
        raise not_yours() from None
    return command.archive_id
