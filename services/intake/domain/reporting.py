"""上传 (S51, S23): the grievance learns that it was handed up. Pure."""

from __future__ import annotations

from services.intake.domain.grievance import Grievance
from services.intake.domain.records import ReportedUp
from services.intake.domain.summaries import DaySummary, Item
from shared.contracts.base import Contract
from shared.contracts.intake import GrievanceReportedUpV1
from shared.erasure import blanked


def report_up(grievance: Grievance, summary: DaySummary, item: Item) -> tuple[Grievance, list[Contract]] | None:
    """None where it is known already, or the item was not handed up."""
    if grievance.reported_up is not None or item.to is None or item.handed_up_at is None:
        return None
    remark = item.remark if grievance.erasure is None else blanked(item.remark)
    reported = ReportedUp(to=item.to, by=summary.by, at=item.handed_up_at, summary=summary.id, remark=remark)
    event = GrievanceReportedUpV1(to=item.to, by=summary.by, at=item.handed_up_at, summary=summary.id, remark=remark)
    return grievance.model_copy(update={"reported_up": reported}), [event]
