"""The queue `hotline.in`: what the 12345 platform reports. A report that cannot be taken is parked in `.dead` with its reason, never lost.

| what happened | what is done |
| --- | --- |
| applied, repeated | ack |
| no report, no such order | parked with the field's name, then ack |
| store or broker trouble | held, backed off, tried again |
| a defect of ours | parked; `deadletters replay` brings it back to `hotline.in` |
"""

from __future__ import annotations

import uuid

from services.intake.usecases.take_hotline_report import BadReport, TakingReports, read_report, take_hotline_report
from shared import telemetry
from shared.broker import Broker, Incoming
from shared.inbox import Taker, Turns
from shared.records import StoreTrouble
from shared.relay import PublishTrouble


class HotlineDoor(Taker):
    def __init__(self, broker: Broker, service: str, parts: TakingReports, prefetch: int) -> None:
        super().__init__(broker, service, broker.names.hotline_in, prefetch)
        self._parts = parts
        self._turns = Turns()

    async def _until_done(self, message: Incoming) -> bool:
        """What is said of one order is taken as it was said, also while the store is in trouble."""
        try:
            order = read_report(message.body).orderId
        except BadReport:
            return await super()._until_done(message)
        async with self._turns.of(order):
            return await super()._until_done(message)

    async def _once(self, message: Incoming) -> str:
        telemetry.continue_trace("")
        try:
            return f"hotline report {await take_hotline_report(self._parts, message.body)}"
        except BadReport as fault:
            return await self._park(message, str(fault))
        except (StoreTrouble, PublishTrouble):
            raise
        except Exception as error:
            # It comes again by an operator's hand: unacknowledged it would hold its place until the connection ends.
            return await self._park(message, f"{type(error).__name__}：处理出错，可重发 · a defect of ours: replay it when it is mended")

    async def _park(self, message: Incoming, reason: str) -> str:
        """Without the stranger's headers: by some of them a message is taken for an event of ours."""
        id = _id_of(message.body)
        telemetry.EVENTS_FAILED.labels(self._service, "dead").inc()
        telemetry.log().error("hotline report parked", report=id, reason=reason)
        await self._broker.park(self._service, id, {}, message.body, reason, self._broker.names.hotline_in)
        return "hotline report parked"


def _id_of(body: bytes) -> str:
    """The report's own; where it has none, always the same for the same bytes."""
    try:
        return str(read_report(body).id)
    except BadReport:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, body.hex()))
