"""ReturnWorkOrder 退单: the department says why it is not its own; a dispatcher decides."""

from __future__ import annotations

from services.routing.domain.case import Case
from services.routing.domain.returns import return_work_order
from services.routing.usecases.parties import author, check, check_visible, roles_of
from services.routing.usecases.ports import Handling
from services.routing.usecases.words import REASON_LENGTH, check_words, kept
from shared.commands import request_of
from shared.identity.viewer import Viewer
from shared.writer import Decision


async def send_back(parts: Handling, viewer: Viewer, request_id: str, grievance: str, reason: str, origin: str) -> None:
    """Raises Refusal (no rights, no words, illegal move, too late, refused before) or NoSuchRecord."""
    viewer.require(*roles_of("RETURN_WORK_ORDER"))
    check_words(reason, "reason", REASON_LENGTH)
    payload = {"grievance": grievance, "reason": reason}
    request = request_of(parts.reference_key, viewer, request_id, "ReturnWorkOrder", payload, origin)

    def decide(case: Case) -> Decision:
        check(parts, viewer, "RETURN_WORK_ORDER", case)
        by = author(viewer, "RETURN_WORK_ORDER", case)
        returned, events = return_work_order(case, kept(parts.reference_key, grievance, case, reason), by, parts.reckoning(), parts.now())
        return Decision(returned, events, {"id": grievance})

    await parts.writer.command(grievance, request, decide, lambda case: check_visible(parts, viewer, case))
