"""Households, visits and coverage in the graph."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import strawberry

from services.intake.domain import coverage, masks
from services.intake.domain.households import Household as Held
from services.intake.domain.households import is_period
from services.intake.domain.territory import LOCAL_LEVELS
from services.intake.subgraph.context import IntakeContext
from services.intake.subgraph.organisation import Team, team_of
from services.intake.subgraph.organisation_fields import prefix_of
from services.intake.subgraph.types import REQUEST, Ctx, Division, PageInfo, division_of, find_division
from services.intake.usecases.record_visit import RecordVisit, record_visit
from shared.identity.errors import Forbidden, Refusal
from shared.identity.scopes import holds
from shared.subgraph import RefusedFields, page_size, refused_as


@strawberry.type(description="一次走访 · a visit")
class Visit:
    on: date = strawberry.field(description="日期 · the day in China")
    team: str = strawberry.field(description="团队 · team")
    member: str = strawberry.field(description="走访人 · who went")


@strawberry.type(description="住户，默认脱敏 · a household, masked")
class Household:
    id: strawberry.ID = strawberry.field(description="标识 · id")
    place: Division | None = strawberry.field(description="所在区划 · where")
    number: str = strawberry.field(description="门牌或户号 · what tells households of one place apart")
    display_name: str | None = strawberry.field(description="脱敏户主 · the head of the household, masked")
    phone: str | None = strawberry.field(description="脱敏电话 · the phone, masked")
    persons: int = strawberry.field(description="人数 · how many live there")
    team: str | None = strawberry.field(description="包联团队 · the team that it is with")
    contract: str | None = strawberry.field(description="包保人 · the member who answers for it")
    last_visit: date | None = strawberry.field(description="最近一次走访 · the day of the last visit")
    visits: list[Visit] = strawberry.field(description="走访记录 · visits")


@strawberry.type(description="列表中的一户 · one household of a list")
class HouseholdEdge:
    cursor: str = strawberry.field(description="游标 · cursor of this item")
    node: Household = strawberry.field(description="住户 · the household")


@strawberry.type(description="住户列表，最久未走访的在前 · the longest unvisited first")
class HouseholdConnection:
    edges: list[HouseholdEdge] = strawberry.field(description="本页 · the items of this page")
    page_info: PageInfo = strawberry.field(description="分页 · whether more follow")


@strawberry.type(description="走访覆盖 · how far households are covered in a period")
class Covered:
    households: int = strawberry.field(description="应访户数 · households")
    persons: int = strawberry.field(description="人数 · persons in them")
    visited: int = strawberry.field(description="已访户数 · households visited in the period")
    to_visit: int = strawberry.field(description="未访户数 · households still to be visited")
    visits: int = strawberry.field(description="走访次数 · visits, a household twice counts twice")
    behind: int = strawberry.field(description="按日进度落后户数 · households fewer than the days gone by ask for")


@strawberry.type(description="一个区划的覆盖 · of one division")
class DivisionCoverage:
    division: Division = strawberry.field(description="区划 · the division")
    covered: Covered = strawberry.field(description="覆盖 · its numbers")


@strawberry.type(description="一个团队的覆盖 · of one team")
class TeamCoverage:
    team: Team = strawberry.field(description="团队 · the team")
    covered: Covered = strawberry.field(description="覆盖 · its numbers")


@strawberry.type(description="列表中的一个团队 · one team of a list")
class TeamCoverageEdge:
    cursor: str = strawberry.field(description="游标 · cursor of this item")
    node: TeamCoverage = strawberry.field(description="一个团队的覆盖 · one team's coverage")


@strawberry.type(description="团队覆盖，最落后的在前 · teams, the furthest behind first")
class TeamCoverageConnection:
    edges: list[TeamCoverageEdge] = strawberry.field(description="本页 · the items of this page")
    page_info: PageInfo = strawberry.field(description="分页 · whether more follow")


@strawberry.type(description="按职级的参与，领导在前 · participation by rank, leaders first")
class RankParticipation:
    rank: str = strawberry.field(description="职级 · rank")
    members: int = strawberry.field(description="成员数 · members of this rank")
    went_out: int = strawberry.field(description="已下访人数 · of them, who went out in the period")


@strawberry.type(description="已记录走访 · recorded")
class VisitRecorded:
    household: Household = strawberry.field(description="住户 · the household with this visit")


@strawberry.type(description="未记录 · refused; nothing was stored")
class VisitRefused(RefusedFields): ...


@strawberry.input(description="记录走访 · a visit of a household of the own team")
class RecordVisitInput:
    request_id: strawberry.ID = strawberry.field(description=REQUEST)
    household_id: strawberry.ID = strawberry.field(description="住户 · which household")
    on: date | None = strawberry.field(default=None, description="日期，缺省为今天 · the day in China, today when left out")


RecordVisitResult = Annotated[
    VisitRecorded | VisitRefused, strawberry.union("RecordVisitResult", description="记录结果 · recorded, or why not")
]


def household_of(context: IntakeContext, held: Held) -> Household:
    key = context.intake.fieldwork.cipher.unwrap(held.person, held.key)
    return Household(
        id=strawberry.ID(held.id),
        place=find_division(context, key.decrypt("place", held.place)) or find_division(context, held.village),
        number=key.decrypt("number", held.number),
        display_name=masks.mask_name(key.decrypt("head", held.head)) if held.head else None,
        phone=masks.mask_phone(key.decrypt("phone", held.phone)) if held.phone else None,
        persons=held.persons,
        team=held.team,
        contract=held.contract,
        last_visit=date.fromisoformat(held.last_visit) if held.last_visit else None,
        visits=[Visit(on=date.fromisoformat(each.on), team=each.team, member=each.member) for each in held.visits],
    )


def covered_of(numbers: coverage.Numbers, period: str, context: IntakeContext) -> Covered:
    return Covered(**vars(coverage.covered(numbers, period, date.fromisoformat(context.intake.fieldwork.today()))))


def period_or_month(context: IntakeContext, period: str | None, argument: str = "period") -> str:
    """The period asked for by this argument, this month when left out. Raises Refusal."""
    if period is not None and not is_period(period):
        raise Refusal("BAD_PERIOD", "期间应为 2020-06 或 2020。", "A period reads 2020-06 or 2020.", argument)
    return period or context.intake.fieldwork.today()[:7]


def _page(rows: list[Any], key: Any, first: int, after: str | None) -> tuple[list[Any], bool]:
    """Rows in the order of their keys, those behind `after`; a key that has gone is looked for where it would stand."""
    last = tuple(after.split("|", 1)) if after else ()
    behind = [row for row in sorted(rows, key=key) if key(row) > last]
    return behind[:first], len(behind) > first


def _cursor(key: tuple[str, str]) -> str:
    return "|".join(key)


async def coverage_below(context: IntakeContext, division: str, period: str, tiers: int) -> list[DivisionCoverage]:
    """The division's coverage and that of what lies up to `tiers` levels below. Raises Refusal, Forbidden."""
    prefix_of(context, division)
    if not 0 <= tiers <= coverage.TIERS:
        raise Refusal("BAD_TIERS", f"层级应在 0 到 {coverage.TIERS} 之间。", f"tiers must be between 0 and {coverage.TIERS}.", "tiers")
    territory = context.intake.territory
    if territory.get(division).level in LOCAL_LEVELS:
        raise Refusal("TOO_NARROW", "覆盖统计到村（社区）为止。", "Coverage is counted down to the village.", "division")
    codes = coverage.down(territory, division, tiers)
    if len(codes) > coverage.ROWS:
        raise Refusal("TOO_WIDE", "范围过大，请减少层级。", "Too many divisions; ask for fewer tiers.", "tiers")
    keys = {code: prefix_of(context, code) for code in codes}
    buckets = context.intake.fieldwork.coverage
    few = len(codes) <= coverage.NAMED
    numbers = await buckets.read(keys.values()) if few else await buckets.under(keys[division])
    return [
        DivisionCoverage(
            division=division_of(context, territory.get(code)), covered=covered_of(numbers.get(keys[code], {}), period, context)
        )
        for code in codes
    ]


