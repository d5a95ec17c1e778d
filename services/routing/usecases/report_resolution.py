"""ReportResolution 上报办结 (S52): what was done, in words for the petitioner, with evidence by attachment id. Where a rule says so it is
approved first, and where a verification was asked it waits for that."""

from __future__ import annotations

from services.routing.domain.approval import reporting, submit_for_approval
from services.routing.domain.case import Case
from services.routing.domain.course import report_resolution
from services.routing.domain.reply_rules import check_reply
from services.routing.domain.verification import submit_resolution
from services.routing.usecases.parties import HEADS, author, check, check_visible, roles_of
from services.routing.usecases.ports import Handling
from services.routing.usecases.words import REPORT_LENGTH, check_evidence, check_words, kept
from shared.commands import request_of
from shared.identity.viewer import Viewer
from shared.writer import Decision


async def report(parts: Handling, viewer: Viewer, request_id: str, grievance: str, text: str, evidence: list[str], origin: str) -> None:
    """Raises Refusal (no rights, no words, words that send somebody away, illegal move, co-handlers that have not reported) or
    NoSuchRecord."""
    viewer.require(*roles_of("REPORT_RESOLUTION"))
    check_words(text, "text", REPORT_LENGTH)
    check_evidence(evidence)
    payload = {"grievance": grievance, "text": text, "evidence": evidence}
    request = request_of(parts.reference_key, viewer, request_id, "ReportResolution", payload, origin)

    def decide(case: Case) -> Decision:
        action = reporting(case, viewer.has(*HEADS), parts.approval_rules)
        check(parts, viewer, action, case)
        check_reply(text, case.subject, parts.reply_rules)
        words, by = kept(parts.reference_key, grievance, case, text), author(viewer, action, case)
        if action == "SUBMIT_FOR_APPROVAL":
            reported, events = submit_for_approval(case, words, evidence, parts.approval_rules, by, parts.now())
        elif action == "SUBMIT_RESOLUTION":
            reported, events = submit_resolution(case, words, evidence, by, parts.now())
        else:
            reported, events = report_resolution(case, words, evidence, by, parts.now())
        return Decision(reported, events, {"id": grievance})

    await parts.writer.command(grievance, request, decide, lambda case: check_visible(parts, viewer, case))
