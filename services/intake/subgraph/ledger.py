"""The ledger 台账 (S42): what a team heard in a month or a year, and where each of it stands."""

from __future__ import annotations

from datetime import date, datetime

import strawberry

from services.intake.domain.grievance import Grievance as Held
from services.intake.domain.shares import DONE, ENDED, day_of
from services.intake.subgraph.encounters import FieldTotals, period_of_team, totals_of
from services.intake.subgraph.types import Ctx, Grievance, Owner, PageInfo
from shared.subgraph import page_size


@strawberry.type(description="台账的一行 · one row of the ledger")
class LedgerRow:
    number: str = strawberry.field(description="编号 · the readable number")
    on: date = strawberry.field(description="听到之日（北京时间）· the day on which it was told")
    subject: str = strawberry.field(description="标题，个人信息已隐去 · redacted")
    on_spot_answer: str | None = strawberry.field(description="当场答复 · what was answered on the spot")
    state: str = strawberry.field(description="状态 · where the handling stands")
    owner: Owner = strawberry.field(description="现责任人 · who answers for it now")
    due_at: datetime | None = strawberry.field(description="时限 · when it is due")
    public_reply: str | None = strawberry.field(description="办理结果 · what the handling came to")
    grievance: Grievance = strawberry.field(description="诉求 · the grievance")


@strawberry.type(description="台账中的一行及其游标 · one row with its cursor")
class LedgerEdge:
    cursor: str = strawberry.field(description="游标 · cursor of this item")
    node: LedgerRow = strawberry.field(description="一行 · the row")


@strawberry.type(description="团队一月或一年的台账 · a team's ledger of a month or a year")
class Ledger:
    team: str = strawberry.field(description="团队 · team")
    period: str = strawberry.field(description="期间，如 2020-06 或 2020 · the period")
    totals: FieldTotals = strawberry.field(description="走访合计 · what was done in the field")
    heard: int = strawberry.field(description="听到的诉求 · grievances heard")
    on_spot: int = strawberry.field(description="当场答复 · of them, answered on the spot")
    done: int = strawberry.field(description="已答复 · of them, done and answered")
    open: int = strawberry.field(description="在办 · of them, open")
    edges: list[LedgerEdge] = strawberry.field(description="各件，先登记的在前 · the rows of this page, oldest first")
    page_info: PageInfo = strawberry.field(description="分页 · whether more follow")


@strawberry.type
class LedgerQuery:
    @strawberry.field(
        description="团队一月或一年的台账（缺省为本团队、本月）· a team's ledger of a period; the own team and this month when left out"
    )
    async def team_ledger(
        self, info: Ctx, team: str | None = None, period: str | None = None, first: int = 20, after: str | None = None
    ) -> Ledger | None:
        context, size = info.context, page_size(first)
        code, text = await period_of_team(context, team, period)
        found = await context.intake.grievances.of_team(code, text)
        # What the viewer may not see is in no row and in no number.
        seen = [(id, held) for id, held in found.items() if context.gives(held)]
        keyed = [(f"{held.registered_at.isoformat()}|{id}", id, held) for id, held in seen]
        behind = [each for each in keyed if after is None or each[0] > after]
        edges = [LedgerEdge(cursor=cursor, node=_row(id, held)) for cursor, id, held in behind[:size]]
        numbers = (await context.intake.fieldwork.met.read([f"team:{code}"]))[f"team:{code}"]
        states = [_state(held) for _id, held in seen]
        return Ledger(
            team=code,
            period=text,
            totals=totals_of(numbers, text),
            heard=len(seen),
            on_spot=sum(held.on_spot_answer is not None for _id, held in seen),
            done=sum(state in DONE for state in states),
            open=sum(state not in DONE | ENDED for state in states),
            edges=edges,
            page_info=PageInfo(has_next_page=len(behind) > size, end_cursor=edges[-1].cursor if edges else None),
        )


def _state(held: Held) -> str:
    return held.progress.status if held.progress else "REGISTERED"


def _row(id: str, held: Held) -> LedgerRow:
    owner = held.progress.owner if held.progress else held.owner
    return LedgerRow(
        number=held.number,
        on=date.fromisoformat(day_of(held)),
        subject=held.subject,
        on_spot_answer=held.on_spot_answer,
        state=_state(held),
        owner=Owner.of(owner),
        due_at=held.progress.dueAt if held.progress else None,
        public_reply=held.progress.publicReply if held.progress else None,
        grievance=Grievance.of(id, held),
    )
