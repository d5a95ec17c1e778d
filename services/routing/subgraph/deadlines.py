"""办理时限 and 预警 in the graph: what is due when, how that was reckoned, and which warnings the clock gave."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Self

import strawberry

from services.routing.domain.deadlines import Deadline as HeldDeadline
from services.routing.domain.deadlines import Deadlines as HeldDeadlines
from services.routing.domain.deadlines import Entry
from services.routing.domain.nodes import Node
from services.routing.domain.waits import GivenWarning
from services.routing.subgraph.basics import Ctx
from shared.china_time import CHINA


@strawberry.enum(description="时限状态 · where a deadline stands")
class DeadlineState(Enum):
    NONE = strawberry.enum_value("NONE", description="没有时限 · nothing was ever due")
    RUNNING = strawberry.enum_value("RUNNING", description="计时中 · it runs")
    PAUSED = strawberry.enum_value("PAUSED", description="暂停计时 · it stands still")
    ENDED = strawberry.enum_value("ENDED", description="已结束 · nothing is due any more")


@strawberry.enum(description="时限记录的类型 · what an entry of a deadline's ledger does")
class DeadlineEntryKind(Enum):
    START = strawberry.enum_value("START", description="起算 · it begins to run")
    HOP = strawberry.enum_value("HOP", description="转交，期限不变 · it goes on with another department, due when it was")
    PAUSE = strawberry.enum_value("PAUSE", description="暂停 · it stands still")
    RESUME = strawberry.enum_value("RESUME", description="恢复 · it runs again, later by what it stood still")
    EXTEND = strawberry.enum_value("EXTEND", description="延期 · an extension was granted")
    FIX = strawberry.enum_value("FIX", description="按发布的日历重算 · reckoned again by a calendar that knows more")
    END = strawberry.enum_value("END", description="结束 · the response or the result is there, or never will be")


@strawberry.enum(description="预警步骤 · steps of warnings, in their order")
class WarningStep(Enum):
    REMIND = strawberry.enum_value("REMIND", description="提醒 · reminder")
    YELLOW = strawberry.enum_value("YELLOW", description="黄色预警 · yellow warning, before it is due")
    RED = strawberry.enum_value("RED", description="红色预警 · red warning, overdue")
    TO_HEAD = strawberry.enum_value("TO_HEAD", description="提级至部门主要负责人 · to the department's head")
    TO_SUPERVISOR = strawberry.enum_value("TO_SUPERVISOR", description="提级至督查 · to the supervisor")
    TO_CITY = strawberry.enum_value("TO_CITY", description="提级至市级 · to the city")


@strawberry.enum(description="预警事项 · what a warning is of")
class WarnedOf(Enum):
    RESPONSE = strawberry.enum_value("RESPONSE", description="首次响应 · the first response")
    RESULT = strawberry.enum_value("RESULT", description="办理结果 · the result")
    COMMUNITY_OPINION = strawberry.enum_value("COMMUNITY_OPINION", description="社区（村）意见 · the community's opinion")
    COMPOUND_OPINION = strawberry.enum_value("COMPOUND_OPINION", description="小区意见 · the compound's opinion")
    RETURN_WINDOW = strawberry.enum_value("RETURN_WINDOW", description="可以退单的期限 · the time in which it may be returned")
    RETURN_DECISION = strawberry.enum_value("RETURN_DECISION", description="退单审核 · the decision on a return")
    SUSPENSION = strawberry.enum_value("SUSPENSION", description="挂起 · a suspension that lasts longer than was said")
    SUPERVISION_ORDER = strawberry.enum_value("SUPERVISION_ORDER", description="督办单 · the reply to a supervision order")


@strawberry.type(description="时限的一条记录，不再更改 · one entry of a deadline's ledger; it never changes")
class DeadlineEntry:
    kind: DeadlineEntryKind = strawberry.field(description="类型 · what it does")
    at: datetime = strawberry.field(description="何时（UTC）· when, in UTC")
    round: int = strawberry.field(description="第几轮 · in which round")
    due_at: datetime | None = strawberry.field(description="此后的期限（UTC）；不计时为空 · due after it, in UTC; null: nothing runs")
    provisional: bool = strawberry.field(description="暂按周一至周五计算 · reckoned by weekdays for now")
    words: str = strawberry.field(description="文字说明，英文 · in words, in English")
    words_zh: str = strawberry.field(description="文字说明，中文 · in words, in Chinese")

    @classmethod
    def all_of(cls, deadline: HeldDeadline) -> list[Self]:
        return [cls._of(entry, deadline) for entry in deadline.entries]

    @classmethod
    def _of(cls, entry: Entry, deadline: HeldDeadline) -> Self:
        en, zh = said(entry)
        if entry is deadline.last and deadline.met is not None:
            en, zh = (f"{en}, in time", f"{zh}，按期") if deadline.met else (f"{en}, late", f"{zh}，逾期")
        return cls(
            kind=DeadlineEntryKind(entry.kind),
            at=entry.at,
            round=entry.round,
            due_at=entry.due_at,
            provisional=entry.provisional,
            words=en,
            words_zh=zh,
        )


@strawberry.type(description="时间节点 · when who is warned of what is due")
class DeadlineNode:
    step: WarningStep = strawberry.field(description="步骤 · which step")
    at: datetime = strawberry.field(description="何时（UTC）· when, in UTC")

    @classmethod
    def of(cls, node: Node) -> Self:
        return cls(step=WarningStep(node.name), at=node.at)


@strawberry.type(description="一项时限 · one deadline of a case")
class Deadline:
    state: DeadlineState = strawberry.field(description="状态 · where it stands")
    due_at: datetime | None = strawberry.field(description="期限（UTC）；不计时为空 · when it is due, in UTC; null: nothing runs")
    provisional: bool = strawberry.field(description="暂按周一至周五计算 · reckoned by weekdays for now")
    met: bool | None = strawberry.field(description="是否按期；未结束为空 · whether it ended in time; null: it has not ended")
    nodes: list[DeadlineNode] = strawberry.field(description="时间节点 · when who is warned, the earliest first")
    entries: list[DeadlineEntry] = strawberry.field(description="如何算出，旧的在前 · how it was reckoned, oldest entry first")
    held: strawberry.Private[HeldDeadline]

    @strawberry.field(description="已逾期 · it is over and nothing is there")
    def overdue(self, info: Ctx) -> bool:
        return self.held.overdue(info.context.routing.handling.now())

    @strawberry.field(
        description="剩余分钟（自然时间），逾期为负，暂停时为当时的剩余 · minutes left; negative: overdue; paused: as of then"
    )
    def remaining_minutes(self, info: Ctx) -> int | None:
        left = self.held.left(info.context.routing.handling.now())
        return None if left is None else int(left.total_seconds() // 60)

    @strawberry.field(description="剩余工作日，不含当天；逾期为0 · working days left, today not counted; 0: overdue")
    def remaining_days(self, info: Ctx) -> int | None:
        handling = info.context.routing.handling
        return self.held.days_left(handling.now(), handling.reckoning())

    @classmethod
    def of(cls, held: HeldDeadline) -> Self:
        running = "RUNNING" if held.due_at is not None else "PAUSED" if held.paused else "ENDED" if held.entries else "NONE"
        return cls(
            state=DeadlineState(running),
            due_at=held.due_at,
            provisional=held.provisional,
            met=held.met,
            nodes=[DeadlineNode.of(node) for node in sorted(held.nodes, key=lambda node: node.at)],
            entries=DeadlineEntry.all_of(held),
            held=held,
        )


@strawberry.type(description="办件的两项时限 · both deadlines of a case")
class Deadlines:
    response: Deadline = strawberry.field(description="首次响应 · of the first response")
    result: Deadline = strawberry.field(description="办理结果 · of the result")

    @classmethod
    def of(cls, held: HeldDeadlines) -> Self:
        return cls(response=Deadline.of(held.response), result=Deadline.of(held.result))


@strawberry.type(description="预警或提级，由时钟发出，每项只发一次 · a warning that the clock gave, once")
class CaseWarning:
    of: WarnedOf = strawberry.field(description="事项 · of what")
    step: WarningStep = strawberry.field(description="步骤 · which step")
    due_at: datetime = strawberry.field(description="所涉期限（UTC）· what was due when, in UTC")
    planned_at: datetime = strawberry.field(description="应发时间（UTC）· when it was to be given, in UTC")
    at: datetime = strawberry.field(description="实发时间（UTC）· when it was given, in UTC")
    late: bool = strawberry.field(description="是否补发 · whether it was given long after")
    to_role: str = strawberry.field(description="发给哪个岗位 · the role that has to look")
    to_unit: str = strawberry.field(description="发给哪个单位 · the unit that has to look")
    to_staff: str | None = strawberry.field(description="发给何人，按编号；不知为空 · who has to look, by id; null: nobody is known")

    @classmethod
    def given(cls, held: GivenWarning) -> Self:
        return cls(
            of=WarnedOf(held.of),
            step=WarningStep(held.step),
            due_at=held.due_at,
            planned_at=held.planned_at,
            at=held.at,
            late=held.late,
            to_role=held.to_role,
            to_unit=held.to_unit,
            to_staff=held.to_staff,
        )


def said(entry: Entry) -> tuple[str, str]:
    """An entry in English and Chinese; times as the clock in China shows them."""
    until, until_zh = "", ""
    if entry.due_at is not None:
        until, until_zh = f": due {_shown(entry.due_at)}", f"，至{_shown(entry.due_at)}"
    if entry.provisional:
        until, until_zh = f"{until}, by weekdays for now", f"{until_zh}（日历未发布，暂按周一至周五）"
    en, zh = _did(entry)
    return en + until, zh + until_zh


def _did(entry: Entry) -> tuple[str, str]:
    long, long_zh = _long(entry)
    match entry.kind:
        case "START":
            by = {"LIMITS": ("limit", "时限规则"), "CATALOGUE": ("dispatch rule", "转办规则"), None: ("", "")}[entry.table]
            rule = f" ({by[0]} {entry.rule}, version {entry.version})" if entry.table else ""
            rule_zh = f"（{by[1]} {entry.rule} 第{entry.version}版）" if entry.table else ""
            return f"{long or 'it runs'} from {_shown(entry.at)}{rule}", f"自{_shown(entry.at)}起{long_zh}{rule_zh}"
        case "HOP":
            return f"passed on to {entry.department}, due when it was", f"转交{entry.department}，期限不变"
        case "PAUSE":
            return "it stands still", "暂停计时"
        case "RESUME":
            return f"it runs again, later by {long}", f"恢复计时，顺延{long_zh}"
        case "EXTEND":
            return f"extended by {long}", f"延期{long_zh}"
        case "FIX":
            return "reckoned again by the calendar", "按发布的日历重算"
        case "END":
            return "ended", "结束"


def _long(entry: Entry) -> tuple[str, str]:
    if entry.minutes is not None:
        hours, minutes = divmod(entry.minutes, 60)
        parts = [f"{hours} h"] * (hours > 0 or not minutes) + [f"{minutes} min"] * (minutes > 0)
        return " ".join(parts), f"{hours}小时" * (hours > 0 or not minutes) + f"{minutes}分钟" * (minutes > 0)
    if entry.days is not None:
        return f"{entry.days} working day{'' if entry.days == 1 else 's'}", f"{entry.days}个工作日"
    return "", ""


def _shown(at: datetime) -> str:
    return f"{at.astimezone(CHINA):%Y-%m-%d %H:%M}"
