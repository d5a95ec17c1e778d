"""Encounters, diaries and policy messages in the graph: types and what is asked of them."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import Any

import strawberry

from services.intake.domain import diaries, encounters
from services.intake.domain.clocks import ClockState
from services.intake.domain.shares import team_month_key
from services.intake.domain.versions import Version, current, heads
from services.intake.subgraph.calendar import own_team
from services.intake.subgraph.context import IntakeContext
from services.intake.subgraph.coverage import period_or_month
from services.intake.subgraph.organisation_fields import prefix_of, visible_team
from services.intake.subgraph.types import Attachment, Ctx, Division, Grievance, PageInfo, find_division
from services.intake.usecases.encounter_access import is_of_team, sees_diary, sees_encounter
from shared.identity.errors import Forbidden, Refusal
from shared.identity.roles import Role
from shared.subgraph import page_size


@strawberry.enum(description="走访活动类型 · kind of encounter")
class EncounterKind(Enum):
    HOUSEHOLD_TALK = strawberry.enum_value("HOUSEHOLD_TALK", description="入户恳谈 · household talk")
    SYMPOSIUM = strawberry.enum_value("SYMPOSIUM", description="座谈交流 · symposium")
    STREET_TALK = strawberry.enum_value("STREET_TALK", description="商户店里、街头巷尾 · shop and street talk")
    ENTERPRISE_VISIT = strawberry.enum_value("ENTERPRISE_VISIT", description="企业走访 · enterprise visit")
    RECEPTION = strawberry.enum_value("RECEPTION", description="半天接待 · half-day reception")
    COMMUNITY_EVENT = strawberry.enum_value("COMMUNITY_EVENT", description="居民说事、拉呱说事 · community event")
    ON_SITE_WORK = strawberry.enum_value("ON_SITE_WORK", description="现场办公、接诉即办 · on-site work")


@strawberry.enum(description="对手机时钟的判断 · what was noticed of the phone's clock")
class PhoneClock(Enum):
    GOOD = strawberry.enum_value("GOOD", description="未见异常 · nothing noticed")
    CORRECTED = strawberry.enum_value("CORRECTED", description="时钟不准，已校正 · it was wrong; times are corrected")
    TAKEN_AS_NOW = strawberry.enum_value("TAKEN_AS_NOW", description="时间不可信，按收到时间计 · impossible; the time of arrival is taken")
    LONG_AGO = strawberry.enum_value("LONG_AGO", description="一个多月前的记录 · made more than a month ago")


@strawberry.type(description="宣传材料（传递党和政府声音）· what is handed out on visits")
class PolicyMessage:
    code: str = strawberry.field(description="编号 · code")
    title: str = strawberry.field(description="中文标题 · title in Chinese")
    title_en: str = strawberry.field(description="英文标题 · title in English")
    text: str = strawberry.field(description="内容 · what it says")
    division: Division | None = strawberry.field(description="发放范围 · where it is handed out")
    since: date = strawberry.field(description="起始日 · the first day")
    until: date | None = strawberry.field(description="截止日 · the first day no more")


@strawberry.type(description="走访记录的一个版本 · one version of what is written of an encounter")
class EncounterVersion:
    id: strawberry.ID = strawberry.field(description="版本标识，修改时填入 base · names it as the base of an amendment")
    base: list[strawberry.ID] = strawberry.field(description="所依据的版本 · the versions on which it was made")
    by: str = strawberry.field(description="填写人 · who wrote it")
    at: datetime = strawberry.field(description="填写时间 · when")
    text: str = strawberry.field(description="内容；非本人所写的已隐去个人信息 · what was written; redacted for others than its writer")
    place: str | None = strawberry.field(description="地点，仅本团队可见 · where, for the own team")
    attendance: int | None = strawberry.field(description="见到的人数 · how many people were met")
    participants: list[strawberry.ID] = strawberry.field(description="同行成员 · members who went along")
    messages: list[str] = strawberry.field(description="发放的宣传材料 · codes of what was handed out")
    household: strawberry.ID | None = strawberry.field(description="走访的住户 · the household")
    enterprise: strawberry.ID | None = strawberry.field(description="走访的企业、商户 · the enterprise or shop")


@strawberry.type(description="一次走访、座谈、接待等 · an encounter")
class Encounter:
    id: strawberry.ID = strawberry.field(description="标识 · id")
    kind: EncounterKind = strawberry.field(description="类型 · kind")
    team: str = strawberry.field(description="团队 · team")
    member: str = strawberry.field(description="记录人 · whose it is")
    at: datetime = strawberry.field(description="时间 · when")
    on: date = strawberry.field(description="日期（北京时间）· the day in China")
    clock: PhoneClock | None = strawberry.field(
        description="手机时钟；在线填写的为空 · the phone's clock; null when recorded over the network"
    )
    campaign: str | None = strawberry.field(description="所属活动 · campaign")
    reception: str | None = strawberry.field(description="所属接待 · the reception series")
    notes: EncounterVersion = strawberry.field(description="现行版本 · the version that counts")
    heads: list[EncounterVersion] = strawberry.field(
        description="并存的最新版本，首个为现行；多于一个须合并 · latest versions, the one that counts first; several wait to be made one"
    )
    held: strawberry.Private[encounters.Encounter]

    @strawberry.field(description="村（社区）· the village or community")
    def division(self, info: Ctx) -> Division | None:
        return find_division(info.context, self.held.division)

    @strawberry.field(description="在此听到的诉求，仅列可见的 · what was told there, as far as the viewer may see it")
    async def grievances(self, info: Ctx) -> list[Grievance] | None:
        return [Grievance.of(id, held) for id, held in await info.context.told_in.load(str(self.id))]

    @strawberry.field(description="照片，仅本团队可见 · photos, for the own team")
    async def photos(self, info: Ctx) -> list[Attachment] | None:
        if not is_of_team(info.context.viewer, self.held.team):
            return None
        uploads = await info.context.attachments.load(str(self.id))
        return [Attachment.of(upload, info.context.file_url(upload)) for upload in uploads]


@strawberry.type(description="列表中的一次 · one encounter of a list")
class EncounterEdge:
    cursor: str = strawberry.field(description="游标 · cursor of this item")
    node: Encounter = strawberry.field(description="走访 · the encounter")


@strawberry.type(description="走访列表，新的在前 · encounters, newest first")
class EncounterConnection:
    edges: list[EncounterEdge] = strawberry.field(description="本页 · the items of this page")
    page_info: PageInfo = strawberry.field(description="分页 · whether more follow")


@strawberry.type(description="日记的一个版本 · one version of a diary")
class DiaryVersion:
    id: strawberry.ID = strawberry.field(description="版本标识，修改时填入 base · names it as the base of an amendment")
    base: list[strawberry.ID] = strawberry.field(description="所依据的版本 · the versions on which it was made")
    at: datetime = strawberry.field(description="填写时间 · when")
    text: str = strawberry.field(description="内容；他人所见已隐去个人信息 · what was written; redacted for others than its author")
    encounters: list[strawberry.ID] = strawberry.field(description="所写的走访 · the encounters that it tells of")


@strawberry.type(description="民情日记 · a diary")
class Diary:
    id: strawberry.ID = strawberry.field(description="标识 · id")
    member: str = strawberry.field(description="作者 · author")
    team: str = strawberry.field(description="团队 · team")
    on: date = strawberry.field(description="日期（北京时间）· the day in China")
    clock: PhoneClock | None = strawberry.field(
        description="手机时钟；在线填写的为空 · the phone's clock; null when written over the network"
    )
    page: DiaryVersion = strawberry.field(description="现行版本 · the version that counts")
    heads: list[DiaryVersion] = strawberry.field(description="并存的最新版本，首个为现行 · latest versions, the one that counts first")


@strawberry.type(description="列表中的一篇 · one diary of a list")
class DiaryEdge:
    cursor: str = strawberry.field(description="游标 · cursor of this item")
    node: Diary = strawberry.field(description="日记 · the diary")


@strawberry.type(description="日记列表，新的在前 · diaries, newest first")
class DiaryConnection:
    edges: list[DiaryEdge] = strawberry.field(description="本页 · the items of this page")
    page_info: PageInfo = strawberry.field(description="分页 · whether more follow")


@strawberry.type(description="某类走访的次数 · encounters of one kind")
class EncounterCount:
    kind: EncounterKind = strawberry.field(description="类型 · kind")
    number: int = strawberry.field(description="次数 · how many")


@strawberry.type(description="某份宣传材料的发放次数 · how often one message was handed out")
class MessageCount:
    code: str = strawberry.field(description="编号 · code")
    number: int = strawberry.field(description="发放次数 · in how many encounters")


@strawberry.type(description="走访合计 · what was done in the field")
class FieldTotals:
    period: str = strawberry.field(description="期间，如 2020-06 或 2020 · the period")
    encounters: list[EncounterCount] = strawberry.field(description="各类走访 · encounters by kind")
    people: int = strawberry.field(description="见到的人次 · people met")
    messages: list[MessageCount] = strawberry.field(description="宣传材料发放 · messages handed out")


def clock_of(clock: ClockState | None) -> PhoneClock | None:
    return PhoneClock(clock) if clock else None


def encounter_of(context: IntakeContext, held: encounters.Encounter) -> Encounter:
    def shown(version: Version[encounters.Notes]) -> EncounterVersion:
        return _encounter_version(context, held, version)

    return Encounter(
        id=strawberry.ID(held.id),
        kind=EncounterKind(held.kind),
        team=held.team,
        member=held.member,
        at=held.at,
        on=date.fromisoformat(held.on),
        clock=clock_of(held.clock),
        campaign=held.campaign,
        reception=held.reception,
        notes=shown(current(held.versions)),
        heads=[shown(version) for version in heads(held.versions)],
        held=held,
    )


def _encounter_version(context: IntakeContext, held: encounters.Encounter, version: Version[encounters.Notes]) -> EncounterVersion:
    notes, viewer = version.content, context.viewer
    key = context.intake.fieldwork.cipher.unwrap(held.person, held.key)
    near = is_of_team(viewer, held.team)
    return EncounterVersion(
        id=strawberry.ID(version.id),
        base=[strawberry.ID(id) for id in version.base],
        by=version.by,
        at=version.at,
        text=key.decrypt("text", notes.original) if notes.original and viewer.sub == version.by else notes.text,
        place=key.decrypt("place", notes.place) if notes.place and near else None,
        attendance=notes.attendance,
        participants=[strawberry.ID(id) for id in notes.participants],
        messages=notes.messages,
        household=strawberry.ID(notes.household) if notes.household and near else None,
        enterprise=strawberry.ID(notes.enterprise) if notes.enterprise else None,
    )


def diary_of(context: IntakeContext, held: diaries.Diary) -> Diary:
    key = context.intake.fieldwork.cipher.unwrap(held.person, held.key)

    def shown(version: Version[diaries.Page]) -> DiaryVersion:
        page = version.content
        return DiaryVersion(
            id=strawberry.ID(version.id),
            base=[strawberry.ID(id) for id in version.base],
            at=version.at,
            text=key.decrypt("text", page.original) if page.original and context.viewer.sub == held.member else page.text,
            encounters=[strawberry.ID(id) for id in page.encounters],
        )

    return Diary(
        id=strawberry.ID(held.id),
        member=held.member,
        team=held.team,
        on=date.fromisoformat(held.on),
        clock=clock_of(held.clock),
        page=shown(current(held.versions)),
        heads=[shown(version) for version in heads(held.versions)],
    )


def policy_message_of(context: IntakeContext, row: encounters.PolicyMessage) -> PolicyMessage:
    return PolicyMessage(
        code=row.code,
        title=row.title,
        title_en=row.title_en,
        text=row.text,
        division=find_division(context, row.division),
        since=date.fromisoformat(row.since),
        until=date.fromisoformat(row.until) if row.until else None,
    )


def totals_of(numbers: dict[str, int], period: str) -> FieldTotals:
    """From the numbers of a bucket."""
    told = encounters.totals(numbers, period)
    return FieldTotals(
        period=period,
        encounters=[EncounterCount(kind=EncounterKind(kind), number=number) for kind, number in told.encounters.items()],
        people=told.people,
        messages=[MessageCount(code=code, number=number) for code, number in told.messages.items()],
    )


def newest_first(rows: list[Any], first: int, after: str | None) -> tuple[list[tuple[str, Any]], bool]:
    """A page of documents that have `at` and `id`: (cursor, document), and whether more follow."""
    keyed = sorted(((f"{row.at.isoformat()}|{row.id}", row) for row in rows), key=lambda each: each[0], reverse=True)
    behind = [each for each in keyed if after is None or each[0] < after]
    return behind[:first], len(behind) > first


async def month_of_team(context: IntakeContext, team: str | None, month: str | None) -> tuple[str, str]:
    """(team, month): the viewer's own team and this month where they are left out. Raises Refusal, Forbidden."""
    text = month_or_this(context, month)
    return (await period_of_team(context, team, text))[0], text


