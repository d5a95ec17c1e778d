"""The graph's types that routing owns: the handling of a grievance."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated, Self

import strawberry
from strawberry.types import Info

from services.routing.domain.case import Case as Held
from services.routing.domain.lifecycle import STATUS_NAMES
from services.routing.subgraph.context import RoutingContext
from shared.contracts.intake import Owner

Ctx = Info[RoutingContext, None]


@strawberry.enum(description="办理状态 · " + " · ".join(f"{status} {name}" for status, name in STATUS_NAMES.items()))
class GrievanceStatus(Enum):
    """The states of the transition table; a test holds the two together."""

    REGISTERED = "REGISTERED"
    APPRAISING = "APPRAISING"
    ANSWERED_ON_SPOT = "ANSWERED_ON_SPOT"
    ACCEPTED = "ACCEPTED"
    DISPATCHED = "DISPATCHED"
    HANDLING = "HANDLING"
    RESOLVED = "RESOLVED"
    FED_BACK = "FED_BACK"
    SURVEYED = "SURVEYED"
    CLOSED = "CLOSED"
    REWORK = "REWORK"
    RETURN_PENDING = "RETURN_PENDING"
    SUSPENDED = "SUSPENDED"
    MERGED = "MERGED"
    WITHDRAWN = "WITHDRAWN"
    NOT_ACCEPTED = "NOT_ACCEPTED"


@strawberry.enum(description="分级 · grade, decides the limit in working days")
class Grade(Enum):
    CONSULTATION = "CONSULTATION"
    ORDINARY = "ORDINARY"
    COMPLEX = "COMPLEX"
    URGENT = "URGENT"


@strawberry.federation.type(keys=["code"], description="承办部门 · a department that handles")
class Department:
    code: str

    @strawberry.field(description="名称；资料未到时为空 · null while the reference has not arrived")
    async def name(self, info: Ctx) -> str | None:
        return await info.context.departments.load(self.code)

    @classmethod
    def resolve_reference(cls, code: str) -> Self:
        return cls(code=code)


@strawberry.type(description="责任人（岗位与编号）· the accountable person, by role, unit and id")
class CaseOwner:
    staff_id: str
    role: str
    unit: str

    @classmethod
    def of(cls, owner: Owner) -> Self:
        return cls(staff_id=owner.staffId, role=owner.role, unit=owner.unit)


@strawberry.type(description="流转记录 · one move in the life of the case")
class Transition:
    at: datetime
    action: str
    status: GrievanceStatus
    by: CaseOwner


@strawberry.type(description="工单 · what a department has in hand; each rework is a round")
class WorkOrder:
    department: Department
    rule: str = strawberry.field(description="转办规则 · the dispatch rule that sent it there")
    rule_version: int
    round: int
    dispatched_at: datetime
    accepted_at: datetime | None
    resolved_at: datetime | None
    resolution: str | None
    evidence: list[strawberry.ID]


@strawberry.federation.type(keys=["id"], description="办件 · the handling of one grievance")
class Case:
    id: strawberry.ID
    number: str
    status: GrievanceStatus
    category: str | None
    grade: Grade
    owner: CaseOwner = strawberry.field(description="当前责任人，始终唯一 · exactly one accountable person at any time")
    registered_at: datetime
    due_at: datetime | None
    provisional_due: bool = strawberry.field(description="工作日历未发布，暂按周一至周五计算 · counted by weekdays for now")
    closed_at: datetime | None
    reworks: int
    needs_supervision: bool
    department: Department | None
    work_order: WorkOrder | None
    history: list[Transition]
    held: strawberry.Private[Held]

    @classmethod
    async def resolve_reference(cls, info: Ctx, id: strawberry.ID) -> Self | None:
        held = await info.context.case(str(id))
        return cls.of(str(id), held) if held else None

    @classmethod
    def of(cls, id: str, held: Held) -> Self:
        order = held.work_order
        department = Department(code=order.department) if order else None
        work_order = None
        if order is not None and department is not None:
            work_order = WorkOrder(
                department=department,
                rule=order.rule,
                rule_version=order.rule_version,
                round=order.round,
                dispatched_at=order.dispatched_at,
                accepted_at=order.accepted_at,
                resolved_at=order.resolved_at,
                resolution=order.resolution,
                evidence=[strawberry.ID(id) for id in order.evidence],
            )
        return cls(
            id=strawberry.ID(id),
            number=held.number,
            status=GrievanceStatus(held.status),
            category=held.category,
            grade=Grade(held.grade),
            owner=CaseOwner.of(held.owner),
            registered_at=held.registered_at,
            due_at=held.due_at,
            provisional_due=held.due_provisional,
            closed_at=held.closed_at,
            reworks=held.reworks,
            needs_supervision=held.needs_supervision,
            department=department,
            work_order=work_order,
            history=[
                Transition(
                    at=step.at,
                    action=step.action,
                    status=GrievanceStatus(step.status),
                    by=CaseOwner.of(step.by),
                )
                for step in held.history
            ],
            held=held,
        )


@strawberry.federation.type(keys=["id"])
class Grievance:
    id: strawberry.ID

    @strawberry.field(description="办理状态；尚未立案时为 REGISTERED · REGISTERED while there is no case yet")
    async def status(self, info: Ctx) -> GrievanceStatus | None:
        held = await info.context.case(str(self.id))
        return GrievanceStatus(held.status if held else "REGISTERED")

    @strawberry.field(description="办件 · null while there is no case yet")
    async def case(self, info: Ctx) -> Case | None:
        held = await info.context.case(str(self.id))
        return Case.of(str(self.id), held) if held else None

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> Self:
        return cls(id=id)


@strawberry.type(description="分页信息 · Relay page info")
class CasePageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class CaseEdge:
    cursor: str
    node: Case


@strawberry.type(description="办件列表，新的在前 · newest first")
class CaseConnection:
    edges: list[CaseEdge]
    page_info: CasePageInfo


@strawberry.type(description="接单被拒 · the work order was not accepted; nothing changed")
class AcceptRefused:
    code: str
    message: str
    message_zh: str
    field: str | None


@strawberry.type(description="上报被拒 · the resolution was not taken; nothing changed")
class ReportRefused:
    code: str
    message: str
    message_zh: str
    field: str | None


AcceptResult = Annotated[Case | AcceptRefused, strawberry.union("AcceptResult")]
ReportResult = Annotated[Case | ReportRefused, strawberry.union("ReportResult")]
