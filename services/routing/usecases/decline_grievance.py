"""DeclineGrievance 不予受理: a dispatcher says why it is not accepted here, and which way is the proper one."""

from __future__ import annotations

from services.routing.domain.case import Case
from services.routing.domain.course import decline
from services.routing.usecases.parties import author, check, check_visible, roles_of
from services.routing.usecases.ports import Handling
from services.routing.usecases.words import REASON_LENGTH, check_words, kept
from shared.commands import request_of
from shared.identity.viewer import Viewer
from shared.writer import Decision


async def decline_grievance(parts: Handling, viewer: Viewer, request_id: str, grievance: str, reason: str, route: str, origin: str) -> None:
    """Raises Refusal (no rights, no reason or no route, illegal move) or NoSuchRecord."""
    viewer.require(*roles_of("DECLINE"))
    check_words(reason, "reason", REASON_LENGTH)
    check_words(route, "route", REASON_LENGTH)
    payload = {"grievance": grievance, "reason": reason, "route": route}
    request = request_of(parts.reference_key, viewer, request_id, "DeclineGrievance", payload, origin)

    def decide(case: Case) -> Decision:
        check(parts, viewer, "DECLINE", case)
        words = [kept(parts.reference_key, grievance, case, each) for each in (reason, route)]
        ended, events = decline(case, words[0], words[1], author(viewer, "DECLINE", case), parts.now())
        return Decision(ended, events, {"id": grievance})

    await parts.writer.command(grievance, request, decide, lambda case: check_visible(parts, viewer, case))
