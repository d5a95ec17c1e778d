"""Callbacks 电话回访: whom a caller phones, for which reason, how often and at which times of the day. Pure.

| reason | opened | a caller who reaches them |
|---|---|---|
| NOT_REACHED | no channel has delivered the reply | reads it out and asks both questions |
| IN_PERSON | the reply was told in person: no link was sent | asks both questions |
| DRAWN | closed, and drawn (draw.py) | asks whether it is so |

Whether one that nobody has ended is still wanted is the follow-up's to say (followup.py).
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.feedback.domain.draw import DrawRate
from shared.china_time import CHINA
from shared.identity.errors import Refusal

CallbackReason = Literal["NOT_REACHED", "IN_PERSON", "DRAWN"]
AttemptResult = Literal["NO_ANSWER", "BUSY", "WRONG_NUMBER", "REFUSED", "REACHED"]
CallbackState = Literal["OPEN", "DONE", "GIVEN_UP", "LAPSED"]
"""LAPSED: there is nothing to call for any more."""
NUMBER = "{number}"
FINAL: frozenset[AttemptResult] = frozenset({"WRONG_NUMBER", "REFUSED"})
"""Whoever answers so is not called again."""
IN_VAIN: frozenset[AttemptResult] = frozenset({"NO_ANSWER", "BUSY"})
"""Bound to the hours; the others are of the petitioner, who may ring back whenever they like, and are taken at any time."""


class Script(BaseModel):
    """What a caller says; the grievance's number stands for NUMBER."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zh: str
    en: str


class CallbackRules(BaseModel):
    """`hours_between`: at least so long after a call in vain the next is made. `parts`: name → the hours [from, to) of a part of the day in
    which callers call, by China's clock. `draw`: how many are drawn, in the order of their months."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    most_attempts: int = Field(ge=1)
    hours_between: int = Field(ge=0, le=24)
    parts: dict[str, tuple[int, int]]
    draw: tuple[DrawRate, ...]
    scripts: dict[CallbackReason, Script]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        hours = [hour for part in self.parts.values() for hour in part]
        if not hours or hours != sorted(hours) or not 0 <= hours[0] < hours[-1] <= 24 or any(a == b for a, b in self.parts.values()):
            raise ValueError("the parts of the day are whole hours, one part after the other")
        months = [rate.since for rate in self.draw]
        if months != sorted(set(months)):
            raise ValueError("each rate of the draw begins with a later month than the one before")
        if set(self.scripts) != {"NOT_REACHED", "IN_PERSON", "DRAWN"}:
            raise ValueError("each reason has its script")
        return self

    def part_of(self, at: datetime) -> str | None:
        """In which part of the day that is; None where nobody is called."""
        hour = at.astimezone(CHINA).hour
        return next((name for name, (start, end) in self.parts.items() if start <= hour < end), None)

    def again_from(self, called: datetime) -> datetime:
        """From when on one who was called then in vain may be called again: by China's clock, a whole minute in which callers call."""
        at = called.astimezone(CHINA).replace(second=0, microsecond=0) + timedelta(hours=self.hours_between)
        while self.part_of(at) is None:
            at = at.replace(minute=0) + timedelta(hours=1)
        return at

    def hours(self) -> str:
        """For people: `08:00–12:00 …`."""
        return "、".join(f"{time(start):%H:%M}–{end:02}:00" for start, end in self.parts.values())


class Attempt(BaseModel):
    """One call. `by`: role and unit of the caller, never a name."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    by: str
    result: AttemptResult


class Callback(BaseModel):
    """Of one round, for one reason. `ended`: how the last attempt has ended it. `confirmed`: of one that was drawn, whether the petitioner
    says that it is so. `month`: in which it was closed and drawn."""

    model_config = ConfigDict(frozen=True)

    round: int
    reason: CallbackReason
    opened_at: datetime
    attempts: list[Attempt] = []
    ended: Literal["DONE", "GIVEN_UP"] | None = None
    confirmed: bool | None = None
    month: str | None = None

    def attempted(self, attempt: Attempt, rules: CallbackRules) -> Self:
        """With this attempt. Raises Refusal for a call in vain at a time at which nobody is called, or was before while others are left, or
        too soon."""
        if attempt.result in IN_VAIN:
            self._check_time(attempt.at, rules)
        attempts = [*self.attempts, attempt]
        given_up = attempt.result in FINAL or len(attempts) >= rules.most_attempts
        ended = "DONE" if attempt.result == "REACHED" else "GIVEN_UP" if given_up else None
        return self.model_copy(update={"attempts": attempts, "ended": ended})

    def _check_time(self, at: datetime, rules: CallbackRules) -> None:
        part = rules.part_of(at)
        if part is None:
            zh, en = f"请在{rules.hours()}之间回访。", f"Call between {rules.hours().replace('、', ', ')}, China time."
            raise Refusal("TOO_EARLY_OR_LATE", zh, en)
        tried = {rules.part_of(each.at) for each in self.attempts}
        if part in tried and not tried.issuperset(rules.parts):
            raise Refusal("TRY_ANOTHER_TIME", "请换一个时段再打。", "Try at another time of the day.")
        if self.attempts and at < (again := rules.again_from(self.attempts[-1].at)):
            when = f"{again:%Y-%m-%d %H:%M}"
            raise Refusal("TOO_SOON", f"距上次拨打太近，请在{when}以后再打。", f"That is too soon: try again from {when}, China time.")
