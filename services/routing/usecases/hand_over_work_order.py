"""HandOverWorkOrder 内部移交: who owns it, or heads the department, gives it to another person there, and says why."""

from __future__ import annotations

from services.routing.domain.case import Case, order_of
from services.routing.domain.within import hand_over, taker
from services.routing.usecases.parties import author, check, check_visible, roles_of
from services.routing.usecases.ports import Handling
from services.routing.usecases.words import REASON_LENGTH, check_words, kept
from shared.commands import request_of
from shared.identity.viewer import Viewer
from shared.writer import Decision

STAFF_LENGTH = 64


async def give(parts: Handling, viewer: Viewer, request_id: str, grievance: str, staff: str, reason: str, origin: str) -> None:
    """Raises Refusal (no rights, no words, illegal move, nobody of the department, its owner already) or NoSuchRecord."""
    viewer.require(*roles_of("HAND_OVER"))
    check_words(reason, "reason", REASON_LENGTH)
    check_words(staff, "staffId", STAFF_LENGTH)
    known = await parts.departments()
    # Only the department that has it may hand it over: it is the viewer's, or `check` refuses.
    owned_before = await parts.has_owned(viewer.department or "", staff)
    payload = {"grievance": grievance, "staffId": staff, "reason": reason}
    request = request_of(parts.reference_key, viewer, request_id, "HandOverWorkOrder", payload, origin)

    def decide(case: Case) -> Decision:
        check(parts, viewer, "HAND_OVER", case)
        to = taker(case, staff, known.get(order_of(case).department), owned_before)
        words, by = kept(parts.reference_key, grievance, case, reason), author(viewer, "HAND_OVER", case)
        handed, events = hand_over(case, to, words, by, parts.now())
        return Decision(handed, events, {"id": grievance})

    await parts.writer.command(grievance, request, decide, lambda case: check_visible(parts, viewer, case))
