"""更正 (个人信息保护法 art. 46): what was taken down wrongly of a petitioner is put right; what they said stays as they said it. Pure."""

from __future__ import annotations

from datetime import datetime

from services.intake.domain.completing import ENDED, SURVEYING, Kept, without_name
from services.intake.domain.erasure import erased
from services.intake.domain.grievance import Grievance
from shared.contracts.base import Contract
from shared.contracts.intake import Owner, PetitionerCorrectedV1
from shared.identity.errors import Refusal


def refuse(grievance: Grievance, *, name: bool, phone: bool, openid: bool, place: bool, by_their_team: bool) -> Refusal | None:
    """Why it may not be corrected, with the field at fault. `by_their_team`: neither by themselves nor by a data officer."""
    if grievance.erasure is not None:
        return erased()
    if not (name or phone or openid or place):
        return Refusal("NOTHING_TO_CORRECT", "没有需要更正的内容。", "There is nothing to correct.")
    if name and grievance.anonymous:
        return Refusal("ANONYMOUS", "匿名诉求不登记姓名。", "An anonymous petitioner stays unnamed.", "name")
    answering = grievance.progress is not None and grievance.progress.status in SURVEYING | ENDED
    # From then on whoever is reached by them is asked whether they are satisfied: a team may not choose who that is.
    if (phone or openid) and by_their_team and answering:
        zh, en = "该诉求已经反馈，联系方式须由数据保护专员更正。", "It was fed back; a data officer corrects phone and openid."
        return Refusal("ALREADY_FED_BACK", zh, en, "phone" if phone else "openid")
    return None


def correct(grievance: Grievance, kept: Kept, name: str | None, by: Owner, at: datetime) -> tuple[Grievance, list[Contract]]:
    corrected = grievance.model_copy(
        update={
            "person": kept.person,
            "petitioner_ref": kept.petitioner_ref,
            "original": kept.original,
            "subject": kept.subject,
            "text": kept.text,
            **without_name(grievance, name),
        }
    )
    event = PetitionerCorrectedV1(by=by, at=at, petitionerRef=kept.petitioner_ref, subject=kept.subject, nameMarks=kept.name_marks)
    return corrected, [event]
