"""The Case: handling of one grievance from registration to closing. Pure: time is an argument, events are returned."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from services.routing.domain.appraisal import Appraisal
from services.routing.domain.catalogue import LIMIT_DAYS, URGENT_HOURS, Catalogue, Grade, grade_of
from services.routing.domain.lifecycle import Action, next_status
from services.routing.domain.ownership import HandOver, Owned, owners_so_far, passed_on
from services.routing.domain.part import Part, asked_by_rule, contributing
from services.routing.domain.targets import Departments
from services.routing.domain.waits import Suspension, Verification
from services.routing.domain.workdays import Due
from shared.contracts.base import Contract
from shared.contracts.feedback import FedBackV1, SurveyAnsweredV1
from shared.contracts.intake import DepartmentRow, GrievanceRegisteredV1, HandoffOccasion, Kind, Owner
from shared.contracts.routing import (
    GrievanceAppraisedV1,
    GrievanceDeclinedV1,
    GrievanceDispatchedV1,
    GrievanceMovedV1,
    GrievanceResolvedV1,
    HandoffRequestedV1,
    Progress,
    ProgressAccess,
    Status,
    WorkOrderAcceptedV1,
)
from shared.erasure import ERASED, blanked

# 重办 at most so often; then the case is closed and supervision takes it up (domain.md, callback and survey).
MAX_REWORKS = 2
# Who withdraws is known as what they are, not as whom.
PETITIONER = Owner(staffId="petitioner", role="RESIDENT", unit="")
# The rule of a work order that a dispatcher has sent.
BY_HAND = "by-hand"
SYSTEM = Owner(staffId="system", role="SYSTEM", unit="routing")

Limit = Callable[[datetime, int], Due]


class Transition(BaseModel):
    """One move in the case's history."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    action: Action
    status: Status
    by: Owner


class WorkOrder(BaseModel):
    """What a department has in hand, as the lead (主办). `round` counts from 1; each rework is a round. `rule` is the catalogue's that sent
    it there, or BY_HAND where a dispatcher did, who says in `reason` why. `receiver` (首接) is who takes it first there, by id; None while
    the department's row has not arrived. `parts`: what others contribute (协办)."""

    model_config = ConfigDict(frozen=True)

    department: str
    rule: str
    rule_version: int
    round: int
    dispatched_at: datetime
    accepted_at: datetime | None = None
    resolved_at: datetime | None = None
    resolution: str | None = None
    evidence: list[str] = []
    reason: str | None = None
    receiver: str | None = None
    parts: list[Part] = []
    handoff: str | None = None
    """The id of the order by which 12345 has it (handoff.py)."""

    def departments(self) -> list[str]:
        """Who sees it: the lead first, then those who contribute."""
        return [self.department, *contributing(self.parts)]


class Asked(BaseModel):
    """What a department asks for and somebody else decides on; `granted` is None while it waits."""

    model_config = ConfigDict(frozen=True)

    department: str
    at: datetime
    by: Owner
    reason: str
    granted: bool | None = None
    decided_at: datetime | None = None
    decided_by: Owner | None = None
    answer: str | None = None

    def decided(self, granted: bool, answer: str, by: Owner, at: datetime) -> Self:
        return self.model_copy(update={"granted": granted, "answer": answer, "decided_by": by, "decided_at": at})

    def without_words(self) -> Self:
        return self.model_copy(update={"reason": ERASED, "answer": blanked(self.answer)})


class Return(Asked):
    """退单: a department says that a work order is not its own, and a dispatcher decides. It keeps by which rule it had come."""

    rule: str
    rule_version: int
    sent_to: str | None = None


class Extension(Asked):
    """延期: a department asks for working days more, and a supervisor decides. `due` is when the result was due as it was asked."""

    round: int
    days: int
    due: datetime


