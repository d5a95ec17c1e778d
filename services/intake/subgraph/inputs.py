"""The inputs of intake's mutations, and how they become commands."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any

import strawberry

from services.intake.subgraph.types import REQUEST, Channel, GrievanceKind, PetitionerKind
from services.intake.usecases.register_grievance import RegisterGrievance


def told(input: Any) -> dict[str, Any]:
    """The fields of an input as a command takes them: what was left out is left out, enums are their values."""
    return {name: _plain(value) for name, value in vars(input).items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return told(value) if hasattr(value, "__strawberry_definition__") else value


@strawberry.input(description="诉求人 · who asks")
class PetitionerInput:
    kind: PetitionerKind = strawberry.field(default=PetitionerKind.RESIDENT, description="诉求人类型 · kind of petitioner")
    name: str | None = strawberry.field(default=None, description="姓名 · name; kept encrypted")
    phone: str | None = strawberry.field(default=None, description="电话 · phone; kept encrypted")
    openid: str | None = strawberry.field(
        default=None,
        description="微信标识，由工作人员或接入系统填写；居民的随登录带入 · "
        "openid, told by officials and machine clients; a resident's comes with the sign-in; kept encrypted",
    )
    anonymous: bool = strawberry.field(default=False, description="匿名 · give no name")
    confidential: bool = strawberry.field(default=False, description="要求保密 · stay unknown to who handles it")
    consent: bool = strawberry.field(
        default=True,
        description="是否同意留存姓名、电话和微信标识用于办理与回访；不同意则办结后30日删除 · "
        "agrees that name, phone and openid are kept to handle it and to ask back; else they go 30 days after its end",
    )


@strawberry.input(description="照片：先报内容摘要，有网络时再传 · a photo by its content hash; the bytes may follow later")
class PhotoInput:
    sha256: str = strawberry.field(description="内容摘要 · SHA-256 of the content, hex")
    size: int = strawberry.field(description="字节数 · bytes")
    name: str = strawberry.field(description="文件名 · file name")
    content_type: str = strawberry.field(description="类型 · type, checked against the content")
    purpose: str | None = strawberry.field(default=None, description="用途，如 before、after · what it shows")


@strawberry.input(description="一件诉求，有内容和地点即可，其余可后补 · a grievance as it is told: text and place are enough")
class ToldGrievanceInput:
    kind: GrievanceKind = strawberry.field(default=GrievanceKind.HELP, description="诉求类型 · kind")
    channel: Channel | None = strawberry.field(
        default=None, description="来源渠道；缺省为走访或网上 · the door through which it came; a visit, or the web, when left out"
    )
    subject: str | None = strawberry.field(
        default=None, description="标题，至多200字；缺省取内容开头 · subject, 200 characters at most; how the text begins when left out"
    )
    text: str = strawberry.field(description="内容，至多10000字 · text, 10,000 characters at most")
    division: str | None = strawberry.field(
        default=None, description="区划代码；缺省由地点确定 · division code, county or below; found by the place when left out"
    )
    place: str | None = strawberry.field(default=None, description="地点，加密保存 · where exactly; kept encrypted")
    petitioner: PetitionerInput | None = strawberry.field(default=None, description="诉求人 · who asks")
    category: str | None = strawberry.field(
        default=None, description="类别路径；不填则自动归类 · path in the category tree; found by rule when absent"
    )
    urgent: bool = strawberry.field(default=False, description="紧急 · response within 2 h, result within 24 h")
    occurred_at: datetime | None = strawberry.field(default=None, description="发生时间，带时区 · when it happened, with a time zone")
    accused_departments: list[str] = strawberry.field(
        default_factory=list, description="被反映的部门，不会看到本件 · departments that it accuses: they see nothing of it"
    )
    attachments: list[strawberry.ID] = strawberry.field(default_factory=list, description="已上传附件的标识 · ids of uploaded attachments")
    on_spot_answer: str | None = strawberry.field(default=None, description="当场答复 · what was answered on the spot")
    encounter: str | None = strawberry.field(
        default=None, description="所属走访、座谈等 · the encounter in which it was told: its id, or the client-made one"
    )
    campaign: str | None = strawberry.field(default=None, description="所属活动 · the campaign that it belongs to")
    photos: list[PhotoInput] = strawberry.field(
        default_factory=list, description="照片，可稍后上传 · photos, of which the bytes may follow"
    )


@strawberry.input(description="登记诉求 · a grievance as it is told; text and place are enough, the rest may follow")
class RegisterGrievanceInput(ToldGrievanceInput):
    request_id: strawberry.ID = strawberry.field(description=REQUEST)

    def command(self) -> RegisterGrievance:
        """Raises pydantic's ValidationError, which names the field."""
        return RegisterGrievance(**told(self))


@strawberry.input(description="申请上传 · what is to be uploaded")
class CreateUploadInput:
    request_id: strawberry.ID = strawberry.field(description=REQUEST)
    name: str = strawberry.field(description="文件名 · file name")
    content_type: str = strawberry.field(description="类型 · type, checked against the content")
    size: int = strawberry.field(description="字节数 · bytes")
    sha256: str = strawberry.field(description="内容摘要 · SHA-256 of the content, hex")
    grievance_id: strawberry.ID | None = strawberry.field(
        default=None, description="诉求标识；登记前上传可不填 · which grievance; none before registration"
    )
    purpose: str | None = strawberry.field(default=None, description="用途，如 before、after · what it shows")


@strawberry.input(description="编号和查询码 · what the petitioner was told at registration")
class OpenByPinInput:
    number: str = strawberry.field(description="编号 · the readable number")
    pin: str = strawberry.field(description="查询码 · eight digits")
