"""A grievance as it was told at the door, and what becomes of reaching its petitioner. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from services.intake.domain.delivery import Delivery
from services.intake.domain.erasure import Erasure
from services.intake.domain.hotline import HotlineOrder
from services.intake.domain.records import ReportedUp, Told
from services.intake.domain.reveals import Reveal
from shared.contracts.intake import Access, Channel, FoundBy, GrievanceRegisteredV1, Kind, Owner
from shared.contracts.routing import Progress

PetitionerKind = Literal["RESIDENT", "FARMER", "SHOPKEEPER", "ENTERPRISE", "ANONYMOUS"]

# 下访: officials go out and hear it. Everything else is brought by the people (S10).
FOUND_BY_VISIT = frozenset({"VISIT", "SYMPOSIUM", "STREET_TALK", "ENTERPRISE_VISIT", "COMMUNITY_EVENT"})


class Sealed(BaseModel):
    """What was really said and where, encrypted under the petitioner's key."""

    model_config = ConfigDict(frozen=True)

    subject: str
    text: str
    place: str | None


class Grievance(BaseModel):
    """The document of intake. `subject` and `text` are redacted; the original words are in `original`."""

    model_config = ConfigDict(frozen=True)

    number: str
    kind: Kind
    channel: Channel
    subject: str
    text: str
    original: Sealed | None
    """None once the petitioner was erased."""
    category: str | None
    division: str
    """At most village level: everything below is the petitioner's address and sealed."""
    urgent: bool
    anonymous: bool
    confidential: bool
    person: str
    consent: bool = True
    """Whether they agreed that name and phone are kept beyond this matter (retention.py)."""
    petitioner_kind: PetitionerKind
    petitioner_ref: str
    signed_in: bool = False
    """Whether `petitioner_ref` is of the account by which they signed in, so that all of one reference is one person's."""
    own_ref: str | None = None
    team: str | None
    accused_departments: list[str]
    occurred_at: datetime
    registered_at: datetime
    heard_at: datetime | None = None
    """When a phone without a network took it down, by our clock; None where it was registered as it was told."""
    campaign: str | None
    encounter: str | None
    owner: Owner
    attachments: list[str]
    on_spot_answer: str | None
    progress: Progress | None = None
    deliveries: list[Delivery] = []
    reported_up: ReportedUp | None = None
    told: list[Told] = []
    hotline_orders: list[HotlineOrder] = []
    reveals: list[Reveal] = []
    """Who asked to read the petitioner's data in clear (reveals.py)."""
    erasure: Erasure | None = None
    """That the petitioner is to be erased; it was done at `erased_at` (erasing.py)."""
    erased_at: datetime | None = None

    @property
    def departments(self) -> list[str]:
        """The departments that may see it now, by routing's word."""
        return self.progress.access.departments if self.progress else []

    @property
    def needs_second(self) -> bool:
        """Whether nobody reads alone who the petitioner is: they asked not to be known."""
        return self.confidential or self.anonymous

    def registered(self, name_marks: list[str]) -> GrievanceRegisteredV1:
        """What the others are told. Nothing personal is in it. Intake itself keeps no marks: it knows the name."""
        return GrievanceRegisteredV1(
            number=self.number,
            kind=self.kind,
            channel=self.channel,
            subject=self.subject,
            text=self.text,
            category=self.category,
            division=self.division,
            urgent=self.urgent,
            anonymous=self.anonymous,
            occurredAt=self.occurred_at,
            registeredAt=self.registered_at,
            campaign=self.campaign,
            foundBy=found_by(self.channel),
            owner=self.owner,
            access=Access(
                division=self.division,
                petitionerRef=self.petitioner_ref,
                ownRef=self.own_ref,
                team=self.team,
                accusedDepartments=self.accused_departments,
                confidential=self.confidential,
            ),
            attachments=self.attachments,
            onSpotAnswer=self.on_spot_answer,
            nameMarks=name_marks,
        )

    def progressed(self, progress: Progress) -> Self:
        """Routing's latest word on the handling and on who may see it."""
        access = progress.access
        heard = {"progress": progress, "accused_departments": access.accusedDepartments, "confidential": access.confidential}
        return self.model_copy(update=heard)

    def with_delivery(self, delivery: Delivery) -> Self:
        """Add a delivery, or replace the one of the same id where it stands: the last one stays the last that was asked for."""
        if self.delivery(delivery.id) is None:
            return self.model_copy(update={"deliveries": [*self.deliveries, delivery]})
        return self.model_copy(update={"deliveries": [delivery if held.id == delivery.id else held for held in self.deliveries]})

    def delivery(self, id: str) -> Delivery | None:
        return next((held for held in self.deliveries if held.id == id), None)


def found_by(channel: Channel) -> FoundBy:
    """Whether officials found it or the people brought it (S10)."""
    return "VISIT" if channel in FOUND_BY_VISIT else "PETITION"
