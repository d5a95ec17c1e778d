"""A worker's inbox: takes messages from the service's queue, keeps the order per subject, acknowledges only after the write.

| what happened | what is done |
| --- | --- |
| applied, repeated, waiting, void, another version | ack |
| early | looked at again after 10, 20, 40, 80 ms, then put to wait in the document |
| too much waits already | to the 5 s delay queue, uncounted |
| store or broker trouble | held, backed off, tried again; nothing is burned |
| a fault of message or code | retry queues, counted; after the last, marked in the document and parked in `.dead` |
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

from shared import failpoints, telemetry
from shared.broker import TRANSPORT_FAULTS, Broker, Incoming, Subscription
from shared.envelope import TYPE, Event, Malformed, from_message
from shared.record import CannotApply, Outcome, SequenceReused
from shared.records import StoreTrouble
from shared.relay import PublishTrouble

LOOK_AGAIN_SECONDS = (0.01, 0.02, 0.04, 0.08)
BACK_OFF_SECONDS = (0.1, 0.3, 1.0, 3.0, 5.0)


class Receiver(Protocol):
    """Where events go: the writer of the grievance documents."""

    async def receive(self, event: Event, *, may_wait: bool) -> Outcome: ...

    async def block(self, event: Event, reason: str) -> bool: ...


class Queues(Protocol):
    """Where a message goes that is not done with."""

    async def retry(self, event: Event, tries: int) -> None: ...

    async def delay(self, event: Event) -> None: ...

    async def park(self, event: Event, reason: str) -> None: ...


Reference = Callable[[Event], Awaitable[None]]


@dataclass
class _Turn:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    wanted: int = 0


class Turns:
    """A lock per subject, first come first served, that lives only while somebody wants it."""

    def __init__(self) -> None:
        self._subjects: dict[str, _Turn] = {}

    @asynccontextmanager
    async def of(self, subject: str) -> AsyncIterator[None]:
        turn = self._subjects.setdefault(subject, _Turn())
        turn.wanted += 1
        try:
            async with turn.lock:
                yield
        finally:
            turn.wanted -= 1
            if turn.wanted == 0:
                del self._subjects[subject]


class Handler:
    """What is done with one event until it may be acknowledged. Free of the broker, so that a model can drive it."""

    def __init__(
        self,
        receiver: Receiver,
        queues: Queues,
        references: dict[str, Reference],
        *,
        tries: int,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        now: Callable[[], float] = time.time,
        look_again: tuple[float, ...] = LOOK_AGAIN_SECONDS,
    ) -> None:
        self._receiver = receiver
        self._queues = queues
        self._references = references
        self._tries = tries
        self._pause = pause
        self._now = now
        self._look_again = look_again
        self._turns = Turns()

    async def handle(self, event: Event) -> str:
        """Return what became of it, once the message may be acknowledged. Raises StoreTrouble and PublishTrouble."""
        if event.skip_until and self._now() > event.skip_until:
            # Whoever gave the instruction has been told by now that it was not followed.
            return "too late to skip"
        if ".reference." in event.type:
            return await self._reference(event)
        try:
            outcome = await self._in_turn(event)
        except CannotApply as fault:
            return await self._failed(event, fault.reason)
        except (StoreTrouble, PublishTrouble):
            raise
        except SequenceReused:
            await self._queues.park(event, "the source sent a known sequence with another id: restored from an older backup?")
            return "parked"
        except Exception as error:
            # A defect of ours around the decision: unacknowledged it would come again only when the connection ends, and hold its place
            # in the prefetch until then; sixty-four of them are a worker that stands still.
            return await self._failed(event, f"{type(error).__name__} while receiving {event.type}")
        if outcome is Outcome.DELAY:
            await self._queues.delay(event)
        elif outcome is Outcome.EARLY:
            telemetry.log().warning("not the next in order: not skipped", document=event.subject, event_id=event.id)
        return outcome.value

    async def _in_turn(self, event: Event) -> Outcome:
        for pause in self._look_again:
            async with self._turns.of(event.subject):
                outcome = await self._receiver.receive(event, may_wait=False)
            if outcome is not Outcome.EARLY or event.skip:
                return outcome
            await self._pause(pause)
        async with self._turns.of(event.subject):
            return await self._receiver.receive(event, may_wait=True)

    async def _failed(self, event: Event, reason: str) -> str:
        if event.attempt < self._tries:
            await self._queues.retry(event.again(attempt=event.attempt + 1), self._tries)
            return "retry"
        # First the mark, then the parking: a crash in between repeats both.
        try:
            await self._receiver.block(event, reason)
        except (StoreTrouble, PublishTrouble):
            raise
        except Exception as error:
            # What cannot even be marked must not hold up the queue.
            telemetry.log().error("not marked", document=event.subject, event_id=event.id, error=type(error).__name__)
        await self._queues.park(event, reason)
        return "parked"

    async def _reference(self, event: Event) -> str:
        apply = self._references.get(event.type)
        if apply is None:
            return "of no use here"
        try:
            await apply(event)
        except (StoreTrouble, PublishTrouble):
            raise
        except Exception as error:
            return await self._failed_reference(event, f"{type(error).__name__} in {event.type}")
        return "applied"

    async def _failed_reference(self, event: Event, reason: str) -> str:
        if event.attempt < self._tries:
            await self._queues.retry(event.again(attempt=event.attempt + 1), self._tries)
            return "retry"
        await self._queues.park(event, reason)
        return "parked"


class BrokerQueues:
    """Retry, delay and `.dead` of one service on the broker."""

    def __init__(self, broker: Broker, service: str, retry_seconds: tuple[float, ...]) -> None:
        self._broker = broker
        self._service = service
        self._retry_seconds = retry_seconds

    async def retry(self, event: Event, tries: int) -> None:
        telemetry.EVENTS_FAILED.labels(self._service, "retry").inc()
        wait = self._retry_seconds[min(event.attempt, tries) - 1]
        await self._broker.publish_to(self._broker.names.retry(self._service, wait), event)

    async def delay(self, event: Event) -> None:
        await self._broker.publish_to(self._broker.names.retry(self._service, self._retry_seconds[0]), event)

    async def park(self, event: Event, reason: str) -> None:
        telemetry.EVENTS_FAILED.labels(self._service, "dead").inc()
        telemetry.log().error("event parked", document=event.subject, event_id=event.id, type=event.type, reason=reason)
        await self._broker.park(self._service, event.id, dict(event.headers()), event.body, reason, event.type)


class Taker(ABC):
    """Consumes one queue. Messages are handled in tasks of their own: a closing channel must not cancel a write half-way."""

    def __init__(self, broker: Broker, service: str, queue: str, prefetch: int) -> None:
        self._broker = broker
        self._service = service
        self._queue = queue
        self._prefetch = prefetch
        self._subscription: Subscription | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False

    async def start(self) -> None:
        self._subscription = await self._broker.consume(self._queue, self._prefetch, self._take)

    async def taking(self) -> bool:
        """Whether messages can come."""
        return self._subscription is not None and await self._subscription.alive()

    async def stop(self) -> None:
        """Take no more; finish what is in hand."""
        self._stopping = True
        if self._subscription is not None:
            await self._subscription.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=20)

    async def _take(self, message: Incoming) -> None:
        task = asyncio.get_running_loop().create_task(self._work(message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, message: Incoming) -> None:
        telemetry.IN_HAND.labels(self._service).inc()
        try:
            with telemetry.HANDLE_SECONDS.labels(self._service).time():
                done = await self._until_done(message)
            if done:
                failpoints.reach("before-ack")
                await acknowledge(message)
        except Exception as error:
            # A defect outside of the event's own handling: the message stays unacknowledged and comes again.
            telemetry.log().error("inbox failed", error=type(error).__name__, detail=str(error)[:200])
        finally:
            telemetry.IN_HAND.labels(self._service).dec()

    async def _until_done(self, message: Incoming) -> bool:
        """Handle the message however long store or broker are in trouble; False when the worker stops meanwhile."""
        attempt = 0
        while True:
            try:
                outcome = await self._once(message)
            except (StoreTrouble, PublishTrouble) as trouble:
                if self._stopping:
                    return False
                telemetry.log().warning("holding an event", trouble=str(trouble))
                await asyncio.sleep(BACK_OFF_SECONDS[min(attempt, len(BACK_OFF_SECONDS) - 1)])
                attempt += 1
                continue
            telemetry.EVENTS_RECEIVED.labels(self._service, outcome).inc()
            return True

    @abstractmethod
    async def _once(self, message: Incoming) -> str:
        """What became of it, once it may be acknowledged. Raises StoreTrouble and PublishTrouble: it is tried again."""


class Inbox(Taker):
    """Consumes the service's own queue: the events of the others."""

    def __init__(self, broker: Broker, service: str, handler: Handler, prefetch: int) -> None:
        super().__init__(broker, service, broker.names.queue(service), prefetch)
        self._handler = handler

    async def _once(self, message: Incoming) -> str:
        headers = dict(message.headers)
        try:
            event = from_message(message.message_id, headers, message.body)
        except Malformed as fault:
            key = str(headers.get(TYPE) or message.routing_key or "")
            await self._broker.park(self._service, message.message_id or "", headers, message.body, str(fault), key)
            return "malformed"
        telemetry.continue_trace(event.traceparent)
        return await self._handler.handle(event)


async def acknowledge(message: Incoming) -> None:
    """A failed ack is a coming redelivery, no error: the write is done and the event will be recognised."""
    try:
        await message.ack()
    except TRANSPORT_FAULTS:
        telemetry.log().info("the acknowledgement did not reach the broker")
