"""One text on its way to the petitioner: asked for, claimed by one sender, and then sent, failed or unknown. Pure.

When a claim expires, whether the text was sent cannot be told from here: `usecases/deliver.py` says what follows.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from shared.contracts.intake import DeliveryAttemptedV1, DeliveryResult

State = Literal["PENDING", "CLAIMED", "SENT", "FAILED", "UNKNOWN"]


class Delivery(BaseModel):
    model_config = ConfigDict(frozen=True)

    id: str
    purpose: str
    text: str
    state: State = "PENDING"
    channel: str | None = None
    claim: str | None = None
    claimed_until: datetime | None = None
    """Real time: a lease is no business time."""

    @property
    def open(self) -> bool:
        return self.state in ("PENDING", "CLAIMED")

    def claimed(self, claim: str, until: datetime) -> Self:
        return self.model_copy(update={"state": "CLAIMED", "claim": claim, "claimed_until": until})

    def expired(self, real_now: datetime) -> bool:
        return self.state == "CLAIMED" and self.claimed_until is not None and self.claimed_until < real_now

    def ended(self, result: DeliveryResult, channel: str) -> Self:
        return self.model_copy(update={"state": result.upper(), "channel": channel, "claim": None, "claimed_until": None})

    def attempted(self, result: DeliveryResult, channel: str, at: datetime, reason: str | None) -> DeliveryAttemptedV1:
        return DeliveryAttemptedV1(deliveryId=self.id, channel=channel, result=result, at=at, reason=reason)
