"""ReassignWorkOrder 改派: a dispatcher sends it to another department, unasked, and says why."""

from __future__ import annotations

from services.routing.domain.case import Case
from services.routing.domain.returns import fitting, reassign
from services.routing.usecases.parties import author, check, check_visible, roles_of
from services.routing.usecases.ports import Handling
from services.routing.usecases.words import REASON_LENGTH, check_words, kept
from shared.commands import request_of
from shared.identity.viewer import Viewer
from shared.writer import Decision


async def send_elsewhere(
    parts: Handling, viewer: Viewer, request_id: str, grievance: str, department: str, reason: str, origin: str
) -> None:
    """Raises Refusal (no rights, no words, illegal move, no department for it) or NoSuchRecord."""
    viewer.require(*roles_of("REASSIGN"))
    check_words(reason, "reason", REASON_LENGTH)
    known = await parts.departments()
    payload = {"grievance": grievance, "department": department, "reason": reason}
    request = request_of(parts.reference_key, viewer, request_id, "ReassignWorkOrder", payload, origin)

    def decide(case: Case) -> Decision:
        check(parts, viewer, "REASSIGN", case)
        to, by = fitting(case, department, known), author(viewer, "REASSIGN", case)
        sent, events = reassign(case, to, kept(parts.reference_key, grievance, case, reason), by, parts.reckoning(), parts.now())
        return Decision(sent, events, {"id": grievance})

    await parts.writer.command(grievance, request, decide, lambda case: check_visible(parts, viewer, case))