async def teams_behind(context: IntakeContext, prefix: str, period: str, first: int, after: str | None) -> TeamCoverageConnection:
    """A page of the teams of a territory, the furthest behind first."""
    fieldwork = context.intake.fieldwork
    teams = await fieldwork.teams.where({"within": prefix})
    numbers = await fieldwork.coverage.read(f"team:{team.code}" for team in teams)
    rows = [TeamCoverage(team=team_of(team), covered=covered_of(numbers[f"team:{team.code}"], period, context)) for team in teams]

    def key(row: TeamCoverage) -> tuple[str, str]:
        return f"{10**9 - row.covered.behind:010d}", row.team.code

    found, more = _page(rows, key, page_size(first), after)
    edges = [TeamCoverageEdge(cursor=_cursor(key(row)), node=row) for row in found]
    return TeamCoverageConnection(edges=edges, page_info=PageInfo(has_next_page=more, end_cursor=edges[-1].cursor if edges else None))


async def households_page(
    context: IntakeContext,
    query: dict[str, Any],
    first: int,
    after: str | None,
    *,
    due_in: str | None = None,
    contract: str | None = None,
    place: str | None = None,
) -> HouseholdConnection:
    """A page of an indexed query, the longest unvisited first. Those alone that: were not visited in the period `due_in`; are under the
    `contract` of this member; lie in this compound, building or unit (`place`)."""
    fieldwork = context.intake.fieldwork
    rows = await fieldwork.households.listed(query)
    if due_in is not None:
        rows = [row for row in rows if not any(visit["on"].startswith(due_in) for visit in row["visits"])]
    if contract is not None:
        rows = [row for row in rows if row["contract"] == contract]
    if place is not None:
        unwrap = fieldwork.cipher.unwrap
        rows = [row for row in rows if holds(place, unwrap(row["person"], row["key"]).decrypt("place", row["place"]))]

    def key(row: dict[str, Any]) -> tuple[str, str]:
        return row["last_visit"] or "", row["_id"]

    found, more = _page(rows, key, page_size(first), after)
    held = await fieldwork.households.find_many([row["_id"] for row in found])
    edges = [HouseholdEdge(cursor=_cursor(key(row)), node=household_of(context, held[row["_id"]])) for row in found]
    return HouseholdConnection(edges=edges, page_info=PageInfo(has_next_page=more, end_cursor=edges[-1].cursor if edges else None))


