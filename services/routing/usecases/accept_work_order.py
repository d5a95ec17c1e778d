"""AcceptWorkOrder 接单 (S52): a handler of the department takes the case and owns it."""

from __future__ import annotations

from services.routing.domain.case import Case
from services.routing.domain.course import accept_work_order
from services.routing.usecases.parties import author, check, check_visible, roles_of
from services.routing.usecases.ports import Handling
from shared.commands import request_of
from shared.identity.viewer import Viewer
from shared.writer import Decision


async def accept(parts: Handling, viewer: Viewer, request_id: str, grievance: str, origin: str) -> None:
    """Raises Refusal (no rights, illegal move) or NoSuchRecord."""
    viewer.require(*roles_of("ACCEPT_WORK_ORDER"))
    request = request_of(parts.reference_key, viewer, request_id, "AcceptWorkOrder", {"grievance": grievance}, origin)

    def decide(case: Case) -> Decision:
        check(parts, viewer, "ACCEPT_WORK_ORDER", case)
        accepted, events = accept_work_order(case, author(viewer, "ACCEPT_WORK_ORDER", case), parts.now())
        return Decision(accepted, events, {"id": grievance})

    await parts.writer.command(grievance, request, decide, lambda case: check_visible(parts, viewer, case))
