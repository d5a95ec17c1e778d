"""What an erasure leaves of a grievance: that it was told, where, of which kind, who answered for it and when: all that counts. Pure."""

from __future__ import annotations

from datetime import datetime

from services.intake.domain.erasure import Erasure, erased
from services.intake.domain.grievance import Grievance
from services.intake.domain.summaries import DaySummary
from shared.contracts.base import Contract
from shared.contracts.intake import PersonalDataErasedV1
from shared.erasure import ERASED, blanked


def ask(grievance: Grievance, erasure: Erasure) -> Grievance:
    """From here on nobody completes, corrects, tells or reveals. Raises Refusal where it was asked before."""
    if grievance.erasure is not None:
        raise erased()
    return grievance.model_copy(update={"erasure": erasure})


def nobodys_ref(id: str) -> str:
    """In place of the petitioner's reference: no viewer holds it, and no two grievances share it."""
    return f"erased:{id}"


def erase(grievance: Grievance, id: str, erasure: Erasure, at: datetime) -> tuple[Grievance, list[Contract]]:
    """Without the petitioner's words and without texts written for or about them. Done before, it changes nothing."""
    if grievance.erased_at is not None:
        return grievance, []
    progress, reported = grievance.progress, grievance.reported_up
    after = grievance.model_copy(
        update={
            "subject": ERASED,
            "text": ERASED,
            "original": None,
            "on_spot_answer": blanked(grievance.on_spot_answer),
            "petitioner_ref": nobodys_ref(id),
            "own_ref": None,
            "told": [told.model_copy(update={"text": ERASED}) for told in grievance.told],
            "deliveries": [delivery.model_copy(update={"text": ERASED}) for delivery in grievance.deliveries],
            "reported_up": reported.model_copy(update={"remark": blanked(reported.remark)}) if reported else None,
            "progress": progress.model_copy(update={"publicReply": blanked(progress.publicReply)}) if progress else None,
            "hotline_orders": [order.without_words() for order in grievance.hotline_orders],
            # Who asked to look stands in the audit; nobody waits for a look that shows nothing.
            "reveals": [],
            "erasure": grievance.erasure or erasure,
            "erased_at": at,
        }
    )
    return after, [PersonalDataErasedV1(at=at, reason=erasure.reason, petitionerRef=after.petitioner_ref)]


def without_remark(summary: DaySummary, grievance: str) -> tuple[DaySummary, list[Contract]] | None:
    """What the secretary noted of this one item. None where nothing is to be changed."""
    items = [item.model_copy(update={"remark": blanked(item.remark)}) if item.grievance == grievance else item for item in summary.items]
    return (summary.model_copy(update={"items": items}), []) if items != summary.items else None
