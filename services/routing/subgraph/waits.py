"""挂起, 审批 and 现场核实 in the graph: what holds a case up."""

from __future__ import annotations

from datetime import date, datetime
from typing import Self

import strawberry

from services.routing.domain import suspension
from services.routing.domain.waits import Draft, Report
from services.routing.domain.waits import Meeting as HeldMeeting
from services.routing.domain.waits import Suspension as HeldSuspension
from services.routing.domain.waits import Urge as HeldUrge
from services.routing.domain.waits import Verification as HeldVerification
from services.routing.subgraph.basics import CaseOwner, Ctx, Department


@strawberry.type(description="挂起 · the department could not go on; nothing was due while it lasted")
class Suspension:
    department: Department = strawberry.field(description="挂起部门 · who suspended it")
    at: datetime = strawberry.field(description="挂起时间（UTC）· when, in UTC")
    by: CaseOwner = strawberry.field(description="谁 · by whom")
    reason: str = strawberry.field(description="理由 · why")
    until: date = strawberry.field(description="预计恢复日期 · the day by which it is expected to end")
    due: datetime = strawberry.field(description="挂起时的办理期限（UTC）· when the result was due before, in UTC")
    ended_at: datetime | None = strawberry.field(description="恢复时间（UTC）；未恢复时为空 · when it ended, in UTC; null while it lasts")
    ended_by: CaseOwner | None = strawberry.field(description="由谁恢复 · who ended it")
    answer: str | None = strawberry.field(description="督查专员解除的理由 · why a supervisor ended it")
    held: strawberry.Private[HeldSuspension]

    @strawberry.field(description="已过预计恢复日期仍未恢复 · it lasts longer than was said")
    def overdue(self, info: Ctx) -> bool:
        return suspension.overdue(self.held, info.context.routing.handling.now())

    @classmethod
    def of(cls, held: HeldSuspension) -> Self:
        return cls(
            department=Department(code=held.department),
            at=held.at,
            by=CaseOwner.of(held.by),
            reason=held.reason,
            until=date.fromisoformat(held.until),
            due=held.due,
            ended_at=held.ended_at,
            ended_by=CaseOwner.of(held.ended_by) if held.ended_by else None,
            answer=held.answer,
            held=held,
        )


@strawberry.type(description="集中分析会 · an analysis meeting")
class Meeting:
    name: str = strawberry.field(description="会议名称 · its name")
    held_on: date = strawberry.field(description="召开日期 · the day on which it was held")

    @classmethod
    def of(cls, held: HeldMeeting) -> Self:
        return cls(name=held.name, held_on=date.fromisoformat(held.day))


@strawberry.type(description="催办 · somebody wants it done")
class Urge:
    at: datetime = strawberry.field(description="催办时间（UTC）· when, in UTC")
    by: CaseOwner = strawberry.field(description="谁催办 · by whom")
    words: str | None = strawberry.field(description="催办内容；可空 · what they said, if anything")
    meeting: Meeting | None = strawberry.field(description="会议催办的会议；个人催办为空 · the meeting that urges; null: one person does")
    answered_at: datetime | None = strawberry.field(description="答复时间（UTC）；未答复为空 · when it was answered, in UTC; null: not yet")
    answered_by: CaseOwner | None = strawberry.field(description="谁答复 · who answered")
    answer: str | None = strawberry.field(description="答复 · the answer")

    @classmethod
    def of(cls, held: HeldUrge) -> Self:
        return cls(
            at=held.at,
            by=CaseOwner.of(held.by),
            words=held.words,
            meeting=Meeting.of(held.meeting) if held.meeting else None,
            answered_at=held.answered_at,
            answered_by=CaseOwner.of(held.answered_by) if held.answered_by else None,
            answer=held.answer,
        )


@strawberry.type(description="须经审批或核实的办结 · what the department says it has done; it waits until it is approved, or looked at")
class HeldReport:
    at: datetime = strawberry.field(description="上报时间（UTC）· when it was reported, in UTC")
    by: CaseOwner = strawberry.field(description="谁 · by whom")
    text: str = strawberry.field(description="办理结果 · what was done, in words for the petitioner")
    evidence: list[strawberry.ID] = strawberry.field(description="佐证附件标识 · ids of the attachments that show it")
    released: bool | None = strawberry.field(description="是否准予；待审批、待核实时为空 · released or sent back; null while it waits")
    answered_at: datetime | None = strawberry.field(description="审批或核实时间（UTC）· when somebody had approved it or looked, in UTC")
    answered_by: CaseOwner | None = strawberry.field(description="审批人或核实人 · who approved it or looked")
    remark: str | None = strawberry.field(description="审批或核实意见 · what they say of it")
    photos: list[strawberry.ID] = strawberry.field(description="核实附件标识 · ids of the attachments of whoever looked")

    @classmethod
    def of(cls, held: Report) -> Self:
        return cls(
            at=held.at,
            by=CaseOwner.of(held.by),
            text=held.text,
            evidence=[strawberry.ID(id) for id in held.evidence],
            released=held.released,
            answered_at=held.answered_at,
            answered_by=CaseOwner.of(held.answered_by) if held.answered_by else None,
            remark=held.remark,
            photos=[strawberry.ID(id) for id in held.photos],
        )


@strawberry.type(description="答复审批 · the head of the department approves what it replies, by a rule")
class ReplyApproval:
    round: int = strawberry.field(description="第几轮 · in which round")
    rule: str = strawberry.field(description="审批规则 · which rule wants it")
    message: str = strawberry.field(description="为何须审批（英文） · why, in English")
    message_zh: str = strawberry.field(description="为何须审批（中文） · why, in Chinese")
    reports: list[HeldReport] = strawberry.field(description="本轮提交的答复 · every draft of the round, oldest first")

    @classmethod
    def of(cls, drafts: list[Draft]) -> Self | None:
        """Of the last round in which there was one."""
        if not drafts:
            return None
        last = drafts[-1]
        reports = [HeldReport.of(each) for each in drafts if each.round == last.round]
        return cls(round=last.round, rule=last.rule, message=last.en, message_zh=last.zh, reports=reports)


@strawberry.type(description="现场核实 · a dispatcher wants the work looked at before the petitioner is told")
class Verification:
    round: int = strawberry.field(description="第几轮 · in which round")
    at: datetime = strawberry.field(description="要求时间（UTC）· when it was asked, in UTC")
    by: CaseOwner = strawberry.field(description="谁 · by whom")
    what: str = strawberry.field(description="核实什么 · what to look at")
    reports: list[HeldReport] = strawberry.field(description="本轮上报的办结 · every report of the round, oldest first")

    @classmethod
    def of(cls, held: HeldVerification) -> Self:
        reports = [HeldReport.of(each) for each in held.reports]
        return cls(round=held.round, at=held.at, by=CaseOwner.of(held.by), what=held.what, reports=reports)
