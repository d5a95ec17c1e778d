"""协办: other departments contribute a part each; the lead (主办) reports after them, and alone answers to the petitioner. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from services.routing.domain.case import Case, order_of
from services.routing.domain.lifecycle import Action
from services.routing.domain.part import Part, contributing
from services.routing.domain.targets import HOTLINE
from shared.contracts.base import Contract
from shared.contracts.intake import DepartmentRow, Owner
from shared.contracts.routing import GrievanceMovedV1
from shared.identity.errors import Refusal

REPORTS: tuple[Action, ...] = ("REPORT_RESOLUTION", "SUBMIT_FOR_APPROVAL", "SUBMIT_RESOLUTION")


def hindrance(case: Case, action: Action, department: str | None) -> Refusal | None:
    """Why somebody of this department may not do it now although the state allows it."""
    if action in REPORTS and (waits := [part.department for part in order_of(case).parts if part.open]):
        zh, en = f"协办部门尚未上报：{'、'.join(waits)}。", f"These co-handlers have not reported yet: {', '.join(waits)}."
        return Refusal("PARTS_MISSING", zh, en)
    if action == "ADD_CO_HANDLER" and case.status == "DISPATCHED" and department == order_of(case).department:
        return Refusal("NOT_ACCEPTED_YET", "请先接单。", "Accept the work order first.")
    if action == "REPORT_PART" and not any(part.open for part in order_of(case).parts if part.department == department):
        return Refusal("PART_REPORTED", "本部门的协办事项已上报。", "Your department's part is reported already.")
    if action == "RELEASE_CO_HANDLER" and not any(part.open for part in order_of(case).parts):
        return Refusal("NO_PART_OPEN", "没有待上报的协办事项。", "No co-handler has a part to report.")
    return None


def contributes(case: Case, department: str | None) -> bool:
    """Whether this department is a co-handler now."""
    return case.work_order is not None and department in contributing(case.work_order.parts)


def add_co_handler(case: Case, to: DepartmentRow, task: str, by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    """`to` is fit to have it (returns.py `fitting`). Raises Refusal where it has a part already, or reports otherwise."""
    if to.code == HOTLINE:
        zh, en = "12345平台只能主办，不能协办。", "The 12345 platform has a work order or none: it reports no part."
        raise Refusal("PLATFORM_ALONE", zh, en, "department")
    if contributes(case, to.code):
        raise Refusal("CO_HANDLER_ALREADY", "该部门已是协办部门。", "This department has a part in it already.", "department")
    part = Part(department=to.code, task=task, asked_at=at, asked_by=by)
    return _with_parts(case, "ADD_CO_HANDLER", [*order_of(case).parts, part], by, at)


def report_part(case: Case, text: str, evidence: list[str], by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    """For the lead to read: the petitioner is told what the lead reports. The owner stays."""
    report = {"report": text, "evidence": evidence, "reported_at": at, "reported_by": by}
    parts = _changed(case, lambda part: part.open and part.department == by.unit, report)
    return _with_parts(case, "REPORT_PART", parts, by, at)


def release_co_handler(case: Case, department: str, reason: str, by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    """The lead waits for it no more, and it sees the case no more. Raises Refusal where it has no part to report."""
    if not any(part.open and part.department == department for part in order_of(case).parts):
        raise Refusal("PART_UNKNOWN", "该部门没有待上报的协办事项。", "This department has no part to report.", "department")
    release = {"release_reason": reason, "released_at": at, "released_by": by}
    parts = _changed(case, lambda part: part.open and part.department == department, release)
    return _with_parts(case, "RELEASE_CO_HANDLER", parts, by, at)


def _changed(case: Case, which: Callable[[Part], bool], change: dict[str, object]) -> list[Part]:
    return [part.model_copy(update=change) if which(part) else part for part in order_of(case).parts]


def _with_parts(case: Case, action: Action, parts: list[Part], by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    order = order_of(case).model_copy(update={"parts": parts})
    after = case.moved(action, at, by).with_order(order)
    return after, [GrievanceMovedV1(action=action, by=by, progress=after.progress(at))]
