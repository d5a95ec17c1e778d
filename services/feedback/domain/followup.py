"""The FollowUp: what the petitioner was told, whether it arrived, and what the petitioner says of it. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from services.feedback.domain import survey as surveys
from services.feedback.domain.callbacks import Callback, CallbackReason, CallbackState
from services.feedback.domain.first_response import FirstResponse, came
from services.feedback.domain.survey import Answer, Survey, SurveyRules
from services.feedback.domain.timeline import Entry, with_entries
from shared.china_time import day_in_china
from shared.contracts.base import Contract
from shared.contracts.feedback import (
    LINK,
    DeliveryRequestedV1,
    FedBackV1,
    SurveyAnsweredV1,
    SurveyExpiredV1,
    SurveyOpenedV1,
)
from shared.contracts.intake import DeliveryAttemptedV1, GrievanceRegisteredV1, Owner
from shared.contracts.routing import Progress
from shared.erasure import ERASED, blanked

DeliveryState = Literal["REQUESTED", "SENT", "FAILED", "UNKNOWN"]
# By these the petitioner is reached in person: no link can be sent that way, and a caller asks.
IN_PERSON = frozenset({"VISIT"})
NOT_DELIVERED: frozenset[DeliveryState] = frozenset({"FAILED", "UNKNOWN"})


class Reply(BaseModel):
    """The reply of one round, and how it fares on its way."""

    model_config = ConfigDict(frozen=True)

    round: int
    text: str
    at: datetime
    by: Owner
    department: str | None
    delivery_id: str
    delivery: DeliveryState = "REQUESTED"
    delivered_at: datetime | None = None


class FollowUp(BaseModel):
    """The document of feedback. Past rounds stay in `earlier`."""

    model_config = ConfigDict(frozen=True)

    number: str
    division: str
    petitioner_ref: str
    own_ref: str | None = None
    team: str | None
    departments: list[str] = []
    involved: list[str] = []
    """Departments that handle it or have handled it: nobody of theirs calls its petitioner."""
    handlers: list[str] = []
    accused_departments: list[str]
    confidential: bool
    registered_at: datetime
    progress: Progress | None = None
    approval_since: datetime | None = None
    """Since when the department's reply has waited for its head (waiting.py); None: it does not."""
    first_response: FirstResponse | None = None
    reply: Reply | None = None
    survey: Survey | None = None
    earlier_replies: list[Reply] = []
    earlier_surveys: list[Survey] = []
    callback: Callback | None = None
    """The latest; one before it is wanted no more."""
    earlier_callbacks: list[Callback] = []
    timeline: list[Entry] = []
    erased: bool = False
    """The petitioner was erased: no words of theirs, nor for them, are here or are taken up."""
    name_marks: list[str] = []
    """By which the petitioner's names are known where somebody writes them; who is corrected may still be called as before."""

    def with_(self, **changes: object) -> Self:
        return self.model_copy(update=changes)

    def told_of(self, petitioner_ref: str, name_marks: list[str]) -> Self:
        """What intake has learnt of the petitioner since."""
        return self.with_(petitioner_ref=petitioner_ref, name_marks=list(dict.fromkeys([*self.name_marks, *name_marks])))

    def noted(self, entries: Iterable[Entry]) -> Self:
        """What an event tells (history.py)."""
        return self.with_(timeline=with_entries(self.timeline, entries))

    def progressed(self, progress: Progress) -> Self:
        """Routing's latest word on the handling and on who may see it."""
        return self.with_(
            progress=progress,
            first_response=self.first_response or came(progress),
            departments=progress.access.departments,
            involved=list(dict.fromkeys([*self.involved, *self.departments, *progress.access.departments])),
            handlers=progress.access.handlers,
            accused_departments=progress.access.accusedDepartments,
            confidential=progress.access.confidential,
        )

    def to_be_called(self, reason: CallbackReason, at: datetime, month: str | None = None) -> Self:
        """A caller is to phone the petitioner: once for each round and reason."""
        if self.reply is None:
            return self
        callback = Callback(round=self.reply.round, reason=reason, opened_at=at, month=month)
        if any((each.round, each.reason) == (callback.round, reason) for each in self.callbacks()):
            return self
        return self.with_(callback=callback, earlier_callbacks=self.callbacks())

    def replies(self) -> list[Reply]:
        """Of all rounds, oldest first."""
        return [*self.earlier_replies, self.reply] if self.reply else self.earlier_replies

    def is_anonymous(self) -> bool:
        """Whether the petitioner asked so with any answer, of whatever round."""
        return any(each.anonymous_to_handlers for each in (*self.earlier_surveys, *([self.survey] if self.survey else [])))

    def handled_again(self) -> bool:
        """Whether what was answered has led to another round: who handles that needs the reason."""
        if self.survey is None or self.reply is None or self.progress is None:
            return False
        return self.reply.round > self.survey.round or self.progress.status not in ("FED_BACK", "SURVEYED", "CLOSED")

    def callbacks(self) -> list[Callback]:
        """In the order in which they were opened."""
        return [*self.earlier_callbacks, self.callback] if self.callback else self.earlier_callbacks

    def state_of(self, callback: Callback) -> CallbackState:
        """It lapses without anybody's doing: with its survey, with a new round, with the petitioner."""
        if callback.ended is not None:
            return callback.ended
        return "OPEN" if callback == self.callback and self._wants(callback) else "LAPSED"

    def _wants(self, callback: Callback) -> bool:
        if self.erased or self.reply is None or self.reply.round != callback.round:
            return False
        match callback.reason:
            case "NOT_REACHED":
                return self.reply.delivery in NOT_DELIVERED
            case "IN_PERSON":
                return self.survey is not None and self.survey.round == callback.round and self.survey.state == "OPEN"
            case "DRAWN":
                return self.progress is not None and self.progress.status == "CLOSED"


