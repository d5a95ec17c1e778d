"""Send a service's events again from its own memory, the `events` collection: for late consumers and rebuilds.

The queue is bound before anything is read, so that no event falls between; consumers recognise what they have by sequence.
Each chosen grievance is sent from sequence 1: a consumer that knows nothing of it can begin. Anchors of the audit are nobody's but the
stream's.
"""

from __future__ import annotations

from datetime import UTC, datetime

from shared.anchors import SUBJECT
from shared.broker import DELIVERY_LIMIT, Broker, quorum
from shared.mongo import Database
from shared.records import store_errors
from shared.writer import event_of


async def republish(database: Database, broker: Broker, source: str, since: datetime, queue: str) -> tuple[int, int]:
    """Returns how many documents were chosen and how many events were sent. `since` without a zone is UTC.

    `queue` is the full name. A rebuild repeats this for every source that the consumer takes.
    """
    since = since if since.tzinfo else since.replace(tzinfo=UTC)
    await _bind(broker, source, queue)
    with store_errors():
        subjects = await database["events"].distinct("subject", {"at": {"$gte": since}})
    sent = 0
    subjects = [subject for subject in subjects if subject != SUBJECT]
    for subject in sorted(subjects):
        with store_errors():
            rows = await database["events"].find({"subject": subject}).to_list(None)
        for row in sorted(rows, key=lambda row: (row["sequence"], row["type"])):
            await broker.publish_to(queue, event_of(row))
            sent += 1
    return len(subjects), sent


async def _bind(broker: Broker, source: str, queue: str) -> None:
    async with broker.channel() as channel:
        exchange = await channel.get_exchange(broker.names.exchange, ensure=False)
        declared = await channel.declare_queue(queue, durable=True, arguments=quorum(DELIVERY_LIMIT))
        # Orders to 12345 count in intake's sequence: who took them not would wait for ever.
        for aggregate in ("grievance", "reference", "hotline_order"):
            await declared.bind(exchange, f"{source}.{aggregate}.#")
