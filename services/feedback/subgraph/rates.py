"""三率 in the graph: response, resolution and satisfaction of a month, and the grievances behind each number."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry.types import Info

from services.feedback.domain.rates import EXCLUSIONS
from services.feedback.domain.shares import Asked, By, RateOf, Row, Share, row_of, rows_of
from services.feedback.store.rates import Wanted
from services.feedback.subgraph.context import FeedbackContext
from services.feedback.usecases import look_at_rates
from shared.subgraph import page_size

if TYPE_CHECKING:
    from services.feedback.subgraph.schema import Grievance

Ctx = Info[FeedbackContext, None]


@strawberry.enum(description="按下一级区划，或按承办部门（限市、县） · by the parts of a division, or by department of a city or a county")
class RatesBy(Enum):
    DIVISION = "DIVISION"
    DEPARTMENT = "DEPARTMENT"


@strawberry.enum(description="三率：响应率、解决率、满意率 · which of the three rates")
class RateKind(Enum):
    RESPONSE = "RESPONSE"
    RESOLUTION = "RESOLUTION"
    SATISFACTION = "SATISFACTION"


@strawberry.enum(description="哪些：达到、未达到、两者、未答复、对您不公开 · met, not, either (of), unanswered, or hidden from the viewer")
class RatedWhich(Enum):
    MET = "MET"
    NOT_MET = "NOT_MET"
    DECIDED = "DECIDED"
    UNANSWERED = "UNANSWERED"
    HIDDEN = "HIDDEN"


@strawberry.enum(description="范围：全部、剔除后、因某原因剔除的 · all, without what is left out, or what is left out for that reason")
class RatedAmong(Enum):
    ALL = "ALL"
    ADJUSTED = "ADJUSTED"
    WITHDRAWN = "WITHDRAWN"
    NOT_ACCEPTED = "NOT_ACCEPTED"
    MERGED = "MERGED"


@strawberry.type(description="比率及其95%置信区间（Wilson）· a rate with its 95 % interval by Wilson")
class RateShare:
    of: int = strawberry.field(description="分母：件数 · of how many")
    met: int | None = strawberry.field(description="达到的件数；太少不示为空 · how many met it; null: too few to be told")
    rate: float | None = strawberry.field(description="比率，0到1 · the rate, 0 to 1; null: of nothing, or too few to be told")
    low: float | None = strawberry.field(description="区间下限 · the interval's lower end")
    high: float | None = strawberry.field(description="区间上限 · the interval's upper end")
    few: bool = strawberry.field(description="不足30件，仅供参考 · fewer than 30: it says little, and does not rank")

    @classmethod
    def of_share(cls, share: Share) -> RateShare:
        low, high = share.interval or (None, None)
        return cls(of=share.of, met=share.met, rate=share.rate, low=low, high=high, few=share.few)


@strawberry.type(description="剔除原因及件数 · how many are left out for a reason")
class RateExclusion:
    reason: RatedAmong = strawberry.field(description="原因 · the reason")
    zh: str = strawberry.field(description="中文名称 · in Chinese")
    en: str = strawberry.field(description="英文名称 · in English")
    number: int = strawberry.field(description="件数 · how many of raw")


@strawberry.type(description="一项比率 · one of the three rates")
class RateNumbers:
    raw: RateShare = strawberry.field(description="原始 · of all")
    adjusted: RateShare = strawberry.field(description="剔除后 · without what is left out")
    excluded: list[RateExclusion] = strawberry.field(description="剔除的 · what is left out, by reason")
    unanswered: int = strawberry.field(description="尚无响应，或未答复回访；不计入 · no response yet, or no answer; in neither rate")
    hidden: int = strawberry.field(
        description="要求对承办部门匿名的；部门人员所见不计入 · hidden from departments; in neither rate of their people"
    )
    rank: int | None = strawberry.field(description="按剔除后比率的名次；不足30件为空 · by the adjusted rate; null: few, or no row")

    @classmethod
    def of(cls, held: RateOf) -> RateNumbers:
        return cls(
            raw=RateShare.of_share(held.raw),
            adjusted=RateShare.of_share(held.adjusted),
            excluded=[
                RateExclusion(reason=RatedAmong(reason), zh=EXCLUSIONS[reason][0], en=EXCLUSIONS[reason][1], number=number)
                for reason, number in held.excluded.items()
            ],
            unanswered=held.unanswered,
            hidden=held.hidden,
            rank=held.rank,
        )


@strawberry.type(description="三率的一行，数秒内更新 · one row, some seconds behind")
class RateRow:
    division: str | None = strawberry.field(description="区划代码 · code of the division; null: a department's row")
    department: str | None = strawberry.field(description="部门代码 · code of the department; null: a division's row")
    response: RateNumbers = strawberry.field(
        description="响应率：当月登记的，红色预警前已响应 · of those registered in the month, before the red warning"
    )
    resolution: RateNumbers = strawberry.field(
        description="解决率：当月首次回访的，答复已解决 · of those first asked in the month: it is resolved"
    )
    satisfaction: RateNumbers = strawberry.field(description="满意率：当月首次回访的，答复满意或非常满意 · likewise: satisfied or better")

    @classmethod
    def of(cls, row: Row, by: By) -> RateRow:
        code = row.name if "-" in row.name else row.name.ljust(12, "0")
        return cls(
            division=code if by == "DIVISION" else None,
            department=row.name if by == "DEPARTMENT" else None,
            response=RateNumbers.of(row.rates["RESPONSE"]),
            resolution=RateNumbers.of(row.rates["RESOLUTION"]),
            satisfaction=RateNumbers.of(row.rates["SATISFACTION"]),
        )


@strawberry.type(description="三率：响应率、解决率、满意率 · the three rates of a month")
class Rates:
    month: str = strawberry.field(description="月份 · the month, in China")
    whole: RateRow = strawberry.field(description="合计 · all of it, also what is in no row")
    rows: list[RateRow] = strawberry.field(description="各行；部门自己的没有 · its rows, by code; none of a department's own")


@strawberry.type(description="分页信息 · about this page")
class RatedPageInfo:
    has_next_page: bool = strawberry.field(description="是否还有下一页 · whether there is more")
    end_cursor: str | None = strawberry.field(description="本页末尾的游标 · send it as `after` for the next page")


@strawberry.type(description="一件诉求 · one row of the list")
class RatedEdge:
    cursor: str = strawberry.field(description="游标 · where this row stands")
    node: Annotated[Grievance, strawberry.lazy("services.feedback.subgraph.schema")] = strawberry.field(description="诉求 · the grievance")


@strawberry.type(description="某个数字对应的诉求，新的在前 · the grievances that a number counts, the latest first")
class RatedConnection:
    edges: list[RatedEdge] = strawberry.field(description="本页各条 · the rows of this page")
    page_info: RatedPageInfo = strawberry.field(description="分页信息 · about this page")


@strawberry.input(description="哪个数字 · which number")
class RatedFilter:
    rate: RateKind = strawberry.field(description="哪项比率 · of which rate")
    which: RatedWhich = strawberry.field(description="哪些 · which of its numbers")
    among: RatedAmong = strawberry.field(default=RatedAmong.ALL, description="范围 · raw, adjusted, or left out for that reason")
    month: str | None = strawberry.field(default=None, description="月份；默认本月 · the month; by default this one")


@strawberry.type
class RatesQuery:
    @strawberry.field(description="三率：辖区或其一个区划的 · of the territory, or of a division of it")
    async def rates(self, info: Ctx, by: RatesBy, division: str | None = None, month: str | None = None) -> Rates | None:
        asked = look_at_rates.of_watcher(info.context.viewer, division)
        parts = look_at_rates.parts_of(asked, by.value)
        month = look_at_rates.month_asked(month, info.context.feedback.surveying.now())
        counts = info.context.feedback.rate_counts
        rows = rows_of(await counts.parts(asked, parts, month), asked, parts)
        whole = row_of(asked.key.partition(":")[2], await counts.whole(asked, month), asked)
        return Rates(month=month, whole=RateRow.of(whole, "DIVISION"), rows=[RateRow.of(row, parts) for row in rows])

    @strawberry.field(description="三率：本部门的 · of the viewer's department")
    async def department_rates(self, info: Ctx, month: str | None = None) -> Rates | None:
        asked = look_at_rates.of_department(info.context.viewer)
        month = look_at_rates.month_asked(month, info.context.feedback.surveying.now())
        whole = row_of(asked.key.partition(":")[2], await info.context.feedback.rate_counts.whole(asked, month), asked)
        return Rates(month=month, whole=RateRow.of(whole, "DEPARTMENT"), rows=[])

    @strawberry.field(description="某个数字对应哪些诉求 · which grievances a number counts; `department`: of that row")
    async def rated_grievances(
        self,
        info: Ctx,
        filter: RatedFilter,
        division: str | None = None,
        department: str | None = None,
        first: int = 20,
        after: str | None = None,
    ) -> RatedConnection | None:
        asked = look_at_rates.of_watcher(info.context.viewer, division)
        if department is not None:
            asked = look_at_rates.at_department(asked, department)
        return await _listed(info, asked, filter, first, after)

    @strawberry.field(description="本部门某个数字对应哪些诉求；不示评价 · likewise of the viewer's department, without what was answered")
    async def department_rated_grievances(
        self, info: Ctx, filter: RatedFilter, first: int = 20, after: str | None = None
    ) -> RatedConnection | None:
        return await _listed(info, look_at_rates.of_department(info.context.viewer), filter, first, after)


async def _listed(info: Ctx, asked: Asked, by: RatedFilter, first: int, after: str | None) -> RatedConnection:
    # The schema is made of these queries.
    from services.feedback.subgraph.schema import Grievance

    feedback = info.context.feedback
    month = look_at_rates.month_asked(by.month, feedback.surveying.now())
    wanted = look_at_rates.listed(Wanted(asked, month, by.rate.value, by.which.value, by.among.value))
    found, more = await feedback.rate_lists.page(wanted, page_size(first), after)
    return RatedConnection(
        edges=[RatedEdge(cursor=cursor, node=Grievance(id=strawberry.ID(id))) for id, cursor in found],
        page_info=RatedPageInfo(has_next_page=more, end_cursor=found[-1][1] if found else None),
    )
