"""RecallForAppraisal 收回研判: a dispatcher takes back what no department has accepted yet, to judge it anew."""

from __future__ import annotations

from services.routing.domain.case import Case
from services.routing.domain.judging import recall
from services.routing.usecases.parties import author, check, check_visible, roles_of
from services.routing.usecases.ports import Handling
from services.routing.usecases.words import REASON_LENGTH, check_words, kept
from shared.commands import request_of
from shared.identity.viewer import Viewer
from shared.writer import Decision


async def take_back(parts: Handling, viewer: Viewer, request_id: str, grievance: str, reason: str, origin: str) -> None:
    """Raises Refusal (no rights, no words, illegal move) or NoSuchRecord."""
    viewer.require(*roles_of("RECALL"))
    check_words(reason, "reason", REASON_LENGTH)
    payload = {"grievance": grievance, "reason": reason}
    request = request_of(parts.reference_key, viewer, request_id, "RecallForAppraisal", payload, origin)

    def decide(case: Case) -> Decision:
        check(parts, viewer, "RECALL", case)
        words = kept(parts.reference_key, grievance, case, reason)
        recalled, events = recall(case, words, author(viewer, "RECALL", case), parts.now())
        return Decision(recalled, events, {"id": grievance})

    await parts.writer.command(grievance, request, decide, lambda case: check_visible(parts, viewer, case))
