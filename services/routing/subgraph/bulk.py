"""批量办理 in the graph: one action on many cases, an answer for each."""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import Annotated

import strawberry
from strawberry.types.enum import EnumValueDefinition

from services.routing.domain.lifecycle import BY_ACTION
from services.routing.domain.waits import Meeting
from services.routing.subgraph.types import Case, Ctx
from services.routing.usecases.act_on_many import COMMANDS, MOST, BulkAction, Told, act_on_many
from shared.identity.errors import Refusal
from shared.subgraph import RefusedFields, refused_as


def _named(action: BulkAction) -> EnumValueDefinition:
    move = BY_ACTION[action]
    return strawberry.enum_value(action, description=f"{move.zh} · {move.en}")


@strawberry.enum(name="BulkAction", description="可批量进行的动作 · what can be done with many cases at once")
class Bulk(Enum):
    """The actions of act_on_many.py; a test holds the two together."""

    ACCEPT_WORK_ORDER = _named("ACCEPT_WORK_ORDER")
    RETURN_WORK_ORDER = _named("RETURN_WORK_ORDER")
    GRANT_RETURN = _named("GRANT_RETURN")
    REFUSE_RETURN = _named("REFUSE_RETURN")
    REASSIGN = _named("REASSIGN")
    URGE_BY_MEETING = _named("URGE_BY_MEETING")


@strawberry.input(description="集中分析会 · an analysis meeting")
class MeetingInput:
    name: str = strawberry.field(description="会议名称，至多100字 · its name, 100 characters at most")
    held_on: date = strawberry.field(description="召开日期 · the day on which it was held")


@strawberry.input(description="批量办理 · one action on many cases; send them as a variable")
class BulkActInput:
    request_id: strawberry.ID = strawberry.field(
        description="请求编号：同一编号重发，只办理尚未办理的 · the same id again does what is left, and nothing twice"
    )
    action: Bulk = strawberry.field(description="动作 · which action")
    grievances: list[strawberry.ID] = strawberry.field(description=f"诉求标识，1至{MOST}件，不重复 · 1 to {MOST} grievances, each once")
    reason: str | None = strawberry.field(default=None, description="理由，接单时不填 · why, for all of them; none for accepting")
    department: str | None = strawberry.field(default=None, description="改派的部门 · where they go, when they are sent elsewhere")
    meeting: MeetingInput | None = strawberry.field(default=None, description="会议催办的会议 · the meeting, when one urges")

    def told(self) -> Told:
        meeting = Meeting(name=self.meeting.name, day=self.meeting.held_on.isoformat()) if self.meeting else None
        return Told(self.reason or "", self.department or "", meeting)


@strawberry.type(description="批量办理中的一件 · one of a bulk")
class BulkItem:
    id: strawberry.ID = strawberry.field(description="诉求标识 · which grievance")
    done: bool = strawberry.field(description="已办理 · whether it is done, now or by this request before")
    code: str | None = strawberry.field(description="未办理的原因代码；TRY_AGAIN 须重发 · why not; TRY_AGAIN: send the same bulk again")
    message: str | None = strawberry.field(description="原因（英文） · why not, in English")
    message_zh: str | None = strawberry.field(description="原因（中文） · why not, in Chinese")
    field: str | None = strawberry.field(description="有误的输入项 · the input at fault, where there is one")
    case: Case | None = strawberry.field(description="办理后的办件 · the case after it; null where it was not done")


@strawberry.type(description="批量办理的结果 · what became of a bulk")
class BulkDone:
    items: list[BulkItem] = strawberry.field(description="逐件的结果，按提交的顺序 · an answer for each, in the order as sent")
    done: int = strawberry.field(description="已办理的件数 · how many are done")
    refused: int = strawberry.field(description="未办理的件数 · how many are not")


@strawberry.type(description="批量办理被拒 · none was looked at; nothing changed")
class BulkRefused(RefusedFields): ...


BulkResult = Annotated[BulkDone | BulkRefused, strawberry.union("BulkResult", description="批量办理结果 · an answer for each, or why not")]


async def acted(info: Ctx, input: BulkActInput) -> BulkDone | BulkRefused:
    """The bulk, and the cases after it: for its author, who was allowed to change them."""
    context = info.context
    action = next(each for each in COMMANDS if each == input.action.name)

    async def work() -> BulkDone:
        ids = [str(id) for id in input.grievances]
        parts, viewer, request = context.routing.handling, context.viewer, str(input.request_id)
        answers = await act_on_many(parts, viewer, request, action, ids, input.told(), context.origin)
        done = [id for id, refusal in answers.items() if refusal is None]
        cases = await context.routing.cases.find_many(done) if done else {}
        items = [_item(id, refusal, Case.of(id, cases[id]) if id in cases else None) for id, refusal in answers.items()]
        return BulkDone(items=items, done=len(done), refused=len(answers) - len(done))

    return await refused_as(BulkRefused, work)


def _item(id: str, refusal: Refusal | None, case: Case | None) -> BulkItem:
    return BulkItem(
        id=strawberry.ID(id),
        done=refusal is None,
        code=refusal.code if refusal else None,
        message=refusal.en if refusal else None,
        message_zh=refusal.zh if refusal else None,
        field=refusal.field if refusal else None,
        case=case,
    )
