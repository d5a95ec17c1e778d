"""现场核实 (S21): a report of work done waits until the community's secretary, or a dispatcher, has looked at it. Pure.

The petitioner hears of nothing that waits. The day on which the result is due stays: what is sent back was not done in time unless it is
reported anew in time. A report that is released was made when it was made, however long it waited.
"""

from __future__ import annotations

from datetime import datetime

from services.routing.domain.case import Case, order_of
from services.routing.domain.lifecycle import Action
from services.routing.domain.supervision import replied_by_result
from services.routing.domain.waits import Report, Verification
from shared.contracts.base import Contract
from shared.contracts.intake import Owner
from shared.contracts.routing import GrievanceMovedV1, GrievanceResolvedV1
from shared.identity.errors import Refusal

ANSWERS: tuple[Action, ...] = ("CONFIRM_ON_SITE", "DENY_ON_SITE", "REJECT_RESOLUTION", "RELEASE_RESOLUTION")


def hindrance(case: Case, action: Action, by: str) -> Refusal | None:
    """Why this person may not do it now although the state allows it."""
    report = waiting(case)
    if action == "ASK_VERIFICATION" and asked(case) is not None:
        return Refusal("VERIFICATION_ASKED", "本轮办理已要求现场核实。", "A verification was asked in this round already.")
    if action == "REPORT_RESOLUTION" and asked(case) is not None:
        return Refusal(
            "VERIFICATION_FIRST", "办结须先经核实，请提交核实。", "It is verified before the petitioner is told: submit the report."
        )
    if action == "SUBMIT_RESOLUTION" and asked(case) is None:
        return Refusal("NO_VERIFICATION_ASKED", "未要求核实，可直接上报办结。", "No verification was asked: it is reported as it is.")
    if action in ("SUBMIT_FOR_APPROVAL", "SUBMIT_RESOLUTION", "SUSPEND", "REASSIGN", "ADD_CO_HANDLER") and report is not None:
        return Refusal("REPORT_WAITING", "上报的办结正待核实。", "A report is waiting to be looked at.")
    if action in ANSWERS:
        if report is None:
            return Refusal("NO_REPORT_WAITING", "没有待核实的办结。", "No report is waiting to be looked at.")
        if report.by.staffId == by:
            return Refusal("OWN_REPORT", "办结由他人核实。", "Somebody else looks at one's own report.")
    return None


def asked(case: Case) -> Verification | None:
    """The one of this round, which holds whatever department reports in it."""
    round = case.work_order.round if case.work_order else None
    return next((each for each in case.verifications if each.round == round), None)


def waiting(case: Case) -> Report | None:
    """The report that waits for somebody to look."""
    found = asked(case)
    if case.status != "HANDLING" or found is None or not found.reports:
        return None
    return found.reports[-1] if found.reports[-1].released is None else None


def reporting(case: Case) -> Action:
    """What a report of the department's comes to now, once nobody has to approve it."""
    return "SUBMIT_RESOLUTION" if asked(case) is not None else "REPORT_RESOLUTION"


def ask_verification(case: Case, what: str, by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    made = Verification(round=order_of(case).round, at=at, by=by, what=what)
    return _moved(case.with_(verifications=[*case.verifications, made]), "ASK_VERIFICATION", by, at)


def submit_resolution(case: Case, text: str, evidence: list[str], by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    """It is reported, and waits."""
    held = asked(case)
    assert held is not None, "nothing is submitted that is not to be looked at (hindrance)"
    reports = [*held.reports, Report(at=at, by=by, text=text, evidence=evidence)]
    return _moved(_with_reports(case, reports), "SUBMIT_RESOLUTION", by, at)


def send_back(case: Case, action: Action, remark: str, photos: list[str], by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    """The department goes on, and its next report is looked at too."""
    return _moved(_answered(case, False, remark, photos, by, at), action, by, at)


def release(
    case: Case, action: Action, text: str, remark: str | None, photos: list[str], by: Owner, at: datetime
) -> tuple[Case, list[Contract]]:
    """已办, as the department reported it. `text`: its words, as they may be told today."""
    report = waiting(case)
    assert report is not None, "nothing is released that does not wait (hindrance)"
    evidence = list(dict.fromkeys([*report.evidence, *photos]))
    order = order_of(case).model_copy(update={"resolved_at": report.at, "resolution": text, "evidence": evidence})
    answered = replied_by_result(_answered(case, True, remark, photos, by, at), text, report.by, at).moved(action, at, by)
    resolved = answered.with_(work_order=order).nothing_due(by, at)
    event = GrievanceResolvedV1(
        department=order.department,
        text=text,
        evidence=evidence,
        round=order.round,
        by=report.by,
        releasedBy=by,
        progress=resolved.progress(at),
    )
    return resolved, [event]


def superseded(case: Case, by: Owner, at: datetime) -> Case:
    """Nobody has to look at what was reported any more; as it is where nothing waits."""
    return case if waiting(case) is None else _answered(case, False, None, [], by, at)


def _moved(case: Case, action: Action, by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    after = case.moved(action, at, by)
    return after, [GrievanceMovedV1(action=action, by=by, progress=after.progress(at))]


def _answered(case: Case, released: bool, remark: str | None, photos: list[str], by: Owner, at: datetime) -> Case:
    held = asked(case)
    assert held is not None, "nothing is answered that was not asked (hindrance)"
    return _with_reports(case, [*held.reports[:-1], held.reports[-1].answered(released, remark, photos, by, at)])


def _with_reports(case: Case, reports: list[Report]) -> Case:
    held = asked(case)
    changed = [each.model_copy(update={"reports": reports}) if each is held else each for each in case.verifications]
    return case.with_(verifications=changed)
