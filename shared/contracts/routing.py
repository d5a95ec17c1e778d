"""Events that routing produces. Each carries `progress`: the state of the handling and who may see it now, which the others copy."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from shared.contracts.base import AuditAnchored, Contract, Part
from shared.contracts.intake import HandoffOccasion, Kind, Owner

Status = Literal[
    "REGISTERED",
    "APPRAISING",
    "ANSWERED_ON_SPOT",
    "ACCEPTED",
    "DISPATCHED",
    "HANDLING",
    "RESOLVED",
    "FED_BACK",
    "SURVEYED",
    "CLOSED",
    "REWORK",
    "RETURN_PENDING",
    "SUSPENDED",
    "MERGED",
    "WITHDRAWN",
    "NOT_ACCEPTED",
]


OF_PROGRESS = ("progress.publicReply",)
"""A reply is a text for the petitioner: it may call them by what they told."""


class ProgressAccess(Part):
    """Who may see the grievance from here on; every change of it travels."""

    division: str
    departments: list[str]
    handlers: list[str]
    accusedDepartments: list[str]
    confidential: bool


class Progress(Part):
    """Where the handling stands. `at` is business time; `dueAt` is null while nothing is due."""

    status: Status
    at: datetime
    dueAt: datetime | None
    publicReply: str | None
    owner: Owner
    access: ProgressAccess


class GrievanceAppraisedV1(Contract):
    """研判 is done (S47): accepted, or answered on the spot (S49). `rule`: by what it was judged (by-hand: a dispatcher); `kind`: what it
    was found to be, where somebody judged; `round`: to which round of handling an answer belongs."""

    type: ClassVar[str] = "routing.grievance.appraised.v1"
    words: ClassVar[tuple[str, ...]] = ("onSpotAnswer", *OF_PROGRESS)

    verdict: Literal["ACCEPTED", "ANSWERED_ON_SPOT"]
    category: str | None
    grade: Literal["CONSULTATION", "ORDINARY", "COMPLEX", "URGENT"]
    rule: str
    by: Owner
    onSpotAnswer: str | None
    kind: Kind | None = None
    round: int = 1
    progress: Progress


class GrievanceDispatchedV1(Contract):
    """转办 (S48), or 改派 by a dispatcher's hand (`rule` by-hand): to which department, by which rule, due when (S52)."""

    type: ClassVar[str] = "routing.grievance.dispatched.v1"
    words: ClassVar[tuple[str, ...]] = OF_PROGRESS

    department: str
    rule: str
    ruleVersion: int
    by: Owner
    provisionalDue: bool
    progress: Progress


class WorkOrderAcceptedV1(Contract):
    """受理 by the department: somebody there now owns it."""

    type: ClassVar[str] = "routing.grievance.work_order_accepted.v1"
    words: ClassVar[tuple[str, ...]] = OF_PROGRESS

    department: str
    by: Owner
    progress: Progress


class GrievanceResolvedV1(Contract):
    """已办: the handling is reported, with the words for the petitioner (redacted) and evidence by attachment id. `by` reported it;
    `releasedBy` let it go, where it had waited for the head of the department (审批) or for somebody to look (现场核实), who comes last."""

    type: ClassVar[str] = "routing.grievance.resolved.v1"
    words: ClassVar[tuple[str, ...]] = ("text", *OF_PROGRESS)

    department: str
    text: str
    evidence: list[str]
    round: int
    by: Owner
    releasedBy: Owner | None = None
    progress: Progress


class GrievanceDeclinedV1(Contract):
    """不予受理 by a dispatcher: why, and where it belongs, in words for the petitioner (redacted). It ends here."""

    type: ClassVar[str] = "routing.grievance.declined.v1"
    words: ClassVar[tuple[str, ...]] = ("reason", "route", *OF_PROGRESS)

    reason: str
    route: str
    round: int
    by: Owner
    progress: Progress


class GrievanceMovedV1(Contract):
    """A move without an event of its own: what feedback found out (fed back, closed, in rework), a return that was asked or refused, an
    extension that was asked or decided, a suspension and its end (`progress.dueAt`), a hand-over inside the department (`progress.owner`),
    a co-handler that was added, has reported or was released (`progress.access`), what comes before a report is released, a withdrawal,
    what people do while they appraise it. `action` says which, by its name in the transition table."""

    type: ClassVar[str] = "routing.grievance.moved.v1"
    words: ClassVar[tuple[str, ...]] = OF_PROGRESS

    action: str
    by: Owner
    progress: Progress


WarnedOf = Literal[
    "RESPONSE",
    "RESULT",
    "COMMUNITY_OPINION",
    "COMPOUND_OPINION",
    "RETURN_WINDOW",
    "RETURN_DECISION",
    "SUSPENSION",
    "SUPERVISION_ORDER",
]
WARNED_AMONG_OFFICIALS: frozenset[WarnedOf] = frozenset({"COMMUNITY_OPINION", "COMPOUND_OPINION", "SUPERVISION_ORDER"})
"""Of what officials ask of each other the petitioner is not told, and not by its warnings either."""
WarningStep = Literal["REMIND", "YELLOW", "RED", "TO_HEAD", "TO_SUPERVISOR", "TO_CITY"]


class GrievanceWarnedV1(Contract):
    """提醒, 黄色预警, 红色预警, 提级 (S53): the clock alone gave it, once. `of`: what is due `dueAt`; `plannedAt`: when it was to be given,
    `late`: it was given long after. `toRole` and `toUnit`: who has to look."""

    type: ClassVar[str] = "routing.grievance.warned.v1"
    words: ClassVar[tuple[str, ...]] = OF_PROGRESS

    of: WarnedOf
    step: WarningStep
    dueAt: datetime
    plannedAt: datetime
    late: bool
    toRole: str
    toUnit: str
    by: Owner
    progress: Progress


class HandoffRequestedV1(Contract):
    """转12345 (S50): the work order goes to the 12345 platform, each time under an order id of its own, `<number>/<n>`. `occasion`: it
    was sent there, its return was refused, or the petitioner asks for rework. Intake, which has the words, issues the order."""

    type: ClassVar[str] = "routing.grievance.handoff_requested.v1"
    words: ClassVar[tuple[str, ...]] = OF_PROGRESS

    orderId: str
    occasion: HandoffOccasion
    category: str | None
    kind: Kind
    grade: Literal["CONSULTATION", "ORDINARY", "COMPLEX", "URGENT"]
    dueAt: datetime | None
    division: str
    by: Owner
    progress: Progress


class RoutingAuditAnchoredV1(AuditAnchored):
    """Routing's audit trail up to here. For the stream `events.log` alone: no service takes it."""

    type: ClassVar[str] = "routing.audit.anchored.v1"


EVENTS: tuple[type[Contract], ...] = (
    GrievanceAppraisedV1,
    GrievanceDispatchedV1,
    WorkOrderAcceptedV1,
    GrievanceResolvedV1,
    GrievanceDeclinedV1,
    GrievanceMovedV1,
    HandoffRequestedV1,
    GrievanceWarnedV1,
    RoutingAuditAnchoredV1,
)
