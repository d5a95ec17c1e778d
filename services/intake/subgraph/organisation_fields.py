"""Queries and mutations of territory and people."""

from __future__ import annotations

from datetime import date
from typing import Any

import strawberry

from services.intake.domain.addresses import LONGEST_TEXT
from services.intake.domain.organisation import accountable_for
from services.intake.domain.people import Team as HeldTeam
from services.intake.subgraph.context import IntakeContext
from services.intake.subgraph.organisation import (
    DepartmentRecord,
    DepartmentRecorded,
    DepartmentResult,
    DivisionRecorded,
    DivisionResult,
    Located,
    MemberRecorded,
    MemberResult,
    OrganisationRefused,
    Post,
    PostRecorded,
    PostResult,
    ReceptionSite,
    ReceptionSiteRecorded,
    SiteResult,
    Team,
    TeamConnection,
    TeamEdge,
    TeamRecorded,
    TeamResult,
    department_of,
    member_of,
    post_of,
    site_of,
    team_of,
)
from services.intake.subgraph.organisation_inputs import (
    RecordDepartmentInput,
    RecordDivisionInput,
    RecordMemberInput,
    RecordPostInput,
    RecordReceptionSiteInput,
    RecordTeamInput,
)
from services.intake.subgraph.types import Ctx, Owner, PageInfo, division_of, find_division
from services.intake.usecases.record_department import record_department
from services.intake.usecases.record_division import record_division
from services.intake.usecases.record_member import record_member
from services.intake.usecases.record_post import record_post
from services.intake.usecases.record_reception_site import record_reception_site
from services.intake.usecases.record_team import record_team
from shared.identity.errors import Refusal
from shared.identity.scopes import prefixes
from shared.subgraph import page_size, refused_as


def prefix_of(context: IntakeContext, division: str, argument: str = "division") -> str:
    """The prefix by which rows of a division are found, where the viewer's territory holds it. Raises Refusal, Forbidden."""
    if not context.intake.territory.knows(division):
        raise Refusal("DIVISION_UNKNOWN", "没有这个区划代码。", "There is no such division.", argument)
    context.viewer.require_cover(division, argument)
    return prefixes(division)[-1]


async def visible_team(context: IntakeContext, code: str) -> HeldTeam | None:
    """The team, for its members and for who has it or a unit of it in their territory; None for others."""
    held = await context.intake.fieldwork.teams.find(code)
    if held is None:
        return None
    near = context.viewer.team == code or any(map(context.viewer.covers, held.places))
    return held if near else None


@strawberry.type
class OrganisationQuery:
    @strawberry.field(description="由地址文字定位到区划 · from an address as people write it to the place")
    def locate(self, info: Ctx, text: str) -> Located | None:
        context = info.context
        found = context.intake.fieldwork.atlas.gazetteer.locate(text[:LONGEST_TEXT])
        if found.code is None:
            return None
        territory = context.intake.territory
        candidates = [division_of(context, territory.get(code)) for code in found.candidates]
        return Located(division=division_of(context, territory.get(found.code)), rest=found.rest, candidates=candidates)

    @strawberry.field(description="接待点 · reception sites of a division and below")
    async def reception_sites(self, info: Ctx, division: str) -> list[ReceptionSite] | None:
        sites = await info.context.intake.fieldwork.sites.where({"within": prefixes(division)[-1] if prefixes(division) else ""})
        return [site_of(info.context, site) for site in sites]

    @strawberry.field(description="团队 · one team")
    async def team(self, info: Ctx, code: str) -> Team | None:
        held = await visible_team(info.context, code)
        return team_of(held) if held else None

    @strawberry.field(
        description="一个区划内的团队，可按结合的工作、所属行动筛选 · teams of a division and below, by code; of a programme or campaign"
    )
    async def teams(
        self,
        info: Ctx,
        division: str,
        programme: str | None = None,
        campaign: str | None = None,
        first: int = 20,
        after: str | None = None,
    ) -> TeamConnection | None:
        query: dict[str, Any] = {"within": prefix_of(info.context, division)}
        if programme is not None:
            query["programmes"] = programme
        if campaign is not None:
            query["campaign"] = campaign
        found, more = await info.context.intake.fieldwork.teams.page(query, page_size(first), after)
        edges = [TeamEdge(cursor=held.code, node=team_of(held)) for held in found]
        return TeamConnection(edges=edges, page_info=PageInfo(has_next_page=more, end_cursor=edges[-1].cursor if edges else None))

    @strawberry.field(description="部门 · the departments of a division and below")
    async def department_records(self, info: Ctx, division: str) -> list[DepartmentRecord] | None:
        found = await info.context.intake.fieldwork.departments.where({"within": prefix_of(info.context, division)})
        return [department_of(info.context, held) for held in found]

    @strawberry.field(description="岗位 · the posts of a division itself")
    async def posts(self, info: Ctx, division: str) -> list[Post] | None:
        prefix_of(info.context, division)
        fieldwork = info.context.intake.fieldwork
        found = await fieldwork.posts.where({"division": division})
        shown = (post_of(info.context, held, fieldwork.today()) for held in found)
        return [post for post in shown if post is not None]

    @strawberry.field(description="某日对一个地方负责的人 · who answers for a place on a day (today when left out)")
    async def accountable(self, info: Ctx, division: str, on: date | None = None) -> Owner | None:
        prefix_of(info.context, division)
        posts = info.context.intake.fieldwork.posts
        found = accountable_for(division, await posts.of_place(division, on.isoformat() if on else None))
        return Owner.of(found) if found else None


