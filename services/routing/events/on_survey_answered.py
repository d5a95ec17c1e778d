"""The petitioner has answered the survey (S55), or changed the answer: close, or rework."""

from __future__ import annotations

from services.routing.domain.case import Case
from services.routing.domain.course import surveyed
from services.routing.domain.policy import Policy, opened
from shared.contracts.base import Contract
from shared.contracts.feedback import SurveyAnsweredV1


def on_survey_answered(policy: Policy, case: Case | None, event: SurveyAnsweredV1) -> tuple[Case, list[Contract]]:
    return surveyed(opened(case), event, policy.reckoning())
