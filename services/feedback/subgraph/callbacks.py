"""电话回访 in the graph: whom to call, what came of the calls, and the draw that an auditor can draw again."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Self

import strawberry
from strawberry.types import Info

from services.feedback.domain.callbacks import NUMBER, CallbackRules
from services.feedback.domain.callbacks import Callback as HeldCallback
from services.feedback.domain.callbacks import CallbackReason as Reason
from services.feedback.domain.followup import FollowUp
from services.feedback.store.callbacks import Row
from services.feedback.subgraph.context import FeedbackContext
from services.feedback.usecases.look_at_callbacks import at_desk, of_overseer
from services.feedback.usecases.look_at_rates import month_asked
from shared.china_time import day_in_china
from shared.subgraph import RefusedFields, page_size

if TYPE_CHECKING:
    from services.feedback.subgraph.schema import Grievance

Ctx = Info[FeedbackContext, None]
LazyGrievance = Annotated["Grievance", strawberry.lazy("services.feedback.subgraph.schema")]


@strawberry.enum(
    description="电话回访的缘由：未能送达、当面答复、办结后抽中 · the reply has not arrived, was told in person, or it was drawn"
)
class CallbackReason(Enum):
    NOT_REACHED = "NOT_REACHED"
    IN_PERSON = "IN_PERSON"
    DRAWN = "DRAWN"


@strawberry.enum(
    description="电话回访的状态：待拨打、已接通、未能接通、已无必要 · to be called, reached, given up, nothing to call for any more"
)
class CallbackState(Enum):
    OPEN = "OPEN"
    DONE = "DONE"
    GIVEN_UP = "GIVEN_UP"
    LAPSED = "LAPSED"


@strawberry.enum(description="拨打结果：无人接听、占线、号码有误、对方拒绝、已接通 · what came of a call")
class CallResult(Enum):
    NO_ANSWER = "NO_ANSWER"
    BUSY = "BUSY"
    WRONG_NUMBER = "WRONG_NUMBER"
    REFUSED = "REFUSED"
    REACHED = "REACHED"


@strawberry.type(description="一次拨打 · one call")
class CallAttempt:
    at: datetime = strawberry.field(description="时间 · when")
    by: str = strawberry.field(description="回访员的岗位与单位 · role and unit of the caller")
    result: CallResult = strawberry.field(description="结果 · what came of it")


@strawberry.type(description="电话回访 · somebody is to be called, or was")
class Callback:
    round: int = strawberry.field(description="第几轮 · of which round")
    reason: CallbackReason = strawberry.field(description="缘由 · why")
    state: CallbackState = strawberry.field(description="状态 · whether to call")
    opened_at: datetime = strawberry.field(description="开始时间 · since when")
    attempts: list[CallAttempt] = strawberry.field(description="各次拨打 · the calls so far")
    confirmed: bool | None = strawberry.field(
        description="抽中的：诉求人确认评价属实，或未评价者称已解决 · of one drawn: they say that it is so, or, unanswered, resolved"
    )
    script: str = strawberry.field(description="话术（中文）· what to say, in Chinese")
    script_en: str = strawberry.field(description="话术（英文）· what to say, in English")

    @classmethod
    def of(cls, held: HeldCallback, followup: FollowUp, rules: CallbackRules) -> Self:
        script = rules.scripts[held.reason]
        return cls(
            round=held.round,
            reason=CallbackReason(held.reason),
            state=CallbackState(followup.state_of(held)),
            opened_at=held.opened_at,
            attempts=[CallAttempt(at=each.at, by=each.by, result=CallResult(each.result)) for each in held.attempts],
            confirmed=held.confirmed,
            script=script.zh.replace(NUMBER, followup.number),
            script_en=script.en.replace(NUMBER, followup.number),
        )


@strawberry.type(description="分页信息 · about this page")
class CallbackPageInfo:
    has_next_page: bool = strawberry.field(description="是否还有下一页 · whether there is more")
    end_cursor: str | None = strawberry.field(description="本页末尾的游标 · send it as `after` for the next page")


@strawberry.type(description="一条回访 · one row of the list")
class CallbackEdge:
    cursor: str = strawberry.field(description="游标 · where this row stands")
    node: LazyGrievance = strawberry.field(description="诉求 · the grievance")
    callback: Callback = strawberry.field(description="所列的回访 · the callback that is listed")


@strawberry.type(description="电话回访清单 · callbacks")
class CallbackConnection:
    edges: list[CallbackEdge] = strawberry.field(description="本页各条 · the rows of this page")
    page_info: CallbackPageInfo = strawberry.field(description="分页信息 · about this page")


@strawberry.type(description="某月的抽取：种子为密钥，抽中即 HMAC-SHA256(种子, 诉求标识) ÷ 2^256 小于比例 · the draw of a month")
class CallbackDraw:
    month: str = strawberry.field(description="月份 · the month of closing, in China")
    commitment: str | None = strawberry.field(
        description="所登记的种子承诺值：SHA-256；未登记则为空 · SHA-256 of the seed as recorded, told at any time; null where none is"
    )
    seed: str | None = strawberry.field(description="种子，十六进制；月末后公布 · in hex; null until the month is over")
    per_mille: int | None = strawberry.field(
        description="所登记的每千件抽取件数；未登记则为空 · how many of a thousand, as recorded; null where nothing is"
    )
    recorded_at: datetime | None = strawberry.field(
        description="承诺值与比例的登记时间，此后不变；未登记则为空 · when both were recorded, for good; null where nothing is"
    )
    drawn: int | None = strawberry.field(description="抽中件数；月末后公布 · how many were drawn; null until the month is over")


@strawberry.type
class CallbackQuery:
    @strawberry.field(description="待回访，等得最久的在前：辖区或其一个区划的 · whom to call, the longest waiting first")
    async def callback_desk(
        self,
        info: Ctx,
        division: str | None = None,
        reason: CallbackReason | None = None,
        first: int = 20,
        after: str | None = None,
    ) -> CallbackConnection | None:
        context = info.context
        why: Reason | None = reason.value if reason else None
        desk = at_desk(context.viewer, division, why)
        today = day_in_china(context.feedback.surveying.now())
        found, more = await context.feedback.waiting_lists.page(desk, "CALLBACK", today, page_size(first), after)
        followups = await context.followups([id for id, _, _ in found])
        held = [followup.callback if followup else None for followup in followups]
        rows = [(id, callback, cursor) for (id, _, cursor), callback in zip(found, held, strict=True) if callback is not None]
        return await _listed(info, rows, more)

    @strawberry.field(description="抽中而未获确认的，新的在前；月份缺省为本月 · drawn and not confirmed, the latest first")
    async def unconfirmed_callbacks(
        self, info: Ctx, division: str | None = None, month: str | None = None, first: int = 20, after: str | None = None
    ) -> CallbackConnection | None:
        asks = of_overseer(info.context.viewer, division)
        feedback = info.context.feedback
        wanted = month_asked(month, feedback.surveying.now())
        found, more = await feedback.callback_lists.unconfirmed(asks, wanted, page_size(first), after)
        return await _listed(info, found, more)

    @strawberry.field(description="某月的抽取；缺省为本月 · the draw of a month, of this one where none is named")
    async def callback_draw(self, info: Ctx, month: str | None = None) -> CallbackDraw | None:
        feedback = info.context.feedback
        now = feedback.surveying.now()
        wanted = month_asked(month, now)
        recorded = await feedback.draws.find(wanted)
        # A number that moves when a case is closed would tell whether that one was drawn.
        over = feedback.draw.is_over(wanted, now)
        return CallbackDraw(
            month=wanted,
            commitment=recorded.commitment if recorded else None,
            # If the key has changed since, it does not fit, and whoever draws again sees it.
            seed=feedback.draw.seed(wanted).hex() if over else None,
            per_mille=recorded.per_mille if recorded else None,
            recorded_at=recorded.at if recorded else None,
            drawn=await feedback.callback_lists.drawn(wanted) if over else None,
        )


async def _listed(info: Ctx, rows: list[Row], more: bool) -> CallbackConnection:
    # The schema is made of these queries.
    from services.feedback.subgraph.schema import Grievance

    rules, followups = info.context.feedback.callback_rules, await info.context.followups([id for id, _, _ in rows])
    edges = [
        CallbackEdge(cursor=cursor, node=Grievance(id=strawberry.ID(id)), callback=Callback.of(callback, followup, rules))
        for (id, callback, cursor), followup in zip(rows, followups, strict=True)
        if followup is not None
    ]
    return CallbackConnection(edges=edges, page_info=CallbackPageInfo(has_next_page=more, end_cursor=rows[-1][2] if rows else None))


@strawberry.type(description="回访已记录 · the call was recorded")
class CallbackRecorded:
    grievance: LazyGrievance = strawberry.field(description="诉求 · the grievance")
    callback: Callback = strawberry.field(description="回访 · the callback with its calls")


@strawberry.type(description="回访记录被拒 · nothing was recorded")
class CallbackRefused(RefusedFields): ...


CallbackResult = Annotated[
    CallbackRecorded | CallbackRefused, strawberry.union("CallbackResult", description="回访记录结果 · the callback, or why not")
]
