"""The clock gave a warning (S53): the history shows of what, and who has to look."""

from __future__ import annotations

from services.feedback.domain.first_response import came_not
from services.feedback.domain.followup import FollowUp
from services.feedback.domain.timeline import Entry, spoken
from shared.contracts.base import Contract
from shared.contracts.routing import GrievanceWarnedV1, WarnedOf, WarningStep

STEPS: dict[WarningStep, tuple[str, str]] = {
    "REMIND": ("reminder", "提醒"),
    "YELLOW": ("yellow warning", "黄色预警"),
    "RED": ("red warning", "红色预警"),
    "TO_HEAD": ("escalated to the department's head", "提级至部门主要负责人"),
    "TO_SUPERVISOR": ("escalated to the supervisor", "提级至督查"),
    "TO_CITY": ("escalated to the city", "提级至市级"),
}
ABOUT: dict[WarnedOf, tuple[str, str]] = {
    "RESPONSE": ("the first response", "首次响应"),
    "RESULT": ("the result", "办理结果"),
    "COMMUNITY_OPINION": ("the community's opinion", "社区（村）意见"),
    "COMPOUND_OPINION": ("the compound's opinion", "小区意见"),
    "RETURN_WINDOW": ("the time to return it is over", "退单期限已过"),
    "RETURN_DECISION": ("the decision on the return", "退单审核"),
    "SUSPENSION": ("the suspension", "挂起"),
    "SUPERVISION_ORDER": ("the supervision order", "督办单"),
}


def on_grievance_warned(_grievance: str, followup: FollowUp, event: GrievanceWarnedV1) -> tuple[FollowUp, list[Contract]]:
    (step, step_zh), (about, about_zh) = STEPS[event.step], ABOUT[event.of]
    what, what_zh = f"{step}: {about}", f"{step_zh}：{about_zh}"
    if event.late:
        what, what_zh = f"{what} (given late)", f"{what_zh}（补发）"
    entry = Entry(at=event.progress.at, service="routing", what=what, what_zh=what_zh, by=spoken(event.by), status=event.progress.status)
    if (event.of, event.step) == ("RESPONSE", "RED") and followup.first_response is None:
        followup = followup.with_(first_response=came_not(event.progress))
    return followup.progressed(event.progress).noted(entry), []
