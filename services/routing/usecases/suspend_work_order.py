"""SuspendWorkOrder 挂起, ResumeWorkOrder 恢复办理: a department cannot go on, and does. EndSuspension 解除挂起: a supervisor ends that."""

from __future__ import annotations

from datetime import date

from services.routing.domain.case import Case
from services.routing.domain.suspension import end_suspension, resume, suspend, until_refused
from services.routing.usecases.parties import author, check, check_visible, roles_of
from services.routing.usecases.ports import Handling
from services.routing.usecases.words import REASON_LENGTH, check_words, kept
from shared.commands import request_of
from shared.identity.viewer import Viewer
from shared.writer import Decision


async def suspend_work_order(
    parts: Handling, viewer: Viewer, request_id: str, grievance: str, reason: str, until: date, origin: str
) -> None:
    """Raises Refusal (no rights, no words, illegal move, overdue, too often, something waits, too long) or NoSuchRecord."""
    viewer.require(*roles_of("SUSPEND"))
    check_words(reason, "reason", REASON_LENGTH)
    payload = {"grievance": grievance, "reason": reason, "until": until.isoformat()}
    request = request_of(parts.reference_key, viewer, request_id, "SuspendWorkOrder", payload, origin)

    def decide(case: Case) -> Decision:
        check(parts, viewer, "SUSPEND", case)
        now = parts.now()
        if refusal := until_refused(until, now):
            raise refusal
        by, words = author(viewer, "SUSPEND", case), kept(parts.reference_key, grievance, case, reason)
        suspended, events = suspend(case, words, until, by, now)
        return Decision(suspended, events, {"id": grievance})

    await parts.writer.command(grievance, request, decide, lambda case: check_visible(parts, viewer, case))


async def resume_work_order(parts: Handling, viewer: Viewer, request_id: str, grievance: str, origin: str) -> None:
    """Raises Refusal (no rights, illegal move) or NoSuchRecord."""
    viewer.require(*roles_of("RESUME"))
    request = request_of(parts.reference_key, viewer, request_id, "ResumeWorkOrder", {"grievance": grievance}, origin)

    def decide(case: Case) -> Decision:
        check(parts, viewer, "RESUME", case)
        resumed, events = resume(case, author(viewer, "RESUME", case), parts.reckoning(), parts.now())
        return Decision(resumed, events, {"id": grievance})

    await parts.writer.command(grievance, request, decide, lambda case: check_visible(parts, viewer, case))


async def end_suspension_of(parts: Handling, viewer: Viewer, request_id: str, grievance: str, reason: str, origin: str) -> None:
    """Raises Refusal (no rights, no words, illegal move) or NoSuchRecord."""
    viewer.require(*roles_of("END_SUSPENSION"))
    check_words(reason, "reason", REASON_LENGTH)
    payload = {"grievance": grievance, "reason": reason}
    request = request_of(parts.reference_key, viewer, request_id, "EndSuspension", payload, origin)

    def decide(case: Case) -> Decision:
        check(parts, viewer, "END_SUSPENSION", case)
        by, words = author(viewer, "END_SUSPENSION", case), kept(parts.reference_key, grievance, case, reason)
        ended, events = end_suspension(case, words, by, parts.reckoning(), parts.now())
        return Decision(ended, events, {"id": grievance})

    await parts.writer.command(grievance, request, decide, lambda case: check_visible(parts, viewer, case))
