"""Feedback's subgraph: what the petitioner was told, asked, and answered, and the history of it all."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated, Self

import strawberry
from strawberry.types import Info

from services.feedback.domain import followup as domain
from services.feedback.subgraph.context import FeedbackContext
from services.feedback.subgraph.policy import POLICY
from services.feedback.usecases.answer_survey import answer
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


@strawberry.type(description="回访 · two questions: resolved? satisfied?")
class Survey:
    round: int = strawberry.field(description="第几轮 · of which round")
    opened_at: datetime = strawberry.field(description="发出时间 · when the petitioner was asked")
    answered_at: datetime | None = strawberry.field(description="答复时间 · when they answered; null: not yet")
    resolved: bool | None = strawberry.field(description="是否解决 · is it resolved?")
    satisfied: Satisfaction | None = strawberry.field(description="是否满意 · are you satisfied?")
    reason: str | None = strawberry.field(description="不满意的原因 · why not")

    @classmethod
    def of(cls, held: domain.Survey) -> Self:
        return cls(
            round=held.round,
            opened_at=held.opened_at,
            answered_at=held.answered_at,
            resolved=held.resolved,
            satisfied=Satisfaction(held.satisfied) if held.satisfied else None,
            reason=held.reason,
        )


@strawberry.type(description="时间线条目 · one thing that happened")
class TimelineEntry:
    at: datetime = strawberry.field(description="时间（UTC）· when, in UTC")
    what: str = strawberry.field(description="事项（英文）· what happened, in English")
    what_zh: str = strawberry.field(description="事项（中文）· what happened, in Chinese")
    by: str = strawberry.field(description="岗位与单位 · role and unit, never a name")
    status: str | None = strawberry.field(description="之后的状态 · the state after it, where it changed")
    service: str = strawberry.field(description="记录的服务 · which service told it")


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
        return Survey.of(held.survey) if held and held.survey else None

    @strawberry.field(description="全程记录 · everything that happened, in causal order")
    async def timeline(self, info: Ctx) -> list[TimelineEntry] | None:
        held = await info.context.followup(str(self.id))
        if held is None:
            return []
        return [TimelineEntry(at=e.at, what=e.what, what_zh=e.what_zh, by=e.by, status=e.status, service=e.service) for e in held.timeline]

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


@strawberry.type(description="查询 · what can be asked")
class Query:
    @strawberry.field(description="满意度五级的名称 · the grades by name, for survey pages")
    def satisfaction_grades(self) -> list[SatisfactionGrade]:
        return [SatisfactionGrade(grade=Satisfaction(grade), zh=zh) for grade, zh in domain.SATISFACTION_ZH.items()]


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
                input.resolved,
                input.satisfied.value,
                input.reason,
                context.origin,
            )
            held = (await context.feedback.followups.find_many([id]))[id]
            if held.survey is None:
                raise LookupError("an answered survey is there")
            return SurveyAnswered(grievance=Grievance(id=input.grievance_id), survey=Survey.of(held.survey))

        return await refused_as(SurveyRefused, work)


def build_schema(*, production: bool) -> MinyiSchema:
    return MinyiSchema(
        POLICY,
        query=Query,
        mutation=Mutation,
        types=[Grievance],
        federation_version=FEDERATION,
        extensions=extensions(production=production),
    )
