"""AskVerification 要求现场核实: a dispatcher wants the work looked at before the petitioner is told that it is done."""

from __future__ import annotations

from services.routing.domain.case import Case
from services.routing.domain.verification import ask_verification
from services.routing.usecases.parties import author, check, check_visible, roles_of
from services.routing.usecases.ports import Handling
from services.routing.usecases.words import REASON_LENGTH, check_words, kept
from shared.commands import request_of
from shared.identity.viewer import Viewer
from shared.writer import Decision


async def ask_for_verification(parts: Handling, viewer: Viewer, request_id: str, grievance: str, what: str, origin: str) -> None:
    """Raises Refusal (no rights, no words, illegal move, asked before) or NoSuchRecord."""
    viewer.require(*roles_of("ASK_VERIFICATION"))
    check_words(what, "what", REASON_LENGTH)
    payload = {"grievance": grievance, "what": what}
    request = request_of(parts.reference_key, viewer, request_id, "AskVerification", payload, origin)

    def decide(case: Case) -> Decision:
        check(parts, viewer, "ASK_VERIFICATION", case)
        by, words = author(viewer, "ASK_VERIFICATION", case), kept(parts.reference_key, grievance, case, what)
        asked, events = ask_verification(case, words, by, parts.now())
        return Decision(asked, events, {"id": grievance})

    await parts.writer.command(grievance, request, decide, lambda case: check_visible(parts, viewer, case))
