"""The Case: handling of one grievance from registration to closing. Pure: time is an argument, events are returned."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.routing.domain.appraisal import Appraisal
from services.routing.domain.catalogue import Grade, grade_of
from services.routing.domain.deadlines import Deadline, Deadlines, as_kept, started
from services.routing.domain.lifecycle import Action, next_status
from services.routing.domain.ownership import HandOver, Owned, owners_so_far, passed_on
from services.routing.domain.reckoning import Reckoning
from services.routing.domain.supervised import Card, SupervisionOrder
from services.routing.domain.waits import Draft, GivenWarning, Suspension, Urge, Verification
from services.routing.domain.work_order import Declined, Extension, Return, Transition, WorkOrder
from shared.contracts.intake import DepartmentRow, GrievanceRegisteredV1, Kind, Owner
from shared.contracts.routing import (
    Progress,
    ProgressAccess,
    Status,
)
from shared.erasure import ERASED, blanked

# Who withdraws is known as what they are, not as whom.
PETITIONER = Owner(staffId="petitioner", role="RESIDENT", unit="")
SYSTEM = Owner(staffId="system", role="SYSTEM", unit="routing")


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
    drafts: list[Draft] = []
    """What was submitted for approval, oldest first."""
    verifications: list[Verification] = []
    declined: Declined | None = None
    appraisal: Appraisal = Appraisal()
    withdrawn_for: str | None = None
    """撤诉: what the petitioner gave as the reason, if anything."""
    owners: list[Owned] = Field(default_factory=owners_so_far)
    """负全责: one entry for each change of `owner`, from registration on; `with_` keeps the two together."""
    hand_overs: list[HandOver] = []
    deadlines: Deadlines = Deadlines()
    warnings: list[GivenWarning] = []
    urges: list[Urge] = []
    orders: list[SupervisionOrder] = []
    """督办单, oldest first."""
    cards: list[Card] = []
    """红黄牌 that departments got for it, oldest first."""

    @model_validator(mode="before")
    @classmethod
    def _kept_before_there_were_ledgers(cls, data: Any) -> Any:
        """With a day and nothing that tells how it was reckoned."""
        if isinstance(data, dict) and data.get("due_at") is not None and "deadlines" not in data:
            order = data.get("work_order")
            at, round = (_of(order, "dispatched_at"), _of(order, "round")) if order else (data["registered_at"], 1)
            return data | {"deadlines": as_kept(data["due_at"], data.get("due_provisional", False), at, SYSTEM, round)}
        return data

    @property
    def due_at(self) -> datetime | None:
        """When the result is due; None: nothing is."""
        return self.deadlines.result.due_at

    @property
    def due_provisional(self) -> bool:
        return self.deadlines.result.provisional

    @property
    def with_platform(self) -> bool:
        """12345 has it in hand. For what is closed its office answers."""
        return self.status != "CLOSED" and self.work_order is not None and self.work_order.handoff is not None

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
        """Who owns it changes with a move, which comes first. Raises TypeError for what is no field: it would be lost silently."""
        if unknown := changes.keys() - type(self).model_fields.keys():
            raise TypeError(f"no fields of a case: {', '.join(sorted(unknown))}")
        owner = changes.get("owner")
        if isinstance(owner, Owner):
            at = self.history[-1].at if self.history else self.registered_at
            changes = {"owners": passed_on(self.owners, owner, at), **changes}
        return self.model_copy(update=changes)

    def with_deadline(self, *, response: Deadline | None = None, result: Deadline | None = None) -> Self:
        held = self.deadlines
        both = {"response": response or held.response, "result": result or held.result}
        return self.with_(deadlines=held.model_copy(update=both))

    def responded(self, by: Owner, at: datetime) -> Self:
        """首次响应: somebody has it in hand, or has answered."""
        return self.with_deadline(response=self.deadlines.response.ended(by, at))

    def nothing_due(self, by: Owner, at: datetime) -> Self:
        """The result is there, or never will be."""
        return self.with_deadline(result=self.deadlines.result.ended(by, at))

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
    case = case.with_(urges=[each.without_words() for each in case.urges])
    orders, cards = [each.without_words() for each in case.orders], [each.without_words() for each in case.cards]
    case = case.with_(orders=orders, cards=cards)
    suspensions = [each.without_words() for each in case.suspensions]
    case = case.with_(suspensions=suspensions, verifications=[each.without_words() for each in case.verifications])
    case = case.with_(drafts=[each.without_words() for each in case.drafts])
    return case.with_(subject=ERASED, petitioner_ref=petitioner_ref, own_ref=None, name_marks=[], erased=True)


def open_case(event: GrievanceRegisteredV1, category: str | None, by_rule: bool, reckoning: Reckoning) -> Case:
    """A case in REGISTERED, owned by whom intake named. Its first response is due from then on."""
    origin: Literal["PETITIONER", "RULE", "NONE"] = "NONE" if category is None else "RULE" if by_rule else "PETITIONER"
    grade = grade_of(event.kind, event.urgent)
    terms = reckoning.terms(event.kind, grade, category, event.registeredAt)
    start = started(terms.response, event.registeredAt, SYSTEM, "", terms.rule, terms.version)
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
        grade=grade,
        owner=event.owner,
        registered_at=event.registeredAt,
        name_marks=event.nameMarks,
        deadlines=Deadlines(response=Deadline().begun(start, reckoning)),
    )


def declined_words(reason: str, route: str) -> str:
    """A refusal for good, as the petitioner reads it."""
    return f"不予受理 (not accepted)：{reason}\n正确途径 (where to turn)：{route}"


def head_of(department: DepartmentRow) -> Owner:
    """Its first responsible person, who owns what nobody there has taken yet."""
    return Owner(staffId=department.head, role="DEPARTMENT_HEAD", unit=department.code)


def _of(held: Any, name: str) -> Any:
    return held[name] if isinstance(held, dict) else getattr(held, name)


def order_of(case: Case) -> WorkOrder:
    if case.work_order is None:
        raise ValueError("a case in this state has a work order")
    return case.work_order


def round_of(case: Case) -> int:
    """The replies of a case are told apart by it, also while no department has it."""
    return case.work_order.round if case.work_order else case.reworks + 1
