"""The dispatch catalogue in the graph: what a case's rule and version stand for."""

from __future__ import annotations

from datetime import datetime
from typing import Self

import strawberry

from services.routing.domain.catalogue import Catalogue
from services.routing.domain.catalogue import DispatchRule as HeldRule
from services.routing.store.versions import Published


@strawberry.type(description="转办规则，区划最长者优先，其次类别、类型 · one line; the longest division first, then category, then kind")
class DispatchRule:
    id: str = strawberry.field(description="规则编号 · which; a work order names it")
    category: str | None = strawberry.field(description="类别路径；空为任何类别 · path of a category; null: any")
    division: str = strawberry.field(description="区划代码前缀；空为任何地方 · beginning of a division code; empty: anywhere")
    kind: str | None = strawberry.field(description="诉求类型；空为任何类型 · kind of grievance; null: any")
    department: str = strawberry.field(
        description="主办：部门编号，或党（工）委 VILLAGE、TOWN、COUNTY、CITY、UP · who leads: a department, or a committee"
    )
    co: list[str] = strawberry.field(description="协办部门 · departments that handle a part each")
    days: int | None = strawberry.field(description="办理时限（工作日）；空为按分级 · working days for the result; null: by grade")

    @classmethod
    def of(cls, rule: HeldRule) -> Self:
        return cls(
            id=rule.id,
            category=rule.category,
            division=rule.division,
            kind=rule.kind,
            department=rule.department,
            co=list(rule.co),
            days=rule.days,
        )


@strawberry.type(description="转办目录的一个版本，发布后不变 · one version of the dispatch catalogue; it never changes")
class DispatchCatalogue:
    version: int = strawberry.field(description="版本 · which; a work order names it")
    published_at: datetime = strawberry.field(description="发布时间（UTC）· since when, in UTC")
    rules: list[DispatchRule] = strawberry.field(description="规则 · its rules")

    @classmethod
    def of(cls, published: Published[Catalogue]) -> Self:
        rules = [DispatchRule.of(rule) for rule in published.table.rules]
        return cls(version=published.table.version, published_at=published.at, rules=rules)