def erase_petitioner(followup: FollowUp, petitioner_ref: str) -> FollowUp:
    """What happened stays, and how satisfied they were; whose it was, what they said and what they were told is gone."""

    def untold(reply: Reply) -> Reply:
        return reply.model_copy(update={"text": ERASED})

    progress = followup.progress
    return followup.with_(
        petitioner_ref=petitioner_ref,
        own_ref=None,
        name_marks=[],
        progress=progress.model_copy(update={"publicReply": blanked(progress.publicReply)}) if progress else None,
        reply=untold(followup.reply) if followup.reply else None,
        earlier_replies=[untold(reply) for reply in followup.earlier_replies],
        survey=followup.survey.without_words() if followup.survey else None,
        earlier_surveys=[survey.without_words() for survey in followup.earlier_surveys],
        erased=True,
    )


def open_followup(event: GrievanceRegisteredV1) -> FollowUp:
    return FollowUp(
        number=event.number,
        division=event.access.division,
        petitioner_ref=event.access.petitionerRef,
        own_ref=event.access.ownRef,
        team=event.access.team,
        accused_departments=event.access.accusedDepartments,
        confidential=event.access.confidential,
        registered_at=event.registeredAt,
        name_marks=event.nameMarks,
    )


def record_reply(
    followup: FollowUp, grievance: str, round: int, text: str, by: Owner, department: str | None, at: datetime, rules: SurveyRules
) -> tuple[FollowUp, list[Contract]]:
    """Keep the reply of this round and ask intake to deliver it (S54), with the link by which its petitioner says how it went (S55). The
    delivery's id is the same however often it is decided."""
    reply = Reply(round=round, text=text, at=at, by=by, department=department, delivery_id=delivery_id(grievance, round))
    followup = followup.with_(reply=reply, earlier_replies=followup.replies())
    invitation = None if not_accepted(followup) else _invitation(rules)
    return followup, [DeliveryRequestedV1(deliveryId=reply.delivery_id, purpose="REPLY", text=text, invitation=invitation)]


def record_delivery(followup: FollowUp, event: DeliveryAttemptedV1, rules: SurveyRules) -> tuple[FollowUp, list[Contract]]:
    """What became of the delivery by one channel. Sent: the petitioner is asked (S55), by a caller where there is no link. Else it is
    noted, and ends the delivery where no other channel is tried: then a caller tells them."""
    reply = followup.reply
    if reply is None or reply.delivery_id != event.deliveryId:
        return followup, []
    state: DeliveryState = "SENT" if event.result == "sent" else "FAILED" if event.result == "failed" else "UNKNOWN"
    if reply.delivery == "SENT" and state != "SENT":
        # Its link was opened: it has arrived, whatever its channel knows of it.
        return followup, []
    if not event.final:
        return followup, []
    delivered_at = event.at if state == "SENT" else None
    followup = followup.with_(reply=reply.model_copy(update={"delivery": state, "delivered_at": delivered_at}))
    if state != "SENT":
        return followup.to_be_called("NOT_REACHED", event.at), []
    in_person = event.channel in IN_PERSON
    asked, events = _ask(followup, reply, event.at, rules, by_link=not in_person)
    return (asked.to_be_called("IN_PERSON", event.at) if in_person and events else asked), events


def arrived_by_link(followup: FollowUp, at: datetime, rules: SurveyRules) -> tuple[FollowUp, list[Contract]] | None:
    """The link in the reply was opened before anybody could say that the reply has arrived. None where that is known already."""
    return _arrived(followup, at, rules, opened=True)


def read_in_person(followup: FollowUp, at: datetime, rules: SurveyRules) -> tuple[FollowUp, list[Contract]] | None:
    """The petitioner, who reads the reply by an account or by number and PIN, answers before anybody could say that it has arrived. None
    where that is known already."""
    return _arrived(followup, at, rules, opened=False)


