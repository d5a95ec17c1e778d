"""Desks: what a secretary, a team and a county look at each day, each as one query over what the other files answer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import strawberry

from services.intake.domain import campaigns, coverage
from services.intake.domain.duties import Standing, period_of
from services.intake.domain.people import Member as HeldMember
from services.intake.domain.people import Team as HeldTeam
from services.intake.subgraph.calendar import (
    ActivityKind,
    Appointment,
    Duty,
    DutyStanding,
    appointments_of,
    duty_of,
    own_team,
    standing_of,
    team_appointments,
)
from services.intake.subgraph.context import IntakeContext
from services.intake.subgraph.coverage import (
    Covered,
    DivisionCoverage,
    HouseholdConnection,
    RankParticipation,
    TeamCoverageConnection,
    coverage_below,
    covered_of,
    households_page,
    participation_of,
    period_or_month,
    teams_behind,
)
from services.intake.subgraph.organisation import Member, Team, member_of, team_of
from services.intake.subgraph.organisation_fields import prefix_of, visible_team
from services.intake.subgraph.types import Ctx, Division, find_division
from shared.identity.errors import Refusal

AHEAD = timedelta(days=7)


@strawberry.type(description="民情书记的一天 · a secretary's day")
class SecretaryDay:
    on: date = strawberry.field(description="今天（北京时间）· today, in China")
    activity_day: bool = strawberry.field(description="今天是活动日 · whether this is a day of going out")
    appointments: list[Appointment] = strawberry.field(description="今天起七天的日程 · appointments of today and the six days after")
    duties: list[DutyStanding] = strawberry.field(description="本人职责，落后的在前 · the viewer's duties, the furthest behind first")
    visited: int = strawberry.field(description="本团队本月已访户数 · households of the team visited this month")
    to_visit: int = strawberry.field(description="本团队本月未访户数 · and still to be visited")

    @strawberry.field(description="本月待访住户，最久未走访的在前 · households due this month, the longest unvisited first")
    async def households_due(self, info: Ctx, first: int = 20, after: str | None = None, mine: bool = False) -> HouseholdConnection:
        contract = info.context.viewer.sub if mine else None
        query = {"team": info.context.viewer.team}
        return await households_page(info.context, query, first, after, due_in=self.on.isoformat()[:7], contract=contract)


@strawberry.type(description="一名成员的一个月 · one member's month")
class MemberMonth:
    member: Member = strawberry.field(description="成员 · the member")
    visits: int = strawberry.field(description="走访次数 · visits in the month")
    last_out: date | None = strawberry.field(description="最近一次走访 · when they last went out")
    duties: list[DutyStanding] = strawberry.field(description="各项职责 · how they stand with each duty today")


@strawberry.type(description="团队的一个月 · a team's month")
class TeamMonth:
    team: Team = strawberry.field(description="团队 · the team")
    month: str = strawberry.field(description="月份，如 2020-06 · the month")
    covered: Covered = strawberry.field(description="走访覆盖 · coverage of its households")
    appointments: list[Appointment] = strawberry.field(description="当月日程 · what takes place")
    members: list[MemberMonth] = strawberry.field(description="成员，落后最多的在前 · members, the furthest behind first")


@strawberry.type(description="一项职责在一地的进展 · how a division stands with one duty")
class DutyProgress:
    duty: Duty = strawberry.field(description="职责 · the duty")
    period: str = strawberry.field(description="本周期 · the period that runs")
    members: int = strawberry.field(description="成员数 · members there")
    done: int = strawberry.field(description="已完成人数 · of them, who has done it")


@strawberry.type(description="县级看板 · a county's board")
class CountyBoard:
    division: Division | None = strawberry.field(description="区划 · the division")
    period: str = strawberry.field(description="期间，如 2020-06 或 2020 · the period")
    coverage: list[DivisionCoverage] = strawberry.field(description="本级及下一级覆盖 · its own coverage, and one tier below")
    participation: list[RankParticipation] = strawberry.field(description="按职级参与 · participation by rank, leaders first")
    duties: list[DutyProgress] = strawberry.field(description="各项职责 · how members stand with each duty today")
    appointments: list[Appointment] = strawberry.field(description="今后七天的活动日和接待 · what takes place in the coming seven days")

    @strawberry.field(description="团队，最落后的在前 · teams, the furthest behind first")
    async def teams(self, info: Ctx, first: int = 20, after: str | None = None) -> TeamCoverageConnection:
        code = self.division.code if self.division else ""
        return await teams_behind(info.context, prefix_of(info.context, code), self.period, first, after)


@strawberry.type
class DeskQuery:
    @strawberry.field(description="民情书记的一天：待访、职责、日程 · a secretary's day: households due, duties, appointments")
    async def my_day(self, info: Ctx) -> SecretaryDay | None:
        context, fieldwork = info.context, info.context.intake.fieldwork
        team = await own_team(context)
        today = date.fromisoformat(fieldwork.today())
        appointments = await team_appointments(context, team, today, today + AHEAD)
        standings = await fieldwork.standings((await fieldwork.members.find_many([context.viewer.sub])).values())
        numbers = await _team_covered(context, team, today.isoformat()[:7])
        return SecretaryDay(
            on=today,
            activity_day=any(each.day == today and each.kind is not ActivityKind.RECEPTION for each in appointments),
            appointments=appointments,
            duties=_behind_first(standings.get(context.viewer.sub, [])),
            visited=numbers.visited,
            to_visit=numbers.to_visit,
        )

    @strawberry.field(description="团队的一个月（缺省为本月）· a team's month, this one when left out")
    async def team_month(self, info: Ctx, team: str, month: str | None = None) -> TeamMonth | None:
        context = info.context
        held = await visible_team(context, team)
        if held is None:
            return None
        text = period_or_month(context, month, "month")
        if len(text) != 7:
            raise Refusal("BAD_MONTH", "月份应为 2020-06。", "A month reads 2020-06.", "month")
        whole = campaigns.Month.of(text)
        found = (await context.intake.fieldwork.members.of_teams([team])).get(team, [])
        members = [member for member in found if held.near(member.unit)]
        standings = await context.intake.fieldwork.standings(members)
        shown = [_member_month(context, member, text, standings[member.id]) for member in members]
        return TeamMonth(
            team=team_of(held),
            month=text,
            covered=await _team_covered(context, held, text),
            appointments=await team_appointments(context, held, whole.begin, whole.end),
            members=sorted(shown, key=lambda row: (-sum(each.behind for each in row.duties), row.member.id)),
        )

    @strawberry.field(description="县级看板：覆盖、参与、职责、日程、落后的团队 · a county's board")
    async def county_board(self, info: Ctx, division: str, period: str | None = None) -> CountyBoard | None:
        context, fieldwork = info.context, info.context.intake.fieldwork
        key, asked = prefix_of(context, division), period_or_month(context, period)
        today = date.fromisoformat(fieldwork.today())
        numbers = (await fieldwork.participation.read([key]))[key]
        members = sum(number for measure, number in numbers.items() if measure.startswith("members:"))
        bound = [duty for duty in await fieldwork.duties.all() if duty.in_force(today) and duty.binds(division)]
        receptions = (await fieldwork.receptions.where({"within": key}))[: campaigns.LONGEST_LIST]
        found = [each for row in receptions for each in campaigns.reception_appointments(row, today, today + AHEAD)]
        for campaign in (await fieldwork.campaigns.all()).values():
            found += campaigns.campaign_appointments(campaign, division, today, today + AHEAD)
        return CountyBoard(
            division=find_division(context, division),
            period=asked,
            coverage=await coverage_below(context, division, asked, 1),
            participation=participation_of(coverage.participation(numbers, asked)),
            duties=[
                DutyProgress(
                    duty=duty_of(duty),
                    period=(now := period_of(today, duty.period)),
                    members=members,
                    done=numbers.get(f"duty:{duty.code}:{now}", 0),
                )
                for duty in bound
            ],
            appointments=await appointments_of(context, campaigns.in_order(found)[: campaigns.LONGEST_LIST]),
        )


async def _team_covered(context: IntakeContext, team: HeldTeam, period: str) -> Covered:
    key = f"team:{team.code}"
    return covered_of((await context.intake.fieldwork.coverage.read([key]))[key], period, context)


def _member_month(context: IntakeContext, member: HeldMember, month: str, standings: list[Standing]) -> MemberMonth:
    last = max(member.outings.values(), default=None)
    return MemberMonth(
        member=member_of(context, member),
        visits=member.outings_in(month),
        last_out=date.fromisoformat(last) if last else None,
        duties=[standing_of(each) for each in standings],
    )


def _behind_first(standings: Iterable[Standing]) -> list[DutyStanding]:
    return [standing_of(each) for each in sorted(standings, key=lambda each: (-each.behind, each.done, each.due_by, each.duty.code))]
