"""The FollowUp: what the petitioner was told, whether it arrived, and what the petitioner says of it. Pure."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from services.feedback.domain.timeline import Entry, spoken
from shared.contracts.base import Contract
from shared.contracts.feedback import DeliveryRequestedV1, FedBackV1, Satisfaction, SurveyAnsweredV1, SurveyOpenedV1
from shared.contracts.intake import DeliveryAttemptedV1, GrievanceRegisteredV1, Owner
from shared.contracts.routing import Progress
from shared.erasure import ERASED, blanked
from shared.identity.errors import Refusal

DeliveryState = Literal["REQUESTED", "SENT", "FAILED", "UNKNOWN"]
NOT_SATISFIED: frozenset[Satisfaction] = frozenset({"DISSATISFIED", "VERY_DISSATISFIED"})

DELIVERY_WORDS: dict[DeliveryState, tuple[str, str]] = {
    "SENT": ("the reply was delivered", "答复已送达"),
    "FAILED": ("the reply could not be delivered", "答复未能送达"),
    "UNKNOWN": ("whether the reply arrived is not known", "答复是否送达无法确认"),
    "REQUESTED": ("the reply is on its way", "答复正在送达"),
}
POSTED = "posted"
POSTED_WORDS = ("the reply can be looked up; nobody could be told of it", "答复已公布可查，未能通知到本人")


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


class Survey(BaseModel):
    """Two questions of one round: resolved? satisfied?"""

    model_config = ConfigDict(frozen=True)

    round: int
    opened_at: datetime
    answered_at: datetime | None = None
    resolved: bool | None = None
    satisfied: Satisfaction | None = None
    reason: str | None = None


class FollowUp(BaseModel):
    """The document of feedback. Past rounds stay in `earlier`."""

    model_config = ConfigDict(frozen=True)

    number: str
    division: str
    petitioner_ref: str
    own_ref: str | None = None
    team: str | None
    departments: list[str] = []
    handlers: list[str] = []
    accused_departments: list[str]
    confidential: bool
    registered_at: datetime
    progress: Progress | None = None
    reply: Reply | None = None
    survey: Survey | None = None
    earlier_replies: list[Reply] = []
    earlier_surveys: list[Survey] = []
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

    def noted(self, entry: Entry) -> Self:
        return self.with_(timeline=[*self.timeline, entry])

    def progressed(self, progress: Progress) -> Self:
        """Routing's latest word on the handling and on who may see it."""
        return self.with_(
            progress=progress,
            departments=progress.access.departments,
            handlers=progress.access.handlers,
            accused_departments=progress.access.accusedDepartments,
            confidential=progress.access.confidential,
        )


def erase_petitioner(followup: FollowUp, petitioner_ref: str) -> FollowUp:
    """What happened stays, and how satisfied they were; whose it was, what they said and what they were told is gone."""

    def untold(reply: Reply) -> Reply:
        return reply.model_copy(update={"text": ERASED})

    def unsaid(survey: Survey) -> Survey:
        return survey.model_copy(update={"reason": blanked(survey.reason)})

    progress = followup.progress
    return followup.with_(
        petitioner_ref=petitioner_ref,
        own_ref=None,
        name_marks=[],
        progress=progress.model_copy(update={"publicReply": blanked(progress.publicReply)}) if progress else None,
        reply=untold(followup.reply) if followup.reply else None,
        earlier_replies=[untold(reply) for reply in followup.earlier_replies],
        survey=unsaid(followup.survey) if followup.survey else None,
        earlier_surveys=[unsaid(survey) for survey in followup.earlier_surveys],
        erased=True,
    )


def open_followup(event: GrievanceRegisteredV1) -> FollowUp:
    words = ("registered", "诉求登记") if event.onSpotAnswer is None else ("registered and answered on the spot", "登记并当场答复")
    entry = Entry(at=event.registeredAt, service="intake", what=words[0], what_zh=words[1], by=spoken(event.owner), status="REGISTERED")
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
        timeline=[entry],
    )


def record_reply(
    followup: FollowUp, grievance: str, round: int, text: str, by: Owner, department: str | None, at: datetime
) -> tuple[FollowUp, list[Contract]]:
    """Keep the reply of this round and ask intake to deliver it (S54). The delivery's id is the same however often it is decided."""
    reply = Reply(round=round, text=text, at=at, by=by, department=department, delivery_id=delivery_id(grievance, round))
    earlier = [*followup.earlier_replies, followup.reply] if followup.reply else followup.earlier_replies
    followup = followup.with_(reply=reply, earlier_replies=earlier)
    followup = followup.noted(_noted_here(at, "reply recorded, delivery requested", "答复已记录，请求送达"))
    return followup, [DeliveryRequestedV1(deliveryId=reply.delivery_id, purpose="REPLY", text=text)]


