"""三率, the three rates of a month: response 响应率, resolution 解决率, satisfaction 满意率 (domain.md, rules of practice). Pure.

| rate | month of | met | not met | unanswered: in neither, counted beside |
|---|---|---|---|---|
| response (S9) | the registration | responded before the red warning | that came first | neither came |
| resolution (S55) | the first survey | says it is resolved | says it is not | has not said |
| satisfaction (S55) | the first survey | SATISFIED or better | NEUTRAL or worse | has not said |

The last answer counts, of whatever round: who was not satisfied stays so while it is handled again, until they say otherwise. The
department is the one that answered for it: for the first response, and of the reply that was asked about.

Raw is of all, adjusted of those without a reason in EXCLUSIONS. A grievance counts for the territories that hold it, for the department
in its city and its county, and for the department's own people where they may see it. What accuses a department is counted once more
apart, so that its people subtract it (as routing's boards do).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from services.feedback.domain.followup import FollowUp
from services.feedback.domain.survey import Survey
from shared.china_time import day_in_china
from shared.contracts.feedback import Satisfaction
from shared.identity.scopes import prefixes

Rate = Literal["RESPONSE", "RESOLUTION", "SATISFACTION"]
Outcome = Literal["MET", "NOT_MET", "UNANSWERED"]
Exclusion = Literal["WITHDRAWN", "NOT_ACCEPTED", "MERGED"]

RATES: tuple[Rate, ...] = ("RESPONSE", "RESOLUTION", "SATISFACTION")
SURVEYED: frozenset[Rate] = frozenset({"RESOLUTION", "SATISFACTION"})
EXCLUSIONS: dict[Exclusion, tuple[str, str]] = {
    "WITHDRAWN": ("诉求人撤诉", "withdrawn by the petitioner"),
    "NOT_ACCEPTED": ("不予受理", "not accepted"),
    "MERGED": ("并入其他诉求办理", "handled with another grievance"),
}
"""By the state in which it is."""
SATISFYING: frozenset[Satisfaction] = frozenset({"SATISFIED", "VERY_SATISFIED"})
WITH_DEPARTMENTS = (4, 6)
"""Of a city and a county it is counted by department: how long their prefixes are."""
NOTHING: dict[str, Any] = {"at": [], "n": {}}


@dataclass(frozen=True)
class Counted:
    """What one grievance counts for in the month of `at`. `hidden`: the departments that handle it are not to know the outcomes."""

    at: datetime
    department: str | None
    outcomes: dict[Rate, Outcome]
    hidden: bool = False


def of_response(followup: FollowUp) -> Counted:
    first = followup.first_response
    outcome: Outcome = "UNANSWERED" if first is None else "MET" if first.in_time else "NOT_MET"
    return Counted(followup.registered_at, first.department if first else None, {"RESPONSE": outcome})


def of_surveys(followup: FollowUp) -> Counted | None:
    """None: nobody was asked yet."""
    asked = [*followup.earlier_surveys, followup.survey] if followup.survey else followup.earlier_surveys
    if not asked:
        return None
    said: Survey = next((survey for survey in reversed(asked) if survey.answer), asked[-1])
    replies = [*followup.earlier_replies, followup.reply] if followup.reply else followup.earlier_replies
    department = next((reply.department for reply in replies if reply.round == said.round), None)
    answer = said.answer
    if answer is None:
        outcomes: dict[Rate, Outcome] = {"RESOLUTION": "UNANSWERED", "SATISFACTION": "UNANSWERED"}
    else:
        outcomes = {
            "RESOLUTION": "MET" if answer.resolved else "NOT_MET",
            "SATISFACTION": "MET" if answer.satisfied in SATISFYING else "NOT_MET",
        }
    return Counted(asked[0].opened_at, department, outcomes, said.anonymous_to_handlers)


def excluded(followup: FollowUp) -> Exclusion | None:
    status = followup.progress.status if followup.progress else None
    return next((reason for reason in EXCLUSIONS if reason == status), None)


def facts(followup: FollowUp) -> dict[str, Any]:
    """What the projector counts."""
    return {name: _group(followup, counted) for name, counted in (("response", of_response(followup)), ("surveys", of_surveys(followup)))}


def _group(followup: FollowUp, counted: Counted | None) -> dict[str, Any]:
    if counted is None:
        return NOTHING
    reason = excluded(followup)
    numbers = {measure(rate, outcome, reason, counted.hidden): 1 for rate, outcome in counted.outcomes.items()}
    # In the same bucket, so that whoever subtracts it never sees one of them alone.
    apart = {f"{department}|{name}": 1 for department in followup.accused_departments for name in numbers}
    month = month_of(counted.at)
    return {"at": [f"rates:{month}|{counted_under(key)}" for key in keys_of(followup, counted)], "n": numbers | apart}


def measure(rate: Rate, outcome: Outcome, reason: Exclusion | None, hidden: bool) -> str:
    return f"{rate}:{outcome}:{reason or ''}:{'hidden' if hidden else ''}"


def entry(followup: FollowUp) -> dict[str, Any]:
    """The `rated` field of a document, by which a number's grievances are found: {slots, outcomes, excluded, hidden, at}. A slot is a
    key and the day of `at`, apart for responses and surveys."""
    slots: list[str] = []
    outcomes: dict[Rate, Outcome] = {}
    at: dict[Rate, datetime] = {}
    hidden = False
    for counted in (of_response(followup), of_surveys(followup)):
        if counted is None:
            continue
        hidden = hidden or counted.hidden
        outcomes |= counted.outcomes
        at |= dict.fromkeys(counted.outcomes, counted.at)
        # Both rates of a survey share their slots: each costs the store at every write.
        rate = next(iter(counted.outcomes))
        slots += [slot(rate, key, day_in_china(counted.at).isoformat()) for key in keys_of(followup, counted)]
    return {"slots": slots, "outcomes": outcomes, "excluded": excluded(followup), "hidden": hidden, "at": at}


def slot(rate: Rate, key: str, day: str) -> str:
    return f"{'surveys' if rate in SURVEYED else 'response'}:{key}|{day}"


def keys_of(followup: FollowUp, counted: Counted) -> list[str]:
    territories = [f"division:{prefix}" for prefix in prefixes(followup.division)]
    department = counted.department
    if department is None:
        return territories
    found = territories + [by_department(key, department) for key in territories if has_departments(key)]
    if department in followup.departments and department not in followup.accused_departments:
        found.append(f"department:{department}")
    return found


def has_departments(key: str) -> bool:
    kind, _, prefix = key.partition(":")
    return kind == "division" and len(prefix) in WITH_DEPARTMENTS


def by_department(key: str, department: str) -> str:
    return f"{key}/department:{department}"


def counted_under(key: str) -> str:
    """What its buckets are called. A division's begin with what it is a part of, so that the parts of one are one range of an index."""
    kind, _, prefix = key.partition(":")
    if kind != "division" or "/" in prefix:
        return key
    code = prefix if "-" in prefix else prefix.ljust(12, "0")
    above = prefixes(code)[-2:-1]
    return f"division:{above[0] if above else ''}/{prefix}"


def month_of(at: datetime) -> str:
    """The month in China, `2026-11`."""
    return day_in_china(at).isoformat()[:7]
