"""Who looked at whose data, when and why, in the graph: for data officers, auditors, and of a grievance for its petitioner."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from functools import partial

import strawberry

from services.intake.store.access_log import Looked
from services.intake.subgraph.types import Ctx, PageInfo
from shared.identity.errors import Forbidden, Refusal
from shared.identity.scopes import is_code, prefixes
from shared.subgraph import page_size


@strawberry.enum(description="查看目的 · for which purpose personal data is looked at")
class Purpose(Enum):
    CONTACT = strawberry.enum_value("CONTACT", description="联系诉求人 · to reach the petitioner")
    ON_SITE = strawberry.enum_value("ON_SITE", description="上门处理 · to deal with it at their door")
    VERIFY = strawberry.enum_value("VERIFY", description="核实身份或情况 · to verify who or what it is")
    SUPERVISION = strawberry.enum_value("SUPERVISION", description="督查 · supervision")
    LEGAL_DUTY = strawberry.enum_value("LEGAL_DUTY", description="法定职责 · a duty by law")
    DATA_SUBJECT = strawberry.enum_value("DATA_SUBJECT", description="本人查询、更正、删除 · the person's own rights")


@strawberry.type(description="一次查看个人信息的记录 · one look at personal data")
class AccessRecord:
    id: strawberry.ID = strawberry.field(description="记录标识 · id of the audit entry")
    at: datetime = strawberry.field(description="时间 · when")
    by: str = strawberry.field(description="人员编号 · who, by id")
    role: str = strawberry.field(description="角色 · their roles then")
    what: str = strawberry.field(description="操作 · what was done, e.g. RevealPetitioner")
    purpose: Purpose = strawberry.field(description="目的 · purpose")
    reason: str | None = strawberry.field(description="理由，个人信息已隐去 · why, redacted")
    origin: str = strawberry.field(description="来源地址 · from where")
    of: strawberry.ID = strawberry.field(
        description="对象：人员标识，或所查电话的密钥散列 · of whom: a person's id, or a phone's keyed hash"
    )
    subject: strawberry.ID = strawberry.field(
        description="审计链所属：诉求，或一人一日的查询 · the chain: a grievance's, or a day's look-ups"
    )

    @classmethod
    def of_entry(cls, entry: Looked) -> AccessRecord:
        return cls(
            id=strawberry.ID(entry.id),
            at=entry.when,
            by=entry.actor,
            role=entry.role,
            what=entry.what,
            purpose=Purpose(entry.purpose),
            reason=entry.reason,
            origin=entry.origin,
            of=strawberry.ID(entry.of),
            subject=strawberry.ID(entry.subject),
        )


@strawberry.type(description="列表中的一次查看 · one look of a list")
class AccessRecordEdge:
    cursor: str = strawberry.field(description="游标 · where this row stands")
    node: AccessRecord = strawberry.field(description="本条内容 · the look")


@strawberry.type(description="查看记录，新的在前 · looks, newest first")
class AccessLog:
    edges: list[AccessRecordEdge] = strawberry.field(description="本页各条 · the rows of this page")
    page_info: PageInfo = strawberry.field(description="分页信息 · about this page")


@strawberry.type
class AccessLogQuery:
    @strawberry.field(description="某地某日（北京时间）谁查看了谁的个人信息 · who looked at whose data, of one place and day in China")
    async def access_log(self, info: Ctx, division: str, day: date, first: int = 50, after: str | None = None) -> AccessLog | None:
        if not is_code(division) or not prefixes(division):
            raise Refusal("DIVISION_UNKNOWN", "没有这个行政区划代码。", "There is no such division code.", "division")
        if not info.context.viewer.covers(division):
            raise Forbidden("OUT_OF_SCOPE", "该地区不在您的管辖范围内。", "This division is outside your scope.", "division")
        department, intake = info.context.viewer.department, info.context.intake
        # That somebody looked at who had accused them would tell that they are accused.
        hides = partial(intake.grievances.accusing, department) if department is not None else None
        rows, more = await intake.privacy.log.of_day(prefixes(division)[-1], day.isoformat(), page_size(first), after, hides)
        edges = [AccessRecordEdge(cursor=row.cursor, node=AccessRecord.of_entry(row)) for row in rows]
        return AccessLog(edges=edges, page_info=PageInfo(has_next_page=more, end_cursor=edges[-1].cursor if edges else None))
