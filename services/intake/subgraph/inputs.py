"""The inputs of intake's mutations, and how they become commands."""

from __future__ import annotations

from datetime import datetime

import strawberry

from services.intake.subgraph.types import Channel, GrievanceKind, PetitionerKind
from services.intake.usecases.register_grievance import PetitionerInput as PetitionerPart
from services.intake.usecases.register_grievance import RegisterGrievance


@strawberry.input(description="诉求人 · who asks")
class PetitionerInput:
    kind: PetitionerKind = strawberry.field(default=PetitionerKind.RESIDENT, description="诉求人类型 · kind of petitioner")
    name: str | None = strawberry.field(default=None, description="姓名 · name; kept encrypted")
    phone: str | None = strawberry.field(default=None, description="电话 · phone; kept encrypted")
    anonymous: bool = strawberry.field(default=False, description="匿名 · give no name")
    confidential: bool = strawberry.field(default=False, description="要求保密 · stay unknown to who handles it")


@strawberry.input(description="登记诉求 · a grievance as it is told; text and place are enough, the rest may follow")
class RegisterGrievanceInput:
    request_id: strawberry.ID = strawberry.field(description="请求编号：同一编号重发，结果相同 · the same id again gives the same answer")
    kind: GrievanceKind = strawberry.field(description="诉求类型 · kind")
    channel: Channel = strawberry.field(description="来源渠道 · the door through which it came")
    subject: str = strawberry.field(description="标题，至多200字 · subject, 200 characters at most")
    text: str = strawberry.field(description="内容，至多10000字 · text, 10,000 characters at most")
    division: str = strawberry.field(description="区划代码 · division code, county or below")
    place: str | None = strawberry.field(default=None, description="楼栋门牌等，加密保存 · where exactly; kept encrypted")
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
    encounter: str | None = strawberry.field(default=None, description="所属走访、座谈等 · the encounter in which it was told")
    campaign: str | None = strawberry.field(default=None, description="所属活动 · the campaign that it belongs to")

    def command(self) -> RegisterGrievance:
        """Raises pydantic's ValidationError, which names the field."""
        who = self.petitioner
        petitioner = (
            PetitionerPart(kind=who.kind.value, name=who.name, phone=who.phone, anonymous=who.anonymous, confidential=who.confidential)
            if who
            else PetitionerPart()
        )
        return RegisterGrievance(
            request_id=str(self.request_id),
            kind=self.kind.value,
            channel=self.channel.value,
            subject=self.subject,
            text=self.text,
            division=self.division,
            place=self.place,
            petitioner=petitioner,
            category=self.category,
            urgent=self.urgent,
            occurred_at=self.occurred_at,
            accused_departments=self.accused_departments,
            attachments=[str(id) for id in self.attachments],
            on_spot_answer=self.on_spot_answer,
            encounter=self.encounter,
            campaign=self.campaign,
        )


@strawberry.input(description="申请上传 · what is to be uploaded")
class CreateUploadInput:
    request_id: strawberry.ID = strawberry.field(description="请求编号：同一编号重发，结果相同 · the same id again gives the same answer")
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
