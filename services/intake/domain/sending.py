"""What a sender does next with a delivery, and what follows from what came of it (S54). Pure: time and the draw are arguments.

| outcome | then |
| --- | --- |
| sent | it has ended; but a mailbox into which its petitioner does not look ends it as not delivered, `posted` |
| failed | the next channel, at once |
| busy | the same channel, after the time that it says |
| trouble | the same channel, later and later, at most `MOST_TRIES` times; then the next |
| unknown | a provider that knows our reference is asked until it says, before anything else; any other never: the next channel |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.intake.domain.channels import BY_PROVIDER, MAILBOX, Reach, look_it_up, order_of
from services.intake.domain.delivery import Delivery, Outcome, Try
from services.intake.domain.grievance import Grievance
from services.intake.domain.quiet import QuietHours
from services.intake.domain.telling import AWAITS, end, heard_of
from shared.contracts.base import Contract
from shared.contracts.intake import DeliveryResult

MOST_TRIES = 8
"""With the backoff, a provider is gone for about an hour and a half before the next channel is taken."""
GROWTH = 4
LONGEST_WAIT = timedelta(minutes=30)
LONGEST_WORD = timedelta(hours=6)
"""A provider that asks for more is looked at again then."""
LOST = "sender_lost"
ERASED = "petitioner_erased"
POSTED = "posted"
OVER = "survey_over"
REMINDER = "SURVEY_REMINDER"
# Beside "fed back" what comes before it: routing's word of that may still be on its way.
ASKING = AWAITS | {"FED_BACK"}

Change = tuple[Grievance, list[Contract]]


@dataclass(frozen=True)
class Rules:
    """What an installation has set. `lookups`: the channels whose provider knows our reference again; `first_wait`: after the first
    trouble; `settles`: so long after a send that was not answered its provider is not asked, as it may still be about to accept it."""

    offered: frozenset[str]
    lookups: frozenset[str]
    quiet: QuietHours | None
    first_wait: timedelta
    settles: timedelta


@dataclass(frozen=True)
class Claim:
    id: str
    until: datetime
    """Real time."""


@dataclass(frozen=True)
class Taken:
    """What a sender has in hand: to be sent by `delivery.channel`, or, where that is not known, to be asked about first."""

    delivery: Delivery
    asks: bool


def to_do(grievance: Grievance, real_now: datetime) -> Delivery | None:
    """The first delivery that nobody has in hand, or whose sender was lost."""
    return next((held for held in grievance.deliveries if held.state == "PENDING" or held.expired(real_now)), None)


def take(grievance: Grievance, held: Delivery, reach: Reach, rules: Rules, claim: Claim, now: datetime) -> tuple[Change, Taken | None]:
    """Claimed for the channel whose turn it is; or put to wait for the end of the quiet hours; or ended, of somebody erased, or as a
    reminder of what is over."""
    events: list[Contract] = []
    if held.state == "CLAIMED":
        held = _noted(held, held.hand, Outcome("unknown", LOST), now)
        if grievance.erasure is None and _through(held, held.hand, rules):
            grievance, events = _passed(grievance, held, Outcome("unknown", LOST), now)
            after = grievance.delivery(held.id)
            if after is None or after.state != "PENDING":
                return (grievance, events), None
            held = after
    if grievance.erasure is not None:
        # Nobody is there to be told. What somebody had in hand may have arrived.
        return end(grievance, held, _verdict(held), held.hand, now, ERASED), None
    # What may have gone is asked about first, also where its channel reaches nobody any more.
    unclear = next((latest.channel for latest in held.tries if latest.result == "unknown" and latest.channel in rules.lookups), None)
    if unclear is None and _over(grievance, held):
        grievance, ended = end(grievance, held, _verdict(held), held.hand, now, OVER)
        return (grievance, [*events, *ended]), None
    order = order_of(grievance.channel, reach, rules.offered)
    # A mailbox, which is last, never refuses.
    channel = unclear or next((channel for channel in order if not _through(held, channel, rules)), order[-1])
    asks = unclear is not None
    quiet = rules.quiet.over_at(now) if rules.quiet is not None and channel in BY_PROVIDER and not asks else None
    if quiet is not None:
        return (grievance.with_delivery(held.waiting(channel, quiet)), events), None
    mine = held.claimed(channel, claim.id, claim.until)
    return (grievance.with_delivery(mine), events), Taken(mine, asks)


def settle(grievance: Grievance, taken: Taken, outcome: Outcome, rules: Rules, draw: float, now: datetime) -> Change:
    """With what came of it. `draw` from 0 to 1 spreads those who would else come again in the same instant."""
    channel = taken.delivery.hand
    held = _noted(taken.delivery, channel, outcome, now, asked=taken.asks)
    if outcome.result == "sent":
        return _arrived(grievance, held, channel, rules, now)
    if _through(held, channel, rules):
        return _passed(grievance, held, outcome, now)
    if heard_of(grievance, held) is not None:
        return end(grievance, held, _verdict(held), channel, now)
    if taken.asks and outcome.result == "trouble":
        # The provider has not got it: nobody was told, and it is sent as if for the first time.
        return grievance.with_delivery(held.pending()), []
    return grievance.with_delivery(held.waiting(channel, now + _wait(held, channel, outcome, rules, draw))), []


def wake(grievance: Grievance, now: datetime) -> Change | None:
    """What has waited long enough is pending again: a timer sends nothing."""
    due = [held for held in grievance.deliveries if held.next_at is not None and held.next_at <= now]
    for held in due:
        grievance = grievance.with_delivery(held.pending())
    return (grievance, []) if due else None


def next_timer(deliveries: Sequence[Delivery]) -> datetime | None:
    """When the clock has to look."""
    return min((held.next_at for held in deliveries if held.next_at is not None), default=None)


def _arrived(grievance: Grievance, held: Delivery, channel: str, rules: Rules, now: datetime) -> Change:
    looks = look_it_up(grievance.channel, anonymous=grievance.anonymous, signed_in=grievance.signed_in, offered=rules.offered)
    if channel not in MAILBOX or looks:
        return end(grievance, held, "sent", channel, now)
    held = held.noted(Try(channel=channel, n=1, at=now, result="posted"))
    return end(grievance, held, _verdict(held), channel, now, POSTED)


def _passed(grievance: Grievance, held: Delivery, outcome: Outcome, now: datetime) -> Change:
    """On to the next channel, unless it was told in person meanwhile."""
    result: DeliveryResult = "unknown" if outcome.result == "unknown" else "failed"
    if heard_of(grievance, held) is not None:
        return end(grievance, held, result, held.hand, now)
    said = held.attempted(result, held.hand, now, outcome.reason, final=False)
    return grievance.with_delivery(held.pending()), [said]


def _noted(held: Delivery, channel: str, outcome: Outcome, now: datetime, *, asked: bool = False) -> Delivery:
    before = held.last(channel) or Try(channel=channel, at=now, result=outcome.result)
    sends = 0 if asked or outcome.result == "busy" else 1
    unclear = before.asked + 1 if asked and outcome.result == "unknown" else 0
    noted = {"n": before.n + sends, "asked": unclear, "at": now, "result": outcome.result, "reason": outcome.reason}
    return held.noted(before.model_copy(update=noted))


def _through(held: Delivery, channel: str, rules: Rules) -> bool:
    """Whether nothing more is tried by this channel."""
    latest = held.last(channel)
    if latest is None:
        return False
    given_up = latest.result == "trouble" and latest.n >= MOST_TRIES
    return latest.result in ("failed", "posted") or given_up or (latest.result == "unknown" and channel not in rules.lookups)


def _over(grievance: Grievance, held: Delivery) -> bool:
    """Whether it reminds of a survey that waits for no answer any more."""
    return held.purpose == REMINDER and grievance.progress is not None and grievance.progress.status not in ASKING


def _verdict(held: Delivery) -> DeliveryResult:
    """Of what was not seen to arrive: where one channel may have told it, that is not known."""
    return "unknown" if any(latest.result == "unknown" for latest in held.tries) else "failed"


def _wait(held: Delivery, channel: str, outcome: Outcome, rules: Rules, draw: float) -> timedelta:
    if outcome.result == "busy":
        # Never before the time that it says.
        return min(max(outcome.after, rules.first_wait), LONGEST_WORD) * (1 + draw / 2)
    latest = held.last(channel)
    count = latest.n + latest.asked if latest is not None else 1
    backoff: timedelta = rules.first_wait * GROWTH ** min(max(count - 1, 0), 12)
    wait = min(backoff, LONGEST_WAIT) * (0.5 + draw)
    return max(wait, rules.settles) if outcome.result == "unknown" else wait
