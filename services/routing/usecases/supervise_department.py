"""IssueSupervisionOrder 督办, ReplySupervisionOrder 回复督办单, DecideSupervisionReply 审核督办回复: what supervision demands."""

from __future__ import annotations

from datetime import date

from services.routing.domain.case import Case, order_of
from services.routing.domain.lifecycle import Action
from services.routing.domain.supervision import decide_reply, issue, reply, until_refused
from services.routing.usecases.parties import author, check, check_visible, roles_of
from services.routing.usecases.ports import Handling
from services.routing.usecases.words import REASON_LENGTH, check_words, kept
from shared.commands import request_of
from shared.identity.viewer import Viewer
from shared.writer import Decision


async def demand_reply(parts: Handling, viewer: Viewer, request_id: str, grievance: str, demand: str, until: date, origin: str) -> None:
    """Raises Refusal (no rights, no words, too long, illegal move, one waits, with 12345, not to be supervised) or NoSuchRecord."""
    viewer.require(*roles_of("ISSUE_SUPERVISION_ORDER"))
    check_words(demand, "demand", REASON_LENGTH)
    payload = {"grievance": grievance, "demand": demand, "until": until.isoformat()}
    request = request_of(parts.reference_key, viewer, request_id, "IssueSupervisionOrder", payload, origin)
    known = await parts.departments()

    def decide(case: Case) -> Decision:
        check(parts, viewer, "ISSUE_SUPERVISION_ORDER", case)
        if refusal := until_refused(until, parts.now()):
            raise refusal
        by, words = author(viewer, "ISSUE_SUPERVISION_ORDER", case), kept(parts.reference_key, grievance, case, demand)
        row = known.get(order_of(case).department)
        issued, events = issue(case, words, until, row.head if row else None, by, parts.reckoning(), parts.now())
        return Decision(issued, events, {"id": grievance})

    await parts.writer.command(grievance, request, decide, lambda case: check_visible(parts, viewer, case))


async def reply_to_order(parts: Handling, viewer: Viewer, request_id: str, grievance: str, words: str, origin: str) -> None:
    """Raises Refusal (not theirs, no words, illegal move, none waits) or NoSuchRecord."""
    viewer.require(*roles_of("REPLY_SUPERVISION_ORDER"))
    check_words(words, "reply", REASON_LENGTH)
    payload = {"grievance": grievance, "reply": words}
    request = request_of(parts.reference_key, viewer, request_id, "ReplySupervisionOrder", payload, origin)

    def decide(case: Case) -> Decision:
        check(parts, viewer, "REPLY_SUPERVISION_ORDER", case)
        by, said = author(viewer, "REPLY_SUPERVISION_ORDER", case), kept(parts.reference_key, grievance, case, words)
        replied, events = reply(case, said, by, parts.now())
        return Decision(replied, events, {"id": grievance})

    await parts.writer.command(grievance, request, decide, lambda case: check_visible(parts, viewer, case))


async def decide_on_reply(
    parts: Handling, viewer: Viewer, request_id: str, grievance: str, accepted: bool, reason: str, origin: str
) -> None:
    """Raises Refusal (no rights, no words, illegal move, no reply waits) or NoSuchRecord."""
    action: Action = "ACCEPT_SUPERVISION_REPLY" if accepted else "REFUSE_SUPERVISION_REPLY"
    viewer.require(*roles_of(action))
    check_words(reason, "reason", REASON_LENGTH)
    payload = {"grievance": grievance, "accepted": accepted, "reason": reason}
    request = request_of(parts.reference_key, viewer, request_id, "DecideSupervisionReply", payload, origin)

    def decide(case: Case) -> Decision:
        check(parts, viewer, action, case)
        by, words = author(viewer, action, case), kept(parts.reference_key, grievance, case, reason)
        decided, events = decide_reply(case, accepted, words, by, parts.now())
        return Decision(decided, events, {"id": grievance})

    await parts.writer.command(grievance, request, decide, lambda case: check_visible(parts, viewer, case))
