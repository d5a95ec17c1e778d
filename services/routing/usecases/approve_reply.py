"""ApproveReply 批准答复 and RefuseReply 退回修改: what the head of the department makes of a reply that waits."""

from __future__ import annotations

from services.routing.domain.approval import approve, refuse, waiting
from services.routing.domain.case import Case
from services.routing.usecases.parties import author, check, check_visible, roles_of
from services.routing.usecases.ports import Handling
from services.routing.usecases.words import REASON_LENGTH, check_words, kept
from shared.commands import request_of
from shared.identity.viewer import Viewer
from shared.writer import Decision


async def approve_reply(parts: Handling, viewer: Viewer, request_id: str, grievance: str, origin: str) -> None:
    """Raises Refusal (no rights, illegal move, no reply waits, own reply) or NoSuchRecord."""
    viewer.require(*roles_of("APPROVE_REPLY"))
    request = request_of(parts.reference_key, viewer, request_id, "ApproveReply", {"grievance": grievance}, origin)

    def decide(case: Case) -> Decision:
        check(parts, viewer, "APPROVE_REPLY", case)
        draft = waiting(case)
        assert draft is not None, "nothing is approved that does not wait (hindrance)"
        # By what the petitioner is called may have been learnt while it waited.
        text = kept(parts.reference_key, grievance, case, draft.text)
        approved, events = approve(case, text, author(viewer, "APPROVE_REPLY", case), parts.now())
        return Decision(approved, events, {"id": grievance})

    await parts.writer.command(grievance, request, decide, lambda case: check_visible(parts, viewer, case))


async def refuse_reply(parts: Handling, viewer: Viewer, request_id: str, grievance: str, reason: str, origin: str) -> None:
    """Raises Refusal (no rights, no words, illegal move, no reply waits) or NoSuchRecord."""
    viewer.require(*roles_of("REFUSE_REPLY"))
    check_words(reason, "reason", REASON_LENGTH)
    payload = {"grievance": grievance, "reason": reason}
    request = request_of(parts.reference_key, viewer, request_id, "RefuseReply", payload, origin)

    def decide(case: Case) -> Decision:
        check(parts, viewer, "REFUSE_REPLY", case)
        by, words = author(viewer, "REFUSE_REPLY", case), kept(parts.reference_key, grievance, case, reason)
        refused, events = refuse(case, words, by, parts.now())
        return Decision(refused, events, {"id": grievance})

    await parts.writer.command(grievance, request, decide, lambda case: check_visible(parts, viewer, case))