class Declined(BaseModel):
    """不予受理: why, and which way is the proper one; both in words for the petitioner."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    by: Owner
    reason: str
    route: str


class Case(BaseModel):
    """The document of routing."""

    model_config = ConfigDict(frozen=True)

    number: str
    status: Status
    kind: Kind
    subject: str
    division: str
    petitioner_ref: str
    own_ref: str | None = None
    team: str | None
    accused_departments: list[str]
    confidential: bool
    departments: list[str]
    handlers: list[str]
    category: str | None
    category_by: Literal["PETITIONER", "RULE", "NONE", "DISPATCHER"]
    grade: Grade
    owner: Owner
    registered_at: datetime
    due_at: datetime | None = None
    due_provisional: bool = False
    work_order: WorkOrder | None = None
    reworks: int = 0
    handoffs: int = 0
    """How often 12345 was asked; each order's id is numbered by it."""
    needs_supervision: bool = False
    closed_at: datetime | None = None
    erased: bool = False
    """The petitioner was erased: no words of theirs, nor for them, are here or are taken up."""
    name_marks: list[str] = []
    """By which the petitioner's names are known where somebody writes them; who is corrected may still be called as before."""
    history: list[Transition] = []
    returns: list[Return] = []
    extensions: list[Extension] = []
    suspensions: list[Suspension] = []
    verifications: list[Verification] = []
    declined: Declined | None = None
    appraisal: Appraisal = Appraisal()
    withdrawn_for: str | None = None
    """撤诉: what the petitioner gave as the reason, if anything."""
    owners: list[Owned] = Field(default_factory=owners_so_far)
    """负全责: one entry for each change of `owner`, from registration on; `with_` keeps the two together."""
    hand_overs: list[HandOver] = []

    def progress(self, at: datetime) -> Progress:
        """What the other services copy."""
        return Progress(
            status=self.status,
            at=at,
            dueAt=self.due_at,
            publicReply=self.public_reply(),
            owner=self.owner,
            access=ProgressAccess(
                division=self.division,
                departments=self.departments,
                handlers=self.handlers,
                accusedDepartments=self.accused_departments,
                confidential=self.confidential,
            ),
        )

    def consulted(self) -> list[str]:
        """The compounds whose secretaries are asked now, who do not see it otherwise."""
        if self.status != "APPRAISING":
            return []
        return sorted({each.compound for each in self.appraisal.consultations if each.compound is not None})

    def public_reply(self) -> str | None:
        """What the petitioner is told at the end."""
        if self.declined is not None:
            return declined_words(self.declined.reason, self.declined.route)
        if self.appraisal.answered is not None:
            return self.appraisal.answered.text
        return self.work_order.resolution if self.work_order else None

    def moved(self, action: Action, at: datetime, by: Owner) -> Self:
        """One step in the transition table; raises IllegalMove."""
        status = next_status(self.status, action)
        step = Transition(at=at, action=action, status=status, by=by)
        return self.model_copy(update={"status": status, "history": [*self.history, step]})

    def with_(self, **changes: object) -> Self:
        """Who owns it changes with a move, which comes first."""
        owner = changes.get("owner")
        if isinstance(owner, Owner):
            at = self.history[-1].at if self.history else self.registered_at
            changes = {"owners": passed_on(self.owners, owner, at), **changes}
        return self.model_copy(update=changes)

    def with_order(self, order: WorkOrder) -> Self:
        """Who has a part in it sees it."""
        return self.with_(work_order=order, departments=order.departments())

    def told_of(self, petitioner_ref: str, subject: str, name_marks: list[str]) -> Self:
        """What intake has learnt of the petitioner since."""
        marks = list(dict.fromkeys([*self.name_marks, *name_marks]))
        return self.with_(petitioner_ref=petitioner_ref, subject=subject, name_marks=marks)


def erase_petitioner(case: Case, petitioner_ref: str) -> Case:
    """The case stays, with its course and its times; whose it was and what they said is gone."""
    order = case.work_order
    if order is not None:
        parts = [part.without_words() for part in order.parts]
        order = order.model_copy(update={"resolution": blanked(order.resolution), "reason": blanked(order.reason), "parts": parts})
    returns = [each.without_words() for each in case.returns]
    extensions = [each.without_words() for each in case.extensions]
    told = case.declined.model_copy(update={"reason": ERASED, "route": ERASED}) if case.declined else None
    case = case.with_(appraisal=case.appraisal.without_words())
    case = case.with_(work_order=order, returns=returns, extensions=extensions, declined=told, withdrawn_for=blanked(case.withdrawn_for))
    case = case.with_(hand_overs=[each.without_words() for each in case.hand_overs])
    suspensions = [each.without_words() for each in case.suspensions]
    case = case.with_(suspensions=suspensions, verifications=[each.without_words() for each in case.verifications])
    return case.with_(subject=ERASED, petitioner_ref=petitioner_ref, own_ref=None, name_marks=[], erased=True)


