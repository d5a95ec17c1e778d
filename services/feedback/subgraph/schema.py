"""Feedback's subgraph: what the petitioner was told, asked, and answered, and the history of it all."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Self

import strawberry
from strawberry.types import Info

from services.feedback.domain import followup as domain
from services.feedback.domain import survey as surveys
from services.feedback.domain.calling import Told
from services.feedback.domain.timeline import Entry
from services.feedback.subgraph.callbacks import (
    Callback,
    CallbackQuery,
    CallbackRecorded,
    CallbackRefused,
    CallbackResult,
    CallResult,
)
from services.feedback.subgraph.context import FeedbackContext
from services.feedback.subgraph.policy import POLICY
from services.feedback.subgraph.rates import RatesQuery
from services.feedback.subgraph.waiting import WaitingQuery
from services.feedback.usecases.answer_survey import Said, answer, hidden_from
from services.feedback.usecases.look_at_callbacks import access_to_call, may_read
from services.feedback.usecases.read_timeline import read_by
from services.feedback.usecases.record_callback import record_callback
from shared.contracts.feedback import Satisfaction as Grade
from shared.graphql_server import FEDERATION, MinyiSchema, extensions
from shared.subgraph import RefusedFields, refused_as

Ctx = Info[FeedbackContext, None]


@strawberry.enum(description="满意度五级 · five grades of satisfaction")
class Satisfaction(Enum):
    VERY_SATISFIED = "VERY_SATISFIED"
    SATISFIED = "SATISFIED"
    NEUTRAL = "NEUTRAL"
    DISSATISFIED = "DISSATISFIED"
    VERY_DISSATISFIED = "VERY_DISSATISFIED"


@strawberry.enum(description="送达状态 · how the reply fares on its way")
class DeliveryState(Enum):
    REQUESTED = "REQUESTED"
    SENT = "SENT"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


@strawberry.enum(description="回访状态 · whether the survey can be answered")
class SurveyState(Enum):
    OPEN = "OPEN"
    ANSWERED = "ANSWERED"
    EXPIRED = "EXPIRED"


@strawberry.enum(description="回访答复方式：链接、账号、编号和查询码、电话 · by link, account, number and PIN, or phone")
class AnswerChannel(Enum):
    LINK = "LINK"
    ACCOUNT = "ACCOUNT"
    PIN = "PIN"
    PHONE = "PHONE"


@strawberry.type(description="答复 · the reply of the latest round")
class Reply:
    round: int = strawberry.field(description="第几轮 · of which round")
    text: str = strawberry.field(description="答复内容 · the words")
    at: datetime = strawberry.field(description="答复时间 · when it was given")
    by: str = strawberry.field(description="答复岗位 · role and unit")
    department: str | None = strawberry.field(description="答复部门 · the department's code")
    delivery: DeliveryState = strawberry.field(description="送达状态 · how it fares on its way")
    delivered_at: datetime | None = strawberry.field(description="送达时间 · when it was delivered")

    @classmethod
    def of(cls, held: domain.Reply) -> Self:
        return cls(
            round=held.round,
            text=held.text,
            at=held.at,
            by=f"{held.by.role} {held.by.unit}",
            department=held.department,
            delivery=DeliveryState(held.delivery),
            delivered_at=held.delivered_at,
        )


HIDDEN = "；诉求人要求匿名时对承办部门为空 · {}; null for the departments that handle it where the petitioner asked so"


def _hidden(zh: str, en: str) -> Any:
    """A field that is empty for those who are not to know."""
    return strawberry.field(description=zh + HIDDEN.format(en))


@strawberry.type(description="回访 · two questions: resolved? satisfied? The last answer counts")
class Survey:
    round: int = strawberry.field(description="第几轮 · of which round")
    state: SurveyState = strawberry.field(description="状态 · open, answered, or expired without an answer")
    opened_at: datetime = strawberry.field(description="发出时间 · when the petitioner was asked")
    expires_at: datetime = strawberry.field(description="截止时间 · until when it is open")
    reminded_at: datetime | None = strawberry.field(description="提醒时间 · when the petitioner was reminded, once")
    anonymous_to_handlers: bool = strawberry.field(description="对承办部门匿名 · whether the departments that handle it are not to know")
    answered_at: datetime | None = _hidden("答复时间；未答复为空", "when they answered last")
    channel: AnswerChannel | None = _hidden("答复方式", "how they answered")
    answered_by: str | None = _hidden("答复人：诉求人，或回访员的岗位与单位", "PETITIONER, or role and unit of the caller who asked")
    resolved: bool | None = _hidden("是否解决", "is it resolved?")
    satisfied: Satisfaction | None = _hidden("是否满意", "are you satisfied?")
    reason: str | None = strawberry.field(
        description="不满意的原因；匿名时承办部门只见要求重办的原因 · why not; if anonymous, handlers read why they handle it again"
    )
    changes: int | None = _hidden("更改次数", "how often the answer was changed")
    changeable_until: datetime | None = _hidden("在此之前本人可更改", "until when the petitioner may change it")

    @classmethod
    def of(cls, held: surveys.Survey, *, hidden: bool, handled_again: bool = False) -> Self:
        """`hidden`: for somebody who is not to know what was answered, but for the reason where it is handled again."""
        answer = None if hidden else held.answer
        reason = held.to_rework if hidden and handled_again else None
        return cls(
            round=held.round,
            state=SurveyState(held.state),
            opened_at=held.opened_at,
            expires_at=held.expires_at,
            reminded_at=held.reminded_at,
            anonymous_to_handlers=held.anonymous_to_handlers,
            answered_at=answer.at if answer else None,
            channel=AnswerChannel(answer.channel) if answer else None,
            answered_by=answer.by if answer else None,
            resolved=answer.resolved if answer else None,
            satisfied=Satisfaction(answer.satisfied) if answer else None,
            reason=answer.reason if answer else reason,
            changes=len(held.answers) - 1 if answer else None,
            changeable_until=held.changeable_until if answer else None,
        )


@strawberry.type(description="时间线条目 · one thing that happened")
class TimelineEntry:
    at: datetime = strawberry.field(description="时间（UTC）· when, in UTC")
    what: str = strawberry.field(description="事项（英文）· what happened, in English")
    what_zh: str = strawberry.field(description="事项（中文）· what happened, in Chinese")
    by: str = strawberry.field(description="岗位与单位 · role and unit, never a name")
    status: str | None = strawberry.field(description="之后的状态 · the state after it, where it changed")
    service: str = strawberry.field(description="记录的服务 · which service told it")
    kind: str = strawberry.field(description="事项代码；日后还会增加 · what happened as a code; there will be more of them")

    @classmethod
    def of(cls, held: Entry) -> Self:
        return cls(at=held.at, what=held.what, what_zh=held.what_zh, by=held.by, status=held.status, service=held.service, kind=held.kind)


@strawberry.federation.type(keys=["id"], description="诉求 · what somebody asks, reports or suggests")
class Grievance:
    id: strawberry.ID = strawberry.field(description="标识 · id")

    @strawberry.field(description="答复 · null until there is one")
    async def reply(self, info: Ctx) -> Reply | None:
        held = await info.context.followup(str(self.id))
        return Reply.of(held.reply) if held and held.reply else None

    @strawberry.field(description="回访 · null until the petitioner is asked")
    async def survey(self, info: Ctx) -> Survey | None:
        held = await info.context.followup(str(self.id))
        if held is None or held.survey is None:
            return None
        hidden = held.survey.anonymous_to_handlers and hidden_from(info.context.viewer, access_to_call(held))
        return Survey.of(held.survey, hidden=hidden, handled_again=held.handled_again())

    @strawberry.field(description="最近一次电话回访；与本案有关者为空 · the latest callback; null for who has a part in the matter")
    async def callback(self, info: Ctx) -> Callback | None:
        held = await info.context.followup(str(self.id))
        if held is None or held.callback is None or not may_read(info.context.viewer, access_to_call(held)):
            return None
        return Callback.of(held.callback, held, info.context.feedback.callback_rules)

    @strawberry.field(description="全程记录 · everything that happened that is for the viewer to know, in causal order")
    async def timeline(self, info: Ctx) -> list[TimelineEntry] | None:
        held = await info.context.followup(str(self.id))
        if held is None:
            return []
        return [TimelineEntry.of(entry) for entry in read_by(info.context.viewer, held)]

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> Self:
        return cls(id=id)


@strawberry.type(description="回访答复已记录 · the answer was recorded")
class SurveyAnswered:
    grievance: Grievance = strawberry.field(description="诉求 · the grievance")
    survey: Survey = strawberry.field(description="回访 · the survey with its answer")


@strawberry.type(description="回访答复被拒 · the answer was not taken; nothing changed")
class SurveyRefused(RefusedFields): ...


SurveyResult = Annotated[
    SurveyAnswered | SurveyRefused, strawberry.union("SurveyResult", description="回访答复结果 · the answered survey, or why not")
]


@strawberry.input(description="回访答复 · the petitioner's two answers; not satisfied wants a reason")
class AnswerSurveyInput:
    request_id: strawberry.ID = strawberry.field(description="请求编号：同一编号重发，结果相同 · the same id again gives the same answer")
    grievance_id: strawberry.ID = strawberry.field(description="诉求标识 · which grievance")
    resolved: bool = strawberry.field(description="是否解决 · is it resolved?")
    satisfied: Satisfaction = strawberry.field(description="是否满意 · are you satisfied?")
    reason: str | None = strawberry.field(default=None, description="不满意的原因 · why not; wanted from who is not satisfied")
    anonymous_to_handlers: bool = strawberry.field(
        default=False,
        description="对承办部门匿名，要求重办的原因除外 · hidden from who handles it, but for the reason of a rework",
    )


@strawberry.input(description="回访记录 · what came of a call, and of who was reached what they said")
class RecordCallbackInput:
    request_id: strawberry.ID = strawberry.field(description="请求编号：同一编号重发，结果相同 · the same id again gives the same answer")
    grievance_id: strawberry.ID = strawberry.field(description="诉求标识 · which grievance")
    result: CallResult = strawberry.field(description="拨打结果 · what came of the call")
    resolved: bool | None = strawberry.field(default=None, description="是否解决；抽中的不问 · is it resolved? Not asked of one drawn")
    satisfied: Satisfaction | None = strawberry.field(default=None, description="是否满意；抽中的不问 · likewise: are they satisfied?")
    reason: str | None = strawberry.field(default=None, description="不满意的原因 · why not; wanted from who is not satisfied")
    confirmed: bool | None = strawberry.field(
        default=None, description="仅抽中的：评价是否属实，未评价的是否已解决 · of one drawn alone: is it so? Unanswered: is it resolved?"
    )
    anonymous_to_handlers: bool = strawberry.field(
        default=False,
        description="对承办部门匿名，要求重办的原因除外 · hidden from who handles it, but for the reason of a rework",
    )


@strawberry.type(description="查询 · what can be asked")
class Query(RatesQuery, CallbackQuery, WaitingQuery):
    @strawberry.field(description="满意度五级的名称 · the grades by name, for survey pages")
    def satisfaction_grades(self) -> list[SatisfactionGrade]:
        return [SatisfactionGrade(grade=Satisfaction(grade), zh=zh) for grade, zh in surveys.SATISFACTION_ZH.items()]


@strawberry.type(description="满意度等级 · one grade and its Chinese name")
class SatisfactionGrade:
    grade: Satisfaction = strawberry.field(description="等级 · the grade")
    zh: str = strawberry.field(description="中文名称 · its name in Chinese")


@strawberry.type(description="操作 · what can be done")
class Mutation:
    @strawberry.mutation(description="答复回访 · answer the survey")
    async def answer_survey(self, info: Ctx, input: AnswerSurveyInput) -> SurveyResult:
        context, id = info.context, str(input.grievance_id)

        async def work() -> SurveyAnswered:
            await answer(
                context.feedback.surveying,
                context.viewer,
                str(input.request_id),
                id,
                Said(input.resolved, input.satisfied.value, input.reason, input.anonymous_to_handlers),
                context.origin,
            )
            held = (await context.feedback.followups.find_many([id]))[id]
            if held.survey is None:
                raise LookupError("an answered survey is there")
            return SurveyAnswered(grievance=Grievance(id=input.grievance_id), survey=Survey.of(held.survey, hidden=False))

        return await refused_as(SurveyRefused, work)

    @strawberry.mutation(description="回访记录 · a caller writes down what came of a call")
    async def record_callback(self, info: Ctx, input: RecordCallbackInput) -> CallbackResult:
        context, id = info.context, str(input.grievance_id)
        feedback = context.feedback
        satisfied: Grade | None = input.satisfied.value if input.satisfied else None
        told = Told(input.resolved, satisfied, input.reason, input.confirmed, input.anonymous_to_handlers)

        async def work() -> CallbackRecorded:
            await record_callback(
                feedback.surveying,
                feedback.callback_rules,
                context.viewer,
                str(input.request_id),
                id,
                input.result.value,
                told,
                context.origin,
            )
            held = (await feedback.followups.find_many([id]))[id]
            if held.callback is None:
                raise LookupError("a callback that was recorded is there")
            return CallbackRecorded(
                grievance=Grievance(id=input.grievance_id), callback=Callback.of(held.callback, held, feedback.callback_rules)
            )

        return await refused_as(CallbackRefused, work)


def build_schema(*, production: bool) -> MinyiSchema:
    return MinyiSchema(
        POLICY,
        query=Query,
        mutation=Mutation,
        types=[Grievance],
        federation_version=FEDERATION,
        extensions=extensions(production=production),
    )
