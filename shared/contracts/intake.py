"""Events that intake produces. The petitioner's words travel redacted; names, phones and house addresses never travel.

Sources: domain.md (rows named per field), GB/T 33358 for what a 12345 work order needs of the matter.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from shared.contracts.base import AuditAnchored, Contract, Part

Channel = Literal[
    "VISIT",
    "SYMPOSIUM",
    "STREET_TALK",
    "ENTERPRISE_VISIT",
    "WALK_IN",
    "COMMUNITY_EVENT",
    "WECHAT",
    "HOTLINE",
    "WEB",
    "OPEN311",
]
Kind = Literal["CONSULTATION", "HELP", "COMPLAINT", "REPORT", "SUGGESTION"]
FoundBy = Literal["VISIT", "PETITION"]
DeliveryResult = Literal["sent", "failed", "unknown"]
ErasureReason = Literal["REQUEST", "CONSENT_WITHDRAWN", "RETENTION", "UNLAWFUL"]
PostKind = Literal["COMMUNITY_PARTY_ORGANISATION", "COMPOUND_PARTY_SECRETARY", "COMMUNITY_SECRETARY", "DISPATCHER"]


HandoffOccasion = Literal["DISPATCHED", "RETURN_REFUSED", "REWORK"]
HotlineKind = Literal["TAKEN", "RESOLVED", "RETURNED"]


class Access(Part):
    """Who a grievance concerns: what each service needs to authorise alone. `petitionerRef` and `ownRef` (whoever told this one grievance,
    known by its number and PIN) are keyed hashes, never a name."""

    division: str
    petitionerRef: str
    ownRef: str | None = None
    team: str | None
    accusedDepartments: list[str]
    confidential: bool


class Owner(Part):
    """The one accountable person (S7), as role, unit and id."""

    staffId: str
    role: str
    unit: str


class GrievanceRegisteredV1(Contract):
    """A grievance was accepted at a door (S45). `foundBy` tells 下访 from 上访 (S10). `nameMarks`: by which the petitioner's name is known
    where somebody writes it (shared/redaction/marks.py)."""

    type: ClassVar[str] = "intake.grievance.registered.v1"
    words: ClassVar[tuple[str, ...]] = ("subject", "text", "onSpotAnswer", "access.petitionerRef", "access.ownRef", "nameMarks")

    number: str
    kind: Kind
    channel: Channel
    subject: str
    text: str
    category: str | None
    division: str
    urgent: bool
    anonymous: bool
    occurredAt: datetime
    registeredAt: datetime
    campaign: str | None
    foundBy: FoundBy
    owner: Owner
    access: Access
    attachments: list[str]
    onSpotAnswer: str | None
    nameMarks: list[str] = []


class DeliveryAttemptedV1(Contract):
    """What became of the tries to reach the petitioner by one channel. `unknown` is never blindly sent again. `attempt`: how many there
    were. Where it is not `final` the next channel is tried; `reason` is a code (`posted`: it stands in the mailbox, nobody was told).
    `purpose`: of what was to be delivered, as it was asked for; events of before do not say."""

    type: ClassVar[str] = "intake.grievance.delivery_attempted.v1"

    deliveryId: str
    channel: str
    result: DeliveryResult
    at: datetime
    reason: str | None
    attempt: int | None = None
    final: bool = True
    purpose: str | None = None


class GrievanceReportedUpV1(Contract):
    """上传 (S51, S23): handed up to the committee of the town `to`, in the day summary of that id. `remark` is redacted."""

    type: ClassVar[str] = "intake.grievance.reported_up.v1"
    words: ClassVar[tuple[str, ...]] = ("remark",)

    to: str
    by: Owner
    at: datetime
    summary: str
    remark: str | None


class PetitionerToldV1(Contract):
    """反馈 (S51): the petitioner was told in person. `deliveryId`: the reply that reached them by it; DeliveryAttempted says so too."""

    type: ClassVar[str] = "intake.grievance.petitioner_told.v1"

    by: Owner
    at: datetime
    deliveryId: str | None


class GrievanceCompletedV1(Contract):
    """补录: what was not told at registration was added. Values as they are now; `subject` redacted, `petitionerRef` a keyed hash."""

    type: ClassVar[str] = "intake.grievance.completed.v1"
    words: ClassVar[tuple[str, ...]] = ("petitionerRef", "subject", "nameMarks")

    by: Owner
    at: datetime
    petitionerRef: str
    subject: str
    attachments: list[str]
    nameMarks: list[str] = []


class PetitionerCorrectedV1(Contract):
    """更正: what was taken down wrongly of the petitioner was put right. Values as they are now, as in GrievanceCompleted."""

    type: ClassVar[str] = "intake.grievance.petitioner_corrected.v1"
    words: ClassVar[tuple[str, ...]] = ("petitionerRef", "subject", "nameMarks")

    by: Owner
    at: datetime
    petitionerRef: str
    subject: str
    nameMarks: list[str] = []


class PersonalDataErasedV1(Contract):
    """删除 (个人信息保护法 art. 47): the petitioner's data and words are gone; the grievance and its numbers stay. From now on
    `petitionerRef` stands for nobody. Whoever keeps words of theirs, or texts that were written for them, takes them out."""

    type: ClassVar[str] = "intake.grievance.personal_data_erased.v1"

    at: datetime
    reason: ErasureReason
    petitionerRef: str


class HotlineOrderIssuedV1(Contract):
    """转12345工单 (S50, S26): the order for the 12345 platform, its fields after GB/T 33358: the matter and its limit, the words
    redacted, nobody's name, phone or house; attachments by id. For the queue `hotline`; the other services only note that it came."""

    type: ClassVar[str] = "intake.hotline_order.issued.v1"
    words: ClassVar[tuple[str, ...]] = ("subject", "text")

    orderId: str
    occasion: HandoffOccasion
    number: str
    kind: Kind
    channel: Channel
    category: str | None
    grade: Literal["CONSULTATION", "ORDINARY", "COMPLEX", "URGENT"]
    urgent: bool
    subject: str
    text: str
    division: str
    divisionName: str | None
    occurredAt: datetime
    registeredAt: datetime
    issuedAt: datetime
    dueAt: datetime | None
    attachments: list[str]


