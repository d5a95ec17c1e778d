"""`python -m services.feedback rebuild`: make the histories anew from all events of all services, beside what is served.

Feedback keeps its own events; those of intake and routing come from their memories by `republish`, into a queue of the rebuild's own, in
any order, repeated, however late. As soon as all that a follow-up has seen is there, its history is replaced, by one guarded write: what
happens meanwhile comes by the same queue. Several rebuilds may work beside each other, and the last takes the queue away; one that is
broken off goes on.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from pydantic import ValidationError

from services.feedback.domain.history import BY_TYPE, entries_of
from services.feedback.domain.timeline import Entry, ordered
from services.feedback.store.rebuilding import Rebuilding, Told
from shared import telemetry
from shared.broker import DELIVERY_LIMIT, Broker, Incoming, quorum
from shared.envelope import Event, Malformed, from_message
from shared.ids import event_id
from shared.inbox import Taker
from shared.records import Document, StoreTrouble

OWN, OTHERS = "feedback", ("intake", "routing")
PREFETCH = 400
TOGETHER_SECONDS = 0.05
"""So long what comes of one grievance is gathered before it is written: its events follow one another."""
PATIENCE_SECONDS = 120.0
LOOK_SECONDS = 1.0
QUIET_SECONDS = 5.0
"""When nothing has come for so long, another rebuild may have done what is left here."""
TRIES = 5
SHOWN = 20


def queue_name(broker: Broker) -> str:
    return broker.names.queue("feedback.rebuild")


@dataclass
class _Batch:
    told: dict[str, Told] = field(default_factory=lambda: defaultdict(dict))
    written: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Rebuild(Taker):
    """Takes the queue until every history is done that was wanted at the start."""

    def __init__(self, broker: Broker, rebuilding: Rebuilding, wanted: set[str]) -> None:
        super().__init__(broker, OWN, queue_name(broker), PREFETCH)
        self._rebuilding = rebuilding
        self._batches: dict[str, _Batch] = {}
        self._writing: set[asyncio.Task[None]] = set()
        self.left = set(wanted)
        self.changed = 0
        self.latest = time.monotonic()
        """When something last came."""

    async def _once(self, message: Incoming) -> str:
        self.latest = time.monotonic()
        try:
            event = from_message(message.message_id, dict(message.headers), message.body)
        except Malformed:
            return "malformed"
        if event.subject not in self.left or event.source not in OTHERS or ".reference." in event.type:
            return "not wanted"
        try:
            told = _told(event)
        except ValidationError:
            telemetry.log().error("unreadable, its history stays as it is", document=event.subject, event_id=event.id, type=event.type)
            return "unreadable"
        if told is None:
            return "other version"
        await self._gather(event, told)
        return "gathered"

    async def _gather(self, event: Event, told: list[Entry]) -> None:
        """Returns when it is written."""
        batch = self._batches.get(event.subject)
        if batch is None:
            batch = self._batches[event.subject] = _Batch()
            task = asyncio.create_task(self._write(event.subject, batch))
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)
        batch.told[event.source][event.sequence] = told
        await asyncio.shield(batch.written)

    async def _write(self, grievance: str, batch: _Batch) -> None:
        await asyncio.sleep(TOGETHER_SECONDS)
        del self._batches[grievance]
        try:
            await self._rebuilding.gather(grievance, batch.told)
            await self.finish(grievance)
        except Exception as error:
            batch.written.set_exception(error)
        else:
            batch.written.set_result(None)

    async def finish(self, grievance: str) -> None:
        """Replace its history, if all is there of which it has to be made."""
        for _ in range(TRIES):
            document = await self._rebuilding.load(grievance)
            if document is None or not document["registered"] or document.get("void"):
                break
            whole = await self._whole(document)
            if whole is None:
                return
            if whole == [Entry.model_validate(each) for each in document["timeline"]]:
                break
            if await self._rebuilding.replace(document, whole):
                self.changed += 1
                break
        else:
            raise StoreTrouble("too many conflicting writes")
        await self._rebuilding.done(grievance)
        self.left.discard(grievance)

    async def _whole(self, document: Document) -> list[Entry] | None:
        """The history as of this version; None while events are missing."""
        told = await self._rebuilding.gathered(document["_id"])
        events = [(event.sequence, _told(event)) for event in await self._rebuilding.own_events(document)]
        told[OWN] = {sequence: entries for sequence, entries in events if entries is not None}
        found: list[Entry] = []
        for source, number in {**document["seen"], OWN: document["sequence"]}.items():
            for sequence in range(1, number + 1):
                if sequence not in told.get(source, {}):
                    return None
                found += told[source][sequence]
        return ordered(found)


def _told(event: Event) -> list[Entry] | None:
    """What it tells: nothing, if the history does not know its kind; None if it knows another version of it. Raises ValidationError."""
    contract = BY_TYPE.get(event.type)
    if contract is not None:
        return entries_of(event, contract.read(event.data()))
    return None if any(f"{event.kind}.v{version}" in BY_TYPE for version in event.versions) else []


async def rebuild(broker: Broker, rebuilding: Rebuilding, say: Callable[[str], None], patience: float = PATIENCE_SECONDS) -> bool:
    """Whether all is done. Else it says what is missing, and the next run goes on with what was gathered. Raises PublishTrouble,
    StoreTrouble. `patience`: for so many seconds it waits for the next event."""
    queue, me = queue_name(broker), event_id()
    await rebuilding.beat(me)
    async with broker.channel() as channel:
        await channel.declare_queue(queue, durable=True, arguments=quorum(DELIVERY_LIMIT))
    work = Rebuild(broker, rebuilding, await rebuilding.all() - await rebuilding.all_done())
    total = len(work.left)
    if work.left:
        # What is sent when nothing is wanted would make the queue again, and nobody would empty it.
        say(f"{total:,} histories are made anew from what these send · 以下命令补发事件，重建 {total:,} 条时间线：")
        for other in OTHERS:
            say(f"  python -m services.{other} republish --from 2000-01-01 --queue {queue}")
    await work.start()
    try:
        while work.left and time.monotonic() - work.latest < patience:
            await asyncio.sleep(LOOK_SECONDS)
            await rebuilding.beat(me)
            if time.monotonic() - work.latest > QUIET_SECONDS:
                work.left -= await rebuilding.all_done()
    finally:
        await work.stop()
        await rebuilding.leave(me)
    done = total - len(work.left)
    say(f"{done:,} are done, {work.changed:,} of them changed · 已完成 {done:,} 条，其中更改 {work.changed:,} 条")
    if work.left:
        say(f"{len(work.left):,} lack events: send them, and run this again · 尚缺事件 {len(work.left):,} 条，请补发后再运行：")
        say("\n".join(f"  {grievance}" for grievance in sorted(work.left)[:SHOWN]))
        return False
    if await _another_works(rebuilding):
        # It still asks what is done here.
        return True
    async with broker.channel() as channel:
        await channel.queue_delete(queue)
    await rebuilding.end()
    return True


async def _another_works(rebuilding: Rebuilding) -> bool:
    """Whether a rebuild beside this one, which has left, goes on."""
    before = await rebuilding.beats()
    if not before:
        return False
    await asyncio.sleep(QUIET_SECONDS)
    return any(number > before.get(rebuild, 0) for rebuild, number in (await rebuilding.beats()).items())
