"""Follow-ups, and what the petitioner says of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.feedback.domain.followup import FollowUp, record_delivery
from services.feedback.domain.history import entries
from services.feedback.domain.survey import PETITIONER, Answer
from services.feedback.domain.timeline import Entry
from services.feedback.events.on_grievance_registered import on_grievance_registered
from services.feedback.events.on_grievance_resolved import on_grievance_resolved
from shared.contracts.base import Contract
from shared.contracts.intake import DeliveryAttemptedV1
from shared.contracts.routing import GrievanceResolvedV1
from tests.services.builders import AT, ID, SURVEY_RULES
from tests.services.routing.builders import registered
from tests.shared.contracts.examples import EXAMPLES

RESOLVED = next(each for each in EXAMPLES if isinstance(each, GrievanceResolvedV1))


def open_one() -> FollowUp:
    return on_grievance_registered(None, registered())[0]


def reply_to(followup: FollowUp, round: int = 1, id: str = ID) -> tuple[FollowUp, list[Contract]]:
    """The department reports; the reply goes on its way."""
    return on_grievance_resolved(SURVEY_RULES, id, followup, RESOLVED.model_copy(update={"round": round}))


def replied(followup: FollowUp | None = None, round: int = 1, id: str = ID) -> FollowUp:
    """With a reply on its way."""
    return reply_to(followup or open_one(), round, id)[0]


def arrived(followup: FollowUp, at: datetime = AT, channel: str = "WEB") -> tuple[FollowUp, list[Contract]]:
    """The reply is there."""
    assert followup.reply is not None
    event = DeliveryAttemptedV1(deliveryId=followup.reply.delivery_id, channel=channel, result="sent", at=at, reason=None)
    return record_delivery(followup, event, SURVEY_RULES)


def asked(at: datetime = AT, channel: str = "WEB", id: str = ID) -> FollowUp:
    """The petitioner is asked."""
    return arrived(replied(id=id), at, channel)[0]


def happy(at: datetime, **changes: Any) -> Answer:
    fields = {"at": at, "channel": "LINK", "by": PETITIONER, "resolved": True, "satisfied": "SATISFIED", "reason": None}
    return Answer(**(fields | changes))


def tells(*events: Contract) -> list[Entry]:
    """What the history tells of them."""
    return [entry for event in events for entry in entries(event, 1, {}, AT)]


def unhappy(at: datetime, **changes: Any) -> Answer:
    return happy(at, resolved=False, satisfied="DISSATISFIED", reason="字还是看不清。", **changes)
