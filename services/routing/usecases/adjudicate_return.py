"""AdjudicateReturn 退单审核: a dispatcher sends it to another department, or has it stay; with the reason, for the department to read."""

from __future__ import annotations

from services.routing.domain.case import Case
from services.routing.domain.lifecycle import Action
from services.routing.domain.returns import fitting, grant_return, refuse_return
from services.routing.usecases.parties import author, check, check_visible, roles_of
from services.routing.usecases.ports import Handling
from services.routing.usecases.words import REASON_LENGTH, check_words, kept
from shared.commands import request_of
from shared.identity.errors import Refusal
from shared.identity.viewer import Viewer
from shared.writer import Decision


async def adjudicate(
    parts: Handling, viewer: Viewer, request_id: str, grievance: str, granted: bool, department: str | None, reason: str, origin: str
) -> None:
    """`department` is where it goes when it is granted. Raises Refusal (no rights, no words, illegal move, own return, no department for
    it) or NoSuchRecord."""
    action: Action = "GRANT_RETURN" if granted else "REFUSE_RETURN"
    viewer.require(*roles_of(action))
    check_words(reason, "reason", REASON_LENGTH)
    if granted and not department:
        # “Does not pertain to us” never closes a case: somebody has it.
        raise Refusal("DEPARTMENT_MISSING", "同意退单须指定改派的部门。", "Name the department to which it goes.", "department")
    if department and not granted:
        raise Refusal("DEPARTMENT_UNASKED", "驳回退单时不指定部门。", "A refused return stays: name no department.", "department")
    known = await parts.departments()
    payload = {"grievance": grievance, "granted": granted, "department": department, "reason": reason}
    request = request_of(parts.reference_key, viewer, request_id, "AdjudicateReturn", payload, origin)

    def decide(case: Case) -> Decision:
        check(parts, viewer, action, case)
        by, words = author(viewer, action, case), kept(parts.reference_key, grievance, case, reason)
        if department:
            decided, events = grant_return(case, fitting(case, department, known), words, by, parts.reckoning(), parts.now())
        else:
            decided, events = refuse_return(case, words, by, parts.now())
        return Decision(decided, events, {"id": grievance})

    await parts.writer.command(grievance, request, decide, lambda case: check_visible(parts, viewer, case))