def participation_of(rows: list[coverage.Participation]) -> list[RankParticipation]:
    return [RankParticipation(**vars(row)) for row in rows]


@strawberry.type
class CoverageQuery:
    @strawberry.field(description="一个区划及以下各级的走访覆盖 · coverage of a division and up to three tiers below")
    async def coverage(self, info: Ctx, division: str, period: str | None = None, tiers: int = 1) -> list[DivisionCoverage] | None:
        return await coverage_below(info.context, division, period_or_month(info.context, period), tiers)

    @strawberry.field(description="团队的走访覆盖，最落后的在前 · teams of a division, the furthest behind first")
    async def team_coverage(
        self, info: Ctx, division: str, period: str | None = None, first: int = 20, after: str | None = None
    ) -> TeamCoverageConnection | None:
        context = info.context
        return await teams_behind(context, prefix_of(context, division), period_or_month(context, period), first, after)

    @strawberry.field(description="按职级的参与 · participation by rank in a division")
    async def participation(self, info: Ctx, division: str, period: str | None = None) -> list[RankParticipation] | None:
        context = info.context
        key = prefix_of(context, division)
        numbers = await context.intake.fieldwork.participation.read([key])
        return participation_of(coverage.participation(numbers[key], period_or_month(context, period)))

    @strawberry.field(
        description="本团队或一个村（社区）的住户；due 只列期内未访的，mine 只列本人包保的，place 只列某小区、楼栋的 · households of the "
        "own team, or of a village; due: not visited in the period; mine: under the viewer's contract; place: of a compound or building"
    )
    async def households(
        self,
        info: Ctx,
        village: str | None = None,
        period: str | None = None,
        due: bool = False,
        mine: bool = False,
        place: str | None = None,
        first: int = 20,
        after: str | None = None,
    ) -> HouseholdConnection | None:
        context = info.context
        if village is not None:
            prefix_of(context, village, "village")
            query = {"village": village}
        elif context.viewer.team:
            query = {"team": context.viewer.team}
        else:
            raise Forbidden("NO_TEAM", "您不属于任何团队，请指定村（社区）。", "You are in no team; name a village.", "village")
        asked = period_or_month(context, period)
        contract = context.viewer.sub if mine else None
        return await households_page(context, query, first, after, due_in=asked if due else None, contract=contract, place=place)


@strawberry.type
class CoverageMutation:
    @strawberry.mutation(description="记录走访 · record a visit of a household of the own team")
    async def record_visit(self, info: Ctx, input: RecordVisitInput) -> RecordVisitResult:
        context, fieldwork = info.context, info.context.intake.fieldwork

        async def work() -> VisitRecorded:
            command = RecordVisit(request_id=str(input.request_id), household_id=str(input.household_id), on=input.on)
            id = await record_visit(fieldwork.record_visits, context.viewer, command, context.origin)
            return VisitRecorded(household=household_of(context, (await fieldwork.households.find_many([id]))[id]))

        return await refused_as(VisitRefused, work)
