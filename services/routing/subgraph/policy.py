"""Who may see which field of routing's part of the graph: one row for every field, and the schema is held to it (shared/policy.py)."""

from __future__ import annotations

from services.routing.store.mongo import access_of
from services.routing.usecases import look_at_desk, parties
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
WITHDRAWS = command("诉求人本人", "the petitioner", parties.PETITIONERS, parties.may_withdraw, "ROLE_MISSING NOT_FOUND NOT_YOURS")
DISPATCHES_HERE = officials("转办员", "dispatchers", parties.DISPATCHERS)
OF_DEPARTMENT = officials("部门经办人、负责人", "handlers and heads of departments", parties.HANDLERS)
SECRETARIES = officials("民情书记、带队领导、社区(村)书记", "secretaries, team leaders, communities' secretaries", look_at_desk.SECRETARIES)
WATCHES = officials("转办员、督查专员、县级和市级管理员", "dispatchers, supervisors, county and city admins", look_at_desk.WATCHERS)
ON_DESK = Rule("仅列本工作台的", "lists what stands on the desk", Held.QUERY, look_at_desk.may_find)

POLICY = Policy(
    objects={
        "Grievance": Guarded(SIGNED_IN, lambda grievance, context: context.access(grievance.id)),
        "Case": Guarded(SEES, lambda case, _context: access_of(case.held), quiet=True),
        "Department": Guarded(EVERYBODY),
    },
    fields={
        "Query": {
            "_entities": OF_OBJECT,
            "_service": EVERYBODY,
            "cases": SIGNED_IN,
            "dispatcherDesk": DISPATCHES_HERE,
            "departmentDesk": OF_DEPARTMENT,
            "secretaryDesk": SECRETARIES,
            "watchDesk": WATCHES,
        },
        "Mutation": {
            "acceptWorkOrder reportResolution returnWorkOrder askExtension": HANDLES,
            "adjudicateReturn reassignWorkOrder declineGrievance": DISPATCHES,
            "decideExtension": SUPERVISES,
            "withdrawGrievance": WITHDRAWS,
        },
        "Grievance": {"id": OF_OBJECT, "status case": SEES},
        "Case": {
            "id number status category grade owner registeredAt dueAt provisionalDue closedAt reworks needsSupervision": OF_OBJECT,
            "department workOrder history returns extensions declined withdrawnFor allowedActions": OF_OBJECT,
        },
        "CaseOwner": {"staffId role unit": OF_OBJECT},
        "Transition": {"at action status by": OF_OBJECT},
        "AllowedAction": {"action allowed code message messageZh": OF_OBJECT},
        "WorkOrder": {"department rule ruleVersion round dispatchedAt acceptedAt resolvedAt resolution evidence reason": OF_OBJECT},
        "Return": {"department rule ruleVersion at by reason granted decidedAt decidedBy answer sentTo": OF_OBJECT},
        "Declined": {"at by reason route": OF_OBJECT},
        "Extension": {"department at by days reason due granted decidedAt decidedBy answer": OF_OBJECT},
        "Department": {"code name": OF_OBJECT},
        "Desk": {"cases counts": OF_OBJECT},
        "DeskConnection": {"edges": ON_DESK, "pageInfo": OF_OBJECT},
        "DeskEdge": {"cursor node": OF_OBJECT},
        "DeskCount": {"status category overdue dueToday total": OF_OBJECT},
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
        "WithdrawRefused": {"code message messageZh field": TO_THE_REFUSED},
        "_Service": {"sdl": OF_OBJECT},
    },
)
