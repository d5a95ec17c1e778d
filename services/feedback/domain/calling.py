"""Recording a call 回访记录: an attempt, and what the petitioner says where they were reached. Pure.

Nobody's answer is changed by a caller: of one that was drawn only whether it is so is written down, beside the survey.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.feedback.domain.callbacks import Attempt, Callback, CallbackRules
from services.feedback.domain.draw import Draw
from services.feedback.domain.followup import FollowUp, answer_survey, not_accepted, told_by_phone
from services.feedback.domain.rates import month_of
from services.feedback.domain.survey import Answer, SurveyRules
from shared.contracts.base import Contract
from shared.contracts.feedback import PetitionerCalledV1, Satisfaction
from shared.contracts.routing import Progress
from shared.identity.errors import Refusal

ANSWERS = ("resolved", "satisfied")
BESIDE = ("reason", "anonymousToHandlers")
"""What they may say with the answers, and need not."""
CONFIRMS = ("confirmed",)


@dataclass(frozen=True)
class Told:
    """What the petitioner said on the phone; None: nothing of it. `anonymous`: the departments that handle it are not to know."""

    resolved: bool | None = None
    satisfied: Satisfaction | None = None
    reason: str | None = None
    confirmed: bool | None = None
    anonymous: bool = False


def _wanted(followup: FollowUp, callback: Callback) -> tuple[str, ...]:
    """What a caller who reaches the petitioner has to ask."""
    if callback.reason == "DRAWN":
        return CONFIRMS
    # Who is told that it is not accepted is not asked (0047).
    return () if not_accepted(followup) else ANSWERS


def record_call(
    followup: FollowUp, attempt: Attempt, told: Told, rules: CallbackRules, survey_rules: SurveyRules
) -> tuple[FollowUp, list[Contract]]:
    """With this attempt, and what was said. That somebody called is told, and nothing of what they heard; of one drawn only once it is
    over: who handled it is not to know before. Raises Refusal."""
    callback = followup.callback
    if callback is None or followup.state_of(callback) != "OPEN":
        raise Refusal("CALLBACK_NOT_OPEN", "没有待办的电话回访。", "There is nothing to call for.")
    reached = attempt.result == "REACHED"
    _require(told, _wanted(followup, callback) if reached else ())
    after = callback.attempted(attempt, rules).model_copy(update={"confirmed": told.confirmed})
    followup = followup.with_(callback=after)
    told_reply = reached and callback.reason == "NOT_REACHED"
    called = PetitionerCalledV1(round=callback.round, result=attempt.result, told=told_reply, by=attempt.by, at=attempt.at)
    events: list[Contract] = [called] if callback.reason != "DRAWN" or after.ended is not None else []
    if told_reply:
        followup, asked = told_by_phone(followup, attempt.at, survey_rules)
        events = [*events, *asked]
    if told.resolved is None or told.satisfied is None:
        return followup, events
    answer = Answer(at=attempt.at, channel="PHONE", by=attempt.by, resolved=told.resolved, satisfied=told.satisfied, reason=told.reason)
    followup, answered = answer_survey(followup, answer, told.anonymous, survey_rules)
    return followup, [*events, *answered]


def _require(told: Told, fields: tuple[str, ...]) -> None:
    """All of these, and of the others nothing: what somebody said is not dropped in silence."""
    given = {
        "resolved": told.resolved,
        "satisfied": told.satisfied,
        "reason": told.reason,
        "confirmed": told.confirmed,
        # Who does not ask for it says nothing of it.
        "anonymousToHandlers": told.anonymous or None,
    }
    for name, value in given.items():
        if name in fields and value is None:
            raise Refusal("ANSWER_MISSING", "已接通，请填写对方的回答。", "They were reached: write down what they said.", name)
        if value is not None and name not in fields and not (name in BESIDE and fields == ANSWERS):
            raise Refusal("NOT_ASKED_HERE", "这次回访不问这一项。", "This is not asked in this call.", name)


def closed(followup: FollowUp, grievance: str, progress: Progress, draw: Draw) -> FollowUp:
    """With routing's latest word; where that closes it, it may be drawn to be called again."""
    before = followup.progress.status if followup.progress else None
    followup = followup.progressed(progress)
    month = month_of(progress.at)
    if progress.status != "CLOSED" or before == "CLOSED" or not draw.draws(grievance, month):
        return followup
    return followup.to_be_called("DRAWN", progress.at, month)
