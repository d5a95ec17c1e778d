"""Routing moved without an event of the move's own: see WORDS. What is closed by it may be drawn to be called again."""

from __future__ import annotations

from services.feedback.domain.calling import closed
from services.feedback.domain.draw import Draw
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
    "AWAIT_APPRAISAL": ("waits to be appraised by people", "待人工研判"),
    "ASK_OPINION": ("an opinion on the spot was asked for", "征求社区或小区党组织意见"),
    "GIVE_OPINION": ("an opinion was given", "社区或小区党组织答复意见"),
    "RECALL": ("taken back for appraisal", "收回研判"),
    "SUSPEND": ("suspended by the department", "承办部门挂起"),
    "RESUME": ("the department goes on", "恢复办理"),
    "END_SUSPENSION": ("the suspension was ended", "解除挂起"),
    "SUBMIT_FOR_APPROVAL": ("drafted, waits for the head of the department", "答复待审批"),
    "REFUSE_REPLY": ("the draft was sent back, handled further", "答复退回修改，继续办理"),
    "ASK_VERIFICATION": ("the work is to be verified on site", "要求现场核实"),
    "SUBMIT_RESOLUTION": ("reported, waits for the verification", "办结待核实"),
    "DENY_ON_SITE": ("not as reported, handled further", "现场核实不符，继续办理"),
    "REJECT_RESOLUTION": ("the report was rejected, handled further", "办结被驳回，继续办理"),
    "WITHDRAW": ("withdrawn by the petitioner", "诉求人撤诉"),
    "HAND_OVER": ("handed over inside the department", "部门内部移交"),
    "ADD_CO_HANDLER": ("another department is asked for its part", "增加协办部门"),
    "REPORT_PART": ("a co-handling department has reported its part", "协办部门已上报"),
    "RELEASE_CO_HANDLER": ("a co-handling department was released", "免除协办部门"),
    "REFUSE_RETURN": ("it stays with the department", "退单被驳回，仍由原部门办理"),
    "TAKE_HANDOFF": ("12345 has taken it", "12345已受理"),
    "URGE": ("urged", "催办"),
    "URGE_BY_MEETING": ("urged by a meeting", "会议催办"),
    "ANSWER_URGE": ("who urged was answered", "答复催办"),
    "ISSUE_SUPERVISION_ORDER": ("a supervision order was issued", "发出督办单"),
    "REPLY_SUPERVISION_ORDER": ("the department has replied to the supervision order", "承办部门回复督办单"),
    "ACCEPT_SUPERVISION_REPLY": ("the reply to the supervision order was accepted", "督办回复获认可"),
    "REFUSE_SUPERVISION_REPLY": ("the reply to the supervision order was refused", "督办回复被驳回"),
    "GIVE_CARD": ("the department was given a card", "对承办部门发牌"),
    "APPEAL_CARD": ("the department appeals against its card", "部门对红黄牌提出申诉"),
    "UPHOLD_CARD": ("the card stays", "红黄牌维持"),
    "CORRECT_CARD": ("the card was corrected", "红黄牌更正"),
    "FIX_DEADLINE": ("due anew, by the calendar that was published", "按发布的日历重算期限"),
    "CLOSE_UNANSWERED": ("closed, nobody answered the survey", "回访到期未答复，办结"),
    "REOPEN": ("reopened, the answer to the survey was changed", "诉求人更改回访答复，重新办理"),
    "RETURN_HANDOFF": ("12345 asks for it to be handled elsewhere", "12345申请退单"),
}


def on_grievance_moved(draw: Draw, grievance: str, followup: FollowUp, event: GrievanceMovedV1) -> tuple[FollowUp, list[Contract]]:
    what, what_zh = WORDS.get(event.action, (event.action, event.action))
    entry = Entry(at=event.progress.at, service="routing", what=what, what_zh=what_zh, by=spoken(event.by), status=event.progress.status)
    return closed(followup, grievance, event.progress, draw).noted(entry), []
