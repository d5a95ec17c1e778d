"""AnswerGrievance 直接答复 (S49): what a dispatcher can explain needs no handling; the words are the petitioner's reply."""

from __future__ import annotations

from services.routing.domain.case import Case
from services.routing.domain.judging import answer
from services.routing.domain.reply_rules import check_reply
from services.routing.usecases.parties import author, check, check_visible, roles_of
from services.routing.usecases.ports import Handling
from services.routing.usecases.words import REASON_LENGTH, check_words, kept
from shared.commands import request_of
from shared.identity.viewer import Viewer
from shared.writer import Decision


async def answer_directly(parts: Handling, viewer: Viewer, request_id: str, grievance: str, text: str, origin: str) -> None:
    """Raises Refusal (no rights, no words, words that send somebody away, illegal move) or NoSuchRecord."""
    viewer.require(*roles_of("ANSWER"))
    check_words(text, "text", REASON_LENGTH)
    request = request_of(parts.reference_key, viewer, request_id, "AnswerGrievance", {"grievance": grievance, "text": text}, origin)

    def decide(case: Case) -> Decision:
        check(parts, viewer, "ANSWER", case)
        check_reply(text, case.subject, parts.reply_rules)
        words = kept(parts.reference_key, grievance, case, text)
        answered, events = answer(case, words, author(viewer, "ANSWER", case), parts.now())
        return Decision(answered, events, {"id": grievance})

    await parts.writer.command(grievance, request, decide, lambda case: check_visible(parts, viewer, case))
