"""WithdrawGrievance 撤诉: the petitioner asks no more, by the account or by number and PIN; with a reason, if they want to give one."""

from __future__ import annotations

from services.routing.domain.case import Case
from services.routing.domain.course import withdraw
from services.routing.usecases.parties import check, check_visible, roles_of
from services.routing.usecases.ports import Handling
from services.routing.usecases.words import REASON_LENGTH, check_words, kept
from shared.commands import request_of
from shared.identity.viewer import Viewer
from shared.writer import Decision


async def withdraw_grievance(parts: Handling, viewer: Viewer, request_id: str, grievance: str, reason: str | None, origin: str) -> None:
    """Raises Refusal (not theirs, illegal move) or NoSuchRecord."""
    viewer.require(*roles_of("WITHDRAW"))
    if reason is not None:
        check_words(reason, "reason", REASON_LENGTH)
    payload = {"grievance": grievance, "reason": reason}
    request = request_of(parts.reference_key, viewer, request_id, "WithdrawGrievance", payload, origin)

    def decide(case: Case) -> Decision:
        check(parts, viewer, "WITHDRAW", case)
        words = kept(parts.reference_key, grievance, case, reason) if reason is not None else None
        withdrawn, events = withdraw(case, words, parts.now())
        return Decision(withdrawn, events, {"id": grievance})

    await parts.writer.command(grievance, request, decide, lambda case: check_visible(parts, viewer, case))
