"""Campaigns, what takes place when, and duties in the graph: types, inputs, queries, mutations."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Annotated

import strawberry

from services.intake.domain import campaigns as held
from services.intake.domain.duties import Duty as HeldDuty
from services.intake.domain.duties import Standing
from services.intake.domain.feeds import feed_url
from services.intake.domain.people import Team as HeldTeam
from services.intake.domain.rhythms import WIDEST
from services.intake.subgraph.context import IntakeContext
from services.intake.subgraph.organisation import OrganisationRefused, ReceptionSite, site_of
from services.intake.subgraph.organisation_inputs import fields_of
from services.intake.subgraph.types import REQUEST, Ctx, Division, find_division
from services.intake.usecases.record_campaign import CampaignLaunch, RecordCampaign, record_campaign
from services.intake.usecases.record_duty import RecordDuty, RecordDutyDone, record_duty, record_duty_done
from services.intake.usecases.record_reception import Moved, RecordReception, record_reception
from shared.identity.errors import Forbidden, Refusal
from shared.identity.scopes import prefixes
from shared.subgraph import RefusedFields, refused_as


@strawberry.enum(description="日程类型：活动日、每月集中走访、半天接待 · kind of what takes place")
class ActivityKind(Enum):
    ACTIVITY_DAY = "ACTIVITY_DAY"
    MONTHLY_ROUND = "MONTHLY_ROUND"
    RECEPTION = "RECEPTION"


@strawberry.enum(description="周期 · period of a duty")
class DutyPeriod(Enum):
    WEEK = "WEEK"
    MONTH = "MONTH"
    QUARTER = "QUARTER"
    YEAR = "YEAR"


@strawberry.type(description="启动地区 · a place where a campaign runs")
class Launch:
    division: Division | None = strawberry.field(description="区划 · where")
    since: date = strawberry.field(description="启动日 · the first day")
    until: date | None = strawberry.field(description="结束日 · the first day no more")


@strawberry.type(description="活动 · a campaign; a sub-campaign has a parent")
class Campaign:
    code: str = strawberry.field(description="活动编号 · code")
    name: str = strawberry.field(description="中文名称 · name in Chinese")
    name_en: str = strawberry.field(description="英文名称 · name in English")
    parent: str | None = strawberry.field(description="上级活动 · the campaign of which it is a part")
    programmes: list[str] = strawberry.field(description="结合的工作 · linked programmes")
    activity_days: str | None = strawberry.field(description="活动日规则（RRULE）· the rule of its activity days")
    monthly_round: str | None = strawberry.field(description="每月集中走访规则（RRULE）· the rule of the monthly round")
    cancelled_days: list[date] = strawberry.field(description="取消的日子 · days on which nothing takes place")
    launches: list[Launch] = strawberry.field(description="各地启动 · where it runs, and since when")


@strawberry.type(description="日程 · something that takes place")
class Appointment:
    kind: ActivityKind = strawberry.field(description="类型 · kind")
    title: str = strawberry.field(description="中文标题 · title in Chinese")
    title_en: str = strawberry.field(description="英文标题 · title in English")
    source: str = strawberry.field(description="所属活动或接待的编号 · code of its campaign or reception")
    day: date = strawberry.field(description="日期（北京时间）· the day in China on which it takes place")
    starts_at: datetime | None = strawberry.field(description="开始时间；全天的为空 · when it begins; null for a whole day")
    ends_at: datetime | None = strawberry.field(description="结束时间；全天的为空 · when it ends; null for a whole day")
    moved_from: date | None = strawberry.field(description="由哪天改期而来 · the day from which it was moved")
    team: str | None = strawberry.field(description="团队 · team")
    site: ReceptionSite | None = strawberry.field(description="接待点 · where people are received")


@strawberry.type(description="职责（“七个一”之一）· a duty")
class Duty:
    code: str = strawberry.field(description="职责编号 · code")
    name: str = strawberry.field(description="中文名称 · name in Chinese")
    name_en: str = strawberry.field(description="英文名称 · name in English")
    period: DutyPeriod = strawberry.field(description="周期：每周期一次 · once in each")
    since: date = strawberry.field(description="施行日 · the first day")
    until: date | None = strawberry.field(description="废止日 · the first day no more")


@strawberry.type(description="一人一项职责的进展 · how one member stands with one duty")
class DutyStanding:
    duty: Duty = strawberry.field(description="职责 · the duty")
    period: str = strawberry.field(description="本周期，如 2020-06、2020-W23 · the period that runs")
    done: bool = strawberry.field(description="本周期已完成 · done in it")
    last_done: date | None = strawberry.field(description="最近一次 · the last time")
    due_by: date = strawberry.field(description="本周期最后一天 · the last day of the period")
    behind: int = strawberry.field(description="落后的周期数 · how many whole periods went by without it")


@strawberry.type(description="已录入活动 · recorded")
class CampaignRecorded:
    campaign: Campaign = strawberry.field(description="活动 · the campaign")


@strawberry.type(description="已安排接待 · recorded")
class ReceptionRecorded:
    appointments: list[Appointment] = strawberry.field(description="今后 31 天的场次 · the times of the next 31 days")


@strawberry.type(description="已录入职责 · recorded")
class DutyRecorded:
    duty: Duty = strawberry.field(description="职责 · the duty")


@strawberry.type(description="已记录完成 · recorded")
class DutyDone:
    standings: list[DutyStanding] = strawberry.field(description="本人各项职责 · how the viewer stands now")


@strawberry.type(description="接待未安排 · refused; nothing was stored")
class ReceptionRefused(RefusedFields): ...


@strawberry.type(description="未记录完成 · refused; nothing was stored")
class DutyRefused(RefusedFields): ...


@strawberry.input(description="启动地区 · a place where the campaign runs")
class LaunchInput:
    division: str = strawberry.field(description="区划 · where")
    since: date = strawberry.field(description="启动日 · the first day")
    until: date | None = strawberry.field(default=None, description="结束日 · the first day no more")


@strawberry.input(description="录入活动 · a campaign as a whole")
class RecordCampaignInput:
    request_id: strawberry.ID = strawberry.field(description=REQUEST)
    code: str = strawberry.field(description="活动编号，以 C- 开头 · code, begins with C-")
    name: str = strawberry.field(description="中文名称 · name in Chinese")
    name_en: str = strawberry.field(description="英文名称 · name in English")
    division: str = strawberry.field(description="主办区划 · who runs it")
    parent: str | None = strawberry.field(default=None, description="上级活动 · the campaign of which it is a part")
    programmes: list[str] = strawberry.field(default_factory=list, description="结合的工作 · linked programmes")
    activity_days: str | None = strawberry.field(
        default=None, description="活动日规则，如 FREQ=MONTHLY;BYMONTHDAY=5,15,25 · RRULE of its activity days"
    )
    monthly_round: str | None = strawberry.field(default=None, description="每月集中走访规则 · RRULE of the monthly round")
    cancelled_days: list[date] = strawberry.field(default_factory=list, description="取消的日子 · days on which nothing takes place")
    launches: list[LaunchInput] = strawberry.field(default_factory=list, description="各地启动 · where it runs, and since when")

    def command(self) -> RecordCampaign:
        launches = [CampaignLaunch(**vars(launch)) for launch in self.launches]
        return RecordCampaign(**{**fields_of(self), "launches": launches})


@strawberry.input(description="改期 · the one of that day takes place at another time")
class MovedDayInput:
    day: date = strawberry.field(description="原日期 · the day by the rule")
    to: datetime = strawberry.field(description="改到 · the other time")


@strawberry.input(description="安排半天接待 · a reception series as a whole")
class RecordReceptionInput:
    request_id: strawberry.ID = strawberry.field(description=REQUEST)
    code: str = strawberry.field(description="接待编号，以 R- 开头 · code, begins with R-")
    name: str = strawberry.field(description="名称 · name")
    division: str = strawberry.field(description="所在区划 · where")
    team: str = strawberry.field(description="接待团队 · the team that receives")
    site: str | None = strawberry.field(default=None, description="接待点编号 · code of the reception site")
    first: datetime = strawberry.field(description="首场开始时间 · when the first one begins")
    minutes: int = strawberry.field(default=240, description="时长（分钟）· how long, in minutes")
    rule: str = strawberry.field(description="重复规则，如 FREQ=WEEKLY;BYDAY=TU · RRULE")
    cancelled_days: list[date] = strawberry.field(default_factory=list, description="取消的日子 · days on which it does not take place")
    moved_days: list[MovedDayInput] = strawberry.field(default_factory=list, description="改期 · days that are moved")

    def command(self) -> RecordReception:
        moved = [Moved(**vars(each)) for each in self.moved_days]
        return RecordReception(**{**fields_of(self), "moved_days": moved})


@strawberry.input(description="录入职责 · a duty with its period")
class RecordDutyInput:
    request_id: strawberry.ID = strawberry.field(description=REQUEST)
    code: str = strawberry.field(description="职责编号，大写字母 · code, in capitals")
    name: str = strawberry.field(description="中文名称 · name in Chinese")
    name_en: str = strawberry.field(description="英文名称 · name in English")
    period: DutyPeriod = strawberry.field(description="周期：每周期一次 · once in each")
    division: str = strawberry.field(description="约束哪里的成员 · whose members it binds")
    since: date | None = strawberry.field(default=None, description="施行日，缺省为今天 · the first day, today when left out")
    until: date | None = strawberry.field(default=None, description="废止日 · the first day no more")

    def command(self) -> RecordDuty:
        return RecordDuty(**{**fields_of(self), "period": self.period.value})


@strawberry.input(description="记录完成职责 · the viewer has done a duty")
class RecordDutyDoneInput:
    request_id: strawberry.ID = strawberry.field(description=REQUEST)
    duty: str = strawberry.field(description="职责编号 · which duty")
    on: date | None = strawberry.field(default=None, description="日期，缺省为今天 · the day in China, today when left out")

    def command(self) -> RecordDutyDone:
        return RecordDutyDone(**fields_of(self))


WHY_NOT = "录入结果 · recorded, or why not"
CampaignResult = Annotated[CampaignRecorded | OrganisationRefused, strawberry.union("RecordCampaignResult", description=WHY_NOT)]
ReceptionResult = Annotated[ReceptionRecorded | ReceptionRefused, strawberry.union("RecordReceptionResult", description=WHY_NOT)]
DutyResult = Annotated[DutyRecorded | OrganisationRefused, strawberry.union("RecordDutyResult", description=WHY_NOT)]
DutyDoneResult = Annotated[DutyDone | DutyRefused, strawberry.union("RecordDutyDoneResult", description=WHY_NOT)]


def campaign_of(context: IntakeContext, row: held.Campaign) -> Campaign:
    rhythm = row.activity_days or row.monthly_round
    return Campaign(
        code=row.code,
        name=row.name,
        name_en=row.name_en,
        parent=row.parent,
        programmes=list(row.programmes),
        activity_days=row.activity_days.rule if row.activity_days else None,
        monthly_round=row.monthly_round.rule if row.monthly_round else None,
        cancelled_days=[date.fromisoformat(day) for day in (rhythm.cancelled if rhythm else [])],
        launches=[
            Launch(
                division=find_division(context, launch.division),
                since=date.fromisoformat(launch.since),
                until=date.fromisoformat(launch.until) if launch.until else None,
            )
            for launch in row.launches
        ],
    )


def duty_of(row: HeldDuty) -> Duty:
    return Duty(
        code=row.code,
        name=row.name,
        name_en=row.name_en,
        period=DutyPeriod(row.period),
        since=date.fromisoformat(row.since),
        until=date.fromisoformat(row.until) if row.until else None,
    )


def standing_of(each: Standing) -> DutyStanding:
    return DutyStanding(
        duty=duty_of(each.duty), period=each.period, done=each.done, last_done=each.last, due_by=each.due_by, behind=each.behind
    )


async def appointments_of(context: IntakeContext, found: Iterable[held.Appointment]) -> list[Appointment]:
    """With the sites of all of them in one read."""
    rows = list(found)
    sites = await context.intake.fieldwork.sites.find_many(row.site for row in rows if row.site)
    shown = []
    for row in rows:
        at, site = row.occurrence, sites.get(row.site or "")
        timed = not at.whole_day and row.minutes is not None
        shown.append(
            Appointment(
                kind=ActivityKind(row.kind),
                title=row.title,
                title_en=row.title_en,
                source=row.source,
                day=at.on,
                starts_at=at.starts if timed else None,
                ends_at=at.starts + timedelta(minutes=row.minutes or 0) if timed else None,
                moved_from=at.day if at.day != at.on else None,
                team=row.team,
                site=site_of(context, site) if site else None,
            )
        )
    return shown


async def team_appointments(context: IntakeContext, team: HeldTeam, begin: date, end: date) -> list[Appointment]:
    fieldwork = context.intake.fieldwork
    receptions = await fieldwork.receptions.of_team(team.code)
    return await appointments_of(context, held.team_calendar(team, await fieldwork.campaigns.all(), receptions, begin, end))


async def own_team(context: IntakeContext) -> HeldTeam:
    """The viewer's team. Raises Forbidden where there is none."""
    code = context.viewer.team
    team = await context.intake.fieldwork.teams.find(code) if code else None
    if team is None:
        raise Forbidden("NO_TEAM", "您不属于任何已录入的团队。", "You are in no recorded team.")
    return team


