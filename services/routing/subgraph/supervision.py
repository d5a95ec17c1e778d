"""督办台 in the graph: what waits for supervision or for a department's reply, the cards of a month; and the commands of both."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from enum import Enum
from typing import Annotated, Any

import strawberry

from services.routing.domain.cards import card_of, month_of
from services.routing.domain.supervision_desk import APPEALED, TAKEN_BACK, told_to
from services.routing.store.mongo import CODEC
from services.routing.subgraph.done import Refused, done
from services.routing.subgraph.supervision_types import CardColour, DepartmentCard
from services.routing.subgraph.types import Case, CasePageInfo, Ctx, Department, OfGrievanceInput
from services.routing.usecases.give_card import appeal_against, decide_on_card, give_card
from services.routing.usecases.look_at_supervision import ALL_WAITS, bucket_prefixes, checked_month, keys_of_department, keys_of_overseer
from services.routing.usecases.supervise_department import decide_on_reply, demand_reply, reply_to_order
from shared.subgraph import RefusedFields, page_size, refused_as


@strawberry.enum(description="等待什么 · what a case waits for in supervision")
class SupervisionWait(Enum):
    REPLY = strawberry.enum_value("REPLY", description="部门回复督办单 · the department's reply to an order")
    DECISION = strawberry.enum_value("DECISION", description="审核督办回复 · a decision on a reply")
    APPEAL = strawberry.enum_value("APPEAL", description="审核申诉 · a decision on an appeal")
    ORDER = strawberry.enum_value("ORDER", description="办结仍不满意，须督办 · closed while the petitioner is not satisfied")


@strawberry.type(description="督办台的一条 · one row of supervision")
class SupervisionEdge:
    cursor: str = strawberry.field(description="游标 · where this row stands")
    node: Case = strawberry.field(description="本条内容 · the row itself")


@strawberry.type(description="督办中的办件，等得最久的在前 · what waits longest, first")
class SupervisionConnection:
    edges: list[SupervisionEdge] = strawberry.field(description="本页各条 · the rows of this page")
    page_info: CasePageInfo = strawberry.field(description="分页信息 · about this page")


@strawberry.type(description="红黄牌清单的一条 · one row of the cards")
class CardEdge:
    cursor: str = strawberry.field(description="游标 · where this row stands")
    node: DepartmentCard = strawberry.field(description="本条内容 · the row itself")


@strawberry.type(description="红黄牌，最近的在前 · cards, the latest first")
class CardConnection:
    edges: list[CardEdge] = strawberry.field(description="本页各条 · the rows of this page")
    page_info: CasePageInfo = strawberry.field(description="分页信息 · about this page")


@strawberry.type(description="一个部门一个月的红黄牌数，数秒内更新 · how many cards of a department in a month, some seconds behind")
class CardCount:
    department: Department = strawberry.field(description="部门 · whose")
    yellow: int = strawberry.field(description="现为黄牌的 · that are yellow now")
    red: int = strawberry.field(description="现为红牌的 · that are red now")
    taken_back: int = strawberry.field(description="已撤销的 · that were taken back")
    appealed: int = strawberry.field(description="申诉待审核的 · against which an appeal waits")


@strawberry.type(description="督办台 · what waits in supervision, and the cards of a month")
class SupervisionDesk:
    keys: strawberry.Private[tuple[str, ...]]

    @strawberry.field(description="等待中的办件 · the cases that wait")
    async def cases(
        self, info: Ctx, waits: list[SupervisionWait] | None = None, first: int = 20, after: str | None = None
    ) -> SupervisionConnection:
        context = info.context
        wanted = tuple(each for each in ALL_WAITS if waits is None or SupervisionWait(each) in waits)
        lists = context.routing.supervision
        found, more = await lists.waiting(self.keys, wanted, context.viewer.department, page_size(first), after)
        edges = [SupervisionEdge(cursor=cursor, node=Case.of(row["_id"], CODEC.load(row))) for row, cursor in found]
        return SupervisionConnection(edges=edges, page_info=_page_info(more, [each.cursor for each in edges]))

    @strawberry.field(description="红黄牌；月份缺省为本月 · the cards of a month, of this one where none is named")
    async def cards(
        self, info: Ctx, month: str | None = None, department: str | None = None, first: int = 20, after: str | None = None
    ) -> CardConnection:
        context = info.context
        wanted = self._month(info, month)
        lists = context.routing.supervision
        found, more = await lists.cards(self.keys, wanted, department, context.viewer.department, page_size(first), after)
        edges = [CardEdge(cursor=cursor, node=DepartmentCard.of(held.card, held.grievance, held.number)) for held, cursor in found]
        return CardConnection(edges=edges, page_info=_page_info(more, [each.cursor for each in edges]))

    @strawberry.field(description="各部门红黄牌数；月份缺省为本月 · how many cards each department has in a month")
    async def card_counts(self, info: Ctx, month: str | None = None) -> list[CardCount]:
        buckets: dict[str, dict[str, int]] = {}
        for prefix in bucket_prefixes(self.keys, self._month(info, month)):
            buckets |= await info.context.routing.desk_counts.starting(prefix)
        rows = [
            CardCount(
                department=Department(code=department),
                yellow=numbers.get("YELLOW", 0),
                red=numbers.get("RED", 0),
                taken_back=numbers.get(TAKEN_BACK, 0),
                appealed=numbers.get(APPEALED, 0),
            )
            for department, numbers in told_to(info.context.viewer.department, buckets).items()
        ]
        return sorted(rows, key=lambda row: (-row.red, -row.yellow, row.department.code))

    def _month(self, info: Ctx, month: str | None) -> str:
        return month_of(info.context.routing.handling.now()) if month is None else checked_month(month)


def _page_info(more: bool, cursors: list[str]) -> CasePageInfo:
    return CasePageInfo(has_next_page=more, end_cursor=cursors[-1] if cursors else None)


@strawberry.type
class SupervisionQuery:
    @strawberry.field(description="督办台：辖区或其下级区划内 · what waits in supervision, in the territory or a division of it")
    async def supervision_desk(self, info: Ctx, division: str | None = None) -> SupervisionDesk | None:
        return SupervisionDesk(keys=keys_of_overseer(info.context.viewer, division))

    @strawberry.field(description="本部门待回复的督办单和红黄牌 · the orders that wait for the viewer's department, and its cards")
    async def department_supervision(self, info: Ctx) -> SupervisionDesk | None:
        return SupervisionDesk(keys=keys_of_department(info.context.viewer))


@strawberry.input(description="督办 · demand a reply of the department that has the case")
class IssueSupervisionOrderInput(OfGrievanceInput):
    demand: str = strawberry.field(description="督办要求，至多2000字 · what is demanded, 2,000 characters at most")
    until: date = strawberry.field(description="回复期限日，当日下班前，明日起30日内 · the day on which the reply is due, within 30 days")


@strawberry.input(description="回复督办单 · the department's reply")
class ReplySupervisionOrderInput(OfGrievanceInput):
    reply: str = strawberry.field(description="回复，至多2000字 · the reply, 2,000 characters at most")


@strawberry.input(description="审核督办回复 · a decision on a reply")
class DecideSupervisionReplyInput(OfGrievanceInput):
    accepted: bool = strawberry.field(description="认可，或驳回 · accepted, or refused")
    reason: str = strawberry.field(description="意见，至多2000字 · why, 2,000 characters at most")


@strawberry.input(description="发牌 · give the department that has the case a card")
class GiveCardInput(OfGrievanceInput):
    colour: CardColour = strawberry.field(description="黄牌或红牌 · yellow or red")
    reason: str = strawberry.field(description="理由，至多2000字 · why, 2,000 characters at most")


@strawberry.input(description="申诉，发牌后5个工作日内 · the head's appeal against a card, within 5 working days")
class AppealCardInput(OfGrievanceInput):
    card: int = strawberry.field(description="本案第几张 · which card of the case")
    reason: str = strawberry.field(description="理由，至多2000字 · why, 2,000 characters at most")


@strawberry.input(description="复核红黄牌：维持，或更正 · uphold a card, or correct it, also without an appeal")
class DecideCardInput(OfGrievanceInput):
    card: int = strawberry.field(description="本案第几张 · which card of the case")
    upheld: bool = strawberry.field(description="维持 · it stays as it is")
    colour: CardColour | None = strawberry.field(default=None, description="更正为；撤销为空 · what it becomes; null: it is taken back")
    reason: str = strawberry.field(description="理由，至多2000字 · why, 2,000 characters at most")


@strawberry.type(description="督办被拒 · no order was issued; nothing changed")
class IssueOrderRefused(RefusedFields): ...


@strawberry.type(description="回复督办单被拒 · no reply was taken; nothing changed")
class ReplyOrderRefused(RefusedFields): ...


@strawberry.type(description="审核督办回复被拒 · nothing was decided")
class DecideReplyRefused(RefusedFields): ...


@strawberry.type(description="发牌被拒 · no card was given; nothing changed")
class GiveCardRefused(RefusedFields): ...


@strawberry.type(description="申诉被拒 · no appeal was taken; nothing changed")
class AppealCardRefused(RefusedFields): ...


@strawberry.type(description="复核被拒 · nothing was decided")
class DecideCardRefused(RefusedFields): ...


IssueOrderResult = Annotated[Case | IssueOrderRefused, strawberry.union("IssueOrderResult", description="督办结果 · the case, or why not")]
ReplyOrderResult = Annotated[Case | ReplyOrderRefused, strawberry.union("ReplyOrderResult", description="回复结果 · the case, or why not")]
DecideReplyResult = Annotated[
    Case | DecideReplyRefused, strawberry.union("DecideReplyResult", description="审核结果 · the case, or why not")
]
GiveCardResult = Annotated[
    DepartmentCard | GiveCardRefused, strawberry.union("GiveCardResult", description="发牌结果 · the card, or why not")
]
AppealCardResult = Annotated[
    DepartmentCard | AppealCardRefused, strawberry.union("AppealCardResult", description="申诉结果 · the card, or why not")
]
DecideCardResult = Annotated[
    DepartmentCard | DecideCardRefused, strawberry.union("DecideCardResult", description="复核结果 · the card, or why not")
]


@strawberry.type
class SupervisionMutation:
    @strawberry.mutation(description="督办 · a supervisor demands a reply of the department that has the case")
    async def issue_supervision_order(self, info: Ctx, input: IssueSupervisionOrderInput) -> IssueOrderResult:
        return await done(info, input, IssueOrderRefused, demand_reply, input.demand, input.until)

    @strawberry.mutation(description="回复督办单 · the department replies to the order that waits")
    async def reply_supervision_order(self, info: Ctx, input: ReplySupervisionOrderInput) -> ReplyOrderResult:
        return await done(info, input, ReplyOrderRefused, reply_to_order, input.reply)

    @strawberry.mutation(description="审核督办回复 · a supervisor accepts the reply, or refuses it")
    async def decide_supervision_reply(self, info: Ctx, input: DecideSupervisionReplyInput) -> DecideReplyResult:
        return await done(info, input, DecideReplyRefused, decide_on_reply, input.accepted, input.reason)

    @strawberry.mutation(description="发牌 · a supervisor gives the department a card")
    async def give_card(self, info: Ctx, input: GiveCardInput) -> GiveCardResult:
        return await _carded(info, input, GiveCardRefused, give_card, input.colour.value, input.reason)

    @strawberry.mutation(description="申诉 · the department's head appeals against its card")
    async def appeal_card(self, info: Ctx, input: AppealCardInput) -> AppealCardResult:
        return await _carded(info, input, AppealCardRefused, appeal_against, input.card, input.reason)

    @strawberry.mutation(description="维持或更正红黄牌 · another supervisor upholds a card, or corrects it")
    async def decide_card(self, info: Ctx, input: DecideCardInput) -> DecideCardResult:
        colour = input.colour.value if input.colour else None
        return await _carded(info, input, DecideCardRefused, decide_on_card, input.card, input.upheld, colour, input.reason)


async def _carded(
    info: Ctx, input: OfGrievanceInput, refused: type[Refused], command: Callable[..., Awaitable[int]], *told: Any
) -> DepartmentCard | Refused:
    """The command with what was told, and the card after it: also for whom the case has left since."""
    context, id = info.context, str(input.grievance_id)

    async def work() -> DepartmentCard:
        ordinal = await command(context.routing.handling, context.viewer, str(input.request_id), id, *told, context.origin)
        held = (await context.routing.cases.find_many([id]))[id]
        return DepartmentCard.of(card_of(held, ordinal), id, held.number)

    return await refused_as(refused, work)