def month_or_this(context: IntakeContext, month: str | None) -> str:
    """Raises Refusal."""
    text = period_or_month(context, month, "month")
    if len(text) != 7:
        raise Refusal("BAD_MONTH", "月份应为 2020-06。", "A month reads 2020-06.", "month")
    return text


async def period_of_team(context: IntakeContext, team: str | None, period: str | None) -> tuple[str, str]:
    """The same, of a month or a year."""
    text = period_or_month(context, period)
    if team is None:
        return (await own_team(context)).code, text
    if await visible_team(context, team) is None:
        raise Forbidden("NOT_YOUR_TEAM", "没有这个团队，或不在您的范围内。", "There is no such team, or it is not in your reach.", "team")
    return team, text


@strawberry.type
class EncounterQuery:
    @strawberry.field(description="一次走访 · one encounter")
    async def encounter(self, info: Ctx, id: strawberry.ID) -> Encounter | None:
        held = await info.context.encounters.load(str(id))
        return encounter_of(info.context, held) if held else None

    @strawberry.field(
        description="一个团队一月内的走访（缺省为本团队、本月），或某户、某企业的走访，新的在前 · encounters of a team's month, or of a "
        "household or an enterprise, newest first"
    )
    async def encounters(
        self,
        info: Ctx,
        team: str | None = None,
        month: str | None = None,
        household: strawberry.ID | None = None,
        enterprise: strawberry.ID | None = None,
        first: int = 20,
        after: str | None = None,
    ) -> EncounterConnection | None:
        context = info.context
        if household is not None or enterprise is not None:
            query = {"household": str(household)} if household is not None else {"enterprise": str(enterprise)}
        else:
            query = {"team_month": team_month_key(*await month_of_team(context, team, month))}
        rows = [row for row in await context.intake.fieldwork.encounters.where(query) if sees_encounter(context.viewer, row)]
        if household is not None:
            rows = [row for row in rows if is_of_team(context.viewer, row.team)]
        page, more = newest_first(rows, page_size(first), after)
        edges = [EncounterEdge(cursor=cursor, node=encounter_of(context, row)) for cursor, row in page]
        return EncounterConnection(edges=edges, page_info=PageInfo(has_next_page=more, end_cursor=edges[-1].cursor if edges else None))

    @strawberry.field(
        description="一个月的民情日记：本人的；带队领导可看本团队的 · diaries of a month: one's own, and for a leader the team's"
    )
    async def diaries(self, info: Ctx, month: str | None = None, first: int = 20, after: str | None = None) -> DiaryConnection | None:
        context = info.context
        held, viewer, text = context.intake.fieldwork.diaries, context.viewer, month_or_this(context, month)
        found = await held.of_author(viewer.sub, text)
        if viewer.team and viewer.has(Role.TEAM_LEADER):
            found += [row for row in await held.of_team(viewer.team, text) if row.member != viewer.sub]
        rows = [row for row in found if sees_diary(viewer, row)]
        page, more = newest_first(rows, page_size(first), after)
        edges = [DiaryEdge(cursor=cursor, node=diary_of(context, row)) for cursor, row in page]
        return DiaryConnection(edges=edges, page_info=PageInfo(has_next_page=more, end_cursor=edges[-1].cursor if edges else None))

    @strawberry.field(description="一地正在发放的宣传材料 · what is handed out at a place today")
    async def policy_messages(self, info: Ctx, division: str) -> list[PolicyMessage] | None:
        context = info.context
        if not context.intake.territory.knows(division):
            raise Refusal("DIVISION_UNKNOWN", "没有这个区划代码。", "There is no such division.", "division")
        lineage = [link.code for link in context.intake.territory.chain(division)]
        found = await context.intake.fieldwork.messages.above(lineage)
        today = context.intake.fieldwork.today()
        return [policy_message_of(context, row) for row in found if row.handed_out_at(division, today)]

    @strawberry.field(description="一地或一个团队的走访合计 · what was done in the field, in a division or by a team")
    async def field_totals(
        self, info: Ctx, division: str | None = None, team: str | None = None, period: str | None = None
    ) -> FieldTotals | None:
        context = info.context
        asked = period_or_month(context, period)
        if (division is None) == (team is None):
            raise Refusal("ONE_OF", "区划和团队须恰填一项。", "Give either a division or a team.", "division")
        key = prefix_of(context, division) if division is not None else f"team:{(await month_of_team(context, team, None))[0]}"
        return totals_of((await context.intake.fieldwork.met.read([key]))[key], asked)
