"""What several of routing's types are made of."""

from __future__ import annotations

from enum import Enum
from typing import Self

import strawberry
from strawberry.types import Info

from services.routing.subgraph.context import RoutingContext
from shared.contracts.intake import Owner

Ctx = Info[RoutingContext, None]


@strawberry.enum(description="分级 · grade, decides the limit in working days")
class Grade(Enum):
    CONSULTATION = "CONSULTATION"
    ORDINARY = "ORDINARY"
    COMPLEX = "COMPLEX"
    URGENT = "URGENT"


@strawberry.federation.type(keys=["code"], description="承办部门 · a department that handles")
class Department:
    code: str = strawberry.field(description="部门代码 · code of the department")

    @strawberry.field(description="名称；资料未到时为空 · null while the reference has not arrived")
    async def name(self, info: Ctx) -> str | None:
        return await info.context.departments.load(self.code)

    @classmethod
    def resolve_reference(cls, code: str) -> Self:
        return cls(code=code)


@strawberry.type(description="责任人（岗位与编号）· the accountable person, by role, unit and id")
class CaseOwner:
    staff_id: str = strawberry.field(description="人员编号 · id of the person")
    role: str = strawberry.field(description="岗位 · role")
    unit: str = strawberry.field(description="单位 · team, department or division")

    @classmethod
    def of(cls, owner: Owner) -> Self:
        return cls(staff_id=owner.staffId, role=owner.role, unit=owner.unit)
