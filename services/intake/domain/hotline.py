"""转12345: the orders of a grievance that were issued to the 12345 platform, and what it reported on each (S50, S26). Pure."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal, Self

from pydantic import BaseModel, ConfigDict

from shared.contracts.base import Contract
from shared.contracts.intake import HotlineKind, HotlineOrderIssuedV1, HotlineReportedV1
from shared.contracts.routing import HandoffRequestedV1
from shared.erasure import blanked

if TYPE_CHECKING:
    from services.intake.domain.grievance import Grievance

# Of one order: a platform that reports without end fills no document of ours.
MAX_REPORTS = 20


class HotlineReport(BaseModel):
    """`text` is redacted. `at`: the platform's own time; whether it moved the case is routing's to say."""

    model_config = ConfigDict(frozen=True)

    id: str
    kind: HotlineKind
    at: datetime
    text: str | None


class HotlineOrder(BaseModel):
    """`id`: `<number>/<n>`. `state`: what was reported last."""

    model_config = ConfigDict(frozen=True)

    id: str
    issued_at: datetime
    state: Literal["ISSUED", "TAKEN", "RESOLVED", "RETURNED"] = "ISSUED"
    reports: list[HotlineReport] = []

    def without_words(self) -> Self:
        reports = [report.model_copy(update={"text": blanked(report.text)}) for report in self.reports]
        return self.model_copy(update={"reports": reports})


def issue(grievance: Grievance, asked: HandoffRequestedV1, division_name: str | None) -> tuple[Grievance, list[Contract]]:
    """The order with the words as they are here now: redacted, and none of somebody who was erased."""
    if any(order.id == asked.orderId for order in grievance.hotline_orders):
        return grievance, []
    order = HotlineOrder(id=asked.orderId, issued_at=asked.progress.at)
    issued = HotlineOrderIssuedV1(
        orderId=order.id,
        occasion=asked.occasion,
        number=grievance.number,
        kind=grievance.kind,
        channel=grievance.channel,
        category=asked.category,
        grade=asked.grade,
        urgent=grievance.urgent,
        subject=grievance.subject,
        text=grievance.text,
        division=grievance.division,
        divisionName=division_name,
        occurredAt=grievance.occurred_at,
        registeredAt=grievance.registered_at,
        issuedAt=order.issued_at,
        dueAt=asked.dueAt,
        attachments=grievance.attachments,
    )
    return grievance.model_copy(update={"hotline_orders": [*grievance.hotline_orders, order]}), [issued]


def order_of(grievance: Grievance, id: str) -> HotlineOrder | None:
    return next((order for order in grievance.hotline_orders if order.id == id), None)


def is_known(grievance: Grievance, report: str) -> bool:
    return any(held.id == report for order in grievance.hotline_orders for held in order.reports)


def take_report(grievance: Grievance, order_id: str, report: HotlineReport) -> tuple[Grievance, list[Contract]]:
    """It stays here whatever it means for the case. The caller knows that the order is there."""
    orders = [
        order.model_copy(update={"state": report.kind, "reports": [*order.reports, report]}) if order.id == order_id else order
        for order in grievance.hotline_orders
    ]
    told = HotlineReportedV1(orderId=order_id, reportId=report.id, kind=report.kind, text=report.text, at=report.at)
    return grievance.model_copy(update={"hotline_orders": orders}), [told]
