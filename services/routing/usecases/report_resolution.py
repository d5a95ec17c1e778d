"""ReportResolution 上报办结 (S52): what was done, in words for the petitioner, with evidence by attachment id. Where a verification was
asked it waits for that."""

from __future__ import annotations

import re

from services.routing.domain.case import Case, report_resolution
from services.routing.domain.verification import reporting, submit_resolution
from services.routing.usecases.parties import author, check, check_visible, roles_of
from services.routing.usecases.ports import Handling
from services.routing.usecases.words import check_words, kept
from shared.commands import request_of
from shared.identity.errors import Refusal
from shared.identity.viewer import Viewer
from shared.writer import Decision

TEXT_LENGTH = 10_000
MAX_EVIDENCE = 20
ATTACHMENT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def check_evidence(evidence: list[str]) -> None:
    """Raises Refusal."""
    if len(evidence) > MAX_EVIDENCE:
        raise Refusal("TOO_MUCH_EVIDENCE", f"附件不能超过{MAX_EVIDENCE}个。", f"More than {MAX_EVIDENCE} attachments.", "evidence")
    # They travel in events: ids of attachments, and nothing else that somebody may type there.
    if not all(map(ATTACHMENT_ID.fullmatch, evidence)):
        raise Refusal("EVIDENCE_UNKNOWN", "佐证须为附件标识。", "Evidence is named by attachment ids.", "evidence")


async def report(parts: Handling, viewer: Viewer, request_id: str, grievance: str, text: str, evidence: list[str], origin: str) -> None:
    """Raises Refusal (no rights, no words, illegal move) or NoSuchRecord."""
    viewer.require(*roles_of("REPORT_RESOLUTION"))
    check_words(text, "text", TEXT_LENGTH)
    check_evidence(evidence)
    payload = {"grievance": grievance, "text": text, "evidence": evidence}
    request = request_of(parts.reference_key, viewer, request_id, "ReportResolution", payload, origin)

    def decide(case: Case) -> Decision:
        action = reporting(case)
        check(parts, viewer, action, case)
        words, by = kept(parts.reference_key, grievance, case, text), author(viewer, action, case)
        told = submit_resolution if action == "SUBMIT_RESOLUTION" else report_resolution
        reported, events = told(case, words, evidence, by, parts.now())
        return Decision(reported, events, {"id": grievance})

    await parts.writer.command(grievance, request, decide, lambda case: check_visible(parts, viewer, case))
