"""What the stream `events.log` has of a service's anchors. It is kept for 30 days, and nobody edits a stream."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from shared.broker import TRANSPORT_FAULTS, Broker, Incoming
from shared.contracts.base import AuditAnchored
from shared.envelope import SOURCE, TYPE, Malformed, from_message
from shared.relay import PublishTrouble

PREFETCH = 500
SILENT_SECONDS = 20.0


async def anchors_sent(broker: Broker, service: str) -> dict[int, set[str]]:
    """Anchor's number → digest, or digests where it was sent with several. Reads the stream to what was its end at the beginning.

    Raises PublishTrouble when the broker goes away or falls silent before that.
    """
    found: dict[int, set[str]] = defaultdict(set)
    left = 0
    ended = asyncio.Event()
    came = asyncio.Event()

    async def take(message: Incoming) -> None:
        nonlocal left
        headers = dict(message.headers)
        if headers.get(SOURCE) == service and str(headers.get(TYPE, "")).startswith(f"{service}.audit.anchored."):
            try:
                anchor = AuditAnchored.read(from_message(message.message_id, headers, message.body).data())
                found[anchor.anchor].add(anchor.digest)
            except (Malformed, ValueError):
                # Whoever may publish may send anything; it is nobody's anchor.
                pass
        await message.ack()
        left -= 1
        came.set()
        if left <= 0:
            ended.set()

    try:
        async with broker.channel(confirms=False) as channel:
            # A stream wants a prefetch and acknowledgements.
            await channel.set_qos(prefetch_count=PREFETCH)
            stream = await channel.declare_queue(broker.names.stream, passive=True)
            left = stream.declaration_result.message_count or 0
            if left == 0:
                return {}
            tag = await stream.consume(take, arguments={"x-stream-offset": "first"})
            while not ended.is_set():
                came.clear()
                await asyncio.wait_for(came.wait(), SILENT_SECONDS)
            await stream.cancel(tag)
    except TRANSPORT_FAULTS as error:
        raise PublishTrouble(f"events.log cannot be read to its end: {type(error).__name__}") from error
    return dict(found)
