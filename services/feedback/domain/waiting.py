"""What a grievance waits for 待办事项, since when, on whose desk that stands, and what it counts for there. Pure.

| what | waits | since |
|---|---|---|
| REPLY | it is handled, and this round has no reply | it was registered, or its petitioner asked for rework |
| APPROVAL | the department's reply, for its head | it was submitted; while it waits so, nobody waits for the reply |
| DELIVERY | the reply, to arrive | it was given |
| CALLBACK | the petitioner, for a caller (callbacks.py) | the callback was opened |
| SURVEY | the two questions, for an answer | they were asked |

It stands under keys (each territory that holds it, the team that heard it, the departments that handle it) by the day in China since
which it waits, and where a key has many in a day by the hour too. No department and no team finds callbacks: callers promise that who
handles it is not told (0052).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from math import inf
from typing import Any, Literal, get_args

from services.feedback.domain.followup import FollowUp
from shared.china_time import CHINA, day_in_china
from shared.contracts.base import Contract
from shared.contracts.routing import GrievanceMovedV1, GrievanceWarnedV1, Progress, Status
from shared.identity.scopes import prefixes

What = Literal["REPLY", "APPROVAL", "DELIVERY", "CALLBACK", "SURVEY"]
EVERYTHING: tuple[What, ...] = get_args(What)
BUT_CALLBACKS: tuple[What, ...] = tuple(what for what in EVERYTHING if what != "CALLBACK")

WITHOUT_REPLY: frozenset[Status] = frozenset(
    {"REGISTERED", "APPRAISING", "ACCEPTED", "DISPATCHED", "HANDLING", "RETURN_PENDING", "SUSPENDED", "REWORK"}
)
"""In which it is handled: whatever leads out of them brings the reply of the round, or ends it."""
SUBMITTED = "SUBMIT_FOR_APPROVAL"
BESIDE = frozenset(
    {
        *("URGE", "URGE_BY_MEETING", "ANSWER_URGE", "FIX_DEADLINE", "ASK_EXTENSION", "GRANT_EXTENSION", "REFUSE_EXTENSION"),
        *("ISSUE_SUPERVISION_ORDER", "REPLY_SUPERVISION_ORDER", "ACCEPT_SUPERVISION_REPLY", "REFUSE_SUPERVISION_REPLY"),
        *("GIVE_CARD", "APPEAL_CARD", "UPHOLD_CARD", "CORRECT_CARD"),
        *("HAND_OVER", "ADD_CO_HANDLER", "REPORT_PART", "RELEASE_CO_HANDLER", "ASK_VERIFICATION"),
    }
)
"""Moves of routing after which a reply that waits for the head goes on waiting; any other ends that."""
# They have more in a day than is read at once: a city and a county, by how long their prefixes are, and departments.
WIDE_PREFIXES = (4, 6)
HOURS = tuple(f"{hour:02}" for hour in range(24))
WAITING = "waiting"
"""The measure of all that waits in a bucket."""


def with_approval(followup: FollowUp, event: Contract) -> FollowUp:
    """Whether the department's reply waits for its head, after this event."""
    progress: Progress | None = getattr(event, "progress", None)
    action = event.action if isinstance(event, GrievanceMovedV1) else None
    if progress is None or isinstance(event, GrievanceWarnedV1) or action in BESIDE:
        return followup
    return followup.with_(approval_since=progress.at if action == SUBMITTED else None)


def waits(followup: FollowUp) -> dict[What, datetime]:
    """What it waits for, and since when."""
    found: dict[What, datetime] = {}
    if followup.progress is None or followup.progress.status in WITHOUT_REPLY:
        if followup.approval_since is not None:
            found["APPROVAL"] = followup.approval_since
        else:
            found["REPLY"] = _handled_since(followup)
    if followup.reply is not None and followup.reply.delivery == "REQUESTED":
        found["DELIVERY"] = followup.reply.at
    if followup.callback is not None and followup.state_of(followup.callback) == "OPEN":
        found["CALLBACK"] = followup.callback.opened_at
    if followup.survey is not None and followup.survey.state == "OPEN":
        found["SURVEY"] = followup.survey.opened_at
    return found


