"""负全责, 内部移交 and 协办 in the graph: who owned a case, how it went inside a department, and what others contribute."""

from __future__ import annotations

from datetime import datetime
from typing import Self

import strawberry

from services.routing.domain.ownership import HandOver as HeldHandOver
from services.routing.domain.ownership import Owned
from services.routing.domain.part import Part
from services.routing.subgraph.basics import CaseOwner, Department


@strawberry.type(description="一任责任人 · who was accountable, from when until when")
class CaseOwnership:
    owner: CaseOwner = strawberry.field(description="责任人 · who")
    since: datetime = strawberry.field(description="起（UTC）· since when, in UTC")
    until: datetime | None = strawberry.field(description="止（UTC）；现任为空 · until when, in UTC; null: it is theirs now")

    @classmethod
    def all_of(cls, owners: list[Owned]) -> list[Self]:
        """Each until the next."""
        until = [each.since for each in owners[1:]]
        return [cls(owner=CaseOwner.of(each.owner), since=each.since, until=end) for each, end in zip(owners, [*until, None], strict=True)]


@strawberry.type(description="内部移交 · from one person of a department to another")
class HandOver:
    at: datetime = strawberry.field(description="时间（UTC）· when, in UTC")
    by: CaseOwner = strawberry.field(description="谁移交 · by whom")
    owner_before: CaseOwner = strawberry.field(description="原责任人 · who owned it before")
    owner: CaseOwner = strawberry.field(description="新责任人 · who owns it after")
    reason: str = strawberry.field(description="理由 · why")

    @classmethod
    def of(cls, held: HeldHandOver) -> Self:
        before, after = CaseOwner.of(held.owner_before), CaseOwner.of(held.owner)
        return cls(at=held.at, by=CaseOwner.of(held.by), owner_before=before, owner=after, reason=held.reason)


@strawberry.type(description="协办事项 · one co-handler's part of a work order")
class WorkOrderPart:
    department: Department = strawberry.field(description="协办部门 · whose part")
    task: str | None = strawberry.field(description="要求；按规则协办时为空 · what is asked of it; null: the dispatch rule asked")
    asked_at: datetime = strawberry.field(description="提出时间（UTC）· when it was asked, in UTC")
    asked_by: CaseOwner = strawberry.field(description="谁提出 · by whom")
    reported_at: datetime | None = strawberry.field(
        description="上报时间（UTC）· when it was reported, in UTC; null: not yet in this round"
    )
    reported_by: CaseOwner | None = strawberry.field(description="上报人 · who reported it")
    report: str | None = strawberry.field(description="办理情况，供主办部门阅 · what was done, in words for the lead")
    evidence: list[strawberry.ID] = strawberry.field(description="佐证附件标识 · ids of the attachments that show it")
    released_at: datetime | None = strawberry.field(description="免除时间（UTC）· when it was released, in UTC; null: it was not")
    released_by: CaseOwner | None = strawberry.field(description="免除人 · who released it")
    release_reason: str | None = strawberry.field(description="免除理由 · why")

    @classmethod
    def of(cls, part: Part) -> Self:
        return cls(
            department=Department(code=part.department),
            task=part.task,
            asked_at=part.asked_at,
            asked_by=CaseOwner.of(part.asked_by),
            reported_at=part.reported_at,
            reported_by=CaseOwner.of(part.reported_by) if part.reported_by else None,
            report=part.report,
            evidence=[strawberry.ID(id) for id in part.evidence],
            released_at=part.released_at,
            released_by=CaseOwner.of(part.released_by) if part.released_by else None,
            release_reason=part.release_reason,
        )
