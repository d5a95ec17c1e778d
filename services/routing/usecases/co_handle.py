"""AddCoHandler, ReportPart and ReleaseCoHandler 协办: other departments contribute a part each; the lead reports after them."""

from __future__ import annotations

from services.routing.domain.case import Case
from services.routing.domain.co_handlers import add_co_handler, release_co_handler, report_part
from services.routing.domain.returns import fitting
from services.routing.usecases.parties import author, check, check_visible, roles_of
from services.routing.usecases.ports import Handling
from services.routing.usecases.words import REASON_LENGTH, REPORT_LENGTH, check_evidence, check_words, kept
from shared.commands import request_of
from shared.identity.viewer import Viewer
from shared.writer import Decision


async def ask_for_part(parts: Handling, viewer: Viewer, request_id: str, grievance: str, department: str, task: str, origin: str) -> None:
    """Raises Refusal (no rights, no words, illegal move, not accepted yet, no department for it) or NoSuchRecord."""
    viewer.require(*roles_of("ADD_CO_HANDLER"))
    check_words(task, "task", REASON_LENGTH)
    known = await parts.departments()
    payload = {"grievance": grievance, "department": department, "task": task}
    request = request_of(parts.reference_key, viewer, request_id, "AddCoHandler", payload, origin)

    def decide(case: Case) -> Decision:
        check(parts, viewer, "ADD_CO_HANDLER", case)
        to, by = fitting(case, department, known), author(viewer, "ADD_CO_HANDLER", case)
        asked, events = add_co_handler(case, to, kept(parts.reference_key, grievance, case, task), by, parts.now())
        return Decision(asked, events, {"id": grievance})

    await parts.writer.command(grievance, request, decide, lambda case: check_visible(parts, viewer, case))


async def report_own_part(
    parts: Handling, viewer: Viewer, request_id: str, grievance: str, text: str, evidence: list[str], origin: str
) -> None:
    """Raises Refusal (no rights, no words, illegal move, reported already) or NoSuchRecord."""
    viewer.require(*roles_of("REPORT_PART"))
    check_words(text, "text", REPORT_LENGTH)
    check_evidence(evidence)
    payload = {"grievance": grievance, "text": text, "evidence": evidence}
    request = request_of(parts.reference_key, viewer, request_id, "ReportPart", payload, origin)

    def decide(case: Case) -> Decision:
        check(parts, viewer, "REPORT_PART", case)
        words, by = kept(parts.reference_key, grievance, case, text), author(viewer, "REPORT_PART", case)
        reported, events = report_part(case, words, evidence, by, parts.now())
        return Decision(reported, events, {"id": grievance})

    await parts.writer.command(grievance, request, decide, lambda case: check_visible(parts, viewer, case))


async def release(parts: Handling, viewer: Viewer, request_id: str, grievance: str, department: str, reason: str, origin: str) -> None:
    """Raises Refusal (no rights, no words, illegal move, no such part to report) or NoSuchRecord."""
    viewer.require(*roles_of("RELEASE_CO_HANDLER"))
    check_words(reason, "reason", REASON_LENGTH)
    payload = {"grievance": grievance, "department": department, "reason": reason}
    request = request_of(parts.reference_key, viewer, request_id, "ReleaseCoHandler", payload, origin)

    def decide(case: Case) -> Decision:
        check(parts, viewer, "RELEASE_CO_HANDLER", case)
        words, by = kept(parts.reference_key, grievance, case, reason), author(viewer, "RELEASE_CO_HANDLER", case)
        released, events = release_co_handler(case, department, words, by, parts.now())
        return Decision(released, events, {"id": grievance})

    await parts.writer.command(grievance, request, decide, lambda case: check_visible(parts, viewer, case))
