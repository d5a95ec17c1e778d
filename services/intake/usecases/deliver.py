"""Deliver 反馈 (S54): claim a pending delivery, send it, record the result only while the claim stands.

A sender may be lost between sending and recording. Its claim then expires, and the channel decides: one that knows our reference again is
asked again (the petitioner is told once, whoever sends); for any other the delivery ends as `unknown` and is never blindly repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.intake.domain.delivery import Delivery
from services.intake.domain.grievance import Grievance
from services.intake.domain.telling import end
from services.intake.usecases.ports import Channel, Persons
from shared.contracts.base import Contract
from shared.contracts.intake import DeliveryResult
from shared.writer import Writer


@dataclass(frozen=True)
class Delivering:
    writer: Writer
    persons: Persons
    channel: Channel
    now: Callable[[], datetime]
    real_now: Callable[[], datetime]
    claim_id: Callable[[], str]
    claim_for: timedelta
    text_of: Callable[[Delivery, str], str]
    """What is sent for a delivery of this grievance."""


async def deliver(parts: Delivering, grievance_id: str) -> int:
    """Send what is pending for this grievance; returns how many deliveries came to an end."""
    ended = 0 if parts.channel.knows_references else await _give_up_expired(parts, grievance_id)
    while True:
        acted, claimed = await _claim(parts, grievance_id)
        if not acted:
            return ended
        if claimed is None:
            ended += 1
            continue
        delivery, person = claimed
        [(_name, phone)] = await parts.persons.contacts([person])
        result = await parts.channel.send(delivery.id, grievance_id, phone, parts.text_of(delivery, grievance_id))
        if await _record(parts, grievance_id, delivery, result):
            ended += 1


async def _claim(parts: Delivering, grievance_id: str) -> tuple[bool, tuple[Delivery, str] | None]:
    """(whether anything was pending, what is to be sent and to whom). Of somebody erased the delivery has ended here."""
    claim, until = parts.claim_id(), parts.real_now() + parts.claim_for
    found: list[tuple[Delivery, str]] = []

    def decide(grievance: Grievance) -> tuple[Grievance, list[Contract]] | None:
        found.clear()
        pending = next((held for held in grievance.deliveries if held.state == "PENDING" or held.expired(parts.real_now())), None)
        if pending is None:
            return None
        if grievance.erasure is not None:
            # Nobody is there to be told. What a lost sender had in hand may have arrived.
            result: DeliveryResult = "unknown" if pending.state == "CLAIMED" else "failed"
            return end(grievance, pending, result, parts.channel.name, parts.now(), "the petitioner was erased")
        mine = pending.claimed(claim, until)
        found.append((mine, grievance.person))
        return grievance.with_delivery(mine), []

    acted = await parts.writer.act(grievance_id, decide)
    return acted, found[0] if found else None


async def _record(parts: Delivering, grievance_id: str, delivery: Delivery, result: DeliveryResult) -> bool:
    def decide(grievance: Grievance) -> tuple[Grievance, list[Contract]] | None:
        held = grievance.delivery(delivery.id)
        if held is None or held.claim != delivery.claim:
            return None
        return end(grievance, held, result, parts.channel.name, parts.now())

    return await parts.writer.act(grievance_id, decide)


async def _give_up_expired(parts: Delivering, grievance_id: str) -> int:
    ended = 0

    def decide(grievance: Grievance) -> tuple[Grievance, list[Contract]] | None:
        lost = next((held for held in grievance.deliveries if held.expired(parts.real_now())), None)
        if lost is None:
            return None
        return end(grievance, lost, "unknown", parts.channel.name, parts.now(), "the sender was lost")

    while await parts.writer.act(grievance_id, decide):
        ended += 1
    return ended
