"""The graph's types that intake owns. Leaves are plain attributes; who may see what stands in policy.py."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Self

import strawberry
from strawberry.types import Info

from services.intake.domain import masks
from services.intake.domain.grievance import Grievance as Held
from services.intake.domain.territory import Division as Place
from services.intake.store.uploads import Upload as Stored
from services.intake.subgraph.context import IntakeContext
from shared.contracts.intake import Owner as HeldOwner
from shared.subgraph import RefusedFields

if TYPE_CHECKING:
    from services.intake.subgraph.encounters import Encounter

Ctx = Info[IntakeContext, None]
REQUEST = "请求编号：同一编号重发，结果相同 · the same id again gives the same answer"


@strawberry.enum(description="诉求类型 · kind of grievance")
class GrievanceKind(Enum):
    CONSULTATION = "CONSULTATION"
    HELP = "HELP"
    COMPLAINT = "COMPLAINT"
    REPORT = "REPORT"
    SUGGESTION = "SUGGESTION"


@strawberry.enum(description="来源渠道 · the door through which it came")
class Channel(Enum):
    VISIT = "VISIT"
    SYMPOSIUM = "SYMPOSIUM"
    STREET_TALK = "STREET_TALK"
    ENTERPRISE_VISIT = "ENTERPRISE_VISIT"
    WALK_IN = "WALK_IN"
    COMMUNITY_EVENT = "COMMUNITY_EVENT"
    WECHAT = "WECHAT"
    HOTLINE = "HOTLINE"
    WEB = "WEB"
    OPEN311 = "OPEN311"


@strawberry.enum(description="诉求人类型 · kind of petitioner")
class PetitionerKind(Enum):
    RESIDENT = "RESIDENT"
    FARMER = "FARMER"
    SHOPKEEPER = "SHOPKEEPER"
    ENTERPRISE = "ENTERPRISE"
    ANONYMOUS = "ANONYMOUS"


@strawberry.enum(description="区划层级 · level of a division")
class DivisionLevel(Enum):
    PROVINCE = "PROVINCE"
    CITY = "CITY"
    COUNTY = "COUNTY"
    TOWN = "TOWN"
    VILLAGE = "VILLAGE"
    COMPOUND = "COMPOUND"
    BUILDING = "BUILDING"
    UNIT = "UNIT"
    HOUSEHOLD = "HOUSEHOLD"


@strawberry.federation.type(keys=["code"], description="行政区划 · an administrative division, 12 digits, local levels below village")
class Division:
    code: str = strawberry.field(description="区划代码 · the code: 12 digits, local levels appended")
    name: str = strawberry.field(description="名称 · its own name")
    level: DivisionLevel = strawberry.field(description="层级 · level")
    full_name: str = strawberry.field(description="自市起的全称 · the name from the city down")
    local: bool = strawberry.field(description="本地增设 · not in the official list")
    aliases: list[str] = strawberry.field(description="别名 · what people call it")
    parent_code: strawberry.Private[str | None] = None

    @strawberry.field(description="上级 · the division above")
    def parent(self, info: Ctx) -> Division | None:
        return find_division(info.context, self.parent_code) if self.parent_code else None

    @classmethod
    def resolve_reference(cls, info: Ctx, code: str) -> Division | None:
        return find_division(info.context, code)


def division_of(context: IntakeContext, place: Place) -> Division:
    territory = context.intake.territory
    return Division(
        code=place.code,
        name=place.name,
        level=DivisionLevel(place.level.value),
        full_name=territory.full_name(place.code),
        local=place.local,
        aliases=list(place.aliases),
        parent_code=place.parent,
    )


def find_division(context: IntakeContext, code: str) -> Division | None:
    place = context.intake.territory.find(code)
    return division_of(context, place) if place else None


@strawberry.type(description="诉求人，默认脱敏 · the petitioner, masked")
class Petitioner:
    kind: PetitionerKind = strawberry.field(description="诉求人类型 · kind of petitioner")
    display_name: str = strawberry.field(description="脱敏姓名 · masked name, e.g. 孔*莹")
    phone: str | None = strawberry.field(description="脱敏电话 · masked phone, e.g. 138****0001")
    openid: str | None = strawberry.field(description="脱敏微信标识 · masked openid, by which WeChat knows them")


@strawberry.type(description="附件 · one photo or document")
class Attachment:
    id: strawberry.ID = strawberry.field(description="附件标识 · id")
    name: str = strawberry.field(description="文件名 · file name")
    content_type: str = strawberry.field(description="类型（按内容识别）· type, by content")
    size: int = strawberry.field(description="字节数 · bytes")
    sha256: str = strawberry.field(description="内容摘要 · SHA-256 of the content")
    purpose: str | None = strawberry.field(description="用途 · what it shows, e.g. before, after")
    url: str = strawberry.field(description="限时签名地址 · signed, valid for minutes")

    @classmethod
    def of(cls, upload: Stored, url: str) -> Self:
        ticket = upload.ticket
        return cls(
            id=strawberry.ID(ticket.id),
            name=ticket.name,
            content_type=ticket.content_type,
            size=ticket.size,
            sha256=ticket.sha256,
            purpose=ticket.purpose,
            url=url,
        )


@strawberry.type(description="责任人（岗位与编号）· the accountable person, by role, unit and id")
class Owner:
    staff_id: str = strawberry.field(description="人员编号 · id of the person")
    role: str = strawberry.field(description="岗位 · role")
    unit: str = strawberry.field(description="单位 · team, department or division")

    @classmethod
    def of(cls, held: HeldOwner) -> Self:
        return cls(staff_id=held.staffId, role=held.role, unit=held.unit)


@strawberry.type(description="当面反馈 · what the petitioner was told in person")
class ToldInPerson:
    on: date = strawberry.field(description="日期 · the day in China")
    words: str = strawberry.field(description="反馈内容，个人信息已隐去 · what was said, redacted")
    by: Owner = strawberry.field(description="反馈人 · who told it")
    delivered: bool = strawberry.field(description="答复即由此送达 · whether the reply reached the petitioner by it")


@strawberry.federation.type(keys=["id", "number"], description="诉求 · what somebody asks, reports or suggests")
class Grievance:
    id: strawberry.ID = strawberry.field(description="标识 · id")
    number: str = strawberry.field(description="编号 · the readable number with check digit")
    kind: GrievanceKind = strawberry.field(description="诉求类型 · kind")
    channel: Channel = strawberry.field(description="来源渠道 · the door through which it came")
    subject: str = strawberry.field(description="标题，个人信息已隐去 · redacted")
    text: str = strawberry.field(description="内容，个人信息已隐去 · redacted")
    registered_at: datetime = strawberry.field(description="登记时间 · when it was registered")
    occurred_at: datetime = strawberry.field(description="发生时间 · when it happened")
    anonymous: bool = strawberry.field(description="是否匿名 · whether the petitioner gave no name")
    confidential: bool = strawberry.field(description="是否要求保密 · whether the petitioner asked to stay unknown")
    urgent: bool = strawberry.field(description="是否紧急 · whether it is urgent")
    campaign: str | None = strawberry.field(description="所属活动 · the campaign that it belongs to")
    registered_by: Owner = strawberry.field(description="登记时的责任人 · who owned it at registration")
    told_in_person: list[ToldInPerson] = strawberry.field(description="当面反馈 · what the petitioner was told in person")
    erased_at: datetime | None = strawberry.field(
        description="诉求人信息删除时间；未删除则为空 · when its petitioner was erased; null where they were not"
    )
    held: strawberry.Private[Held]
    to_its_author: strawberry.Private[bool] = False

    @strawberry.field(description="所属区划，至村（社区）级 · the division, at most village level")
    def division(self, info: Ctx) -> Division | None:
        return find_division(info.context, self.held.division)

    @strawberry.field(description="诉求人 · the petitioner, masked; null where the viewer may not know")
    async def petitioner(self, info: Ctx) -> Petitioner | None:
        kind = PetitionerKind(self.held.petitioner_kind)
        if self.held.erasure is not None:
            return Petitioner(kind=kind, display_name="已删除 (erased)", phone=None, openid=None)
        if self.held.anonymous:
            return Petitioner(kind=kind, display_name="匿名 (anonymous)", phone=None, openid=None)
        contact = await info.context.contacts.load(self.held.person)
        return Petitioner(
            kind=kind,
            display_name=masks.mask_name(contact.name) if contact.name else "未留姓名 (no name given)",
            phone=masks.mask_phone(contact.phone) if contact.phone else None,
            openid=masks.mask_openid(contact.openid) if contact.openid else None,
        )

    @strawberry.field(description="所在的走访、座谈等 · the encounter in which it was told, where the viewer may see that")
    async def encounter(self, info: Ctx) -> Annotated[Encounter, strawberry.lazy("services.intake.subgraph.encounters")] | None:
        from services.intake.subgraph.encounters import encounter_of

        held = await info.context.encounters.load(self.held.encounter) if self.held.encounter else None
        return encounter_of(info.context, held) if held else None

    @strawberry.field(description="附件与佐证 · attachments and evidence")
    async def attachments(self, info: Ctx) -> list[Attachment] | None:
        uploads = await info.context.attachments.load(str(self.id))
        return [Attachment.of(upload, info.context.file_url(upload)) for upload in uploads]

    @classmethod
    async def resolve_reference(cls, info: Ctx, id: strawberry.ID | None = None, number: str | None = None) -> Self | None:
        # A representation is any JSON: what is no text is no number, and never a query operator.
        if id is None and isinstance(number, str):
            id = strawberry.ID(await info.context.intake.numbers.grievance_of(number) or "")
        held = await info.context.grievances.load(str(id)) if id else None
        return cls.of(str(id), held) if held else None

    @classmethod
    def of(cls, id: str, held: Held, *, to_its_author: bool = False) -> Self:
        """`to_its_author`: the answer to whoever registered it just now, whatever they may read later."""
        return cls(
            id=strawberry.ID(id),
            number=held.number,
            kind=GrievanceKind(held.kind),
            channel=Channel(held.channel),
            subject=held.subject,
            text=held.text,
            registered_at=held.registered_at,
            occurred_at=held.occurred_at,
            anonymous=held.anonymous,
            confidential=held.confidential,
            urgent=held.urgent,
            campaign=held.campaign,
            registered_by=Owner.of(held.owner),
            told_in_person=[
                ToldInPerson(
                    on=date.fromisoformat(told.on),
                    words=told.text,
                    by=Owner.of(told.by),
                    delivered=told.delivery is not None,
                )
                for told in held.told
            ],
            erased_at=held.erasure.at if held.erasure else None,
            held=held,
            to_its_author=to_its_author,
        )


@strawberry.type(description="分页信息 · Relay page info")
class PageInfo:
    has_next_page: bool = strawberry.field(description="是否还有下一页 · whether there is more")
    end_cursor: str | None = strawberry.field(description="本页末尾的游标 · send it as `after` for the next page")


@strawberry.type(description="诉求列表的一条 · one row of the list")
class GrievanceEdge:
    cursor: str = strawberry.field(description="游标 · where this row stands")
    node: Grievance = strawberry.field(description="本条内容 · the row itself")


@strawberry.type(description="诉求列表，新的在前 · newest first")
class GrievanceConnection:
    edges: list[GrievanceEdge] = strawberry.field(description="本页各条 · the rows of this page")
    page_info: PageInfo = strawberry.field(description="分页信息 · about this page")


@strawberry.type(description="当前访问者 · who asks")
class Me:
    sub: str = strawberry.field(description="账号 · who the identity provider says it is")
    roles: list[str] = strawberry.field(description="角色 · roles")
    department: str | None = strawberry.field(description="部门 · department")
    team: str | None = strawberry.field(description="团队 · team")
    scopes: list[str] = strawberry.field(description="管辖范围 · divisions, as LEVEL:code")


@strawberry.type(description="照片的上传情况 · a photo that was told by its hash, and where its bytes go")
class PhotoUpload:
    sha256: str = strawberry.field(description="内容摘要 · SHA-256 of the content")
    attachment_id: strawberry.ID = strawberry.field(description="附件标识 · id of the attachment")
    stored: bool = strawberry.field(description="已收到 · whether the bytes are here")
    url: str | None = strawberry.field(description="上传地址，已收到则为空 · where to PUT the bytes; null when they are here")
    expires_at: datetime = strawberry.field(description="地址失效时间；再次提交可延期 · until when; telling the record again renews it")


@strawberry.type(description="登记成功 · registered")
class Registered:
    grievance: Grievance = strawberry.field(description="诉求 · the grievance")
    pin: str = strawberry.field(description="查询码，只在此告知 · the PIN that opens it together with its number; told here alone")
    uploads: list[PhotoUpload] = strawberry.field(description="照片的上传情况 · the photos, and where their bytes go")


@strawberry.type(description="登记被拒 · the registration was refused; nothing was stored")
class RegisterRefused(RefusedFields): ...


@strawberry.type(description="上传许可 · leave to upload one file once")
class Upload:
    attachment_id: strawberry.ID = strawberry.field(description="附件标识 · id of the attachment that it becomes")
    url: str = strawberry.field(description="上传地址 · where to send the bytes, once")
    method: str = strawberry.field(description="方法 · HTTP method")
    expires_at: datetime = strawberry.field(description="失效时间 · until when")


@strawberry.type(description="上传被拒 · the upload was refused")
class UploadRefused(RefusedFields): ...


@strawberry.type(description="已凭编号和查询码打开 · opened: the token reads and answers this one grievance for five minutes")
class Opened:
    access_token: str = strawberry.field(description="访问令牌 · the token")
    expires_at: datetime = strawberry.field(description="失效时间 · until when")
    grievance_id: strawberry.ID = strawberry.field(description="诉求标识 · which grievance it opens")


@strawberry.type(description="未能打开 · not opened")
class OpenRefused(RefusedFields): ...


OpenResult = Annotated[Opened | OpenRefused, strawberry.union("OpenResult", description="打开结果 · opened, or why not")]
RegisterResult = Annotated[
    Registered | RegisterRefused, strawberry.union("RegisterResult", description="登记结果 · registered, or why not")
]
UploadResult = Annotated[Upload | UploadRefused, strawberry.union("UploadResult", description="上传申请结果 · leave to upload, or why not")]
