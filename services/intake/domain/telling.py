"""反馈 (S51, S54): what the petitioner was told in person, and whether something is still to be told. Pure.

To tell the reply in person is to deliver it: a delivery that did not arrive, or that no sender has in hand yet, is sent by it.
"""

from __future__ import annotations

from services.intake.domain.delivery import Delivery
from services.intake.domain.grievance import Grievance
from services.intake.domain.records import Told
from shared.contracts.base import Contract
from shared.contracts.intake import PetitionerToldV1
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
    """With these words said. Raises Refusal when there is no room for more."""
    if len(grievance.told) >= MOST_TOLD:
        raise Refusal("TOLD_TOO_OFTEN", f"当面反馈已记录 {MOST_TOLD} 次。", f"{MOST_TOLD} times are recorded already.")
    reply = latest_reply(grievance)
    events: list[Contract] = []
    awaited = grievance.progress is not None and grievance.progress.status in AWAITS
    # One that a sender has in hand is left alone: it may be arriving right now.
    if awaited and reply is not None and reply.state in ("PENDING", "FAILED", "UNKNOWN"):
        arrived = reply.ended("sent", IN_PERSON)
        grievance = grievance.with_delivery(arrived)
        told = told.model_copy(update={"delivery": reply.id})
        events.append(arrived.attempted("sent", IN_PERSON, told.at, None))
    events.append(PetitionerToldV1(by=told.by, at=told.at, deliveryId=told.delivery))
    return grievance.model_copy(update={"told": [*grievance.told, told]}), events


def to_tell(grievance: Grievance) -> bool:
    """Whether there is a reply or a decision that the petitioner was not told of."""
    reply, decided = latest_reply(grievance), grievance.progress
    if decided is None or (reply is None and decided.publicReply is None):
        return False
    if reply is not None and reply.state == "SENT":
        return False
    return not any(told.at >= decided.at for told in grievance.told)
