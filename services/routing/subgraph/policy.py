"""Who may see which field of routing's part of the graph: one row for every field, and the schema is held to it (shared/policy.py)."""

from __future__ import annotations

from services.routing.store.mongo import access_of
from services.routing.usecases import look_at_desk, look_at_supervision, parties
from shared.identity.access import is_petitioner, may_see
from shared.identity.roles import Role
from shared.identity.rules import EVERYBODY, LISTED, OF_OBJECT, SEES, SIGNED_IN, TO_THE_REFUSED, Held, Rule, command, officials
from shared.policy import Guarded, Policy

HANDLES = command(
    "承办部门的经办人或负责人",
    "handlers and heads of the department that handles it",
    parties.HANDLERS,
    parties.may_handle,
    "ROLE_MISSING NOT_FOUND NOT_YOUR_WORK_ORDER",
)
DISPATCHES = command(
    "辖区内的转办员",
    "dispatchers, in their territory",
    parties.DISPATCHERS,
    parties.may_dispatch,
    "ROLE_MISSING NOT_FOUND NOT_YOUR_TERRITORY",
)

SUPERVISES = command(
    "辖区内的督查专员",
    "supervisors, in their territory",
    parties.SUPERVISORS,
    parties.may_supervise,
    "ROLE_MISSING NOT_FOUND NOT_YOUR_TERRITORY",
)
READS_RULES = officials(
    "转办、承办、督查、审计和管理岗位",
    "who dispatches, handles, supervises, audits or administers",
    (
        Role.DISPATCHER,
        Role.HANDLER,
        Role.DEPARTMENT_HEAD,
        Role.SUPERVISOR,
        Role.COMMUNITY_SECRETARY,
        Role.AUDITOR,
        Role.COUNTY_ADMIN,
        Role.CITY_ADMIN,
    ),
)
HEADS_THE_LEAD = command(
    "承办部门的主要负责人",
    "the head of the department that handles it",
    parties.HEADS,
    parties.may_head,
    "ROLE_MISSING NOT_FOUND NOT_YOUR_WORK_ORDER",
)
ADVISES = command(
    "诉求所在地的社区（村）党组织书记、小区党支部书记",
    "party secretaries of the community or the compound, in their territory",
    parties.COMMUNITIES,
    parties.may_advise,
    "ROLE_MISSING NOT_FOUND NOT_YOUR_TERRITORY",
)
VERIFIES = command(
    "社区（村）党组织书记",
    "the secretary of the community in which it is",
    parties.COMMUNITIES,
    parties.may_advise,
    "ROLE_MISSING NOT_FOUND NOT_YOUR_TERRITORY",
)
WITHDRAWS = command("诉求人本人", "the petitioner", parties.PETITIONERS, parties.may_withdraw, "ROLE_MISSING NOT_FOUND NOT_YOURS")
URGES = command(
    "诉求人本人、受理该诉求的团队、辖区内的转办员和督查专员",
    "the petitioner, the team that heard it, dispatchers and supervisors in their territory",
    parties.URGERS,
    parties.may_urge,
    "ROLE_MISSING NOT_FOUND NOT_YOURS_TO_URGE",
)
ANSWERS_FOR_ITS_CARD = command(
    "受牌部门的主要负责人",
    "the head of the department that got the card",
    parties.HEADS,
    parties.may_head,
    "ROLE_MISSING NOT_FOUND NOT_YOUR_CARD",
)
BULK = command(
    "经办人、部门负责人、转办员，及会议催办的工作人员，逐件按该动作的规则",
    "handlers, heads, dispatchers, and who tells of a meeting; each case by the rule of the action",
    (*parties.HANDLERS, *parties.CONVENERS),
    lambda _viewer, _access: True,
    "ROLE_MISSING",
)
DONE = Rule(
    "所办理的",
    "of what was done",
    Held.OBJECT,
    lambda viewer, access: HANDLES.allows(viewer, access) or parties.may_convene(viewer, access),
)

