"""How replies leave intake: the channels of this installation, the sender's rounds, and the clock that wakes what waits."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from services.intake.adapters.provider import NoProvider, Provider
from services.intake.domain.channels import BY_PROVIDER, MAILBOX
from services.intake.domain.delivery import Delivery
from services.intake.domain.quiet import QuietHours
from services.intake.domain.sending import Rules, wake
from services.intake.settings import IntakeSettings
from services.intake.store.mongo import Grievances, Notices, Waiting
from services.intake.usecases.deliver import Delivering, deliver
from services.intake.usecases.ports import Channel, Persons
from services.intake.usecases.send_rounds import send_round
from shared import telemetry, timers
from shared.runtime import Runtime
from shared.timers import Timers
from shared.writer import Writer

COUNT_SECONDS = 30.0
MOST_COUNTED = 10_000
SHOWN = 50


class Outbound:
    def __init__(
        self,
        runtime: Runtime,
        settings: IntakeSettings,
        grievances: Grievances,
        writer: Writer,
        persons: Persons,
        notices: Notices,
        text_of: Callable[[Delivery, str], str],
    ) -> None:
        """`text_of`: what is sent for a delivery of a grievance."""
        self._runtime, self._settings, self._grievances, self._writer = runtime, settings, grievances, writer
        self._offered = settings.offered()
        channels = self._channels(settings, notices)
        self.delivering = Delivering(
            writer=writer,
            persons=persons,
            channels=channels,
            rules=Rules(
                offered=self._offered,
                lookups=frozenset(name for name, channel in channels.items() if channel.knows_references),
                quiet=QuietHours.of(settings.quiet_hours),
                first_wait=timedelta(seconds=settings.provider_wait_seconds),
                settles=timedelta(seconds=_patience(settings)),
            ),
            now=runtime.world.now,
            real_now=runtime.world.real_now,
            claim_id=lambda: str(uuid.uuid4()),
            draw=random.random,
            claim_for=timedelta(seconds=settings.claim_seconds),
            send_for=timedelta(seconds=_patience(settings)),
            text_of=text_of,
        )

    def work(self) -> None:
        """Make this process a sender."""
        runtime, grievances = self._runtime, self._grievances
        clock = Timers(runtime.service, grievances.collection, self._writer, wake, runtime.world.now)
        runtime.needs("provider", bool(self._settings.provider_url) or not self._offered & BY_PROVIDER)
        runtime.every(self._settings.deliver_seconds, self.round)
        runtime.every(timers.ROUND_SECONDS, clock.round)
        runtime.every(COUNT_SECONDS, self.count)

    async def round(self) -> int:
        """Some of what is due; how many deliveries ended."""
        due = self._grievances.to_send
        return await send_round(
            lambda limit: due(self._runtime.world.real_now(), limit), lambda grievance, person: deliver(self.delivering, grievance, person)
        )

    async def overview(self) -> str:
        """What waits, for operators: by channel and reason, and the first of them."""
        waiting = await self._grievances.waiting(MOST_COUNTED)
        if not waiting:
            return "no reply waits · 没有等待送达的答复"
        counts = Counter(_why(each) for each in waiting)
        lines = [f"{count:6,}  {channel:8} {reason}" for (channel, reason), count in counts.most_common()]
        shown = [_line(each) for each in waiting[:SHOWN]]
        left = [f"… {len(waiting) - SHOWN:,} more · 其余未列出"] if len(waiting) > SHOWN else []
        return "\n".join([f"{len(waiting):,} replies wait · 等待送达的答复", *lines, "", *shown, *left])

    async def count(self) -> None:
        """For the metric."""
        found = Counter(each.delivery.hand for each in await self._grievances.waiting(MOST_COUNTED))
        for channel in self._offered:
            telemetry.DELIVERIES_WAITING.labels(channel).set(found[channel])

    def _channels(self, settings: IntakeSettings, notices: Notices) -> dict[str, Channel]:
        channels: dict[str, Channel] = dict.fromkeys(MAILBOX, notices)
        for name in BY_PROVIDER:
            channels[name] = (
                Provider(settings.provider_url, name, _patience(settings), knows_references=name in settings.lookups())
                if settings.provider_url
                else NoProvider()
            )
        return channels


def _patience(settings: IntakeSettings) -> float:
    return min(settings.provider_seconds, settings.claim_seconds / 2)


def _why(waiting: Waiting) -> tuple[str, str]:
    latest = waiting.delivery.last(waiting.delivery.hand)
    return waiting.delivery.hand, "quiet_hours" if latest is None else f"{latest.result} {latest.reason or ''}".rstrip()


def _line(waiting: Waiting) -> str:
    channel, reason = _why(waiting)
    latest = waiting.delivery.last(channel)
    until = f"{waiting.delivery.next_at:%Y-%m-%d %H:%M:%S}" if waiting.delivery.next_at else ""
    return f"{waiting.number}  {channel:8} {reason}, {latest.n if latest else 0} sent, until {until} UTC"
