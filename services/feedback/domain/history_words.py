"""What the history says of each kind of thing that happens, in both languages, and who reads it. Pure.

`{0}` is what the entry is about. Kinds that are moves of a case are called as routing calls them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shared.contracts.routing import WARNED_AMONG_OFFICIALS

Readers = Literal["ALL", "OFFICIALS", "APART"]
"""ALL: who sees the grievance. OFFICIALS: not its petitioner, as in routing (how officials share the work among themselves). APART: not
the departments that handle it or have handled it (0052)."""


@dataclass(frozen=True)
class Words:
    en: str
    zh: str
    readers: Readers = "ALL"


def _among_officials(en: str, zh: str) -> Words:
    return Words(en, zh, "OFFICIALS")


OF_BEFORE = "OF_BEFORE"
"""An entry that kept its words: (English, Chinese)."""
WARNED = "WARNED"
"""About (step, of what), and LATE where it was given long after."""
LATE = "LATE"

WORDS: dict[str, Words] = {
    # At the door.
    "REGISTERED": Words("registered", "诉求登记"),
    "REGISTERED_AND_ANSWERED": Words("registered and answered on the spot", "登记并当场答复"),
    "COMPLETED": Words("what was missing was added", "补录信息"),
    "PETITIONER_CORRECTED": Words("the petitioner's data was corrected", "更正诉求人信息"),
    "PETITIONER_ERASED": Words("the petitioner's data was erased", "诉求人信息已删除"),
    "REPORTED_UP": Words("reported up to the party working committee of {0}", "已上报 {0} 党工委"),
    "TOLD_IN_PERSON": Words("the petitioner was told in person", "已当面反馈群众"),
    "DELIVERED": Words("the reply was delivered", "答复已送达"),
    "NOT_DELIVERED": Words("the reply could not be delivered", "答复未能送达"),
    "DELIVERY_UNKNOWN": Words("whether the reply arrived is not known", "答复是否送达无法确认"),
    "POSTED": Words("the reply can be looked up; nobody could be told of it", "答复已公布可查，未能通知到本人"),
    "NOT_DELIVERED_THIS_WAY": Words("the reply could not be delivered this way; another is tried", "答复未能送达，改用其他方式"),
    "DELIVERY_UNKNOWN_THIS_WAY": Words(
        "whether the reply arrived is not known this way; another is tried", "答复是否送达无法确认，改用其他方式"
    ),
    # Appraised and handled.
    "APPRAISED": Words("appraised: accepted, {0}", "研判：受理"),
    "ANSWERED_ON_SPOT": Words("appraised: answered on the spot", "研判：当场答复"),
    "DECLINED": Words("not accepted, with the proper route", "不予受理，并告知正确途径"),
    "DISPATCHED": Words("dispatched to {0}", "转办至 {0}"),
    "ACCEPT_WORK_ORDER": Words("the work order was accepted", "部门已接单办理"),
    "HANDED_TO_12345": Words("handed to 12345", "转12345热线办理"),
    "VERIFIED": Words("verified on site", "社区（村）书记现场核实属实"),
    "RELEASED": Words("the report was released", "准予办结"),
    "RESOLVED": Words("resolved, with {0} pieces of evidence", "上报办结，附佐证 {0} 份"),
    "CONFIRM_FED_BACK": Words("fed back to the petitioner", "已反馈群众"),
    "CLOSE": Words("closed", "办结"),
    "ASK_REWORK": Words("sent to rework", "重办"),
    "RETURN_WORK_ORDER": Words("the department asks for it to be handled elsewhere", "承办部门申请退单"),
    "ASK_EXTENSION": Words("the department asks for more time", "承办部门申请延期"),
    "GRANT_EXTENSION": Words("more time was granted", "同意延期"),
    "REFUSE_EXTENSION": Words("more time was refused", "驳回延期"),
    "AWAIT_APPRAISAL": Words("waits to be appraised by people", "待人工研判"),
    "ASK_OPINION": _among_officials("an opinion on the spot was asked for", "征求社区或小区党组织意见"),
    "GIVE_OPINION": _among_officials("an opinion was given", "社区或小区党组织答复意见"),
    "RECALL": _among_officials("taken back for appraisal", "收回研判"),
    "SUSPEND": Words("suspended by the department", "承办部门挂起"),
    "RESUME": Words("the department goes on", "恢复办理"),
    "END_SUSPENSION": Words("the suspension was ended", "解除挂起"),
    "ASK_VERIFICATION": _among_officials("the work is to be verified on site", "要求现场核实"),
    "SUBMIT_RESOLUTION": _among_officials("reported, waits for the verification", "办结待核实"),
    "DENY_ON_SITE": _among_officials("not as reported, handled further", "现场核实不符，继续办理"),
    "REJECT_RESOLUTION": _among_officials("the report was rejected, handled further", "办结被驳回，继续办理"),
    "SUBMIT_FOR_APPROVAL": _among_officials("drafted, waits for the head of the department", "答复待审批"),
    "REFUSE_REPLY": _among_officials("the draft was sent back, handled further", "答复退回修改，继续办理"),
    "APPROVED": Words("approved by the head of the department", "部门主要负责人批准"),
    "WITHDRAW": Words("withdrawn by the petitioner", "诉求人撤诉"),
    "HAND_OVER": _among_officials("handed over inside the department", "部门内部移交"),
    "ADD_CO_HANDLER": _among_officials("another department is asked for its part", "增加协办部门"),
    "REPORT_PART": _among_officials("a co-handling department has reported its part", "协办部门已上报"),
    "RELEASE_CO_HANDLER": _among_officials("a co-handling department was released", "免除协办部门"),
    "REFUSE_RETURN": Words("it stays with the department", "退单被驳回，仍由原部门办理"),
    "TAKE_HANDOFF": Words("12345 has taken it", "12345已受理"),
    "RETURN_HANDOFF": Words("12345 asks for it to be handled elsewhere", "12345申请退单"),
    "URGE": Words("urged", "催办"),
    "URGE_BY_MEETING": Words("urged by a meeting", "会议催办"),
    "ANSWER_URGE": Words("who urged was answered", "答复催办"),
    "ISSUE_SUPERVISION_ORDER": _among_officials("a supervision order was issued", "发出督办单"),
    "REPLY_SUPERVISION_ORDER": _among_officials("the department has replied to the supervision order", "承办部门回复督办单"),
    "ACCEPT_SUPERVISION_REPLY": _among_officials("the reply to the supervision order was accepted", "督办回复获认可"),
    "REFUSE_SUPERVISION_REPLY": _among_officials("the reply to the supervision order was refused", "督办回复被驳回"),
    "GIVE_CARD": _among_officials("the department was given a card", "对承办部门发牌"),
    "APPEAL_CARD": _among_officials("the department appeals against its card", "部门对红黄牌提出申诉"),
    "UPHOLD_CARD": _among_officials("the card stays", "红黄牌维持"),
    "CORRECT_CARD": _among_officials("the card was corrected", "红黄牌更正"),
    "FIX_DEADLINE": Words("due anew, by the calendar that was published", "按发布的日历重算期限"),
    "CLOSE_UNANSWERED": Words("closed, nobody answered the survey", "回访到期未答复，办结"),
    "REOPEN": Words("reopened, the answer to the survey was changed", "诉求人更改回访答复，重新办理"),
    # Answered and asked.
    "REPLY_RECORDED": Words("reply recorded, delivery requested", "答复已记录，请求送达"),
    "LINK_OPENED": Words("the link in the reply was opened", "答复中的链接已被打开"),
    "ASKED": Words("the petitioner is asked: resolved? satisfied?", "发出满意度回访"),
    "REMINDED": Words("the petitioner is reminded of the survey", "提醒诉求人评价"),
    "ANSWERED": Words("survey answered", "已答复回访"),
    "ANSWER_CHANGED": Words("the answer to the survey was changed", "更改回访答复"),
    "SURVEY_EXPIRED": Words("the survey was not answered in time", "回访到期未答复"),
    "CALLED_NO_ANSWER": Words("called: nobody answered", "电话回访：无人接听", "APART"),
    "CALLED_BUSY": Words("called: the line was busy", "电话回访：占线", "APART"),
    "CALLED_WRONG_NUMBER": Words("called: a wrong number", "电话回访：号码有误", "APART"),
    "CALLED_REFUSED": Words("called: the petitioner did not want to talk", "电话回访：对方拒绝", "APART"),
    "CALLED_REACHED": Words("called: the petitioner was reached", "电话回访：已接通", "APART"),
    "READ_OUT": Words("the reply was read out by phone", "已电话告知答复"),
}

# A newer release may warn by steps and of matters that are not here.
STEPS: dict[str, tuple[str, str]] = {
    "REMIND": ("reminder", "提醒"),
    "YELLOW": ("yellow warning", "黄色预警"),
    "RED": ("red warning", "红色预警"),
    "TO_HEAD": ("escalated to the department's head", "提级至部门主要负责人"),
    "TO_SUPERVISOR": ("escalated to the supervisor", "提级至督查"),
    "TO_CITY": ("escalated to the city", "提级至市级"),
}
ABOUT: dict[str, tuple[str, str]] = {
    "RESPONSE": ("the first response", "首次响应"),
    "RESULT": ("the result", "办理结果"),
    "COMMUNITY_OPINION": ("the community's opinion", "社区（村）意见"),
    "COMPOUND_OPINION": ("the compound's opinion", "小区意见"),
    "RETURN_WINDOW": ("the time to return it is over", "退单期限已过"),
    "RETURN_DECISION": ("the decision on the return", "退单审核"),
    "SUSPENSION": ("the suspension", "挂起"),
    "SUPERVISION_ORDER": ("the supervision order", "督办单"),
}
_BY_ENGLISH = {words.en: words.readers for words in WORDS.values()}


def words_of(kind: str, about: list[str]) -> tuple[str, str]:
    """(English, Chinese). A kind of a release that is newer than this one is called by its name."""
    if kind == OF_BEFORE:
        return about[0], about[1]
    if kind == WARNED:
        return _warned(about)
    words = WORDS.get(kind)
    return (words.en.format(*about), words.zh.format(*about)) if words else (kind, kind)


def readers_of(kind: str, about: list[str]) -> Readers:
    """What is not known here is for officials."""
    if kind == WARNED:
        return "OFFICIALS" if about[1] in WARNED_AMONG_OFFICIALS else "ALL"
    if kind == OF_BEFORE:
        return _BY_ENGLISH.get(about[0], "ALL")
    return WORDS[kind].readers if kind in WORDS else "OFFICIALS"


def _warned(about: list[str]) -> tuple[str, str]:
    step, of, *late = about
    (en, zh), (what, what_zh) = STEPS.get(step, (step, step)), ABOUT.get(of, (of, of))
    return (f"{en}: {what} (given late)", f"{zh}：{what_zh}（补发）") if late else (f"{en}: {what}", f"{zh}：{what_zh}")
