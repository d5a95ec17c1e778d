"""The secretary's duties in the graph (S51): the day summary, handing it up, telling the petitioner; and what a committee was handed."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import Annotated

import strawberry

from services.intake.domain.grievance import Grievance as Held
from services.intake.domain.summaries import DaySummary as HeldSummary
from services.intake.domain.summaries import Item, town_of
from services.intake.domain.telling import to_tell
from services.intake.store.summaries import summary_id
from services.intake.subgraph.context import IntakeContext
from services.intake.subgraph.types import REQUEST, Ctx, Division, Grievance, Owner, PageInfo, find_division
from services.intake.usecases.check_day_summary import CheckDaySummary, ItemLook, author, check_day_summary
from services.intake.usecases.hand_up_day_summary import RECEIVERS, STAFF, HandUpDaySummary, hand_up_day_summary
from services.intake.usecases.tell_petitioner import TellPetitioner, tell_petitioner
from shared.identity.errors import Forbidden, Refusal
from shared.identity.scopes import holds, prefixes
from shared.subgraph import RefusedFields, page_size, refused_as


@strawberry.enum(description="核对情况：未核对、保留、剔除 · how the author looked at an item")
class ItemMark(Enum):
    UNCHECKED = "UNCHECKED"
    KEPT = "KEPT"
    STRUCK = "STRUCK"


@strawberry.type(description="上级的处理决定 · what was decided above")
class Decided:
    status: str = strawberry.field(description="状态 · status")
    owner: Owner = strawberry.field(description="责任人 · who owns it now")
    public_reply: str | None = strawberry.field(description="给群众的答复 · the reply to the petitioner")
    at: datetime = strawberry.field(description="时间 · when")


@strawberry.type(description="汇总中的一件 · one item of a day summary")
class SummaryItem:
    grievance_id: strawberry.ID = strawberry.field(description="诉求标识 · id of the grievance")
    mark: ItemMark = strawberry.field(description="核对情况 · how the author looked at it")
    remark: str | None = strawberry.field(description="说明或剔除原因，个人信息已隐去 · remark, or why it was struck out; redacted")
    to: Division | None = strawberry.field(description="报送的镇（街道）· the town to which it was handed up")
    handed_up_at: datetime | None = strawberry.field(description="上报时间 · when it was handed up")
    state: str = strawberry.field(description="诉求当前状态 · where the grievance stands")
    to_tell: bool = strawberry.field(description="有答复尚未告知群众 · there is a reply that the petitioner was not told of")

    @strawberry.field(description="诉求；无权查看则为空 · the grievance; null where it may not be seen")
    async def grievance(self, info: Ctx) -> Grievance | None:
        held = await info.context.grievances.load(str(self.grievance_id))
        return Grievance.of(str(self.grievance_id), held) if held else None

    @strawberry.field(
        description="处理决定；未上报、尚无或无权查看则为空 · what was decided; null before handing up, while nothing was, or unseen"
    )
    async def decision(self, info: Ctx) -> Decided | None:
        if self.handed_up_at is None:
            return None
        held = await info.context.grievances.load(str(self.grievance_id))
        progress = held.progress if held else None
        if progress is None:
            return None
        return Decided(status=progress.status, owner=Owner.of(progress.owner), public_reply=progress.publicReply, at=progress.at)


@strawberry.type(description="一日汇总 · what a secretary heard in a day")
class DaySummary:
    day: date = strawberry.field(description="日期（北京时间）· the day in China")
    by: Owner = strawberry.field(description="汇总人 · who heard it")
    remark: str | None = strawberry.field(
        description="总说明，个人信息已隐去；有事项不予显示时为空 · remark on the whole, redacted; null where an item is not shown"
    )
    items: list[SummaryItem] = strawberry.field(description="事项 · items")


@strawberry.type(description="列表中的一份汇总 · one summary of a list")
class DaySummaryEdge:
    cursor: str = strawberry.field(description="游标 · cursor of this item")
    node: DaySummary = strawberry.field(
        description="汇总，只含所问地区当日上报的事项 · the summary, of it what was handed up from there on that day"
    )


@strawberry.type(description="上报的汇总 · summaries that were handed up")
class DaySummaryConnection:
    edges: list[DaySummaryEdge] = strawberry.field(description="本页 · the items of this page")
    page_info: PageInfo = strawberry.field(description="分页 · whether more follow")


@strawberry.type(description="已汇总 · checked, or handed up")
class DaySummaryKept:
    summary: DaySummary = strawberry.field(description="汇总 · the summary now")


@strawberry.type(description="未汇总 · refused; nothing was stored")
class SummaryRefused(RefusedFields): ...


@strawberry.type(description="已记录当面反馈 · recorded")
class PetitionerTold:
    grievance: Grievance = strawberry.field(description="诉求 · the grievance")


@strawberry.type(description="未记录 · refused; nothing was stored")
class TellRefused(RefusedFields): ...


@strawberry.input(description="对一件的核对 · how one item is looked at")
class ItemLookInput:
    grievance_id: strawberry.ID = strawberry.field(description="诉求 · which grievance")
    keep: bool = strawberry.field(default=True, description="保留；否则剔除 · kept, or struck out")
    remark: str | None = strawberry.field(default=None, description="说明；剔除须写原因 · remark; to strike out needs a reason")


@strawberry.input(description="核对一日汇总 · to check a day's items")
class CheckDaySummaryInput:
    request_id: strawberry.ID = strawberry.field(description=REQUEST)
    day: date = strawberry.field(description="日期（北京时间）· the day in China")
    remark: str | None = strawberry.field(default=None, description="总说明；不填则不变 · remark on the whole; left out it stays")
    items: list[ItemLookInput] = strawberry.field(default_factory=list, description="核对的事项 · the items that are looked at")

    def command(self) -> CheckDaySummary:
        looks = [ItemLook(grievance_id=str(look.grievance_id), keep=look.keep, remark=look.remark) for look in self.items]
        return CheckDaySummary(request_id=str(self.request_id), day=self.day, remark=self.remark, items=looks)


@strawberry.input(description="上报一日汇总 · to hand up a day's items")
class HandUpDaySummaryInput:
    request_id: strawberry.ID = strawberry.field(description=REQUEST)
    day: date = strawberry.field(description="日期（北京时间）· the day in China")


@strawberry.input(description="当面反馈 · what the petitioner was told in person")
class TellPetitionerInput:
    request_id: strawberry.ID = strawberry.field(description=REQUEST)
    grievance_id: strawberry.ID = strawberry.field(description="诉求 · which grievance")
    words: str = strawberry.field(description="反馈内容 · what was said")
    on: date | None = strawberry.field(default=None, description="日期，缺省为今天 · the day in China, today when left out")


SummaryResult = Annotated[
    DaySummaryKept | SummaryRefused, strawberry.union("DaySummaryResult", description="汇总结果 · checked or handed up, or why not")
]
TellResult = Annotated[
    PetitionerTold | TellRefused, strawberry.union("TellPetitionerResult", description="反馈结果 · recorded, or why not")
]


def _item(context: IntakeContext, grievance: str, item: Item | None, held: Held) -> SummaryItem:
    progress = held.progress
    mark = ItemMark.UNCHECKED if item is None else ItemMark.KEPT if item.keep else ItemMark.STRUCK
    return SummaryItem(
        grievance_id=strawberry.ID(grievance),
        mark=mark,
        remark=item.remark if item else None,
        to=find_division(context, item.to) if item and item.to else None,
        handed_up_at=item.handed_up_at if item else None,
        state=progress.status if progress else "REGISTERED",
        to_tell=to_tell(held),
    )


def _shown(context: IntakeContext, summary: HeldSummary, rows: list[tuple[str, Item | None]], held: dict[str, Held]) -> DaySummary:
    """Without what accuses the viewer's own department: it is neither listed nor counted for them, nor is the remark shown that may
    speak of it. `held`: the grievances of the rows and of all items."""
    department = context.viewer.department
    open_to = {id: each for id, each in held.items() if department not in each.accused_departments}
    items = [_item(context, id, item, open_to[id]) for id, item in rows if id in open_to]
    remark = summary.remark if all(item.grievance in open_to for item in summary.items) else None
    return DaySummary(day=date.fromisoformat(summary.day), by=Owner.of(summary.by), remark=remark, items=items)


async def own_summary(context: IntakeContext, day: date) -> DaySummary:
    """The viewer's own, with what was heard that day and is not looked at yet. Raises Refusal."""
    duties, viewer = context.intake.duties, context.viewer
    duties.summarising.require_day(day)
    id, on = summary_id(viewer.sub, day.isoformat()), day.isoformat()
    summary = await duties.summaries.find(id) or HeldSummary(id=id, day=on, by=author(viewer))
    heard = await duties.summarising.heard(viewer, on)
    looked = [item.grievance for item in summary.items]
    missing = [grievance for grievance in looked if grievance not in heard]
    held = heard | (await context.intake.grievances.find_many(missing) if missing else {})
    rows = [(id, summary.item(id)) for id in dict.fromkeys([*heard, *looked])]
    return _shown(context, summary, rows, held)


