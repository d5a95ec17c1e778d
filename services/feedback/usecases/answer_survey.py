"""AnswerSurvey 回访 (S55): the petitioner says whether it is resolved and how satisfied. Nobody answers for the petitioner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from services.feedback.domain.followup import FollowUp, answer_survey
from shared.commands import request_of
from shared.contracts.feedback import Satisfaction
from shared.erasure import ERASED
from shared.identity.access import Access, is_petitioner, may_see
from shared.identity.errors import Forbidden, Refusal
from shared.identity.roles import Role
from shared.identity.viewer import Viewer
from shared.redaction.marks import redact_marked
from shared.writer import Decision, NoSuchRecord, Writer

ROLES = (Role.RESIDENT, Role.CALLER)
REASON_LENGTH = 2_000


@dataclass(frozen=True)
class Surveying:
    writer: Writer
    reference_key: bytes
    now: Callable[[], datetime]
    access_of: Callable[[FollowUp], Access]


def may_answer(viewer: Viewer, access: Access) -> bool:
    """The petitioner, or a caller of the territory whose department does not handle it; whatever else either may be."""
    if not may_see(viewer, access):
        return False
    calls = viewer.has(Role.CALLER) and viewer.covers(access.division) and viewer.department not in access.departments
    return is_petitioner(viewer, access) or calls


async def answer(
    parts: Surveying,
    viewer: Viewer,
    request_id: str,
    grievance: str,
    resolved: bool,
    satisfied: Satisfaction,
    reason: str | None,
    origin: str,
) -> None:
    """The petitioner, or a caller who asks by phone and is not of the handling department. Raises Refusal or NoSuchRecord."""
    viewer.require(*ROLES)
    if reason is not None and len(reason) > REASON_LENGTH:
        raise Refusal(
            "REASON_TOO_LONG", f"原因不能超过{REASON_LENGTH}字。", f"The reason is longer than {REASON_LENGTH} characters.", "reason"
        )
    payload = {"grievance": grievance, "resolved": resolved, "satisfied": satisfied, "reason": reason}
    request = request_of(parts.reference_key, viewer, request_id, "AnswerSurvey", payload, origin)

    def admit(followup: FollowUp) -> None:
        access = parts.access_of(followup)
        if not may_see(viewer, access):
            raise NoSuchRecord("not visible")
        if may_answer(viewer, access):
            return
        if viewer.department in access.departments:
            raise Forbidden("HANDLER_MAY_NOT_SURVEY", "承办部门不能代为回访。", "The handling department may not run the survey.")
        raise Forbidden("NOT_YOUR_SURVEY", "只有诉求人本人或回访员可以答复回访。", "Only the petitioner or a caller may answer the survey.")

    def kept(followup: FollowUp) -> str | None:
        if not reason:
            return None
        return ERASED if followup.erased else redact_marked(reason, followup.name_marks, parts.reference_key, grievance).text

    def decide(followup: FollowUp) -> Decision:
        answered, events = answer_survey(followup, resolved, satisfied, kept(followup), parts.now())
        return Decision(answered, events, {"id": grievance})

    await parts.writer.command(grievance, request, decide, admit)
