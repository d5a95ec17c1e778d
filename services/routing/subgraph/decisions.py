"""退单, 延期 and 不予受理 in the graph: what was asked of a case, and how it was decided."""

from __future__ import annotations

from datetime import datetime
from typing import Self

import strawberry

from services.routing.domain.work_order import Declined as HeldDeclined
from services.routing.domain.work_order import Extension as HeldExtension
from services.routing.domain.work_order import Return as HeldReturn
from services.routing.subgraph.basics import CaseOwner, Department


@strawberry.type(description="退单 · a department says that a work order is not its own, and a dispatcher decides")
class Return:
    department: Department = strawberry.field(description="退单部门 · who sends it back")
    rule: str = strawberry.field(description="原转办规则 · the dispatch rule that had sent it there")
    rule_version: int = strawberry.field(description="规则版本 · version of the catalogue")
    at: datetime = strawberry.field(description="退单时间（UTC）· when, in UTC")
    by: CaseOwner = strawberry.field(description="谁 · by whom")
    reason: str = strawberry.field(description="退单理由 · why")
    granted: bool | None = strawberry.field(description="是否同意；待审时为空 · granted or refused; null while it waits")
    decided_at: datetime | None = strawberry.field(description="审核时间（UTC）· when it was decided, in UTC")
    decided_by: CaseOwner | None = strawberry.field(description="审核人 · who decided")
    answer: str | None = strawberry.field(description="审核理由 · why so")
    sent_to: Department | None = strawberry.field(description="改派至 · where it went; null: it stayed")

    @classmethod
    def of(cls, held: HeldReturn) -> Self:
        return cls(
            department=Department(code=held.department),
            rule=held.rule,
            rule_version=held.rule_version,
            at=held.at,
            by=CaseOwner.of(held.by),
            reason=held.reason,
            granted=held.granted,
            decided_at=held.decided_at,
            decided_by=CaseOwner.of(held.decided_by) if held.decided_by else None,
            answer=held.answer,
            sent_to=Department(code=held.sent_to) if held.sent_to else None,
        )


@strawberry.type(description="延期 · working days more for the result, asked by the department, decided by a supervisor")
class Extension:
    department: Department = strawberry.field(description="申请部门 · who asks")
    at: datetime = strawberry.field(description="申请时间（UTC）· when, in UTC")
    by: CaseOwner = strawberry.field(description="谁 · by whom")
    days: int = strawberry.field(description="工作日数 · how many working days")
    reason: str = strawberry.field(description="理由 · why")
    due: datetime = strawberry.field(description="申请时的办理期限（UTC）· when the result was due as it was asked, in UTC")
    granted: bool | None = strawberry.field(description="是否同意；待审时为空 · granted or refused; null while it waits")
    decided_at: datetime | None = strawberry.field(description="审批时间（UTC）· when it was decided, in UTC")
    decided_by: CaseOwner | None = strawberry.field(description="审批人 · who decided")
    answer: str | None = strawberry.field(description="审批理由 · why so")

    @classmethod
    def of(cls, held: HeldExtension) -> Self:
        return cls(
            department=Department(code=held.department),
            at=held.at,
            by=CaseOwner.of(held.by),
            days=held.days,
            reason=held.reason,
            due=held.due,
            granted=held.granted,
            decided_at=held.decided_at,
            decided_by=CaseOwner.of(held.decided_by) if held.decided_by else None,
            answer=held.answer,
        )


@strawberry.type(description="不予受理 · it is not accepted here")
class Declined:
    at: datetime = strawberry.field(description="时间（UTC）· when, in UTC")
    by: CaseOwner = strawberry.field(description="谁 · by whom")
    reason: str = strawberry.field(description="理由 · why")
    route: str = strawberry.field(description="正确途径 · where to turn")

    @classmethod
    def of(cls, held: HeldDeclined) -> Self:
        return cls(at=held.at, by=CaseOwner.of(held.by), reason=held.reason, route=held.route)
