"""The words that go with a command of routing: there are some, not too many, and nothing in them names or finds a person."""

from __future__ import annotations

import re

from services.routing.domain.case import Case
from shared.erasure import ERASED
from shared.identity.errors import Refusal
from shared.redaction.marks import redact_marked

REASON_LENGTH = 2_000
REPORT_LENGTH = 10_000
MAX_EVIDENCE = 20
ATTACHMENT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def check_words(text: str, field: str, longest: int) -> None:
    """Raises Refusal."""
    if not text.strip():
        raise Refusal("TEXT_EMPTY", "请填写内容。", "Say it in words.", field)
    if len(text) > longest:
        raise Refusal("TEXT_TOO_LONG", f"内容不能超过{longest}字。", f"The text is longer than {longest} characters.", field)


def check_evidence(evidence: list[str]) -> None:
    """Raises Refusal. They travel in events: ids of attachments, and nothing else that somebody may type there."""
    if len(evidence) > MAX_EVIDENCE:
        raise Refusal("TOO_MUCH_EVIDENCE", f"附件不能超过{MAX_EVIDENCE}个。", f"More than {MAX_EVIDENCE} attachments.", "evidence")
    if not all(map(ATTACHMENT_ID.fullmatch, evidence)):
        raise Refusal("EVIDENCE_UNKNOWN", "佐证须为附件标识。", "Evidence is named by attachment ids.", "evidence")


def kept(key: bytes, grievance: str, case: Case, text: str) -> str:
    """What is kept of them. Of somebody who was erased nothing is, and words of their case may speak of them."""
    return ERASED if case.erased else redact_marked(text, case.name_marks, key, grievance).text
