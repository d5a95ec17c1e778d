"""VerifyOnSite 现场核实, RejectResolution 驳回办结 and ReleaseResolution 准予办结: what becomes of a report that waits."""

from __future__ import annotations

from typing import Any

from services.routing.domain.case import Case
from services.routing.domain.lifecycle import Action
from services.routing.domain.verification import release, send_back, waiting
from services.routing.usecases.parties import author, check, check_visible, roles_of
from services.routing.usecases.ports import Handling
from services.routing.usecases.words import REASON_LENGTH, check_evidence, check_words, kept
from shared.commands import request_of
from shared.identity.viewer import Viewer
from shared.writer import Decision


async def verify_on_site(
    parts: Handling,
    viewer: Viewer,
    request_id: str,
    grievance: str,
    confirmed: bool,
    remark: str | None,
    evidence: list[str],
    origin: str,
) -> None:
    """The community's secretary was there; what they do not find needs a remark. Raises Refusal (no rights, no words, illegal move, no
    report waits, own report) or NoSuchRecord."""
    action: Action = "CONFIRM_ON_SITE" if confirmed else "DENY_ON_SITE"
    viewer.require(*roles_of(action))
    if remark is not None or not confirmed:
        check_words(remark or "", "remark", REASON_LENGTH)
    check_evidence(evidence)
    payload = {"grievance": grievance, "confirmed": confirmed, "remark": remark, "evidence": evidence}
    await _answer(parts, viewer, request_id, grievance, action, ("VerifyOnSite", payload), remark, evidence, origin)


async def reject_resolution(parts: Handling, viewer: Viewer, request_id: str, grievance: str, reason: str, origin: str) -> None:
    """The department is to do more. Raises Refusal (no rights, no words, illegal move, no report waits, own report) or NoSuchRecord."""
    viewer.require(*roles_of("REJECT_RESOLUTION"))
    check_words(reason, "reason", REASON_LENGTH)
    told = ("RejectResolution", {"grievance": grievance, "reason": reason})
    await _answer(parts, viewer, request_id, grievance, "REJECT_RESOLUTION", told, reason, [], origin)


async def release_resolution(parts: Handling, viewer: Viewer, request_id: str, grievance: str, reason: str, origin: str) -> None:
    """It goes out without the community's secretary. Raises Refusal (no rights, no words, illegal move, no report waits, own report) or
    NoSuchRecord."""
    viewer.require(*roles_of("RELEASE_RESOLUTION"))
    check_words(reason, "reason", REASON_LENGTH)
    told = ("ReleaseResolution", {"grievance": grievance, "reason": reason})
    await _answer(parts, viewer, request_id, grievance, "RELEASE_RESOLUTION", told, reason, [], origin)


async def _answer(
    parts: Handling,
    viewer: Viewer,
    request_id: str,
    grievance: str,
    action: Action,
    told: tuple[str, dict[str, Any]],
    remark: str | None,
    photos: list[str],
    origin: str,
) -> None:
    request = request_of(parts.reference_key, viewer, request_id, *told, origin)

    def decide(case: Case) -> Decision:
        check(parts, viewer, action, case)
        by, now = author(viewer, action, case), parts.now()
        words = kept(parts.reference_key, grievance, case, remark) if remark is not None else None
        report = waiting(case)
        assert report is not None, "nothing is answered that does not wait (hindrance)"
        if action in ("CONFIRM_ON_SITE", "RELEASE_RESOLUTION"):
            # By what the petitioner is called may have been learnt while it waited.
            text = kept(parts.reference_key, grievance, case, report.text)
            answered, events = release(case, action, text, words, photos, by, now)
        else:
            answered, events = send_back(case, action, words or "", photos, by, now)
        return Decision(answered, events, {"id": grievance})

    await parts.writer.command(grievance, request, decide, lambda case: check_visible(parts, viewer, case))
