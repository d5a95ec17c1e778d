"""工作台 in the graph: what a dispatcher, a department, a secretary and a leader have before them, and how much of it there is."""

from __future__ import annotations

from datetime import datetime

import strawberry

from services.routing.domain.desks import Counted, Wanted, counted
from services.routing.store.desks import desk_cursor
from services.routing.store.mongo import CODEC
from services.routing.subgraph.types import Case, CasePageInfo, Ctx, Grade, GrievanceStatus
from services.routing.usecases.look_at_desk import Narrowing, narrowed, of_department, of_dispatcher, of_secretary, of_watcher
from shared.china_time import day_in_china
from shared.contracts.intake import Owner
from shared.subgraph import page_size


@strawberry.input(description="责任人 · who owns it, by role, unit and id")
class OwnedBy:
    staff_id: str = strawberry.field(description="人员编号 · id of the person")
    role: str = strawberry.field(description="岗位 · role")
    unit: str = strawberry.field(description="单位 · team, department or division")

    def owner(self) -> Owner:
        return Owner(staffId=self.staff_id, role=self.role, unit=self.unit)


@strawberry.input(description="筛选，各项须同时满足 · all that is named must hold")
class DeskFilter:
    status: GrievanceStatus | None = strawberry.field(default=None, description="办理状态 · state")
    category: str | None = strawberry.field(default=None, description="一级类别 · first-level category")
    grade: Grade | None = strawberry.field(default=None, description="分级 · grade")
    overdue: bool = strawberry.field(default=False, description="仅逾期的 · only what is overdue by now")
    division: str | None = strawberry.field(default=None, description="区划代码，含其下级 · a division, with what lies in it")
    due_from: datetime | None = strawberry.field(default=None, description="期限不早于 · due then or later")
    due_before: datetime | None = strawberry.field(default=None, description="期限早于 · due before then")
    department: str | None = strawberry.field(default=None, description="承办（主办）部门代码 · who has it in hand, as the lead")
    owner: OwnedBy | None = strawberry.field(default=None, description="责任人 · who owns it")

    def narrowing(self) -> Narrowing:
        return Narrowing(
            status=self.status.value if self.status else None,
            category=self.category,
            grade=self.grade.value if self.grade else None,
            overdue=self.overdue,
            division=self.division,
            due_from=self.due_from,
            due_before=self.due_before,
            department=self.department,
            owner=self.owner.owner() if self.owner else None,
        )


@strawberry.type(description="工作台的一条 · one row of a desk")
class DeskEdge:
    cursor: str = strawberry.field(description="游标 · where this row stands")
    node: Case = strawberry.field(description="本条内容 · the row itself")


@strawberry.type(description="工作台的办件，期限近的在前，无期限的在后 · what is due first, first; what has nothing due, last")
class DeskConnection:
    edges: list[DeskEdge] = strawberry.field(description="本页各条 · the rows of this page")
    page_info: CasePageInfo = strawberry.field(description="分页信息 · about this page")


@strawberry.type(description="件数，数秒内更新 · how many, some seconds behind")
class DeskCount:
    status: GrievanceStatus = strawberry.field(description="办理状态 · state")
    category: str | None = strawberry.field(description="一级类别；未分类为空 · first-level category; null: not classified")
    overdue: int = strawberry.field(description="应办日在今天之前的 · due on a day before today")
    due_today: int = strawberry.field(description="今天到期的 · due today, at whatever hour")
    total: int = strawberry.field(description="合计 · all of them")

    @classmethod
    def of(cls, found: Counted) -> DeskCount:
        return cls(
            status=GrievanceStatus(found.status),
            category=found.category,
            overdue=found.overdue,
            due_today=found.due_today,
            total=found.total,
        )


@strawberry.type(description="工作台：尚未办结、等待某人的办件 · the open cases that somebody has before them")
class Desk:
    wanted: strawberry.Private[Wanted]

    @strawberry.field(description="办件 · its cases")
    async def cases(self, info: Ctx, filter: DeskFilter | None = None, first: int = 20, after: str | None = None) -> DeskConnection:
        routing = info.context.routing
        narrowing = (filter or DeskFilter()).narrowing()
        wanted = narrowed(self.wanted, narrowing, routing.first_levels, routing.handling.now())
        page = await routing.cases.desk_page(wanted, page_size(first), after)
        edges = [DeskEdge(cursor=desk_cursor(row), node=Case.of(row["_id"], CODEC.load(row))) for row in page.documents]
        return DeskConnection(edges=edges, page_info=CasePageInfo(has_next_page=page.more, end_cursor=edges[-1].cursor if edges else None))

    @strawberry.field(description="件数，按状态和一级类别 · how many, by state and first-level category")
    async def counts(self, info: Ctx) -> list[DeskCount]:
        routing = info.context.routing
        buckets = await routing.desk_counts.under(self.wanted.keys)
        today = day_in_china(routing.handling.now()).isoformat()
        return [DeskCount.of(row) for row in counted(buckets, self.wanted.statuses, self.wanted.not_accused, today)]


@strawberry.type
class DeskQuery:
    @strawberry.field(description="转办员工作台：待研判、待审退单 · what waits for a dispatcher, in the territory or a division of it")
    async def dispatcher_desk(self, info: Ctx, division: str | None = None) -> Desk | None:
        return Desk(wanted=of_dispatcher(info.context.viewer, division))

    @strawberry.field(description="部门工作台：本部门未办结的工单 · the open work orders of the viewer's department")
    async def department_desk(self, info: Ctx) -> Desk | None:
        return Desk(wanted=of_department(info.context.viewer))

    @strawberry.field(description="民情书记工作台：本团队听到的、本村的未办结诉求 · open: what the team heard, or what is in the village")
    async def secretary_desk(self, info: Ctx) -> Desk | None:
        return Desk(wanted=of_secretary(info.context.viewer))

    @strawberry.field(description="领导关注：辖区或其下级区划内全部未办结诉求 · all that is open in the territory, or in a division of it")
    async def watch_desk(self, info: Ctx, division: str | None = None) -> Desk | None:
        return Desk(wanted=of_watcher(info.context.viewer, division))
