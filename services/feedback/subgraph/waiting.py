"""待办事项 in the graph: what waits for a reply, an approval, a delivery, a call, an answer; and how many of each, for how long."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Self

import strawberry
from strawberry.types import Info

from services.feedback.domain.waiting import Number, by_day, number_of
from services.feedback.subgraph.context import FeedbackContext
from services.feedback.usecases.look_at_waiting import asked_of, desk_of
from shared.china_time import day_in_china
from shared.subgraph import page_size

if TYPE_CHECKING:
    from services.feedback.subgraph.schema import Grievance

Ctx = Info[FeedbackContext, None]


@strawberry.enum(description="等待事项：答复、领导审批、送达、电话回访、评价 · a reply, its approval, its delivery, a call, an answer")
class FollowUpWait(Enum):
    REPLY = "REPLY"
    APPROVAL = "APPROVAL"
    DELIVERY = "DELIVERY"
    CALLBACK = "CALLBACK"
    SURVEY = "SURVEY"


@strawberry.type(description="一件待办 · one row of the desk")
class FollowUpEdge:
    cursor: str = strawberry.field(description="游标 · where this row stands")
    node: Annotated[Grievance, strawberry.lazy("services.feedback.subgraph.schema")] = strawberry.field(description="诉求 · the grievance")
    since: datetime = strawberry.field(description="何时起等待 · since when it waits")
    what: FollowUpWait = strawberry.field(description="等待事项 · what it waits for")


@strawberry.type(description="分页信息 · about this page")
class FollowUpPageInfo:
    has_next_page: bool = strawberry.field(description="是否还有下一页 · whether there is more")
    end_cursor: str | None = strawberry.field(description="本页末尾的游标 · send it as `after` for the next page")


@strawberry.type(description="待办清单，等得最久的在前 · what waits, the longest first")
class FollowUpConnection:
    edges: list[FollowUpEdge] = strawberry.field(description="本页各条 · the rows of this page")
    page_info: FollowUpPageInfo = strawberry.field(description="分页信息 · about this page")


@strawberry.type(
    description="某一等待事项的件数，按已等天数（中国日历日），数秒内更新 · how many wait for this, by days in China, some seconds behind"
)
class FollowUpNumber:
    what: FollowUpWait = strawberry.field(description="等待事项 · what they wait for")
    today: int = strawberry.field(description="今天起的 · since today")
    three_days: int = strawberry.field(description="已一至三天的 · for one to three days")
    week: int = strawberry.field(description="已四至七天的 · for four to seven days")
    longer: int = strawberry.field(description="更久的 · for longer")
    total: int = strawberry.field(description="合计 · all of them")

    @classmethod
    def of(cls, held: Number) -> Self:
        return cls(
            what=FollowUpWait(held.what),
            today=held.today,
            three_days=held.three_days,
            week=held.week,
            longer=held.longer,
            total=held.total,
        )


@strawberry.type
class WaitingQuery:
    @strawberry.field(
        description="待办，等得最久的在前：辖区（或其区划）、团队、部门的 · of a territory or a division of it, a team, a department"
    )
    async def follow_up_desk(
        self, info: Ctx, what: FollowUpWait, division: str | None = None, first: int = 20, after: str | None = None
    ) -> FollowUpConnection | None:
        # The schema is made of these queries.
        from services.feedback.subgraph.schema import Grievance

        feedback = info.context.feedback
        desk = desk_of(info.context.viewer, division)
        today = day_in_china(feedback.surveying.now())
        rows, more = await feedback.waiting_lists.page(desk, asked_of(desk, what.value), today, page_size(first), after)
        edges = [FollowUpEdge(cursor=cursor, node=Grievance(id=strawberry.ID(id)), since=since, what=what) for id, since, cursor in rows]
        return FollowUpConnection(
            edges=edges, page_info=FollowUpPageInfo(has_next_page=more, end_cursor=edges[-1].cursor if edges else None)
        )

    @strawberry.field(description="待办件数，同上 · how many wait for each, likewise")
    async def follow_up_numbers(self, info: Ctx, division: str | None = None) -> list[FollowUpNumber] | None:
        feedback = info.context.feedback
        desk = desk_of(info.context.viewer, division)
        buckets, today = await feedback.waiting_counts.under(desk.keys), day_in_china(feedback.surveying.now())
        return [FollowUpNumber.of(number_of(what, by_day(buckets, what, desk.department), today)) for what in desk.asked]
