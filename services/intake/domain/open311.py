"""What Open311 (GeoReport v2) tells anybody of a grievance that came by it: how it stands, and the reply. Pure.

Numbers may be tried one after another. So it tells nothing that the petitioner said; and who asked not to be known is not there, nor who
accuses a department, which would find it here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from services.intake.domain.channels import OPEN311
from services.intake.domain.completing import ENDED
from services.intake.domain.delivery import Delivery
from services.intake.domain.grievance import Grievance
from services.intake.domain.telling import REPLY
from shared.contracts.intake import Kind

SERVICES: Final[dict[Kind, str]] = {
    "CONSULTATION": "咨询 Consultation",
    "HELP": "求助 Help",
    "COMPLAINT": "投诉 Complaint",
    "REPORT": "举报 Report",
    "SUGGESTION": "建议 Suggestion",
}


@dataclass(frozen=True)
class ServiceRequest:
    """The standard's names. `status_notes` is the reply."""

    service_request_id: str
    status: Literal["open", "closed"]
    status_notes: str | None
    service_name: str
    requested_datetime: datetime
    updated_datetime: datetime


def is_public(grievance: Grievance) -> bool:
    hidden = grievance.confidential or grievance.accused_departments or grievance.erasure is not None
    return grievance.channel == OPEN311 and not hidden


def mailed(grievance: Grievance) -> Delivery | None:
    """The latest reply that was delivered to the mailbox. What is reported meanwhile, in another round, has not been said yet."""
    replies = [held for held in grievance.deliveries if (held.purpose, held.state, held.channel) == (REPLY, "SENT", OPEN311)]
    return replies[-1] if replies else None


def service_request(grievance: Grievance, reply: Delivery | None) -> ServiceRequest:
    """`reply`: what stands in the mailbox. It is told by its own text: the notice's has the link to the petitioner's survey."""
    progress, posted = grievance.progress, reply.last(OPEN311) if reply is not None else None
    moved = [progress.at if progress is not None else None, posted.at if posted is not None else None]
    return ServiceRequest(
        service_request_id=grievance.number,
        status="closed" if progress is not None and progress.status in ENDED else "open",
        status_notes=reply.text if reply is not None else None,
        service_name=SERVICES[grievance.kind],
        requested_datetime=grievance.registered_at,
        updated_datetime=max([grievance.registered_at, *(at for at in moved if at is not None)]),
    )
