"""Lives of grievances as feedback hears of them: events of intake and routing that come late, repeated and in any order, of handling that
is returned, extended, urged and done again. What follows in feedback is decided by feedback itself, over documents in memory.

Drawn from a seed: the same number is the same life.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from services.feedback.adapters.survey_rules import load_survey_rules
from services.feedback.domain.draw import Draw, DrawRate
from services.feedback.domain.followup import FollowUp, answer_survey, fire
from services.feedback.domain.survey import PETITIONER, Answer
from services.feedback.service import participant
from services.feedback.store.mongo import CODEC
from shared.contracts.base import Contract
from shared.contracts.intake import Access, DeliveryAttemptedV1, GrievanceCompletedV1, GrievanceRegisteredV1, Owner
from shared.contracts.routing import (
    GrievanceAppraisedV1,
    GrievanceDispatchedV1,
    GrievanceMovedV1,
    GrievanceResolvedV1,
    GrievanceWarnedV1,
    Progress,
    ProgressAccess,
    Status,
    WorkOrderAcceptedV1,
)
from shared.envelope import Event, encode
from shared.records import Document
from shared.tags import TAGS
from shared.writer import Writer, event_entry, event_of

BEGIN = datetime(2020, 6, 5, 1, 0, tzinfo=UTC)
DIVISION, DEPARTMENT, OTHER = "370881001901", "D-370881-CGJ", "D-370881-ZJJ"
SYSTEM = Owner(staffId="routing", role="SYSTEM", unit="routing")
SECRETARY = Owner(staffId="secretary", role="SECRETARY", unit="T-370881-001")
HANDLER = Owner(staffId="handler", role="HANDLER", unit=DEPARTMENT)
DISPATCHER = Owner(staffId="dispatcher", role="DISPATCHER", unit="370881")
MOST_ROUNDS = 3
RULES = load_survey_rules()
DRAW = Draw(bytes(32), (DrawRate(since="2020-01", per_mille=0),))


@dataclass
class Hour:
    """Business time of one life."""

    at: datetime = BEGIN
    ids: int = 0

    def now(self) -> datetime:
        return self.at

    real_now = now

    def event_id(self) -> str:
        self.ids += 1
        return f"{self.ids}"


class Memory:
    """Documents in memory, for a writer; nothing is relayed."""

    def __init__(self) -> None:
        self.documents: dict[str, Document] = {}

    async def load(self, id: str) -> Document | None:
        return copy.deepcopy(self.documents.get(id))

    async def insert(self, document: Document) -> bool:
        self.documents[document["_id"]] = document
        return True

    async def update(
        self, id: str, version: int, to_set: Document, to_unset: Document, push: list[Document], tags: Sequence[str] = ()
    ) -> bool:
        document = self.documents[id]
        assert document["version"] == version, "one life is lived by one"
        document |= {**to_set, "version": version + 1, "outbox": [*document["outbox"], *push]}
        document[TAGS] = list(dict.fromkeys([*document[TAGS], *tags]))
        for name in to_unset:
            del document[name]
        return True

    async def outbox(self, id: str) -> list[Document]:
        return list(self.documents[id]["outbox"])

    async def remember(self, entries: list[Document]) -> None: ...

    async def settle(self, id: str, confirmed: list[str]) -> None: ...

    async def unsent(self, before: datetime, limit: int) -> list[str]:
        return []

    async def remembered_request(self, id: str, request_id: str) -> Document | None:
        return None


@dataclass
class Life:
    """`heard`: the events of the others, by source, in order; `document`: the follow-up that came of them, its own events still in it."""

    id: str
    draw: Random
    hour: Hour = field(default_factory=Hour)
    heard: dict[str, list[Event]] = field(default_factory=lambda: {"intake": [], "routing": []})
    memory: Memory = field(default_factory=Memory)
    _waiting: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._writer = Writer(self.memory, participant(RULES, DRAW), CODEC, self.hour, lambda _id: None, bytes(32))

    @property
    def document(self) -> Document:
        return self.memory.documents[self.id]

    @property
    def state(self) -> FollowUp:
        followup: FollowUp = CODEC.load(self.document)
        return followup

    def own(self) -> list[Event]:
        return [event_of(entry["row"]) for entry in self.document["outbox"]]

    def tell(self, contract: Contract, **seen: int) -> Event:
        """Its producer sends it, having seen so much of the others; it has not come to feedback yet."""
        source = contract.type.partition(".")[0]
        sequence = len(self.heard[source]) + 1
        id = f"{self.id}-{source}-{sequence}"
        body = encode(contract, id=id, source=source, subject=self.id, sequence=sequence, after=seen, at=self.hour.at, traceparent="")
        event = Event(id, contract.type, source, self.id, sequence, seen, (contract.version(),), body)
        self.heard[source].append(event)
        self._waiting.append(event)
        return event

    def intake(self, contract: Contract) -> None:
        """Of intake, which has seen all of the others that there is."""
        self.tell(contract, **self._seen("routing"))

    def routing(self, action: str | Callable[[Progress], Contract], status: Status, by: Owner = HANDLER) -> None:
        """A move: by its name, or with an event of its own."""
        self.later(self.draw.randrange(1, 300))
        progress = progress_at(self.hour.at, status, by)
        contract = GrievanceMovedV1(action=action, by=by, progress=progress) if isinstance(action, str) else action(progress)
        self.tell(contract, **self._seen("intake"))

    def _seen(self, other: str) -> dict[str, int]:
        own = self.document["sequence"] if self.id in self.memory.documents else 0
        found = {other: len(self.heard[other]), "feedback": own}
        return {source: number for source, number in found.items() if number}

    def later(self, minutes: int) -> None:
        self.hour.at += timedelta(minutes=minutes)

    async def arrive(self) -> None:
        """All that was told, in any order, some of it twice."""
        again = [event for event in self._waiting if self.draw.random() < 0.2]
        coming = [*self._waiting, *again]
        self.draw.shuffle(coming)
        self._waiting.clear()
        for event in coming:
            await self._writer.receive(event, may_wait=True)

    async def act(self, decide: Callable[[FollowUp], tuple[FollowUp, list[Contract]] | None]) -> None:
        await self._writer.act(self.id, decide)


def progress_at(at: datetime, status: Status, owner: Owner) -> Progress:
    access = ProgressAccess(division=DIVISION, departments=[DEPARTMENT], handlers=["handler"], accusedDepartments=[], confidential=False)
    return Progress(status=status, at=at, dueAt=at + timedelta(days=5), publicReply=None, owner=owner, access=access)


async def live(number: int) -> Life:
    """One life to its end, or nearly."""
    life = Life(f"life-{number:06}", Random(number))
    draw = life.draw
    life.intake(_registered(life))
    life.routing(
        lambda progress: GrievanceAppraisedV1(
            verdict="ACCEPTED", category=None, grade="ORDINARY", rule="r", by=SYSTEM, onSpotAnswer=None, progress=progress
        ),
        "ACCEPTED",
    )
    _dispatched(life, DEPARTMENT)
    if draw.random() < 0.2:
        life.routing("RETURN_WORK_ORDER", "RETURN_PENDING")
        await life.arrive()
        _dispatched(life, OTHER)
    if draw.random() < 0.3:
        # Intake does not know yet what routing has done meanwhile.
        told = GrievanceCompletedV1(by=SECRETARY, at=life.hour.at, petitionerRef="ab" * 32, subject="路灯", attachments=[])
        life.tell(told, routing=1)
    await life.arrive()
    for round in range(1, MOST_ROUNDS + 1):
        _handled(life)
        _reported(life, round)
        await life.arrive()
        await _delivered(life)
        life.routing("CONFIRM_FED_BACK", "FED_BACK", SYSTEM)
        if draw.random() < 0.5:
            await life.arrive()
        if not await _answered(life, content := draw.random() < 0.6):
            life.routing("CLOSE_UNANSWERED", "CLOSED", SYSTEM)
            break
        life.routing("CLOSE" if content else "ASK_REWORK", "CLOSED" if content else "HANDLING", SYSTEM)
        if content:
            break
    await life.arrive()
    return life


def _registered(life: Life) -> GrievanceRegisteredV1:
    return GrievanceRegisteredV1(
        number=life.id,
        kind="HELP",
        channel="VISIT",
        subject="路灯不亮",
        text="路灯不亮。",
        category=None,
        division=DIVISION,
        urgent=False,
        anonymous=False,
        occurredAt=BEGIN,
        registeredAt=BEGIN,
        campaign=None,
        foundBy="VISIT",
        owner=SECRETARY,
        access=Access(division=DIVISION, petitionerRef="ab" * 32, team="T-370881-001", accusedDepartments=[], confidential=False),
        attachments=[],
        onSpotAnswer=None,
    )


def _dispatched(life: Life, department: str) -> None:
    life.routing(
        lambda progress: GrievanceDispatchedV1(
            department=department, rule="r", ruleVersion=1, by=DISPATCHER, provisionalDue=False, progress=progress
        ),
        "DISPATCHED",
    )


def _handled(life: Life) -> None:
    draw = life.draw
    life.routing(lambda progress: WorkOrderAcceptedV1(department=DEPARTMENT, by=HANDLER, progress=progress), "HANDLING")
    for action in draw.sample(["URGE", "ANSWER_URGE", "ASK_EXTENSION", "GRANT_EXTENSION", "HAND_OVER", "ADD_CO_HANDLER", "REPORT_PART"], 2):
        life.routing(action, "HANDLING")
    if draw.random() < 0.3:
        life.routing(
            lambda progress: GrievanceWarnedV1(
                of="RESULT",
                step="YELLOW",
                dueAt=progress.at,
                plannedAt=progress.at,
                late=False,
                toRole="HANDLER",
                toUnit=DEPARTMENT,
                by=SYSTEM,
                progress=progress,
            ),
            "HANDLING",
        )


def _reported(life: Life, round: int) -> None:
    life.routing(
        lambda progress: GrievanceResolvedV1(
            department=DEPARTMENT, text="已修好。", evidence=["photo"], round=round, by=HANDLER, progress=progress
        ),
        "RESOLVED",
    )


async def _delivered(life: Life) -> None:
    reply = life.state.reply
    assert reply is not None, "it was resolved"
    life.later(1)
    if life.draw.random() < 0.3:
        life.intake(_attempted(life, reply.delivery_id, "SMS", "failed", final=False))
    life.intake(_attempted(life, reply.delivery_id, "WEB", "sent", final=True))
    await life.arrive()


def _attempted(life: Life, delivery: str, channel: str, result: Any, *, final: bool) -> DeliveryAttemptedV1:
    return DeliveryAttemptedV1(
        deliveryId=delivery, channel=channel, result=result, at=life.hour.at, reason=None, attempt=1, final=final, purpose="REPLY"
    )


async def _answered(life: Life, content: bool) -> bool:
    """Whether somebody answered, changed it meanwhile, or let the time pass."""
    if life.draw.random() < 0.2:
        life.hour.at += timedelta(days=30)
        # A reminder comes first, if its time had come while nobody looked.
        for _ in range(2):
            await life.act(lambda followup: fire(followup, life.hour.at))
        return False
    life.later(life.draw.randrange(60, 2_000))
    for said in ([True] if life.draw.random() < 0.2 else []) + [content]:
        await life.act(partial(_says, said, life.hour.at))
    return True


def _says(content: bool, at: datetime, followup: FollowUp) -> tuple[FollowUp, list[Contract]]:
    answer = Answer(
        at=at,
        channel="LINK",
        by=PETITIONER,
        resolved=content,
        satisfied="SATISFIED" if content else "DISSATISFIED",
        reason=None if content else "又坏了。",
    )
    return answer_survey(followup, answer, False, RULES)


def rows_of(life: Life) -> dict[str, list[Document]]:
    """By service, what its memory `events` has of this life."""
    events = {**life.heard, "feedback": life.own()}
    return {
        source: [{**event_entry(event, BEGIN)["row"], "_id": f"{source}-{life.id}-{event.sequence}"} for event in each]
        for source, each in events.items()
    }
