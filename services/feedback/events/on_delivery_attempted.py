"""Intake has tried to reach the petitioner (S54)."""

from __future__ import annotations

from services.feedback.domain.followup import FollowUp, record_delivery
from services.feedback.domain.survey import SurveyRules
from shared.contracts.base import Contract
from shared.contracts.intake import DeliveryAttemptedV1


def on_delivery_attempted(
    rules: SurveyRules, _grievance: str, followup: FollowUp, event: DeliveryAttemptedV1
) -> tuple[FollowUp, list[Contract]]:
    return record_delivery(followup, event, rules)
