"""反馈 (S51, S54): what the petitioner was told in person, and whether something is still to be told. Pure.

To tell the reply in person is to deliver it: a delivery that did not arrive, or that no sender has in hand, is sent by it; and so is
one that a sender had in hand, where it does not arrive. Words said before there was a reply deliver nothing.
"""

from __future__ import annotations

from datetime import datetime

from services.intake.domain.delivery import Delivery
from services.intake.domain.erasure import erased
from services.intake.domain.grievance import Grievance
from services.intake.domain.records import Told
from shared.china_time import day_in_china
from shared.contracts.base import Contract
from shared.contracts.intake import DeliveryResult, PetitionerToldV1
from shared.contracts.routing import Progress
from shared.identity.errors import Refusal

IN_PERSON = "VISIT"
REPLY = "REPLY"
MOST_TOLD = 50
# Where a reply that arrives means something: after a withdrawal, say, the words are noted and move nothing.
AWAITS = frozenset({"RESOLVED", "ANSWERED_ON_SPOT"})


def latest_reply(grievance: Grievance) -> Delivery | None:
    """The delivery of the latest reply that was asked for."""
    return next((held for held in reversed(grievance.deliveries) if held.purpose == REPLY), None)


def tell(grievance: Grievance, told: Told) -> tuple[Grievance, list[Contract]]:
    """With these words said. Raises Refusal when there is no room for more, or nobody to be told."""
    if grievance.erasure is not None:
        raise erased()
    if len(grievance.told) >= MOST_TOLD:
        raise Refusal("TOLD_TOO_OFTEN", f"当面反馈已记录 {MOST_TOLD} 次。", f"{MOST_TOLD} times are recorded already.")
    reply = latest_reply(grievance)
    events: list[Contract] = []
    decided = _awaited(grievance)
    # One that a sender has in hand is left alone: it may be arriving right now.
    if decided and _tells(told, decided) and reply is not None and reply.state in ("PENDING", "WAITING", "FAILED", "UNKNOWN"):
        arrived = reply.ended("sent", IN_PERSON)
        grievance = grievance.with_delivery(arrived)
        told = told.model_copy(update={"delivery": reply.id})
        events.append(arrived.attempted("sent", IN_PERSON, told.at, None))
    events.append(PetitionerToldV1(by=told.by, at=told.at, deliveryId=told.delivery))
    return grievance.model_copy(update={"told": [*grievance.told, told]}), events


def end(
    grievance: Grievance, delivery: Delivery, result: DeliveryResult, channel: str, at: datetime, reason: str | None = None
) -> tuple[Grievance, list[Contract]]:
    """With a sender's result. Where the reply did not arrive and was told in person meanwhile, that delivered it."""
    heard = heard_of(grievance, delivery)
    if heard is not None and result != "sent":
        result, channel, reason = "sent", IN_PERSON, None
        by_it = heard.model_copy(update={"delivery": delivery.id})
        grievance = grievance.model_copy(update={"told": [by_it if told.id == heard.id else told for told in grievance.told]})
    ended = delivery.ended(result, channel)
    return grievance.with_delivery(ended), [ended.attempted(result, channel, at, reason)]


def heard_of(grievance: Grievance, delivery: Delivery) -> Told | None:
    """The words by which this reply was told in person, while it matters whether it arrives."""
    decided, reply = _awaited(grievance), latest_reply(grievance)
    if decided is None or reply is None or reply.id != delivery.id:
        return None
    return next((told for told in grievance.told if _tells(told, decided)), None)


def heard_of_elsewhere(grievance: Grievance, delivery: str) -> Grievance:
    """It arrived after all, as somebody else knows. What a sender still has before it stays: it may go by another way too."""
    held = grievance.delivery(delivery)
    if held is None or held.state not in ("FAILED", "UNKNOWN"):
        return grievance
    return grievance.with_delivery(held.ended("sent", held.hand))


def to_tell(grievance: Grievance) -> bool:
    """Whether there is a reply or a decision that the petitioner was not told of."""
    reply, decided = latest_reply(grievance), grievance.progress
    if grievance.erasure is not None or decided is None or (reply is None and decided.publicReply is None):
        return False
    if reply is not None and reply.state == "SENT":
        return False
    # To tell it now would have it sent: so nobody did.
    if _awaited(grievance) and reply is not None and reply.state in ("FAILED", "UNKNOWN"):
        return True
    return not any(_tells(told, decided) for told in grievance.told)


def _awaited(grievance: Grievance) -> Progress | None:
    """What was decided, while it matters whether the reply arrives."""
    decided = grievance.progress
    return decided if decided is not None and decided.status in AWAITS else None


def _tells(told: Told, decided: Progress) -> bool:
    """Whether the words can be of that decision: said on its day or later, and recorded after it."""
    return told.at >= decided.at and told.on >= day_in_china(decided.at).isoformat()