def open_case(event: GrievanceRegisteredV1, category: str | None, by_rule: bool) -> Case:
    """A case in REGISTERED, owned by whom intake named."""
    origin: Literal["PETITIONER", "RULE", "NONE"] = "NONE" if category is None else "RULE" if by_rule else "PETITIONER"
    return Case(
        number=event.number,
        status="REGISTERED",
        kind=event.kind,
        subject=event.subject,
        division=event.access.division,
        petitioner_ref=event.access.petitionerRef,
        own_ref=event.access.ownRef,
        team=event.access.team,
        accused_departments=event.access.accusedDepartments,
        confidential=event.access.confidential,
        departments=[],
        handlers=[],
        category=category,
        category_by=origin,
        grade=grade_of(event.kind, event.urgent),
        owner=event.owner,
        registered_at=event.registeredAt,
        name_marks=event.nameMarks,
    )


def appraise(case: Case, on_spot_answer: str | None, at: datetime) -> tuple[Case, list[Contract]]:
    """研判 by rule: what was answered on the spot needs no handling (S49), everything else is accepted (S47)."""
    appraising = case.moved("APPRAISE", at, SYSTEM)
    verdict: Literal["ACCEPTED", "ANSWERED_ON_SPOT"] = "ANSWERED_ON_SPOT" if on_spot_answer else "ACCEPTED"
    judged = appraising.moved("ANSWER_ON_SPOT" if on_spot_answer else "ACCEPT", at, SYSTEM)
    event = GrievanceAppraisedV1(
        verdict=verdict,
        category=judged.category,
        grade=judged.grade,
        rule=f"by-rule/{judged.category_by.lower()}",
        by=SYSTEM,
        onSpotAnswer=on_spot_answer,
        progress=judged.progress(at),
    )
    return judged, [event]


def dispatch(case: Case, catalogue: Catalogue, known: Departments, limit: Limit, at: datetime) -> tuple[Case, list[Contract]]:
    """转办 by the catalogue. The department's first responsible person, where known, becomes the owner (S7, S22) until somebody
    takes it, its receiver before others."""
    choice = catalogue.choose(case.category, case.division, case.kind, case.accused_departments, known)
    rule, department = choice.rule, choice.department
    due = due_of(case, limit, at, rule.days)
    order = WorkOrder(
        department=department,
        rule=rule.id,
        rule_version=catalogue.version,
        round=round_of(case),
        dispatched_at=at,
        receiver=known[department].receiver if department in known else None,
        parts=asked_by_rule(choice.co, SYSTEM, at),
    )
    dispatched = case.moved("DISPATCH", at, SYSTEM).with_(
        work_order=order,
        departments=order.departments(),
        owner=head_of(known[department]) if department in known else case.owner,
        due_at=due.at,
        due_provisional=due.provisional,
    )
    event = GrievanceDispatchedV1(
        department=department,
        rule=rule.id,
        ruleVersion=catalogue.version,
        by=SYSTEM,
        provisionalDue=due.provisional,
        progress=dispatched.progress(at),
    )
    if not choice.platform:
        return dispatched, [event]
    asked, handoff = handed_off(dispatched, "DISPATCHED", SYSTEM, at)
    return asked, [event, *handoff]


