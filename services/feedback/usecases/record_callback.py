"""RecordCallback 回访记录: a caller writes down what came of a call, by the same rule by which they answer a survey on the phone."""

from __future__ import annotations

from dataclasses import asdict, replace

from services.feedback.domain.callbacks import Attempt, AttemptResult, CallbackRules
from services.feedback.domain.calling import Told, record_call
from services.feedback.domain.followup import FollowUp
from services.feedback.usecases.answer_survey import Surveying, as_caller, check_reason, handler_may_not_survey, kept_reason
from services.feedback.usecases.look_at_callbacks import access_to_call, has_part, is_apart
from shared.commands import request_of
from shared.identity.access import Access, may_see
from shared.identity.errors import Forbidden
from shared.identity.roles import Role
from shared.identity.viewer import Viewer
from shared.writer import Decision, NoSuchRecord

ROLES = (Role.CALLER,)


def may_call(viewer: Viewer, access: Access) -> bool:
    return viewer.has(*ROLES) and is_apart(viewer, access)


async def record_callback(
    parts: Surveying,
    rules: CallbackRules,
    viewer: Viewer,
    request_id: str,
    grievance: str,
    result: AttemptResult,
    told: Told,
    origin: str,
) -> None:
    """Raises Refusal or NoSuchRecord."""
    viewer.require(*ROLES)
    check_reason(told.reason)
    payload = {"grievance": grievance, "result": result, **asdict(told)}
    request = request_of(parts.reference_key, viewer, request_id, "RecordCallback", payload, origin)

    def admit(followup: FollowUp) -> None:
        # Who handled it before sees it no more by that.
        if not may_see(viewer, parts.access_of(followup)):
            raise NoSuchRecord("not visible")
        access = access_to_call(followup)
        if may_call(viewer, access):
            return
        if has_part(viewer, access):
            raise handler_may_not_survey()
        raise Forbidden(
            "NOT_YOUR_CALLBACK", "只有辖区内的回访员可以回访，且不能回访本人。", "A caller of the territory calls, and never themselves."
        )

    def decide(followup: FollowUp) -> Decision:
        attempt = Attempt(at=parts.now(), by=as_caller(viewer, access_to_call(followup)), result=result)
        kept = replace(told, reason=kept_reason(parts, grievance, followup, told.reason))
        after, events = record_call(followup, attempt, kept, rules, parts.rules)
        return Decision(after, events, {"id": grievance})

    await parts.writer.command(grievance, request, decide, admit)
