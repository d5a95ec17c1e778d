"""The words that go with a command of routing: there are some, not too many, and nothing in them names or finds a person."""

from __future__ import annotations

from services.routing.domain.case import Case
from shared.erasure import ERASED
from shared.identity.errors import Refusal
from shared.redaction.marks import redact_marked

REASON_LENGTH = 2_000


def check_words(text: str, field: str, longest: int) -> None:
    """Raises Refusal."""
    if not text.strip():
        raise Refusal("TEXT_EMPTY", "请填写内容。", "Say it in words.", field)
    if len(text) > longest:
        raise Refusal("TEXT_TOO_LONG", f"内容不能超过{longest}字。", f"The text is longer than {longest} characters.", field)


def kept(key: bytes, grievance: str, case: Case, text: str) -> str:
    """What is kept of them. Of somebody who was erased nothing is, and words of their case may speak of them."""
    return ERASED if case.erased else redact_marked(text, case.name_marks, key, grievance).text