@strawberry.type
class OrganisationMutation:
    @strawberry.mutation(description="录入区划 · record a local division, or a name, alias or end of one that is there")
    async def record_division(self, info: Ctx, input: RecordDivisionInput) -> DivisionResult:
        context = info.context

        async def work() -> DivisionRecorded:
            command = input.command()
            await record_division(context.intake.fieldwork.record_divisions, context.viewer, command, context.origin)
            await context.intake.fieldwork.atlas.current()
            return DivisionRecorded(division=find_division(context, command.code))

        return await refused_as(OrganisationRefused, work)

    @strawberry.mutation(description="录入接待点 · record a reception site")
    async def record_reception_site(self, info: Ctx, input: RecordReceptionSiteInput) -> SiteResult:
        context, fieldwork = info.context, info.context.intake.fieldwork

        async def work() -> ReceptionSiteRecorded:
            command = input.command()
            await record_reception_site(fieldwork.record_sites, context.viewer, command, context.origin)
            return ReceptionSiteRecorded(site=site_of(context, (await fieldwork.sites.find_many([command.code]))[command.code]))

        return await refused_as(OrganisationRefused, work)

    @strawberry.mutation(description="录入团队 · record a team")
    async def record_team(self, info: Ctx, input: RecordTeamInput) -> TeamResult:
        context, fieldwork = info.context, info.context.intake.fieldwork

        async def work() -> TeamRecorded:
            command = input.command()
            await record_team(fieldwork.record_teams, context.viewer, command, context.origin)
            return TeamRecorded(team=team_of((await fieldwork.teams.find_many([command.code]))[command.code]))

        return await refused_as(OrganisationRefused, work)

    @strawberry.mutation(description="录入成员 · record a member")
    async def record_member(self, info: Ctx, input: RecordMemberInput) -> MemberResult:
        context, fieldwork = info.context, info.context.intake.fieldwork

        async def work() -> MemberRecorded:
            command = input.command()
            await record_member(fieldwork.record_members, context.viewer, command, context.origin)
            return MemberRecorded(member=member_of(context, (await fieldwork.members.find_many([command.id]))[command.id]))

        return await refused_as(OrganisationRefused, work)

    @strawberry.mutation(description="录入部门 · record a department")
    async def record_department(self, info: Ctx, input: RecordDepartmentInput) -> DepartmentResult:
        context, fieldwork = info.context, info.context.intake.fieldwork

        async def work() -> DepartmentRecorded:
            command = input.command()
            await record_department(fieldwork.record_departments, context.viewer, command, context.origin)
            return DepartmentRecorded(
                department=department_of(context, (await fieldwork.departments.find_many([command.code]))[command.code])
            )

        return await refused_as(OrganisationRefused, work)

    @strawberry.mutation(description="岗位任职或交接 · take or hand over a post")
    async def record_post(self, info: Ctx, input: RecordPostInput) -> PostResult:
        context, fieldwork = info.context, info.context.intake.fieldwork

        async def work() -> PostRecorded:
            command = input.command()
            await record_post(fieldwork.record_posts, context.viewer, command, context.origin)
            held = (await fieldwork.posts.find_many([command.id]))[command.id]
            return PostRecorded(post=post_of(context, held, fieldwork.today()))

        return await refused_as(OrganisationRefused, work)
