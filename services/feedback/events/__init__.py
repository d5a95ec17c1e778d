"""What feedback does with the events of the others: which event, as which change. One consumer per file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from services.feedback.domain.draw import Draw
from services.feedback.domain.followup import FollowUp
from services.feedback.domain.history import entries, entries_of
from services.feedback.domain.survey import SurveyRules
from services.feedback.domain.waiting import with_approval
from services.feedback.events.on_delivery_attempted import on_delivery_attempted
from services.feedback.events.on_grievance_appraised import on_grievance_appraised
from services.feedback.events.on_grievance_completed import on_grievance_completed
from services.feedback.events.on_grievance_declined import on_grievance_declined
from services.feedback.events.on_grievance_moved import on_grievance_moved
from services.feedback.events.on_grievance_registered import on_grievance_registered
from services.feedback.events.on_grievance_resolved import on_grievance_resolved
from services.feedback.events.on_grievance_warned import on_grievance_warned
from services.feedback.events.on_personal_data_erased import on_personal_data_erased
from services.feedback.events.on_petitioner_corrected import on_petitioner_corrected
from services.feedback.events.on_progressed import on_progressed
from services.feedback.events.on_what_is_only_told import on_what_is_only_told
from shared.contracts.base import Contract
from shared.contracts.intake import (
    DeliveryAttemptedV1,
    GrievanceCompletedV1,
    GrievanceRegisteredV1,
    GrievanceReportedUpV1,
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
    WorkOrderAcceptedV1,
)
from shared.envelope import Event
from shared.erasure import without_words
from shared.record import Emission

OnEvent = Callable[[str, FollowUp, Any], tuple[FollowUp, list[Contract]]]

Consumers = dict[str, tuple[type[Contract], OnEvent]]

WITHOUT_RULES: Consumers = {
    GrievanceReportedUpV1.type: (GrievanceReportedUpV1, on_what_is_only_told),
    GrievanceCompletedV1.type: (GrievanceCompletedV1, on_grievance_completed),
    PetitionerCorrectedV1.type: (PetitionerCorrectedV1, on_petitioner_corrected),
    PersonalDataErasedV1.type: (PersonalDataErasedV1, on_personal_data_erased),
    PetitionerToldV1.type: (PetitionerToldV1, on_what_is_only_told),
    GrievanceDispatchedV1.type: (GrievanceDispatchedV1, on_progressed),
    WorkOrderAcceptedV1.type: (WorkOrderAcceptedV1, on_progressed),
    GrievanceWarnedV1.type: (GrievanceWarnedV1, on_grievance_warned),
    HandoffRequestedV1.type: (HandoffRequestedV1, on_progressed),
}


# By which a reply comes, or arrives: the petitioner is asked by the rules of surveys.
BY_RULES: dict[str, tuple[type[Contract], Callable[[SurveyRules, str, FollowUp, Any], tuple[FollowUp, list[Contract]]]]] = {
    GrievanceAppraisedV1.type: (GrievanceAppraisedV1, on_grievance_appraised),
    GrievanceResolvedV1.type: (GrievanceResolvedV1, on_grievance_resolved),
    GrievanceDeclinedV1.type: (GrievanceDeclinedV1, on_grievance_declined),
    DeliveryAttemptedV1.type: (DeliveryAttemptedV1, on_delivery_attempted),
}


def consumers(rules: SurveyRules, draw: Draw) -> Consumers:
    """`draw`: which of those that routing closes are called again."""
    by_rules: Consumers = {type: (contract, partial(consume, rules)) for type, (contract, consume) in BY_RULES.items()}
    return {**WITHOUT_RULES, **by_rules, GrievanceMovedV1.type: (GrievanceMovedV1, partial(on_grievance_moved, draw))}


HANDLED = frozenset({GrievanceRegisteredV1.type, GrievanceMovedV1.type, *WITHOUT_RULES, *BY_RULES})
OPENS = frozenset({GrievanceRegisteredV1.event_kind()})


def consumer(rules: SurveyRules, draw: Draw) -> Callable[[FollowUp | None, Event], tuple[FollowUp, list[Contract]]]:
    """The apply function of feedback under these rules of surveys."""
    known = consumers(rules, draw)

    def apply(state: FollowUp | None, event: Event) -> tuple[FollowUp, list[Contract]]:
        """The change that this event means, with what the history tells of it."""
        if event.type == GrievanceRegisteredV1.type:
            registered = GrievanceRegisteredV1.read(event.data())
            opened, follows = on_grievance_registered(state, registered)
            return opened.noted(entries_of(event, registered)), follows
        if state is None:
            raise LookupError("an event for a grievance that was never opened here")
        contract, consume = known[event.type]
        told = contract.read((without_words(event) if state.erased else event).data())
        after, follows = consume(event.subject, state, told)
        return with_approval(after, told).noted(entries_of(event, told)), follows

    return apply


def remember(state: FollowUp, sent: list[Emission], at: datetime) -> FollowUp:
    """With what the history tells of feedback's own events."""
    return state.noted(entry for each in sent for entry in entries(each.contract, each.sequence, each.after, at))
