"""补录 (S45, S51): a remark is taken down in seconds, and the rest is added later: what was not told yet, and nothing else. Pure.

What is there already stays: nobody becomes the petitioner of what another told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.intake.domain.erasure import erased
from services.intake.domain.grievance import Grievance, PetitionerKind, Sealed
from shared.contracts.base import Contract
from shared.contracts.intake import GrievanceCompletedV1, Owner
from shared.identity.errors import Refusal
from shared.redaction import redact

MAX_ATTACHMENTS = 20
BEGINNING = 30
"""So many characters of the text are the subject where none is given."""
UNTOLD: PetitionerKind = "RESIDENT"
"""The kind where none was told."""
# From here on the survey asks the petitioner, whoever that is: nobody else becomes it.
SURVEYING = frozenset({"FED_BACK", "SURVEYED"})
ENDED = frozenset({"CLOSED", "WITHDRAWN", "NOT_ACCEPTED", "MERGED"})


@dataclass(frozen=True)
class Known:
    """What is known of the petitioner and the place, in clear, for this request alone. `named_by_sign_in`: they told it themselves."""

    name: str | None
    phone: str | None
    openid: str | None
    place: str | None
    named_by_sign_in: bool


@dataclass(frozen=True)
class Added:
    """What is told now; None and empty where nothing is."""

    name: str | None
    phone: str | None
    openid: str | None
    kind: PetitionerKind | None
    place: str | None
    subject: str | None
    attachments: Sequence[str]


@dataclass(frozen=True)
class Kept:
    """Where the petitioner is kept now, what was said, sealed anew under their key, and what of it is in the clear: redacted;
    and by which marks the others know the name."""

    person: str
    petitioner_ref: str
    original: Sealed
    subject: str
    text: str
    name_marks: list[str]


def refuse(grievance: Grievance, known: Known, added: Added) -> Refusal | None:
    """Why it may not be added, with the field at fault."""
    petitioner = bool(added.name or added.phone or added.openid)
    kind = added.kind is not None and added.kind != grievance.petitioner_kind
    if grievance.erasure is not None:
        return erased()
    if grievance.progress is not None and grievance.progress.status in ENDED:
        return Refusal("ALREADY_ENDED", "该诉求已经办结，不能再补录。", "The grievance has ended; nothing is added any more.")
    if not (petitioner or added.place or added.subject or added.attachments):
        return Refusal("NOTHING_TO_ADD", "没有需要补录的内容。", "There is nothing to add.")
    if (petitioner or kind) and grievance.progress is not None and grievance.progress.status in SURVEYING:
        return Refusal("ALREADY_FED_BACK", "该诉求已经反馈，不能再补录诉求人。", "It was fed back; its petitioner stays.", "petitioner")
    if (petitioner or kind) and grievance.anonymous:
        return Refusal("ANONYMOUS", "匿名诉求不补录身份。", "An anonymous petitioner stays unnamed.", "petitioner")
    told_again = (added.name and known.name) or (added.phone and known.phone) or (added.openid and known.openid)
    if petitioner and (known.named_by_sign_in or told_again):
        return _already("petitioner")
    if kind and (known.named_by_sign_in or known.name or known.phone or known.openid or grievance.petitioner_kind != UNTOLD):
        return _already("petitioner")
    if added.place and known.place:
        return _already("place")
    if added.subject and not only_the_beginning(grievance):
        return _already("subject")
    if not set(added.attachments).isdisjoint(grievance.attachments):
        return _already("attachments")
    if len(grievance.attachments) + len(added.attachments) > MAX_ATTACHMENTS:
        return Refusal(
            "TOO_MANY_ATTACHMENTS", f"附件不能超过{MAX_ATTACHMENTS}个。", f"More than {MAX_ATTACHMENTS} attachments.", "attachments"
        )
    return None


def only_the_beginning(grievance: Grievance) -> bool:
    """Whether nobody gave it a subject: it repeats how the words begin."""
    return grievance.text.startswith(grievance.subject.rstrip("…"))


def complete(grievance: Grievance, kept: Kept, added: Added, by: Owner, at: datetime) -> tuple[Grievance, list[Contract]]:
    attachments = [*grievance.attachments, *added.attachments]
    completed = grievance.model_copy(
        update={
            "person": kept.person,
            "petitioner_ref": kept.petitioner_ref,
            "petitioner_kind": added.kind or grievance.petitioner_kind,
            "original": kept.original,
            "subject": kept.subject,
            "text": kept.text,
            "attachments": attachments,
            **without_name(grievance, added.name),
        }
    )
    event = GrievanceCompletedV1(
        by=by, at=at, petitionerRef=kept.petitioner_ref, subject=kept.subject, attachments=attachments, nameMarks=kept.name_marks
    )
    return completed, [event]


def without_name(grievance: Grievance, name: str | None) -> dict[str, Any]:
    """What officials wrote of it before this name was known, and which may hold it: the fields, redacted."""
    names = [name] if name else []
    reported, progress = grievance.reported_up, grievance.progress

    def hidden(text: str | None) -> str | None:
        return redact(text, names).text if text is not None else None

    return {
        "on_spot_answer": hidden(grievance.on_spot_answer),
        "told": [told.model_copy(update={"text": hidden(told.text)}) for told in grievance.told],
        "reported_up": reported.model_copy(update={"remark": hidden(reported.remark)}) if reported is not None else None,
        "deliveries": [delivery.model_copy(update={"text": hidden(delivery.text)}) for delivery in grievance.deliveries],
        "reveals": [reveal.model_copy(update={"reason": hidden(reveal.reason)}) for reveal in grievance.reveals],
        "progress": progress.model_copy(update={"publicReply": hidden(progress.publicReply)}) if progress is not None else None,
    }


def subject_of(grievance: Grievance, subject: str, text: str, names: Sequence[str]) -> str:
    """The subject in clear where names have become known: `subject` is what it is to be, `text` the redacted words."""
    if subject == grievance.subject and text != grievance.text and only_the_beginning(grievance):
        # Cut what is redacted: half a name is no name to the redaction.
        return text[:BEGINNING]
    return redact(subject, names).text


def _already(field: str) -> Refusal:
    return Refusal("ALREADY_TOLD", "这一项已经登记过，不能更改。", "This was told already and is not changed.", field)
