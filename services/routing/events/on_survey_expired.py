"""The survey was not answered in its time (S55): it is closed."""

from __future__ import annotations

from services.routing.domain.case import Case
from services.routing.domain.course import survey_expired
from services.routing.domain.policy import Policy, opened
from shared.contracts.base import Contract
from shared.contracts.feedback import SurveyExpiredV1


def on_survey_expired(_policy: Policy, case: Case | None, event: SurveyExpiredV1) -> tuple[Case, list[Contract]]:
    return survey_expired(opened(case), event)