HANDS_OVER = command(
    "工单的责任人或其部门主要负责人",
    "whoever owns the work order, or heads its department",
    parties.HANDLERS,
    parties.may_handle,
    "ROLE_MISSING NOT_FOUND NOT_YOURS_TO_HAND_OVER",
)
ASKS_FOR_HELP = command(
    "主办部门，或辖区内的转办员",
    "the lead department; dispatchers, in their territory",
    (*parties.HANDLERS, *parties.DISPATCHERS),
    parties.may_ask_for_help,
    "ROLE_MISSING NOT_FOUND NOT_YOURS_TO_SHARE",
)
HAS_A_PART = command(
    "协办部门的经办人或负责人",
    "handlers and heads of a co-handling department",
    parties.HANDLERS,
    parties.may_handle,
    "ROLE_MISSING NOT_FOUND NOT_YOUR_PART",
)
# How officials share the work among themselves is not told to the petitioner: what they hear is the lead's word.
AMONG_OFFICIALS = Rule(
    "可见该诉求的工作人员",
    "officials who may see the grievance",
    Held.GRIEVANCE,
    lambda viewer, access: may_see(viewer, access) and not is_petitioner(viewer, access),
    quiet=True,
)
DISPATCHES_HERE = officials("转办员", "dispatchers", parties.DISPATCHERS)
OF_DEPARTMENT = officials("部门经办人、负责人", "handlers and heads of departments", parties.HANDLERS)
SECRETARIES = officials("民情书记、带队领导、社区(村)书记", "secretaries, team leaders, communities' secretaries", look_at_desk.SECRETARIES)
WATCHES = officials("转办员、督查专员、县级和市级管理员", "dispatchers, supervisors, county and city admins", look_at_desk.WATCHERS)
OVERSEES = officials("督查专员、县级和市级管理员", "supervisors, county and city admins", look_at_supervision.OVERSEERS)
IN_SUPERVISION = Rule("仅列督办台的", "lists what waits in supervision", Held.QUERY, look_at_supervision.may_oversee)
ON_DESK = Rule("仅列本工作台的", "lists what stands on the desk", Held.QUERY, look_at_desk.may_find)

