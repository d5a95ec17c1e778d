"""UrgeGrievance 催办: the petitioner, the team that heard it, dispatchers and supervisors urge whoever has it in hand, who answers.
UrgeByMeeting 会议催办: a meeting does, of many at once (bulkAct)."""

from __future__ import annotations

from services.routing.domain.case import PETITIONER, Case
from services.routing.domain.urging import answer_urges, meeting_refused, urge, urge_by_meeting
from services.routing.domain.waits import Meeting
from services.routing.usecases.parties import author, check, check_visible, roles_of
from services.routing.usecases.ports import Handling
from services.routing.usecases.words import REASON_LENGTH, check_words, kept
from shared.commands import request_of
from shared.identity.access import is_petitioner
from shared.identity.viewer import Viewer
from shared.writer import Decision


async def urge_handling(parts: Handling, viewer: Viewer, request_id: str, grievance: str, words: str | None, origin: str) -> None:
    """Raises Refusal (not theirs, illegal move, urged less than a day ago) or NoSuchRecord."""
    viewer.require(*roles_of("URGE"))
    if words is not None:
        check_words(words, "words", REASON_LENGTH)
    request = request_of(parts.reference_key, viewer, request_id, "UrgeGrievance", {"grievance": grievance, "words": words}, origin)

    def decide(case: Case) -> Decision:
        check(parts, viewer, "URGE", case)
        said = kept(parts.reference_key, grievance, case, words) if words is not None else None
        by = PETITIONER if is_petitioner(viewer, parts.access_of(case)) else author(viewer, "URGE", case)
        urged, events = urge(case, said, by, parts.now())
        return Decision(urged, events, {"id": grievance})

    await parts.writer.command(grievance, request, decide, lambda case: check_visible(parts, viewer, case))


async def urge_of_meeting(
    parts: Handling, viewer: Viewer, request_id: str, grievance: str, meeting: Meeting, words: str, origin: str
) -> None:
    """Raises Refusal (not theirs, no words, illegal move, not held yet, urged by it before) or NoSuchRecord."""
    viewer.require(*roles_of("URGE_BY_MEETING"))
    check_words(words, "reason", REASON_LENGTH)
    payload = {"grievance": grievance, "meeting": meeting.model_dump(), "words": words}
    request = request_of(parts.reference_key, viewer, request_id, "UrgeByMeeting", payload, origin)

    def decide(case: Case) -> Decision:
        check(parts, viewer, "URGE_BY_MEETING", case)
        held = meeting.model_copy(update={"name": kept(parts.reference_key, grievance, case, meeting.name)})
        if refusal := meeting_refused(case, held, parts.now()):
            raise refusal
        said, by = kept(parts.reference_key, grievance, case, words), author(viewer, "URGE_BY_MEETING", case)
        urged, events = urge_by_meeting(case, held, said, by, parts.now())
        return Decision(urged, events, {"id": grievance})

    await parts.writer.command(grievance, request, decide, lambda case: check_visible(parts, viewer, case))


async def answer_who_urges(parts: Handling, viewer: Viewer, request_id: str, grievance: str, answer: str, origin: str) -> None:
    """Raises Refusal (not theirs, illegal move, nobody waits) or NoSuchRecord."""
    viewer.require(*roles_of("ANSWER_URGE"))
    check_words(answer, "answer", REASON_LENGTH)
    request = request_of(parts.reference_key, viewer, request_id, "AnswerUrges", {"grievance": grievance, "answer": answer}, origin)

    def decide(case: Case) -> Decision:
        check(parts, viewer, "ANSWER_URGE", case)
        said, by = kept(parts.reference_key, grievance, case, answer), author(viewer, "ANSWER_URGE", case)
        answered, events = answer_urges(case, said, by, parts.now())
        return Decision(answered, events, {"id": grievance})

    await parts.writer.command(grievance, request, decide, lambda case: check_visible(parts, viewer, case))
