"""回访 (S55): the survey of one round. It is open for a time, reminded of once, answered, changed for a while, or it expires. Pure.

The last answer counts. Who asked to be anonymous to those who handle it is so from the answer on in which they asked.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

from shared.contracts.feedback import Satisfaction
from shared.erasure import blanked
from shared.identity.errors import Refusal

AnswerChannel = Literal["LINK", "ACCOUNT", "PIN", "PHONE"]
"""The link that was sent, an account, number and PIN, or a caller who asked by phone."""
SurveyState = Literal["OPEN", "ANSWERED", "EXPIRED"]
NOT_SATISFIED: frozenset[Satisfaction] = frozenset({"DISSATISFIED", "VERY_DISSATISFIED"})
SATISFACTION_ZH: dict[Satisfaction, str] = {
    "VERY_SATISFIED": "非常满意",
    "SATISFIED": "满意",
    "NEUTRAL": "一般",
    "DISSATISFIED": "不满意",
    "VERY_DISSATISFIED": "非常不满意",
}
PETITIONER = "PETITIONER"
MOST_ANSWERS = 10
"""Of one round: each is an event, and nobody's mind changes more often in a day."""
OPEN_BEFORE_THERE_WERE_RULES = timedelta(days=7)
_REMINDERS = uuid.UUID("6f3c5f0a-92f1-5e55-9a53-3d2f8f6a1b77")


class SurveyRules(BaseModel):
    """How long a survey is open, when who has not answered is reminded, and for how long an answer may be changed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    open_for: timedelta
    remind_after: timedelta
    change_for: timedelta

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not timedelta(0) < self.remind_after < self.open_for or self.change_for < timedelta(0):
            raise ValueError("a survey is reminded of while it is open, and nothing lasts less than no time")
        return self


class Answer(BaseModel):
    """What was said once. `by`: PETITIONER, or role and unit of who wrote down what the petitioner said."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    channel: AnswerChannel
    by: str
    resolved: bool
    satisfied: Satisfaction
    reason: str | None

    @property
    def asks_rework(self) -> bool:
        return not self.resolved or self.satisfied in NOT_SATISFIED


class Survey(BaseModel):
    """Two questions of one round: resolved? satisfied?"""

    model_config = ConfigDict(frozen=True)

    round: int
    opened_at: datetime
    expires_at: datetime
    remind_at: datetime | None = None
    """None: nobody was sent a link, so nobody is sent another."""
    reminded_at: datetime | None = None
    expired_at: datetime | None = None
    invitation: str | None = None
    """The delivery by which the petitioner was sent the link: the reply's own. None: they were told in person."""
    answers: list[Answer] = []
    changeable_until: datetime | None = None
    """Until when the petitioner may say something else; None: not answered, or answered when an answer was final."""
    anonymous_to_handlers: bool = False

    @model_validator(mode="before")
    @classmethod
    def _kept_before_surveys_expired(cls, data: Any) -> Any:
        """With one answer at most, and no end."""
        if not isinstance(data, dict) or "expires_at" in data:
            return data
        opened_at: Any = data["opened_at"]
        kept = {"round": data["round"], "opened_at": opened_at, "expires_at": opened_at + OPEN_BEFORE_THERE_WERE_RULES}
        if data.get("answered_at") is not None:
            said = {name: data.get(name) for name in ("resolved", "satisfied", "reason")}
            # Of who gave it, nothing was kept.
            kept["answers"] = [{"at": data["answered_at"], "channel": "ACCOUNT", "by": PETITIONER, **said}]
        return kept

    @property
    def answer(self) -> Answer | None:
        """The one that counts."""
        return self.answers[-1] if self.answers else None

    @property
    def state(self) -> SurveyState:
        return "ANSWERED" if self.answers else "EXPIRED" if self.expired_at else "OPEN"

    @property
    def reminder(self) -> str | None:
        """The delivery of the reminder."""
        return str(uuid.uuid5(_REMINDERS, self.invitation)) if self.invitation else None

    @property
    def to_rework(self) -> str | None:
        """The reason for which it was last asked to be handled again: the department needs it, also when the petitioner thought better."""
        return next((answer.reason for answer in reversed(self.answers) if answer.asks_rework), None)

    def timer(self) -> datetime | None:
        """When the clock has to look at it; None: never again."""
        if self.state != "OPEN":
            return None
        return self.remind_at if self.remind_at is not None and self.reminded_at is None else self.expires_at

    def takes_answers(self, at: datetime) -> bool:
        """Whether the petitioner may answer now, for the first time or again."""
        if self.answers:
            return self.changeable_until is not None and at < self.changeable_until and len(self.answers) < MOST_ANSWERS
        return self.state == "OPEN" and at < self.expires_at

    def with_(self, **changes: object) -> Self:
        return self.model_copy(update=changes)

    def without_words(self) -> Self:
        return self.with_(answers=[answer.model_copy(update={"reason": blanked(answer.reason)}) for answer in self.answers])


def answered(survey: Survey | None, answer: Answer, anonymous: bool, rules: SurveyRules) -> Survey:
    """With this answer. Who was not satisfied says why. A caller writes down the first alone: nobody takes back for somebody what they
    said. Raises Refusal."""
    if survey is None:
        raise Refusal("SURVEY_NOT_OPEN", "还没有发出回访。", "There is no survey to answer yet.")
    if not survey.answers and not survey.takes_answers(answer.at):
        raise Refusal("SURVEY_EXPIRED", "这次回访已经到期。", "The time to answer this survey is over.")
    if survey.answers and (answer.by != PETITIONER or not survey.takes_answers(answer.at)):
        raise Refusal("SURVEY_ALREADY_ANSWERED", "这次回访已经答复过了。", "This survey has been answered.")
    if answer.asks_rework and not any(character.isalnum() for character in answer.reason or ""):
        raise Refusal("REASON_MISSING", "请写明不满意的原因。", "Say why you are not satisfied.", "reason")
    return survey.with_(
        answers=[*survey.answers, answer],
        changeable_until=survey.changeable_until or answer.at + rules.change_for,
        anonymous_to_handlers=anonymous,
    )
