"""办理: from the department that takes it to the end, and how it ends otherwise. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.routing.domain.case import PETITIONER, SYSTEM, Case, order_of, round_of
from services.routing.domain.dispatching import by_limits, handed_off
from services.routing.domain.reckoning import Reckoning
from services.routing.domain.supervision import replied_by_result
from services.routing.domain.work_order import Declined
from shared.contracts.base import Contract
from shared.contracts.feedback import FedBackV1, SurveyAnsweredV1, SurveyExpiredV1
from shared.contracts.intake import Owner
from shared.contracts.routing import (
    GrievanceDeclinedV1,
    GrievanceMovedV1,
    GrievanceResolvedV1,
    WorkOrderAcceptedV1,
)

# 重办 at most so often; then the case is closed and supervision takes it up (domain.md, callback and survey).
MAX_REWORKS = 2


def accept_work_order(case: Case, by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    """Somebody of the department takes it and owns it from now on."""
    accepted = case.moved("ACCEPT_WORK_ORDER", at, by)
    order = order_of(accepted).model_copy(update={"accepted_at": at})
    handlers = sorted({*accepted.handlers, by.staffId})
    accepted = accepted.with_(work_order=order, owner=by, handlers=handlers).responded(by, at)
    return accepted, [WorkOrderAcceptedV1(department=order.department, by=by, progress=accepted.progress(at))]


def report_resolution(
    case: Case, text: str, evidence: list[str], by: Owner, at: datetime, approved_by: Owner | None = None
) -> tuple[Case, list[Contract]]:
    """已办: the words for the petitioner and the evidence. Nothing is due any more. What its head approved changes no owner: since it was
    drafted the work order may have been handed over."""
    order = order_of(case).model_copy(update={"resolved_at": at, "resolution": text, "evidence": evidence})
    resolved = replied_by_result(case, text, by, at).moved("REPORT_RESOLUTION", at, by)
    resolved = resolved.with_(work_order=order, owner=case.owner if approved_by else by).nothing_due(by, at)
    event = GrievanceResolvedV1(
        department=order.department,
        text=text,
        evidence=evidence,
        round=order.round,
        by=by,
        releasedBy=approved_by,
        progress=resolved.progress(at),
    )
    return resolved, [event]


def decline(case: Case, reason: str, route: str, by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    """不予受理: nobody handles it, nothing is due; the petitioner is told why and where it belongs."""
    told = Declined(at=at, by=by, reason=reason, route=route)
    ended = case.moved("DECLINE", at, by).with_(declined=told, owner=by, closed_at=at).responded(by, at).nothing_due(by, at)
    return ended, [GrievanceDeclinedV1(reason=reason, route=route, round=round_of(ended), by=by, progress=ended.progress(at))]


def withdraw(case: Case, reason: str | None, at: datetime) -> tuple[Case, list[Contract]]:
    """撤诉: the petitioner asks no more. Nothing is due, nobody is asked whether they are satisfied."""
    withdrawn = case.moved("WITHDRAW", at, PETITIONER).with_(closed_at=at, withdrawn_for=reason)
    withdrawn = withdrawn.responded(PETITIONER, at).nothing_due(PETITIONER, at)
    withdrawn = withdrawn.with_(suspensions=[each.ended(PETITIONER, at) for each in case.suspensions])
    return withdrawn, [GrievanceMovedV1(action="WITHDRAW", by=PETITIONER, progress=withdrawn.progress(at))]


def fed_back(case: Case, event: FedBackV1) -> tuple[Case, list[Contract]]:
    """反馈: the reply arrived."""
    moved = case.moved("CONFIRM_FED_BACK", event.at, SYSTEM)
    return moved, [GrievanceMovedV1(action="CONFIRM_FED_BACK", by=SYSTEM, progress=moved.progress(event.at))]


def surveyed(case: Case, event: SurveyAnsweredV1, reckoning: Reckoning) -> tuple[Case, list[Contract]]:
    """回访: satisfied closes; not satisfied with a reason leads to rework, at most MAX_REWORKS times, then to supervision. The answer may
    be changed for a while."""
    if event.change and case.status != "FED_BACK":
        return _thought_better(case, event, reckoning)
    case = case.moved("RECORD_SURVEY", event.at, SYSTEM)
    if event.reworkAsked and case.reworks < MAX_REWORKS:
        return _rework(case, "ASK_REWORK", reckoning, event.at)
    closed = case.moved("CLOSE", event.at, SYSTEM).with_(closed_at=event.at, needs_supervision=event.reworkAsked)
    return closed, [GrievanceMovedV1(action="CLOSE", by=SYSTEM, progress=closed.progress(event.at))]


def _thought_better(case: Case, event: SurveyAnsweredV1, reckoning: Reckoning) -> tuple[Case, list[Contract]]:
    """What the first answer closed is handled again where the last one asks for it. What the first one has begun goes on: whoever has to
    handle it again, or to look into it, does; an answer that was pressed out of somebody ends nothing."""
    if case.status != "CLOSED" or event.round != round_of(case) or not event.reworkAsked:
        return case, []
    if case.reworks >= MAX_REWORKS:
        return case.with_(needs_supervision=True), []
    return _rework(case.with_(closed_at=None), "REOPEN", reckoning, event.at)


def survey_expired(case: Case, event: SurveyExpiredV1) -> tuple[Case, list[Contract]]:
    """Nobody answered in time: it is closed as it was fed back."""
    if case.status != "FED_BACK" or event.round != round_of(case):
        return case, []
    closed = case.moved("CLOSE_UNANSWERED", event.at, SYSTEM).with_(closed_at=event.at)
    return closed, [GrievanceMovedV1(action="CLOSE_UNANSWERED", by=SYSTEM, progress=closed.progress(event.at))]


def _rework(case: Case, action: Literal["ASK_REWORK", "REOPEN"], reckoning: Reckoning, at: datetime) -> tuple[Case, list[Contract]]:
    if case.work_order is None:
        return _appraised_again(case, action, at)
    order = order_of(case)
    # As long as it had before, by whatever rule; a case that was kept before its ledger was has the limit of today.
    result, was = case.deadlines.result, case.deadlines.result.started
    if was is not None and (was.days or was.minutes):
        start = was.model_copy(update={"at": at, "by": SYSTEM, "round": order.round + 1, "department": order.department})
    else:
        start = by_limits(case, order.department, order.round + 1, reckoning, at)
    parts = [part.reopened() for part in order.parts]
    again = order.model_copy(update={"round": order.round + 1, "resolved_at": None, "resolution": None, "evidence": [], "parts": parts})
    reworked = (
        case.moved(action, at, SYSTEM)
        .moved("RESUME_HANDLING", at, SYSTEM)
        .with_(work_order=again, reworks=case.reworks + 1)
        .with_deadline(result=result.begun(start, reckoning))
    )
    moved: list[Contract] = [GrievanceMovedV1(action=action, by=SYSTEM, progress=reworked.progress(at))]
    if order.handoff is None:
        return reworked, moved
    asked, handoff = handed_off(reworked, "REWORK", SYSTEM, at)
    return asked, moved + handoff


def _appraised_again(case: Case, action: Literal["ASK_REWORK", "REOPEN"], at: datetime) -> tuple[Case, list[Contract]]:
    """What was answered without a department goes to people, who judge it, answer it otherwise or say where it belongs. The answer is that
    of the round before, as a department's would be."""
    reworked = case.moved(action, at, SYSTEM).moved("RESUME_APPRAISAL", at, SYSTEM)
    reworked = reworked.with_(reworks=case.reworks + 1, appraisal=case.appraisal.with_(answered=None))
    return reworked, [GrievanceMovedV1(action=action, by=SYSTEM, progress=reworked.progress(at))]
