"""研判 by people in the graph: what was asked and said, what was found, what was taken back."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Self

import strawberry

from services.routing.domain.appraisal import Consultation as HeldConsultation
from services.routing.domain.appraisal import Recall as HeldRecall
from services.routing.domain.appraisal import Verdict as HeldVerdict
from services.routing.subgraph.basics import CaseOwner, Ctx, Department, Grade


@strawberry.enum(description="诉求类型 · kind of grievance")
class GrievanceKind(Enum):
    CONSULTATION = "CONSULTATION"
    HELP = "HELP"
    COMPLAINT = "COMPLAINT"
    REPORT = "REPORT"
    SUGGESTION = "SUGGESTION"


@strawberry.enum(description="征求意见的对象 · who is consulted")
class ConsultedBody(Enum):
    COMMUNITY = strawberry.enum_value("COMMUNITY", description="社区（村）党组织 · the party organisation of the community or village")
    COMPOUND = strawberry.enum_value("COMPOUND", description="小区党支部书记 · the party secretary of the compound")


@strawberry.enum(description="是否合理、是否属实 · what was found: yes, no, or not clear")
class Finding(Enum):
    YES = "YES"
    NO = "NO"
    UNCLEAR = "UNCLEAR"


@strawberry.type(description="征求意见 · an opinion that was asked of a party organisation on the spot")
class Consultation:
    of: ConsultedBody = strawberry.field(description="征求谁的意见 · of whom")
    compound: str | None = strawberry.field(description="小区的区划代码 · of a compound: which one, by its division code")
    asked_at: datetime = strawberry.field(description="征求时间（UTC）· when it was asked, in UTC")
    asked_by: CaseOwner = strawberry.field(description="征求人 · who asked")
    question: str = strawberry.field(description="问题 · what was asked")
    due_at: datetime = strawberry.field(description="答复期限（UTC）· when the answer is due, in UTC")
    answered_at: datetime | None = strawberry.field(description="答复时间（UTC）· when it was answered, in UTC; null: not yet")
    answered_by: CaseOwner | None = strawberry.field(description="答复人 · who answered")
    reasonable: Finding | None = strawberry.field(description="是否合理 · whether it is reasonable")
    truthful: Finding | None = strawberry.field(description="是否属实 · whether it is truthful")
    opinion: str | None = strawberry.field(description="意见 · the opinion in words")
    held: strawberry.Private[HeldConsultation]
    appraising: strawberry.Private[bool]

    @strawberry.field(description="已逾期未答复 · not answered although it is due, while the grievance is still being appraised")
    def overdue(self, info: Ctx) -> bool:
        return self.appraising and self.held.overdue(info.context.routing.handling.now())

    @classmethod
    def of_held(cls, held: HeldConsultation, appraising: bool) -> Self:
        return cls(
            of=ConsultedBody(held.of),
            compound=held.compound,
            asked_at=held.asked_at,
            asked_by=CaseOwner.of(held.asked_by),
            question=held.question,
            due_at=held.due_at,
            answered_at=held.answered_at,
            answered_by=CaseOwner.of(held.answered_by) if held.answered_by else None,
            reasonable=Finding(held.reasonable) if held.reasonable else None,
            truthful=Finding(held.truthful) if held.truthful else None,
            opinion=held.opinion,
            held=held,
            appraising=appraising,
        )


@strawberry.type(description="人工研判结论 · what a dispatcher found")
class Verdict:
    at: datetime = strawberry.field(description="时间（UTC）· when, in UTC")
    by: CaseOwner = strawberry.field(description="谁 · by whom")
    reasonable: Finding = strawberry.field(description="是否合理 · whether it is reasonable")
    truthful: Finding = strawberry.field(description="是否属实 · whether it is truthful")
    kind: GrievanceKind = strawberry.field(description="认定的类型 · what kind it was found to be")
    grade: Grade = strawberry.field(description="认定的分级 · its grade")
    category: str | None = strawberry.field(description="认定的类别 · its category")
    reason: str = strawberry.field(description="理由 · why")

    @classmethod
    def of(cls, held: HeldVerdict) -> Self:
        return cls(
            at=held.at,
            by=CaseOwner.of(held.by),
            reasonable=Finding(held.reasonable),
            truthful=Finding(held.truthful),
            kind=GrievanceKind(held.kind),
            grade=Grade(held.grade),
            category=held.category,
            reason=held.reason,
        )


@strawberry.type(description="收回研判 · taken back from a department, to be judged anew")
class Recall:
    at: datetime = strawberry.field(description="时间（UTC）· when, in UTC")
    by: CaseOwner = strawberry.field(description="谁 · by whom")
    department: Department = strawberry.field(description="从哪个部门收回 · from which department")
    rule: str = strawberry.field(description="原转办规则 · the dispatch rule that had sent it there")
    rule_version: int = strawberry.field(description="规则版本 · version of the catalogue")
    reason: str = strawberry.field(description="理由 · why")

    @classmethod
    def of(cls, held: HeldRecall) -> Self:
        return cls(
            at=held.at,
            by=CaseOwner.of(held.by),
            department=Department(code=held.department),
            rule=held.rule,
            rule_version=held.rule_version,
            reason=held.reason,
        )