def window(context: IntakeContext, since: date | None, days: int, widest: int = WIDEST.days) -> tuple[date, date]:
    """The days that are asked for, from today when `since` is left out. Raises Refusal."""
    begin = since or date.fromisoformat(context.intake.fieldwork.today())
    if abs(begin - date.fromisoformat(context.intake.fieldwork.today())) > WIDEST:
        raise Refusal("BAD_DAY", f"日期应在前后 {WIDEST.days} 天之内。", f"since must be within {WIDEST.days} days of today.", "since")
    if not 1 <= days <= widest:
        raise Refusal("BAD_DAYS", f"天数应在 1 到 {widest} 之间。", f"days must be between 1 and {widest}.", "days")
    return begin, begin + timedelta(days=days)


@strawberry.type
class CalendarQuery:
    @strawberry.field(description="全部活动 · every campaign, by code")
    async def campaigns(self, info: Ctx) -> list[Campaign] | None:
        rows = await info.context.intake.fieldwork.campaigns.all()
        return [campaign_of(info.context, rows[code]) for code in sorted(rows)]

    @strawberry.field(description="一地的接待和活动日：何时何地可以当面反映 · when and where people are received, in a division and below")
    async def receptions(self, info: Ctx, division: str, since: date | None = None, days: int = 31) -> list[Appointment] | None:
        context, fieldwork = info.context, info.context.intake.fieldwork
        if not context.intake.territory.knows(division):
            raise Refusal("DIVISION_UNKNOWN", "没有这个区划代码。", "There is no such division.", "division")
        begin, end = window(context, since, days, widest=62)
        rows = await fieldwork.receptions.where({"within": prefixes(division)[-1]})
        if len(rows) > held.LONGEST_LIST:
            raise Refusal("TOO_WIDE", "范围过大，请指定镇（街道）或村（社区）。", "Too many; name a town or a village.", "division")
        found = [each for row in rows for each in held.reception_appointments(row, begin, end)]
        for campaign in (await fieldwork.campaigns.all()).values():
            found += held.campaign_appointments(campaign, division, begin, end)
        return await appointments_of(context, held.in_order(found)[: held.LONGEST_LIST])

    @strawberry.field(description="职责 · the duties that bind members of a division today")
    async def duties(self, info: Ctx, division: str) -> list[Duty] | None:
        today = date.fromisoformat(info.context.intake.fieldwork.today())
        rows = await info.context.intake.fieldwork.duties.all()
        return [duty_of(row) for row in rows if row.in_force(today) and row.binds(division)]

    @strawberry.field(description="本团队日历的订阅地址，有效 400 天 · the address of the own team's calendar feed (.ics), for 400 days")
    async def calendar_feed(self, info: Ctx) -> str | None:
        context = info.context
        team = await own_team(context)
        return feed_url(context.intake.settings.public_url, team.code, context.intake.world.real_now(), context.intake.upload_key)


