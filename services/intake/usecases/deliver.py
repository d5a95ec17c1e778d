"""Deliver 反馈 (S54): claim what is pending, send it by the channel whose turn it is, record what came of it while the claim stands.

A sender may be lost between sending and recording. Its claim then expires, and the channel decides: where the provider knows our reference
again it is asked (the petitioner is told once, whoever sends); by any other nothing is ever sent a second time (sending.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.intake.domain.channels import Reach
from services.intake.domain.delivery import Delivery, Outcome
from services.intake.domain.grievance import Grievance
from services.intake.domain.sending import Claim, Rules, Taken, settle, take, to_do
from services.intake.usecases.ports import Channel, Persons
from shared import telemetry
from shared.contracts.base import Contract
from shared.writer import Writer

LATE = "too_late"
OPEN = ("PENDING", "CLAIMED", "WAITING")


@dataclass(frozen=True)
class Delivering:
    """`channels` by name, mailboxes included. `claim_for`: how long one sender holds a delivery; `send_for`: how long a channel may take,
    so much shorter that no sender sends what another has taken over. `draw`: from 0 to 1, at random."""

    writer: Writer
    persons: Persons
    channels: Mapping[str, Channel]
    rules: Rules
    now: Callable[[], datetime]
    real_now: Callable[[], datetime]
    claim_id: Callable[[], str]
    draw: Callable[[], float]
    claim_for: timedelta
    send_for: timedelta
    text_of: Callable[[Delivery, str], str]
    """What is sent for a delivery of this grievance."""


async def deliver(parts: Delivering, grievance_id: str, person: str) -> int:
    """Do what can be done now for this grievance, while it is this person's; returns how many deliveries came to an end."""
    ended = 0
    while True:
        [contact] = await parts.persons.contacts([person])
        reach = Reach(phone=contact.phone, wechat=contact.openid)
        acted, over, taken = await _take(parts, grievance_id, person, reach)
        if not acted:
            return ended
        ended += over
        if taken is None:
            continue
        outcome = await _send(parts, grievance_id, taken, reach)
        telemetry.DELIVERY_TRIES.labels(taken.delivery.hand, outcome.result).inc()
        ended += await _record(parts, grievance_id, taken, outcome)


async def _take(parts: Delivering, grievance_id: str, person: str, reach: Reach) -> tuple[bool, int, Taken | None]:
    """(whether there was anything to do, how many ended by it, what is to be sent or asked)."""
    claim = Claim(parts.claim_id(), parts.real_now() + parts.claim_for)
    over, found = 0, None

    def decide(grievance: Grievance) -> tuple[Grievance, list[Contract]] | None:
        nonlocal over, found
        over, found = 0, None
        held = to_do(grievance, parts.real_now())
        # Somebody else's by now: the next round reads whose, and how they are reached.
        if held is None or grievance.person != person:
            return None
        (after, events), found = take(grievance, held, reach, parts.rules, claim, parts.now())
        over = _ended(after, held.id)
        return after, events

    acted = await parts.writer.act(grievance_id, decide)
    return acted, over, found


async def _send(parts: Delivering, grievance_id: str, taken: Taken, reach: Reach) -> Outcome:
    delivery, channel = taken.delivery, parts.channels[taken.delivery.hand]
    if taken.asks:
        return await channel.ask(delivery.id)
    if delivery.claimed_until is None or parts.real_now() + parts.send_for > delivery.claimed_until:
        # This process was held up: by the time it is through, another may have taken it over.
        return Outcome("trouble", LATE)
    return await channel.send(delivery.id, grievance_id, reach.address(delivery.hand), parts.text_of(delivery, grievance_id))


async def _record(parts: Delivering, grievance_id: str, taken: Taken, outcome: Outcome) -> int:
    draw, over = parts.draw(), 0

    def decide(grievance: Grievance) -> tuple[Grievance, list[Contract]] | None:
        nonlocal over
        over = 0
        held = grievance.delivery(taken.delivery.id)
        if held is None or held.claim != taken.delivery.claim:
            return None
        # Its words may have been redacted or erased since it was taken.
        after, events = settle(grievance, Taken(held, taken.asks), outcome, parts.rules, draw, parts.now())
        over = _ended(after, held.id)
        return after, events

    return over if await parts.writer.act(grievance_id, decide) else 0


def _ended(grievance: Grievance, delivery: str) -> int:
    held = grievance.delivery(delivery)
    return int(held is not None and held.state not in OPEN)
