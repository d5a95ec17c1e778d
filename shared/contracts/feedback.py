"""Events that feedback produces: what the petitioner was told, whether it arrived, and what the petitioner says of it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from shared.contracts.base import AuditAnchored, Contract

Satisfaction = Literal["VERY_SATISFIED", "SATISFIED", "NEUTRAL", "DISSATISFIED", "VERY_DISSATISFIED"]
LINK = "{link}"
"""Where the address of the survey's page stands in a text. Who sends it puts the address in: an event, which outsiders read, holds no
secret by which a survey can be answered."""


class DeliveryRequestedV1(Contract):
    """Asks intake, which alone knows how to reach the petitioner, to deliver a text (S54). `deliveryId` is the key of idempotency.
    `invitation` goes after it: how to say how it went, with LINK where the address of the survey's page belongs, as in the text of
    a reminder. SURVEY: an invitation on its own, of before it went with the reply."""

    type: ClassVar[str] = "feedback.grievance.delivery_requested.v1"
    words: ClassVar[tuple[str, ...]] = ("text",)

    deliveryId: str
    purpose: Literal["REPLY", "SURVEY", "SURVEY_REMINDER"]
    text: str
    invitation: str | None = None


class FedBackV1(Contract):
    """反馈: the reply has reached the petitioner, as far as the channel can tell; `byLink`: they have opened the link that went with it."""

    type: ClassVar[str] = "feedback.grievance.fed_back.v1"

    round: int
    deliveryId: str
    at: datetime
    byLink: bool = False


class SurveyOpenedV1(Contract):
    """A survey on the handling was opened (S55)."""

    type: ClassVar[str] = "feedback.grievance.survey_opened.v1"

    round: int
    at: datetime


class SurveyAnsweredV1(Contract):
    """The petitioner's two answers; the last one of a round counts. `reworkAsked`: not resolved or not satisfied, with a reason. `change`:
    which change of this round's answer it is, 0 for the first answer. `anonymousToHandlers`: whoever shows it to those who handle
    it shows them neither grade nor time, and a reason only where it asks for rework."""

    type: ClassVar[str] = "feedback.grievance.survey_answered.v1"
    words: ClassVar[tuple[str, ...]] = ("reason",)

    round: int
    resolved: bool
    satisfied: Satisfaction
    reason: str | None
    reworkAsked: bool
    at: datetime
    change: int = 0
    anonymousToHandlers: bool = False


class SurveyExpiredV1(Contract):
    """The survey of this round was not answered in its time."""

    type: ClassVar[str] = "feedback.grievance.survey_expired.v1"

    round: int
    at: datetime


class PetitionerCalledV1(Contract):
    """电话回访: a caller has phoned the petitioner; `by`: as which role of which unit. `told`: the reply was read out. Of a grievance
    that was drawn to be called again it is told only once that is over."""

    type: ClassVar[str] = "feedback.grievance.petitioner_called.v1"

    round: int
    result: Literal["NO_ANSWER", "BUSY", "WRONG_NUMBER", "REFUSED", "REACHED"]
    told: bool
    by: str
    at: datetime


class FeedbackAuditAnchoredV1(AuditAnchored):
    """Feedback's audit trail up to here. For the stream `events.log` alone: no service takes it."""

    type: ClassVar[str] = "feedback.audit.anchored.v1"


EVENTS: tuple[type[Contract], ...] = (
    DeliveryRequestedV1,
    FedBackV1,
    SurveyOpenedV1,
    SurveyAnsweredV1,
    SurveyExpiredV1,
    PetitionerCalledV1,
    FeedbackAuditAnchoredV1,
)
