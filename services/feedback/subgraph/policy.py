"""Who may see which field of feedback's part of the graph: one row for every field, and the schema is held to it (shared/policy.py)."""

from __future__ import annotations

from services.feedback.usecases import answer_survey, look_at_callbacks, look_at_rates, look_at_waiting, record_callback
from shared.identity.rules import EVERYBODY, OF_OBJECT, SEES, SIGNED_IN, TO_THE_REFUSED, Held, Rule, command, officials, quietly
from shared.policy import Guarded, Policy

ANSWERS = command(
    "诉求人本人，或辖区内、与本案无关的回访员",
    "the petitioner, or a caller of the territory who has no part in the matter",
    answer_survey.ROLES,
    answer_survey.may_answer,
    "ROLE_MISSING NOT_FOUND NOT_YOUR_SURVEY HANDLER_MAY_NOT_SURVEY",
)
WATCHES = officials("转办员、督查专员、县级和市级管理员", "dispatchers, supervisors, county and city admins", look_at_rates.WATCHERS)
OF_DEPARTMENT = officials("部门经办人、负责人", "handlers and heads of departments", look_at_rates.JUDGED)
RATED = Rule("仅列该数字所含的", "lists what the number counts", Held.QUERY, look_at_rates.may_list)
CALLS = command(
    "辖区内、与本案无关的回访员",
    "a caller of the territory who has no part in the matter",
    record_callback.ROLES,
    record_callback.may_call,
    "ROLE_MISSING NOT_FOUND NOT_YOUR_CALLBACK HANDLER_MAY_NOT_SURVEY",
)
TO_BE_CALLED = officials("回访员、督查专员", "callers and supervisors", look_at_callbacks.AT_DESK)
OVERSEES = officials("督查专员、县级和市级管理员", "supervisors, county and city admins", look_at_callbacks.OVERSEERS)
OF_DRAW = officials(
    "回访员、转办员、审计员、督查专员、县级和市级管理员", "callers, dispatchers, auditors, supervisors, admins", look_at_callbacks.READERS
)
APART = quietly(
    Rule(
        "辖区内、与本案无关的回访员、转办员、审计员、督查专员、管理员",
        "of the territory, without a part in the matter: callers, dispatchers, auditors, supervisors, admins",
        Held.GRIEVANCE,
        look_at_callbacks.may_read,
    )
)
CALLED = Rule("仅列与本人无关的", "lists what the viewer has no part in", Held.QUERY, look_at_callbacks.may_find)
OF_DESK = officials(
    "转办员、督查专员、县级和市级管理员，民情书记、带队领导，部门经办人、负责人",
    "dispatchers, supervisors, county and city admins; secretaries, team leaders; handlers and heads of departments",
    look_at_waiting.ROLES,
)
WAITS = Rule("仅列本工作台的", "lists what stands on the desk", Held.QUERY, look_at_waiting.may_find)

POLICY = Policy(
    objects={"Grievance": Guarded(SIGNED_IN, lambda grievance, context: context.access(grievance.id))},
    fields={
        "Query": {
            "_entities": OF_OBJECT,
            "_service satisfactionGrades": EVERYBODY,
            "rates ratedGrievances": WATCHES,
            "departmentRates departmentRatedGrievances": OF_DEPARTMENT,
            "callbackDesk": TO_BE_CALLED,
            "unconfirmedCallbacks": OVERSEES,
            "callbackDraw": OF_DRAW,
            "followUpDesk followUpNumbers": OF_DESK,
        },
        "Mutation": {"answerSurvey": ANSWERS, "recordCallback": CALLS},
        "Grievance": {"id": OF_OBJECT, "reply survey timeline": SEES, "callback": APART},
        "Reply": {"round text at by department delivery deliveredAt": OF_OBJECT},
        "Survey": {
            "round state openedAt expiresAt remindedAt anonymousToHandlers": OF_OBJECT,
            "answeredAt channel answeredBy resolved satisfied reason changes changeableUntil": OF_OBJECT,
        },
        "TimelineEntry": {"at what whatZh by status service kind": OF_OBJECT},
        "SatisfactionGrade": {"grade zh": OF_OBJECT},
        "Rates": {"month whole rows": OF_OBJECT},
        "RateRow": {"division department response resolution satisfaction": OF_OBJECT},
        "RateNumbers": {"raw adjusted excluded unanswered hidden rank": OF_OBJECT},
        "RateShare": {"of met rate low high few": OF_OBJECT},
        "RateExclusion": {"reason zh en number": OF_OBJECT},
        "RatedConnection": {"edges": RATED, "pageInfo": OF_OBJECT},
        "RatedEdge": {"cursor node": OF_OBJECT},
        "RatedPageInfo": {"hasNextPage endCursor": OF_OBJECT},
        "Callback": {"round reason state openedAt attempts confirmed script scriptEn": OF_OBJECT},
        "CallAttempt": {"at by result": OF_OBJECT},
        "CallbackConnection": {"edges": CALLED, "pageInfo": OF_OBJECT},
        "CallbackEdge": {"cursor node callback": OF_OBJECT},
        "CallbackPageInfo": {"hasNextPage endCursor": OF_OBJECT},
        "CallbackDraw": {"month commitment seed perMille recordedAt drawn": OF_OBJECT},
        "FollowUpConnection": {"edges": WAITS, "pageInfo": OF_OBJECT},
        "FollowUpEdge": {"cursor node since what": OF_OBJECT},
        "FollowUpPageInfo": {"hasNextPage endCursor": OF_OBJECT},
        "FollowUpNumber": {"what today threeDays week longer total": OF_OBJECT},
        "CallbackRecorded": {"grievance callback": OF_OBJECT},
        "CallbackRefused": {"code message messageZh field": TO_THE_REFUSED},
        "SurveyAnswered": {"grievance survey": OF_OBJECT},
        "SurveyRefused": {"code message messageZh field": TO_THE_REFUSED},
        "_Service": {"sdl": OF_OBJECT},
    },
)
