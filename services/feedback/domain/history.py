"""What each event of the three services tells in the history of its grievance. Pure.

Of an event alone: whoever makes a history anew needs nothing else, in no particular order. An event that tells nothing (or what another
one beside it tells) has its place here too.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from services.feedback.domain.history_words import LATE, WARNED
from services.feedback.domain.survey import PETITIONER
from services.feedback.domain.timeline import Entry, spoken
from shared.contracts.base import Contract
from shared.contracts.feedback import (
    DeliveryRequestedV1,
    FedBackV1,
    PetitionerCalledV1,
    SurveyAnsweredV1,
    SurveyExpiredV1,
    SurveyOpenedV1,
)
from shared.contracts.intake import (
    DeliveryAttemptedV1,
    GrievanceCompletedV1,
    GrievanceRegisteredV1,
    GrievanceReportedUpV1,
    HotlineReportedV1,
    PersonalDataErasedV1,
    PetitionerCorrectedV1,
    PetitionerToldV1,
)
from shared.contracts.routing import (
    GrievanceAppraisedV1,
    GrievanceDeclinedV1,
    GrievanceDispatchedV1,
    GrievanceMovedV1,
    GrievanceResolvedV1,
    GrievanceWarnedV1,
    HandoffRequestedV1,
    Progress,
    WorkOrderAcceptedV1,
)
from shared.envelope import Event, Seen, write_seen

Tell = Callable[[Any, datetime], list[Entry]]
"""(the event, when it was sent) → what it tells, in its order."""
INTAKE_ITSELF, FEEDBACK_ITSELF = "SYSTEM intake", "SYSTEM feedback"
POSTED = "posted"
REPLY = "REPLY"
# By whom a report was let go that had waited; a dispatcher else.
RELEASED = {"COMMUNITY_SECRETARY": "VERIFIED", "DEPARTMENT_HEAD": "APPROVED"}
DELIVERY = {"sent": "DELIVERED", "failed": "NOT_DELIVERED", "unknown": "DELIVERY_UNKNOWN"}


def entries(contract: Contract, sequence: int, after: Seen, sent: datetime) -> list[Entry]:
    """With the numbers of the event. `sent`: its business time. Raises KeyError for an event that has no place here."""
    told = TELLS[type(contract)](contract, sent)
    return [entry.numbered(sequence, write_seen(after)) for entry in told]


def entries_of(event: Event, contract: Contract) -> list[Entry]:
    """Of an event that was sent; `contract`: as it was read."""
    return entries(contract, event.sequence, event.after, datetime.fromisoformat(event.time()))


def _intake(at: datetime, kind: str, by: str, *about: str, status: str | None = None) -> list[Entry]:
    return [Entry(at=at, service="intake", kind=kind, about=list(about), by=by, status=status)]


def _routing(kind: str, by: str, progress: Progress, *about: str) -> list[Entry]:
    return [Entry(at=progress.at, service="routing", kind=kind, about=list(about), by=by, status=progress.status)]


def _feedback(at: datetime, kind: str, by: str = FEEDBACK_ITSELF) -> list[Entry]:
    return [Entry(at=at, service="feedback", kind=kind, by=by)]


def _nothing(_event: Contract, _sent: datetime) -> list[Entry]:
    return []


def _registered(event: GrievanceRegisteredV1, _sent: datetime) -> list[Entry]:
    kind = "REGISTERED" if event.onSpotAnswer is None else "REGISTERED_AND_ANSWERED"
    return _intake(event.registeredAt, kind, spoken(event.owner), status="REGISTERED")


def _delivery_attempted(event: DeliveryAttemptedV1, _sent: datetime) -> list[Entry]:
    # Events of before did not say of what: they were of replies, but for an invitation or a reminder now and then.
    if event.purpose not in (None, REPLY):
        return []
    kind = "POSTED" if event.reason == POSTED and event.result != "sent" else DELIVERY[event.result]
    return _intake(event.at, kind if event.final else f"{kind}_THIS_WAY", f"CHANNEL {event.channel}")


def _appraised(event: GrievanceAppraisedV1, _sent: datetime) -> list[Entry]:
    if event.verdict == "ANSWERED_ON_SPOT":
        return _routing("ANSWERED_ON_SPOT", spoken(event.by), event.progress)
    return _routing("APPRAISED", spoken(event.by), event.progress, event.grade.lower())


def _resolved(event: GrievanceResolvedV1, _sent: datetime) -> list[Entry]:
    done = _routing("RESOLVED", spoken(event.by), event.progress, str(len(event.evidence)))
    if event.releasedBy is None:
        return done
    return [*_routing(RELEASED.get(event.releasedBy.role, "RELEASED"), spoken(event.releasedBy), event.progress), *done]


def _warned(event: GrievanceWarnedV1, _sent: datetime) -> list[Entry]:
    return _routing(WARNED, spoken(event.by), event.progress, event.step, event.of, *([LATE] if event.late else []))


def _delivery_requested(event: DeliveryRequestedV1, sent: datetime) -> list[Entry]:
    match event.purpose:
        case "REPLY":
            return _feedback(sent, "REPLY_RECORDED")
        case "SURVEY_REMINDER":
            return _feedback(sent, "REMINDED")
        case "SURVEY":
            # That the survey was opened tells it.
            return []


def _called(event: PetitionerCalledV1, _sent: datetime) -> list[Entry]:
    called = _feedback(event.at, f"CALLED_{event.result}", event.by)
    return [*called, *_feedback(event.at, "READ_OUT", event.by)] if event.told else called


TELLS: dict[type[Contract], Tell] = {
    GrievanceRegisteredV1: _registered,
    GrievanceCompletedV1: lambda event, _: _intake(event.at, "COMPLETED", spoken(event.by)),
    PetitionerCorrectedV1: lambda event, _: _intake(event.at, "PETITIONER_CORRECTED", spoken(event.by)),
    PersonalDataErasedV1: lambda event, _: _intake(event.at, "PETITIONER_ERASED", INTAKE_ITSELF),
    GrievanceReportedUpV1: lambda event, _: _intake(event.at, "REPORTED_UP", spoken(event.by), event.to),
    PetitionerToldV1: lambda event, _: _intake(event.at, "TOLD_IN_PERSON", spoken(event.by)),
    DeliveryAttemptedV1: _delivery_attempted,
    # Routing's moves tell what comes of it.
    HotlineReportedV1: _nothing,
    GrievanceAppraisedV1: _appraised,
    GrievanceDispatchedV1: lambda event, _: _routing("DISPATCHED", spoken(event.by), event.progress, event.department),
    WorkOrderAcceptedV1: lambda event, _: _routing("ACCEPT_WORK_ORDER", spoken(event.by), event.progress),
    GrievanceResolvedV1: _resolved,
    GrievanceDeclinedV1: lambda event, _: _routing("DECLINED", spoken(event.by), event.progress),
    GrievanceMovedV1: lambda event, _: _routing(event.action, spoken(event.by), event.progress),
    HandoffRequestedV1: lambda event, _: _routing("HANDED_TO_12345", spoken(event.by), event.progress),
    GrievanceWarnedV1: _warned,
    DeliveryRequestedV1: _delivery_requested,
    FedBackV1: lambda event, _: _feedback(event.at, "LINK_OPENED") if event.byLink else [],
    SurveyOpenedV1: lambda event, _: _feedback(event.at, "ASKED"),
    SurveyAnsweredV1: lambda event, _: _feedback(event.at, "ANSWER_CHANGED" if event.change else "ANSWERED", PETITIONER),
    SurveyExpiredV1: lambda event, _: _feedback(event.at, "SURVEY_EXPIRED"),
    PetitionerCalledV1: _called,
}
BY_TYPE: dict[str, type[Contract]] = {contract.type: contract for contract in TELLS}
"""The events of all services, by type."""