@strawberry.type
class CalendarMutation:
    @strawberry.mutation(description="录入活动 · record a campaign")
    async def record_campaign(self, info: Ctx, input: RecordCampaignInput) -> CampaignResult:
        context, fieldwork = info.context, info.context.intake.fieldwork

        async def work() -> CampaignRecorded:
            command = input.command()
            await record_campaign(fieldwork.record_campaigns, context.viewer, command, context.origin)
            return CampaignRecorded(campaign=campaign_of(context, (await fieldwork.campaigns.all())[command.code]))

        return await refused_as(OrganisationRefused, work)

    @strawberry.mutation(description="安排半天接待 · record a reception series")
    async def record_reception(self, info: Ctx, input: RecordReceptionInput) -> ReceptionResult:
        context, fieldwork = info.context, info.context.intake.fieldwork

        async def work() -> ReceptionRecorded:
            command = input.command()
            await record_reception(fieldwork.record_receptions, context.viewer, command, context.origin)
            row = (await fieldwork.receptions.find_many([command.code]))[command.code]
            begin, end = window(context, None, 31)
            return ReceptionRecorded(appointments=await appointments_of(context, held.reception_appointments(row, begin, end)))

        return await refused_as(ReceptionRefused, work)

    @strawberry.mutation(description="录入职责 · record a duty")
    async def record_duty(self, info: Ctx, input: RecordDutyInput) -> DutyResult:
        context, fieldwork = info.context, info.context.intake.fieldwork

        async def work() -> DutyRecorded:
            command = input.command()
            await record_duty(fieldwork.record_duties, context.viewer, command, context.origin)
            return DutyRecorded(duty=duty_of((await fieldwork.duties.find_many([command.code]))[command.code]))

        return await refused_as(OrganisationRefused, work)

    @strawberry.mutation(description="记录完成职责 · the viewer has done a duty")
    async def record_duty_done(self, info: Ctx, input: RecordDutyDoneInput) -> DutyDoneResult:
        context, fieldwork = info.context, info.context.intake.fieldwork

        async def work() -> DutyDone:
            id = await record_duty_done(fieldwork.record_duties, context.viewer, input.command(), context.origin)
            standings = await fieldwork.standings((await fieldwork.members.find_many([id])).values())
            return DutyDone(standings=[standing_of(each) for each in standings[id]])

        return await refused_as(DutyRefused, work)