class HotlineReportedV1(Contract):
    """12345 reported on an order (`text` redacted). `at` is its own time of it."""

    type: ClassVar[str] = "intake.grievance.hotline_reported.v1"
    words: ClassVar[tuple[str, ...]] = ("text",)

    orderId: str
    reportId: str
    kind: HotlineKind
    text: str | None
    at: datetime


class DepartmentRow(Part):
    """A unit that handles grievances (S22, S23), with its first responsible person and its receiver by id. `committee`: it is the party
    committee (党委, 党工委) of its division, to which what is reported up comes."""

    code: str
    name: str
    division: str
    head: str
    receiver: str
    committee: bool = False


class PostRow(Part):
    """A post in the territory and who holds it (S15, S21, S46), by id."""

    id: str
    post: PostKind
    division: str
    holder: str
    role: str


class TeamRow(Part):
    """A team (S4) and the villages and communities that it is in contact with (S30); `leader` by id, `programmes` as tags (S3)."""

    code: str
    name: str
    division: str
    leader: str
    contactUnits: list[str]
    programmes: list[str]


class DepartmentsRecordedV1(Contract):
    """Reference event: whole rows, at most 100; applied where `revision` is newer, gaps allowed."""

    type: ClassVar[str] = "intake.reference.departments_recorded.v1"

    revision: int
    rows: list[DepartmentRow]


class PostsRecordedV1(Contract):
    """Reference event: whole rows, at most 100; applied where `revision` is newer, gaps allowed."""

    type: ClassVar[str] = "intake.reference.posts_recorded.v1"

    revision: int
    rows: list[PostRow]


class TeamsRecordedV1(Contract):
    """Reference event: whole rows, at most 100; applied where `revision` is newer, gaps allowed."""

    type: ClassVar[str] = "intake.reference.teams_recorded.v1"

    revision: int
    rows: list[TeamRow]


class HouseholdsImportedV1(Contract):
    """One summary per import of households: nobody else needs the rows, which are people's homes. Counts of rows of the file."""

    type: ClassVar[str] = "intake.reference.households_imported.v1"

    importId: str
    division: str
    at: datetime
    added: int
    changed: int
    unchanged: int
    refused: int


class IntakeAuditAnchoredV1(AuditAnchored):
    """Intake's audit trail up to here. For the stream `events.log` alone: no service takes it."""

    type: ClassVar[str] = "intake.audit.anchored.v1"


EVENTS: tuple[type[Contract], ...] = (
    GrievanceRegisteredV1,
    DeliveryAttemptedV1,
    GrievanceReportedUpV1,
    PetitionerToldV1,
    GrievanceCompletedV1,
    PetitionerCorrectedV1,
    PersonalDataErasedV1,
    HotlineOrderIssuedV1,
    HotlineReportedV1,
    DepartmentsRecordedV1,
    PostsRecordedV1,
    TeamsRecordedV1,
    HouseholdsImportedV1,
    IntakeAuditAnchoredV1,
)