POLICY = Policy(
    objects={
        "Grievance": Guarded(SIGNED_IN, lambda grievance, context: context.access(grievance.id)),
        "Case": Guarded(SEES, lambda case, _context: access_of(case.held), quiet=True),
        "WorkOrder": Guarded(SEES, lambda order, _context: access_of(order.held)),
        "Department": Guarded(EVERYBODY),
    },
    fields={
        "Query": {
            "_entities": OF_OBJECT,
            "_service": EVERYBODY,
            "cases": SIGNED_IN,
            "dispatchCatalogue": READS_RULES,
            "dispatcherDesk": DISPATCHES_HERE,
            "departmentDesk": OF_DEPARTMENT,
            "secretaryDesk": SECRETARIES,
            "watchDesk": WATCHES,
            "supervisionDesk": OVERSEES,
            "departmentSupervision": OF_DEPARTMENT,
            "board": WATCHES,
            "departmentBoard": OF_DEPARTMENT,
        },
        "Mutation": {
            "acceptWorkOrder reportResolution returnWorkOrder askExtension": HANDLES,
            "suspendWorkOrder resumeWorkOrder answerUrges replySupervisionOrder": HANDLES,
            "adjudicateReturn reassignWorkOrder declineGrievance releaseCoHandler": DISPATCHES,
            "recallForAppraisal askOpinion judgeGrievance answerGrievance": DISPATCHES,
            "askVerification rejectResolution releaseResolution": DISPATCHES,
            "approveReply refuseReply": HEADS_THE_LEAD,
            "handOverWorkOrder": HANDS_OVER,
            "addCoHandler": ASKS_FOR_HELP,
            "reportPart": HAS_A_PART,
            "giveOpinion": ADVISES,
            "verifyOnSite": VERIFIES,
            "decideExtension endSuspension": SUPERVISES,
            "issueSupervisionOrder decideSupervisionReply giveCard decideCard": SUPERVISES,
            "appealCard": ANSWERS_FOR_ITS_CARD,
            "withdrawGrievance": WITHDRAWS,
            "urgeGrievance": URGES,
            "bulkAct": BULK,
        },
        "Grievance": {"id": OF_OBJECT, "status case": SEES},
        "Case": {
            "id number status category grade owner registeredAt dueAt provisionalDue closedAt reworks needsSupervision": OF_OBJECT,
            "department workOrder history returns extensions declined withdrawnFor allowedActions owners": OF_OBJECT,
            "suspensions deadlines warnings urges escalation": OF_OBJECT,
            # Nor is what waits to be looked at a reply yet.
            "handOvers approval verifications consultations verdict recalls supervisionOrders cards replyFindings": AMONG_OFFICIALS,
        },
        "CaseOwnership": {"owner since until": OF_OBJECT},
        "ReplyFinding": {"code message messageZh refused phrase": OF_OBJECT},
        "HandOver": {"at by ownerBefore owner reason": OF_OBJECT},
        "WorkOrderPart": {
            "department task askedAt askedBy reportedAt reportedBy report evidence releasedAt releasedBy releaseReason": OF_OBJECT
        },
        "CaseOwner": {"staffId role unit": OF_OBJECT},
        "Transition": {"at action status by": OF_OBJECT},
        "AllowedAction": {"action allowed code message messageZh": OF_OBJECT},
        "WorkOrder": {
            "department rule ruleVersion round dispatchedAt acceptedAt resolvedAt resolution evidence reason receiver handoff": OF_OBJECT,
            "parts": AMONG_OFFICIALS,
        },
        "Return": {"department rule ruleVersion at by reason granted decidedAt decidedBy answer sentTo": OF_OBJECT},
        "Declined": {"at by reason route": OF_OBJECT},
        "Extension": {"department at by days reason due granted decidedAt decidedBy answer": OF_OBJECT},
        "Consultation": {"of compound askedAt askedBy question dueAt overdue answeredAt answeredBy reasonable truthful opinion": OF_OBJECT},
        "Verdict": {"at by reasonable truthful kind grade category reason": OF_OBJECT},
        "Recall": {"at by department rule ruleVersion reason": OF_OBJECT},
        "Deadlines": {"response result": OF_OBJECT},
        "Deadline": {"state dueAt provisional met nodes entries overdue remainingMinutes remainingDays": OF_OBJECT},
        "DeadlineNode": {"step at": OF_OBJECT},
        "DeadlineEntry": {"kind at round dueAt provisional words wordsZh": OF_OBJECT},
        "CaseWarning": {"of step dueAt plannedAt at late toRole toUnit toStaff": OF_OBJECT},
        "Urge": {"at by words meeting answeredAt answeredBy answer": OF_OBJECT},
        "Meeting": {"name heldOn": OF_OBJECT},
        "SupervisionOrder": {
            "ordinal follows state at by department head demand dueAt reply repliedAt repliedBy answer decidedAt decidedBy": OF_OBJECT
        },
        "DepartmentCard": {"grievanceId number ordinal department month given colour ground at by reason appeal corrections": OF_OBJECT},
        "CardAppeal": {"at by reason granted decidedAt decidedBy answer": OF_OBJECT},
        "CardCorrection": {"at by colour reason": OF_OBJECT},
        "SupervisionDesk": {"cases cards cardCounts": OF_OBJECT},
        "SupervisionConnection": {"edges": IN_SUPERVISION, "pageInfo": OF_OBJECT},
        "SupervisionEdge": {"cursor node": OF_OBJECT},
        "CardConnection": {"edges": IN_SUPERVISION, "pageInfo": OF_OBJECT},
        "CardEdge": {"cursor node": OF_OBJECT},
        "CardCount": {"department yellow red takenBack appealed": OF_OBJECT},
        "IssueOrderRefused": {"code message messageZh field": TO_THE_REFUSED},
        "ReplyOrderRefused": {"code message messageZh field": TO_THE_REFUSED},
        "DecideReplyRefused": {"code message messageZh field": TO_THE_REFUSED},
        "GiveCardRefused": {"code message messageZh field": TO_THE_REFUSED},
        "AppealCardRefused": {"code message messageZh field": TO_THE_REFUSED},
        "DecideCardRefused": {"code message messageZh field": TO_THE_REFUSED},
        "Suspension": {"department at by reason until due endedAt endedBy answer overdue": OF_OBJECT},
        "ReplyApproval": {"round rule message messageZh reports": OF_OBJECT},
        "Verification": {"round at by what reports": OF_OBJECT},
        "HeldReport": {"at by text evidence released answeredAt answeredBy remark photos": OF_OBJECT},
        "Department": {"code name": OF_OBJECT},
        "DispatchCatalogue": {"version publishedAt rules": OF_OBJECT},
        "DispatchRule": {"id category division kind department co days": OF_OBJECT},
        "Desk": {"cases counts": OF_OBJECT},
        "DeskConnection": {"edges": ON_DESK, "pageInfo": OF_OBJECT},
        "DeskEdge": {"cursor node": OF_OBJECT},
        "DeskCount": {"status category overdue dueToday total": OF_OBJECT},
        "Board": {"today soonUntil month whole rows": OF_OBJECT},
        "BoardRow": {"division department staffId role unit open late dueToday soonLate response result": OF_OBJECT},
        "HandlingTime": {"number median p90": OF_OBJECT},
        "CaseConnection": {"edges": LISTED, "pageInfo": OF_OBJECT},
        "CaseEdge": {"cursor node": OF_OBJECT},
        "CasePageInfo": {"hasNextPage endCursor": OF_OBJECT},
        "AcceptRefused": {"code message messageZh field": TO_THE_REFUSED},
        "ReportRefused": {"code message messageZh field": TO_THE_REFUSED},
        "ReturnRefused": {"code message messageZh field": TO_THE_REFUSED},
        "AdjudicateRefused": {"code message messageZh field": TO_THE_REFUSED},
        "ReassignRefused": {"code message messageZh field": TO_THE_REFUSED},
        "DeclineRefused": {"code message messageZh field": TO_THE_REFUSED},
        "AskExtensionRefused": {"code message messageZh field": TO_THE_REFUSED},
        "DecideExtensionRefused": {"code message messageZh field": TO_THE_REFUSED},
        "SuspendRefused": {"code message messageZh field": TO_THE_REFUSED},
        "ResumeRefused": {"code message messageZh field": TO_THE_REFUSED},
        "EndSuspensionRefused": {"code message messageZh field": TO_THE_REFUSED},
        "ApproveReplyRefused": {"code message messageZh field": TO_THE_REFUSED},
        "RefuseReplyRefused": {"code message messageZh field": TO_THE_REFUSED},
        "AskVerificationRefused": {"code message messageZh field": TO_THE_REFUSED},
        "VerifyRefused": {"code message messageZh field": TO_THE_REFUSED},
        "RejectResolutionRefused": {"code message messageZh field": TO_THE_REFUSED},
        "ReleaseResolutionRefused": {"code message messageZh field": TO_THE_REFUSED},
        "UrgeRefused": {"code message messageZh field": TO_THE_REFUSED},
        "AnswerUrgesRefused": {"code message messageZh field": TO_THE_REFUSED},
        "WithdrawRefused": {"code message messageZh field": TO_THE_REFUSED},
        "HandOverRefused": {"code message messageZh field": TO_THE_REFUSED},
        "AddCoHandlerRefused": {"code message messageZh field": TO_THE_REFUSED},
        "ReportPartRefused": {"code message messageZh field": TO_THE_REFUSED},
        "ReleaseCoHandlerRefused": {"code message messageZh field": TO_THE_REFUSED},
        "RecallRefused": {"code message messageZh field": TO_THE_REFUSED},
        "AskOpinionRefused": {"code message messageZh field": TO_THE_REFUSED},
        "GiveOpinionRefused": {"code message messageZh field": TO_THE_REFUSED},
        "JudgeRefused": {"code message messageZh field": TO_THE_REFUSED},
        "AnswerRefused": {"code message messageZh field": TO_THE_REFUSED},
        "BulkDone": {"items done refused": OF_OBJECT},
        "BulkItem": {"id done code message messageZh field": OF_OBJECT, "case": DONE},
        "BulkRefused": {"code message messageZh field": TO_THE_REFUSED},
        "_Service": {"sdl": OF_OBJECT},
    },
)
