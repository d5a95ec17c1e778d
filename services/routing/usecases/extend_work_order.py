"""AskExtension and DecideExtension 延期: a department asks for working days more before the result is due; a supervisor decides."""

from __future__ import annotations

from services.routing.domain.case import Case
from services.routing.domain.extensions import ask_extension, days_refused, decide_extension
from services.routing.domain.lifecycle import Action
from services.routing.usecases.parties import author, check, check_visible, roles_of
from services.routing.usecases.ports import Handling
from services.routing.usecases.words import REASON_LENGTH, check_words, kept
from shared.commands import request_of
from shared.identity.viewer import Viewer
from shared.writer import Decision


async def ask_for_days(parts: Handling, viewer: Viewer, request_id: str, grievance: str, days: int, reason: str, origin: str) -> None:
    """Raises Refusal (no rights, no words, too many days, illegal move, too late, asked or granted before) or NoSuchRecord."""
    viewer.require(*roles_of("ASK_EXTENSION"))
    check_words(reason, "reason", REASON_LENGTH)
    if refusal := days_refused(days):
        raise refusal
    payload = {"grievance": grievance, "days": days, "reason": reason}
    request = request_of(parts.reference_key, viewer, request_id, "AskExtension", payload, origin)

    def decide(case: Case) -> Decision:
        check(parts, viewer, "ASK_EXTENSION", case)
        by, words = author(viewer, "ASK_EXTENSION", case), kept(parts.reference_key, grievance, case, reason)
        asked, events = ask_extension(case, days, words, by, parts.now())
        return Decision(asked, events, {"id": grievance})

    await parts.writer.command(grievance, request, decide, lambda case: check_visible(parts, viewer, case))


async def decide_days(parts: Handling, viewer: Viewer, request_id: str, grievance: str, granted: bool, reason: str, origin: str) -> None:
    """Raises Refusal (no rights, no words, illegal move, nothing asked, own request) or NoSuchRecord."""
    action: Action = "GRANT_EXTENSION" if granted else "REFUSE_EXTENSION"
    viewer.require(*roles_of(action))
    check_words(reason, "reason", REASON_LENGTH)
    payload = {"grievance": grievance, "granted": granted, "reason": reason}
    request = request_of(parts.reference_key, viewer, request_id, "DecideExtension", payload, origin)

    def decide(case: Case) -> Decision:
        check(parts, viewer, action, case)
        by, words = author(viewer, action, case), kept(parts.reference_key, grievance, case, reason)
        decided, events = decide_extension(case, granted, words, by, parts.reckoning(), parts.now())
        return Decision(decided, events, {"id": grievance})

    await parts.writer.command(grievance, request, decide, lambda case: check_visible(parts, viewer, case))
