"""看板 in the graph: what is late and soon late by division, department and owner, and how long people wait."""

from __future__ import annotations

from datetime import date
from enum import Enum

import strawberry

from services.routing.domain.boards import Asked, By, Row, owner_in, rows_of, whole_of
from services.routing.domain.times import Time
from services.routing.subgraph.basics import Ctx, Department
from services.routing.usecases.look_at_board import month_asked, of_department, of_watcher, soon_until
from shared.china_time import day_in_china


@strawberry.enum(
    description="看板的行：下一级区划；主办部门，限市、县；责任人，限县 · parts; leads of a city or county; owners of a county"
)
class BoardBy(Enum):
    DIVISION = "DIVISION"
    DEPARTMENT = "DEPARTMENT"
    OWNER = "OWNER"


@strawberry.type(description="时长，分钟，按自然时间计 · how long it took in minutes round the clock, nights and days off included")
class HandlingTime:
    number: int = strawberry.field(description="件数 · of how many cases")
    median: int | None = strawberry.field(description="中位数；不足5件为空 · median, within 9.1 %; null: fewer than 5 cases")
    p90: int | None = strawberry.field(description="九成在此时长以内；不足5件为空 · 90th percentile, likewise")

    @classmethod
    def of(cls, time: Time) -> HandlingTime:
        return cls(number=time.number, median=time.median, p90=time.p90)


@strawberry.type(description="看板的一行，数秒内更新 · one row of a board, some seconds behind")
class BoardRow:
    division: str | None = strawberry.field(description="区划代码 · code of the division; null: no row of a division")
    department: Department | None = strawberry.field(description="部门 · the department; null: no row of a department")
    staff_id: str | None = strawberry.field(description="责任人编号 · the owner, by id; null: no row of an owner")
    role: str | None = strawberry.field(description="责任人岗位 · as what they own it")
    unit: str | None = strawberry.field(description="责任人单位 · in which team, department or division")
    open: int = strawberry.field(description="未办结 · open")
    late: int = strawberry.field(description="已逾期：应办日在今天之前 · of these due on a day before today")
    due_today: int = strawberry.field(description="今天到期的 · of these due today, at whatever hour")
    soon_late: int = strawberry.field(description="临近到期：今天之后、至下一个工作日 · of these due after today, until soonUntil")
    response: HandlingTime | None = strawberry.field(
        description="本月首次响应：自登记起的时长 · first responses of the month, since registration; null: not kept of owners"
    )
    result: HandlingTime | None = strawberry.field(
        description="本月首次办结或答复：自登记起的时长 · first results of the month, since registration; null: not kept of owners"
    )

    @classmethod
    def of(cls, row: Row, by: By) -> BoardRow:
        owner = owner_in(row.name) if by == "OWNER" else None
        return cls(
            division=row.name.ljust(12, "0") if by == "DIVISION" else None,
            department=Department(code=row.name) if by == "DEPARTMENT" else None,
            staff_id=owner.staffId if owner else None,
            role=owner.role if owner else None,
            unit=owner.unit if owner else None,
            open=row.load.open,
            late=row.load.late,
            due_today=row.load.due_today,
            soon_late=row.load.soon_late,
            response=HandlingTime.of(row.response) if row.response else None,
            result=HandlingTime.of(row.result) if row.result else None,
        )


@strawberry.type(description="看板：未办结、逾期、临近到期的件数，和一个月的办理时长 · open, late, soon late, and the times of a month")
class Board:
    today: date = strawberry.field(description="今天 · today, in China")
    soon_until: date = strawberry.field(description="下一个工作日 · the next working day: until then something is soon late")
    month: str = strawberry.field(description="时长所属的月份 · the month of the times")
    whole: BoardRow = strawberry.field(description="合计 · all of it, also what is in no row")
    rows: list[BoardRow] = strawberry.field(description="各行，逾期多的在前 · its rows, those of the most that is late first")


@strawberry.type
class BoardQuery:
    @strawberry.field(description="领导看板：辖区或其一个区划，按下级区划、部门或责任人 · of the territory, or of a division of it")
    async def board(self, info: Ctx, by: BoardBy, division: str | None = None, month: str | None = None) -> Board | None:
        return await _board(info, of_watcher(info.context.viewer, division, by.value), month)

    @strawberry.field(description="部门看板：本部门未办结的工单，按责任人 · of the viewer's department, by owner")
    async def department_board(self, info: Ctx, month: str | None = None) -> Board | None:
        return await _board(info, of_department(info.context.viewer), month)


async def _board(info: Ctx, asked: Asked, month: str | None) -> Board:
    routing = info.context.routing
    now = routing.handling.now()
    today, soon = day_in_china(now), soon_until(now, routing.handling.reckoning())
    month = month_asked(month, now)
    counts = await routing.board_counts.of(asked, month)
    return Board(
        today=today,
        soon_until=soon,
        month=month,
        whole=BoardRow.of(whole_of(asked, counts, today, soon), "DIVISION" if asked.key.startswith("division:") else "DEPARTMENT"),
        rows=[BoardRow.of(row, asked.by) for row in rows_of(asked, counts, today, soon)],
    )
