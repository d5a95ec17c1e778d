"""One text on its way to the petitioner, channel after channel: asked for, claimed by one sender, waiting, and in the end sent, failed or
unknown. Pure. What follows from what: sending.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from services.intake.domain.channels import WEB
from shared.contracts.intake import DeliveryAttemptedV1, DeliveryResult

State = Literal["PENDING", "CLAIMED", "WAITING", "SENT", "FAILED", "UNKNOWN"]
OutcomeResult = Literal["sent", "failed", "busy", "trouble", "unknown"]


@dataclass(frozen=True)
class Outcome:
    """What a channel says of one send.

    sent: it was accepted · failed: it never will be · busy: not now, again `after` that time · trouble: it was not accepted, as nothing
    arrived or by its word · unknown: it may have been accepted. `reason` is a code, never a provider's own words.
    """

    result: OutcomeResult
    reason: str | None = None
    after: timedelta = timedelta(0)


class Try(BaseModel):
    """How it went by one channel. `n`: sends, but for those that it had no time for; `asked`: how often in a row its provider could not say
    what became of the last."""

    model_config = ConfigDict(frozen=True)

    channel: str
    n: int = 0
    asked: int = 0
    at: datetime
    result: Literal["sent", "posted", "failed", "busy", "trouble", "unknown"]
    reason: str | None = None


class Delivery(BaseModel):
    model_config = ConfigDict(frozen=True)

    id: str
    purpose: str
    text: str
    invitation: str | None = None
    """Sent after the text: how the petitioner says how it went."""
    state: State = "PENDING"
    channel: str | None = None
    """Which one is at it, or was the last."""
    claim: str | None = None
    claimed_until: datetime | None = None
    """Real time: a lease is no business time."""
    tries: list[Try] = []
    next_at: datetime | None = None
    """Business time until which it waits."""

    def pending(self) -> Self:
        return self.model_copy(update={"state": "PENDING", "claim": None, "claimed_until": None, "next_at": None})

    def claimed(self, channel: str, claim: str, until: datetime) -> Self:
        return self.model_copy(update={"state": "CLAIMED", "channel": channel, "claim": claim, "claimed_until": until, "next_at": None})

    def waiting(self, channel: str, at: datetime) -> Self:
        return self.model_copy(update={"state": "WAITING", "channel": channel, "claim": None, "claimed_until": None, "next_at": at})

    def expired(self, real_now: datetime) -> bool:
        return self.state == "CLAIMED" and self.claimed_until is not None and self.claimed_until < real_now

    def ended(self, result: DeliveryResult, channel: str) -> Self:
        ended = {"state": result.upper(), "channel": channel, "claim": None, "claimed_until": None, "next_at": None}
        return self.model_copy(update=ended)

    def last(self, channel: str) -> Try | None:
        return next((held for held in self.tries if held.channel == channel), None)

    def noted(self, latest: Try) -> Self:
        others = [held for held in self.tries if held.channel != latest.channel]
        return self.model_copy(update={"tries": [*others, latest]})

    @property
    def hand(self) -> str:
        """In whose hand it is, or was; claims of before there were several channels name none."""
        return self.channel or WEB

    def attempted(
        self, result: DeliveryResult, channel: str, at: datetime, reason: str | None, *, final: bool = True
    ) -> DeliveryAttemptedV1:
        held = self.last(channel)
        return DeliveryAttemptedV1(
            deliveryId=self.id,
            channel=channel,
            result=result,
            at=at,
            reason=reason,
            attempt=held.n if held else None,
            final=final,
            purpose=self.purpose,
        )
