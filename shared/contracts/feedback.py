"""Events that feedback produces: what the petitioner was told, whether it arrived, and what the petitioner says of it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from shared.contracts.base import AuditAnchored, Contract

Satisfaction = Literal["VERY_SATISFIED", "SATISFIED", "NEUTRAL", "DISSATISFIED", "VERY_DISSATISFIED"]


class DeliveryRequestedV1(Contract):
    """Asks intake, which alone knows how to reach the petitioner, to deliver a text (S54). `deliveryId` is the key of idempotency."""

    type: ClassVar[str] = "feedback.grievance.delivery_requested.v1"
    words: ClassVar[tuple[str, ...]] = ("text",)

    deliveryId: str
    purpose: Literal["REPLY"]
    text: str


class FedBackV1(Contract):
    """反馈: the reply has reached the petitioner, as far as the channel can tell."""

    type: ClassVar[str] = "feedback.grievance.fed_back.v1"

    round: int
    deliveryId: str
    at: datetime


class SurveyOpenedV1(Contract):
    """A survey on the handling was opened (S55)."""

    type: ClassVar[str] = "feedback.grievance.survey_opened.v1"

    round: int
    at: datetime


class SurveyAnsweredV1(Contract):
    """The petitioner's two answers. `reworkAsked`: not resolved or not satisfied, with a reason."""

    type: ClassVar[str] = "feedback.grievance.survey_answered.v1"
    words: ClassVar[tuple[str, ...]] = ("reason",)

    round: int
    resolved: bool
    satisfied: Satisfaction
    reason: str | None
    reworkAsked: bool
    at: datetime


class FeedbackAuditAnchoredV1(AuditAnchored):
    """Feedback's audit trail up to here. For the stream `events.log` alone: no service takes it."""

    type: ClassVar[str] = "feedback.audit.anchored.v1"


EVENTS: tuple[type[Contract], ...] = (DeliveryRequestedV1, FedBackV1, SurveyOpenedV1, SurveyAnsweredV1, FeedbackAuditAnchoredV1)