def handed_off(case: Case, occasion: HandoffOccasion, by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    """转12345 (S50): the platform is asked, each time by an order of its own. The case stays with the office that answers for it."""
    id = f"{case.number}/{case.handoffs + 1}"
    order = order_of(case).model_copy(update={"handoff": id})
    asked = case.with_(work_order=order, handoffs=case.handoffs + 1)
    event = HandoffRequestedV1(
        orderId=id,
        occasion=occasion,
        category=case.category,
        kind=case.kind,
        grade=case.grade,
        dueAt=case.due_at,
        division=case.division,
        by=by,
        progress=asked.progress(at),
    )
    return asked, [event]


def head_of(department: DepartmentRow) -> Owner:
    """Its first responsible person, who owns what nobody there has taken yet."""
    return Owner(staffId=department.head, role="DEPARTMENT_HEAD", unit=department.code)


def due_of(case: Case, limit: Limit, at: datetime, days: int | None = None) -> Due:
    """What was due already stays due then: sending it anew gives no time."""
    return due_for(case.grade, limit, at, days) if case.due_at is None else Due(case.due_at, case.due_provisional)


def due_for(grade: Grade, limit: Limit, at: datetime, days: int | None = None) -> Due:
    """When the result is due: urgent round the clock, else in working days, those of the grade or the `days` that a rule gives."""
    if grade == "URGENT":
        return Due(at + timedelta(hours=URGENT_HOURS), provisional=False)
    return limit(at, days or LIMIT_DAYS[grade])


def accept_work_order(case: Case, by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    """Somebody of the department takes it and owns it from now on."""
    accepted = case.moved("ACCEPT_WORK_ORDER", at, by)
    order = order_of(accepted).model_copy(update={"accepted_at": at})
    handlers = sorted({*accepted.handlers, by.staffId})
    accepted = accepted.with_(work_order=order, owner=by, handlers=handlers)
    return accepted, [WorkOrderAcceptedV1(department=order.department, by=by, progress=accepted.progress(at))]


def report_resolution(case: Case, text: str, evidence: list[str], by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    """已办: the words for the petitioner and the evidence. Nothing is due any more."""
    resolved = case.moved("REPORT_RESOLUTION", at, by)
    order = order_of(resolved).model_copy(update={"resolved_at": at, "resolution": text, "evidence": evidence})
    resolved = resolved.with_(work_order=order, owner=by, due_at=None, due_provisional=False)
    event = GrievanceResolvedV1(
        department=order.department, text=text, evidence=evidence, round=order.round, by=by, progress=resolved.progress(at)
    )
    return resolved, [event]


def declined_words(reason: str, route: str) -> str:
    """A refusal for good, as the petitioner reads it."""
    return f"不予受理 (not accepted)：{reason}\n正确途径 (where to turn)：{route}"


def decline(case: Case, reason: str, route: str, by: Owner, at: datetime) -> tuple[Case, list[Contract]]:
    """不予受理: nobody handles it, nothing is due; the petitioner is told why and where it belongs."""
    told = Declined(at=at, by=by, reason=reason, route=route)
    ended = case.moved("DECLINE", at, by).with_(declined=told, owner=by, due_at=None, due_provisional=False, closed_at=at)
    return ended, [GrievanceDeclinedV1(reason=reason, route=route, round=round_of(ended), by=by, progress=ended.progress(at))]


def withdraw(case: Case, reason: str | None, at: datetime) -> tuple[Case, list[Contract]]:
    """撤诉: the petitioner asks no more. Nothing is due, nobody is asked whether they are satisfied."""
    withdrawn = case.moved("WITHDRAW", at, PETITIONER).with_(due_at=None, due_provisional=False, closed_at=at, withdrawn_for=reason)
    withdrawn = withdrawn.with_(suspensions=[each.ended(PETITIONER, at) for each in case.suspensions])
    return withdrawn, [GrievanceMovedV1(action="WITHDRAW", by=PETITIONER, progress=withdrawn.progress(at))]


def fed_back(case: Case, event: FedBackV1) -> tuple[Case, list[Contract]]:
    """反馈: the reply arrived."""
    moved = case.moved("CONFIRM_FED_BACK", event.at, SYSTEM)
    return moved, [GrievanceMovedV1(action="CONFIRM_FED_BACK", by=SYSTEM, progress=moved.progress(event.at))]


def surveyed(case: Case, event: SurveyAnsweredV1, limit: Limit) -> tuple[Case, list[Contract]]:
    """回访: satisfied closes; not satisfied with a reason leads to rework, at most MAX_REWORKS times, then to supervision."""
    case = case.moved("RECORD_SURVEY", event.at, SYSTEM)
    if event.reworkAsked and case.work_order is not None and case.reworks < MAX_REWORKS:
        return _rework(case, limit, event.at)
    closed = case.moved("CLOSE", event.at, SYSTEM).with_(closed_at=event.at, needs_supervision=event.reworkAsked)
    return closed, [GrievanceMovedV1(action="CLOSE", by=SYSTEM, progress=closed.progress(event.at))]


def _rework(case: Case, limit: Limit, at: datetime) -> tuple[Case, list[Contract]]:
    order = order_of(case)
    due = due_for(case.grade, limit, at)
    parts = [part.reopened() for part in order.parts]
    again = order.model_copy(update={"round": order.round + 1, "resolved_at": None, "resolution": None, "evidence": [], "parts": parts})
    reworked = (
        case.moved("ASK_REWORK", at, SYSTEM)
        .moved("RESUME_HANDLING", at, SYSTEM)
        .with_(work_order=again, reworks=case.reworks + 1, due_at=due.at, due_provisional=due.provisional)
    )
    moved: list[Contract] = [GrievanceMovedV1(action="ASK_REWORK", by=SYSTEM, progress=reworked.progress(at))]
    if order.handoff is None:
        return reworked, moved
    asked, handoff = handed_off(reworked, "REWORK", SYSTEM, at)
    return asked, moved + handoff


def order_of(case: Case) -> WorkOrder:
    if case.work_order is None:
        raise ValueError("a case in this state has a work order")
    return case.work_order


def round_of(case: Case) -> int:
    """The replies of a case are told apart by it, also while no department has it."""
    return case.work_order.round if case.work_order else case.reworks + 1
