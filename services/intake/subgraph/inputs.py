"""The inputs of intake's mutations, and how they become commands."""

from __future__ import annotations

from datetime import datetime

import strawberry

from services.intake.subgraph.types import Channel, GrievanceKind, PetitionerKind
from services.intake.usecases.register_grievance import PetitionerInput as PetitionerPart
from services.intake.usecases.register_grievance import RegisterGrievance


@strawberry.input(description="诉求人 · who asks")
class PetitionerInput:
    kind: PetitionerKind = PetitionerKind.RESIDENT
    name: str | None = None
    phone: str | None = None
    anonymous: bool = False
    confidential: bool = False


@strawberry.input(description="登记诉求 · a grievance as it is told; text and place are enough, the rest may follow")
class RegisterGrievanceInput:
    request_id: strawberry.ID
    kind: GrievanceKind
    channel: Channel
    subject: str
    text: str
    division: str = strawberry.field(description="区划代码 · division code, county or below")
    place: str | None = None
    petitioner: PetitionerInput | None = None
    category: str | None = None
    urgent: bool = False
    occurred_at: datetime | None = None
    accused_departments: list[str] = strawberry.field(default_factory=list)
    attachments: list[strawberry.ID] = strawberry.field(default_factory=list)
    on_spot_answer: str | None = None
    encounter: str | None = None
    campaign: str | None = None

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
    request_id: strawberry.ID
    name: str
    content_type: str
    size: int
    sha256: str
    grievance_id: strawberry.ID | None = None
    purpose: str | None = strawberry.field(default=None, description="用途，如 before、after · what it shows")


@strawberry.input(description="编号和查询码 · what the petitioner was told at registration")
class OpenByPinInput:
    number: str
    pin: str