async def _handed_up(context: IntakeContext, division: str, day: str, first: int, after: str | None) -> tuple[list[DaySummaryEdge], bool]:
    """A page of what the viewer may see, and whether more of it follows: what they may not see shows in neither."""
    edges: list[DaySummaryEdge] = []
    more = True
    while more and len(edges) <= first:
        found, more = await context.intake.duties.summaries.handed_up(prefixes(division)[-1], day, first + 1, after)
        if not found:
            break
        held = await context.intake.grievances.find_many(sorted({item.grievance for summary in found for item in summary.items}))
        for summary in found:
            rows: list[tuple[str, Item | None]] = [(item.grievance, item) for item in summary.handed_up_from(division, day)]
            edges.append(DaySummaryEdge(cursor=summary.id, node=_shown(context, summary, rows, held)))
            after = summary.id
        edges = [edge for edge in edges if edge.node.items]
    return edges[:first], len(edges) > first


async def _require_receiver(context: IntakeContext, division: str) -> None:
    """The viewer's territory holds the place, or the department of a committee whose town it is or lies in. Raises Refusal, Forbidden."""
    viewer = context.viewer
    if not context.intake.territory.knows(division):
        raise Refusal("DIVISION_UNKNOWN", "没有这个区划代码。", "There is no such division.", "division")
    if viewer.has(*RECEIVERS) and viewer.covers(division):
        return
    row = await context.intake.fieldwork.departments.find(viewer.department) if viewer.has(*STAFF) and viewer.department else None
    if row is None or row.division != town_of(row.division) or not holds(row.division, division):
        raise Forbidden("OUT_OF_SCOPE", "该地区不在您的管辖范围内。", "This division is outside your scope.", "division")


