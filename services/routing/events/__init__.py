"""What routing does with the events of the others: which event, as which change. One consumer per file.

Consumers are pure: time, the calendar, the catalogue and the known departments come in as `Policy`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.routing.domain.case import Case
from services.routing.domain.policy import Policy
from services.routing.events.on_fed_back import on_fed_back
from services.routing.events.on_grievance_completed import on_grievance_completed
from services.routing.events.on_grievance_registered import on_grievance_registered
from services.routing.events.on_hotline_reported import on_hotline_reported
from services.routing.events.on_personal_data_erased import on_personal_data_erased
from services.routing.events.on_petitioner_corrected import on_petitioner_corrected
from services.routing.events.on_survey_answered import on_survey_answered
from services.routing.events.on_survey_expired import on_survey_expired
from shared.contracts.base import Contract
from shared.contracts.feedback import FedBackV1, SurveyAnsweredV1, SurveyExpiredV1
from shared.contracts.intake import (
    GrievanceCompletedV1,
    GrievanceRegisteredV1,
    HotlineReportedV1,
    PersonalDataErasedV1,
    PetitionerCorrectedV1,
)
from shared.envelope import Event
from shared.erasure import without_words

OnEvent = Callable[[Policy, Case | None, Any], tuple[Case, list[Contract]]]

CONSUMERS: dict[str, tuple[type[Contract], OnEvent]] = {
    GrievanceRegisteredV1.type: (GrievanceRegisteredV1, on_grievance_registered),
    GrievanceCompletedV1.type: (GrievanceCompletedV1, on_grievance_completed),
    PetitionerCorrectedV1.type: (PetitionerCorrectedV1, on_petitioner_corrected),
    PersonalDataErasedV1.type: (PersonalDataErasedV1, on_personal_data_erased),
    HotlineReportedV1.type: (HotlineReportedV1, on_hotline_reported),
    FedBackV1.type: (FedBackV1, on_fed_back),
    SurveyAnsweredV1.type: (SurveyAnsweredV1, on_survey_answered),
    SurveyExpiredV1.type: (SurveyExpiredV1, on_survey_expired),
}
OPENS = frozenset({GrievanceRegisteredV1.event_kind()})


def consumer(policy: Policy) -> Callable[[Case | None, Event], tuple[Case, list[Contract]]]:
    """The apply function of routing under a policy."""

    def apply(state: Case | None, event: Event) -> tuple[Case, list[Contract]]:
        contract, consume = CONSUMERS[event.type]
        if state is not None and state.erased:
            event = without_words(event)
        return consume(policy, state, contract.read(event.data()))

    return apply
