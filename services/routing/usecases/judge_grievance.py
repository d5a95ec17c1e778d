"""JudgeGrievance 研判 (S47, S48): a dispatcher says whether it is reasonable and truthful, and what it is; it goes to its department."""

from __future__ import annotations

from dataclasses import asdict, replace

from services.routing.domain.case import Case
from services.routing.domain.judging import Judgement, judged, sent_by_catalogue, sent_to
from services.routing.domain.returns import fitting
from services.routing.usecases.parties import author, check, check_visible, roles_of
from services.routing.usecases.ports import Handling
from services.routing.usecases.words import REASON_LENGTH, check_words, kept
from shared.commands import request_of
from shared.identity.errors import Refusal
from shared.identity.viewer import Viewer
from shared.writer import Decision


async def judge(
    parts: Handling, viewer: Viewer, request_id: str, grievance: str, said: Judgement, department: str | None, origin: str
) -> None:
    """`department`: by hand, in place of the catalogue's choice. Raises Refusal (no rights, no words, no such category, illegal move, no
    department for it) or NoSuchRecord."""
    viewer.require(*roles_of("JUDGE"))
    check_words(said.reason, "reason", REASON_LENGTH)
    payload = {"grievance": grievance, **asdict(said), "department": department}
    if said.category is not None:
        said = replace(said, category=_path(parts, said.category))
    known, catalogue = await parts.departments(), await parts.catalogue()
    request = request_of(parts.reference_key, viewer, request_id, "JudgeGrievance", payload, origin)

    def decide(case: Case) -> Decision:
        check(parts, viewer, "JUDGE", case)
        at, by = parts.now(), author(viewer, "JUDGE", case)
        words = kept(parts.reference_key, grievance, case, said.reason)
        accepted, events = judged(case, replace(said, reason=words), by, at)
        if department is not None:
            to = fitting(case, department, known)
            sent, more = sent_to(accepted, to, catalogue.version, words, by, parts.reckoning(), at)
        else:
            sent, more = sent_by_catalogue(accepted, catalogue, known, parts.reckoning(), at)
        return Decision(sent, events + more, {"id": grievance})

    await parts.writer.command(grievance, request, decide, lambda case: check_visible(parts, viewer, case))


def _path(parts: Handling, category: str) -> str:
    """In full; raises Refusal."""
    path = parts.category_of(category)
    if path is None:
        raise Refusal(
            "CATEGORY_UNKNOWN", "没有该类别，或有多个同名类别：请写明完整路径。", "No one category is called so: give its path.", "category"
        )
    return path
