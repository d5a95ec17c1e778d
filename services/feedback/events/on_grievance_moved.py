"""Routing moved without an event of the move's own: see WORDS."""

from __future__ import annotations

from services.feedback.domain.followup import FollowUp
from services.feedback.domain.timeline import Entry, spoken
from shared.contracts.base import Contract
from shared.contracts.routing import GrievanceMovedV1

WORDS = {
    "CONFIRM_FED_BACK": ("fed back to the petitioner", "已反馈群众"),
    "CLOSE": ("closed", "办结"),
    "ASK_REWORK": ("sent to rework", "重办"),
    "RETURN_WORK_ORDER": ("the department asks for it to be handled elsewhere", "承办部门申请退单"),
    "ASK_EXTENSION": ("the department asks for more time", "承办部门申请延期"),
    "GRANT_EXTENSION": ("more time was granted", "同意延期"),
    "REFUSE_EXTENSION": ("more time was refused", "驳回延期"),
    "WITHDRAW": ("withdrawn by the petitioner", "诉求人撤诉"),
    "REFUSE_RETURN": ("it stays with the department", "退单被驳回，仍由原部门办理"),
    "TAKE_HANDOFF": ("12345 has taken it", "12345已受理"),
    "RETURN_HANDOFF": ("12345 asks for it to be handled elsewhere", "12345申请退单"),
}


def on_grievance_moved(_grievance: str, followup: FollowUp, event: GrievanceMovedV1) -> tuple[FollowUp, list[Contract]]:
    what, what_zh = WORDS.get(event.action, (event.action, event.action))
    entry = Entry(at=event.progress.at, service="routing", what=what, what_zh=what_zh, by=spoken(event.by), status=event.progress.status)
    return followup.progressed(event.progress).noted(entry), []