def _handled_since(followup: FollowUp) -> datetime:
    """Rework begins with the first answer that asks for it; what is said later of the same round begins nothing."""
    answers = followup.survey.answers if followup.survey else []
    return next((answer.at for answer in answers if answer.asks_rework), followup.registered_at)


def keys_of(followup: FollowUp, what: What) -> list[str]:
    territories = [f"division:{prefix}" for prefix in prefixes(followup.division)]
    if what == "CALLBACK":
        return territories
    teams = [f"team:{followup.team}"] if followup.team else []
    offices = [each for each in dict.fromkeys(followup.departments) if each not in followup.accused_departments]
    return [*territories, *teams, *(f"department:{each}" for each in offices)]


def is_wide(key: str) -> bool:
    kind, _, name = key.partition(":")
    return kind == "department" or (kind == "division" and len(name) in WIDE_PREFIXES)


def slots(followup: FollowUp) -> list[str]:
    """By which it is found."""
    return [
        slot(what, key, day_in_china(since).isoformat(), hour)
        for what, since in waits(followup).items()
        for key in keys_of(followup, what)
        for hour in ("", *([hour_in_china(since)] if is_wide(key) else []))
    ]


def slot(what: What, key: str, day: str, hour: str = "") -> str:
    """A day of a key, or one hour of it."""
    return f"waits:{what}|{key}|{day}{hour and f'T{hour}'}"


def hour_in_china(at: datetime) -> str:
    return HOURS[at.astimezone(CHINA).hour]


def facts(followup: FollowUp) -> dict[str, Any]:
    """What the projector counts, by key and day."""
    found: dict[str, Any] = {}
    for what, since in waits(followup).items():
        day = day_in_china(since).isoformat()
        # In the same bucket, so that whoever subtracts it never sees one of them alone.
        apart = {f"{department}|{what}": 1 for department in _kept_from(followup, what)}
        found[f"waits:{what}"] = {
            "at": [f"{counted_under(key)}{day}" for key in keys_of(followup, what)],
            "n": {WAITING: 1, what: 1} | apart,
        }
    return found


def counted_under(key: str) -> str:
    """With which the buckets of a key begin; what follows is the day."""
    return f"waits:{key}|"


def _kept_from(followup: FollowUp, what: What) -> list[str]:
    """Departments whose people are told nothing of it: what accuses them; and of a callback who handles it, or has."""
    handled = [*followup.departments, *followup.involved] if what == "CALLBACK" else []
    return list(dict.fromkeys([*followup.accused_departments, *handled]))


@dataclass(frozen=True)
class Number:
    """How many wait for this, by the day in China since which they do: today, the three days before, the four before these, earlier."""

    what: What
    today: int
    three_days: int
    week: int
    longer: int

    @property
    def total(self) -> int:
        return self.today + self.three_days + self.week + self.longer


def by_day(buckets: Mapping[str, Mapping[str, int]], what: What, department: str | None) -> dict[str, int]:
    """Day → how many wait for this since then, without what this department is told nothing of."""
    found: dict[str, int] = {}
    for key, numbers in buckets.items():
        day = key.rpartition("|")[2]
        kept_from = numbers.get(f"{department}|{what}", 0) if department else 0
        found[day] = found.get(day, 0) + numbers.get(what, 0) - kept_from
    return found


def number_of(what: What, days: Mapping[str, int], today: date) -> Number:
    ages = {day: (today - date.fromisoformat(day)).days for day in days}

    def between(first: float, last: float) -> int:
        return sum(number for day, number in days.items() if first <= ages[day] <= last)

    return Number(what, between(-inf, 0), between(1, 3), between(4, 7), between(8, inf))