@strawberry.type
class SummaryQuery:
    @strawberry.field(description="本人一日汇总，含当日尚未核对的 · the viewer's own day, with what is not looked at yet")
    async def day_summary(self, info: Ctx, day: date | None = None) -> DaySummary | None:
        return await own_summary(info.context, day or date.fromisoformat(info.context.intake.fieldwork.today()))

    @strawberry.field(description="某地某日（北京时间）收到的上报 · what was handed up on a day in China from a town or another place")
    async def handed_up(
        self, info: Ctx, division: str, day: date | None = None, first: int = 20, after: str | None = None
    ) -> DaySummaryConnection | None:
        context = info.context
        await _require_receiver(context, division)
        on = day.isoformat() if day else context.intake.fieldwork.today()
        edges, more = await _handed_up(context, division, on, page_size(first), after)
        return DaySummaryConnection(edges=edges, page_info=PageInfo(has_next_page=more, end_cursor=edges[-1].cursor if edges else None))


@strawberry.type
class SummaryMutation:
    @strawberry.mutation(description="核对一日汇总 · check the items of a day: keep each, or strike it out with a reason")
    async def check_day_summary(self, info: Ctx, input: CheckDaySummaryInput) -> SummaryResult:
        context = info.context

        async def work() -> DaySummaryKept:
            await check_day_summary(context.intake.duties.summarising, context.viewer, input.command(), context.origin)
            return DaySummaryKept(summary=await own_summary(context, input.day))

        return await refused_as(SummaryRefused, work)

    @strawberry.mutation(description="上报一日汇总，须逐件核对 · hand up a day's items to the town above, once each is checked")
    async def hand_up_day_summary(self, info: Ctx, input: HandUpDaySummaryInput) -> SummaryResult:
        context = info.context

        async def work() -> DaySummaryKept:
            command = HandUpDaySummary(request_id=str(input.request_id), day=input.day)
            await hand_up_day_summary(context.intake.duties.summarising, context.viewer, command, context.origin)
            return DaySummaryKept(summary=await own_summary(context, input.day))

        return await refused_as(SummaryRefused, work)

    @strawberry.mutation(description="当面反馈群众 · the petitioner was told in person")
    async def tell_petitioner(self, info: Ctx, input: TellPetitionerInput) -> TellResult:
        context = info.context

        async def work() -> PetitionerTold:
            command = TellPetitioner(request_id=str(input.request_id), grievance_id=str(input.grievance_id), words=input.words, on=input.on)
            id = await tell_petitioner(context.intake.duties.telling, context.viewer, command, context.origin)
            return PetitionerTold(grievance=Grievance.of(id, (await context.intake.grievances.find_many([id]))[id]))

        return await refused_as(TellRefused, work)
