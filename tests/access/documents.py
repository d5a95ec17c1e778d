"""What is asked for: one grievance per relation in all three stores, with every field filled and a mark in every text."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from services.feedback.domain.callbacks import Attempt, Callback
from services.feedback.domain.first_response import FirstResponse
from services.feedback.domain.followup import FollowUp, Reply
from services.feedback.domain.survey import Answer, Survey
from services.feedback.domain.timeline import Entry
from services.feedback.store.mongo import CODEC as FOLLOWUPS
from services.intake.domain.contact import Contact
from services.intake.domain.grievance import Grievance, Sealed
from services.intake.domain.records import Told
from services.intake.domain.reveals import Reveal
from services.intake.domain.uploads import UploadLimits, UploadTicket, new_ticket
from services.intake.store.mongo import CODEC as GRIEVANCES
from services.routing.domain.appraisal import Answered, Appraisal, Consultation, Recall, Verdict
from services.routing.domain.cards import month_of
from services.routing.domain.case import Case
from services.routing.domain.deadlines import Deadline, Deadlines
from services.routing.domain.deadlines import Entry as DeadlineEntry
from services.routing.domain.nodes import Node
from services.routing.domain.ownership import HandOver
from services.routing.domain.part import Part
from services.routing.domain.supervised import Card, Correction, SupervisionOrder
from services.routing.domain.waits import Draft, GivenWarning, Meeting, Report, Suspension, Urge, Verification
from services.routing.domain.work_order import Asked, Declined, Extension, Return, Transition, WorkOrder
from services.routing.store.mongo import CODEC as CASES
from shared.contracts.intake import Owner
from shared.identity.refs import subject_ref
from shared.record import stub
from shared.records import MongoRecords
from tests.access.people import ELSEWHERE, ELSEWHERE_UNIT, HANDLING, HERE, OTHER_UNIT, SUB, TEAM

AT = datetime(2026, 6, 5, 2, 0, tzinfo=UTC)
RELATIONS = "OPSCXA"
# One name, one phone and one openid per relation: 孔凡甲 is shown as 孔*甲.
LAST = dict(zip(RELATIONS, "甲乙丙丁戊己", strict=True))
THIS_MONTH, NEXT_MONTH = (month_of(datetime.now(UTC) + timedelta(days=days)) for days in (0, 31))


def mark(relation: str) -> str:
    """In every text of the grievance of this relation, and nowhere else."""
    return f"mark7{relation}7"


def name_of(relation: str) -> str:
    return f"孔凡{LAST[relation]}"


def phone_of(relation: str) -> str:
    return f"13800004{RELATIONS.index(relation) + 1:03}"


def contact_of(relation: str) -> Contact:
    return Contact(name_of(relation), phone_of(relation), openid_of(relation))


def openid_of(relation: str) -> str:
    return f"oMatrix-demo-000000000-77{relation}7"


def masks_of(relation: str) -> tuple[str, str, str]:
    return f"孔*{LAST[relation]}", f"138****4{RELATIONS.index(relation) + 1:03}", f"****77{relation}7"


@dataclass(frozen=True)
class Described:
    """How one grievance stands to the person of people.py (the letters of docs/access-matrix.md)."""

    relation: str
    reference_key: bytes
    id: str
    changes: dict[str, Any] = field(default_factory=dict)

    @property
    def own(self) -> bool:
        return self.relation in "OPA"

    @property
    def near(self) -> bool:
        return self.relation in "SCA"

    @property
    def confidential(self) -> bool:
        return self.relation in "PC"

    @property
    def mark(self) -> str:
        return mark(self.relation)

    @property
    def number(self) -> str:
        return f"number-{self.mark}-{self.id}"

    @property
    def division(self) -> str:
        return HERE if self.near else ELSEWHERE

    @property
    def department(self) -> str:
        return HANDLING if self.near else ELSEWHERE_UNIT

    @property
    def team(self) -> str:
        return TEAM if self.near else "T-370811-009"

    @property
    def petitioner_ref(self) -> str:
        return subject_ref(self.reference_key, SUB if self.own else "somebody-else")

    @property
    def accused(self) -> list[str]:
        return [HANDLING, OTHER_UNIT] if self.relation == "A" else []

    @property
    def owner(self) -> Owner:
        return Owner(staffId=f"staff-{self.mark}", role="SECRETARY", unit=f"unit-{self.mark}")

    def shared(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "division": self.division,
            "petitioner_ref": self.petitioner_ref,
            "team": self.team,
            "accused_departments": self.accused,
            "confidential": self.confidential,
            "registered_at": AT,
        }

    def grievance(self, person: str) -> Grievance:
        return Grievance(
            **self.shared(),
            kind="REPORT",
            channel="VISIT",
            subject=f"标题 {self.mark}",
            text=f"内容 {self.mark}",
            original=Sealed(subject="", text="", place=None),
            category=None,
            urgent=False,
            anonymous=False,
            person=person,
            petitioner_kind="RESIDENT",
            occurred_at=AT,
            campaign=f"campaign-{self.mark}",
            encounter=f"encounter-{self.relation}",
            owner=self.owner,
            attachments=[],
            on_spot_answer=f"当场 {self.mark}",
            progress=self.case().progress(AT),
            reveals=[
                Reveal(
                    id="reveal",
                    by=Owner(staffId="asks", role="HANDLER", unit="D"),
                    purpose="VERIFY",
                    reason=f"理由 {self.mark}",
                    at=AT,
                    state="PENDING",
                )
            ],
            told=[Told(id="told", text=f"反馈 {self.mark}", on="2026-06-05", at=AT, by=self.owner)],
        )

    def reveal(self) -> Reveal:
        """That somebody else asked for, not decided yet."""
        by = Owner(staffId="asks", role="HANDLER", unit="D-ASKS")
        return Reveal(id="reveal", by=by, purpose="VERIFY", reason=f"理由 {self.mark}", at=AT, state="PENDING")

    def case(self, sent: datetime = AT) -> Case:
        order = WorkOrder(
            department=self.department,
            rule=f"rule-{self.mark}",
            rule_version=1,
            round=1,
            dispatched_at=sent,
            accepted_at=AT,
            resolved_at=AT,
            resolution=f"办结 {self.mark}",
            evidence=[f"evidence-{self.mark}"],
            reason=f"理由 {self.mark}",
            receiver=f"staff-{self.mark}",
            parts=[self.part()],
            handoff=f"{self.mark}/1" if self.changes.get("handoffs", 1) else None,
        )
        returned = Return(
            department=self.department,
            rule=f"rule-{self.mark}",
            rule_version=1,
            at=AT,
            by=self.owner,
            reason=f"退单 {self.mark}",
            granted=True,
            decided_at=AT,
            decided_by=self.owner,
            answer=f"同意 {self.mark}",
            sent_to=self.department,
        )
        extension = Extension(
            department=self.department,
            round=1,
            at=AT,
            by=self.owner,
            days=3,
            reason=f"延期 {self.mark}",
            due=AT,
            granted=True,
            decided_at=AT,
            decided_by=self.owner,
            answer=f"同意 {self.mark}",
        )
        suspension = Suspension(
            department=self.department,
            round=1,
            at=AT,
            by=self.owner,
            reason=f"挂起 {self.mark}",
            until="2026-06-15",
            due=AT,
            due_provisional=False,
            ended_at=AT,
            ended_by=self.owner,
            answer=f"解除 {self.mark}",
        )
        report = Report(
            at=AT,
            by=self.owner,
            text=f"待核实 {self.mark}",
            evidence=[f"evidence-{self.mark}"],
            released=True,
            answered_at=AT,
            answered_by=self.owner,
            remark=f"属实 {self.mark}",
            photos=[f"photo-{self.mark}"],
        )
        draft = Draft(
            **report.model_dump(exclude={"text"}),
            text=f"待审批 {self.mark}",
            round=1,
            rule=f"rule-{self.mark}",
            zh=f"须审批 {self.mark}",
            en=f"approved first {self.mark}",
        )
        verification = Verification(round=1, at=AT, by=self.owner, what=f"核实 {self.mark}", reports=[report])
        start = DeadlineEntry(kind="START", at=AT, by=self.owner, due_at=AT, days=5, department=self.department)
        deadline = Deadline(entries=[start], nodes=[Node(name="YELLOW", at=AT)])
        urge = Urge(at=AT, by=self.owner, words=f"催办 {self.mark}", answered_at=AT, answered_by=self.owner, answer=f"答复催办 {self.mark}")
        urge = urge.model_copy(update={"meeting": Meeting(name=f"会议 {self.mark}", day="2026-06-05")})
        supervision = {
            "department": self.department,
            "by": self.owner,
            "head": f"staff-{self.mark}",
            "at": AT,
            "dispatched_at": sent,
            "demand": f"督办 {self.mark}",
            "due_at": AT,
        }
        answered = SupervisionOrder(
            **supervision,
            ordinal=1,
            follows=1,
            reply=f"回复督办 {self.mark}",
            replied_at=AT,
            replied_by=self.owner,
            outcome="REFUSED",
            answer=f"驳回督办 {self.mark}",
            decided_at=AT,
            decided_by=self.owner,
        )
        warning = GivenWarning(
            of="RESULT",
            step="YELLOW",
            due_at=AT,
            since=AT,
            planned_at=AT,
            at=AT,
            late=True,
            to_role="HANDLER",
            to_unit=self.department,
            to_staff=f"staff-{self.mark}",
        )
        whole = Case(
            **self.shared(),
            # Open, so that it stands on desks.
            status="HANDLING",
            kind="REPORT",
            subject=f"标题 {self.mark}",
            departments=[self.department],
            handlers=[f"staff-{self.mark}"],
            category=f"category-{self.mark}",
            category_by="RULE",
            grade="ORDINARY",
            owner=self.owner,
            work_order=order,
            closed_at=AT,
            history=[Transition(at=AT, action="APPRAISE", status="APPRAISING", by=self.owner)],
            returns=[returned],
            extensions=[extension],
            suspensions=[suspension],
            drafts=[draft],
            verifications=[verification],
            deadlines=Deadlines(response=deadline, result=deadline),
            warnings=[warning],
            urges=[urge],
            # The second waits, so that it stands on the desks of supervision.
            orders=[answered, SupervisionOrder(**supervision, ordinal=2, follows=1)],
            # Of the month that is listed where none is named, should the next one begin meanwhile.
            cards=[self.card(1, THIS_MONTH), self.card(2, NEXT_MONTH)],
            declined=Declined(at=AT, by=self.owner, reason=f"不予受理 {self.mark}", route=f"途径 {self.mark}"),
            withdrawn_for=f"撤诉 {self.mark}",
            appraisal=self.appraisal(),
            hand_overs=[HandOver(at=AT, by=self.owner, owner_before=self.owner, owner=self.owner, reason=f"移交 {self.mark}")],
        )
        return whole.with_(**{name: change(self) if callable(change) else change for name, change in self.changes.items()})

    def card(self, ordinal: int, month: str) -> Card:
        """Against which somebody has appealed, and that was corrected."""
        appeal = Asked(
            department=self.department,
            at=AT,
            by=self.owner,
            reason=f"申诉 {self.mark}",
            granted=True,
            decided_at=AT,
            decided_by=self.owner,
            answer=f"采纳 {self.mark}",
        )
        return Card(
            ordinal=ordinal,
            department=self.department,
            month=month,
            given="RED",
            ground="BY_HAND",
            at=AT,
            by=self.owner,
            reason=f"发牌 {self.mark}",
            appeal=appeal,
            corrections=[Correction(at=AT, by=self.owner, colour="YELLOW", reason=f"更正 {self.mark}")],
        )

    def part(self) -> Part:
        """Whatever may become of a part, all at once."""
        return Part(
            department=self.department,
            task=f"协办 {self.mark}",
            asked_at=AT,
            asked_by=self.owner,
            reported_at=AT,
            reported_by=self.owner,
            report=f"已协办 {self.mark}",
            evidence=[f"evidence-{self.mark}"],
            released_at=AT,
            released_by=self.owner,
            release_reason=f"免除 {self.mark}",
        )

    def appraisal(self) -> Appraisal:
        consultation = Consultation(
            of="COMPOUND",
            compound=f"{self.division}-99",
            asked_at=AT,
            asked_by=self.owner,
            question=f"征求 {self.mark}",
            due_at=AT,
            answered_at=AT,
            answered_by=self.owner,
            reasonable="YES",
            truthful="UNCLEAR",
            opinion=f"意见 {self.mark}",
        )
        verdict = Verdict(
            at=AT,
            by=self.owner,
            reasonable="YES",
            truthful="UNCLEAR",
            kind="REPORT",
            grade="ORDINARY",
            category=f"category-{self.mark}",
            reason=f"研判 {self.mark}",
        )
        recall = Recall(
            at=AT, by=self.owner, department=self.department, rule=f"rule-{self.mark}", rule_version=1, reason=f"收回 {self.mark}"
        )
        answered = Answered(at=AT, by=self.owner, text=f"答复 {self.mark}")
        return Appraisal(consultations=[consultation], verdict=verdict, recalls=[recall], answered=answered)

    def followup(self) -> FollowUp:
        reply = Reply(
            round=2,
            text=f"答复 {self.mark}",
            at=AT,
            by=self.owner,
            department=f"department-{self.mark}",
            delivery_id=f"delivery-{self.mark}",
            # On its way, so that it stands on the desk of what waits.
            delivery="REQUESTED",
            delivered_at=AT,
        )
        answer = Answer(at=AT, channel="PHONE", by=f"by {self.mark}", resolved=False, satisfied="DISSATISFIED", reason=f"原因 {self.mark}")
        survey = Survey(
            round=2,
            opened_at=AT,
            expires_at=AT + timedelta(days=7),
            reminded_at=AT,
            answers=[answer],
            changeable_until=AT + timedelta(days=1),
        )
        words = [f"what {self.mark}", f"事 {self.mark}"]
        entry = Entry(at=AT, service="routing", kind="OF_BEFORE", about=words, by=f"by {self.mark}", status="CLOSED")
        first = FirstResponse(at=AT, in_time=True, department=self.department)
        told: dict[str, Any] = {"first_response": first, "reply": reply, "survey": survey, "timeline": [entry]}
        # Closed, so that it stands on the desk of callers; and one before it that was not confirmed.
        told |= {
            "progress": replace(self, changes={}).case().progress(AT).model_copy(update={"status": "CLOSED"}),
            "callback": self.callback(2, None),
        }
        told |= {"earlier_callbacks": [self.callback(1, False).model_copy(update={"ended": "DONE"})]}
        whole = FollowUp(**self.shared(), departments=[self.department], handlers=[], **told)
        return whole.with_(**self.changes)

    def callback(self, round: int, confirmed: bool | None) -> Callback:
        """Drawn, and called once in vain."""
        attempt = Attempt(at=AT, by=f"caller {self.mark}", result="BUSY")
        return Callback(round=round, reason="DRAWN", opened_at=AT, attempts=[attempt], month="2026-06", confirmed=confirmed)

    def attachment(self) -> UploadTicket:
        made = new_ticket(
            id=f"attachment-{self.id}",
            uploader=f"staff-{self.mark}",
            grievance=self.id,
            name=f"{self.mark}.png",
            content_type="image/png",
            size=70,
            sha256="ab" * 32,
            purpose=f"before {self.mark}",
            now=AT,
            limits=UploadLimits(),
        )
        assert isinstance(made, UploadTicket)
        return made


async def keep(records: MongoRecords, id: str, dumped: dict[str, Any]) -> None:
    assert await records.insert({**stub(id), "version": 1, "registered": True, **dumped})


async def keep_whole(world: Any, described: Described) -> None:
    """In all three services, as after a whole life."""
    intake = world.services["intake"]
    person = f"person-{described.relation}"
    person, key = await intake.persons.keep(person, contact_of(described.relation))
    await intake.runtime.database["numbers"].insert_one({"_id": described.number, "grievance": described.id})
    await keep(intake.grievances, described.id, GRIEVANCES.dump(_sealed(described.grievance(person), key)))
    await intake.uploads.open(described.attachment())
    assert await intake.uploads.stored(f"attachment-{described.id}", AT + timedelta(minutes=1))
    await keep_case(world, described)
    await keep_followup(world, described)


async def keep_grievance(world: Any, described: Described) -> None:
    """Of a petitioner who gave no name."""
    person, key = await world.services["intake"].persons.keep(f"person-{described.id}", Contact())
    await keep(world.services["intake"].grievances, described.id, GRIEVANCES.dump(_sealed(described.grievance(person), key)))


def _sealed(grievance: Grievance, key: Any) -> Grievance:
    """As it was said, under the petitioner's key: somebody may correct it."""
    said = Sealed(subject=key.encrypt("subject", "标题"), text=key.encrypt("text", "内容"), place=None)
    return grievance.model_copy(update={"original": said})


def replied_by(sub: str) -> Reply:
    """That somebody of the territory has answered it directly."""
    by = Owner(staffId=sub, role="DISPATCHER", unit=HERE)
    return Reply(round=2, text="答复", at=AT, by=by, department=None, delivery_id="d", delivery="SENT", delivered_at=AT)


async def keep_case(world: Any, described: Described, sent: datetime = AT) -> None:
    """`sent`: when it came to its department."""
    await keep(world.services["routing"].cases, described.id, CASES.dump(described.case(sent)))


async def keep_followup(world: Any, described: Described) -> None:
    await keep(world.services["feedback"].followups, described.id, FOLLOWUPS.dump(described.followup()))
