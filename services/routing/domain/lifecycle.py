"""The life of a grievance as data: the only transition table in the system (domain.md, States).

Each line: from these states, by this action of these parties, to that state; within which limit, and which event tells of it. What is not
here is illegal. The graph's enums, the allowed actions of a case, docs/flows/lifecycle.md and the tests come from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from shared.contracts.base import Contract
from shared.contracts.routing import (
    GrievanceAppraisedV1,
    GrievanceDeclinedV1,
    GrievanceDispatchedV1,
    GrievanceMovedV1,
    GrievanceResolvedV1,
    GrievanceWarnedV1,
    Status,
    WorkOrderAcceptedV1,
)
from shared.identity.errors import Refusal

Action = Literal[
    "APPRAISE",
    "AWAIT_APPRAISAL",
    "ASK_OPINION",
    "GIVE_OPINION",
    "JUDGE",
    "ANSWER",
    "ACCEPT",
    "ANSWER_ON_SPOT",
    "DISPATCH",
    "ACCEPT_WORK_ORDER",
    "RETURN_WORK_ORDER",
    "GRANT_RETURN",
    "REFUSE_RETURN",
    "RECALL",
    "REASSIGN",
    "DECLINE",
    "ASK_EXTENSION",
    "GRANT_EXTENSION",
    "REFUSE_EXTENSION",
    "HAND_OVER",
    "ADD_CO_HANDLER",
    "REPORT_PART",
    "RELEASE_CO_HANDLER",
    "SUSPEND",
    "RESUME",
    "END_SUSPENSION",
    "SUBMIT_FOR_APPROVAL",
    "APPROVE_REPLY",
    "REFUSE_REPLY",
    "ASK_VERIFICATION",
    "SUBMIT_RESOLUTION",
    "CONFIRM_ON_SITE",
    "DENY_ON_SITE",
    "REJECT_RESOLUTION",
    "RELEASE_RESOLUTION",
    "REPORT_RESOLUTION",
    "CONFIRM_FED_BACK",
    "RECORD_SURVEY",
    "CLOSE",
    "ASK_REWORK",
    "RESUME_HANDLING",
    "RESUME_APPRAISAL",
    "WITHDRAW",
    "TAKE_HANDOFF",
    "REPORT_HANDOFF",
    "RETURN_HANDOFF",
    "WARN",
    "ESCALATE",
    "FIX_DEADLINE",
    "URGE",
    "ANSWER_URGE",
    "ISSUE_SUPERVISION_ORDER",
    "REPLY_SUPERVISION_ORDER",
    "ACCEPT_SUPERVISION_REPLY",
    "REFUSE_SUPERVISION_REPLY",
    "GIVE_CARD",
    "APPEAL_CARD",
    "UPHOLD_CARD",
    "CORRECT_CARD",
    "URGE_BY_MEETING",
    "CLOSE_UNANSWERED",
    "REOPEN",
]

Party = Literal[
    "SYSTEM",
    "DEPARTMENT",
    "HEAD",
    "OWNER_OR_HEAD",
    "LEAD_OR_DISPATCHER",
    "CO_DEPARTMENT",
    "DISPATCHER",
    "SUPERVISOR",
    "COMMUNITY",
    "PETITIONER",
    "URGER",
    "CARDED",
    "CONVENER",
]
"""Who makes a move (usecases/parties.py says who that is). SYSTEM: by rule, or because another service found it out."""
Limit = Literal["RESULT", "RETURN", "OPINION", "ORDER", "APPEAL"]
"""RESULT: from the dispatch on, by the limits that are in force (limits.py); sending it elsewhere does not begin it anew. RETURN: from
when it was sent to this department (catalogue.py RETURN_DAYS). OPINION: from when it was asked (appraisal.py OPINION_DAYS). ORDER: as the
supervisor says. APPEAL: from when the card was given (cards.py APPEAL_DAYS)."""


@dataclass(frozen=True)
class Move:
    """One legal move of `by`: `origins` → `target` (None: it stays where it is), with what it is called for people. `within`: how long it
    may take to come to it. `emits`: what tells the others; None where the next move, made in the same write, does."""

    action: Action
    by: Party
    origins: tuple[Status, ...]
    target: Status | None
    within: Limit | None
    emits: type[Contract] | None
    zh: str
    en: str


# In which something may be due.
_RUNNING: tuple[Status, ...] = ("APPRAISING", "ACCEPTED", "DISPATCHED", "HANDLING", "RETURN_PENDING", "SUSPENDED")
_AT_WORK: tuple[Status, ...] = ("DISPATCHED", "HANDLING")
_WITH_DEPARTMENT: tuple[Status, ...] = ("DISPATCHED", "HANDLING", "RETURN_PENDING", "SUSPENDED")
# Closed while the petitioner is not satisfied, it is supervision's (Case.needs_supervision).
_SUPERVISED: tuple[Status, ...] = (*_WITH_DEPARTMENT, "CLOSED")
_WITH_ITS_RESULT: tuple[Status, ...] = (*_WITH_DEPARTMENT, "RESOLVED", "FED_BACK", "CLOSED")
# A card stays a department's, whatever becomes of the case: all states in which a case can be found.
_WHEREVER: tuple[Status, ...] = (
    *("APPRAISING", "ANSWERED_ON_SPOT", "ACCEPTED"),
    *_WITH_ITS_RESULT,
    *("MERGED", "WITHDRAWN", "NOT_ACCEPTED"),
)

MOVES: tuple[Move, ...] = (
    Move("APPRAISE", "SYSTEM", ("REGISTERED",), "APPRAISING", None, None, "研判", "appraise"),
    Move(
        "AWAIT_APPRAISAL",
        "SYSTEM",
        ("REGISTERED",),
        "APPRAISING",
        None,
        GrievanceMovedV1,
        "待人工研判",
        "leave the appraisal to people",
    ),
    Move("ASK_OPINION", "DISPATCHER", ("APPRAISING",), "APPRAISING", None, GrievanceMovedV1, "征求意见", "ask for an opinion"),
    Move("GIVE_OPINION", "COMMUNITY", ("APPRAISING",), "APPRAISING", "OPINION", GrievanceMovedV1, "答复意见", "give an opinion"),
    Move("JUDGE", "DISPATCHER", ("APPRAISING",), "ACCEPTED", None, GrievanceAppraisedV1, "人工研判", "judge"),
    Move("ANSWER", "DISPATCHER", ("APPRAISING",), "ANSWERED_ON_SPOT", None, GrievanceAppraisedV1, "直接答复", "answer directly"),
    Move("ACCEPT", "SYSTEM", ("APPRAISING",), "ACCEPTED", None, GrievanceAppraisedV1, "受理", "accept"),
    Move("ANSWER_ON_SPOT", "SYSTEM", ("APPRAISING",), "ANSWERED_ON_SPOT", None, GrievanceAppraisedV1, "当场答复", "answer on the spot"),
    Move("DISPATCH", "SYSTEM", ("ACCEPTED",), "DISPATCHED", None, GrievanceDispatchedV1, "转办", "dispatch"),
    Move("ACCEPT_WORK_ORDER", "DEPARTMENT", ("DISPATCHED",), "HANDLING", None, WorkOrderAcceptedV1, "接单办理", "accept the work order"),
    Move("RETURN_WORK_ORDER", "DEPARTMENT", ("DISPATCHED",), "RETURN_PENDING", "RETURN", GrievanceMovedV1, "退单", "return the work order"),
    Move("GRANT_RETURN", "DISPATCHER", ("RETURN_PENDING",), "DISPATCHED", None, GrievanceDispatchedV1, "同意退单", "grant the return"),
    Move("REFUSE_RETURN", "DISPATCHER", ("RETURN_PENDING",), "DISPATCHED", None, GrievanceMovedV1, "驳回退单", "refuse the return"),
    Move("RECALL", "DISPATCHER", ("DISPATCHED",), "APPRAISING", None, GrievanceMovedV1, "收回研判", "recall for appraisal"),
    Move("REASSIGN", "DISPATCHER", ("DISPATCHED", "HANDLING", "SUSPENDED"), "DISPATCHED", None, GrievanceDispatchedV1, "改派", "reassign"),
    Move(
        "DECLINE",
        "DISPATCHER",
        ("APPRAISING", "ACCEPTED", "DISPATCHED", "RETURN_PENDING"),
        "NOT_ACCEPTED",
        None,
        GrievanceDeclinedV1,
        "不予受理",
        "decline",
    ),
    Move("ASK_EXTENSION", "DEPARTMENT", ("HANDLING",), "HANDLING", "RESULT", GrievanceMovedV1, "申请延期", "ask for an extension"),
    Move("GRANT_EXTENSION", "SUPERVISOR", ("HANDLING",), "HANDLING", None, GrievanceMovedV1, "同意延期", "grant the extension"),
    Move("REFUSE_EXTENSION", "SUPERVISOR", ("HANDLING",), "HANDLING", None, GrievanceMovedV1, "驳回延期", "refuse the extension"),
    Move("HAND_OVER", "OWNER_OR_HEAD", ("HANDLING",), "HANDLING", None, GrievanceMovedV1, "内部移交", "hand over inside the department"),
    Move("ADD_CO_HANDLER", "LEAD_OR_DISPATCHER", _AT_WORK, None, None, GrievanceMovedV1, "增加协办", "add a co-handler"),
    Move("REPORT_PART", "CO_DEPARTMENT", _AT_WORK, None, None, GrievanceMovedV1, "上报协办", "report one's part"),
    Move("RELEASE_CO_HANDLER", "DISPATCHER", _AT_WORK, None, None, GrievanceMovedV1, "免除协办", "release a co-handler"),
    Move("SUSPEND", "DEPARTMENT", ("HANDLING",), "SUSPENDED", "RESULT", GrievanceMovedV1, "挂起", "suspend"),
    Move("RESUME", "DEPARTMENT", ("SUSPENDED",), "HANDLING", None, GrievanceMovedV1, "恢复办理", "go on"),
    Move("END_SUSPENSION", "SUPERVISOR", ("SUSPENDED",), "HANDLING", None, GrievanceMovedV1, "解除挂起", "end the suspension"),
    Move(
        "SUBMIT_FOR_APPROVAL",
        "DEPARTMENT",
        ("HANDLING",),
        "HANDLING",
        "RESULT",
        GrievanceMovedV1,
        "提交审批",
        "submit the reply for approval",
    ),
    Move("APPROVE_REPLY", "HEAD", ("HANDLING",), "HANDLING", None, None, "批准答复", "approve the reply"),
    Move("REFUSE_REPLY", "HEAD", ("HANDLING",), "HANDLING", None, GrievanceMovedV1, "退回修改", "send the reply back"),
    Move("ASK_VERIFICATION", "DISPATCHER", ("HANDLING",), "HANDLING", None, GrievanceMovedV1, "要求现场核实", "ask for a verification"),
    Move("SUBMIT_RESOLUTION", "DEPARTMENT", ("HANDLING",), "HANDLING", "RESULT", GrievanceMovedV1, "提交核实", "submit the resolution"),
    Move("CONFIRM_ON_SITE", "COMMUNITY", ("HANDLING",), "RESOLVED", None, GrievanceResolvedV1, "核实属实", "confirm it on site"),
    Move("DENY_ON_SITE", "COMMUNITY", ("HANDLING",), "HANDLING", None, GrievanceMovedV1, "核实不符", "deny it on site"),
    Move("REJECT_RESOLUTION", "DISPATCHER", ("HANDLING",), "HANDLING", None, GrievanceMovedV1, "驳回办结", "reject the resolution"),
    Move("RELEASE_RESOLUTION", "DISPATCHER", ("HANDLING",), "RESOLVED", None, GrievanceResolvedV1, "准予办结", "release the resolution"),
    Move("REPORT_RESOLUTION", "DEPARTMENT", ("HANDLING",), "RESOLVED", "RESULT", GrievanceResolvedV1, "上报办结", "report the resolution"),
    Move(
        "CONFIRM_FED_BACK",
        "SYSTEM",
        ("RESOLVED", "ANSWERED_ON_SPOT"),
        "FED_BACK",
        None,
        GrievanceMovedV1,
        "反馈",
        "confirm that the reply arrived",
    ),
    Move("RECORD_SURVEY", "SYSTEM", ("FED_BACK",), "SURVEYED", None, None, "回访", "record the survey"),
    Move("CLOSE", "SYSTEM", ("SURVEYED",), "CLOSED", None, GrievanceMovedV1, "办结", "close"),
    Move("ASK_REWORK", "SYSTEM", ("SURVEYED",), "REWORK", None, GrievanceMovedV1, "重办", "ask for rework"),
    Move("RESUME_HANDLING", "SYSTEM", ("REWORK",), "HANDLING", None, None, "重新办理", "resume handling"),
    Move("RESUME_APPRAISAL", "SYSTEM", ("REWORK",), "APPRAISING", None, None, "重新研判", "resume the appraisal"),
    Move(
        "WITHDRAW",
        "PETITIONER",
        ("APPRAISING", "ACCEPTED", "DISPATCHED", "HANDLING", "RETURN_PENDING", "SUSPENDED"),
        "WITHDRAWN",
        None,
        GrievanceMovedV1,
        "撤诉",
        "withdraw",
    ),
    Move("TAKE_HANDOFF", "SYSTEM", ("DISPATCHED",), "HANDLING", None, GrievanceMovedV1, "12345受理", "have 12345 take it"),
    Move(
        "REPORT_HANDOFF",
        "SYSTEM",
        ("DISPATCHED", "HANDLING"),
        "RESOLVED",
        "RESULT",
        GrievanceResolvedV1,
        "12345上报办结",
        "have 12345 report the resolution",
    ),
    Move(
        "RETURN_HANDOFF",
        "SYSTEM",
        ("DISPATCHED", "HANDLING"),
        "RETURN_PENDING",
        None,
        GrievanceMovedV1,
        "12345退单",
        "have 12345 return it",
    ),
    Move("WARN", "SYSTEM", (*_RUNNING, "CLOSED"), None, None, GrievanceWarnedV1, "预警", "warn"),
    Move("ESCALATE", "SYSTEM", (*_RUNNING, "CLOSED"), None, None, GrievanceWarnedV1, "提级", "escalate"),
    Move("FIX_DEADLINE", "SYSTEM", _RUNNING, None, None, GrievanceMovedV1, "重算期限", "reckon the deadline again"),
    Move("URGE", "URGER", _RUNNING, None, None, GrievanceMovedV1, "催办", "urge"),
    Move("ANSWER_URGE", "DEPARTMENT", (*_AT_WORK, "SUSPENDED"), None, None, GrievanceMovedV1, "答复催办", "answer who urges"),
    Move("ISSUE_SUPERVISION_ORDER", "SUPERVISOR", _SUPERVISED, None, None, GrievanceMovedV1, "督办", "issue a supervision order"),
    Move(
        "REPLY_SUPERVISION_ORDER",
        "DEPARTMENT",
        _SUPERVISED,
        None,
        "ORDER",
        GrievanceMovedV1,
        "回复督办单",
        "reply to the supervision order",
    ),
    Move("ACCEPT_SUPERVISION_REPLY", "SUPERVISOR", _WITH_ITS_RESULT, None, None, GrievanceMovedV1, "认可督办回复", "accept the reply"),
    Move("REFUSE_SUPERVISION_REPLY", "SUPERVISOR", _WITH_ITS_RESULT, None, None, GrievanceMovedV1, "驳回督办回复", "refuse the reply"),
    Move("GIVE_CARD", "SUPERVISOR", _WITH_ITS_RESULT, None, None, GrievanceMovedV1, "发牌", "give a card"),
    Move("APPEAL_CARD", "CARDED", _WHEREVER, None, "APPEAL", GrievanceMovedV1, "申诉", "appeal against a card"),
    Move("UPHOLD_CARD", "SUPERVISOR", _WHEREVER, None, None, GrievanceMovedV1, "维持", "uphold a card"),
    Move("CORRECT_CARD", "SUPERVISOR", _WHEREVER, None, None, GrievanceMovedV1, "更正", "correct a card"),
    Move("URGE_BY_MEETING", "CONVENER", _RUNNING, None, None, GrievanceMovedV1, "会议催办", "urge by a meeting"),
    Move("CLOSE_UNANSWERED", "SYSTEM", ("FED_BACK",), "CLOSED", None, GrievanceMovedV1, "回访到期办结", "close without an answer"),
    Move("REOPEN", "SYSTEM", ("CLOSED",), "REWORK", None, GrievanceMovedV1, "改评重办", "reopen after a changed answer"),
)

_TABLE: dict[tuple[Status, Action], Status] = {(origin, move.action): move.target or origin for move in MOVES for origin in move.origins}
BY_ACTION: dict[Action, Move] = {move.action: move for move in MOVES}

AMONG_OFFICIALS: frozenset[Action] = frozenset(
    {
        *("ASK_OPINION", "GIVE_OPINION", "RECALL", "HAND_OVER", "ADD_CO_HANDLER", "REPORT_PART", "RELEASE_CO_HANDLER"),
        *("SUBMIT_FOR_APPROVAL", "REFUSE_REPLY"),
        *("ASK_VERIFICATION", "SUBMIT_RESOLUTION", "DENY_ON_SITE", "REJECT_RESOLUTION"),
        *("ISSUE_SUPERVISION_ORDER", "REPLY_SUPERVISION_ORDER", "ACCEPT_SUPERVISION_REPLY", "REFUSE_SUPERVISION_REPLY"),
        *("GIVE_CARD", "APPEAL_CARD", "UPHOLD_CARD", "CORRECT_CARD"),
    }
)
"""Moves of which the petitioner is not told: how officials share the work, and what they want of each other."""

STATUSES: tuple[Status, ...] = get_args(Status)

STATUS_NAMES: dict[Status, str] = {
    "REGISTERED": "登记",
    "APPRAISING": "研判",
    "ANSWERED_ON_SPOT": "当场答复",
    "ACCEPTED": "受理",
    "DISPATCHED": "转办",
    "HANDLING": "办理",
    "RESOLVED": "已办",
    "FED_BACK": "反馈",
    "SURVEYED": "回访",
    "CLOSED": "办结",
    "REWORK": "重办",
    "RETURN_PENDING": "退单待审",
    "SUSPENDED": "挂起",
    "MERGED": "并单",
    "WITHDRAWN": "撤诉",
    "NOT_ACCEPTED": "不予受理",
}


class IllegalMove(Refusal):
    """The action is not possible in this state; the message lists what is."""

    def __init__(self, status: Status, action: Action) -> None:
        legal = [move for move in MOVES if status in move.origins]
        zh = "、".join(move.zh for move in legal) or "无"
        en = ", ".join(move.en for move in legal) or "nothing"
        super().__init__(
            "ILLEGAL_MOVE",
            f"当前状态“{STATUS_NAMES[status]}”不能“{BY_ACTION[action].zh}”；可以：{zh}。",
            f"In {status} one cannot {BY_ACTION[action].en}; possible: {en}.",
        )


def next_status(status: Status, action: Action) -> Status:
    """Where the action leads; raises IllegalMove."""
    target = _TABLE.get((status, action))
    if target is None:
        raise IllegalMove(status, action)
    return target


def actions_from(status: Status) -> list[Action]:
    return [move.action for move in MOVES if status in move.origins]