def record_delivery(followup: FollowUp, event: DeliveryAttemptedV1) -> tuple[FollowUp, list[Contract]]:
    """What became of the delivery by one channel. Sent: the petitioner is asked (S55). Else it is noted, and ends the delivery where no
    other channel is tried."""
    reply = followup.reply
    if reply is None or reply.delivery_id != event.deliveryId:
        return followup, []
    state: DeliveryState = "SENT" if event.result == "sent" else "FAILED" if event.result == "failed" else "UNKNOWN"
    what, what_zh = POSTED_WORDS if event.reason == POSTED and state != "SENT" else DELIVERY_WORDS[state]
    if not event.final:
        what, what_zh = f"{what} this way; another is tried", f"{what_zh}，改用其他方式"
        return followup.noted(Entry(at=event.at, service="intake", what=what, what_zh=what_zh, by=f"CHANNEL {event.channel}")), []
    delivered_at = event.at if state == "SENT" else None
    followup = followup.with_(reply=reply.model_copy(update={"delivery": state, "delivered_at": delivered_at}))
    followup = followup.noted(Entry(at=event.at, service="intake", what=what, what_zh=what_zh, by=f"CHANNEL {event.channel}"))
    # What was not accepted has ended: its petitioner is told, and not asked.
    if state != "SENT" or (followup.progress is not None and followup.progress.status == "NOT_ACCEPTED"):
        return followup, []
    return _open_survey(followup, reply.round, event.deliveryId, event.at)


def _noted_here(at: datetime, what: str, what_zh: str) -> Entry:
    return Entry(at=at, service="feedback", what=what, what_zh=what_zh, by="SYSTEM feedback")


def _open_survey(followup: FollowUp, round: int, delivery: str, at: datetime) -> tuple[FollowUp, list[Contract]]:
    earlier = [*followup.earlier_surveys, followup.survey] if followup.survey else followup.earlier_surveys
    followup = followup.with_(survey=Survey(round=round, opened_at=at), earlier_surveys=earlier)
    followup = followup.noted(_noted_here(at, "the petitioner is asked: resolved? satisfied?", "发出满意度回访"))
    return followup, [FedBackV1(round=round, deliveryId=delivery, at=at), SurveyOpenedV1(round=round, at=at)]


def answer_survey(
    followup: FollowUp, resolved: bool, satisfied: Satisfaction, reason: str | None, at: datetime
) -> tuple[FollowUp, list[Contract]]:
    """回访 (S55). Not satisfied wants a stated reason, which asks for rework; raises Refusal."""
    survey = followup.survey
    if survey is None:
        raise Refusal("SURVEY_NOT_OPEN", "还没有发出回访。", "There is no survey to answer yet.")
    if survey.answered_at is not None:
        raise Refusal("SURVEY_ALREADY_ANSWERED", "这次回访已经答复过了。", "This survey has been answered.")
    unhappy = satisfied in NOT_SATISFIED or not resolved
    if unhappy and not (reason or "").strip():
        raise Refusal("REASON_MISSING", "请写明不满意的原因。", "Say why you are not satisfied.", "reason")
    answered = survey.model_copy(update={"answered_at": at, "resolved": resolved, "satisfied": satisfied, "reason": reason})
    what = f"survey answered: {'resolved' if resolved else 'not resolved'}, {satisfied}"
    what_zh = f"回访答复：{'已解决' if resolved else '未解决'}，{SATISFACTION_ZH[satisfied]}"
    followup = followup.with_(survey=answered).noted(Entry(at=at, service="feedback", what=what, what_zh=what_zh, by="PETITIONER"))
    event = SurveyAnsweredV1(round=survey.round, resolved=resolved, satisfied=satisfied, reason=reason, reworkAsked=unhappy, at=at)
    return followup, [event]


SATISFACTION_ZH: dict[Satisfaction, str] = {
    "VERY_SATISFIED": "非常满意",
    "SATISFIED": "满意",
    "NEUTRAL": "一般",
    "DISSATISFIED": "不满意",
    "VERY_DISSATISFIED": "非常不满意",
}

_DELIVERIES = uuid.UUID("0b7f7a0e-3f60-5d0a-8f0c-7a9d7c2c6f11")


def delivery_id(grievance: str, round: int) -> str:
    """The key by which intake recognises a repeated request."""
    return str(uuid.uuid5(_DELIVERIES, f"{grievance}:{round}"))