def _arrived(followup: FollowUp, at: datetime, rules: SurveyRules, *, opened: bool) -> tuple[FollowUp, list[Contract]] | None:
    reply = followup.reply
    if reply is None or reply.delivery == "SENT" or followup.erased:
        return None
    followup = followup.with_(reply=reply.model_copy(update={"delivery": "SENT", "delivered_at": at}))
    return _ask(followup, reply, at, rules, by_link=True, opened=opened)


def told_by_phone(followup: FollowUp, at: datetime, rules: SurveyRules) -> tuple[FollowUp, list[Contract]]:
    """A caller has read out the reply that had not arrived."""
    reply = followup.reply
    assert reply is not None, "who is called because of a reply has one"
    followup = followup.with_(reply=reply.model_copy(update={"delivery": "SENT", "delivered_at": at}))
    return _ask(followup, reply, at, rules, by_link=False)


def not_accepted(followup: FollowUp) -> bool:
    """What was not accepted has ended: its petitioner is told, and not asked."""
    return followup.progress is not None and followup.progress.status == "NOT_ACCEPTED"


def _ask(
    followup: FollowUp, reply: Reply, at: datetime, rules: SurveyRules, *, by_link: bool, opened: bool = False
) -> tuple[FollowUp, list[Contract]]:
    """Open the survey of the reply's round, once. `by_link`: the petitioner has the link that went with it; `opened`: and has opened it."""
    if not_accepted(followup) or (followup.survey is not None and followup.survey.round == reply.round):
        return followup, []
    survey = Survey(round=reply.round, opened_at=at, expires_at=at + rules.open_for)
    if by_link:
        survey = survey.with_(invitation=reply.delivery_id, remind_at=at + rules.remind_after)
    fed_back = FedBackV1(round=reply.round, deliveryId=reply.delivery_id, at=at, byLink=opened)
    earlier = [*followup.earlier_surveys, followup.survey] if followup.survey else followup.earlier_surveys
    return followup.with_(survey=survey, earlier_surveys=earlier), [fed_back, SurveyOpenedV1(round=reply.round, at=at)]


def _invitation(rules: SurveyRules) -> str:
    """Beside the reply: when that will arrive, and so the last day, nobody knows yet."""
    hours = int(rules.open_for.total_seconds() // 3600)
    zh, en = (f"{hours // 24}天", f"{hours // 24} days") if hours % 24 == 0 else (f"{hours}小时", f"{hours} hours")
    return f"办理得怎么样？请在收到后{zh}内点击评价。How did it go? Tell us within {en}: {LINK}"


def _reminder(followup: FollowUp, survey: Survey) -> str:
    day = day_in_china(survey.expires_at).isoformat()
    zh = f"您反映的诉求{followup.number}已答复，还没有收到您的评价。请在{day}前点击评价。"
    return f"{zh}Your grievance {followup.number} was answered; you have not said yet how it went. Tell us by {day}: {LINK}"


def answer_survey(followup: FollowUp, answer: Answer, anonymous: bool, rules: SurveyRules) -> tuple[FollowUp, list[Contract]]:
    """回访 (S55). Not satisfied wants a stated reason, which asks for rework. Whoever answers has read the last reply: what they say is
    not an answer to the survey of the one before. Raises Refusal."""
    asked, reply = followup.survey, followup.reply
    over = asked is not None and reply is not None and asked.round < reply.round
    survey = surveys.answered(None if over else asked, answer, anonymous, rules)
    event = SurveyAnsweredV1(
        round=survey.round,
        resolved=answer.resolved,
        satisfied=answer.satisfied,
        reason=answer.reason,
        reworkAsked=answer.asks_rework,
        at=answer.at,
        change=len(survey.answers) - 1,
        anonymousToHandlers=anonymous,
    )
    return followup.with_(survey=survey), [event]


def next_timer(followup: FollowUp) -> datetime | None:
    """When the clock has to look at it; None: nothing is to come."""
    return followup.survey.timer() if followup.survey else None


def fire(followup: FollowUp, at: datetime) -> tuple[FollowUp, list[Contract]] | None:
    """What the clock alone does: remind once, and end what nobody answered. After an outage nobody is reminded of what is over."""
    survey = followup.survey
    if survey is None or (due := survey.timer()) is None or due > at:
        return None
    if survey.expires_at <= at:
        return followup.with_(survey=survey.with_(expired_at=at)), [SurveyExpiredV1(round=survey.round, at=at)]
    reminded = followup.with_(survey=survey.with_(reminded_at=at))
    if survey.reminder is None or followup.erased:
        return reminded, []
    asked = DeliveryRequestedV1(deliveryId=survey.reminder, purpose="SURVEY_REMINDER", text=_reminder(followup, survey))
    return reminded, [asked]


_DELIVERIES = uuid.UUID("0b7f7a0e-3f60-5d0a-8f0c-7a9d7c2c6f11")


def delivery_id(grievance: str, round: int) -> str:
    """The key by which intake recognises a repeated request."""
    return str(uuid.uuid5(_DELIVERIES, f"{grievance}:{round}"))
