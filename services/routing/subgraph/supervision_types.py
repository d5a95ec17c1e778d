"""督办单 and 红黄牌 in the graph."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Self

import strawberry

from services.routing.domain.case import Case as HeldCase
from services.routing.domain.supervised import Card, Correction
from services.routing.domain.supervised import SupervisionOrder as HeldOrder
from services.routing.domain.supervision import state_of
from services.routing.domain.work_order import Asked
from services.routing.subgraph.basics import CaseOwner, Department


@strawberry.enum(description="督办单的状态 · how a supervision order stands")
class SupervisionOrderState(Enum):
    OPEN = strawberry.enum_value("OPEN", description="待回复 · waits for the department's reply")
    REPLIED = strawberry.enum_value("REPLIED", description="待审核 · waits for a supervisor's decision on the reply")
    ACCEPTED = strawberry.enum_value("ACCEPTED", description="已认可 · the reply was accepted")
    REFUSED = strawberry.enum_value("REFUSED", description="已驳回 · the reply was refused")
    UNANSWERED = strawberry.enum_value("UNANSWERED", description="逾期未回复 · overdue, followed by the next")
    LAPSED = strawberry.enum_value("LAPSED", description="已失效 · the case has left the department, or has ended")


@strawberry.type(description="督办单 · a supervisor demands of the department that has the case that it replies by then")
class SupervisionOrder:
    ordinal: int = strawberry.field(description="本案第几份 · counts from 1 in its case")
    follows: int | None = strawberry.field(description="接续哪一份；首份为空 · which order it follows in the chain; null: none")
    state: SupervisionOrderState = strawberry.field(description="状态 · how it stands")
    at: datetime = strawberry.field(description="签发时间（UTC）· when, in UTC")
    by: CaseOwner = strawberry.field(description="签发人 · who issued it")
    department: Department = strawberry.field(description="受文部门 · to which department")
    head: str | None = strawberry.field(description="受文人编号；不知为空 · to whom there, by id; null while not known")
    demand: str = strawberry.field(description="督办要求 · what is demanded")
    due_at: datetime = strawberry.field(description="回复期限（UTC）· when the reply is due, in UTC")
    reply: str | None = strawberry.field(description="回复 · what the department says")
    replied_at: datetime | None = strawberry.field(description="回复时间（UTC）· when it replied, in UTC")
    replied_by: CaseOwner | None = strawberry.field(description="回复人 · who replied")
    answer: str | None = strawberry.field(description="审核意见 · what the supervisor says of the reply")
    decided_at: datetime | None = strawberry.field(description="审核时间（UTC）· when it was decided, in UTC")
    decided_by: CaseOwner | None = strawberry.field(description="审核人 · who decided")

    @classmethod
    def of(cls, held: HeldOrder, case: HeldCase) -> Self:
        return cls(
            ordinal=held.ordinal,
            follows=held.follows,
            state=SupervisionOrderState(state_of(case, held)),
            at=held.at,
            by=CaseOwner.of(held.by),
            department=Department(code=held.department),
            head=held.head,
            demand=held.demand,
            due_at=held.due_at,
            reply=held.reply,
            replied_at=held.replied_at,
            replied_by=CaseOwner.of(held.replied_by) if held.replied_by else None,
            answer=held.answer,
            decided_at=held.decided_at,
            decided_by=CaseOwner.of(held.decided_by) if held.decided_by else None,
        )


@strawberry.enum(description="黄牌、红牌 · what a card is")
class CardColour(Enum):
    YELLOW = strawberry.enum_value("YELLOW", description="黄牌 · yellow")
    RED = strawberry.enum_value("RED", description="红牌 · red")


@strawberry.enum(description="发牌依据 · for what a card was given")
class CardGround(Enum):
    RESPONSE_OVERDUE = strawberry.enum_value("RESPONSE_OVERDUE", description="首次响应逾期 · the first response was late")
    RESULT_OVERDUE = strawberry.enum_value("RESULT_OVERDUE", description="办理逾期 · the result was late")
    RESULT_TO_CITY = strawberry.enum_value("RESULT_TO_CITY", description="办理逾期提级至市级 · so late that the city was told")
    ORDER_OVERDUE = strawberry.enum_value("ORDER_OVERDUE", description="督办单逾期未回复 · a supervision order was not replied to in time")
    BY_HAND = strawberry.enum_value("BY_HAND", description="督查专员发牌 · a supervisor gave it, and said why")


@strawberry.type(description="红黄牌申诉 · what the department says against its card, and what became of that")
class CardAppeal:
    at: datetime = strawberry.field(description="申诉时间（UTC）· when, in UTC")
    by: CaseOwner = strawberry.field(description="申诉人 · by whom")
    reason: str = strawberry.field(description="申诉理由 · why")
    granted: bool | None = strawberry.field(description="是否采纳；待审核为空 · granted or refused; null while it waits")
    decided_at: datetime | None = strawberry.field(description="审核时间（UTC）· when it was decided, in UTC")
    decided_by: CaseOwner | None = strawberry.field(description="审核人 · who decided")
    answer: str | None = strawberry.field(description="审核理由 · why so")

    @classmethod
    def of(cls, held: Asked) -> Self:
        return cls(
            at=held.at,
            by=CaseOwner.of(held.by),
            reason=held.reason,
            granted=held.granted,
            decided_at=held.decided_at,
            decided_by=CaseOwner.of(held.decided_by) if held.decided_by else None,
            answer=held.answer,
        )


@strawberry.type(description="红黄牌更正 · what a card became")
class CardCorrection:
    at: datetime = strawberry.field(description="更正时间（UTC）· when, in UTC")
    by: CaseOwner = strawberry.field(description="更正人 · by whom")
    colour: CardColour | None = strawberry.field(description="更正为；撤销为空 · what it became; null: it was taken back")
    reason: str = strawberry.field(description="理由 · why")

    @classmethod
    def of(cls, held: Correction) -> Self:
        return cls(at=held.at, by=CaseOwner.of(held.by), colour=_colour(held.colour), reason=held.reason)


@strawberry.type(description="红黄牌 · a card of a department, of a month; what was given stays, corrections follow it")
class DepartmentCard:
    grievance_id: strawberry.ID = strawberry.field(description="诉求标识；转走后部门不可见其内容 · a department may not see it any more")
    number: str = strawberry.field(description="诉求编号 · the grievance's readable number")
    ordinal: int = strawberry.field(description="本案第几张 · counts from 1 in its case")
    department: Department = strawberry.field(description="受牌部门 · whose card")
    month: str = strawberry.field(description="月份 · the month in China, as 2026-11")
    given: CardColour = strawberry.field(description="所发的牌 · what was given")
    colour: CardColour | None = strawberry.field(description="现为；已撤销为空 · what it is now; null: it was taken back")
    ground: CardGround = strawberry.field(description="依据 · for what")
    at: datetime = strawberry.field(description="发牌时间（UTC）· when, in UTC")
    by: CaseOwner = strawberry.field(description="谁发的 · by whom; the system, where a rule did")
    reason: str | None = strawberry.field(description="理由；按规则发的为空 · why; null: by rule")
    appeal: CardAppeal | None = strawberry.field(description="申诉；未申诉为空 · what the department says against it")
    corrections: list[CardCorrection] = strawberry.field(description="更正记录 · every correction, oldest first")

    @classmethod
    def of(cls, held: Card, grievance: str, number: str) -> Self:
        return cls(
            grievance_id=strawberry.ID(grievance),
            number=number,
            ordinal=held.ordinal,
            department=Department(code=held.department),
            month=held.month,
            given=CardColour(held.given),
            colour=_colour(held.colour),
            ground=CardGround(held.ground),
            at=held.at,
            by=CaseOwner.of(held.by),
            reason=held.reason,
            appeal=CardAppeal.of(held.appeal) if held.appeal else None,
            corrections=[CardCorrection.of(each) for each in held.corrections],
        )


def _colour(held: str | None) -> CardColour | None:
    return CardColour(held) if held else None
