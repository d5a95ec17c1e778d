"""Who may see which field of feedback's part of the graph: one row for every field, and the schema is held to it (shared/policy.py)."""

from __future__ import annotations

from services.feedback.usecases import answer_survey, look_at_rates
from shared.identity.rules import EVERYBODY, OF_OBJECT, SEES, SIGNED_IN, TO_THE_REFUSED, Held, Rule, command, officials
from shared.policy import Guarded, Policy

ANSWERS = command(
    "诉求人本人，或非承办部门的回访员",
    "the petitioner, or a caller of another department than the handling one",
    answer_survey.ROLES,
    answer_survey.may_answer,
    "ROLE_MISSING NOT_FOUND NOT_YOUR_SURVEY HANDLER_MAY_NOT_SURVEY",
)
WATCHES = officials("转办员、督查专员、县级和市级管理员", "dispatchers, supervisors, county and city admins", look_at_rates.WATCHERS)
OF_DEPARTMENT = officials("部门经办人、负责人", "handlers and heads of departments", look_at_rates.JUDGED)
RATED = Rule("仅列该数字所含的", "lists what the number counts", Held.QUERY, look_at_rates.may_list)

POLICY = Policy(
    objects={"Grievance": Guarded(SIGNED_IN, lambda grievance, context: context.access(grievance.id))},
    fields={
        "Query": {
            "_entities": OF_OBJECT,
            "_service satisfactionGrades": EVERYBODY,
            "rates ratedGrievances": WATCHES,
            "departmentRates departmentRatedGrievances": OF_DEPARTMENT,
        },
        "Mutation": {"answerSurvey": ANSWERS},
        "Grievance": {"id": OF_OBJECT, "reply survey timeline": SEES},
        "Reply": {"round text at by department delivery deliveredAt": OF_OBJECT},
        "Survey": {
            "round state openedAt expiresAt remindedAt anonymousToHandlers": OF_OBJECT,
            "answeredAt channel answeredBy resolved satisfied reason changes changeableUntil": OF_OBJECT,
        },
        "TimelineEntry": {"at what whatZh by status service": OF_OBJECT},
        "SatisfactionGrade": {"grade zh": OF_OBJECT},
        "Rates": {"month whole rows": OF_OBJECT},
        "RateRow": {"division department response resolution satisfaction": OF_OBJECT},
        "RateNumbers": {"raw adjusted excluded unanswered hidden rank": OF_OBJECT},
        "RateShare": {"of met rate low high few": OF_OBJECT},
        "RateExclusion": {"reason zh en number": OF_OBJECT},
        "RatedConnection": {"edges": RATED, "pageInfo": OF_OBJECT},
        "RatedEdge": {"cursor node": OF_OBJECT},
        "RatedPageInfo": {"hasNextPage endCursor": OF_OBJECT},
        "SurveyAnswered": {"grievance survey": OF_OBJECT},
        "SurveyRefused": {"code message messageZh field": TO_THE_REFUSED},
        "_Service": {"sdl": OF_OBJECT},
    },
)
