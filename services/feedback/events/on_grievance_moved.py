"""Routing followed what feedback found out (fed back, closed, in rework), or a work order was returned and stays."""

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
    "REFUSE_RETURN": ("it stays with the department", "退单被驳回，仍由原部门办理"),
}


def on_grievance_moved(_grievance: str, followup: FollowUp, event: GrievanceMovedV1) -> tuple[FollowUp, list[Contract]]:
    what, what_zh = WORDS.get(event.action, (event.action, event.action))
    entry = Entry(at=event.progress.at, service="routing", what=what, what_zh=what_zh, by=spoken(event.by), status=event.progress.status)
    return followup.progressed(event.progress).noted(entry), []
